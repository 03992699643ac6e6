"""Raw HTTP messages one after the other, of any length: what `recoup.record`, proxies and packet tools write as text.

The stream is cut where an exchange begins; each part is read as a paste of it would be.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from recoup.diagnosis.pasted import read as read_messages
from recoup.traces.opening import BLOCK, Stream
from recoup.traces.traced import Item, Place, Traced, Unread

__all__ = ["read"]

MAX_PART = 2 << 20  # what is read of one exchange
_FIRST_LINE = re.compile(
    rb"^[<>*\s]{0,8}(?:(?P<request>(?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS)[ \t]+(?:https?://|/)[^\s\"'`]{0,4000}"
    rb"(?:[ \t]+HTTP/\d(?:\.\d)?)?[ \t]*\r?$)|HTTP/\d(?:\.\d)?[ \t]+[2-5]\d\d(?!\d))",
    re.MULTILINE,
)


def read(stream: Stream, file: str) -> Iterator[Item]:
    """Every exchange: a response with the request before it, where there is one. A request without an answer at the
    end of the input is said to be unread.
    """
    held = b""
    offset, line = 0, 1
    dropped, dropped_lines = 0, 0
    while True:
        block = stream.read(BLOCK)
        held += block
        starts = _starts(held, whole=not block)
        last = 0
        for start in starts[1:]:
            yield from _part(held[last:start], Place(file, line, offset))
            line += held.count(b"\n", last, start) + dropped_lines
            offset += start - last + dropped
            last, dropped, dropped_lines = start, 0, 0
        if last == 0 and len(held) > 2 * MAX_PART and block:  # one long body: what is over is passed over
            gap = held[MAX_PART : -BLOCK // 2]
            dropped, dropped_lines = dropped + len(gap), dropped_lines + gap.count(b"\n")
            held = held[:MAX_PART] + held[-BLOCK // 2 :]
        held = held[last:]
        if not block:
            break
    yield from _part(held, Place(file, line, offset), last=True)
    if stream.broken:
        yield Unread(Place(file, 0, 0), stream.broken)


def _starts(text: bytes, *, whole: bool) -> list[int]:
    """Where exchanges begin in `text`: at a request that follows an answer, and at an answer that follows one."""
    starts: list[int] = []
    answered = True
    end = len(text) if whole else max(0, len(text) - 8192)  # a first line that may go on is left for the next time
    for found in _FIRST_LINE.finditer(text, 0, len(text)):
        at = found.end() - len(found[0].lstrip())
        if at > end:
            break
        if found["request"] is not None:
            starts.append(at) if answered else None
            answered = False
        else:
            if answered:
                starts.append(at)
            answered = True
    if not starts or starts[0] != 0:
        starts.insert(0, 0)
    return starts


def _part(text: bytes, place: Place, *, last: bool = False) -> Iterator[Item]:
    found = read_messages(text, "http")
    for exchange in found:
        yield Traced(exchange=exchange, place=place)
    if last and not found and _FIRST_LINE.search(text) is not None:
        yield Unread(place, "a request without an answer")
