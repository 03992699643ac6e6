"""Cool-downs of orders, as data: until when nothing is sent for an order, or for one operation of it, and why.

External Fulfillment names such times itself: a dispatch-after date, a lock-out of so many seconds after too many
attempts. They must outlast the process, so the set turns to plain data and back; what keeps it is somebody else's.
Instants are epoch seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from recoup.catalogue.fault import WaitSubject
from recoup.recovery.decision import Wait

__all__ = ["EVERY_OPERATION", "CoolDown", "CoolDowns", "Key"]

Key = tuple[str, str, str]
"""Merchant, order, operation."""

EVERY_OPERATION = "*"
"""In the place of an operation: the whole order rests."""


class CoolDown(msgspec.Struct, frozen=True):
    """Nothing may be sent for `key` (merchant, order, operation) before `until`."""

    key: Key
    until: float
    reason: str = ""


class CoolDowns:
    """An immutable set of cool-downs, at most one for each key; `add` and `expire` return a new one."""

    __slots__ = ("_by_key",)

    def __init__(self, items: Iterable[CoolDown] = ()) -> None:
        by_key: dict[Key, CoolDown] = {}
        for item in items:
            known = by_key.get(item.key)
            if known is None or item.until > known.until:
                by_key[item.key] = item
        self._by_key = by_key

    def add(self, item: CoolDown) -> CoolDowns:
        """This set with `item`. Of two for the same key the one that ends later stays: a wait is never cut short."""
        return CoolDowns((*self._by_key.values(), item))

    def add_wait(self, key: Key, wait: Wait, now: float) -> CoolDowns:
        """This set with what the decision asks for; unchanged where it holds back no order or does not say how long."""
        if wait.subject is not WaitSubject.ORDER_OPERATION or wait.after is None:
            return self
        return self.add(CoolDown(key, now + wait.after, wait.reason))

    def active(self, key: Key, now: float) -> CoolDown | None:
        """The cool-down that holds `key` back now, its own or its whole order's, or None. At `until` it is over."""
        merchant, order, _ = key
        found = [
            item
            for item in (self._by_key.get(key), self._by_key.get((merchant, order, EVERY_OPERATION)))
            if item is not None and now < item.until
        ]
        return max(found, key=lambda item: item.until, default=None)

    def expire(self, now: float) -> CoolDowns:
        """This set without those that are over."""
        return CoolDowns(item for item in self._by_key.values() if now < item.until)

    def as_dict(self) -> dict[str, Any]:
        """Plain data, sorted by key, that `from_dict` reads."""
        return {
            "cool_downs": [
                {
                    "merchant": merchant,
                    "order": order,
                    "operation": operation,
                    "until": item.until,
                    "reason": item.reason,
                }
                for (merchant, order, operation), item in sorted(self._by_key.items())
            ]
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> CoolDowns:
        """The set that `as_dict` described. Raises msgspec.ValidationError, naming the place, for anything else."""
        stored = msgspec.convert(data, type=_Stored)
        return cls(
            CoolDown((row.merchant, row.order, row.operation), row.until, row.reason) for row in stored.cool_downs
        )

    def __iter__(self) -> Iterator[CoolDown]:
        return iter(self._by_key.values())

    def __len__(self) -> int:
        return len(self._by_key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CoolDowns) and self._by_key == other._by_key

    def __hash__(self) -> int:
        return hash(frozenset(self._by_key.values()))

    def __repr__(self) -> str:
        return f"CoolDowns({sorted(self._by_key.values(), key=lambda item: item.key)!r})"


class _Row(msgspec.Struct, frozen=True):
    merchant: str
    order: str
    operation: str
    until: float
    reason: str = ""


class _Stored(msgspec.Struct, frozen=True):
    cool_downs: list[_Row]
