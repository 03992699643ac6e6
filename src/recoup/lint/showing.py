"""A finding in the line of the user's own bytes in which it stands, with every secret masked.

The line is cut to a width around the span, and a caret stands under each of its characters. Where the span lies inside
a secret, the mask of the secret is marked in its place, and the offset is told: the secret itself is never shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

import msgspec

from recoup.lint.finding import Finding
from recoup.lint.subject import Subject
from recoup.redaction import mask, redact_headers, redact_text

__all__ = ["Shown", "show"]

# A sign that redaction puts in the place of a secret, with its length where that is told.
_SIGN = re.compile(r"<(?:[^<>\n]{1,40}, (\d{1,9}) characters|[a-z][a-z \-]{1,30})>")
_SECRET_NAME = re.compile(r"token|secret|authorization|cookie|signature|password", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_WIDTH = 100  # characters of a line that are shown
_LONGEST = 65_536  # bytes of a line that are looked at around the span


class Shown(msgspec.Struct, frozen=True):
    """Where a finding stands, and how it looks. `line` and `column` count from 1, the column in bytes.

    `marks` are blanks and carets to be put under `text`. `offset` is that of the span inside a secret, else None.
    """

    line: int
    column: int
    text: str
    marks: str
    offset: int | None = None


def show(subject: Subject, finding: Finding) -> Shown:
    """The line of the source in which the finding begins. Never holds a secret that redaction knows."""
    source = subject.source
    start = min(finding.start, len(source))
    begin = source.rfind(b"\n", 0, start) + 1
    stop = source.find(b"\n", start)
    stop = len(source) if stop < 0 else stop
    line = source.count(b"\n", 0, start) + 1
    column = start - begin + 1
    begin = max(begin, start - _LONGEST)
    stop = min(stop, start + _LONGEST)
    end = max(start, min(finding.end, stop))
    pieces: list[str] = []
    marks: list[str] = []
    offset: int | None = None
    caret = 0  # of an empty span
    at = begin
    for first, last, sign in (*_secrets(subject, begin, stop), (stop, stop, "")):
        if at <= start <= max(at, first):
            caret = sum(map(len, pieces)) + sum(len(piece) for piece, _ in _split(source, at, start, start, start))
        for piece, marked in _split(source, at, max(at, first), start, end):
            pieces.append(piece)
            marks.append(("^" if marked else " ") * len(piece))
        if sign:
            inside = (start < last and end > first) or (start == end and first < start < last)
            if inside:
                offset = max(0, start - first)
            pieces.append(sign)
            marks.append(("^" if inside else " ") * len(sign))
        at = max(at, last)
    text, under = "".join(pieces), "".join(marks)
    if "^" not in under:  # nothing stands there: something belongs there
        under = " " * min(caret, len(text)) + "^"
    return Shown(line, column, *_cut(text, under), offset)


def _split(source: bytes, first: int, last: int, start: int, end: int) -> Iterator[tuple[str, bool]]:
    """The bytes from `first` to `last` as text, divided where the span begins and ends."""
    edges = sorted({first, last, min(max(start, first), last), min(max(end, first), last)})
    for left, right in pairwise(edges):
        text = source[left:right].decode("utf-8", "replace").rstrip("\r" if right == last else "")
        yield _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", text), start <= left < end


def _secrets(subject: Subject, begin: int, stop: int) -> list[tuple[int, int, str]]:
    """The secrets between two places: each with its start, its end and the sign that stands in its place."""
    found: list[tuple[int, int, str]] = []
    for field in subject.fields:
        value, place = field.value.text, field.value.place()
        masked = next(iter(redact_headers([(field.key, value)])))[1] != value or _SECRET_NAME.search(field.key)
        if value and masked and begin <= place.start < stop and place.end > place.start:
            found.append((place.start, min(place.end, stop), mask(value)))
    original = subject.source[begin:stop].decode("latin-1")
    found += [(begin + first, begin + last, sign) for first, last, sign in _masked(original)]
    kept: list[tuple[int, int, str]] = []
    for each in sorted(found, key=lambda item: (item[0], -item[1])):
        if not kept or each[0] >= kept[-1][1]:
            kept.append(each)
    return kept


def _masked(original: str) -> Iterator[tuple[int, int, str]]:
    """Where redaction put a sign, found by walking both texts side by side; all of the rest where they part."""
    redacted = redact_text(original)
    if redacted == original:
        return
    at = done = 0
    for sign in _SIGN.finditer(redacted):
        literal = redacted[done : sign.start()]
        if not original.startswith(literal, at):
            break
        at, done = at + len(literal), sign.end()
        if original.startswith(sign[0], at):  # it stood there before
            at += len(sign[0])
            continue
        end = at + int(sign[1]) if sign[1] else _end(original, at, redacted, sign.end())
        yield at, min(end, len(original)), sign[0]
        at = end
    if original[at:] != redacted[done:]:
        yield at, max(at, len(original)), "<redacted>"


def _end(original: str, at: int, redacted: str, after: int) -> int:
    """Where a secret ends whose sign does not say how long it is: before what follows the sign."""
    following = _SIGN.search(redacted, after)
    rest = redacted[after : following.start() if following is not None else len(redacted)][:40]
    place = original.find(rest, at + 1) if rest else -1
    return place if place >= 0 else len(original)


def _cut(text: str, marks: str) -> tuple[str, str]:
    """Both cut to the width, the marked part in sight."""
    first = marks.find("^")
    last = marks.rfind("^") + 1
    marks = marks.rstrip()
    if len(text) <= _WIDTH:
        return text, marks
    left = max(0, min(first - 30, len(text) - _WIDTH))
    right = min(len(text), left + _WIDTH)
    shown, under = text[left:right], marks[left : min(last, right)]
    if left:
        shown, under = "…" + shown, " " + under
    return shown + ("…" if right < len(text) else ""), under
