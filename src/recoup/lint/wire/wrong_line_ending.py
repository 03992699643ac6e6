"""A line of the head is not ended by carriage return and line feed, or the head not by an empty line."""

from __future__ import annotations

from collections.abc import Iterator

from recoup.lint.finding import Finding, FixKind
from recoup.lint.wire.head import Head

__all__ = ["FAULT", "RULE", "check"]

RULE = "wrong-line-ending"
FAULT = "400-malformed-http-header-termination"

_NAMES = {b"\n": "a line feed alone", b"\r": "a carriage return alone"}


def check(head: Head) -> Iterator[Finding]:
    """A finding for each line with another ending, and one where the bytes stop before the head does."""
    blank = () if head.blank is None else (head.blank,)
    for number, line in enumerate((head.first, *head.lines, *blank), start=1):
        ending = head.raw[line.end : line.stop]
        if ending in _NAMES:
            yield _finding(line.end, line.stop, f"Line {number} of the head ends with {_NAMES[ending]}.", b"\r\n")
    if head.blank is None and head.whole:
        last = head.lines[-1] if head.lines else head.first
        missing = b"\r\n" if last.stop > last.end else b"\r\n\r\n"
        yield _finding(len(head.raw), len(head.raw), "The head does not end with an empty line.", missing)


def _finding(start: int, end: int, text: str, replacement: bytes) -> Finding:
    return Finding(
        rule=RULE,
        fault=FAULT,
        start=start,
        end=end,
        text=text,
        fix="End every line of the head with CR LF (0D 0A), and the head with an empty line.",
        fix_kind=FixKind.SAFE,
        replacement=replacement,
    )
