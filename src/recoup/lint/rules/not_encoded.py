"""A character stands in the URL that must be percent-encoded there.

A blank, a `#` (everything behind it is never sent), quotes, braces, letters beyond ASCII, an HTML-escaped `&amp;`, a
second `?`, an `&` in the place of the `?`, a slash inside a SKU, the plus sign of a time zone or of a page token.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote

from recoup.catalogue.facts.operations import operations
from recoup.lint.finding import Finding, FixKind
from recoup.lint.mapped import Place
from recoup.lint.rule import Around, found
from recoup.lint.subject import Form, Pair, Subject

__all__ = ["FAULTS", "RULE", "check", "misread_path"]

RULE = "not-encoded"
FAULTS = ("400-wrong-url-encoding", "400-invalid-date-format", "400-invalid-next-token")

_NEVER = re.compile(r"[ \"<>\\^`{|}\x7f-\xff]")
_HARMLESS = frozenset('"<>\\^`{|}')  # against the standard; most servers read them all the same
_PLACEHOLDER = re.compile(r"\{\{?[^{}/?&]*\}\}?|<[^<>/?&]*>|\xe2\x80\xa6")
_HALF = re.compile(r"%(?![0-9A-Fa-f]{2}|s\b)")
_PLUS_ZONE = re.compile(r"(?<=\d)\+(?=\d\d(?::|%3[Aa])?\d\d$)")
_LOOSE_SKU = re.compile(r"/listings/[^/]+/items/[^/]+/[^/]+(/)|/products/pricing/v0/listings/[^/]+(/)[^/]+/offers$")
_NEW_PARAMETER = re.compile(r"\?[A-Za-z_]\w*=")
_LOST_PLUS = re.compile(r"\+|%20| ")


def misread_path(subject: Subject) -> tuple[Place, str, bytes] | None:
    """A mark in the path for which no operation has it: its place, what is said of it, and what belongs there."""
    if subject.operation is not None:
        return None
    text = subject.path.text
    loose = _LOOSE_SKU.search(text)
    if loose is not None:
        at = loose.start(1) if loose[1] else loose.start(2)
        return subject.path.place(at, at + 1), "A slash inside the SKU divides it into two segments.", b"%2F"
    at = text.find("&")
    if at > 0 and not subject.query and operations().find(subject.method.text or "GET", text[:at]) is not None:
        return subject.path.place(at, at + 1), "The query begins with & where ? belongs.", b"?"
    return None


def check(subject: Subject, around: Around) -> Iterator[Finding]:
    """A finding at each such character."""
    if not subject.is_api:
        return
    for part in (subject.path, subject.query):
        holes = [(hole.start(), hole.end()) for hole in _PLACEHOLDER.finditer(part.text)]
        for match in _NEVER.finditer(part.text):
            if not any(start <= match.start() < end for start, end in holes):
                place = part.place(match.start(), match.end())
                yield _found(place, f"{_name(match[0])} is not encoded", match[0], match[0] not in _HARMLESS)
        for match in _HALF.finditer(part.text):
            yield _found(part.place(match.start(), match.end()), "A percent sign begins no encoded byte", "%")
    misread = misread_path(subject)
    if misread is not None:
        place, said, instead = misread
        yield found(RULE, FAULTS[0], place, said, f"Write {instead.decode()} there.", FixKind.GUESS, instead)
    if subject.fragment is not None and subject.form is not Form.VALUE:
        text = "Everything from # on is never sent"
        yield _found(subject.fragment.place(0, 1), text, "#", bool(subject.fragment.text[1:]))
    yield from _query(subject)


def _query(subject: Subject) -> Iterator[Finding]:
    text = subject.query.text
    for match in re.finditer("&amp;", text):
        place = subject.query.place(match.start(), match.end())
        yield found(RULE, FAULTS[0], place, "The ampersand was escaped for HTML.", "Write & alone.", FixKind.SAFE, b"&")
    second = text.find("?")
    if second >= 0:
        place = subject.query.place(second, second + 1)
        new = _NEW_PARAMETER.match(text, second) is not None
        said = "There is a second question mark; only the first begins the query."
        fix = "Write & between parameters, or encode the question mark of a value (%3F)."
        yield found(RULE, FAULTS[0], place, said, fix, FixKind.GUESS, b"&" if new else b"%3F", certain=new)
    tokens = frozenset(subject.operation.page_token) if subject.operation is not None else frozenset()
    for pair in subject.parameters:
        if pair.name.text in tokens:
            yield from _page_token(pair)
            continue
        zone = _PLUS_ZONE.search(pair.value.text)
        if zone is not None:
            place = pair.value.place(zone.start(), zone.end())
            said = f"The plus sign of {pair.name.text[:80]} is read as a blank."
            fix = "Encode it as %2B, or write the time in UTC with Z."
            yield found(RULE, FAULTS[1], place, said, fix, FixKind.SAFE, b"%2B")


def _page_token(pair: Pair) -> Iterator[Finding]:
    for match in _LOST_PLUS.finditer(pair.value.text):
        if match[0] == " ":
            continue  # said above
        place = pair.value.place(match.start(), match.end())
        plus = match[0] == "+"
        said = "The plus sign of the token is read as a blank." if plus else "A plus sign of the token became a blank."
        fix = "Encode the token as it was returned, once: %2B for a plus sign."
        yield found(RULE, FAULTS[2], place, said, fix, FixKind.SAFE if plus else FixKind.GUESS, b"%2B", certain=plus)


def _found(place: Place, text: str, char: str, certain: bool = True) -> Finding:
    encoded = quote(char.encode("latin-1"), safe="").encode()
    return found(
        RULE, FAULTS[0], place, f"{text}.", "Percent-encode the value, once.", FixKind.GUESS, encoded, certain=certain
    )


def _name(char: str) -> str:
    return "A blank" if char == " " else "A character beyond ASCII" if char > "\x7e" else f"The character {char}"
