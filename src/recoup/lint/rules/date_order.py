"""A range of dates ends before it begins, or begins in the future."""

from __future__ import annotations

import re
from collections.abc import Iterator

from recoup.lint.asked import fault_of, reached
from recoup.lint.finding import Finding, FixKind
from recoup.lint.moments import Moment, read_moment
from recoup.lint.rule import Around, found
from recoup.lint.subject import Pair, Subject

__all__ = ["FAULTS", "RULE", "check"]

RULE = "date-order"
FAULTS = ("400-invalid-date-format", "sc-00002-range")

_PAIRS = (("After", "Before"), ("Since", "Until"), ("Start", "End"), ("from", "to"), ("start", "end"))
_AHEAD = 300.0  # seconds by which clocks may differ
_PAST = re.compile(r"(?i:created|updated|posted|started|changed).*(?:after|since)$")


def check(subject: Subject, around: Around) -> Iterator[Finding]:
    """A finding at the end of a range that lies before its beginning; with `now`, at a beginning that is ahead."""
    operation = reached(subject)
    if operation is None or operation.api.startswith("vendor"):
        return
    fault = fault_of(operation, FAULTS[0], FAULTS[1])
    for name in operation.date_query:
        first = subject.parameter(name)
        begins = _moment(first)
        if first is None or begins is None:
            continue
        for early, late in _PAIRS:
            if early not in name:
                continue
            last = subject.parameter(name.replace(early, late))
            ends = _moment(last)
            if last is not None and last is not first and ends is not None and ends.at < begins.at:
                said = f"{last.name.text} lies before {name}."
                fix = "Exchange the two, or correct one."
                yield found(RULE, fault, last.value.place(), said, fix, FixKind.NEEDS_VALUE)
        ahead = around.now is not None and begins.at.timestamp() > around.now + _AHEAD
        if ahead and begins.timed and _PAST.search(name.lower()):
            said = f"{name} lies in the future."
            fix = "Name a time that has passed, in UTC or with its offset."
            yield found(RULE, fault, first.value.place(), said, fix, FixKind.NEEDS_VALUE, certain=False)


def _moment(pair: Pair | None) -> Moment | None:
    if pair is None:
        return None
    text = pair.value.text
    moment = read_moment(text if "+" in text and "%" not in text else pair.decoded)
    return moment if isinstance(moment, Moment) else None
