"""A header has no value, or only blanks.

RFC 7230 allows it; the document counts it as malformed (contradiction C-31).
"""

from __future__ import annotations

from collections.abc import Iterator

from recoup.lint.finding import Finding, FixKind
from recoup.lint.wire.head import Head

__all__ = ["FAULT", "RULE", "check"]

RULE = "empty-header"
FAULT = "400-malformed-http-empty-header"

_NEEDED = frozenset({b"host", b"content-length", b"transfer-encoding", b"content-type", b"x-amz-access-token"})


def check(head: Head) -> Iterator[Finding]:
    """A finding for each header without a value; one whose value begins in the next line is another rule's."""
    following = dict(zip(head.lines, head.lines[1:], strict=False))
    for field in head.fields:
        after = following.get(field.line)
        if field.value or (after is not None and head.is_folded(after)):
            continue
        needed = field.key in _NEEDED
        yield Finding(
            rule=RULE,
            fault=FAULT,
            start=field.line.start,
            end=field.line.stop,
            text=f"The header {field.name[:60].decode('ascii', 'replace')} has no value.",
            fix="Leave the header out, or give it the value that it should have.",
            fix_kind=FixKind.NEEDS_VALUE if needed else FixKind.SAFE,
            replacement=None if needed else b"",
        )
