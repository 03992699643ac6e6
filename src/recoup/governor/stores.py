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

__all__ = ["BucketState", "Buckets", "Granted", "Holds", "TooLate"]


class Granted(msgspec.Struct, frozen=True):
    """A place in the queue: the request may be sent after `wait` seconds. `plan` is the one that was applied.

    `slot` is the instant of that place on the store's clock; it makes giving it back possible.
    """

    wait: float
    slot: float
    plan: Plan


class TooLate(msgspec.Struct, frozen=True):
    """Nothing was reserved: the next place comes in `wait` seconds, later than the caller wants to wait."""

    wait: float
    plan: Plan


class BucketState(msgspec.Struct, frozen=True, kw_only=True):
    """A bucket as the status shows it. `learned` is None where the plan is the fact table's or the user's.

    `wait` is what the next request would have to wait (seconds), `throttled` how often it was answered with 429 since
    the last answer that was not.
    """

    key: BucketKey
    plan: Plan
    learned: float | None
    wait: float
    throttled: int = 0


class Buckets(Protocol):
    """Token buckets by key."""

    blocking: bool
    """Whether these methods do input or output: asynchronous callers then call them in a thread."""

    def reserve(
        self, key: BucketKey, plan: Plan, *, now: float, margin: float, longest: float | None
    ) -> Granted | TooLate:
        """Take the next place in the bucket's queue, first come first served.

        `plan` counts where nothing was learned for this bucket. `margin` is how many seconds of the burst are left
        unused, so that requests which the network squeezes together still find the bucket filled. Nothing is taken
        where the place is more than `longest` seconds away.
        """

    def give_back(self, key: BucketKey, granted: Granted, *, now: float) -> bool:
        """Return a place that was not used. True where nobody stood behind it, so that the place was not lost."""

    def learn(self, key: BucketKey, plan: Plan, *, now: float) -> None:
        """Remember what an answer's x-amzn-RateLimit-Limit said. The burst is kept where only the rate is known."""

    def throttled(self, key: BucketKey, plan: Plan, *, now: float) -> None:
        """The bucket turned out to be empty (429): the next place comes after one interval, and the rate is lowered."""

    def buckets(self, *, now: float) -> Sequence[BucketState]:
        """All buckets, sorted by key."""


class Holds(Protocol):
    """What is held back, by key."""

    blocking: bool
    """As above."""

    def hold(self, hold: Hold) -> None:
        """Begin to hold. Of two for the same key the one that ends later stays: a wait is never cut short."""

    def held(self, key: HoldKey, *, now: float) -> Hold | None:
        """The hold that covers `key` now, the one that ends last, or None."""

    def release(self, key: HoldKey) -> Sequence[Hold]:
        """End every hold whose key is covered by `key`; returns them."""

    def holds(self, *, now: float) -> Sequence[Hold]:
        """All that hold now, sorted by key."""
