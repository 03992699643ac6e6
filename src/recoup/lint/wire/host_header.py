"""The Host header is doubled, missing, or no host name."""

from __future__ import annotations

import re
from collections.abc import Iterator

from recoup.lint.finding import Finding, FixKind
from recoup.lint.wire.head import Head

__all__ = ["FAULT", "RULE", "check"]

RULE = "host-header"
FAULT = "400-malformed-http-host-header"

# uri-host and port of RFC 3986 and RFC 7230 (2.7.1, 5.4): a registered name may hold more than letters and digits.
_HOST = re.compile(
    rb"(?:\[[0-9A-Fa-f:.]{2,45}\]|\[[vV][0-9A-Fa-f]+\.[A-Za-z0-9\-._~!$&'()*+,;=:]+\]"
    rb"|(?:[A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})+)(?::[0-9]*)?"
)
_URL = re.compile(rb"https?://([A-Za-z0-9\-.]+(?::[0-9]+)?)(?:/.*)?", re.DOTALL)


def check(head: Head) -> Iterator[Finding]:
    """A finding where there is none (but in HTTP/1.0), for each that is malformed, and for each after the first."""
    hosts = head.named(b"host")
    if not hosts and head.blank is not None and head.text(head.version) not in (b"HTTP/1.0", b""):
        after = head.first.stop
        yield _finding(after, after, "There is no Host header.", FixKind.NEEDS_VALUE)
    for field in hosts:
        if _HOST.fullmatch(field.value) is None:
            url = _URL.fullmatch(field.value)
            said = "is a URL" if url else "is empty" if not field.value else "is no host name"
            kind = FixKind.NEEDS_VALUE if url is None else FixKind.GUESS
            name = None if url is None else url[1]
            yield _finding(field.at.start, field.at.end, f"The value of Host {said}.", kind, name)
    for field in hosts[1:]:
        same = field.value == hosts[0].value
        kind = FixKind.SAFE if same else FixKind.NEEDS_VALUE
        text = f"There is more than one Host header, with {'the same value' if same else 'different values'}."
        yield _finding(field.line.start, field.line.stop, text, kind, b"" if same else None)


def _finding(start: int, end: int, text: str, kind: FixKind, replacement: bytes | None = None) -> Finding:
    return Finding(
        rule=RULE,
        fault=FAULT,
        start=start,
        end=end,
        text=text,
        fix="Send one Host header with the name of the endpoint; best, let the HTTP client take it from the URL.",
        fix_kind=kind,
        replacement=replacement,
    )
