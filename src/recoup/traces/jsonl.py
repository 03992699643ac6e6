"""Logs of one JSON object a line, in whatever names a logger gives to things.

Most lines of a healthy log are successes, and nobody reads those. So the first lines are looked at to learn where this
log keeps its status, method, address and instant; msgspec decodes every line to exactly these (`shape`). What that
shows to be a success in which nothing can hide is counted and let go. All else is decoded whole and read with care.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

import msgspec

from recoup.traces.fields import PARTS, Fields
from recoup.traces.lines import TOO_LONG, blocks
from recoup.traces.opening import Stream
from recoup.traces.paths import names
from recoup.traces.record import NO_EXCHANGES, decoded, exchange_in
from recoup.traces.shape import Shape
from recoup.traces.traced import Item, OnPassed, Place, Unread
from recoup.traces.values import epoch_of, text_of

__all__ = ["LineCounter", "read"]


class LineCounter:
    """How many lines a part of a file has: by so many the next part's lines are further down."""

    def __init__(self) -> None:
        self.lines = 0


def read(
    stream: Stream,
    file: str,
    fields: Fields = PARTS,
    *,
    passed: OnPassed | None = None,
    line: int = 1,
    offset: int = 0,
    end: int | None = None,
    sample: bytes = b"",
    counter: LineCounter | None = None,
) -> Iterator[Item]:
    """Every exchange of the log; with `passed` a success in which nothing can hide is told to it and not given.

    `line`, `offset` and `end` are for a part of a file: the lines that begin from `offset` on and before `end`. Then
    `sample` is the beginning of the file, from which the shape of its lines is learned.
    """
    if offset == 0 and stream.peek(3) == b"\xef\xbb\xbf":
        stream.read(3)
        offset = 3
    shape = Shape.learned(sample or stream.peek(), fields) if passed is not None else None
    look = None if shape is None or passed is None else _quick_look(shape, passed)
    for found, number, at in blocks(stream, line=line, offset=offset, end=end):
        for data in found:
            if look is None or not look(data):
                item = _line(data, Place(file, number, at), fields)
                if item is not None:
                    yield item
            number += 1
            at += len(data) + 1
        if counter is not None:
            counter.lines += len(found)
    if stream.broken:
        yield Unread(Place(file, 0, 0), stream.broken)


def _line(data: bytes, place: Place, fields: Fields) -> Item | None:
    if data.startswith(TOO_LONG):
        return Unread(place, "the line is longer than 16 MiB")
    if not data or data.isspace():
        return None
    record = decoded(data)
    if record is None:
        return Unread(place, "the line is not a JSON object")
    return exchange_in(record, place, fields, data)


def _quick_look(shape: Shape, passed: OnPassed) -> Callable[[bytes], bool]:
    """A function that says whether a line is a success that needs no closer look, and has told it to `passed`."""
    decode, pick, look_up = shape.decode, shape.pick, names().look

    def look(line: bytes) -> bool:
        try:
            status, method, url, time, seller, operation, event = pick(decode(line))
            if type(status) is not int or not 200 <= status < 300 or status == 207:
                return False
            at = time.timestamp() if type(time) is datetime else epoch_of(time)
        except (msgspec.MsgspecError, AttributeError, UnicodeError):
            return False
        if type(url) is str:
            if type(method) is not str:
                return False
            url = url.partition("?")[0]
            name, may_hide, _ = look_up(method, url)
            if may_hide:
                return False
            operation = name or operation
        elif url is not None or type(operation) is not str or event in NO_EXCHANGES:
            return False
        if type(seller) is not str and seller is not None:
            seller = text_of(seller)
        passed(status, operation, at, seller, method or "", url or "")
        return True

    return look
