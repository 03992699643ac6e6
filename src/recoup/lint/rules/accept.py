"""The Accept header leaves JSON out.

Every operation answers JSON. A client that asks for something else alone (`text/html`, `application/xml`) was reused
from another service; what it gets is not documented.
"""

from __future__ import annotations

from collections.abc import Iterator

from recoup.lint.finding import Finding, FixKind
from recoup.lint.rule import Around, found
from recoup.lint.subject import Subject

__all__ = ["FAULTS", "RULE", "check"]

RULE = "accept"
FAULTS = ()


def check(subject: Subject, around: Around) -> Iterator[Finding]:
    """A finding at the value."""
    field = subject.field("accept")
    if field is None or not subject.is_api or not field.value.text.strip():
        return
    kinds = [part.partition(";")[0].strip().lower() for part in field.value.text.split(",")]
    if any("json" in kind or kind in ("*/*", "*", "application/*", "") or "<" in kind for kind in kinds):
        return
    said = "The Accept header asks for something else than JSON."
    place = field.value.place()
    fix = "Send Accept: application/json, or none."
    yield found(RULE, None, place, said, fix, FixKind.SAFE, b"application/json", certain=False)
