"""A clock for a contest: to sleep is to let time pass at once, for everybody who asks what time it is.

`time.sleep` and `asyncio.sleep` do not wait but move `time.time`, `time.monotonic` and the event loops' time on by as
much. So every contestant keeps the delays that it has by itself, and nobody has to sit through them. Work, the server's
answers and time-outs take the real time that they take. Install it before anything else is imported.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

__all__ = ["Clock"]


class Clock:
    """How much was slept. `install` puts it in the place of the real ones, for the rest of the process."""

    def __init__(self) -> None:
        self.slept = 0.0
        self.waits = 0
        self._monotonic = time.monotonic
        self._time = time.time
        self._yield = asyncio.sleep

    def now(self) -> float:
        """Seconds, real ones and those that were skipped."""
        return self._monotonic() + self.slept

    def skip(self, seconds: float) -> None:
        """Let so much time pass."""
        if seconds > 0:
            self.slept += seconds
            self.waits += 1

    def install(self) -> None:
        """From now on nobody in this process really sleeps."""

        async def asleep(delay: float, result: Any = None) -> Any:
            self.skip(delay)
            return await self._yield(0, result)

        changed: Any = time
        changed.sleep = self.skip
        changed.monotonic = self.now
        changed.time = lambda: self._time() + self.slept
        changed = asyncio
        changed.sleep = asleep
