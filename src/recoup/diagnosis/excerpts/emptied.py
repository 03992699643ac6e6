"""An answer without data, as somebody shows it in part or tells of it in words."""

from __future__ import annotations

import re

__all__ = ["told_empty"]

_EMPTY = re.compile(
    r"(?<![A-Za-z])[\"'`]?([A-Za-z]\w{2,40})[\"'`]?\s{0,2}(?:=>|[:=])\s{0,2}(?:\[\s{0,3}\]|\{\s{0,3}\}|null\b|None\b|nil\b)"
    r"|\b(empty (?:list|array|result\w*|payload|body|data|response|answer|object)s?)\b"
    r"|\b((?:list|array|payload|body|answer|response|result)s? (?:is|are|comes?|was|were|stays?)(?: back)?"
    r"(?: \w+)? empty)\b",
    re.IGNORECASE,
)
_OF_REQUESTS = frozenset({"params", "headers", "data", "body", "json", "query", "options", "nexttoken", "details"})


def told_empty(text: str) -> str | None:
    """What a text shows or calls empty, in words; None where there is no such thing."""
    for found in _EMPTY.finditer(text[:16_384]):
        if found[1] is not None and found[1].lower() not in _OF_REQUESTS:
            return f"{found[1]} is empty"
        if found[1] is None:
            return (found[2] or found[3])[:80]
    return None
