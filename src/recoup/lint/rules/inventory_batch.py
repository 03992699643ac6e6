"""An element of an inventory batch names no SKU or location, or its numbers cannot be taken.

The location and the SKU of batchInventory stand in the `uri` of each element; the quantity is absolute, 0 or more; the
client's sequence number of one SKU at one location rises from update to update.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

from recoup.lint.asked import reached
from recoup.lint.bodies import document, place_of
from recoup.lint.finding import Finding, FixKind
from recoup.lint.json_text import Node
from recoup.lint.rule import Around, found
from recoup.lint.subject import Subject

__all__ = ["FAULTS", "RULE", "check"]

RULE = "inventory-batch"
FAULTS = (
    "sc-00002-invalid-value",
    "sc-20002-sequence-conflict",
    "sc-00004-duplicate-client-token",
    "sc-00002-mandatory-field",
)

_PATHS = ("inventory/update", "inventory/fetch")


def check(subject: Subject, around: Around) -> Iterator[Finding]:
    """A finding at the uri, the quantity or the sequence number of each such element."""
    operation, read = reached(subject), document(subject)
    if operation is None or operation.id != "batchInventory" or read is None or read.root is None:
        return
    listed = read.root.get("requests")
    last: dict[tuple[str, str], int] = {}
    for element in listed.elements if listed is not None else ():
        uri = element.get("uri")
        if uri is None or uri.kind != "string":
            continue
        path, key = _taken_apart(uri.text)
        if path not in _PATHS:
            said = "The uri is neither /inventory/update nor /inventory/fetch."
            fix = "Write /inventory/update?locationId=...&skuId=..."
            yield found(RULE, FAULTS[0], place_of(subject, uri), said, fix, FixKind.NEEDS_VALUE)
            continue
        for name, value in zip(("locationId", "skuId"), key, strict=True):
            if not value:
                said = f"The uri names no {name}."
                yield found(RULE, FAULTS[0], place_of(subject, uri), said, f"Add {name}.", FixKind.NEEDS_VALUE)
        if path == _PATHS[0]:
            yield from _update(subject, element, key, last)


def _taken_apart(uri: str) -> tuple[str, tuple[str, str]]:
    try:
        parts = urlsplit(uri)
        query = parse_qs(parts.query)
    except ValueError:
        return "", ("", "")
    return parts.path.strip("/"), (query.get("locationId", [""])[0], query.get("skuId", [""])[0])


def _update(
    subject: Subject, element: Node, key: tuple[str, str], last: dict[tuple[str, str], int]
) -> Iterator[Finding]:
    body = element.get("body")
    if body is None or body.kind != "object":
        return
    if not any(member.node.kind != "null" for member in body.members):
        said = "The update says nothing; one field at least is needed."
        yield found(RULE, FAULTS[3], place_of(subject, body), said, "Send the quantity.", FixKind.NEEDS_VALUE)
        return
    quantity, number = body.get("quantity"), body.get("clientSequenceNumber")
    if quantity is not None and (quantity.kind != "number" or not quantity.text.isdigit()):
        said = "The quantity is no whole number of 0 or more."
        fix = "Send the absolute quantity."
        yield found(RULE, FAULTS[0], place_of(subject, quantity), said, fix, FixKind.NEEDS_VALUE)
    if number is None:
        return
    place = place_of(subject, number)
    if number.kind != "number" or not number.text.isdigit() or len(number.text) > 19:
        said = "The sequence number is no whole number of 64 bits."
        yield found(RULE, FAULTS[0], place, said, "Send a number that rises.", FixKind.NEEDS_VALUE)
        return
    before, now = last.get(key), int(number.text)
    if before is not None and now <= before:
        which = FAULTS[2] if now == before else FAULTS[1]
        said = f"The sequence number of this SKU does not rise: {before} stood before it."
        yield found(RULE, which, place, said, "Send a number that rises.", FixKind.NEEDS_VALUE, certain=False)
    last[key] = max(now, before or 0)
