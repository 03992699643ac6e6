"""The HTTP method is malformed: the request does not begin with a word, followed by a blank.

Any token is a method to RFC 7230 (3.1.1), also one in lower case; whether an operation has it is asked later.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from recoup.lint.finding import Finding, FixKind
from recoup.lint.wire.head import TOKEN, Head

__all__ = ["FAULT", "RULE", "check", "is_hopeless"]

RULE = "malformed-method"
FAULT = "400-malformed-http-method"

_TOKEN = re.compile(TOKEN)
_TLS = 0x16  # the first byte of a TLS handshake


def check(head: Head) -> Iterator[Finding]:
    """A finding where the first word of the request line is not a token."""
    method = head.method
    text = head.text(method)
    if _TOKEN.fullmatch(text):
        return
    if not text:
        said = "the request line begins with a blank" if head.first.end > head.first.start else "the line is empty"
        yield _finding(head.start, max(method.end, head.start + 1), said)
        return
    good = _TOKEN.match(text)
    at = method.start + (good.end() if good is not None else 0)
    said = f"the byte {head.raw[at]:02X} (hexadecimal) stands in the method, at {at}"
    if head.raw[head.start] == _TLS:
        said = "the bytes begin like a TLS handshake: an https URL was used for a port that speaks plain HTTP"
    yield _finding(method.start, method.end, said)


def is_hopeless(raw: bytes | bytearray, start: int, end: int | None = None) -> bool:
    """True where the bytes from `start` (to `end`) can never become a method and a blank, however they go on."""
    stop = len(raw) if end is None else min(end, len(raw))
    good = _TOKEN.match(raw, start, stop)
    after = good.end() if good is not None else start
    return after < stop and (after == start or raw[after] not in b" \r\n")


def _finding(start: int, end: int, said: str) -> Finding:
    return Finding(
        rule=RULE,
        fault=FAULT,
        start=start,
        end=end,
        text=f"The method is malformed: {said}.",
        fix="Begin the request with its method, such as GET or POST, in upper case and followed by one blank; nothing "
        "may stand before it, not even what is left of the body of the request before.",
        fix_kind=FixKind.NEEDS_VALUE,
    )
