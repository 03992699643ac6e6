"""A body in chunks (RFC 7230, 4.1), read as it comes: in any pieces, with extensions and trailers.

`Chunks` reads; `broken` is the finding for chunks that do not follow the grammar, which the documents do not name.
"""

from __future__ import annotations

import re
from enum import Enum, auto

from recoup.lint.finding import Finding, FixKind
from recoup.lint.wire.head import TOKEN

__all__ = ["RULE", "Chunks", "broken"]

RULE = "chunked-body"

_TEXT = rb'"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t\x20-\x7e\x80-\xff])*+"'
_EXTENSION = rb"[ \t]*+;[ \t]*+" + TOKEN + rb"(?:[ \t]*+=[ \t]*+(?:" + TOKEN + rb"|" + _TEXT + rb"))?+"
_SIZE = re.compile(rb"0*+([0-9A-Fa-f]{0,15})(?:" + _EXTENSION + rb")*+[ \t]*+")
_HEX = re.compile(rb"[0-9A-Fa-f]")
_LONGEST_LINE = 4096  # bytes of one chunk's size and extensions
_LONGEST_TRAILER = 8192  # bytes of all fields after the last chunk


class _At(Enum):
    SIZE = auto()
    DATA = auto()
    AFTER = auto()
    TRAILER = auto()


class Chunks:
    """Takes the bytes of a chunked body out of a growing buffer.

    `keep` is how many bytes of the content are kept; what is beyond is counted and dropped. `size` is the size of the
    content so far. Afterwards `done` is True and `trailer` holds the lines after the last chunk, the empty one
    included; or `fault_at` is the place at which the body went wrong and `why` says how.
    """

    def __init__(self, keep: int) -> None:
        self._keep = keep
        self._parts: list[bytes] = []
        self._state = _At.SIZE
        self._left = 0
        self._seen = 0  # how far the line that is not complete was searched
        self.size = 0
        self.done = False
        self.trailer = b""
        self.fault_at: int | None = None
        self.why = ""

    @property
    def content(self) -> bytes:
        """The bytes of the body, as far as they were kept."""
        return b"".join(self._parts)

    def take(self, data: bytes | bytearray, at: int) -> int:
        """Read from `at` as far as `data` goes; returns where what is not read yet begins."""
        while not self.done and self.fault_at is None:
            if self._state is _At.DATA:
                end = min(at + self._left, len(data))
                if self.size < self._keep:
                    self._parts.append(bytes(data[at : min(end, at + self._keep - self.size)]))
                self.size += end - at
                self._left -= end - at
                at = end
                if self._left:
                    return at
                self._state = _At.AFTER
            elif self._state is _At.AFTER:
                here = data[at : at + 2]
                if here == b"\r\n":
                    at += 2
                    self._state = _At.SIZE
                elif here in (b"", b"\r"):
                    return at
                else:
                    self._fail(at, "a chunk is not followed by CR LF: it is longer or shorter than its size says")
            else:
                after = self._line(data, at)
                if after is None:
                    return at
                at = after
        return at

    def _line(self, data: bytes | bytearray, at: int) -> int | None:
        trailer = self._state is _At.TRAILER
        feed = data.find(b"\n", at + self._seen)
        end = len(data) if feed < 0 else feed
        longest = _LONGEST_TRAILER - len(self.trailer) if trailer else _LONGEST_LINE
        if end - at > longest:
            what = "the fields after the last chunk are" if trailer else "the size and extensions of a chunk are"
            self._fail(at, f"{what} too long")
            return at
        if not trailer and end > at and _HEX.match(data, at) is None:
            self._fail(at, "the size of a chunk is missing")
            return at
        if feed < 0:
            self._seen = end - at
            return None
        self._seen = 0
        if trailer:
            self.trailer += bytes(data[at : feed + 1])
            self.done = data[at : feed + 1] in (b"\r\n", b"\n")
        elif feed == at or data[feed - 1] != 0x0D:
            self._fail(feed, "the line with the size of a chunk does not end with CR LF")
            return at
        else:
            self._size(data, at, feed - 1)
        return at if self.fault_at is not None else feed + 1

    def _size(self, data: bytes | bytearray, start: int, end: int) -> None:
        found = _SIZE.fullmatch(data, start, end) if _HEX.match(data, start) else None
        if found is None:
            self._fail(start, "the size of a chunk is no hexadecimal number, or its extensions are malformed")
            return
        self._left = int(found[1] or b"0", 16)
        self._state = _At.DATA if self._left else _At.TRAILER

    def _fail(self, at: int, why: str) -> None:
        self.fault_at, self.why = at, why


def broken(why: str, start: int, end: int) -> Finding:
    """The finding for a chunked body that went wrong at `start`."""
    return Finding(
        rule=RULE,
        fault=None,
        start=start,
        end=end,
        text=f"The body does not follow the form of chunks: {why}.",
        fix="Let the HTTP client write the chunks, or send the body with Content-Length.",
        fix_kind=FixKind.NEEDS_VALUE,
    )
