"""What many exchanges add up to: counts by fault, operation and seller, over time; mergeable, and of bounded size.

    summary = Summary()
    summary.add(traced, diagnosis)     # a failure, or a success that had to be looked at
    summary.passed(200, "orders/v0/getOrders", at, seller)
    summary.merge(other)               # what another process counted
    summary.as_dict()

The same exchanges give the same summary, in whatever parts they were counted, as long as the parts are merged in the
order of the exchanges. Of names (sellers, pairs) only so many are kept; what comes after them is counted under
`OTHERS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import blake2b
from math import inf
from typing import Any, Self

import msgspec

from recoup.diagnosis.diagnosis import Diagnosis
from recoup.exchange import Request
from recoup.redaction import redact_text
from recoup.traces.counts import MAX_EXAMPLES, MAX_NAMES, OTHERS, Calls, FaultCount, count_name, merge_counts
from recoup.traces.series import FINEST
from recoup.traces.traced import Again, Traced, Unread, name_of, operation_of

__all__ = ["OTHERS", "UNKNOWN", "Calls", "FaultCount", "Summary"]

UNKNOWN = "(unknown)"
"""Stands for a fault, an operation or a seller that is not known."""

MAX_PAIRS = 500
MAX_REPEATS = 20_000
MAX_UNREAD = 20
MAX_LOOSE = 20_000


Kind = tuple[str | None, str | None, int | None, int, bool]
"""Calls that are counted alike: operation, seller, minute (epoch seconds / 60), status, whether they failed."""

OnCounted = Callable[[str | None, str | None, Mapping[int | None, int]], object]
"""Is told the successes of a seller and an operation: how many in each minute (epoch seconds / 60, None: unknown)."""


class Summary:
    """Everything that was counted so far."""

    def __init__(self, on_counted: OnCounted | None = None) -> None:
        self._on_counted = on_counted
        self._exchanges = 0
        self._failures = 0
        self._no_time = 0
        self._first = inf
        self._last = -inf
        self._statuses: dict[int, int] = {}
        self.skipped = 0
        """Records that tell of no exchange."""
        self.unread = 0
        """Records that could not be read."""
        self.unread_examples: list[Unread] = []
        self.faults: dict[str, FaultCount] = {}
        """By the id of the likeliest fault; `UNKNOWN` where none is known."""
        self._operations: dict[str, Calls] = {}
        self._sellers: dict[str, Calls] = {}
        self._pairs: dict[tuple[str, str], Calls] = {}
        self.loose: dict[Kind, list[int]] = {}
        """How often what happened: one step for each call, sorted in now and then. `cell` makes an entry. It stays the
        same dictionary for ever.
        """
        self._failed_before: dict[bytes, str] = {}  # fingerprint of a request -> fault

    @property
    def exchanges(self) -> int:
        """How many there are, failures and successes."""
        self._sort_in()
        return self._exchanges

    @property
    def failures(self) -> int:
        """How many exchanges failed."""
        self._sort_in()
        return self._failures

    @property
    def no_time(self) -> int:
        """Exchanges of which the trace does not say when they were."""
        self._sort_in()
        return self._no_time

    @property
    def statuses(self) -> dict[int, int]:
        """By HTTP status; 0 where there was no response."""
        self._sort_in()
        return self._statuses

    @property
    def first(self) -> float | None:
        """The earliest instant in epoch seconds; None where no exchange has one."""
        return self._first if self._first < inf else None

    @property
    def last(self) -> float | None:
        """The latest instant."""
        return self._last if self._last > -inf else None

    @property
    def operations(self) -> dict[str, Calls]:
        """By `api/version/id`; `UNKNOWN` for paths of no known operation."""
        self._sort_in()
        return self._operations

    @property
    def sellers(self) -> dict[str, Calls]:
        """By the name that the trace gives; `UNKNOWN` where it gives none."""
        self._sort_in()
        return self._sellers

    @property
    def pairs(self) -> dict[tuple[str, str], Calls]:
        """By (operation, seller): a usage plan's bucket is theirs. The calls over time tell how full it was."""
        self._sort_in()
        return self._pairs

    # -- counting ----------------------------------------------------------------------------------------------------

    def passed(
        self, status: int, operation: str | None, at: float | None, seller: str | None, *, failed: bool = False
    ) -> None:
        """Count one call; `at` is in epoch seconds."""
        minute = None
        if at is not None:
            minute = int(at // FINEST)
            self.spread(at, at)
        kind = (operation, seller, minute, status, failed)
        cell = self.loose.get(kind)
        if cell is None:
            cell = self.cell(kind)
        cell[0] += 1

    def cell(self, kind: Kind) -> list[int]:
        """The counter of calls of a kind that was not met of late."""
        if len(self.loose) >= MAX_LOOSE:
            self._sort_in()
        cell = self.loose[kind] = [0]
        return cell

    def spread(self, first: float, last: float) -> None:
        """There were calls at these instants and between them, in epoch seconds."""
        if first < self._first:
            self._first = first
        if last > self._last:
            self._last = last

    def add(self, traced: Traced, diagnosis: Diagnosis) -> None:
        """Count one exchange and its diagnosis: its first failure counts as its fault."""
        operation = name_of(operation_of(traced)) or traced.operation
        response = traced.exchange.response
        status = response.status if response is not None else diagnosis.http_status or 0
        at = traced.at
        self.passed(status, operation, at, traced.seller, failed=diagnosis.failed)
        if not diagnosis.failed:
            return
        if len((fault := self.faults.setdefault(diagnosis.id or UNKNOWN, FaultCount())).examples) < MAX_EXAMPLES:
            fault.examples.append(traced.place)
        if diagnosis.request_id and len(fault.request_ids) < MAX_EXAMPLES:
            fault.request_ids.append(diagnosis.request_id)
        self._failed(fault, diagnosis, status, operation, at, traced.seller, traced.exchange.request)

    def add_again(self, diagnosis: Diagnosis, failure: Again) -> bool:
        """Count one more failure of a diagnosis, if it is of no use as an example. False where it was not counted."""
        fault = self.faults.get(diagnosis.id or UNKNOWN)
        if fault is None or len(fault.examples) < MAX_EXAMPLES:
            return False
        if failure.traceable and len(fault.request_ids) < MAX_EXAMPLES:
            return False
        status, operation, at, seller = failure.status, failure.operation, failure.at, failure.seller
        self.passed(status, operation, at, seller, failed=True)
        self._failed(fault, diagnosis, status, operation, at, seller, failure.request)
        return True

    def _failed(
        self,
        fault: FaultCount,
        diagnosis: Diagnosis,
        status: int,
        operation: str | None,
        at: float | None,
        seller: str | None,
        request: Request | None,
    ) -> None:
        fault.count += 1
        fault.tied += bool(diagnosis.tied)
        fault.unknown_outcomes += diagnosis.read_back is not None
        fault.statuses[status] = fault.statuses.get(status, 0) + 1
        for names, name in ((fault.operations, operation or UNKNOWN), (fault.sellers, seller or UNKNOWN)):
            if name in names:
                names[name] += 1
            else:
                count_name(names, name)
        if at is not None:
            if fault.first is None or at < fault.first:
                fault.first = at
            if fault.last is None or at > fault.last:
                fault.last = at
            fault.over_time.add(at)
        if request is not None and diagnosis.retryable is False:
            fault.repeated += self._again(request, seller, diagnosis.id)

    def not_read(self, unread: Unread) -> None:
        """Count a record that could not be read."""
        self.unread += 1
        if len(self.unread_examples) < MAX_UNREAD:
            self.unread_examples.append(unread)

    def _sort_in(self) -> None:
        together: dict[tuple[str | None, str | None, int, bool], dict[int | None, int]] = {}
        for (operation, seller, minute, status, failed), (times,) in self.loose.items():
            alike = (operation, seller, status, failed)
            minutes = together.get(alike)
            if minutes is None:
                minutes = together[alike] = {}
            minutes[minute] = times
        self.loose.clear()  # and not another one: who counts has it at hand
        for (operation, seller, status, failed), minutes in together.items():
            if self._on_counted is not None and not failed:
                self._on_counted(seller, operation, minutes)
            times = sum(minutes.values())
            self._exchanges += times
            self._failures += times if failed else 0
            self._no_time += minutes.pop(None, 0)
            self._statuses[status] = self._statuses.get(status, 0) + times
            name, whose = operation or UNKNOWN, seller or UNKNOWN
            for calls in (
                _room(self._operations, name, MAX_NAMES),
                _room(self._sellers, whose, MAX_NAMES),
                self._pair(name, whose),
            ):
                calls.add(times, minutes, failed=failed, throttled=status == 429)

    def _pair(self, name: str, whose: str) -> Calls:
        found = self._pairs.get((name, whose))
        if found is None:
            found = self._pairs.setdefault((name, whose if len(self._pairs) < MAX_PAIRS else OTHERS), Calls())
        return found

    def _again(self, request: Request, seller: str | None, fault: str | None) -> bool:
        """Whether this very request had failed for this fault before, as far back as is remembered."""
        parts = (fault or "", seller or "", request.method, request.url)
        digest = blake2b("\n".join(parts).encode("utf-8", "replace"), digest_size=12)
        digest.update(request.body or b"")
        key = digest.digest()
        if key in self._failed_before:
            return True
        if len(self._failed_before) < MAX_REPEATS:
            self._failed_before[key] = fault or UNKNOWN
        return False

    # -- adding up ---------------------------------------------------------------------------------------------------

    def merge(self, other: Summary) -> Self:
        """Count what `other` has counted too; `other` is of exchanges that come after those of this one."""
        self._sort_in()
        self._exchanges += other.exchanges
        self._failures += other.failures
        self._no_time += other.no_time
        self._first, self._last = min(self._first, other._first), max(self._last, other._last)
        self.skipped += other.skipped
        self.unread += other.unread
        self.unread_examples = (self.unread_examples + other.unread_examples)[:MAX_UNREAD]
        for name, fault in other.faults.items():
            self.faults.setdefault(name, FaultCount()).merge(fault)
        merge_counts(self._statuses, other.statuses)
        for name, calls in other.operations.items():
            _room(self._operations, name, MAX_NAMES).merge(calls)
        for name, calls in other.sellers.items():
            _room(self._sellers, name, MAX_NAMES).merge(calls)
        for (name, whose), calls in other.pairs.items():
            self._pair(name, whose).merge(calls)
        for key, id_ in other._failed_before.items():
            if key in self._failed_before:  # the first of its part was a repeat after all
                self.faults[id_].repeated += 1
            elif len(self._failed_before) < MAX_REPEATS:
                self._failed_before[key] = id_
        return self

    def finish(self) -> None:
        """Sort in what was counted, and let go of whom it was told to: to be sent to another process."""
        self._sort_in()
        self._on_counted = None

    def move(self, lines: int) -> None:
        """The examples stand so many lines further down: they were counted in a part of a file."""
        for fault in self.faults.values():
            fault.examples = [each.moved(lines) for each in fault.examples]
        self.unread_examples = [
            msgspec.structs.replace(each, place=each.place.moved(lines)) for each in self.unread_examples
        ]

    @property
    def ranked_faults(self) -> list[tuple[str, FaultCount]]:
        """(id, count), the most frequent first, of equals by id."""
        return sorted(self.faults.items(), key=lambda each: (-each[1].count, each[0]))

    @property
    def repeated(self) -> int:
        """How many requests were sent again although the very same had failed in a way that no repeat can heal."""
        return sum(fault.repeated for fault in self.faults.values())

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON in a fixed order; instants in epoch seconds; names redacted."""
        return {
            "exchanges": self.exchanges,
            "failures": self.failures,
            "skipped": self.skipped,
            "unread": self.unread,
            "unread_examples": [{**each.place.as_dict(), "reason": each.reason} for each in self.unread_examples],
            "no_time": self.no_time,
            "first": self.first,
            "last": self.last,
            "statuses": {str(status): self.statuses[status] for status in sorted(self.statuses)},
            "faults": {id_: fault.as_dict() for id_, fault in self.ranked_faults},
            "operations": {name: calls.as_dict() for name, calls in _most_called(self.operations)},
            "sellers": {redact_text(name): calls.as_dict() for name, calls in _most_called(self.sellers)},
            "pairs": [
                {"operation": name, "seller": redact_text(whose), **calls.as_dict()}
                for (name, whose), calls in sorted(self.pairs.items(), key=lambda each: (-each[1].calls, each[0]))
            ],
        }


def _room(calls: dict[str, Calls], name: str, most: int) -> Calls:
    found = calls.get(name)
    if found is None:
        found = calls.setdefault(name if len(calls) < most else OTHERS, Calls())
    return found


def _most_called(calls: dict[str, Calls]) -> list[tuple[str, Calls]]:
    return sorted(calls.items(), key=lambda each: (-each[1].calls, each[0]))
