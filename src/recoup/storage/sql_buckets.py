"""Buckets in the table of a shared database.

A reservation is one atomic statement. What was learned for a bucket is cached here with its version, and the statement
applies only to that version: where another process has learned something else since, no row comes back, and it is
repeated with what stands there now.
"""

# ruff: noqa: S608  the statements are put together from constants of this file; values are parameters

from __future__ import annotations

from collections.abc import Sequence

from recoup.errors import StoreError
from recoup.governor.bucket import CLOCK_STEP, Bucket, pace
from recoup.governor.learned import Learned
from recoup.governor.plan import BucketKey, Plan
from recoup.governor.stores import BucketState, Granted, TooLate
from recoup.storage.database import Database, Row
from recoup.storage.forks import ProcessLock
from recoup.storage.places import FreePlaces

__all__ = ["SqlBuckets"]

_NOTHING = Learned()
_FOREVER = 1e18  # seconds
_TRIES = 20  # of a change that others overtake
_MOST_REMEMBERED = 10_000  # buckets

_KEY = "application = :application AND seller = :seller AND region = :region AND operation = :operation"
# The bucket's clock goes on with the store's, stands still where that is behind, and goes back where it was set back.
_BACK = f"excluded.clock < b.clock - {CLOCK_STEP}"
# The bucket `b` at the instant `clock`, reckoned with the rate :reckoned, is full at `start`.
_NOW = f"""
    (SELECT clock, CASE WHEN full_at <= clock THEN clock ELSE clock + (full_at - clock) * b.reckoned / :reckoned END
        AS start FROM
    (SELECT CASE WHEN excluded.clock > b.clock OR {_BACK} THEN excluded.clock ELSE b.clock END AS clock,
        CASE WHEN {_BACK} THEN b.full_at - b.clock + excluded.clock ELSE b.full_at END AS full_at) AS seen) AS n
"""
_FITS = "n.start - :tolerance - n.clock <= :longest"
_COLUMNS = "application, seller, region, operation, rate, burst, full_at, reckoned, clock, granted"
_NEW = ":application, :seller, :region, :operation, :rate, :burst"

_RESERVE = f"""
    INSERT INTO recoup_buckets AS b ({_COLUMNS})
    SELECT {_NEW}, t.now + :interval, :reckoned, t.now, 1 FROM (SELECT {{now}} AS now) AS t WHERE true
    ON CONFLICT (application, seller, region, operation) DO UPDATE SET
        rate = excluded.rate, burst = excluded.burst, reckoned = excluded.reckoned,
        (clock, full_at, granted) = (SELECT n.clock, n.start + CASE WHEN {_FITS} THEN :interval ELSE 0 END,
            CASE WHEN {_FITS} THEN 1 ELSE 0 END FROM {_NOW})
    WHERE b.version = :version
    RETURNING full_at, clock, granted
"""
_GIVE_BACK = (
    f"UPDATE recoup_buckets SET full_at = full_at - :interval WHERE {_KEY} AND full_at = :slot RETURNING full_at"
)
_LATER = f"UPDATE recoup_buckets SET full_at = full_at + :seconds WHERE {_KEY} AND full_at + :seconds > {{now}}"
_MADE = f"""
    INSERT INTO recoup_buckets ({_COLUMNS}) SELECT {_NEW}, t.now, :rate, t.now, 0 FROM (SELECT {{now}} AS now) AS t
    WHERE true ON CONFLICT (application, seller, region, operation) DO NOTHING
"""
_LEARNED = "stated, stated_at, share, slowed_at, throttled, version"
_KNOWN = f"SELECT rate, burst, {_LEARNED}, {{now}} FROM recoup_buckets WHERE {_KEY}"
_TEACH = f"""
    UPDATE recoup_buckets SET stated = :stated, stated_at = :stated_at, share = :share, slowed_at = :slowed_at,
        throttled = :throttled, version = :version
    WHERE {_KEY} AND version = :before RETURNING version
"""
_EMPTY = f"""
    INSERT INTO recoup_buckets AS b ({_COLUMNS})
    SELECT {_NEW}, t.now, :reckoned, t.now, 0 FROM (SELECT {{now}} AS now) AS t WHERE true
    ON CONFLICT (application, seller, region, operation) DO UPDATE SET reckoned = excluded.reckoned,
        (clock, full_at) = (SELECT n.clock, CASE WHEN n.start > n.clock + :interval + :tolerance THEN n.start
            ELSE n.clock + :interval + :tolerance END FROM {_NOW})
"""
_ALL = f"""
    SELECT application, seller, region, operation, rate, burst, full_at, reckoned, clock, {_LEARNED}, {{now}}
    FROM recoup_buckets ORDER BY application, seller, region, operation
"""
_SWEEP = "DELETE FROM recoup_buckets WHERE clock < {now} - :age AND full_at < {now}"


class SqlBuckets:
    """`recoup.governor.stores.Buckets` in a database. Raises StoreAway where it cannot be reached."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = ProcessLock()  # of what follows, never held while the database works
        self._learned: dict[BucketKey, Learned] = {}
        self._free = FreePlaces()
        self._ahead = 0.0  # seconds by which the store's clock is ahead of the caller's

    def reserve(
        self, key: BucketKey, plan: Plan, *, now: float, margin: float, longest: float | None
    ) -> Granted | TooLate:
        """See `recoup.governor.stores.Buckets`."""
        if self._free:
            with self._lock:
                free = self._free.take(key, now, longest)
            if free is not None:
                return free
        learned = self._learned.get(key, _NOTHING)
        for _ in range(_TRIES):
            counts = learned.plan(plan, now + self._ahead)
            spaced = pace(counts, margin)
            rows = self._database.run(
                _RESERVE,
                {
                    **_named(key, plan),
                    "now": now,
                    "reckoned": counts.rate,
                    "interval": spaced.interval,
                    "tolerance": spaced.tolerance,
                    "longest": _FOREVER if longest is None else longest,
                    "version": learned.version,
                },
            )
            if rows:
                full_at, clock, granted = rows[0]
                self._ahead = clock - now
                interval = spaced.interval
                began = full_at - interval if granted else full_at
                wait = max(0.0, began - spaced.tolerance - clock)
                if not granted:
                    return TooLate(wait, counts)
                return Granted(wait, full_at, counts, interval, now + wait, began <= clock)
            learned = self._known(key, now)[1]
        raise _overtaken(self._database)

    def give_back(self, key: BucketKey, granted: Granted, *, now: float) -> bool:
        """See `recoup.governor.stores.Buckets`."""
        given = granted
        while True:
            parameters = {**_of(key), "slot": given.slot, "interval": given.interval}
            rows = self._database.run(_GIVE_BACK, parameters)
            if not rows:
                with self._lock:
                    self._free.add(key, given)
                return given is not granted
            with self._lock:
                before = self._free.last(key, rows[0][0])
            if before is None:
                return True
            given = before

    def learn(self, key: BucketKey, plan: Plan, *, now: float) -> Plan:
        """See `recoup.governor.stores.Buckets`."""
        self._database.run(_MADE, {**_named(key, plan), "now": now})
        for _ in range(_TRIES):
            base, learned, clock = self._known(key, now)
            after = learned.state(plan.rate, clock)
            if self._teach(key, learned, after):
                return after.plan(base or plan, clock)
        raise _overtaken(self._database)

    def throttled(self, key: BucketKey, plan: Plan, *, now: float, margin: float) -> Plan:
        """See `recoup.governor.stores.Buckets`."""
        self._database.run(_MADE, {**_named(key, plan), "now": now})
        for _ in range(_TRIES):
            _, learned, clock = self._known(key, now)
            after = learned.slow(plan, clock)
            if after is learned or self._teach(key, learned, after):
                counts = after.plan(plan, clock)
                spaced = pace(counts, margin)
                self._database.run(
                    _EMPTY,
                    {
                        **_named(key, plan),
                        "now": now,
                        "reckoned": counts.rate,
                        "interval": spaced.interval,
                        "tolerance": spaced.tolerance,
                    },
                )
                return counts
        raise _overtaken(self._database)

    def late(self, key: BucketKey, seconds: float, *, now: float) -> None:
        """See `recoup.governor.stores.Buckets`."""
        self._database.run(_LATER, {**_of(key), "seconds": seconds, "now": now})

    def buckets(self, *, now: float) -> Sequence[BucketState]:
        """See `recoup.governor.stores.Buckets`."""
        return [_state(row) for row in self._database.run(_ALL, {"now": now})]

    def sweep(self, *, now: float, age: float) -> None:
        """Forget the buckets that nobody asked for in `age` seconds, and what was learned for them."""
        self._database.run(_SWEEP, {"now": now, "age": age})

    def _known(self, key: BucketKey, now: float) -> tuple[Plan | None, Learned, float]:
        rows = self._database.run(_KNOWN, {**_of(key), "now": now})
        base, learned, clock = None, _NOTHING, now
        if rows:
            rate, burst, stated, stated_at, share, slowed_at, throttled, version, clock = rows[0]
            base, learned = Plan(rate, burst), Learned(stated, stated_at, share, slowed_at, throttled, version)
        self._remember(key, learned)
        return base, learned, clock

    def _teach(self, key: BucketKey, before: Learned, after: Learned) -> bool:
        fields = {
            "stated": after.rate,
            "stated_at": after.at,
            "share": after.share,
            "slowed_at": after.slowed_at,
            "throttled": after.throttled,
            "version": after.version,
            "before": before.version,
        }
        taught = bool(self._database.run(_TEACH, {**_of(key), **fields}))
        if taught:
            self._remember(key, after)
        return taught

    def _remember(self, key: BucketKey, learned: Learned) -> None:
        with self._lock:
            if len(self._learned) >= _MOST_REMEMBERED:
                self._learned.clear()
            self._learned[key] = learned


def _of(key: BucketKey) -> dict[str, object]:
    return {"application": key.application, "seller": key.seller, "region": key.region, "operation": key.operation}


def _named(key: BucketKey, plan: Plan) -> dict[str, object]:
    return {**_of(key), "rate": plan.rate, "burst": plan.burst}


def _state(row: Row) -> BucketState:
    (application, seller, region, operation, rate, burst, full_at, reckoned, clock, *learnt, now) = row
    base, learned = Plan(rate, burst), Learned(*learnt)
    plan = learned.plan(base, now)
    return BucketState(
        key=BucketKey(application, seller, region, operation),
        plan=plan,
        learned=None if plan == base else plan.rate,
        wait=Bucket(full_at, reckoned, clock).wait(now, pace(plan, 0.0), plan.rate),
        throttled=learned.throttled_at(base, now),
    )


def _overtaken(database: Database) -> StoreError:
    return StoreError(f"{database.name}: {_TRIES} times in a row another process changed the same bucket; try again")
