"""The request is followed by an empty line.

Every head ends with one; what is meant is one too many, after the end of the message (contradiction C-27).
"""

from __future__ import annotations

import re

from recoup.lint.finding import Finding, FixKind

__all__ = ["FAULT", "RULE", "check"]

RULE = "trailing-empty-line"
FAULT = "400-malformed-http-trailing-empty-line"

_EMPTY = re.compile(rb"(?:\r?\n)+")


def check(raw: bytes | bytearray, end: int) -> Finding | None:
    """The finding where the message that ends at `end` is followed by line breaks."""
    found = _EMPTY.match(raw, end)
    if found is None:
        return None
    return Finding(
        rule=RULE,
        fault=FAULT,
        start=found.start(),
        end=found.end(),
        text="A line break follows the end of the message.",
        fix="End the message where its Content-Length says, or its last chunk, or without a body its head.",
        fix_kind=FixKind.SAFE,
        replacement=b"",
    )
