"""Transfer-Encoding is anything but `chunked`, once. The documents do not name this one.

RFC 7230 (3.3.1, 3.3.3) wants `chunked` as the last coding of a request, and lets a server refuse codings before it.
"""

from __future__ import annotations

from collections.abc import Iterator

from recoup.lint.finding import Finding, FixKind
from recoup.lint.wire.head import Head

__all__ = ["RULE", "check", "is_chunked"]

RULE = "transfer-coding"


def _codings(head: Head) -> list[bytes]:
    fields = head.named(b"transfer-encoding")
    return [part.strip(b" \t").lower() for field in fields for part in field.value.split(b",")]


def is_chunked(head: Head) -> bool:
    """True where the body comes in chunks."""
    return [coding for coding in _codings(head) if coding] == [b"chunked"]


def check(head: Head) -> Iterator[Finding]:
    """A finding at the last Transfer-Encoding where the codings are not `chunked` alone."""
    fields = head.named(b"transfer-encoding")
    if not fields or not any(_codings(head)) or is_chunked(head):
        return
    yield Finding(
        rule=RULE,
        fault=None,
        start=fields[-1].at.start,
        end=fields[-1].at.end,
        text="Transfer-Encoding is not chunked, once and alone.",
        fix="Send the body with Content-Length, or with Transfer-Encoding: chunked and nothing else.",
        fix_kind=FixKind.GUESS,
        replacement=b"chunked" if len(fields) == 1 else None,
    )
