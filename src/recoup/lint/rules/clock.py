"""`x-amz-date` is not the time at which the request is sent, or not in its form.

The form is `YYYYMMDDTHHMMSSZ` in UTC. A local time that is labelled Z is hours away; more than five minutes were
refused when requests were signed, and are a sign of a wrong clock since.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from recoup.lint.finding import Finding, FixKind
from recoup.lint.rule import Around, found
from recoup.lint.subject import Subject

__all__ = ["FAULTS", "RULE", "check"]

RULE = "clock"
FAULTS = ("other-clock-skew", "400-invalid-date-format")
_FORM = re.compile(r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z", re.ASCII)
_MASKED = re.compile(r"[<>{}$*\[\]]|x{4,}|\.{3}", re.IGNORECASE)
_FAR = 300.0  # seconds
_QUARTER = 900  # seconds: time zones differ by whole quarters of an hour
_FIX = "Write the present time in UTC as YYYYMMDDTHHMMSSZ, or leave the header out."


def check(subject: Subject, around: Around) -> Iterator[Finding]:
    """A finding at the value: its form, and its distance from the Date header, or from `now` where that is known."""
    field = subject.field("x-amz-date")
    if field is None or not subject.is_api:
        return
    text = field.value.text.strip()
    if not text or _MASKED.search(text):
        return
    sent: datetime | None = None
    form = _FORM.fullmatch(text)
    if form is not None:
        try:
            year, month, day, hour, minute, second = map(int, form.groups())
            sent = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
        except ValueError:
            sent = None
    place = field.value.place()
    if sent is None:
        said = "x-amz-date is not in the form YYYYMMDDTHHMMSSZ."
        yield found(RULE, FAULTS[1], place, said, _FIX, FixKind.NEEDS_VALUE, certain=False)
        return
    then = _date(subject) or around.now
    if then is None or abs(then - sent.timestamp()) <= _FAR:
        return
    seconds = sent.timestamp() - then
    said = f"x-amz-date is {round(abs(seconds) / 60)} minutes {'ahead' if seconds > 0 else 'behind'}"
    whole = abs(seconds) > _QUARTER / 2 and min(abs(seconds) % _QUARTER, _QUARTER - abs(seconds) % _QUARTER) < 60
    near = abs(seconds) < 15 * 3600
    said += ", a difference of time zones: a local time labelled Z?" if whole and near else "."
    yield found(RULE, FAULTS[0], place, said, _FIX, FixKind.NEEDS_VALUE, certain=False)


def _date(subject: Subject) -> float | None:
    field = subject.field("date")
    if field is None:
        return None
    try:
        moment = parsedate_to_datetime(field.value.text)
    except (ValueError, OverflowError):
        return None
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()
