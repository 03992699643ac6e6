"""Logs of one JSON object a line, in whatever names a logger gives to things.

Most lines of a healthy log are successes, and nobody reads those. So some lines are looked at to learn where this log
keeps what (`shape`), and lines of that shape which are plain successes are counted and let go (`sieve`). All else is
decoded whole and read with care. Where many lines turn out to be successes only then, the log has another shape by now,
or one more, which is learned too.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from itertools import chain
from operator import length_hint

from recoup.traces.fields import PARTS, Fields
from recoup.traces.lines import TOO_LONG, blocks
from recoup.traces.opening import Stream
from recoup.traces.record import decoded, exchange_in
from recoup.traces.shape import Shape
from recoup.traces.sieve import Sieve
from recoup.traces.tally import Tally
from recoup.traces.traced import Again, Item, Place, Traced, Unread

__all__ = ["LineCounter", "read", "whole"]

_SAMPLE = 200  # lines
_MOST_SHAPES = 3
_MOST_LINES = 600
_MOST_LOGS = 8
_MISSED = 100  # successes of no known shape until it is learned, twice as many each time


class LineCounter:
    """How many lines a part of a file has: by so many the next part's lines are further down."""

    def __init__(self) -> None:
        self.lines = 0


def read(
    stream: Stream,
    file: str,
    fields: Fields = PARTS,
    *,
    tally: Tally | None = None,
    line: int = 1,
    offset: int = 0,
    end: int | None = None,
    sample: bytes = b"",
    counter: LineCounter | None = None,
) -> Iterator[Item]:
    """Every exchange of the log; with `tally` plain successes are told to it and not given.

    `line`, `offset` and `end` are for a part of a file: the lines that begin from `offset` on and before `end`. Then
    `sample` is the beginning of the file, from which the shape of its lines is learned.
    """
    if offset == 0 and stream.peek(3) == b"\xef\xbb\xbf":
        stream.read(3)
        offset = 3
    sieves = None if tally is None else _sieves_for(sample or stream.peek(), fields)
    for found, number, at in blocks(stream, line=line, offset=offset, end=end):
        left, told = iter(found), 0
        while (data := next(left, None) if sieves is None or tally is None else sieves(left, tally)) is not None:
            index = len(found) - length_hint(left) - 1
            if tally is not None and tally.noted:
                told, at = yield from _noted(tally, found, told, at, file, number)
            at += sum(map(len, found[told:index])) + index - told
            told = index
            place = Place(file, number + index, at)
            if (item := _line(data, place, fields)) is not None:
                if sieves is not None:
                    sieves.learn_from(item, data)
                yield item
            if tally is not None:
                tally.met = None
        if tally is not None and tally.noted:
            told, at = yield from _noted(tally, found, told, at, file, number)
        if counter is not None:
            counter.lines += len(found)
    if stream.broken:
        yield Unread(Place(file, 0, 0), stream.broken)


def _noted(
    tally: Tally, found: list[bytes], told: int, at: int, file: str, number: int
) -> Generator[Item, None, tuple[int, int]]:
    """Those of the lines `found` that wait, each with its place: line `told` of them stands at the offset `at`."""
    noted, tally.noted = tally.noted, []
    for after, failure in noted:
        index = len(found) - after - 1
        at += sum(map(len, found[told:index])) + index - told
        told = index
        failure.place = Place(file, number + index, at)
        yield failure
    return told, at


def whole(failure: Again, fields: Fields) -> Traced | None:
    """A failure of which only the line is at hand, read with care."""
    item = _line(failure.line, failure.place, fields)
    return item if isinstance(item, Traced) else None


def _line(data: bytes, place: Place, fields: Fields) -> Item | None:
    if data.startswith(TOO_LONG):
        return Unread(place, "the line is longer than 16 MiB")
    if not data or data.isspace():
        return None
    record = decoded(data)
    if record is None:
        return Unread(place, "the line is not a JSON object")
    return exchange_in(record, place, fields, data)


class _Sieves:
    """One sieve for each shape that the lines of a log have; the one that was of use lately comes first."""

    def __init__(self, sample: bytes, fields: Fields) -> None:
        self.fields = fields
        self._sieves: list[Sieve] = []
        self._lines: list[bytes] = []
        self._missed: list[bytes] = []
        self._enough = _MISSED
        self._learn(sample.split(b"\n")[:_SAMPLE])

    def __call__(self, lines: Iterator[bytes], tally: Tally) -> bytes | None:
        """Count the next plain successes; the first line that is none, or None where there is no such line."""
        line: bytes | None = None
        tried: Sieve | None = None
        while True:
            for sieve in self._sieves:
                if sieve is tried:
                    continue  # it has stopped here
                stopped = sieve(lines if line is None else chain((line,), lines), tally, lines)
                if stopped is None:
                    return None
                if stopped is not line:
                    line, tried = stopped, sieve
                    if sieve is not self._sieves[0]:
                        self._sieves.remove(sieve)
                        self._sieves.insert(0, sieve)
                    break
            else:
                return next(lines, None) if line is None else line

    def learn_from(self, item: Item, line: bytes) -> None:
        """A line was read with care: keep it in mind where it is a success that has none of the known shapes."""
        response = item.exchange.response if isinstance(item, Traced) else None
        if response is None or response.status >= 300 or not all(sieve.misfit for sieve in self._sieves):
            return
        self._missed.append(line)
        if len(self._missed) >= self._enough:
            missed, self._missed = self._missed, []
            self._enough *= 2
            self._learn(missed)

    def _learn(self, lines: Sequence[bytes]) -> None:
        shape = Shape.learned(lines, self.fields, more=self._lines)
        self._lines = [*self._lines, *lines[-_SAMPLE:]][-_MOST_LINES:]
        if shape is not None:
            others = [sieve for sieve in self._sieves if sieve.shape.where != shape.where]
            self._sieves = [Sieve(shape), *others][:_MOST_SHAPES]


_known: dict[tuple[bytes, int], _Sieves] = {}


def _sieves_for(sample: bytes, fields: Fields) -> _Sieves:
    """Those for a log that begins so; the parts of one file share them, for what one says never depends on others."""
    key = (sample, id(fields))
    found = _known.get(key)
    if found is None or found.fields is not fields:
        while len(_known) >= _MOST_LOGS:
            del _known[next(iter(_known))]
        found = _known[key] = _Sieves(sample, fields)
    return found
