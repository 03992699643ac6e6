"""A character stands in the URL that must be percent-encoded there.

A blank, a `#` (everything behind it is never sent), quotes, brackets, letters beyond ASCII, an HTML-escaped `&amp;`, a
second `?`, a slash inside a SKU, the plus sign of a time zone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote

from recoup.lint.finding import Finding, FixKind
from recoup.lint.mapped import Place
from recoup.lint.rule import Around, found
from recoup.lint.subject import Form, Subject

__all__ = ["FAULTS", "RULE", "check"]

RULE = "not-encoded"
FAULTS = ("400-wrong-url-encoding", "400-invalid-date-format")

_NEVER = re.compile(r"[ \"<>\\^`{|}\x7f-\xff]")
_PLACEHOLDER = re.compile(r"\{[A-Za-z_]\w*\}|<[A-Za-z_ ]+>")
_HALF = re.compile(r"%(?![0-9A-Fa-f]{2})")
_PLUS_ZONE = re.compile(r"(?<=\d)\+(?=\d\d:?\d\d$)")
_LOOSE_SKU = re.compile(r"/listings/[^/]+/items/[^/]+/[^/]+(/)|/products/pricing/v0/listings/[^/]+(/)[^/]+/offers$")


def check(subject: Subject, around: Around) -> Iterator[Finding]:
    """A finding at each such character."""
    if not subject.is_api:
        return
    for part in (subject.path, subject.query):
        holes = [(hole.start(), hole.end()) for hole in _PLACEHOLDER.finditer(part.text)]
        for match in _NEVER.finditer(part.text):
            if not any(start <= match.start() < end for start, end in holes):
                yield _found(part.place(match.start(), match.end()), f"{_name(match[0])} is not encoded", match[0])
        for match in _HALF.finditer(part.text):
            yield _found(part.place(match.start(), match.end()), "A percent sign begins no encoded byte", "%")
    loose = _LOOSE_SKU.search(subject.path.text)
    if loose is not None and subject.operation is None:
        at = loose.start(1) if loose[1] else loose.start(2)
        yield _found(subject.path.place(at, at + 1), "A slash inside the SKU divides it into two segments", "/")
    if subject.fragment is not None and subject.form is not Form.VALUE:
        text = "Everything from # on is never sent"
        yield _found(subject.fragment.place(0, 1), text, "#", certain=bool(subject.fragment.text[1:]))
    yield from _query(subject)


def _query(subject: Subject) -> Iterator[Finding]:
    text = subject.query.text
    at = text.find("&amp;")
    if at >= 0:
        place = subject.query.place(at, at + 5)
        yield found(RULE, FAULTS[0], place, "The ampersand was escaped for HTML.", "Write & alone.", FixKind.SAFE, b"&")
    second = text.find("?")
    if second >= 0:
        place = subject.query.place(second, second + 1)
        said = "There is a second question mark; only the first begins the query."
        fix = "Write & between parameters, or encode the question mark of a value (%3F)."
        yield found(RULE, FAULTS[0], place, said, fix, FixKind.GUESS, b"&")
    for pair in subject.parameters:
        match = _PLUS_ZONE.search(pair.value.text)
        if match is not None:
            place = pair.value.place(match.start(), match.end())
            said = f"The plus sign of {pair.name.text} is read as a blank."
            yield found(
                RULE, FAULTS[1], place, said, "Encode it as %2B, or write the time in UTC with Z.", FixKind.SAFE, b"%2B"
            )


def _found(place: Place, text: str, char: str, *, certain: bool = True) -> Finding:
    encoded = quote(char.encode("latin-1"), safe="").encode()
    return found(
        RULE, FAULTS[0], place, f"{text}.", "Percent-encode the value, once.", FixKind.GUESS, encoded, certain=certain
    )


def _name(char: str) -> str:
    return "A blank" if char == " " else "A character beyond ASCII" if char > "\x7e" else f"The character {char}"
