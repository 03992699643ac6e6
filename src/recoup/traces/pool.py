"""Parts read by several processes; what they find comes in the order of the parts.

A process that dies (killed for its memory, say) takes others' work with it: whatever had no result is done again, one
part at a time, and a part whose process dies once more is said to be unread. Ctrl-C ends it: what is under way is
finished, in a moment, and nothing else begins.
"""

from __future__ import annotations

import os
import signal
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context

from recoup.diagnosis.context import Context
from recoup.traces.fields import Fields
from recoup.traces.parts import Found, Part, read_part
from recoup.traces.summary import Summary
from recoup.traces.traced import Place, Unread

__all__ = ["dead", "jobs_of", "whole_part", "work"]

LARGE = 64 << 20  # bytes of one part whose failures are not sent from process to process
Read = Callable[[Part, dict[str, tuple[str, ...]], bool], list[Found]]


def jobs_of(jobs: int) -> int:
    """`jobs`, or for 0 the number of processors that this process may use."""
    if jobs > 0:
        return jobs
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def whole_part(part: Part, fields: dict[str, tuple[str, ...]], every: bool) -> list[Found]:
    """Everything in a part: what a process is asked for."""
    return list(read_part(part, fields, every=every))


def work(
    parts: Sequence[Part],
    fields: Fields,
    *,
    jobs: int = 0,
    every: bool = False,
    on_death: Callable[[Part], object] | None = None,
    read: Read = whole_part,
) -> Iterator[Found]:
    """What stands in each of `parts`, in their order. `on_death` is told the parts whose process died."""
    table = dict(fields)
    pool: ProcessPoolExecutor | None = _pool(jobs)
    waiting: deque[tuple[Part, Future[list[Found]] | None]] = deque()
    rest = iter(parts)
    try:
        while True:
            while pool is not None and len(waiting) < 2 * jobs_of(jobs) and (part := next(rest, None)) is not None:
                here = part.path == "-" or (every and part.end is None and part.size > LARGE)
                try:
                    waiting.append((part, None if here else pool.submit(read, part, table, every)))
                except BrokenProcessPool:
                    waiting.append((part, None))
                    break
            if not waiting:
                return
            part, future = waiting.popleft()
            if future is None:
                yield from read_part(part, fields, every=every)
                continue
            try:
                found = future.result()
            except BrokenProcessPool:
                if on_death is not None:
                    on_death(part)
                if pool is not None:
                    pool.shutdown(wait=False, cancel_futures=True)
                yield from _alone(part, table, every, read)
                for other, unfinished in waiting:
                    yield from _done(other, unfinished, table, every, read)
                waiting.clear()
                pool = _pool(jobs)
                continue
            yield from found
    finally:
        if pool is not None:
            pool.shutdown(wait=True, cancel_futures=True)


def _done(
    part: Part, future: Future[list[Found]] | None, table: dict[str, tuple[str, ...]], every: bool, read: Read
) -> Iterator[Found]:
    if future is None:
        yield from _alone(part, table, every, read)
        return
    try:
        found = future.result()
    except BrokenProcessPool:
        yield from _alone(part, table, every, read)
        return
    yield from found


def _alone(part: Part, table: dict[str, tuple[str, ...]], every: bool, read: Read) -> Iterator[Found]:
    """Read a part once more, in a process of its own."""
    with _pool(1) as pool:
        try:
            found = pool.submit(read, part, table, every).result()
        except BrokenProcessPool:
            found = [dead(part)]
    yield from found


def dead(part: Part) -> Found:
    """A part that nobody could read to its end."""
    unread = Unread(Place(part.path, 0, part.start), "the process that read this part died, twice")
    summary = Summary()
    summary.not_read(unread)
    return Found(summary=summary, context=Context(), waiting=[], unread=[unread], file=part.path, size=part.size)


def _pool(jobs: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(jobs_of(jobs), mp_context=get_context("spawn"), initializer=_begin)


def _begin() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who began it ends it
