"""Places in a queue that were given back while others stood behind them: they go to whoever asks next.

Every process keeps its own, since only it knows them in time; what it does not use until their instant is lost, and
nothing more. Instants are the caller's clock, in epoch seconds.
"""

from __future__ import annotations

from bisect import insort
from operator import attrgetter

import msgspec

from recoup.governor.plan import BucketKey
from recoup.governor.stores import Granted

__all__ = ["FreePlaces"]


class FreePlaces:
    """The places by bucket, the earliest first. Not safe to share between threads: its owner holds a lock."""

    def __init__(self) -> None:
        self._free: dict[BucketKey, list[Granted]] = {}

    def __bool__(self) -> bool:
        return bool(self._free)

    def add(self, key: BucketKey, granted: Granted) -> None:
        """Keep a place."""
        insort(self._free.setdefault(key, []), granted, key=attrgetter("slot"))

    def take(self, key: BucketKey, now: float, longest: float | None) -> Granted | None:
        """The earliest place that is still to come, within `longest` seconds; None where there is none."""
        places = self._free.get(key)
        while places:
            granted = places[0]
            wait = granted.at - now
            if wait >= 0 and longest is not None and wait > longest:
                return None
            places.pop(0)
            if not places:
                del self._free[key]
            if wait >= 0:
                return msgspec.structs.replace(granted, wait=wait, fresh=False)
        return None

    def last(self, key: BucketKey, slot: float) -> Granted | None:
        """Take the place whose slot is `slot`, the end of the queue, out again; None where it is not the last one."""
        places = self._free.get(key)
        if not places or places[-1].slot != slot:
            return None
        granted = places.pop()
        if not places:
            del self._free[key]
        return granted
