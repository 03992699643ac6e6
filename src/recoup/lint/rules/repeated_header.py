"""A header that may stand once stands twice.

Something on the way joins the values with a comma, or takes either: two tokens make a malformed one, two types of
content one that nobody knows.
"""

from __future__ import annotations

from collections.abc import Iterator

from recoup.lint.finding import Finding, FixKind
from recoup.lint.rule import Around, found
from recoup.lint.rules.access_token_header import HEADER
from recoup.lint.subject import Form, Subject

__all__ = ["FAULTS", "RULE", "check"]

RULE = "repeated-header"
FAULTS = ("403-expired-token", "400-wrong-content-type")
_ONCE: dict[str, str | None] = {
    HEADER: FAULTS[0],
    "content-type": FAULTS[1],
    "authorization": None,
    "user-agent": None,
    "x-amz-date": None,
}


def check(subject: Subject, around: Around) -> Iterator[Finding]:
    """A finding at each after the first. (Host and Content-Length belong to the wire rules.)"""
    if not subject.is_api:
        return
    for name, fault in _ONCE.items():
        first, *more = subject.named(name) or (None,)
        for field in more:
            same = first is not None and first.value.text == field.value.text
            said = f"{name} stands a second time, with {'the same value' if same else 'another value'}."
            takes_out = same and subject.form in (Form.HTTP, Form.TEXT)
            kind = FixKind.SAFE if same else FixKind.NEEDS_VALUE
            instead = b"" if takes_out else None
            yield found(RULE, fault, field.whole, said, "Send it once.", kind, instead, certain=False)
