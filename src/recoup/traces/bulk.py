"""Many inputs at once: what they add up to, and their failures one after the other.

    summary = examine(["logs", "today.har"], on_failure=lambda traced, diagnosis: print(traced.place, diagnosis.id))

Files are read in parts, by several processes where that is worth it; what they find is put together in the order of the
inputs, so that the result does not depend on how many worked on it.

One pass tells everything: most answers prove by themselves what they are and are counted at once. The others wait until
the end of the input, when it is known what all the other calls did. Where more than some thousands wait, the oldest are
judged by what is known until then: memory does not grow with the input.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import BinaryIO

from recoup.diagnosis.context import Context
from recoup.diagnosis.diagnosis import Diagnosis
from recoup.diagnosis.engine import Engine
from recoup.traces.fields import PARTS, Fields
from recoup.traces.files import joined, parts_of
from recoup.traces.jsonl import whole
from recoup.traces.judging import Judge, usual_engine
from recoup.traces.parts import Found, read_part
from recoup.traces.summary import Summary
from recoup.traces.traced import Again, Alike, Traced, Unread

__all__ = ["OnFailure", "OnProgress", "examine", "gather"]

OnFailure = Callable[[Traced, Diagnosis], object]
OnProgress = Callable[[int, int], object]
"""Is told how many bytes are done, and of how many."""

MOST_WAITING = 20_000
SMALL = 64 << 20  # bytes that are not worth a second process, which takes a moment to start
SMALL_COUNTED = 256 << 20  # where failures are counted only: that is over before


def examine(
    inputs: Iterable[str | Path],
    *,
    form: str = "auto",
    fields: Fields = PARTS,
    engine: Engine | None = None,
    jobs: int = 1,
    stdin: BinaryIO | None = None,
    on_failure: OnFailure | None = None,
    first: int | None = None,
    on_unread: Callable[[Unread], object] | None = None,
    on_progress: OnProgress | None = None,
) -> Summary:
    """Read all of `inputs` (files, folders, `-` for `stdin`), diagnose what failed, and add it up.

    `on_failure` is told every failure and its diagnosis, in the order of the inputs; with `first` only so many of them
    (4 at most), when all is read, and the others are counted, which is much quicker. `on_unread` is told every record
    that could not be read. `jobs` is how many processes may work: 0 means as many as there are processors, where the
    input is large. An `engine` of one's own works in this process alone. Raises UnreadableInput for an input that is
    not there.
    """
    parts = list(parts_of(inputs, form, fields))
    total = sum(part.size for part in parts)
    every = on_failure is not None and first is None
    alone = jobs == 1 or (jobs == 0 and total <= (SMALL if every else SMALL_COUNTED))
    if engine is not None or alone or any(part.path == "-" for part in parts):
        found = (
            each for part in joined(parts) for each in read_part(part, fields, every=every, engine=engine, stdin=stdin)
        )
        return gather(
            found,
            fields=fields,
            total=total,
            engine=engine,
            on_failure=on_failure,
            first=first,
            on_unread=on_unread,
            on_progress=on_progress,
        )
    from recoup.traces.pool import work  # late: most inputs are small

    working = work(parts, fields, jobs=jobs, every=every)
    try:
        return gather(
            working,
            fields=fields,
            total=total,
            on_failure=on_failure,
            first=first,
            on_unread=on_unread,
            on_progress=on_progress,
        )
    finally:
        working.close()  # type: ignore[attr-defined]  # a generator


def gather(
    found: Iterable[Found],
    *,
    fields: Fields = PARTS,
    total: int = 0,
    engine: Engine | None = None,
    on_failure: OnFailure | None = None,
    first: int | None = None,
    on_unread: Callable[[Unread], object] | None = None,
    on_progress: OnProgress | None = None,
) -> Summary:
    """Put together what was found in the parts, in their order, and judge what waited for the end."""
    engine = engine if engine is not None else usual_engine()
    every = on_failure is not None and first is None
    judge = Judge(engine, counting=not every)
    summary, context = Summary(), Context()
    foremost: list[Traced] = []
    waiting: deque[Traced | Again] = deque()
    lines, done, file = 0, 0, ""

    def settle(each: Traced | Again) -> None:
        key: Alike | None = None
        if isinstance(each, Again):
            key, known = judge.again(each, context)
            if known is not None and summary.add_again(known, each):
                return
            found_whole = whole(each, fields)
            if found_whole is None:
                return
            each = found_whole
        traced = each
        diagnosis = judge(traced, context)
        if key is not None:
            judge.learn(key, diagnosis)
        summary.add(traced, diagnosis)
        if every and on_failure is not None and diagnosis.failed:
            on_failure(traced, diagnosis)

    for piece in found:
        if piece.file != file:
            file, lines = piece.file, 0
        piece.move(lines)
        lines += piece.lines
        context.merge(piece.context)
        summary.merge(piece.summary)
        for unread in piece.unread:
            if on_unread is not None:
                on_unread(unread)
        waiting.extend(piece.waiting)
        foremost = [*foremost, *piece.first][: first or 0]
        if len(waiting) > MOST_WAITING:
            judge.forget()
            while len(waiting) > MOST_WAITING // 2:
                settle(waiting.popleft())
        done += piece.size
        if on_progress is not None and piece.last:
            on_progress(done, total)
    judge.forget()
    while waiting:
        settle(waiting.popleft())
    if on_failure is not None:
        judge = Judge(engine)
        for traced in foremost:
            on_failure(traced, judge(traced, context))
    return summary
