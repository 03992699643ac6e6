"""Content-Length stands in the head more than once, or as a list."""

from __future__ import annotations

import re
from collections.abc import Iterator

from recoup.lint.finding import Finding, FixKind
from recoup.lint.wire.head import Head

__all__ = ["FAULT", "RULE", "check", "is_list"]

RULE = "multiple-content-length"
FAULT = "400-malformed-http-multiple-content-length"

_LIST = re.compile(rb"[0-9]+(?:[ \t]*,[ \t]*[0-9]+)+")


def is_list(value: bytes) -> bool:
    """True for several numbers with commas between them."""
    return _LIST.fullmatch(value) is not None


def check(head: Head) -> Iterator[Finding]:
    """A finding for each Content-Length after the first, and for each that is a list."""
    lengths = head.named(b"content-length")
    for field in lengths:
        if is_list(field.value):
            values = {part.strip(b" \t") for part in field.value.split(b",")}
            yield _finding(field.at.start, field.at.end, same=len(values) == 1, replacement=min(values))
    for field in lengths[1:]:
        same = field.value == lengths[0].value
        yield _finding(field.line.start, field.line.stop, same=same, replacement=b"")


def _finding(start: int, end: int, *, same: bool, replacement: bytes) -> Finding:
    return Finding(
        rule=RULE,
        fault=FAULT,
        start=start,
        end=end,
        text="The length of the body is stated more than once"
        + (", each time alike." if same else ", with different numbers."),
        fix="State Content-Length once; best, let the HTTP client count the body.",
        fix_kind=FixKind.SAFE if same else FixKind.NEEDS_VALUE,
        replacement=replacement if same else None,
    )
