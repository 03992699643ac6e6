"""The request line has no URI between the method and the version."""

from __future__ import annotations

from collections.abc import Iterator

from recoup.lint.finding import Finding, FixKind
from recoup.lint.wire.head import Head

__all__ = ["FAULT", "RULE", "check"]

RULE = "no-uri"
FAULT = "400-malformed-http-no-uri"


def check(head: Head) -> Iterator[Finding]:
    """A finding where nothing, or only blanks, stands where the URI belongs."""
    target = head.target
    if head.method.start == head.method.end or head.text(target).strip(b" "):
        return
    yield Finding(
        rule=RULE,
        fault=FAULT,
        start=head.method.end,
        end=max(head.version.start, head.method.end),
        text="The request line has a method and no URI.",
        fix="Write the path of the operation between method and version, at least a slash.",
        fix_kind=FixKind.NEEDS_VALUE,
    )
