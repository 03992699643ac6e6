"""The lines of a stream with their places, in constant memory."""

from __future__ import annotations

from collections.abc import Iterator

from recoup.traces.opening import Stream

__all__ = ["MAX_LINE", "TOO_LONG", "blocks"]

BLOCK = 1 << 17  # bytes; the lines of more would leave the processor's cache before they are decoded
MAX_LINE = 16 << 20
TOO_LONG = b"\x00too long"
"""Stands for a line that is longer than `MAX_LINE`."""


def blocks(
    stream: Stream, *, line: int = 1, offset: int = 0, end: int | None = None
) -> Iterator[tuple[list[bytes], int, int]]:
    """(lines without their ends, number of the first, its offset), for the lines that begin before the offset `end`.

    `stream` stands at `offset`, at the beginning of the line that is counted as `line`. Lines of one list follow each
    other without a gap.
    """
    rest = b""
    skipping = 0
    while True:
        block = stream.read(BLOCK)
        if not block:
            break
        if skipping:
            cut = block.find(b"\n")
            if cut < 0:
                skipping += len(block)
                continue
            yield [TOO_LONG], line, offset
            line += 1
            offset += skipping + cut + 1
            block, skipping = block[cut + 1 :], 0
        block = rest + block if rest else block
        found = block.split(b"\n")
        rest = found.pop()
        length = len(block) - len(rest)
        if end is not None and offset + length >= end:
            yield _before(found, offset, end), line, offset
            return
        if found:
            yield found, line, offset
        line += len(found)
        offset += length
        if len(rest) > MAX_LINE:
            skipping, rest = len(rest), b""
    if end is None or offset < end:
        if skipping:
            yield [TOO_LONG], line, offset
        elif rest:
            yield [rest], line, offset


def _before(found: list[bytes], offset: int, end: int) -> list[bytes]:
    """Those of the lines that begin before `end`."""
    for count, each in enumerate(found):
        if offset >= end:
            return found[:count]
        offset += len(each) + 1
    return found
