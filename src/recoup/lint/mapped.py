"""A text that was read out of something else, and where each of its characters stands there.

A URL inside a quoted word of a curl command line, a header value inside a JSON string of a HAR file: what a rule looks
at has lost its quotes and escapes, and what it finds must be shown in the bytes that the user gave.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

__all__ = ["Mapped", "Place"]


class Place(msgspec.Struct, frozen=True, order=True):
    """The bytes `start` (counted from 0) to `end` (not included) of the source."""

    start: int
    end: int


class Mapped:
    """`text`, whose character number i stands at `offsets[i]` of the source; or, for a plain copy, at `offsets` + i.

    One character of the text is one byte (ISO 8859-1), so that any bytes have a place. `stop` is where the last
    character ends in the source.
    """

    __slots__ = ("_offsets", "_stop", "text")

    def __init__(self, text: str, offsets: int | Sequence[int], stop: int | None = None) -> None:
        self.text = text
        self._offsets = offsets
        if stop is None:
            last = offsets + len(text) if isinstance(offsets, int) else (offsets[-1] + 1 if offsets else 0)
            self._stop = last
        else:
            self._stop = stop

    def __len__(self) -> int:
        return len(self.text)

    def _at(self, index: int) -> int:
        if index >= len(self.text):
            return self._stop
        return self._offsets + index if isinstance(self._offsets, int) else self._offsets[index]

    def place(self, start: int = 0, end: int | None = None) -> Place:
        """Where the characters `start` to `end` stand; an empty piece stands between its neighbours."""
        end = len(self.text) if end is None else end
        first = self._at(start)
        if end <= start:
            return Place(first, first)
        after = self._at(end)
        last = self._at(end - 1)
        # An escape is longer than what it stands for: it ends where the next character begins, if that follows at once.
        return Place(first, after if after > last else last + 1)

    def cut(self, start: int, end: int | None = None) -> Mapped:
        """A piece of it."""
        end = len(self.text) if end is None else end
        offsets = self._offsets + start if isinstance(self._offsets, int) else self._offsets[start:end]
        return Mapped(self.text[start:end], offsets, self._at(end))

    def __repr__(self) -> str:
        return f"Mapped(<{len(self.text)} characters>)"
