"""Output of curl with several transfers in it: `-v`, `--trace-ascii`, `--trace`, and command lines with their answers.

The stream is cut where a transfer begins; each part is read as a paste of it would be. Memory does not grow with it.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator

from recoup.diagnosis.excerpts.curl_output import MARKED, TRACED
from recoup.diagnosis.pasted import read as read_messages
from recoup.traces.opening import BLOCK, Stream
from recoup.traces.traced import Item, Place, Traced, Unread

__all__ = ["begins", "read"]

MAX_PART = 4 << 20  # what is read of one transfer
_COMMAND = re.compile(rb"^(?:[$>#%] ?)?curl(?:\.exe)? [^\n]", re.MULTILINE)
_BEGINNING = re.compile(
    rb"^(?:(?:\d\d:\d\d:\d\d\.\d{3,6} )?(?:\[[\d\-]{1,9}\] )?=> Send header"
    rb"|(?:\d\d:\d\d:\d\d\.\d{3,6} )?> [A-Z]{3,7} \S+ HTTP/\d|(?:[$>#%] ?)?curl(?:\.exe)? (?=[^\n]))",
    re.MULTILINE,
)
_ANSWER = re.compile(rb"(?:^|[:<] )HTTP/\d(?:\.\d)? [1-5]\d\d", re.MULTILINE)


def begins(head: bytes) -> bool:
    """Whether an input is output of curl, or its command lines with answers behind them."""
    if TRACED.search(head) is not None or MARKED.search(head) is not None:
        return True
    return _COMMAND.match(head) is not None and _ANSWER.search(head) is not None


def read(stream: Stream, file: str) -> Iterator[Item]:
    """Every transfer that was answered; one without an answer is said to be unread."""
    held = b""
    offset, line = 0, 1
    while True:
        block = stream.read(BLOCK)
        held += block
        last = 0
        for start in _starts(held, whole=not block):
            yield from _part(held[last:start], Place(file, line, offset))
            line += held.count(b"\n", last, start)
            offset += start - last
            last = start
        held = held[last:]
        if not block:
            break
        if len(held) > MAX_PART + 2 * BLOCK:  # one long body: what is over is passed over
            gap = held[MAX_PART:-BLOCK]
            line, offset = line + gap.count(b"\n"), offset + len(gap)
            held = held[:MAX_PART] + held[-BLOCK:]
    yield from _part(held, Place(file, line, offset))
    if stream.broken:
        yield Unread(Place(file, 0, 0), stream.broken)


def _starts(text: bytes, *, whole: bool) -> list[int]:
    """Where transfers begin: at a request, or the command of one, that follows an answer."""
    starts: list[int] = []
    last = 0
    end = len(text) if whole else max(0, len(text) - 8192)
    answers = [found.start() for found in _ANSWER.finditer(text)]
    for found in _BEGINNING.finditer(text):
        start = found.start()
        if start > end:
            break
        if bisect_left(answers, start) > bisect_left(answers, last):
            starts.append(start)
            last = start
    return starts


def _part(text: bytes, place: Place) -> Iterator[Item]:
    found = read_messages(text)
    for exchange in found:
        yield Traced(exchange=exchange, place=place)
    if not found and _BEGINNING.search(text) is not None:
        yield Unread(place, "a request without an answer")
