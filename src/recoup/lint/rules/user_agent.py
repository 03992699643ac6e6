"""The User-Agent is missing or longer than 500 characters.

Amazon asks for one in the form `Name/Version (Language=...)`; without one requests may be refused, and one that is
longer is.
"""

from __future__ import annotations

from collections.abc import Iterator

from recoup.lint.finding import Finding, FixKind
from recoup.lint.rule import Around, found
from recoup.lint.subject import Form, Subject

__all__ = ["FAULTS", "RULE", "check"]

RULE = "user-agent"
FAULTS = ("other-user-agent",)
_LONGEST = 500


def check(subject: Subject, around: Around) -> Iterator[Finding]:
    """A finding at what is too long; behind the fields where it is missing and all of them are known."""
    if not subject.is_api or subject.form is Form.URL:
        return
    field = subject.field("user-agent")
    fix = "Send a User-Agent such as MyApp/2.1 (Language=Python/3.12)."
    if field is not None and len(field.value) > _LONGEST:
        said = f"The User-Agent has {len(field.value)} characters; {_LONGEST} are allowed."
        yield found(RULE, FAULTS[0], field.value.place(_LONGEST), said, fix, FixKind.NEEDS_VALUE)
    elif field is None and subject.complete and subject.form in (Form.HTTP, Form.TEXT):
        place = subject.end_of_fields
        yield found(RULE, FAULTS[0], place, "There is no User-Agent.", fix, FixKind.NEEDS_VALUE, certain=False)
