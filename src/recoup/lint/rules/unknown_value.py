"""A value is not among those that the operation is known to take.

Amazon adds values without a new version, so an unknown one proves nothing by itself. One that differs from a known
value by upper and lower case or a letter is most likely misspelt.
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from recoup.lint.asked import asked_of, fault_of, is_hole, reached, shaped, split
from recoup.lint.bodies import document, place_of
from recoup.lint.finding import Finding, FixKind
from recoup.lint.mapped import Place
from recoup.lint.rule import Around, found
from recoup.lint.shapes import shapes as own_shapes
from recoup.lint.subject import Subject

__all__ = ["FAULTS", "RULE", "check"]

RULE = "unknown-value"
FAULTS = ("400-wrong-identifier", "sc-00002-invalid-value")

# APIs whose models name all values, as far as was seen; in others their own samples have more.
_OWNED = frozenset(
    {
        "external-fulfillment",
        "orders",
        "reports",
        "feeds",
        "listings-items",
        "notifications",
        "product-pricing",
        "catalog-items",
        "tokens",
        "easy-ship",
        "merchant-fulfillment",
    }
)


def check(subject: Subject, around: Around) -> Iterator[Finding]:
    """A finding at the value, with the nearest known one."""
    operation, known = reached(subject), asked_of(subject, around)
    if operation is None or known is None:
        return
    shapes, asked = known
    fault = fault_of(operation, FAULTS[0], FAULTS[1])
    pointed_to = around.shapes is not None and own_shapes().of(operation) is None  # an API that only the user knows
    owned = operation.api in _OWNED or pointed_to
    for pair in subject.parameters:
        shape = asked.query.get(pair.name.text)
        if shape is None:
            continue
        values = shape.values or (shapes.resolved(asked, shape.items).values if shape.items is not None else ())
        pieces = split(pair.value) if shape.kind == "array" else [(pair.decoded, pair.value)]
        for value, piece in pieces:
            yield from _judged(fault, pair.name.text, value, values, piece.place(), "", owned)
    read = document(subject)
    if read is None or read.root is None:
        return
    for at, _, node, shape in shaped(shapes, asked, read.root):
        if node.kind == "string" and shape.values:
            yield from _judged(fault, at, node.text, shape.values, place_of(subject, node), '"', owned)


def _judged(
    fault: str, name: str, value: str, values: tuple[str, ...], place: Place, quote: str, owned: bool
) -> Iterator[Finding]:
    if not values or value in values or is_hole(value) or value != value.strip() or len(value) > 80:
        return
    folded = {each.lower().replace("_", ""): each for each in values}
    right = folded.get(value.lower().replace("_", "").replace("-", "").replace(" ", ""))
    if right is None:
        near = get_close_matches(value.lower(), [each.lower() for each in values], n=1, cutoff=0.8)
        right = next((each for each in values if near and each.lower() == near[0]), None)
    if not owned and (right is None or right.lower() != value.lower()):
        return
    known = ", ".join(values[:8]) + (", ..." if len(values) > 8 else "")
    said = f"This value of {name} is not known."
    fix = f"Write {right}." if right is not None else f"Known are: {known}."
    instead = None if right is None else f"{quote}{right}{quote}".encode()
    kind = FixKind.NEEDS_VALUE if right is None else FixKind.GUESS
    yield found(RULE, fault, place, said, fix, kind, instead, certain=False)
