"""Pages of HTML in a text: their markup, or somebody's words for them."""

from __future__ import annotations

import re

__all__ = ["MARKUP", "tells_of_page"]

MARKUP = re.compile(r"<(?:!doctype html|html|\?xml|Error>)", re.IGNORECASE)
"""Where a page or an XML document begins."""

_TOLD = re.compile(
    r"\b(?:html (?:page|response|answer|body|errors?|document|file|\d{3}|instead|with|only|back|title)"
    r"|(?:\d{3}|an?|in|as|of|with|and|some|plain|only|just) html\b|text/html"
    r"|title (?:is |was |says )?[\"'`]?x[\"'`]?(?!\w))"
    r"|\[html\]|\(html\)|<title>|\+ html\b|html ?[+&/] ?\d{3}",
    re.IGNORECASE,
)


def tells_of_page(text: str) -> bool:
    """Whether a text says that what came was a page: by the beginning of one, or in words."""
    return _TOLD.search(text) is not None or MARKUP.search(text) is not None
