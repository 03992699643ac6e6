"""The retry quota: a bucket of tokens that all calls of one client share, so that an outage is not answered with a
storm.

Every retry costs tokens, a success gives some back; when the bucket is empty, nothing is retried until successes
refill it. AWS SDKs have the same in their standard mode. The arithmetic is a value; what makes it safe to share
between threads is a lock, and that is handed in, because this room knows no threads.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

import msgspec

__all__ = ["QuotaAccess", "RetryQuota", "SharedQuota"]


class RetryQuota(msgspec.Struct, frozen=True, kw_only=True):
    """A bucket as a value: `tokens` of `capacity`."""

    capacity: int
    tokens: int

    @classmethod
    def full(cls, capacity: int) -> RetryQuota:
        """A full bucket of that capacity."""
        return cls(capacity=capacity, tokens=capacity)

    def take(self, cost: int) -> RetryQuota | None:
        """The bucket after one retry of that cost, or None where it does not hold as much."""
        return None if cost > self.tokens else RetryQuota(capacity=self.capacity, tokens=self.tokens - cost)

    def give(self, amount: int) -> RetryQuota:
        """The bucket with `amount` put back, never above its capacity."""
        return RetryQuota(capacity=self.capacity, tokens=min(self.capacity, self.tokens + amount))


class QuotaAccess(Protocol):
    """What a call needs of the quota that it shares with others."""

    def take(self, cost: int) -> bool:
        """Take `cost` tokens; False, and nothing taken, where there are not as many."""

    def give(self, amount: int) -> None:
        """Put `amount` tokens back."""


class SharedQuota:
    """A quota that many calls share. `lock` guards it where they run in several threads."""

    def __init__(self, quota: RetryQuota, lock: AbstractContextManager[object] | None = None) -> None:
        self._quota = quota
        self._lock = lock if lock is not None else nullcontext()

    @property
    def tokens(self) -> int:
        """How many tokens are left."""
        return self._quota.tokens

    def take(self, cost: int) -> bool:
        """Take `cost` tokens; False, and nothing taken, where there are not as many."""
        with self._lock:
            left = self._quota.take(cost)
            if left is None:
                return False
            self._quota = left
            return True

    def give(self, amount: int) -> None:
        """Put `amount` tokens back."""
        if self._quota.tokens >= self._quota.capacity:
            return  # the usual case, a success with a full bucket, needs no lock: nothing can be added
        with self._lock:
            self._quota = self._quota.give(amount)
