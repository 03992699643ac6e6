"""A restricted data token is asked for a resource that is none.

`path` is the path of the later call, byte by byte, without host and query, or with a placeholder as the operation has
it; `dataElements` are buyerInfo, shippingAddress and buyerTaxInformation.
"""

from __future__ import annotations

from collections.abc import Iterator

from recoup.catalogue.facts.operations import operations
from recoup.lint.asked import is_hole, reached
from recoup.lint.bodies import document, place_of
from recoup.lint.finding import Finding, FixKind
from recoup.lint.json_text import Node
from recoup.lint.rule import Around, found
from recoup.lint.subject import Subject

__all__ = ["FAULTS", "RULE", "check"]

RULE = "restricted-resource"
FAULTS = ("400-wrong-identifier", "other-rdt-required")

_ELEMENTS = frozenset({"buyerInfo", "shippingAddress", "buyerTaxInformation"})


def check(subject: Subject, around: Around) -> Iterator[Finding]:
    """A finding at the path, the method or the data element."""
    operation, read = reached(subject), document(subject)
    if operation is None or operation.id != "createRestrictedDataToken" or read is None or read.root is None:
        return
    listed = read.root.get("restrictedResources")
    for resource in listed.elements if listed is not None else ():
        yield from _path(subject, resource)
        elements = resource.get("dataElements")
        for element in elements.elements if elements is not None else ():
            if element.kind != "string" or element.text in _ELEMENTS or is_hole(element.text):
                continue
            right = next((each for each in sorted(_ELEMENTS) if each.lower() == element.text.lower()), None)
            said = "There is no data element of this name."
            fix = f"Known are: {', '.join(sorted(_ELEMENTS))}."
            instead = None if right is None else f'"{right}"'.encode()
            kind = FixKind.NEEDS_VALUE if right is None else FixKind.GUESS
            yield found(RULE, FAULTS[0], place_of(subject, element), said, fix, kind, instead)


def _path(subject: Subject, resource: Node) -> Iterator[Finding]:
    node, method = resource.get("path"), resource.get("method")
    if node is None or node.kind != "string" or not node.text:
        return
    path = node.text
    place = place_of(subject, node)
    fix = "Send the path of the later call alone, as it will be sent."
    if "://" in path or not path.startswith("/"):
        said = "The path of a restricted resource begins with a slash, without scheme and host."
        yield found(RULE, FAULTS[0], place, said, fix, FixKind.NEEDS_VALUE)
    elif "?" in path:
        yield found(RULE, FAULTS[0], place, "The path of a restricted resource has no query.", fix, FixKind.NEEDS_VALUE)
    elif not is_hole(path.replace("{", "").replace("}", "")):
        known = operations().find_any_method(path)
        if not known:
            said = "No operation has the path of this restricted resource."
            yield found(RULE, FAULTS[0], place, said, fix, FixKind.NEEDS_VALUE)
        elif method is not None and method.text and all(each.method != method.text for each in known):
            said = f"This path is known for {', '.join(sorted({each.method for each in known}))} only."
            yield found(RULE, FAULTS[0], place_of(subject, method), said, "Name its method.", FixKind.NEEDS_VALUE)
