"""The account of a trace: what happened, why, what to do first, and what the trace cannot show. Values only.

Made from a `Summary` alone, so that it does not matter how many exchanges there were; the same summary gives the same
account. What is written down here is redacted.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from recoup.catalogue.facts.operations import Operation
from recoup.catalogue.fault import Kind, RetryClass
from recoup.catalogue.loader import catalogue
from recoup.redaction import redact_text
from recoup.traces.report.words import times
from recoup.traces.series import Series
from recoup.traces.summary import OTHERS, UNKNOWN, Calls, FaultCount, Summary
from recoup.traces.traced import operation_named

__all__ = ["Account", "Advice", "Cause", "Quota", "account_of"]

MOST_CAUSES = 20
MOST_QUOTAS = 12
MOST_ADVICE = 10
_FULL = 0.7  # of a plan, from which on a minute counts as nearly full
_WORTH = 20  # calls of an operation below which batching them is not worth a line
_AGAIN = frozenset({RetryClass.BACKOFF, RetryClass.RATE, RetryClass.BACKOFF_SERIAL})


class Cause(msgspec.Struct, frozen=True, kw_only=True):
    """One fault of the trace. `share` is of all failures; instants are epoch seconds; `over_time` are (begin,
    count).
    """

    id: str
    title: str
    cause: str
    documented: bool
    recovery: str
    who: str
    first_step: str
    count: int
    share: float
    tied: int
    repeated: int
    unknown_outcomes: int
    first: float | None
    last: float | None
    statuses: tuple[int, ...]
    operations: tuple[tuple[str, int], ...]
    sellers: tuple[tuple[str, int], ...]
    places: tuple[str, ...]
    request_ids: tuple[str, ...]
    check: str
    width: int
    over_time: tuple[tuple[int, int], ...]


class Quota(msgspec.Struct, frozen=True, kw_only=True):
    """How one bucket was used: a plan of `rate` a second and `burst`, and the calls of one seller on it, bin by bin.

    `use` are (begin, share of what the plan gives in that bin); `peak` is the highest share, `full` how many bins used
    more than it gives, `throttled` the calls that were refused.
    """

    operation: str
    seller: str
    rate: float
    burst: int | None
    calls: int
    throttled: int
    peak: float
    full: int
    width: int
    use: tuple[tuple[int, float], ...]


class Advice(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that would save calls or failures; `saves` is how many."""

    kind: str  # batch, spread, stop-repeating, read-back
    text: str
    saves: int


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a report tells. Shares are 0 to 1, instants epoch seconds."""

    exchanges: int
    failures: int
    unread: int
    first: float | None
    last: float | None
    statuses: tuple[tuple[int, int], ...]
    causes: tuple[Cause, ...]
    further: int  # faults beyond `causes`
    operations: tuple[tuple[str, int, int], ...]  # name, calls, failures
    sellers: tuple[tuple[str, int, int], ...]
    width: int
    calls_over_time: tuple[tuple[int, int], ...]
    failures_over_time: tuple[tuple[int, int], ...]
    quotas: tuple[Quota, ...]
    advice: tuple[Advice, ...]
    unseen: tuple[str, ...]  # what the trace cannot show, and what to give instead
    unread_examples: tuple[str, ...]


def account_of(summary: Summary) -> Account:
    """The account of everything that was counted."""
    ranked = summary.ranked_faults
    everything, failures = Series(), Series()
    for calls in summary.operations.values():
        everything.merge(calls.over_time)
    for _, fault in ranked:
        failures.merge(fault.over_time)
    quotas = _quotas(summary)
    return Account(
        exchanges=summary.exchanges,
        failures=summary.failures,
        unread=summary.unread,
        first=summary.first,
        last=summary.last,
        statuses=tuple(sorted(summary.statuses.items())),
        causes=tuple(_cause(name, fault, summary.failures) for name, fault in ranked[:MOST_CAUSES]),
        further=max(0, len(ranked) - MOST_CAUSES),
        operations=_most(summary.operations, lambda name: name),
        sellers=_most(summary.sellers, redact_text),
        width=everything.width,
        calls_over_time=tuple(everything.items()),
        failures_over_time=tuple(failures.items()),
        quotas=quotas,
        advice=_advice(summary, quotas),
        unseen=_unseen(summary),
        unread_examples=tuple(f"{each.place}: {each.reason}" for each in summary.unread_examples[:5]),
    )


def _most(table: dict[str, Calls], shown: Callable[[str], str]) -> tuple[tuple[str, int, int], ...]:
    ranked = sorted(table.items(), key=lambda each: (-each[1].failures, -each[1].calls, each[0]))
    return tuple((shown(name), calls.calls, calls.failures) for name, calls in ranked[:15])


def _cause(name: str, fault: FaultCount, failures: int) -> Cause:
    entry = catalogue().get(name)
    over_time = tuple(fault.over_time.items())
    return Cause(
        id=name,
        title=entry.title if entry is not None else "Not recognised",
        cause=entry.cause if entry is not None else "Nothing in the catalogue fits these answers.",
        documented=entry is not None and entry.kind not in (Kind.BEYOND, Kind.HISTORIC),
        recovery=str(entry.recovery.retry) if entry is not None else "",
        who=str(entry.who) if entry is not None else "developer",
        first_step=entry.remedy.steps[0] if entry is not None else "Look at one of them: recoup diagnose FILE",
        count=fault.count,
        share=fault.count / (failures or 1),
        tied=fault.tied,
        repeated=fault.repeated,
        unknown_outcomes=fault.unknown_outcomes,
        first=fault.first,
        last=fault.last,
        statuses=tuple(sorted(fault.statuses)),
        operations=_top(fault.operations),
        sellers=tuple((redact_text(seller), count) for seller, count in _top(fault.sellers)),
        places=tuple(str(place) for place in fault.examples),
        request_ids=tuple(redact_text(each) for each in fault.request_ids),
        check=entry.check.text if entry is not None and entry.check is not None else "",
        width=fault.over_time.width,
        over_time=over_time,
    )


def _top(counts: dict[str, int]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(counts.items(), key=lambda each: (-each[1], each[0]))[:5])


# -- quotas ----------------------------------------------------------------------------------------------------------


def _quotas(summary: Summary) -> tuple[Quota, ...]:
    found = []
    for (name, seller), calls in summary.pairs.items():
        operation = operation_named(name)
        if operation is None or operation.rate is None or seller == OTHERS or not calls.over_time.bins:
            continue
        found.append(_quota(name, seller, operation, operation.rate, calls))
    found.sort(key=lambda each: (-each.throttled, -each.peak, each.operation, each.seller))
    return tuple(each for each in found if each.throttled or each.peak >= _FULL)[:MOST_QUOTAS]


def _quota(name: str, seller: str, operation: Operation, rate: float, calls: Calls) -> Quota:
    series = calls.over_time
    given = rate * series.width
    use = tuple((begin, count / given) for begin, count in series.items())
    # A bucket that was full gives its burst on top, once: only what exceeds that was surely too much.
    allowed = (given + (operation.burst or 0)) / given
    return Quota(
        operation=name,
        seller=redact_text(seller),
        rate=rate,
        burst=operation.burst,
        calls=calls.calls,
        throttled=calls.throttled,
        peak=max(share for _, share in use),
        full=sum(share > allowed for _, share in use),
        width=series.width,
        use=use,
    )


# -- advice ------------------------------------------------------------------------------------------------------------


def _advice(summary: Summary, quotas: tuple[Quota, ...]) -> tuple[Advice, ...]:
    found: list[Advice] = []
    for name, calls in summary.operations.items():
        operation = operation_named(name)
        if operation is None or operation.batch is None or calls.calls < _WORTH:
            continue
        items = operation.batch.items
        if items is None or operation.batch.operation == name:
            continue
        needed = -(-calls.calls // items)
        found.append(
            Advice(
                kind="batch",
                text=f"{calls.calls} calls of {operation.id} would be {needed} of "
                f"{operation.batch.operation.rpartition('/')[2]}, which takes {items} at once"
                + (f" ({operation.batch.by})." if operation.batch.by else "."),
                saves=calls.calls - needed,
            )
        )
    for quota in quotas:
        if not quota.throttled:
            continue
        every = 1 / quota.rate
        high = f", at the peak {quota.peak:.1f} times its plan" if quota.peak >= 1 else ""
        pace = f"one every {every:.3g} seconds" if every >= 1 else f"{quota.rate:g} a second"
        found.append(
            Advice(
                kind="spread",
                text=f"{quota.operation.rpartition('/')[2]} for {quota.seller} was refused {times(quota.throttled)} "
                f"for its pace{high}. Evenly spaced, {pace}, none would be.",
                saves=quota.throttled,
            )
        )
    for name, fault in summary.ranked_faults:
        entry = catalogue().get(name)
        if fault.repeated and (entry is None or entry.recovery.retry not in _AGAIN):
            found.append(
                Advice(
                    kind="stop-repeating",
                    text=f"{fault.repeated} requests were the very same again after {name}, which no repeat heals.",
                    saves=fault.repeated,
                )
            )
        if fault.unknown_outcomes:
            found.append(
                Advice(
                    kind="read-back",
                    text=f"{fault.unknown_outcomes} writes ended with {name} and may have taken effect: read back "
                    "before anything is sent again.",
                    saves=fault.unknown_outcomes,
                )
            )
    found.sort(key=lambda each: (-each.saves, each.kind, each.text))
    return tuple(found[:MOST_ADVICE])


def _unseen(summary: Summary) -> tuple[str, ...]:
    told = []
    if summary.exchanges and summary.no_time * 2 > summary.exchanges:
        told.append(
            "Most records have no time, so there is nothing over time and no use of quotas: name its field with "
            "--field time=PLACE."
        )
    sellers = [name for name in summary.sellers if name not in (UNKNOWN, OTHERS)]
    if summary.exchanges and not sellers:
        told.append(
            "The trace names no seller, so one seller's trouble looks like everybody's: --field seller=PLACE says "
            "where it stands."
        )
    unknown = summary.operations.get(UNKNOWN)
    if unknown is not None and unknown.calls * 2 > summary.exchanges:
        told.append("Most records show no path of a known operation: log the method and the whole URL.")
    tied = sum(fault.tied for fault in summary.faults.values())
    if tied:
        told.append(
            f"{tied} failures could not be told from rivals. Request header names, the response's headers and its "
            "whole body tell them apart."
        )
    if summary.unread:
        told.append(f"{summary.unread} records could not be read; nothing is said of them.")
    return tuple(told)
