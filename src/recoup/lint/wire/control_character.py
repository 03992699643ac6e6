"""A carriage return, a NUL or another control character stands in the URI or in a header value (a tab may, there)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from recoup.lint.finding import Finding, FixKind
from recoup.lint.wire.head import Head

__all__ = ["FAULT", "RULE", "check"]

RULE = "control-character"
FAULT = "400-malformed-http-control-character"

_IN_URI = re.compile(rb"[\x00-\x1f\x7f]+")
_IN_VALUE = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]+")


def check(head: Head) -> Iterator[Finding]:
    """A finding for each run of such characters."""
    for found in _IN_URI.finditer(head.raw, head.target.start, head.target.end):
        encoded = b"".join(b"%%%02X" % byte for byte in found[0])
        yield _finding(found, "the URI", "Percent-encode it in the URI, or leave it out.", encoded)
    for line in head.lines:
        colon = head.raw.find(b":", line.start, line.end)
        if head.is_folded(line):
            start, name = line.start, "a folded header"
        elif colon > line.start:
            start, name = colon + 1, head.raw[line.start : min(colon, line.start + 60)].decode("ascii", "replace")
        else:
            continue
        for found in _IN_VALUE.finditer(head.raw, start, line.end):
            where = "a folded header" if start == line.start else f"the value of {name}"
            yield _finding(found, where, "Strip it from the value before the header is set.", b"")


def _finding(found: re.Match[bytes], where: str, fix: str, replacement: bytes) -> Finding:
    which = " ".join(f"{byte:02X}" for byte in found[0][:8])
    return Finding(
        rule=RULE,
        fault=FAULT,
        start=found.start(),
        end=found.end(),
        text=f"A control character ({which} hexadecimal) stands in {where}, at byte {found.start()}.",
        fix=fix,
        fix_kind=FixKind.GUESS,
        replacement=replacement,
    )
