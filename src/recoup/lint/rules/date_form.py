"""A date is not in the form that the operation takes.

Times are ISO 8601 with a zone: `2026-03-01T00:00:00Z`, or an offset. A time without a zone, a blank for the T,
a date in the order of a country, epoch seconds, a month that does not exist are refused, mostly without a word about
the parameter. A local time that is labelled Z cannot be seen.
"""

from __future__ import annotations

from collections.abc import Iterator

from recoup.lint.asked import asked_of, fault_of, is_fixed_word, is_hole, reached, shaped
from recoup.lint.bodies import document, place_of
from recoup.lint.finding import Finding, FixKind
from recoup.lint.mapped import Place
from recoup.lint.moments import Moment, read_moment
from recoup.lint.rule import Around, found
from recoup.lint.subject import Subject

__all__ = ["FAULTS", "RULE", "check"]

RULE = "date-form"
FAULTS = ("400-invalid-date-format", "sc-00002-invalid-value")

_FREE = ("vendor", "invoices")  # APIs whose own samples have times without a zone
_FIX = "Write it like 2026-03-01T00:00:00Z."


def check(subject: Subject, around: Around) -> Iterator[Finding]:
    """A finding at each value of a date parameter, or of a date field of the body, that is in another form."""
    operation = reached(subject)
    if operation is None:
        return
    fault = fault_of(operation, FAULTS[0], FAULTS[1])
    free = operation.api.startswith(_FREE)
    for pair in subject.parameters:
        if pair.name.text in operation.date_query:
            value = pair.value.text.replace("%2B", "+").replace("%2b", "+")
            plain = value if "+" in value and "%20" not in value else pair.decoded
            yield from _judged(fault, pair.name.text, _colons(plain), pair.value.place(), "", free)
    known, read = asked_of(subject, around), document(subject)
    if known is None or read is None or read.root is None:
        return
    for at, _, node, shape in shaped(known[0], known[1], read.root):
        if not shape.date:
            continue
        if node.kind == "string" and node.text:
            yield from _judged(fault, at, node.text, place_of(subject, node), shape.date, free)
        elif node.kind == "number":
            said = f"{at} is a number; it takes a date in ISO 8601."
            yield found(RULE, fault, place_of(subject, node), said, _FIX, FixKind.NEEDS_VALUE)


def _colons(text: str) -> str:
    return text.replace("%3A", ":").replace("%3a", ":")


def _judged(fault: str, name: str, value: str, place: Place, kind: str, free: bool) -> Iterator[Finding]:
    if is_hole(value) or is_fixed_word(value) or "%" in value:
        return
    moment = read_moment(value)
    if isinstance(moment, Moment):
        if moment.timed and not moment.zoned and kind != "date":
            if free:
                return
            said = f"{name} has a time of day and no zone."
            yield found(RULE, fault, place, said, "Add Z where it is UTC, or the offset.", FixKind.NEEDS_VALUE)
        elif kind == "date-time" and not moment.timed:
            said = f"{name} is a day alone; it takes day and time."
            yield found(RULE, fault, place, said, _FIX, FixKind.NEEDS_VALUE, certain=False)
        elif moment.loose:
            said = f"{name} is nearly ISO 8601: {moment.loose}."
            yield found(RULE, fault, place, said, _FIX, FixKind.NEEDS_VALUE)
    else:
        yield found(RULE, fault, place, f"{name} is not a date of ISO 8601: {moment}.", _FIX, FixKind.NEEDS_VALUE)
