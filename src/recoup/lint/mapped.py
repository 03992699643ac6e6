"""A text that was read out of something else, and where each of its characters stands there.

A URL inside a quoted word of a curl command line, a header value inside a JSON string of a HAR file: what a rule looks
at has lost its quotes and escapes, and what it finds must be shown in the bytes that the user gave.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

__all__ = ["Mapped", "Place", "as_bytes"]


class Place(msgspec.Struct, frozen=True, order=True):
    """The bytes `start` (counted from 0) to `end` (not included) of the source."""

    start: int
    end: int


class Mapped:
    """`text`, whose character number i begins at `offsets[i]` of the source; or, for a plain copy, at `offsets` + i.

    One character of the text is one byte (ISO 8859-1), so that any bytes have a place. `ends` says where each character
    ends in the source; without it each is one byte long there, as all but escapes are. `stop` is where an empty piece
    behind the last character stands.
    """

    __slots__ = ("_ends", "_offsets", "_stop", "text")

    def __init__(
        self,
        text: str,
        offsets: int | Sequence[int],
        ends: Sequence[int] | None = None,
        stop: int | None = None,
    ) -> None:
        self.text = text
        self._offsets = offsets
        self._ends = ends
        self._stop = stop

    @classmethod
    def at(cls, text: str, place: Place) -> Mapped:
        """A text that is not written there letter by letter: all of it stands for the whole of `place`."""
        return cls(text, [place.start] * len(text), [place.end] * len(text), place.end)

    @classmethod
    def join(cls, parts: Iterable[Mapped]) -> Mapped:
        """Several pieces as one, in their order."""
        pieces = list(parts)
        starts: list[int] = []
        ends: list[int] = []
        for piece in pieces:
            places = [piece.place(index, index + 1) for index in range(len(piece.text))]
            starts.extend(place.start for place in places)
            ends.extend(place.end for place in places)
        stop = pieces[-1].stop if pieces else 0
        return cls("".join(piece.text for piece in pieces), starts, ends, stop)

    @property
    def stop(self) -> int:
        """Where in the source it has come to its end."""
        if self._stop is None:
            self._stop = self._end(len(self.text) - 1) if self.text else self._origin()
        return self._stop

    def __len__(self) -> int:
        return len(self.text)

    def __bool__(self) -> bool:
        return bool(self.text)

    def _origin(self) -> int:
        return self._offsets if isinstance(self._offsets, int) else 0

    def _start(self, index: int) -> int:
        if index >= len(self.text):
            return self.stop
        return self._offsets + index if isinstance(self._offsets, int) else self._offsets[index]

    def _end(self, index: int) -> int:
        if self._ends is not None:
            return self._ends[index]
        return (self._offsets + index if isinstance(self._offsets, int) else self._offsets[index]) + 1

    def place(self, start: int = 0, end: int | None = None) -> Place:
        """Where the characters `start` to `end` stand; an empty piece stands before the character that follows."""
        end = len(self.text) if end is None else min(end, len(self.text))
        if end <= start:
            first = self._start(start)
            return Place(first, first)
        return Place(self._start(start), self._end(end - 1))

    def cut(self, start: int, end: int | None = None) -> Mapped:
        """A piece of it."""
        end = len(self.text) if end is None else min(end, len(self.text))
        start = min(start, end)
        stop = self._end(end - 1) if end > start else self._start(start)
        if isinstance(self._offsets, int):
            return Mapped(self.text[start:end], self._offsets + start, None, stop)
        ends = None if self._ends is None else self._ends[start:end]
        return Mapped(self.text[start:end], self._offsets[start:end], ends, stop)

    def __repr__(self) -> str:
        return f"Mapped(<{len(self.text)} characters>)"


def as_bytes(text: str) -> bytes:
    """A text as bytes: what stands for a byte that was no UTF-8 becomes that byte, any other half of a pair three."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
