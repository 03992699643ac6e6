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

import msgspec

from recoup.catalogue.facts.operations import Operation
from recoup.errors import SettingsError
from recoup.governor.demand import MINUTE, Asked, Demand, Exceeded, Forecast, forecast
from recoup.governor.hold import Hold, HoldKey
from recoup.governor.plan import BucketKey, Plan
from recoup.governor.plans import GUESS, Plans, burst_for, find_operation
from recoup.governor.stores import Granted, Store, TooLate

__all__ = ["Changed", "Governor"]

_TOLD_AGAIN_AFTER = 3600.0  # seconds: an unchanged rate is stored anew, so that it is not forgotten
_LATEST = 1.0  # seconds: an answer that takes longer comes from a slow service, not from a slow connection
_MOST_REMEMBERED = 10_000  # buckets


class Changed(msgspec.Struct, frozen=True):
    """The plan turned out to be another: `rate` a second where `before` counted (0: none was known).

    `throttled` says that a 429 taught it, else x-amzn-RateLimit-Limit did.
    """

    rate: float
    before: float
    throttled: bool = False


class _Met(msgspec.Struct):
    """What this process remembers of a bucket. Instants are epoch seconds.

    `base` is the plan of the table or of the user, `assumed` the one in its place where there is none and an answer
    taught something. `fresh` is when a request went to the full bucket, until an answer shows how late it came. The
    store was told the rate `stated`, and needs not be told again before `until`. `asked` counts this minute's requests.
    """

    base: Plan | None
    assumed: Plan | None = None
    fresh: float | None = None
    stated: float | None = None
    until: float = 0.0
    asked: Asked | None = None

    @property
    def plan(self) -> Plan | None:
        """The plan before anything that the store learned."""
        return self.base if self.base is not None else self.assumed


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
        self._met: dict[BucketKey, _Met] = {}

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
        return self._meet(key, operation).plan

    def at_once(self, key: BucketKey, operation: Operation | None, *, now: float) -> bool:
        """Whether a first request may be sent this very moment: nothing at all is held back, and it has a place, which
        is taken then, or needs none. False: nothing was done; ask `held` and `reserve`. Whoever overrides `reserve`
        overrides this too.
        """
        store = self.store
        if store.holding:
            return False
        met = self._met.get(key) or self._meet(key, operation)
        plan = met.base if met.base is not None else met.assumed
        if plan is None:
            return True
        place = store.reserve(key, plan, now=now, margin=self.margin, longest=0.0)
        if type(place) is not Granted:
            return False
        asked = met.asked
        if asked is not None and 0.0 <= now - asked.since < MINUTE:
            asked.count += 1
        else:
            met.asked = self._demand.asked(key, now)
        if place.fresh:
            met.fresh = now
        return True

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
        met = self._meet(key, operation)
        plan = met.plan
        if plan is None:
            return None
        if not again:
            self._demand.asked(key, now)
        place = self.store.reserve(key, plan, now=now, margin=self.margin, longest=longest)
        if type(place) is Granted and place.fresh:
            met.fresh = now
        return place

    def give_back(self, key: BucketKey, granted: Granted, *, now: float) -> None:
        """Return a place whose request is not going to be sent."""
        self.store.give_back(key, granted, now=now)

    def news(self, key: BucketKey, *, status: int | None, rate: float | None, now: float) -> bool:
        """Whether `seen` would have something to tell the store. If not, it need not be called."""
        if status == 429:
            return True
        met = self._met.get(key)
        if met is None:
            return rate is not None
        started = met.fresh
        if started is not None:
            if now - started > self.margin:
                return True
            met.fresh = None  # in time; later answers say nothing about the first
        return rate is not None and (rate != met.stated or now >= met.until)

    def seen(
        self, key: BucketKey, operation: Operation | None, *, status: int | None, rate: float | None, now: float
    ) -> Changed | None:
        """An answer of this status (None: there was none), and the rate that it stated; what changed by it.

        The store is told only of what is new.
        """
        met = self._meet(key, operation)
        if met.fresh is not None:  # the first request to a full bucket: later than the margin makes up for?
            late, met.fresh = min(now - met.fresh - self.margin, _LATEST), None
            if late > 0 and status is not None and status != 429:
                self.store.late(key, late, now=now)
        if status == 429:
            return self._throttled(key, operation, rate, now)
        if rate is None or (rate == met.stated and now < met.until):
            return None
        return self._learn(key, operation, rate, now)

    def _learn(self, key: BucketKey, operation: Operation | None, rate: float, now: float) -> Changed | None:
        if operation is None or not (isfinite(rate) and rate > 0):
            return None
        met = self._meet(key, operation)
        base = met.plan
        before = met.stated if met.stated is not None else base.rate if base is not None else 0.0
        met.stated, met.until = rate, now + _TOLD_AGAIN_AFTER
        if self._plans.own(operation) and (base is None or rate >= base.rate):
            return None  # the user asks for less than Amazon allows, or for no pacing at all
        if met.base is None:
            base = met.assumed = Plan(rate, burst_for(rate))
        burst = base.burst if base is not None else burst_for(rate)
        self.store.learn(key, Plan(rate, burst), now=now)
        return Changed(rate, before) if rate != before else None

    def _throttled(self, key: BucketKey, operation: Operation | None, rate: float | None, now: float) -> Changed | None:
        met = self._meet(key, operation)
        plan = met.plan
        if plan is None:
            if operation is None or self._plans.own(operation):
                return None
            plan = met.assumed = GUESS
        if rate is not None:
            self._learn(key, operation, rate, now)
        slower = self.store.throttled(key, plan, now=now, margin=self.margin)
        return Changed(slower.rate, plan.rate, throttled=True)

    def _meet(self, key: BucketKey, operation: Operation | None) -> _Met:
        """What is remembered of a bucket. It starts anew when it is too much: no cache grows without end."""
        met = self._met.get(key)
        if met is None:
            if len(self._met) >= _MOST_REMEMBERED:
                self._met.clear()
            met = self._met[key] = _Met(self._plans.of(key, operation))
        return met

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

    def at_once(self, key: BucketKey, operation: Operation | None, *, now: float) -> bool:
        return True

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
