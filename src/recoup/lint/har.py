"""Subjects from HAR files: every recorded request, one after the other, each part with its place in the file.

A recording may be gigabytes: no more of it is held than one entry. The structure is walked here; what is not a request
(the answers, which are nearly all of a recording) is passed over by the standard library's decoder, and only the
request of an entry is read with the places of its values. One entry alone, without `log` and `entries`, is a recording
too.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from recoup.lint.json_text import mapped_string, read_json
from recoup.lint.mapped import Mapped, Place
from recoup.lint.subject import Form, Pair, Subject

__all__ = ["Broken", "Origin", "Recorded", "from_har", "read_har"]

_BLOCK = 1 << 20  # bytes that are read at once, at least
_LONGEST = 512 << 20  # bytes of one entry
_NEAR = 16  # characters before the end of what was read: there a value may be cut, and not wrong
_BLANK = " \t\r\n"
_MARK = "\xef\xbb\xbf"


class Broken(ValueError):
    """This is no HAR file: `at` is the first byte that does not belong there, in line `line`; `why` says what does."""

    def __init__(self, why: str, at: int, line: int) -> None:
        super().__init__(why)
        self.why = why
        self.at = at
        self.line = line


class Origin(msgspec.Struct, frozen=True):
    """Where in its file a subject begins: bytes from its start, line and column (in bytes) from 1."""

    offset: int = 0
    line: int = 1
    column: int = 1

    def place(self, line: int, column: int) -> tuple[int, int]:
        """Line and column in the file of those in the subject."""
        return self.line + line - 1, column + self.column - 1 if line == 1 else column


class Recorded(msgspec.Struct, frozen=True):
    """One recorded request: `subject`, whose source is its entry; when it was sent (epoch seconds; None where that is
    not told), and where its entry begins.
    """

    subject: Subject
    at: float | None
    origin: Origin


def from_har(source: bytes) -> Iterator[Recorded]:
    """Each request of a HAR file, or of one entry of it. Raises `Broken` where the bytes are no JSON."""
    return read_har(io.BytesIO(source).read)


def read_har(read: Callable[[int], bytes]) -> Iterator[Recorded]:
    """The same of a file that is read as it goes; `read` gives so many bytes or fewer, and none at its end.

    Raises `Broken` when it comes to what is no JSON: what stands before that was given.
    """
    window = _Window(read)
    if window.peek(3) == _MARK:
        window.at += 3
    first = window.char()
    if first == "{":
        yield from _object(window)
    elif first == "[":
        window.value()  # JSON, and no recording
    else:
        raise window.broken("a HAR file begins with an opening brace")
    if window.char():
        raise window.broken("something follows the end of the recording")


# -- the structure ----------------------------------------------------------------------------------------------------


def _object(window: _Window, *, top: bool = True) -> Iterator[Recorded]:
    """The object at the top, or `log` in it; what has a request of its own is an entry itself."""
    entry = _Entry(window)
    for name in _names(window):
        following = window.char()
        if top and name == "log" and following == "{":
            yield from _object(window, top=False)
        elif name == "entries" and following == "[":
            yield from _entries(window)
        else:
            entry.take(name)
            continue
        entry.forget()
    recorded = entry.recorded()
    if recorded is not None:
        yield recorded


def _entries(window: _Window) -> Iterator[Recorded]:
    window.at += 1
    if window.char() == "]":
        window.at += 1
        return
    while True:
        if window.char() == "{":
            window.cut()
            entry = _Entry(window)
            for name in _names(window):
                window.char()
                entry.take(name)
            recorded = entry.recorded()
            if recorded is not None:
                yield recorded
        else:
            window.value()
        if window.char() == "]":
            window.at += 1
            return
        if window.char() != ",":
            raise window.broken("a comma or the end of the entries is expected")
        window.at += 1


def _names(window: _Window) -> Iterator[str]:
    """The names of the object that begins here; whoever takes one reads its value before the next."""
    window.at += 1
    if window.char() == "}":
        window.at += 1
        return
    while True:
        if window.char() != '"':
            raise window.broken("a name in double quotes is expected")
        name = window.value()
        if window.char() != ":":
            raise window.broken("a colon is expected behind a name")
        window.at += 1
        yield str(name)
        if window.char() == "}":
            window.at += 1
            return
        if window.char() != ",":
            raise window.broken("a comma or the end of the object is expected")
        window.at += 1


class _Entry:
    """One entry while it is read."""

    def __init__(self, window: _Window) -> None:
        self._window = window
        window.kept = window.at
        self._request: tuple[int, int] | None = None
        self._started: Any = None

    def take(self, name: str) -> None:
        """Read the value that follows, of the member called `name`."""
        window = self._window
        start = window.at - window.kept  # both move when more is read, their distance does not
        value = window.value()
        if name == "request" and isinstance(value, dict):
            self._request = (start, window.at - window.kept)
        elif name == "startedDateTime":
            self._started = value

    def forget(self) -> None:
        """What was taken so far is that of no entry."""
        self._request = None
        self._window.kept = self._window.at

    def recorded(self) -> Recorded | None:
        """What was recorded, once all was taken."""
        window = self._window
        if self._request is None:
            return None
        text = window.text[window.kept : window.at]
        subject = _subject(text, *self._request)
        return None if subject is None else Recorded(subject, _instant(self._started), window.origin(window.kept))


def _instant(value: Any) -> float | None:
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def _subject(text: str, start: int, end: int) -> Subject | None:
    root = read_json(text, start, end).root
    if root is None:
        return None
    method, url = root.get("method"), root.get("url")
    if url is None or url.kind != "string":
        return None
    fields = []
    headers = root.get("headers")
    for item in headers.elements if headers is not None else ():
        name, value = item.get("name"), item.get("value")
        if name is None or value is None or name.kind != "string" or value.kind != "string":
            continue
        if name.text[:1] != ":":  # what HTTP/2 has in the place of a request line
            fields.append(Pair(mapped_string(text, name), mapped_string(text, value), Place(item.start, item.end)))
    sent = root.get("postData")
    body = None if sent is None else sent.get("text")
    return Subject(
        source=text.encode("latin-1"),
        form=Form.HAR,
        method=Mapped("", url.start) if method is None or method.kind != "string" else mapped_string(text, method),
        target=mapped_string(text, url),
        fields=tuple(fields),
        body=mapped_string(text, body) if body is not None and body.kind == "string" else None,
        complete=any(field.key == "user-agent" for field in fields),
    )


# -- the file, a window of it -----------------------------------------------------------------------------------------


class _Window:
    """What was read of the file and is still needed, one character for a byte: `text`, and in it the place `at`.

    Everything before `kept` is let go when more is read.
    """

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self._read = read
        self._decode = json.JSONDecoder().raw_decode
        self.text = ""
        self.at = 0
        self.kept = 0
        self._base = 0  # bytes of the file before `text`
        self._ended = False
        self._counted = 0  # up to here the lines of `text` are counted
        self._line = 1
        self._line_start = 0  # in the file

    def peek(self, count: int) -> str:
        """The characters that follow, fewer at the end of the file."""
        while len(self.text) < self.at + count and self._more():
            pass
        return self.text[self.at : self.at + count]

    def char(self) -> str:
        """The next character that is no blank, and `at` moved there; empty at the end of the file."""
        while True:
            for index in range(self.at, len(self.text)):
                if self.text[index] not in _BLANK:
                    self.at = index
                    return self.text[index]
            self.at = len(self.text)
            if not self._more():
                return ""

    def value(self) -> Any:
        """The value that begins at `at`, which then stands behind it; only texts and objects are of use to anybody."""
        while True:
            try:
                value, end = self._decode(self.text, self.at)
            except json.JSONDecodeError as error:
                cut = error.pos >= len(self.text) - _NEAR or error.msg.startswith("Unterminated string")
                if cut and self._more():
                    continue
                self.at = min(error.pos, len(self.text))
                raise self.broken(error.msg[:1].lower() + error.msg[1:]) from error
            except RecursionError as error:
                raise self.broken("the values are nested too deeply") from error
            except ValueError as error:  # a number of thousands of digits
                raise self.broken("a number is too long") from error
            if end == len(self.text) and not isinstance(value, str | dict | list) and self._more():
                continue  # a number may go on
            self.at = end
            return value

    def cut(self) -> None:
        """What stands before `at` is needed no more."""
        self.kept = self.at

    def origin(self, index: int) -> Origin:
        """Where in the file a place of `text` is."""
        self._count(index)
        offset = self._base + index
        return Origin(offset, self._line, offset - self._line_start + 1)

    def broken(self, why: str) -> Broken:
        """That what stands at `at` is wrong."""
        self._count(self.at)
        return Broken(why, self._base + self.at, self._line)

    def _count(self, index: int) -> None:
        lines = self.text.count("\n", self._counted, index)
        if lines:
            self._line += lines
            self._line_start = self._base + self.text.rfind("\n", self._counted, index) + 1
        self._counted = max(self._counted, index)

    def _more(self) -> bool:
        """Read on, at least as much as is held, so that a long value is not tried again too often."""
        if self._ended:
            return False
        self._count(self.kept)
        held = self.text[self.kept :]
        if len(held) > _LONGEST:
            raise self.broken(f"one entry is longer than {_LONGEST >> 20} MiB")
        block = self._read(max(_BLOCK, len(held)))
        if not block:
            self._ended = True
            return False
        self._base += self.kept
        self.at -= self.kept
        self._counted -= self.kept
        self.kept = 0
        self.text = held + block.decode("latin-1")
        return True
