"""What the other calls of a trace did, kept small: what worked and what failed, by seller, operation and minute.

    context = Context()
    context.add(seller, operation, status, at=…, path=…, token=…)    # each call, in any order
    context.merge(other)                                             # what another process kept
    engine.diagnose(exchange, context=context, seller=seller)

A first pass over a trace fills it, a second one asks; asked while it is filled, it knows the past only. It is pure and
its size is bounded: of sellers, operations, minutes, paths and tokens only so many are kept, and what came after them
is counted in `dropped`. Tokens are kept as hashes, never as they are.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Any, Self

import msgspec

__all__ = ["Calls", "Context", "Minute", "Span"]

MAX_SELLERS = 5_000
MAX_PAIRS = 50_000  # of seller and operation
MAX_MINUTES = 20_000
MAX_PATHS = 20_000
MAX_TOKENS = 20_000
MAX_NAMES_A_MINUTE = 16
_UNKNOWN = ""  # a seller whom the trace does not name


class Calls(msgspec.Struct):
    """How often a call worked, was denied (401, 403), or failed in another way; and when, as far as that is known."""

    worked: int = 0
    denied: int = 0
    failed: int = 0
    last_worked: float | None = None
    first_denied: float | None = None
    last_denied: float | None = None

    def count(self, status: int, at: float | None) -> None:
        """One more call."""
        if status < 400:
            self.worked += 1
            self.last_worked = _later(self.last_worked, at)
        elif status in (401, 403):
            self.denied += 1
            self.first_denied = _earlier(self.first_denied, at)
            self.last_denied = _later(self.last_denied, at)
        else:
            self.failed += 1

    def merge(self, other: Calls) -> None:
        """What another count holds, added to this one."""
        self.worked += other.worked
        self.denied += other.denied
        self.failed += other.failed
        self.last_worked = _later(self.last_worked, other.last_worked)
        self.first_denied = _earlier(self.first_denied, other.first_denied)
        self.last_denied = _later(self.last_denied, other.last_denied)


class Minute(msgspec.Struct):
    """The sellers for whom something worked within a minute, and those who were denied or met a server's error."""

    worked: set[str] = set()
    refused: set[str] = set()


class Span(msgspec.Struct):
    """When something was first and last seen (epoch seconds)."""

    first: float
    last: float


def _later(one: float | None, other: float | None) -> float | None:
    return one if other is None else other if one is None else max(one, other)


def _earlier(one: float | None, other: float | None) -> float | None:
    return one if other is None else other if one is None else min(one, other)


class Context:
    """See the head of this file. Not for threads: each has its own, and they are merged."""

    def __init__(self) -> None:
        self.pairs: dict[tuple[str, str], Calls] = {}
        self.sellers: dict[str, Calls] = {}
        self.operations: dict[str, Calls] = {}
        self.minutes: dict[int, Minute] = {}
        self.found: dict[tuple[str, str], Span] = {}  # by seller and path: when a GET of it worked
        self.made: dict[tuple[str, str], Span] = {}  # by seller and path: when a POST to it worked
        self.tokens: dict[bytes, Span] = {}
        self.dropped = 0

    def add(
        self,
        seller: str | None,
        operation: str | None,
        status: int,
        *,
        at: float | None = None,
        method: str | None = None,
        path: str | None = None,
        token: str | None = None,
    ) -> None:
        """One call: `operation` as `api/version/id` (or None), `at` in epoch seconds, `token` as it was sent.

        A call that met no answer is not one: nothing of it is counted.
        """
        who = seller or _UNKNOWN
        self._calls(self.sellers, who, MAX_SELLERS, status, at)
        if operation is not None:
            self._calls(self.operations, operation, MAX_PAIRS, status, at)
            self._calls(self.pairs, (who, operation), MAX_PAIRS, status, at)
        if at is None:
            return
        self._minute(int(at // 60), who, status)
        if path is not None and method is not None and status < 300:
            where = self.found if method == "GET" else self.made if method == "POST" else None
            if where is not None:
                self._span(where, (who, path), MAX_PATHS, at)
        if token:
            self._span(self.tokens, fingerprint(token), MAX_TOKENS, at)

    def _calls(self, table: dict[Any, Calls], key: Any, most: int, status: int, at: float | None) -> None:
        calls = table.get(key)
        if calls is None:
            if len(table) >= most:
                self.dropped += 1
                return
            calls = table[key] = Calls()
        calls.count(status, at)

    def _minute(self, number: int, who: str, status: int) -> None:
        minute = self.minutes.get(number)
        if minute is None:
            if len(self.minutes) >= MAX_MINUTES:
                self.dropped += 1
                return
            minute = self.minutes[number] = Minute()
        side = minute.worked if status < 400 else minute.refused if status in (401, 403) or status >= 500 else None
        if side is not None and len(side) < MAX_NAMES_A_MINUTE:
            side.add(who)

    def _span(self, table: dict[Any, Span], key: Any, most: int, at: float) -> None:
        span = table.get(key)
        if span is not None:
            span.first, span.last = min(span.first, at), max(span.last, at)
        elif len(table) >= most:
            self.dropped += 1
        else:
            table[key] = Span(at, at)

    def merge(self, other: Self) -> None:
        """What another context holds, added to this one. `other` is left as it is."""
        self.dropped += other.dropped
        for table, theirs, most in (
            (self.sellers, other.sellers, MAX_SELLERS),
            (self.operations, other.operations, MAX_PAIRS),
            (self.pairs, other.pairs, MAX_PAIRS),
        ):
            self._merge_calls(table, theirs, most)
        for number, minute in other.minutes.items():
            mine = self.minutes.get(number)
            if mine is None:
                if len(self.minutes) >= MAX_MINUTES:
                    self.dropped += 1
                    continue
                mine = self.minutes[number] = Minute()
            mine.worked = set(sorted(mine.worked | minute.worked)[:MAX_NAMES_A_MINUTE])
            mine.refused = set(sorted(mine.refused | minute.refused)[:MAX_NAMES_A_MINUTE])
        for spans, others, limit in (
            (self.found, other.found, MAX_PATHS),
            (self.made, other.made, MAX_PATHS),
            (self.tokens, other.tokens, MAX_TOKENS),
        ):
            for key, span in others.items():
                self._span(spans, key, limit, span.first)
                self._span(spans, key, limit, span.last)

    def _merge_calls(self, table: dict[Any, Calls], theirs: dict[Any, Calls], most: int) -> None:
        for key, calls in theirs.items():
            mine = table.get(key)
            if mine is not None:
                mine.merge(calls)
            elif len(table) >= most:
                self.dropped += 1
            else:
                table[key] = msgspec.structs.replace(calls)


def fingerprint(token: str) -> bytes:
    """Eight bytes that stand for a token, so that two can be compared and none can be read."""
    return blake2b(token.encode("utf-8", "replace"), digest_size=8, person=b"recoup").digest()
