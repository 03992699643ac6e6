"""The request line does not end with HTTP/1.1 or another version of HTTP/1. The documents do not name this one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from recoup.lint.finding import Finding, FixKind
from recoup.lint.wire.head import Head

__all__ = ["RULE", "check"]

RULE = "http-version"

_KNOWN = re.compile(rb"HTTP/1\.[0-9]")


def check(head: Head) -> Iterator[Finding]:
    """A finding where the version is missing, is written otherwise, or is not one of HTTP/1."""
    version = head.version
    if _KNOWN.fullmatch(head.text(version)) or not head.text(head.method):
        return
    yield Finding(
        rule=RULE,
        fault=None,
        start=version.start,
        end=version.end,
        text="The request line has no version." if version.start == version.end else "The version is not HTTP/1.1.",
        fix="End the request line with one blank and HTTP/1.1, in capitals.",
        fix_kind=FixKind.GUESS,
        replacement=b"HTTP/1.1" if version.start < version.end else b" HTTP/1.1",
    )
