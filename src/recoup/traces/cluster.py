"""The same over a cluster: parts of files read by the workers of dask.distributed (extra `distributed`).

    from distributed import Client
    summary = examine_on(Client("scheduler:8786"), ["/shared/logs"])

The files must be there for every worker under the same names. A part is read by whoever is free; a worker that dies
takes nothing with it, for its parts are read again by others, and each part's result is counted once, in the order of
the inputs. So the result is that of `recoup.traces.bulk.examine`. A part whose readers die again and again is said to
be unread.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from recoup.traces.bulk import OnFailure, OnProgress, gather
from recoup.traces.fields import PARTS, Fields
from recoup.traces.files import parts_of
from recoup.traces.parts import Found, Part
from recoup.traces.pool import dead, whole_part
from recoup.traces.summary import Summary
from recoup.traces.traced import Unread

__all__ = ["examine_on", "work_on"]

_AHEAD = 4  # parts for each thread of a worker that may be under way: results that wait take memory


def examine_on(
    client: Any,
    inputs: Iterable[str | Path],
    *,
    form: str = "auto",
    fields: Fields = PARTS,
    on_failure: OnFailure | None = None,
    on_unread: Callable[[Unread], object] | None = None,
    on_progress: OnProgress | None = None,
) -> Summary:
    """As `examine`, by the workers of `client` (a `distributed.Client`). Raises UnreadableInput for an input that is
    not there.
    """
    parts = list(parts_of(inputs, form, fields))
    return gather(
        work_on(client, parts, fields, every=on_failure is not None),
        fields=fields,
        total=sum(part.size for part in parts),
        on_failure=on_failure,
        on_unread=on_unread,
        on_progress=on_progress,
    )


def work_on(
    client: Any,
    parts: Sequence[Part],
    fields: Fields = PARTS,
    *,
    every: bool = False,
    read: Callable[[Part, dict[str, tuple[str, ...]], bool], list[Found]] = whole_part,
) -> Iterator[Found]:
    """What stands in each of `parts`, in their order."""
    killed: type[Exception] = import_module("distributed").KilledWorker  # late, and an extra

    table = dict(fields)
    waiting: deque[tuple[Part, Any]] = deque()
    rest = iter(parts)
    try:
        while True:
            most = _AHEAD * max(1, sum(client.nthreads().values()))
            while len(waiting) < most and (part := next(rest, None)) is not None:
                waiting.append((part, client.submit(read, part, table, every, pure=False)))
            if not waiting:
                return
            part, future = waiting.popleft()
            try:
                yield from future.result()
            except killed:
                yield dead(part)
    finally:
        for _, future in waiting:
            future.cancel()
