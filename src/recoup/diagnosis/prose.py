"""Prose: claims from a text without structure, by its sentences, its codes and its words for a broken connection."""

from __future__ import annotations

import re

from recoup.catalogue.fault import BodyKind
from recoup.catalogue.template import normalise
from recoup.diagnosis.body import Body, read_text
from recoup.diagnosis.claims import Reading, read_claims
from recoup.diagnosis.codes import LOGIN_ERRORS, code_key, find_sc
from recoup.diagnosis.excerpts.pages import MARKUP, tells_of_page
from recoup.diagnosis.index import Index
from recoup.diagnosis.match import ANYWHERE
from recoup.diagnosis.pasted import Digest, pieces
from recoup.diagnosis.shapes.claim import Claim
from recoup.diagnosis.shapes.markup import consent_code
from recoup.diagnosis.transport import network_failure
from recoup.exchange import NoResponse

__all__ = ["claim", "read"]

_WORD = re.compile(r"(?<![A-Za-z0-9_.])[A-Za-z][A-Za-z_]{5,40}(?![A-Za-z0-9_])")
_LOGIN = re.compile(r"(?<![a-z_])(" + "|".join(sorted(LOGIN_ERRORS)) + r")(?![a-z_])")
# What somebody quotes as the words of the answer.
_SAID = re.compile(
    r"(?<!\d)[45]\d\d\b[^\n\"\u201c<{]{0,24}[\"\u201c]([^\"\u201d\n<{]{12,300})[\"\u201d]"
    r"|\b(?:message|says|saying|said|answers?|error|reads?|reason)\b[^\n\"\u201c<{]{0,12}[\"\u201c]([^\"\u201d\n<{]{12,300})[\"\u201d]",
    re.IGNORECASE,
)
_EVERYWHERE = frozenset({"forbidden"})  # a code of External Fulfillment only; everywhere else the reason of 403
_FULFILLMENT = re.compile(r"external[- _]?fulfil|smart ?connect|yojaka|\bSC_\d", re.IGNORECASE)
_PLAIN_WORDS = frozenset(
    {"unauthorized", "forbidden", "conflict"}
)  # reason phrases too: they say no more than a status


def read(index: Index, found: Digest) -> tuple[Reading, tuple[Claim, ...], NoResponse | None]:
    """The claims in a text: from the objects in it, from markup in it, else from its words; or a broken connection."""
    markup = MARKUP.search(found.text)
    if markup is not None:
        reading = read_claims(read_text(found.text[markup.start() :]), status=found.status)
        claims = reading.claims or _words(index, found.text, reading.kind)
        return reading, claims, None
    reading = read_claims(_body(found), status=None)
    if reading.claims:
        claims = reading.claims
        if len(claims) == 1:
            claims = (_completed(index, claims[0], found.text),)
        return reading, claims, None
    reading = Reading(kind=BodyKind.TEXT, findings=reading.findings)
    claims = _words(index, found.text, BodyKind.TEXT)
    page = found.status is not None and found.status >= 400 and tells_of_page(found.text)
    if not claims and not page and found.status is not None and found.status >= 400:
        said = _SAID.search(found.text)
        if said is not None and " " in (said[1] or said[2]).strip():
            claims = (Claim(kind=BodyKind.TEXT, message=said[1] or said[2]),)
    if not claims and page:
        return Reading(kind=BodyKind.HTML, findings=reading.findings), (), None
    return reading, claims, network_failure(found.text) if not claims else None


def _body(found: Digest) -> Body:
    return Body(text="", values=found.values, strict=True, cut=bool(found.values) and not found.complete)


def _completed(index: Index, each: Claim, text: str) -> Claim:
    """A claim without a code, completed with one that stands beside it in the text."""
    if each.code is not None or (each.message is not None and index.texts(each.message, "message", ANYWHERE)):
        return each
    other = claim(index, text, kind=each.kind)
    return other if other is not None and each.message is None else each


def _words(index: Index, text: str, kind: BodyKind) -> tuple[Claim, ...]:
    found = claim(index, text, kind=kind)
    return () if found is None else (found,)


def claim(index: Index, text: str, *, kind: BodyKind) -> Claim | None:
    """The one claim that the words of a text make: its most telling message and its most telling code, or None."""
    code, login = _code(index, text)
    consent = code is not None and consent_code(code) is not None
    message = None if consent else _message(index, text)
    if code is not None and consent:
        message = next((line.strip() for line in text.splitlines() if code in line), None)
    sc = find_sc(text[:4096]) or find_sc(text[4096:])
    if message is None and code is None and sc is None:
        return None
    return Claim(kind=BodyKind.LOGIN if login else kind, code=code, sc_code=sc, message=message)


def _message(index: Index, text: str) -> str | None:
    best: tuple[bool, int] = (False, 0)
    message: str | None = None
    for piece in pieces(text):
        for hit in index.texts(piece, "text", ANYWHERE):
            strength = (not hit.shared, hit.weight)
            if hit.weight >= 8 and strength > best:
                best, message = strength, piece
    if message is None:
        message = index.inside(normalise_long(text))
    return message


def normalise_long(text: str) -> str:
    """As `normalise`, of a text of any length, part by part."""
    return " ".join(normalise(text[at : at + 4096]) for at in range(0, min(len(text), 65_536), 4096))


def _code(index: Index, text: str) -> tuple[str | None, bool]:
    consent = consent_code(text)
    if consent is not None:
        return consent, False
    login = _LOGIN.search(text)
    if login is not None:
        return login[1], True
    plain: str | None = None
    for found in _WORD.finditer(text):
        word = found[0]
        key = code_key(word)
        if key not in index.codes or not any(char.isupper() for char in word):
            continue
        if key not in _PLAIN_WORDS:
            return word, False
        if key in _EVERYWHERE and "403" in text and _FULFILLMENT.search(text) is None:
            continue
        plain = plain or word
    return plain, False
