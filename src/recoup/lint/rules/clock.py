"""`x-amz-date` is not the time at which the request is sent, or not in its form.

The form is `YYYYMMDDTHHMMSSZ` in UTC. A local time that is labelled Z is hours away; more than five minutes were
refused when requests were signed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from recoup.lint.finding import Finding, FixKind
from recoup.lint.rule import Around, found
from recoup.lint.subject import Subject

__all__ = ["FAULTS", "RULE", "check"]

RULE = "clock"
FAULTS = ("other-clock-skew", "400-invalid-date-format")
_FORM = re.compile(r"\d{8}T\d{6}Z", re.ASCII)
_FAR = 300.0  # seconds


def check(subject: Subject, around: Around) -> Iterator[Finding]:
    """A finding at the value: its form, and where `now` is known its distance."""
    field = subject.field("x-amz-date")
    if field is None or not subject.is_api:
        return
    text = field.value.text.strip()
    fix = "Write the present time in UTC as YYYYMMDDTHHMMSSZ, or leave the header out."
    sent: datetime | None = None
    if _FORM.fullmatch(text):
        try:
            sent = datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        except ValueError:
            sent = None
    if sent is None:
        if text and text[0].isdigit():
            said = "x-amz-date is not in the form YYYYMMDDTHHMMSSZ."
            yield found(RULE, FAULTS[1], field.value.place(), said, fix, FixKind.NEEDS_VALUE, certain=False)
    elif around.now is not None and abs(around.now - sent.timestamp()) > _FAR:
        minutes = round((sent.timestamp() - around.now) / 60)
        said = f"x-amz-date is {abs(minutes)} minutes {'ahead' if minutes > 0 else 'behind'}."
        yield found(RULE, FAULTS[0], field.value.place(), said, fix, FixKind.NEEDS_VALUE, certain=False)
