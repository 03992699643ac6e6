"""A GET or HEAD has a body, or announces one by Content-Length or Transfer-Encoding, even one of no bytes."""

from __future__ import annotations

from collections.abc import Iterator

from recoup.lint.finding import Finding, FixKind
from recoup.lint.wire.head import Head

__all__ = ["FAULT", "RULE", "check", "unannounced"]

RULE = "body-in-get-or-head"
FAULT = "400-malformed-http-body-in-get-or-head"


def check(head: Head) -> Iterator[Finding]:
    """A finding for each header that announces a body."""
    if not head.is_read:
        return
    method = head.text(head.method).decode("ascii")
    for field in head.fields:
        if field.key in (b"content-length", b"transfer-encoding"):
            name = "Content-Length" if field.key == b"content-length" else "Transfer-Encoding"
            nothing = field.value == b"0"
            yield _finding(
                field.line.start,
                field.line.stop,
                f"A {method} request has a {name} header.",
                FixKind.SAFE if nothing else FixKind.GUESS,
            )


def unannounced(start: int, end: int) -> Finding:
    """What is to be said of the bytes from `start` to `end`, which follow a GET or HEAD and begin no request."""
    return _finding(start, end, "A GET or HEAD is followed by bytes that begin no request.", FixKind.GUESS)


def _finding(start: int, end: int, text: str, kind: FixKind) -> Finding:
    return Finding(
        rule=RULE,
        fault=FAULT,
        start=start,
        end=end,
        text=text,
        fix="Send GET and HEAD without a body, and without headers that announce one.",
        fix_kind=kind,
        replacement=b"",
    )
