"""The value of Content-Length is not a number, or one that no body can have."""

from __future__ import annotations

import re
from collections.abc import Iterator

from recoup.lint.finding import Finding, FixKind
from recoup.lint.wire.head import Head
from recoup.lint.wire.multiple_content_length import is_list

__all__ = ["FAULT", "RULE", "check"]

RULE = "content-length-not-a-number"
FAULT = "400-malformed-http-content-length-unparseable"

_DIGITS = re.compile(rb"[0-9]{1,1000}")
_LARGEST = 2**63 - 1


def check(head: Head) -> Iterator[Finding]:
    """A finding for each Content-Length that is anything but decimal digits."""
    for field in head.named(b"content-length"):
        if is_list(field.value):
            continue
        if _DIGITS.fullmatch(field.value) is None:
            said = "is not a number" if field.value else "is empty"
        elif len(field.value.lstrip(b"0")) > 19 or int(field.value) > _LARGEST:
            said = "is larger than any body can be"
        else:
            continue
        yield Finding(
            rule=RULE,
            fault=FAULT,
            start=field.at.start,
            end=field.at.end,
            text=f"The value of Content-Length {said}.",
            fix="State the number of bytes of the body in decimal digits; best, let the HTTP client count it.",
            fix_kind=FixKind.NEEDS_VALUE,
        )
