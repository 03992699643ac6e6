"""One part of an input, read and counted: what a process is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import BinaryIO

import msgspec

from recoup.diagnosis.context import Context
from recoup.diagnosis.diagnosis import Diagnosis
from recoup.diagnosis.engine import Engine
from recoup.errors import UnreadableInput
from recoup.traces import jsonl
from recoup.traces.fields import Fields
from recoup.traces.jsonl import LineCounter
from recoup.traces.judging import Judge, is_remembered, is_settled, usual_engine
from recoup.traces.opening import HEAD, Bytes, Stream, opened
from recoup.traces.reading import items_of
from recoup.traces.summary import Summary
from recoup.traces.tally import Tally
from recoup.traces.traced import Again, Item, Place, Skipped, Traced, Unread

__all__ = ["Found", "Part", "read_part"]

FIRST = 4
WAITING = 5_000
WAITING_BYTES = 64 << 20
_OPEN = frozenset({401, 403, 404})


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A file, or what of a log of lines begins from `start` on and before `end` (bytes). `form` is known for such
    parts, else it may be `auto`. `size` is in bytes, 0 where it is not known.
    """

    path: str
    size: int
    form: str = "auto"
    start: int = 0
    end: int | None = None


class Found(msgspec.Struct, kw_only=True):
    """What stands in a part, or in a piece of it: counts, what other calls did, and the exchanges that wait to be
    judged when all is known. `first` are the first few failures of the part, whether they wait or not. `lines` is how
    many lines there were, where the part is one of lines; `last` ends the part.
    """

    summary: Summary
    context: Context
    waiting: list[Traced | Again]
    unread: list[Unread]
    first: list[Traced] = []
    file: str = ""
    lines: int = 0
    size: int = 0
    last: bool = True

    def move(self, lines: int) -> None:
        """Everything stands so many lines further down, for the part is not the first of its file."""
        if lines:
            self.summary.move(lines)
            self.waiting = [msgspec.structs.replace(each, place=each.place.moved(lines)) for each in self.waiting]
            self.first = [msgspec.structs.replace(each, place=each.place.moved(lines)) for each in self.first]
            self.unread = [msgspec.structs.replace(each, place=each.place.moved(lines)) for each in self.unread]


def read_part(
    part: Part,
    fields: Fields,
    *,
    every: bool = False,
    engine: Engine | None = None,
    stdin: BinaryIO | None = None,
) -> Iterator[Found]:
    """Read a part, piece by piece: a new piece begins where some thousands of exchanges wait.

    With `every` all failures wait, else only those whose cause may depend on what other calls did. A file that cannot
    be opened is an `Unread` of its own.
    """
    judge = _judge() if engine is None else Judge(engine, counting=True)
    piece = _Piece()
    counter = LineCounter()
    try:
        for item in _items(part, fields, piece.tally, stdin, counter):
            piece.take(item, judge, every=every)
            if piece.size > WAITING_BYTES or len(piece.waiting) >= WAITING:
                yield piece.found(part.path, last=False)
                piece.begin()
    except (OSError, UnreadableInput) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        piece.take(Unread(Place(part.path), reason.removeprefix(f"{part.path}: ")), judge, every=every)
    found = piece.found(part.path, last=True)
    found.lines, found.size = counter.lines, part.size
    yield found


class _Piece:
    def __init__(self) -> None:
        self.tally = Tally()
        self.first: list[Traced] = []  # until they are known every failure is read with care
        self.begin()

    def begin(self) -> None:
        self.tally.begin()
        self.handed_on = len(self.first)
        self.waiting: list[Traced | Again] = []
        self.unread: list[Unread] = []
        self.size = 0

    def take(self, item: Item, judge: Judge, *, every: bool) -> None:
        if isinstance(item, Skipped):
            self.tally.summary.skipped += 1
        elif isinstance(item, Unread):
            self.tally.summary.not_read(item)
            self.unread.append(item)
        elif isinstance(item, Again):
            self.waiting.append(item)
            self.size += 1000 + len(item.line)
        else:
            self._judge(item, judge, every=every)

    def _judge(self, item: Traced, judge: Judge, *, every: bool) -> None:
        tally = self.tally
        tally.feed.failed(item)
        diagnosis = None if every and _surely_failed(item) else judge(item)
        if diagnosis is not None and diagnosis.failed and not every and len(self.first) < FIRST:
            self.first.append(item)
            tally.remembering = len(self.first) >= FIRST
        if diagnosis is not None and not (every and diagnosis.failed) and not _is_open(diagnosis):
            tally.summary.add(item, diagnosis)
            if tally.met is not None and is_remembered(item):
                tally.learn(diagnosis, settled=is_settled(item, diagnosis))
            if not diagnosis.failed:
                _worked(item, tally)
            return
        self.waiting.append(item)
        self.size += _size(item)
        if tally.met is not None and is_remembered(item):
            tally.learn(None, settled=False)

    def found(self, file: str, *, last: bool) -> Found:
        self.tally.summary.finish()
        return Found(
            summary=self.tally.summary,
            context=self.tally.feed.context,
            waiting=self.waiting,
            unread=self.unread,
            first=self.first[self.handed_on :],
            file=file,
            last=last,
        )


def _worked(traced: Traced, tally: Tally) -> None:
    """Say of a success that was looked at what is said of one that was not."""
    request, response = traced.exchange.request, traced.exchange.response
    if request is not None and response is not None and response.status < 300:
        url = request.url.partition("?")[0]
        if request.method == "POST" or url in tally.feed.awaited:
            tally.feed.passed(traced.at, traced.seller, request.method, url)


def _surely_failed(traced: Traced) -> bool:
    response = traced.exchange.response
    return response is not None and response.status >= 400


def _is_open(diagnosis: Diagnosis) -> bool:
    """Whether what other calls did can say more about it."""
    best = diagnosis.best
    if best is None or not diagnosis.failed:
        return False
    status = diagnosis.status or 0
    return (status in _OPEN or status >= 500) and (bool(diagnosis.tied) or best.basis != "message")


def _size(traced: Traced) -> int:
    request, response = traced.exchange.request, traced.exchange.response
    asked = 0 if request is None else len(request.body or b"") + len(request.url)
    return 1000 + asked + (0 if response is None else len(response.body)) + len(traced.text or "")


def _items(part: Part, fields: Fields, tally: Tally, stdin: BinaryIO | None, counter: LineCounter) -> Iterator[Item]:
    if part.path == "-":
        if stdin is None:
            raise UnreadableInput("-: there is no standard input here")
        yield from _whole(stdin, "standard input", part.form, fields, tally)
        return
    with Path(part.path).open("rb") as file:
        if part.end is None:
            yield from _whole(file, part.path, part.form, fields, tally)
            return
        sample = file.read(HEAD)
        start = _line_start(file, part.start)
        stream = Stream(file)
        yield from jsonl.read(
            stream,
            part.path,
            fields,
            tally=tally,
            offset=start,
            end=part.end,
            sample=sample,
            counter=counter,
        )


def _whole(source: Bytes, name: str, form: str, fields: Fields, tally: Tally) -> Iterator[Item]:
    yield from items_of(opened(source, name), name, form=form, fields=fields, tally=tally)


def _line_start(file: BinaryIO, offset: int) -> int:
    """Where the first line begins that begins at `offset` or after it; the file stands there then."""
    if offset == 0:
        file.seek(0)
        return 0
    file.seek(offset - 1)
    while True:
        piece = file.readline(1 << 20)
        offset += len(piece)
        if not piece or piece.endswith(b"\n"):
            return offset - 1


@cache
def _judge() -> Judge:
    return Judge(usual_engine(), counting=True)
