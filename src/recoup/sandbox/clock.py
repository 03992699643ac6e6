"""The sandbox's own time: wall speed, frozen, or moved forward by hand. Epoch seconds, UTC.

Token lifetimes, buckets, slots and operations in flight all read this clock, so that a year passes in a moment. Time
never goes back, or what happened would become the future. Thread-safe: a test advances the clock from its own thread
while the server's loop sleeps on it.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Literal

__all__ = ["LATEST", "ClockMode", "VirtualClock"]

ClockMode = Literal["wall", "frozen", "advanced"]


class VirtualClock:
    """Epoch seconds that run at wall speed or stand still, and can be moved forward.

    `epoch` is the instant to begin at (default: the real one), `source` counts real seconds and never goes back.
    """

    def __init__(
        self,
        epoch: float | None = None,
        *,
        frozen: bool = False,
        source: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source = source
        self._began = (time.time() if epoch is None else float(epoch), frozen)
        self._lock = threading.Lock()
        self._asleep = threading.Condition(self._lock)
        self._sleepers: dict[int, tuple[float, asyncio.AbstractEventLoop, asyncio.Event]] = {}
        self._turn = 0
        self.resets = 0  # how often it began anew
        self._base, self._frozen = self._began
        self._mark = source()
        self._moved = False
        self._held: tuple[int, float] | None = None
        # The sandbox puts its own lock here, so that time does not jump while it does something, and is told of jumps.
        self.guard: threading.RLock | None = None
        self.on_move: Callable[[], object] | None = None

    def now(self) -> float:
        """The virtual instant, in epoch seconds."""
        if self._frozen:
            return self._base
        held = self._held
        if held is not None and held[0] == threading.get_ident():
            return held[1]
        with self._lock:
            return self._read()

    @property
    def first(self) -> float:
        """The instant that it began at."""
        return self._began[0]

    def hold(self, instant: float | None) -> None:
        """Let this thread read `instant` until it gives None: what is done at one instant sees one time.

        Only for whoever has the sandbox's lock.
        """
        self._held = None if instant is None else (threading.get_ident(), instant)

    @contextmanager
    def _moving(self) -> Iterator[None]:
        with self.guard or nullcontext():
            yield
            if self.on_move is not None:
                self.on_move()

    def _read(self) -> float:
        return self._base if self._frozen else self._base + (self._source() - self._mark)

    @property
    def mode(self) -> ClockMode:
        """`frozen` where time stands still, else `advanced` where it was moved by hand, else `wall`."""
        if self._frozen:
            return "frozen"
        return "advanced" if self._moved else "wall"

    def advance(self, seconds: float) -> float:
        """Move time forward, wake what is due, return the new instant. Raises ValueError for a step back."""
        if not 0 <= seconds <= _LONGEST:
            raise ValueError(f"the clock moves forward by 0 to {_LONGEST:.0f} seconds, not by {seconds!r}")
        with self._moving(), self._lock:
            now = self._read() + seconds
            if now > LATEST:
                raise ValueError("the clock does not go beyond the year 8999, where dates would soon end")
            self._jump(now)
        self._wake(now)
        return now

    def set(self, epoch: float) -> float:
        """Move time forward to this instant. Raises ValueError for one in the past, naming both."""
        with self._moving(), self._lock:
            now = self._read()
            if not now <= epoch <= min(now + _LONGEST, LATEST):
                raise ValueError(f"the clock stands at {now!r} and does not go back, nor that far ahead: {epoch!r}")
            self._jump(float(epoch))
        self._wake(epoch)
        return epoch

    def _jump(self, instant: float) -> None:
        self._base, self._mark, self._moved = instant, self._source(), True

    def freeze(self) -> float:
        """Let time stand still. Returns the instant at which it does."""
        with self._moving(), self._lock:
            self._base = self._read()
            self._frozen = True
            return self._base

    def resume(self) -> float:
        """Let time run again, at wall speed, from where it stands. Returns that instant."""
        with self._moving(), self._lock:
            self._base = self._read()
            self._mark = self._source()
            self._frozen = False
            now = self._base
        self._wake(float("inf"))  # every sleeper looks again how long it has to wait at wall speed
        return now

    def reset(self) -> float:
        """Begin anew at the first instant and in the first mode; every sleeper wakes and looks again."""
        with self._lock:
            self.resets += 1
            self._base, self._frozen = self._began
            self._mark, self._moved = self._source(), False
            now = self._base
        self._wake(float("inf"))
        return now

    def begin_at(self, epoch: float, *, frozen: bool) -> None:
        """Another first instant and mode, for the next `reset`."""
        self._began = (epoch, frozen)

    def stand_at(self, instant: float, *, frozen: bool = True, moved: bool = True) -> None:
        """Show this instant, also an earlier one: for a world that is being put back as it was."""
        with self._lock:
            self._base, self._frozen, self._mark, self._moved = instant, frozen, self._source(), moved
        self._wake(float("inf"))

    async def sleep(self, seconds: float) -> None:
        """Wait until that much virtual time has passed, however it passes."""
        await self.sleep_until(self.now() + seconds)

    async def sleep_until(self, instant: float, resets: int | None = None) -> None:
        """Wait until the clock shows `instant`, or was reset: more often than `resets` times, where that is given."""
        loop = asyncio.get_running_loop()
        resets = self.resets if resets is None else resets
        while True:
            moved = asyncio.Event()
            with self._lock:
                left = instant - self._read()
                if left <= 0 or self.resets != resets:
                    return
                frozen = self._frozen
                self._turn += 1
                turn = self._turn
                self._sleepers[turn] = (instant, loop, moved)
                self._asleep.notify_all()
            try:
                if frozen:
                    await moved.wait()
                else:
                    async with asyncio.timeout(left):
                        await moved.wait()
            except TimeoutError:
                continue  # wall time passed: look at the clock again
            finally:
                with self._lock:
                    self._sleepers.pop(turn, None)

    def wait_for_sleepers(self, count: int = 1, *, timeout: float) -> bool:
        """Block until `count` operations are in flight; False where that takes longer than `timeout` real seconds.

        For tests that must meet an operation in flight: call it from another thread than the server's.
        """
        with self._asleep:
            return self._asleep.wait_for(lambda: len(self._sleepers) >= count, timeout)

    def _wake(self, now: float) -> None:
        # In the order in which they are due, so that what happens next does not hang on the order of arrival.
        with self._lock:
            due = sorted((entry[0], turn) for turn, entry in self._sleepers.items() if entry[0] <= now)
            woken = [self._sleepers.pop(turn) for _, turn in due]
        for _, loop, moved in woken:
            if not loop.is_closed():
                loop.call_soon_threadsafe(moved.set)


LATEST = 221_845_392_000.0  # the year 9000 begins: dates that follow from it, years later, can still be written
_LONGEST = 100 * 366 * 86_400.0  # a century: far beyond any lifetime, and safe for every date format
