"""What the governor asks of whoever keeps its buckets and holds. `recoup.storage` has three: memory, SQLite,
PostgreSQL.

All methods are atomic against every other thread and process that uses the same store, and safe to call from any
thread. `now` is the caller's clock in epoch seconds; a store that many machines share may use its own clock instead,
and answers in seconds from now, which mean the same on both.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from recoup.governor.hold import Hold, HoldKey
from recoup.governor.plan import BucketKey, Plan

__all__ = ["BucketState", "Buckets", "Granted", "Holds", "Store", "TooLate"]


class Granted(msgspec.Struct, frozen=True, gc=False):
    """A place in the queue: the request may be sent after `wait` seconds. `plan` is the one that was applied.

    `slot` is the instant, on the store's clock, at which the bucket would be full again if nobody asked any more,
    `interval` the seconds that this place adds to it, and `at` its instant on the caller's clock: they make giving it
    back possible. `fresh` says that the bucket was full.
    """

    wait: float
    slot: float
    plan: Plan
    interval: float = 0.0
    at: float = 0.0
    fresh: bool = False


class TooLate(msgspec.Struct, frozen=True, gc=False):
    """Nothing was reserved: the next place comes in `wait` seconds, later than the caller wants to wait."""

    wait: float
    plan: Plan


class BucketState(msgspec.Struct, frozen=True, kw_only=True):
    """A bucket as the status shows it. `learned` is None where the plan is the fact table's or the user's.

    `plan` is the one that counts now. `wait` is what the next request would have to wait (seconds), `throttled` how
    often it was answered with 429 since it last ran at its full rate.
    """

    key: BucketKey
    plan: Plan
    learned: float | None
    wait: float
    throttled: int = 0


class Buckets(Protocol):
    """Token buckets by key."""

    @property
    def blocking(self) -> bool:
        """Whether these methods do input or output: asynchronous callers then call them in a thread."""

    def reserve(
        self, key: BucketKey, plan: Plan, *, now: float, margin: float, longest: float | None
    ) -> Granted | TooLate:
        """Take the next place in the bucket's queue, first come first served.

        `plan` counts where nothing was learned for this bucket. `margin` is how many seconds of the burst are left
        unused, so that requests which the network squeezes together still find the bucket filled. Nothing is taken
        where the place is more than `longest` seconds away. A place that was given back while others stood behind it
        goes to whoever asks next.
        """

    def give_back(self, key: BucketKey, granted: Granted, *, now: float) -> bool:
        """Return a place that was not used. True where nobody stood behind it, so that the queue became shorter."""

    def learn(self, key: BucketKey, plan: Plan, *, now: float) -> Plan:
        """Remember the rate of `plan`, which an answer stated, for this bucket; the plan that counts now."""

    def throttled(self, key: BucketKey, plan: Plan, *, now: float, margin: float) -> Plan:
        """The bucket turned out to be empty (429): the next place comes after one interval, and the rate is lowered.

        Returns the plan that counts now; `plan` is the one where nothing was learned.
        """

    def late(self, key: BucketKey, seconds: float, *, now: float) -> None:
        """The other side began to refill this bucket so much later than was reckoned with."""

    def buckets(self, *, now: float) -> Sequence[BucketState]:
        """All buckets, sorted by key."""


class Holds(Protocol):
    """What is held back, by key."""

    @property
    def blocking(self) -> bool:
        """As above."""

    @property
    def holding(self) -> bool:
        """False where surely nothing is held back. True where something is, or where it would have to be looked up."""

    def hold(self, hold: Hold) -> None:
        """Begin to hold. Of two for the same key the one that ends later stays: a wait is never cut short."""

    def held(self, key: HoldKey, *, now: float) -> Hold | None:
        """The hold that covers `key` now, the one that ends last, or None."""

    def release(self, key: HoldKey) -> Sequence[Hold]:
        """End every hold whose key is covered by `key`; returns them."""

    def holds(self, *, now: float) -> Sequence[Hold]:
        """All that hold now, sorted by key."""


class Store(Buckets, Holds, Protocol):
    """Both."""
