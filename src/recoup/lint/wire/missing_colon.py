"""A header line has no colon between name and value, or no name before it."""

from __future__ import annotations

from collections.abc import Iterator

from recoup.lint.finding import Finding, FixKind
from recoup.lint.wire.head import Head

__all__ = ["FAULT", "RULE", "check"]

RULE = "missing-colon"
FAULT = "400-malformed-http-missing-colon"


def check(head: Head) -> Iterator[Finding]:
    """A finding for each line without name and colon; a line that goes on with the one before is another rule's."""
    for number, line in enumerate(head.lines, start=2):
        if head.is_folded(line):
            continue
        colon = head.raw.find(b":", line.start, line.end)
        if colon > line.start:
            continue
        what = "has no name before its colon" if colon == line.start else "has no colon"
        yield Finding(
            rule=RULE,
            fault=FAULT,
            start=line.start,
            end=line.end,
            text=f"Line {number} of the head {what}.",
            fix="Write every header as its name, a colon, and its value; a value holds no line break.",
            fix_kind=FixKind.GUESS if b" " in head.text(line) else FixKind.NEEDS_VALUE,
        )
