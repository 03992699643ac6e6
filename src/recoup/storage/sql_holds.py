"""Holds in the table of a shared database. Their instants are the callers' clocks: some are stated in messages."""

# ruff: noqa: S608  the statements are put together from constants of this file; values are parameters

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from recoup.governor.hold import Hold, HoldKey, longest
from recoup.storage.database import Database, Row

__all__ = ["SqlHolds"]

_HOLD = """
    INSERT INTO recoup_holds AS h
        (application, seller, operation, entity, ends, since, fault, reason, who, remedy)
    VALUES (:application, :seller, :operation, :entity, :ends, :since, :fault, :reason, :who, :remedy)
    ON CONFLICT (application, seller, operation, entity) DO UPDATE SET ends = excluded.ends, since = excluded.since,
        fault = excluded.fault, reason = excluded.reason, who = excluded.who, remedy = excluded.remedy
    WHERE h.ends IS NOT NULL AND (excluded.ends IS NULL OR excluded.ends > h.ends)
"""
_HOLDS = "application, seller, operation, entity, ends, since, fault, reason, who, remedy"
_COVERING = f"""
    SELECT {_HOLDS} FROM recoup_holds
    WHERE application IN (:application, '*') AND seller IN (:seller, '*') AND operation IN (:operation, '*')
        AND entity IN (:entity, '*') AND (ends IS NULL OR ends > :now)
"""
_RELEASE = f"""
    DELETE FROM recoup_holds
    WHERE (:application = '*' OR application = :application) AND (:seller = '*' OR seller = :seller)
        AND (:operation = '*' OR operation = :operation) AND (:entity = '*' OR entity = :entity)
    RETURNING {_HOLDS}
"""
_HELD = f"""
    SELECT {_HOLDS} FROM recoup_holds WHERE ends IS NULL OR ends > :now
    ORDER BY application, seller, operation, entity
"""
_OVER = "DELETE FROM recoup_holds WHERE ends <= :now"


class SqlHolds:
    """`recoup.governor.stores.Holds` in a database. Raises StoreAway where it cannot be reached."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def hold(self, hold: Hold) -> None:
        """See `recoup.governor.stores.Holds`."""
        self._database.run(_OVER, {"now": hold.since})
        fields = {name: getattr(hold, name) for name in ("since", "fault", "reason", "who", "remedy")}
        self._database.run(_HOLD, {**msgspec.structs.asdict(hold.key), "ends": hold.until, **fields})

    def held(self, key: HoldKey, *, now: float) -> Hold | None:
        """See `recoup.governor.stores.Holds`."""
        rows = self._database.run(_COVERING, {**msgspec.structs.asdict(key), "now": now})
        return longest(_hold(row) for row in rows)

    def release(self, key: HoldKey) -> Sequence[Hold]:
        """See `recoup.governor.stores.Holds`."""
        rows = self._database.run(_RELEASE, msgspec.structs.asdict(key))
        return sorted((_hold(row) for row in rows), key=lambda hold: msgspec.structs.astuple(hold.key))

    def holds(self, *, now: float) -> Sequence[Hold]:
        """See `recoup.governor.stores.Holds`."""
        return [_hold(row) for row in self._database.run(_HELD, {"now": now})]


def _hold(row: Row) -> Hold:
    application, seller, operation, entity, ends, since, fault, reason, who, remedy = row
    key = HoldKey(application, seller, operation, entity)
    return Hold(key=key, until=ends, since=since, fault=fault, reason=reason, who=who, remedy=remedy)
