"""The end of a range is nearer than two minutes to the present.

Orders and finances refuse `CreatedBefore`, `LastUpdatedBefore` and `PostedBefore` that are not at least two minutes in
the past: the range is called invalid although the date is in its form.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from recoup.lint.asked import reached
from recoup.lint.finding import Finding, FixKind
from recoup.lint.moments import Moment, read_moment
from recoup.lint.rule import Around, found
from recoup.lint.subject import Subject

__all__ = ["FAULTS", "RULE", "check"]

RULE = "too-recent"
FAULTS = ("400-invalid-date-format",)

_LEAST = 120.0  # seconds
_NAMES = frozenset(
    {
        "CreatedBefore",
        "LastUpdatedBefore",
        "createdBefore",
        "lastUpdatedBefore",
        "PostedBefore",
        "PostedAfter",
        "postedBefore",
        "postedAfter",
        "FinancialEventGroupStartedBefore",
        "FinancialEventGroupStartedAfter",
    }
)


def check(subject: Subject, around: Around) -> Iterator[Finding]:
    """A finding at the value, where `now` is known, with the latest instant that is taken."""
    operation = reached(subject)
    if operation is None or around.now is None or operation.api not in ("orders", "finances"):
        return
    for pair in subject.parameters:
        if pair.name.text not in _NAMES or pair.name.text not in operation.query:
            continue
        text = pair.value.text
        moment = read_moment(text if "+" in text and "%" not in text else pair.decoded)
        if not isinstance(moment, Moment) or moment.at.timestamp() <= around.now - _LEAST:
            continue
        if not moment.timed:
            continue  # a day alone: where it ends is the service's to say
        latest = datetime.fromtimestamp(around.now - _LEAST, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        said = f"{pair.name.text} is nearer than two minutes to the present."
        yield found(
            RULE, FAULTS[0], pair.value.place(), said, "Leave at least two minutes, or leave it out.",
            FixKind.GUESS, latest.encode(),
        )  # fmt: skip
