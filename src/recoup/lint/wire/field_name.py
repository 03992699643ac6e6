"""The name of a header is not a token, or a blank stands before its colon (RFC 7230, 3.2.4: to be refused).

The documents do not name this one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from recoup.lint.finding import Finding, FixKind
from recoup.lint.wire.head import TOKEN, Head

__all__ = ["RULE", "check"]

RULE = "field-name"

_TOKEN = re.compile(TOKEN)


def check(head: Head) -> Iterator[Finding]:
    """A finding for each such name."""
    for field in head.fields:
        good = _TOKEN.match(field.name)
        length = 0 if good is None else good.end()
        if length == len(field.name):
            continue
        start = field.line.start
        blanks = bool(length) and not field.name[length:].strip(b" \t")
        yield Finding(
            rule=RULE,
            fault=None,
            start=start + length if blanks else start,
            end=start + len(field.name),
            text="A blank stands before the colon of a header."
            if blanks
            else f"The name of a header holds the byte {field.name[length]:02X} (hexadecimal).",
            fix="Write the colon right after the name." if blanks else "Use letters, digits and hyphens in the name.",
            fix_kind=FixKind.SAFE if blanks else FixKind.NEEDS_VALUE,
            replacement=b"" if blanks else None,
        )
