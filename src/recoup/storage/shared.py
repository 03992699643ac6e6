"""A store that processes share: the tables of a database, and what is done while it cannot be reached.

A call is never lost because the store is away. Then this process paces by itself, with buckets in memory that begin
full, holds back what it knows of, and says so in the log, once. It tries the store again every five seconds, and when
that is back it gets the holds that began in the meantime. Several processes that pace by themselves may together ask
for more than the plan gives; the 429s that follow slow each of them down.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from recoup.errors import StoreError
from recoup.governor.hold import Hold, HoldKey
from recoup.governor.plan import BucketKey, Plan
from recoup.governor.stores import BucketState, Granted, TooLate
from recoup.storage.database import Database
from recoup.storage.forks import ProcessLock
from recoup.storage.memory import MemoryStore
from recoup.storage.sealing import Seal
from recoup.storage.sql_buckets import SqlBuckets
from recoup.storage.sql_holds import SqlHolds
from recoup.storage.tokens_sql import SqlTokens

__all__ = ["SharedStore"]

T = TypeVar("T")
_log = logging.getLogger("recoup.storage")
_TRIED_AGAIN_AFTER = 5.0  # seconds


class SharedStore:
    """Buckets, holds and `tokens` in a database; `recoup.storage.opening.open_store` makes one.

    `seal` seals the tokens; without it none is kept. `elapsed` is a monotonic clock in seconds.
    """

    blocking = True
    holding = True  # that is: it would have to be looked up

    def __init__(
        self, database: Database, seal: Seal | None = None, *, elapsed: Callable[[], float] = time.monotonic
    ) -> None:
        self.database = database
        self._buckets = SqlBuckets(database)
        self._holds = SqlHolds(database)
        self.tokens = SqlTokens(database, seal)
        self._elapsed = elapsed
        self._lock = ProcessLock()
        self._local: MemoryStore | None = None  # while the database is away
        self._try_at = 0.0

    def close(self) -> None:
        """Close the connection of this process."""
        self.database.close()

    def __enter__(self) -> SharedStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- buckets

    def reserve(
        self, key: BucketKey, plan: Plan, *, now: float, margin: float, longest: float | None
    ) -> Granted | TooLate:
        """See `recoup.governor.stores.Buckets`."""
        return self._do(
            lambda: self._buckets.reserve(key, plan, now=now, margin=margin, longest=longest),
            lambda local: local.reserve(key, plan, now=now, margin=margin, longest=longest),
        )

    def give_back(self, key: BucketKey, granted: Granted, *, now: float) -> bool:
        """See `recoup.governor.stores.Buckets`."""
        return self._do(
            lambda: self._buckets.give_back(key, granted, now=now),
            lambda local: local.give_back(key, granted, now=now),
        )

    def learn(self, key: BucketKey, plan: Plan, *, now: float) -> Plan:
        """See `recoup.governor.stores.Buckets`."""
        return self._do(lambda: self._buckets.learn(key, plan, now=now), lambda local: local.learn(key, plan, now=now))

    def throttled(self, key: BucketKey, plan: Plan, *, now: float, margin: float) -> Plan:
        """See `recoup.governor.stores.Buckets`."""
        return self._do(
            lambda: self._buckets.throttled(key, plan, now=now, margin=margin),
            lambda local: local.throttled(key, plan, now=now, margin=margin),
        )

    def late(self, key: BucketKey, seconds: float, *, now: float) -> None:
        """See `recoup.governor.stores.Buckets`."""
        self._do(lambda: self._buckets.late(key, seconds, now=now), lambda local: local.late(key, seconds, now=now))

    def buckets(self, *, now: float) -> Sequence[BucketState]:
        """See `recoup.governor.stores.Buckets`. Raises StoreAway where the store cannot be reached."""
        return self._buckets.buckets(now=now)

    def sweep(self, *, now: float, age: float) -> None:
        """Forget the buckets that nobody asked for in `age` seconds, and what was learned for them."""
        self._buckets.sweep(now=now, age=age)

    # --- holds

    def hold(self, hold: Hold) -> None:
        """See `recoup.governor.stores.Holds`."""
        self._do(lambda: self._holds.hold(hold), lambda local: local.hold(hold))

    def held(self, key: HoldKey, *, now: float) -> Hold | None:
        """See `recoup.governor.stores.Holds`. While the store is away: what this process itself began since then."""
        return self._do(lambda: self._holds.held(key, now=now), lambda local: local.held(key, now=now))

    def release(self, key: HoldKey) -> Sequence[Hold]:
        """See `recoup.governor.stores.Holds`. Raises StoreAway where the store cannot be reached."""
        return self._holds.release(key)

    def holds(self, *, now: float) -> Sequence[Hold]:
        """See `recoup.governor.stores.Holds`. Raises StoreAway where the store cannot be reached."""
        return self._holds.holds(now=now)

    # --- while it is away

    def _do(self, shared: Callable[[], T], alone: Callable[[MemoryStore], T]) -> T:
        local = self._local
        if local is not None and not self._may_try():
            return alone(local)
        try:
            if local is None:
                return shared()
            for hold in local.holds(now=0.0):  # those that are over meanwhile do no harm
                self._holds.hold(hold)
            found = shared()
        except StoreError as away:  # one that refuses is no reason to lose a call either
            return alone(self._leave(away))
        self._return(local)
        return found

    def _may_try(self) -> bool:
        """Whether it is this call's turn to try the store again: one in five seconds has it."""
        with self._lock:
            now = self._elapsed()
            if now < self._try_at:
                return False
            self._try_at = now + _TRIED_AGAIN_AFTER
            return True

    def _leave(self, away: StoreError) -> MemoryStore:
        with self._lock:
            self._try_at = self._elapsed() + _TRIED_AGAIN_AFTER
            if self._local is None:
                self._local = MemoryStore()
                _log.warning("%s; until it is back this process paces by itself", away)
            return self._local

    def _return(self, local: MemoryStore) -> None:
        with self._lock:
            if self._local is local:
                self._local = None
                _log.warning("%s is back", self.database.name)
