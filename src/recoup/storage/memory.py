"""A store in memory: for one process, and gone with it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from recoup.governor.bucket import Bucket, Pace, pace
from recoup.governor.hold import Hold, HoldKey
from recoup.governor.hold import longest as longest_of
from recoup.governor.learned import Learned
from recoup.governor.plan import BucketKey, Plan
from recoup.governor.stores import BucketState, Granted, TooLate
from recoup.storage.forks import ProcessLock
from recoup.storage.places import FreePlaces
from recoup.storage.tokens import MemoryTokens

__all__ = ["MemoryStore"]

_NOTHING = Learned()
_FULL = Bucket()
_UNUSED = Pace(0.0, 0.0)


_HOLDS_SWEPT = 60.0  # seconds between two looks at which holds are over
_SWEPT_AT = 10_000  # buckets: from so many on, those that are as good as new are forgotten


class _Kept(msgspec.Struct):
    """A bucket, the plan where nothing was learned for it, and what was learned.

    What follows from these for the next requests is kept too, as long as it stays the same: `plan` and `spaced`, for
    requests with `margin`, before `until`.
    """

    base: Plan
    bucket: Bucket = _FULL
    learned: Learned = _NOTHING
    plan: Plan | None = None
    spaced: Pace = _UNUSED
    margin: float = 0.0
    until: float = 0.0

    def work_out(self, base: Plan, margin: float, now: float) -> Plan:
        """The plan that counts now."""
        self.base, self.margin = base, margin
        self.plan = plan = self.learned.plan(base, now)
        self.spaced = pace(plan, margin)
        self.until = self.learned.steady_until()
        return plan


class MemoryStore:
    """Buckets, holds and `tokens` in memory."""

    blocking = False

    def __init__(self) -> None:
        self._lock = ProcessLock()
        self._kept: dict[BucketKey, _Kept] = {}
        self._free = FreePlaces()
        self._given_back = False  # whether there are any
        self._holds: dict[HoldKey, Hold] = {}
        self.holding = False  # see `recoup.governor.stores.Holds`
        self._sweep_at = _SWEPT_AT
        self._holds_swept = 0.0  # when
        self.tokens = MemoryTokens()

    def close(self) -> None:
        """Nothing to close: what was kept is forgotten with the store."""

    def __enter__(self) -> MemoryStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- buckets

    def reserve(
        self, key: BucketKey, plan: Plan, *, now: float, margin: float, longest: float | None
    ) -> Granted | TooLate:
        """See `recoup.governor.stores.Buckets`."""
        with self._lock.plain:
            kept = self._kept.get(key)
            if kept is None:
                if len(self._kept) >= self._sweep_at:
                    self._sweep(now)
                kept = self._kept[key] = _Kept(plan)
            elif self._given_back:
                free = self._free.take(key, now, longest)
                self._given_back = bool(self._free)
                if free is not None:
                    return free
            known = kept.plan
            if known is None or kept.base is not plan or kept.margin != margin or now >= kept.until:
                known = kept.work_out(plan, margin, now)
            spaced = kept.spaced
            bucket, wait, taken = kept.bucket.reserve(now, spaced, known.rate, longest)
            kept.bucket = bucket
        if not taken:
            return TooLate(wait, known)
        full_at, interval = bucket.full_at, spaced.interval
        return Granted(wait, full_at, known, interval, now + wait, full_at - interval <= bucket.clock)

    def give_back(self, key: BucketKey, granted: Granted, *, now: float) -> bool:
        """See `recoup.governor.stores.Buckets`."""
        with self._lock:
            kept = self._kept.get(key)
            if kept is None:
                return False
            shorter = kept.bucket.give_back(granted.slot, granted.interval)
            if shorter is None:
                self._free.add(key, granted)
                self._given_back = True
                return False
            kept.bucket = shorter
            while (last := self._free.last(key, kept.bucket.full_at)) is not None:
                kept.bucket = kept.bucket.give_back(last.slot, last.interval) or kept.bucket
            return True

    def learn(self, key: BucketKey, plan: Plan, *, now: float) -> Plan:
        """See `recoup.governor.stores.Buckets`."""
        with self._lock:
            kept = self._kept.get(key) or self._kept.setdefault(key, _Kept(plan))
            kept.learned, kept.plan = kept.learned.state(plan.rate, now), None
            return kept.learned.plan(kept.base, now)

    def throttled(self, key: BucketKey, plan: Plan, *, now: float, margin: float) -> Plan:
        """See `recoup.governor.stores.Buckets`."""
        with self._lock:
            kept = self._kept.get(key) or self._kept.setdefault(key, _Kept(plan))
            kept.learned, kept.plan = kept.learned.slow(plan, now), None
            lowered = kept.learned.plan(plan, now)
            kept.bucket = kept.bucket.emptied(now, pace(lowered, margin), lowered.rate)
            return lowered

    def late(self, key: BucketKey, seconds: float, *, now: float) -> None:
        """See `recoup.governor.stores.Buckets`."""
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None:
                kept.bucket = kept.bucket.later(now, seconds)

    def buckets(self, *, now: float) -> Sequence[BucketState]:
        """See `recoup.governor.stores.Buckets`."""
        with self._lock:
            found = [self._state(key, kept, now) for key, kept in self._kept.items()]
        return sorted(found, key=lambda state: msgspec.structs.astuple(state.key))

    def _sweep(self, now: float) -> None:
        idle = [key for key, kept in self._kept.items() if not kept.learned.version and kept.bucket.full_at <= now]
        for key in idle:
            del self._kept[key]
        self._sweep_at = max(_SWEPT_AT, 2 * len(self._kept))

    def _state(self, key: BucketKey, kept: _Kept, now: float) -> BucketState:
        plan = kept.learned.plan(kept.base, now)
        return BucketState(
            key=key,
            plan=plan,
            learned=None if plan == kept.base else plan.rate,
            wait=kept.bucket.wait(now, pace(plan, 0.0), plan.rate),
            throttled=kept.learned.throttled_at(kept.base, now),
        )

    # --- holds

    def hold(self, hold: Hold) -> None:
        """See `recoup.governor.stores.Holds`."""
        with self._lock:
            self._sweep_holds(hold.since)
            known = self._holds.get(hold.key)
            if known is None or hold.outlasts(known):
                self._holds[hold.key] = hold
            self.holding = bool(self._holds)

    def held(self, key: HoldKey, *, now: float) -> Hold | None:
        """See `recoup.governor.stores.Holds`."""
        if not self.holding:  # the usual case needs no lock
            return None
        with self._lock:
            self._sweep_holds(now)
            found = [self._holds.get(each) for each in key.covering()]  # not a walk through all: they may be thousands
            return longest_of(hold for hold in found if hold is not None and hold.active(now))

    def _sweep_holds(self, now: float) -> None:
        if abs(now - self._holds_swept) >= _HOLDS_SWEPT:
            self._holds = {key: hold for key, hold in self._holds.items() if hold.active(now)}
            self.holding, self._holds_swept = bool(self._holds), now

    def release(self, key: HoldKey) -> Sequence[Hold]:
        """See `recoup.governor.stores.Holds`."""
        with self._lock:
            ended = [hold for hold in self._holds.values() if key.covers(hold.key)]
            for hold in ended:
                del self._holds[hold.key]
            self.holding = bool(self._holds)
        return sorted(ended, key=_by_key)

    def holds(self, *, now: float) -> Sequence[Hold]:
        """See `recoup.governor.stores.Holds`."""
        with self._lock:
            return sorted((hold for hold in self._holds.values() if hold.active(now)), key=_by_key)


def _by_key(hold: Hold) -> tuple[str, ...]:
    return msgspec.structs.astuple(hold.key)
