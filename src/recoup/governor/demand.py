"""More asked than a plan can ever give: noticed while it happens, and foreseen.

Pacing turns too much demand into ever longer waits. That is said at once, with what would meet the plan: the operation
that asks for many things in one request, or the spacing that the plan allows.
"""

from __future__ import annotations

import msgspec

from recoup.catalogue.facts.operations import Operation
from recoup.governor.plan import BucketKey, Plan

__all__ = ["Demand", "Exceeded", "Forecast", "advice", "forecast"]

_MINUTE = 60.0
_SAID_AGAIN_AFTER = 3600.0  # seconds
_MOST_REMEMBERED = 10_000  # buckets


class Exceeded(msgspec.Struct, frozen=True):
    """`asked` requests a minute of a plan of `allowed` a minute, and what would meet it."""

    asked: float
    allowed: float
    advice: str


class Forecast(msgspec.Struct, frozen=True):
    """`calls` calls take `seconds` at best, with a full bucket at the beginning; `fits` says whether that is in time.

    `advice` is empty where it is.
    """

    calls: int
    within: float
    seconds: float
    fits: bool
    advice: str


class _Asked(msgspec.Struct):
    """How many requests were asked for in the minute that began at `since`, and in the one before it."""

    since: float
    count: int = 0
    before: int = 0
    said_at: float | None = None

    def last_minute(self, now: float) -> float:
        """An estimate of the last sixty seconds: this minute's, and the share of the one before that belongs to it."""
        return self.count + self.before * max(0.0, 1.0 - (now - self.since) / _MINUTE)


class Demand:
    """What a process asks of its buckets."""

    def __init__(self) -> None:
        self._asked: dict[BucketKey, _Asked] = {}

    def asked(self, key: BucketKey, now: float) -> None:
        """One request was asked for."""
        found = self._asked.get(key)
        if found is None:
            if len(self._asked) >= _MOST_REMEMBERED:
                self._asked.clear()
            found = self._asked[key] = _Asked(now)
        elapsed = now - found.since
        if elapsed >= _MINUTE or elapsed < 0:
            found.before = found.count if 0 <= elapsed < 2 * _MINUTE else 0
            found.count = 0
            found.since = found.since + _MINUTE if 0 <= elapsed < 2 * _MINUTE else now
        found.count += 1

    def exceeded(self, key: BucketKey, operation: Operation, plan: Plan, now: float) -> Exceeded | None:
        """Whether more was asked in the last minute than the plan could give with a full burst; once an hour."""
        found = self._asked.get(key)
        if found is None or found.count + found.before <= plan.burst + plan.rate * _MINUTE:
            return None
        asked = found.last_minute(now)
        if asked <= plan.burst + plan.rate * _MINUTE:
            return None
        if found.said_at is not None and 0 <= now - found.said_at < _SAID_AGAIN_AFTER:
            return None
        found.said_at = now
        return Exceeded(asked, plan.rate * _MINUTE, advice(operation, plan, asked / _MINUTE))


def forecast(operation: Operation, plan: Plan, calls: int, within: float) -> Forecast:
    """Whether `calls` calls can be made in `within` seconds by a plan."""
    seconds = max(0.0, (calls - plan.burst) / plan.rate)
    fits = seconds <= within
    return Forecast(calls, within, seconds, fits, "" if fits else advice(operation, plan, calls / within))


def advice(operation: Operation, plan: Plan, wanted: float) -> str:
    """What meets a plan where `wanted` requests a second are asked for."""
    asked, allowed = _figure(wanted * _MINUTE), _figure(plan.rate * _MINUTE)
    begin = f"{asked} a minute asked of a {allowed}-a-minute plan ({operation.id})"
    return f"{begin}: ask once every {_figure(1 / plan.rate)} s"


def _figure(number: float) -> str:
    return f"{number:.3g}" if number < 1000 else f"{number:.0f}"
