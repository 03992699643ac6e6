"""What other calls did, for the diagnosis: gathered while a trace is counted.

Of a success that nobody looked at, what counts is known to the minute; its token is not known. Of all others the
context gets everything.
"""

from __future__ import annotations

from typing import Any

from recoup.diagnosis.context import MAX_PAIRS, MAX_PATHS, MAX_SELLERS, Calls, Context, Minute, Span
from recoup.traces.traced import Traced, name_of, operation_of

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
        self._paths = 0

    def failed(self, traced: Traced) -> None:
        """A call that was answered with an error."""
        exchange = traced.exchange
        request, response = exchange.request, exchange.response
        if response is None or response.status < 400:
            return
        if response.status == 404 and request is not None and len(self.awaited) < 2 * MAX_PATHS:
            url = request.url.partition("?")[0]
            forms = (url, _path(url))
            self.awaited.update(dict.fromkeys(forms, forms))
        self.context.add(
            traced.seller,
            name_of(operation_of(traced)),
            response.status,
            at=traced.at,
            method=None if request is None else request.method,
            path=None if request is None else request.path,
            token=None if request is None else request.headers.get("x-amz-access-token"),
        )

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

    def counted(self, seller: str | None, operation: str | None, minute: int | None, times: int) -> None:
        """So many calls of one minute that worked."""
        context, who = self.context, seller or ""
        last = None if minute is None else minute * 60 + 59.0
        _worked(context.sellers, who, MAX_SELLERS, times, last)
        if operation is not None:
            _worked(context.operations, operation, MAX_PAIRS, times, last)
            _worked(context.pairs, (who, operation), MAX_PAIRS, times, last)
        if minute is not None:
            found = context.minutes.get(minute)
            if found is None and len(context.minutes) < _MOST_MINUTES:
                found = context.minutes[minute] = Minute()
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
