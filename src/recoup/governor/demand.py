"""More asked than a plan can ever give: noticed while it happens, and foreseen.

Pacing turns too much demand into ever longer waits. That is said at once, with what would meet the plan: the operation
that asks for many things in one request, or the spacing that the plan allows.
"""

from __future__ import annotations

import msgspec

from recoup.catalogue.facts.operations import Operation, operations
from recoup.governor.plan import BucketKey, Plan
from recoup.governor.plans import Plans

__all__ = ["MINUTE", "Asked", "Demand", "Exceeded", "Forecast", "advice", "forecast"]

MINUTE = 60.0
"""Seconds."""

_SAID_AGAIN_AFTER = 3600.0  # seconds
_TOLERATED = 1.1  # times what a plan gives: threads that are slowed to it ask for their places ahead
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


class Asked(msgspec.Struct):
    """How many requests were asked for in the minute that began at `since`, and in the one before it."""

    since: float
    count: int = 0
    before: int = 0
    said_at: float | None = None

    def last_minute(self, now: float) -> float:
        """An estimate of the last sixty seconds: this minute's, and the share of the one before that belongs to it."""
        return self.count + self.before * max(0.0, 1.0 - (now - self.since) / MINUTE)


class Demand:
    """What a process asks of its buckets."""

    def __init__(self) -> None:
        self._asked: dict[BucketKey, Asked] = {}

    def asked(self, key: BucketKey, now: float) -> Asked:
        """One request was asked for. Until the minute of what is given back is over, one more may be added there."""
        found = self._asked.get(key)
        if found is None:
            if len(self._asked) >= _MOST_REMEMBERED:
                self._asked.clear()
            found = self._asked[key] = Asked(now)
        elapsed = now - found.since
        if elapsed >= MINUTE or elapsed < 0:
            found.before = found.count if 0 <= elapsed < 2 * MINUTE else 0
            found.count = 0
            found.since = found.since + MINUTE if 0 <= elapsed < 2 * MINUTE else now
        found.count += 1
        return found

    def exceeded(self, key: BucketKey, operation: Operation, plan: Plan, plans: Plans, now: float) -> Exceeded | None:
        """Whether more was asked in the last minute than the plan could give with a full burst; once an hour."""
        found = self._asked.get(key)
        most = (plan.burst + plan.rate * MINUTE) * _TOLERATED
        if found is None or found.count + found.before <= most:
            return None
        asked = found.last_minute(now)
        if asked <= most or (found.said_at is not None and 0 <= now - found.said_at < _SAID_AGAIN_AFTER):
            return None
        found.said_at = now
        return Exceeded(asked, plan.rate * MINUTE, advice(operation, plan, plans, asked / MINUTE, key.region))


def forecast(operation: Operation, plan: Plan, plans: Plans, calls: int, within: float, region: str = "") -> Forecast:
    """Whether `calls` calls can be made in `within` seconds by a plan."""
    seconds = max(0.0, (calls - plan.burst) / plan.rate)
    fits = seconds <= within
    said = "" if fits else advice(operation, plan, plans, calls / within if within > 0 else float("inf"), region)
    return Forecast(calls, within, seconds, fits, said)


def advice(operation: Operation, plan: Plan, plans: Plans, wanted: float, region: str = "") -> str:
    """What meets a plan where `wanted` requests a second are asked for: the batch operation, else even spacing."""
    said = f"{_a_minute(wanted)} a minute asked of a plan of {_a_minute(plan.rate)} a minute ({operation.id})"
    spacing = f"one call every {_figure(1 / plan.rate)} s meets the plan"
    batch = operation.batch
    twin = None if batch is None else operations().get(*_named(batch.operation))
    if batch is None or twin is None:
        return f"{said}: {spacing}"
    same = twin.key == operation.key
    name = f"{operation.id} itself" if same else twin.id
    if batch.items is None:
        return f"{said}: {name} takes many in one request; otherwise {spacing}"
    size = f"{name} takes {batch.items} in one request" + (f" (in {batch.by})" if batch.by else "")
    theirs = plan if same else plans.find(twin, region)
    if theirs is None or wanted / batch.items <= theirs.rate:
        return f"{said}: {size}, which is {_a_minute(wanted / batch.items)} requests a minute; otherwise {spacing}"
    most = _a_minute(theirs.rate * batch.items)
    return f"{said}: {size}, so that {most} a minute are possible, though not as many as asked; otherwise {spacing}"


def _named(operation: str) -> tuple[str, str, str]:
    api, version, name = operation.split("/")
    return name, api, version


def _a_minute(rate: float) -> str:
    return _figure(rate * MINUTE)


def _figure(number: float) -> str:
    """Three digits of a number, and all of those before the point."""
    return f"{number:.3g}" if number < 1000 else f"{number:.0f}"
