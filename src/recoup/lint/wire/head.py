"""The head of a request taken apart as it stands, however broken, with the place of every part.

Nothing is judged here: a line that is no header is still a line. A line ends with a line feed, with or without a
carriage return before it; or with a lone carriage return where what follows can only be the next line. That it ought
to end with both is a matter for a rule.
"""

from __future__ import annotations

import re
from functools import cached_property

import msgspec

__all__ = ["TOKEN", "Field", "Head", "Line", "Span", "request_line_stop"]

TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"  # RFC 7230, 3.2.6

_NEXT_FIELD = re.compile(rb"\r(?=" + TOKEN + rb":)")
_AFTER_VERSION = re.compile(rb"(?<=HTTP/\d\.\d)\r(?!\n)")
_VERSION = re.compile(rb"[A-Za-z]+/[0-9.]+")
_BLANK = b" \t"
_LONE = re.compile(rb"\r[^\n]")


def request_line_stop(raw: bytes | bytearray, at: int) -> int | None:
    """Where the request line that begins at `at` can be judged: behind its line feed, or behind the byte after a
    carriage return that stands alone; None where neither has come yet.
    """
    feed = raw.find(b"\n", at)
    lone = _LONE.search(raw, at, feed if feed >= 0 else len(raw))
    return lone.end() if lone is not None else feed + 1 if feed >= 0 else None


class Span(msgspec.Struct, frozen=True):
    """A piece of the raw bytes: `start` to `end`, the latter not included."""

    start: int
    end: int


class Line(msgspec.Struct, frozen=True):
    """One line: its text is `start` to `end`, its ending `end` to `stop` (empty where the bytes stop before it)."""

    start: int
    end: int
    stop: int


class Field(msgspec.Struct, frozen=True):
    """A line with a colon: `name` as sent, `value` without the blanks around it, and where that value stands."""

    line: Line
    name: bytes
    value: bytes
    at: Span

    @property
    def key(self) -> bytes:
        """The name as it is compared: lower case, and without blanks before the colon, which do not belong there."""
        return self.name.rstrip(_BLANK).lower()


class Head:
    """The head of the request that begins at `start` of `raw`.

    `first` is the request line, `lines` are those after it, `blank` is the empty line at the end (None where it is
    missing). `whole` says that no more bytes will come. `end` is where the head ends, and a body may begin.
    """

    def __init__(
        self, raw: bytes, start: int, first: Line, lines: tuple[Line, ...], blank: Line | None, *, whole: bool
    ) -> None:
        self.raw = raw
        self.start = start
        self.first = first
        self.lines = lines
        self.blank = blank
        self.whole = whole
        self.end = blank.stop if blank is not None else (lines[-1] if lines else first).stop

    @classmethod
    def read(cls, raw: bytes, start: int = 0, *, whole: bool = True) -> Head:
        """Take apart what begins at `start`. `whole` False leaves a last line out that has no ending yet."""
        first, at = _line(raw, start, _AFTER_VERSION)
        lines, blank = _lines(raw, at, whole=whole)
        return cls(raw, start, first, lines, blank, whole=whole)

    @classmethod
    def of_trailer(cls, raw: bytes, start: int = 0, *, whole: bool = True) -> Head:
        """The fields after the last chunk, as a head without a request line."""
        lines, blank = _lines(raw, start, whole=whole)
        return cls(raw, start, Line(start, start, start), lines, blank, whole=whole)

    def text(self, part: Span | Line) -> bytes:
        """The bytes of one part."""
        return self.raw[part.start : part.end]

    def is_folded(self, line: Line) -> bool:
        """True where the line begins with a blank: it goes on with the one before it."""
        return line.start < line.end and self.raw[line.start] in _BLANK

    @cached_property
    def _words(self) -> tuple[Span, Span, Span]:
        start, end = self.first.start, self.first.end
        text = self.raw[start:end]
        space = text.find(b" ")
        if space < 0:
            return Span(start, end), Span(end, end), Span(end, end)
        after = start + space + 1
        last = text.rfind(b" ") + start + 1
        if _VERSION.fullmatch(self.raw, last, end) is None:
            return Span(start, start + space), Span(after, end), Span(end, end)
        return Span(start, start + space), Span(after, max(after, last - 1)), Span(last, end)

    @property
    def method(self) -> Span:
        """The first word of the request line."""
        return self._words[0]

    @property
    def target(self) -> Span:
        """What stands between the method and the version: the URI."""
        return self._words[1]

    @property
    def version(self) -> Span:
        """The last word of the request line, where it looks like a version; else empty."""
        return self._words[2]

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """Every line that has a colon after at least one byte and does not go on with the line before it."""
        found = []
        for line in self.lines:
            colon = self.raw.find(b":", line.start, line.end)
            if colon <= line.start or self.is_folded(line):
                continue
            left, right = colon + 1, line.end
            while left < right and self.raw[left] in _BLANK:
                left += 1
            while right > left and self.raw[right - 1] in _BLANK:
                right -= 1
            found.append(Field(line, self.raw[line.start : colon], self.raw[left:right], Span(left, right)))
        return tuple(found)

    def named(self, key: bytes) -> tuple[Field, ...]:
        """The fields with this name, which is given in lower case."""
        return tuple(field for field in self.fields if field.key == key)

    @property
    def is_read(self) -> bool:
        """True for GET and HEAD."""
        return self.text(self.method) in (b"GET", b"HEAD")


def _line(raw: bytes, at: int, lone: re.Pattern[bytes]) -> tuple[Line, int]:
    """The line that begins at `at`, and where the next one begins. `lone` finds a carriage return that ends a line."""
    feed = raw.find(b"\n", at)
    end = feed if feed >= 0 else len(raw)
    cut = lone.search(raw, at, end + 1)  # the line feed included, so that the pattern sees what follows
    if cut is not None:
        return Line(at, cut.start(), cut.end()), cut.end()
    if feed < 0:
        return Line(at, end, end), end
    text_end = feed - 1 if feed > at and raw[feed - 1] == 0x0D else feed
    return Line(at, text_end, feed + 1), feed + 1


def _lines(raw: bytes, at: int, *, whole: bool) -> tuple[tuple[Line, ...], Line | None]:
    lines: list[Line] = []
    while at < len(raw):
        line, after = _line(raw, at, _NEXT_FIELD)
        if line.stop == line.end and not whole:
            break
        if line.start == line.end and line.stop > line.end:
            return tuple(lines), line
        lines.append(line)
        at = after
    return tuple(lines), None
