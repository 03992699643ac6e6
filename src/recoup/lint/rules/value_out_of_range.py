"""A number is too high, too low or none, or a text has another length than the operation takes.

A page size of 200 where 100 is the most, a negative quantity, a number where a text belongs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from recoup.lint.asked import asked_of, fault_of, is_fixed_word, is_hole, path_values, reached, shaped
from recoup.lint.bodies import document, place_of
from recoup.lint.finding import Finding, FixKind
from recoup.lint.mapped import Place
from recoup.lint.rule import Around, found
from recoup.lint.shapes import Shape
from recoup.lint.subject import Subject

__all__ = ["FAULTS", "RULE", "check"]

RULE = "value-out-of-range"
FAULTS = ("400-wrong-identifier", "sc-00002-invalid-value", "sc-00002-range")

_NUMBER = re.compile(r"-?\d{1,18}(\.\d{1,18})?", re.ASCII)
_SIZES = {  # of a page, where the model states none: by path and name
    ("/orders/v0/orders", "MaxResultsPerPage"): 100.0,
    ("/orders/2026-01-01/orders", "maxResultsPerPage"): 100.0,
}
_COUNTS = re.compile(r"(?i)^(?:(?:\w*_)?quantity|\w*quantity(?:ordered|shipped)?|pagesize|maxresults\w*)$")


def check(subject: Subject, around: Around) -> Iterator[Finding]:
    """A finding at the value."""
    operation, known = reached(subject), asked_of(subject, around)
    if operation is None or known is None:
        return
    shapes, asked = known
    low, high = (fault_of(operation, FAULTS[0], FAULTS[each]) for each in (1, 2))
    for pair in subject.parameters:
        shape = asked.query.get(pair.name.text)
        size = _SIZES.get((operation.path, pair.name.text))
        if shape is not None and size is not None:
            shape = msgspec.structs.replace(shape, kind="integer", least=1.0, most=size)
        if shape is not None and not is_hole(pair.decoded):
            yield from _judged(low, high, pair.name.text, pair.decoded, "", pair.value.place(), shape)
    for value in path_values(subject):
        shape = asked.path.get(value.name)
        if shape is not None and not is_hole(value.value) and not is_fixed_word(value.value):
            yield from _judged(low, high, value.name, value.value, "string", value.place, shape, sure=False)
    read = document(subject)
    if read is None or read.root is None:
        return
    for at, name, node, shape in shaped(shapes, asked, read.root):
        place = place_of(subject, node)
        if node.kind in ("string", "number") and not is_hole(node.text) and not shape.values:
            yield from _judged(low, high, at, node.text, node.kind, place, shape, sure=node.kind == "number")
        if node.kind == "number" and node.text.startswith("-") and _COUNTS.match(name) and shape.least is None:
            said = f"{at} is negative."
            yield found(RULE, low, place, said, "Send the absolute quantity, 0 or more.", FixKind.NEEDS_VALUE)


def _judged(
    low: str, high: str, name: str, value: str, kind: str, place: Place, shape: Shape, *, sure: bool = True
) -> Iterator[Finding]:
    number = shape.kind in ("integer", "number")
    if number and not _NUMBER.fullmatch(value.strip()) and kind != "number":
        if not is_fixed_word(value):
            said = f"{name} takes a number."
            yield found(RULE, low, place, said, "Send a number.", FixKind.NEEDS_VALUE)
    elif number and kind == "string":
        said = f"{name} is a number in quotes; it takes a number."
        yield found(RULE, low, place, said, "Leave the quotes out.", FixKind.GUESS, value.encode(), certain=False)
    elif number and _NUMBER.fullmatch(value.strip()):
        size = float(value)
        if shape.most is not None and size > shape.most:
            said = f"{name} is higher than {shape.most:g}."
            most = f"{shape.most:g}".encode()
            yield found(RULE, high, place, said, f"At most {shape.most:g} is taken.", FixKind.GUESS, most, certain=sure)
        elif shape.least is not None and size < shape.least:
            said = f"{name} is lower than {shape.least:g}."
            yield found(
                RULE, low, place, said, f"At least {shape.least:g} is taken.", FixKind.NEEDS_VALUE, certain=sure
            )
    elif shape.kind == "string" and kind == "number":
        said = f"{name} is a number; it takes a text."
        quoted = f'"{value}"'.encode()
        yield found(RULE, low, place, said, "Put it into quotes.", FixKind.GUESS, quoted, certain=False)
    elif shape.kind == "string" and not shape.values:
        size = float(len(value))
        if shape.most is not None and size > shape.most:
            said = f"{name} has {len(value)} characters; at most {shape.most:g} are taken."
            yield found(RULE, high, place, said, "Shorten it.", FixKind.NEEDS_VALUE, certain=sure)
        elif shape.least is not None and 0 < size < shape.least:
            said = f"{name} has {len(value)} characters; at least {shape.least:g} are needed."
            yield found(RULE, low, place, said, "Send the whole value.", FixKind.NEEDS_VALUE, certain=sure)
