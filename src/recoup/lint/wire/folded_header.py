"""A header goes on in the next line.

RFC 7230 (3.2.4) forbids senders to fold; the one place where it is allowed, inside message/http, is no head of a
request. So every folded line is one that does not conform.
"""

from __future__ import annotations

from collections.abc import Iterator

from recoup.lint.finding import Finding, FixKind
from recoup.lint.wire.head import Head

__all__ = ["FAULT", "RULE", "check"]

RULE = "folded-header"
FAULT = "400-malformed-http-multiline-header"


def check(head: Head) -> Iterator[Finding]:
    """A finding for each line that begins with a blank or a tab, from the ending of the line before it."""
    before = None
    for line in head.lines:
        if head.is_folded(line):
            text = head.text(line)
            indent = line.start + len(text) - len(text.lstrip(b" \t"))
            yield Finding(
                rule=RULE,
                fault=FAULT,
                start=line.start if before is None else before.end,
                end=indent,
                text="A header goes on in the next line, which begins with a blank."
                if before is not None
                else "The first header line begins with a blank.",
                fix="Write every header in one line, a blank in the place of the line break.",
                fix_kind=FixKind.SAFE if before is not None else FixKind.GUESS,
                replacement=b" " if before is not None else b"",
            )
        before = line
