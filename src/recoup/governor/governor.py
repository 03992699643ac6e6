"""The governor: how fast requests may be sent, and which are not to be sent at all for now.

It is asked before every request and told of every answer. What must outlast a call (buckets, what was learned, holds)
is in a store that processes may share; here is what a process remembers so that it asks the store as seldom as it can.
Nothing here sleeps: a caller is told how long to wait, and sleeps itself.

All instants are the caller's clock in epoch seconds. Safe to call from any thread: what is kept here is caches, and the
worst that a race can do to them is to ask the store once more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

import msgspec

from recoup.catalogue.facts.operations import Operation
from recoup.errors import SettingsError
from recoup.governor.demand import Demand, Exceeded, Forecast, forecast
from recoup.governor.hold import Hold, HoldKey
from recoup.governor.plan import BucketKey, Plan
from recoup.governor.plans import GUESS, Plans, burst_for, find_operation
from recoup.governor.stores import Granted, Store, TooLate

__all__ = ["Changed", "Governor"]

_TOLD_AGAIN_AFTER = 3600.0  # seconds: an unchanged rate is stored anew, so that it is not forgotten
_LATEST = 1.0  # seconds: an answer that takes longer comes from a slow service, not from a slow connection
_MOST_REMEMBERED = 10_000  # keys in each cache of a process


class Changed(msgspec.Struct, frozen=True):
    """The plan turned out to be another: `rate` a second where `before` counted (0: none was known).

    `throttled` says that a 429 taught it, else x-amzn-RateLimit-Limit did.
    """

    rate: float
    before: float
    throttled: bool = False


class _Stated(msgspec.Struct, frozen=True):
    """A rate that this process told the store, and until when it needs not be told again."""

    rate: float
    until: float


class Governor:
    """Paces calls by the usage plans of `plans` and the fact table, with buckets and holds in `store`.

    `plans` is `{"orders/v0/getOrders": (requests a second, burst)}`, by plain id too; None instead of a plan leaves an
    operation unpaced. `margin` is how many seconds of a burst stay unused, for requests that take unequally long to
    arrive. Raises SettingsError for plans and margins that are none.
    """

    def __init__(
        self,
        *,
        store: Store,
        plans: Mapping[str, Plan | tuple[float, int] | None] | None = None,
        margin: float = 0.1,
    ) -> None:
        if not callable(getattr(store, "reserve", None)):
            raise SettingsError(f"store: {type(store).__name__} is no store; give what recoup.open_store returns")
        if not (_is_number(margin) and margin >= 0):
            raise SettingsError(f"margin: {margin!r} is no number of seconds; give one from 0 on, such as 0.1")
        self.store = store
        self.margin = margin
        self._plans = Plans(plans)
        self._demand = Demand()
        self._bases: dict[BucketKey, Plan | None] = {}
        self._assumed: dict[BucketKey, Plan] = {}
        self._stated: dict[BucketKey, _Stated] = {}
        self._fresh: dict[BucketKey, float] = {}

    @staticmethod
    def unlimited() -> Governor:
        """One that paces nothing and holds nothing back."""
        return _Unlimited()

    @property
    def blocking(self) -> bool:
        """Whether its methods may do input or output: asynchronous callers then call them in a thread."""
        return self.store.blocking

    @property
    def holding(self) -> bool:
        """False where surely nothing is held back, so that `held` need not be asked."""
        return self.store.holding

    # --- pacing

    def plan(self, key: BucketKey, operation: Operation | None) -> Plan | None:
        """The plan of a bucket before anything that the store learned; None where none is known."""
        base = self._bases.get(key, _UNASKED)
        if base is _UNASKED:
            base = self._plans.of(key, operation)
            _remember(self._bases, key, base)
        return base if base is not None else self._assumed.get(key)

    def reserve(
        self,
        key: BucketKey,
        operation: Operation | None,
        *,
        now: float,
        longest: float | None = None,
        again: bool = False,
    ) -> Granted | TooLate | None:
        """A place for one request, not more than `longest` seconds away. None: no plan is known, send at once.

        `again`: the request is a repeat, which does not count as demand.
        """
        plan = self._bases.get(key)
        if plan is None and (plan := self.plan(key, operation)) is None:
            return None
        if not again:
            self._demand.asked(key, now)
        place = self.store.reserve(key, plan, now=now, margin=self.margin, longest=longest)
        if type(place) is Granted and place.fresh:
            _remember(self._fresh, key, now)
        return place

    def give_back(self, key: BucketKey, granted: Granted, *, now: float) -> None:
        """Return a place whose request is not going to be sent."""
        self.store.give_back(key, granted, now=now)

    def news(self, key: BucketKey, *, status: int | None, rate: float | None, now: float) -> bool:
        """Whether `seen` would have something to tell the store. If not, it need not be called."""
        if status == 429:
            return True
        started = self._fresh.get(key)
        if started is not None:
            if now - started > self.margin:
                return True
            self._fresh.pop(key, None)  # in time; later answers say nothing about the first
        if rate is None:
            return False
        known = self._stated.get(key)
        return known is None or known.rate != rate or now >= known.until

    def seen(
        self, key: BucketKey, operation: Operation | None, *, status: int | None, rate: float | None, now: float
    ) -> Changed | None:
        """An answer of this status (None: there was none), and the rate that it stated; what changed by it.

        The store is told only of what is new.
        """
        if self._fresh:
            late = self._late(key, now)
            self._fresh.pop(key, None)
            if late > 0 and status is not None and status != 429:
                self.store.late(key, late, now=now)
        if status == 429:
            return self._throttled(key, operation, rate, now)
        if rate is None:
            return None
        known = self._stated.get(key)
        if known is not None and known.rate == rate and now < known.until:
            return None
        return self._learn(key, operation, rate, now)

    def _late(self, key: BucketKey, now: float) -> float:
        """Seconds by which the first request to a full bucket came later than the margin makes up for."""
        started = self._fresh.get(key)
        return 0.0 if started is None else min(now - started - self.margin, _LATEST)

    def _learn(self, key: BucketKey, operation: Operation | None, rate: float, now: float) -> Changed | None:
        if operation is None or not (isfinite(rate) and rate > 0):
            return None
        base, known = self.plan(key, operation), self._stated.get(key)
        before = known.rate if known is not None else base.rate if base is not None else 0.0
        _remember(self._stated, key, _Stated(rate, now + _TOLD_AGAIN_AFTER))
        if self._plans.own(operation) and (base is None or rate >= base.rate):
            return None  # the user asks for less than Amazon allows, or for no pacing at all
        if self._bases.get(key) is None:
            base = Plan(rate, burst_for(rate))
            _remember(self._assumed, key, base)
        burst = base.burst if base is not None else burst_for(rate)
        self.store.learn(key, Plan(rate, burst), now=now)
        return Changed(rate, before) if rate != before else None

    def _throttled(self, key: BucketKey, operation: Operation | None, rate: float | None, now: float) -> Changed | None:
        plan = self.plan(key, operation)
        if plan is None:
            if operation is None or self._plans.own(operation):
                return None
            plan = GUESS
            _remember(self._assumed, key, plan)
        if rate is not None:
            self._learn(key, operation, rate, now)
        slower = self.store.throttled(key, plan, now=now, margin=self.margin)
        return Changed(slower.rate, plan.rate, throttled=True)

    # --- what can never be met

    def exceeded(self, key: BucketKey, operation: Operation | None, *, now: float) -> Exceeded | None:
        """What to say where more is asked of a bucket than its plan can give; once for each bucket and hour."""
        plan = self.plan(key, operation)
        if plan is None or operation is None:
            return None
        return self._demand.exceeded(key, operation, plan, self._plans, now)

    def forecast(self, operation: str, *, calls: int, within: float, region: str = "") -> Forecast | None:
        """Whether `calls` calls of an operation (its id, or `api/version/id`) fit into `within` seconds.

        Reckoned with the plan before anything that answers taught, and a full bucket. None: no plan is known. Raises
        SettingsError for a name that is no operation.
        """
        found = find_operation(operation)
        plan = self._plans.find(found, region)
        return None if plan is None else forecast(found, plan, self._plans, calls, within, region)

    # --- holds

    def held(self, key: HoldKey, *, now: float) -> Hold | None:
        """What holds `key` back now, the one that ends last, or None."""
        return self.store.held(key, now=now)

    def hold(self, hold: Hold) -> None:
        """Begin to hold something back."""
        self.store.hold(hold)

    def release(self, key: HoldKey) -> Sequence[Hold]:
        """End every hold whose key is covered by `key`; returns them."""
        return self.store.release(key)


class _Unlimited(Governor):
    """Paces nothing and holds nothing back."""

    def __init__(self) -> None:
        self.margin = 0.0
        self._plans = Plans()

    @property
    def blocking(self) -> bool:
        return False

    @property
    def holding(self) -> bool:
        return False

    def plan(self, key: BucketKey, operation: Operation | None) -> Plan | None:
        return None

    def reserve(
        self,
        key: BucketKey,
        operation: Operation | None,
        *,
        now: float,
        longest: float | None = None,
        again: bool = False,
    ) -> Granted | TooLate | None:
        return None

    def give_back(self, key: BucketKey, granted: Granted, *, now: float) -> None:
        return None

    def news(self, key: BucketKey, *, status: int | None, rate: float | None, now: float) -> bool:
        return False

    def seen(
        self, key: BucketKey, operation: Operation | None, *, status: int | None, rate: float | None, now: float
    ) -> Changed | None:
        return None

    def exceeded(self, key: BucketKey, operation: Operation | None, *, now: float) -> Exceeded | None:
        return None

    def held(self, key: HoldKey, *, now: float) -> Hold | None:
        return None

    def hold(self, hold: Hold) -> None:
        return None

    def release(self, key: HoldKey) -> Sequence[Hold]:
        return ()


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


_UNASKED = Plan(0.0, 0)  # not looked up yet


def _remember(cache: dict[BucketKey, Any], key: BucketKey, value: Any) -> None:
    """Into a cache that starts anew when it is full: the caches of a process never grow without end."""
    if len(cache) >= _MOST_REMEMBERED and key not in cache:
        cache.clear()
    cache[key] = value
