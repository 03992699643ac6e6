"""The words around whole HTTP messages: what somebody tells of a call beside showing it.

A message that was recorded has nothing around it; one that was pasted has the question before it, and behind it what
was tried. Where a body ends is told from the body: a JSON value by its last bracket, a page by its last tag.
"""

from __future__ import annotations

import json
import re

__all__ = ["prose_of", "rest_of_body"]

_DECODER = json.JSONDecoder()
_MARKUP_ENDS = re.compile(r"</(?:html|[A-Za-z]{0,40}Error|[A-Za-z]{0,40}Response)>", re.IGNORECASE)
_OF_TOOLS = re.compile(r"(?:[*<>{}] |curl\b|-{1,2}[A-Za-z]|HTTP/\d|[A-Za-z0-9\-]{1,60}:[ \t]?\S*\s*$)")
_WORDS = re.compile(r"(?<!\S)[^\W\d_]{2,20}[,.;:!?]*(?=\s|$)")
_FEWEST = 3  # words that make a line one of prose


def rest_of_body(body: str) -> str:
    """What stands behind a body that ends before its text does; nothing where that cannot be told."""
    inner = body.lstrip()
    if inner[:1] in ("{", "["):
        try:
            _, end = _DECODER.raw_decode(inner)
        except (ValueError, RecursionError):
            return ""
        return inner[end:]
    if inner[:1] == "<":
        ends = [found.end() for found in _MARKUP_ENDS.finditer(inner)]
        return inner[ends[-1] :] if ends else ""
    return ""


def prose_of(pieces: list[str]) -> str | None:
    """The lines of these pieces of a text that are somebody's words; None where there are none."""
    lines = []
    for piece in pieces:
        for line in piece.splitlines():
            told = line.strip()
            if _OF_TOOLS.match(told) is None and len(_WORDS.findall(told)) >= _FEWEST:
                lines.append(told)
    return "\n".join(lines) or None
