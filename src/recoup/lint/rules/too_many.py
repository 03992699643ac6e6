"""More things are asked for at once than the operation takes.

Each operation that takes a list says how long it may be: ten updates of inventory, twenty items of a pricing batch or
of a catalogue search, fifty orders. A list that is longer is refused as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator

from recoup.lint.asked import asked_of, fault_of, reached, shaped, split
from recoup.lint.bodies import document, place_of
from recoup.lint.finding import Finding, FixKind
from recoup.lint.rule import Around, found
from recoup.lint.subject import Subject

__all__ = ["FAULTS", "RULE", "check"]

RULE = "too-many"
FAULTS = ("400-wrong-identifier", "sc-00002-range")

_OF_BODIES = {
    ("createRestrictedDataToken", "restrictedResources"): 50,
    ("getFeaturedOfferExpectedPriceBatch", "requests"): 40,
}
_FIX = "Send several requests with at most {} each."


def check(subject: Subject, around: Around) -> Iterator[Finding]:
    """A finding at the first element that is too many, to the end of the list."""
    operation, known = reached(subject), asked_of(subject, around)
    if operation is None:
        return
    fault = fault_of(operation, FAULTS[0], FAULTS[1])
    for name, most in operation.max_items.items():
        pairs = [pair for pair in subject.parameters if pair.name.text == name]
        pieces = [piece for pair in pairs for _, piece in split(pair.value)]
        if name in operation.multi_query:
            pieces = [pair.value for pair in pairs]
        if len(pieces) > most:
            said = f"{name} has {len(pieces)} values; at most {most} are taken."
            yield found(RULE, fault, pieces[most].place(), said, _FIX.format(most), FixKind.NEEDS_VALUE)
    read = document(subject)
    if known is None or read is None or read.root is None:
        return
    for at, _, node, shape in shaped(known[0], known[1], read.root):
        most = int(shape.most or _OF_BODIES.get((operation.id, at), 0)) if shape.kind == "array" else 0
        if node.kind == "array" and most and len(node.elements) > most:
            said = f"The list {at or 'that is the body'} has {len(node.elements)} elements; at most {most} are taken."
            place = place_of(subject, node.elements[most])
            yield found(RULE, fault, place, said, _FIX.format(most), FixKind.NEEDS_VALUE)
