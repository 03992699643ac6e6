"""Counters of one fault and of one kind of calls, of bounded size, that can be added up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from recoup.redaction import redact_text
from recoup.traces.series import Series
from recoup.traces.traced import Place

__all__ = ["MAX_EXAMPLES", "OTHERS", "Calls", "FaultCount", "count_name", "merge_counts"]

OTHERS = "(others)"
"""Stands for every seller or operation after the first so many."""

MAX_NAMES = 1000
MAX_EXAMPLES = 3


class FaultCount:
    """How often one fault was the likeliest, and where."""

    __slots__ = (
        "count",
        "examples",
        "first",
        "last",
        "operations",
        "over_time",
        "repeated",
        "request_ids",
        "sellers",
        "statuses",
        "tied",
        "unknown_outcomes",
    )

    def __init__(self) -> None:
        self.count = 0
        self.tied = 0
        """In how many of them it could not be told from a rival."""
        self.repeated = 0
        """How many of them were the very same request again, after it had failed for this fault before."""
        self.unknown_outcomes = 0
        """How many of them were writes that may have taken effect."""
        self.first: float | None = None
        self.last: float | None = None
        self.examples: list[Place] = []
        self.request_ids: list[str] = []
        self.statuses: dict[int, int] = {}
        self.operations: dict[str, int] = {}
        self.sellers: dict[str, int] = {}
        self.over_time = Series()

    def merge(self, other: FaultCount) -> None:
        """Count what `other` has counted too; `other` is of later exchanges."""
        self.count += other.count
        self.tied += other.tied
        self.repeated += other.repeated
        self.unknown_outcomes += other.unknown_outcomes
        self.first, self.last = span(self.first, self.last, other.first, other.last)
        self.examples = (self.examples + other.examples)[:MAX_EXAMPLES]
        self.request_ids = (self.request_ids + other.request_ids)[:MAX_EXAMPLES]
        merge_counts(self.statuses, other.statuses)
        _merge_names(self.operations, other.operations)
        _merge_names(self.sellers, other.sellers)
        self.over_time.merge(other.over_time)

    def as_dict(self) -> dict[str, Any]:
        """Plain data; instants in epoch seconds."""
        return {
            "count": self.count,
            "tied": self.tied,
            "repeated": self.repeated,
            "unknown_outcomes": self.unknown_outcomes,
            "first": self.first,
            "last": self.last,
            "examples": [place.as_dict() for place in self.examples],
            "request_ids": [redact_text(each) for each in self.request_ids],
            "statuses": {str(status): self.statuses[status] for status in sorted(self.statuses)},
            "operations": _ranked(self.operations),
            "sellers": _ranked(self.sellers),
            "over_time": self.over_time.as_dict(),
        }


class Calls:
    """How often something was called: an operation, a seller, or one operation for one seller."""

    __slots__ = ("calls", "failures", "over_time", "throttled", "throttled_over_time")

    def __init__(self) -> None:
        self.calls = 0
        self.failures = 0
        self.throttled = 0
        """How many were answered with 429."""
        self.over_time = Series()
        """All calls."""
        self.throttled_over_time = Series()

    def add(self, times: int, minutes: Mapping[Any, int], *, failed: bool, throttled: bool) -> None:
        """Count so many calls of one kind; `minutes` (epoch seconds / 60) has those of which the time is known."""
        self.calls += times
        if failed:
            self.failures += times
        self.over_time.add_minutes(minutes)
        if throttled:
            self.throttled += times
            self.throttled_over_time.add_minutes(minutes)

    def merge(self, other: Calls) -> None:
        """Count what `other` has counted too."""
        self.calls += other.calls
        self.failures += other.failures
        self.throttled += other.throttled
        self.over_time.merge(other.over_time)
        self.throttled_over_time.merge(other.throttled_over_time)

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "calls": self.calls,
            "failures": self.failures,
            "throttled": self.throttled,
            "over_time": self.over_time.as_dict(),
            "throttled_over_time": self.throttled_over_time.as_dict(),
        }


def span(
    first: float | None, last: float | None, other_first: float | None, other_last: float | None
) -> tuple[float | None, float | None]:
    """The earliest and the latest instant of two spans, of which either may be empty."""
    if other_first is None or other_last is None:
        return first, last
    if first is None or last is None:
        return other_first, other_last
    return min(first, other_first), max(last, other_last)


def merge_counts(into: dict[int, int], other: dict[int, int]) -> None:
    """Count in one table by number what another has counted too."""
    for key, count in other.items():
        into[key] = into.get(key, 0) + count


def count_name(into: dict[str, int], name: str, times: int = 1) -> None:
    """Count a name, or what stands for all others where there are too many."""
    if name not in into and len(into) >= MAX_NAMES:
        name = OTHERS
    into[name] = into.get(name, 0) + times


def _merge_names(into: dict[str, int], other: dict[str, int]) -> None:
    for name, count in other.items():
        count_name(into, name, count)


def _ranked(names: dict[str, int]) -> dict[str, int]:
    ordered = sorted(names.items(), key=lambda each: (-each[1], each[0]))
    return {redact_text(name): count for name, count in ordered}
