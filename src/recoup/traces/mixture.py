"""Logs and pastes in which several failures stand one after the other, in any forms: exception texts, lines, dumps.

A text is cut into records where a line begins with a time; what follows belongs to the record before it, a traceback
for instance. A text without such lines is one record, whatever stands in it. Records without a word of a failure are
passed over. Memory does not grow with the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from recoup.diagnosis.body import decode
from recoup.diagnosis.excerpts.statuses import status_in
from recoup.diagnosis.pasted import MAX_TEXT
from recoup.diagnosis.pasted import read as read_messages
from recoup.exchange import Exchange
from recoup.traces.opening import BLOCK, Stream
from recoup.traces.traced import Item, Place, Traced, Unread

__all__ = ["read"]

_RECORD = re.compile(
    rb"^(?:[\[(\"']{0,2}\d{4}[\-/.]\d\d[\-/.]\d\d[T ,_]{1,2}\d\d:\d\d:\d\d"  # 2026-11-23 09:14:07
    rb"|\[?\d{1,2}[/ ][A-Z][a-z]{2}[/ ]\d{4}[: ]\d\d:\d\d:\d\d"  # 23/Nov/2026:09:14:07
    rb"|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d "  # Nov 23 09:14:07
    rb"|[A-Z], \[\d{4}-\d\d-\d\dT"  # Ruby's logger
    rb"|[\[(]?\d\d:\d\d:\d\d[.,]\d{3}[\])]? )",
    re.MULTILINE,
)
_MOST_NULS = 8  # in the first 4 KiB of a text; programs and pictures have more
_FAILED = re.compile(
    rb"error|exception|fail|denied|forbidden|unauthori|invalid|refused|timed? ?out|reset by|traceback"
    rb"|\b[45]\d\d\b|SC_\d{5}|\bMD\d{4}|throttl"
    rb"|quota",
    re.IGNORECASE,
)


def read(stream: Stream, file: str) -> Iterator[Item]:
    """Every record that tells of a failure: its HTTP exchange where it holds one, else its text."""
    held = b""
    offset, line = 0, 1
    several = len(_RECORD.findall(stream.peek())) > 1
    while several:
        block = stream.read(BLOCK)
        held += block
        last = 0
        for found in _RECORD.finditer(held):
            start = found.start()
            if block and start > len(held) - 4096:
                break
            yield from _record(held[last:start], Place(file, line, offset))
            line += held.count(b"\n", last, start)
            offset += start - last
            last = start
        held = held[last:]
        if not block:
            break
        if len(held) > MAX_TEXT + 2 * BLOCK:  # one long record: what is over is passed over
            gap = held[MAX_TEXT:-BLOCK]
            line, offset = line + gap.count(b"\n"), offset + len(gap)
            held = held[:MAX_TEXT] + held[-BLOCK:]
    if several:
        yield from _record(held, Place(file, line, offset))
    else:
        data = stream.peek(MAX_TEXT + 1)
        text = decode(data[:MAX_TEXT])
        if data[:4096].count(0) > _MOST_NULS:
            yield Unread(Place(file, 1, 0), "this is no text")
            return
        if text.strip():
            yield Traced(exchange=Exchange(), place=Place(file, 1, 0), text=text)
        if len(data) > MAX_TEXT:
            yield Unread(Place(file, 0, MAX_TEXT), "of a text only its first 64 KiB are read")
    if stream.broken:
        yield Unread(Place(file, 0, 0), stream.broken)


def _record(data: bytes, place: Place) -> Iterator[Item]:
    if not data.strip() or _FAILED.search(data) is None:
        return
    messages = read_messages(data)
    for exchange in messages:
        yield Traced(exchange=exchange, place=place)
    if messages:
        return
    text = decode(data[:MAX_TEXT])
    status = status_in(text)
    if status is None or status.status >= 400 or "{" in text:
        yield Traced(exchange=Exchange(), place=place, text=text)
