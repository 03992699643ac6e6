"""The head announces the length of the body by Content-Length and by Transfer-Encoding."""

from __future__ import annotations

from collections.abc import Iterator

from recoup.lint.finding import Finding, FixKind
from recoup.lint.wire.head import Head

__all__ = ["FAULT", "RULE", "check"]

RULE = "content-length-with-transfer-encoding"
FAULT = "400-malformed-http-content-length-and-transfer-encoding"


def check(head: Head) -> Iterator[Finding]:
    """A finding for each Content-Length beside a Transfer-Encoding."""
    if not head.named(b"transfer-encoding"):
        return
    for field in head.named(b"content-length"):
        yield Finding(
            rule=RULE,
            fault=FAULT,
            start=field.line.start,
            end=field.line.stop,
            text="The request has both Content-Length and Transfer-Encoding.",
            fix="Remove Content-Length if the body is sent in chunks, else Transfer-Encoding.",
            fix_kind=FixKind.GUESS,
            replacement=b"",
        )
