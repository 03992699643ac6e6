"""Time for the transports: what the clock says and how to wait, both replaceable.

The default is the wall clock. `Timing.without_waiting()` never sleeps and lets its own clock move on instead; the drill
binds `now` and `sleep` to the sandbox's clock. `recoup.testing.no_waiting()` switches every transport that has no
timing of its own.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Awaitable, Callable

import msgspec

__all__ = ["WALL", "Timing", "current", "now", "replace_default"]


class Timing(msgspec.Struct, frozen=True, kw_only=True):
    """`now` gives epoch seconds (UTC); `sleep` and `asleep` wait for so many seconds.

    Where only `sleep` is given, asynchronous transports call it too: fit for a `sleep` that does not block, such as one
    that moves a virtual clock.
    """

    now: Callable[[], float] = time.time
    sleep: Callable[[float], object] = time.sleep
    asleep: Callable[[float], Awaitable[object]] | None = None

    async def wait(self, seconds: float) -> None:
        """Wait without blocking the event loop."""
        import asyncio  # late: synchronous clients do not pay for it

        if self.asleep is not None:
            await self.asleep(seconds)
        elif self.sleep is time.sleep:
            await asyncio.sleep(seconds)
        else:
            self.sleep(seconds)
            await asyncio.sleep(0)  # others get their turn, as they would while somebody really sleeps

    @classmethod
    def without_waiting(cls, slept: list[float] | None = None, start: float | None = None) -> Timing:
        """A timing that never waits: its clock moves on by what would have been slept, and `slept` records it
        (seconds).

        The clock stands still in between where `start` (epoch seconds) says what it shows first; without `start` it is
        the wall clock, set forward by each wait.
        """
        record = slept if slept is not None else []
        lock = threading.Lock()
        skipped = 0.0

        def now() -> float:
            return (time.time() if start is None else start) + skipped

        def sleep(seconds: float) -> None:
            nonlocal skipped
            with lock:
                skipped += seconds
                record.append(seconds)

        return cls(now=now, sleep=sleep)


WALL = Timing()
"""The wall clock."""

_default: Timing = WALL


def current() -> Timing:
    """What a transport without a timing of its own uses now."""
    return _default


def now() -> float:
    """What its clock shows (epoch seconds)."""
    return _default.now()


def replace_default(timing: Timing) -> Timing:
    """Use `timing` from now on wherever a transport has none of its own; returns what was used before."""
    global _default  # one switch for the whole process is what a test run wants
    before, _default = _default, timing
    return before
