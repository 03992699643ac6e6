"""What other calls did, for the diagnosis: gathered while a trace is counted.

Of a success that nobody looked at, what counts is known to the minute; its token is not known. Of all others the
context gets everything.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from recoup.diagnosis.context import MAX_PAIRS, MAX_PATHS, MAX_SELLERS, Calls, Context, Minute, Span
from recoup.exchange import Request
from recoup.traces.traced import Again, Traced, name_of, operation_of

__all__ = ["Feed"]

_MOST_MINUTES = 20_000
_MOST_NAMES = 16  # sellers a minute


class Feed:
    """Fills `context`."""

    def __init__(self) -> None:
        self.context = Context()
        self.awaited: dict[str, tuple[str, str]] = {}
        """Addresses without their queries that were not found: that one of them is found later is worth knowing. Each
        stands there with its host and without, for some logs keep the host apart; the values are both.
        """
        self.tails: set[str] = set()
        """What stands after the last slash of these: whatever ends otherwise need not be looked up."""
        self._paths = 0

    def failed(self, traced: Traced) -> None:
        """A call that was answered with an error."""
        response = traced.exchange.response
        if response is not None and response.status >= 400:
            operation = name_of(operation_of(traced))
            self.refused(traced.exchange.request, response.status, operation, traced.at, traced.seller)

    def refused(
        self, request: Request | None, status: int, operation: str | None, at: float | None, seller: str | None
    ) -> None:
        """A call that was answered with an error; `operation` is `api/version/id`, `at` epoch seconds."""
        token = None
        if request is not None:
            if status == 404:
                self._await(request.url)
            token = request.headers.get("x-amz-access-token") if len(request.headers) else None
        self.context.add(seller, operation, status, at=at, token=token)

    def refused_again(self, failure: Again) -> None:
        """As `refused`, of one that shows no token: what the context does with it, in one step."""
        status, at, who, operation = failure.status, failure.at, failure.seller or "", failure.operation
        if status == 404:
            self._await(failure.request.url)
        context = self.context
        mine = context.sellers.get(who)
        whole = context.operations.get(operation)
        pair = context.pairs.get((who, operation))
        minute = None if at is None else context.minutes.get(int(at // 60))
        if mine is None or whole is None or pair is None or minute is None:
            context.add(failure.seller, operation, status, at=at)
        elif status in (401, 403):
            for calls in (mine, whole, pair):
                calls.count(status, at)
            if len(minute.refused) < _MOST_NAMES:
                minute.refused.add(who)
        else:
            mine.failed += 1
            whole.failed += 1
            pair.failed += 1
            if status >= 500 and len(minute.refused) < _MOST_NAMES:
                minute.refused.add(who)

    def _await(self, url: str) -> None:
        if len(self.awaited) < 2 * MAX_PATHS:
            url = url.partition("?")[0]
            forms = (url, _path(url))
            self.awaited.update(dict.fromkeys(forms, forms))
            self.tails.update(form.rpartition("/")[2] for form in forms)

    def passed(self, at: float | None, seller: str | None, method: str, url: str) -> None:
        """A path to which something was posted, or that was found at last after it had not been (see `awaited`)."""
        for form in self.awaited.get(url, ()):
            self.awaited.pop(form, None)
        if at is None or self._paths >= MAX_PATHS or not url:
            return
        where = self.context.made if method == "POST" else self.context.found
        key = (seller or "", _path(url))
        span = where.get(key)
        if span is None:
            where[key] = Span(at, at)
            self._paths += 1
        else:
            span.first, span.last = min(span.first, at), max(span.last, at)

    def counted(self, seller: str | None, operation: str | None, minutes: Mapping[int | None, int]) -> None:
        """The calls of a seller and an operation that worked, by minute (epoch seconds / 60, None: not known)."""
        context, who = self.context, seller or ""
        times = sum(minutes.values())
        latest = max((minute for minute in minutes if minute is not None), default=None)
        last = None if latest is None else latest * 60 + 59.0
        _worked(context.sellers, who, MAX_SELLERS, times, last)
        if operation is not None:
            _worked(context.operations, operation, MAX_PAIRS, times, last)
            _worked(context.pairs, (who, operation), MAX_PAIRS, times, last)
        known = context.minutes
        for minute in minutes:
            if minute is None:
                continue
            found = known.get(minute)
            if found is None and len(known) < _MOST_MINUTES:
                found = known[minute] = Minute()
            if found is not None and len(found.worked) < _MOST_NAMES:
                found.worked.add(who)


def _path(url: str) -> str:
    return url if url[:1] == "/" else "/" + url.partition("://")[2].partition("/")[2]


def _worked(table: dict[Any, Calls], key: Any, most: int, times: int, last: float | None) -> None:
    calls = table.get(key)
    if calls is None:
        if len(table) >= most:
            return
        calls = table[key] = Calls()
    calls.worked += times
    if last is not None and (calls.last_worked is None or last > calls.last_worked):
        calls.last_worked = last
