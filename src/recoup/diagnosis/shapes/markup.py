"""Pages and XML: what a person would read on an HTML page, and the error element of the document storage."""

from __future__ import annotations

import html
import re

from recoup.catalogue.fault import BodyKind
from recoup.diagnosis.shapes.claim import Claim, make_claim

__all__ = ["consent_code", "page_text", "xml_claims"]

MAX_LENGTH = 32_768
_HIDDEN = ("script", "style", "noscript", "template")
_CONSENT = re.compile(r"(?<![A-Za-z0-9_])(MD\d{4,5}|SPDC\d{2,5}|SPSA\d{3,5}|CONSENT_LIMIT_REACHED)(?![A-Za-z0-9_])")


def page_text(markup: str) -> tuple[str, list[str]]:
    """The title of a page and its visible lines. Walks the text once; any tags will do."""
    text = markup[:MAX_LENGTH]
    lowered = text.lower()
    title = ""
    pieces: list[str] = []
    at = 0
    while at < len(text):
        opening = text.find("<", at)
        if opening < 0:
            pieces.append(text[at:])
            break
        pieces.append(text[at:opening])
        if text.startswith("<!--", opening):
            closing = text.find("-->", opening)
            at = len(text) if closing < 0 else closing + 3
            continue
        closing = text.find(">", opening)
        if closing < 0:
            break
        name = re.match(r"[a-z0-9]{0,12}", lowered[opening + 1 : opening + 14])
        word = name[0] if name is not None else ""
        at = closing + 1
        if word in _HIDDEN or word == "title":
            end = lowered.find(f"</{word}", at)
            if word == "title":
                title = _plain(text[at : end if end >= 0 else at + 300])
            at = len(text) if end < 0 else end
        elif word not in ("b", "i", "em", "strong", "span", "a", "code", "u"):
            pieces.append("\n")
    lines = [_plain(line) for line in "".join(pieces).split("\n")]
    return title, [line for line in lines if line]


def _plain(text: str) -> str:
    return " ".join(html.unescape(text[:4096]).split())


def consent_code(text: str) -> str | None:
    """The code of a consent page that stands in `text`, or None."""
    found = _CONSENT.search(text, 0, MAX_LENGTH)
    return None if found is None else found[1]


def xml_claims(text: str) -> list[Claim]:
    """The error element of the document storage, or the results of a feed's processing report that are errors."""
    text = text[:MAX_LENGTH]
    code, message = _element(text, "Code"), _element(text, "Message")
    if code is not None or message is not None:
        return [make_claim(BodyKind.XML, code=code, message=message, request_id=_element(text, "RequestId"))]
    claims: list[Claim] = []
    for part in text.split("<Result>")[1:51]:
        if (_element(part, "ResultCode") or "").lower() == "error":
            code, message = _element(part, "ResultMessageCode"), _element(part, "ResultDescription")
            claims.append(make_claim(BodyKind.XML, code=code, message=message))
    return claims


def _element(text: str, name: str) -> str | None:
    start = text.find(f"<{name}>")
    if start < 0:
        return None
    end = text.find(f"</{name}>", start)
    return _plain(text[start + len(name) + 2 : end if end >= 0 else start + 600])
