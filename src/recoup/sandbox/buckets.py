"""Token buckets of the front door: one for each operation, application and selling partner.

A bucket starts full, holds `burst` requests and is refilled with `rate` requests a second of virtual time.
The sandbox writes this out for itself: sharing the client's own bucket would let one mistake hide in both.
"""

from __future__ import annotations

from recoup.catalogue.facts.operations import Operation
from recoup.sandbox.settings import SandboxSettings

__all__ = ["Buckets", "usage_plan"]

BucketKey = tuple[str, str, str]

# Seconds that do not count: an instant of today is exact to a quarter of a microsecond, and whoever waits exactly as
# long as one request takes to come back must not be refused for that.
_TICK = 1e-5


def usage_plan(operation: Operation, settings: SandboxSettings) -> tuple[float, float]:
    """Rate (requests a second) and burst of an operation; what is not known comes from the settings."""
    if operation.rate is None:
        return settings.unknown_rate, settings.unknown_rate_burst
    if operation.burst is not None:
        return operation.rate, float(operation.burst)
    return operation.rate, max(1.0, settings.unknown_burst_low if operation.rate <= 1 else settings.unknown_burst)


class Buckets:
    """The state of all buckets: what is left in each, and when that was last reckoned."""

    def __init__(self) -> None:
        self._left: dict[BucketKey, tuple[float, float]] = {}

    def take(self, key: BucketKey, rate: float, burst: float, now: float) -> bool:
        """Take one request out of the bucket. False, and nothing taken, where less than one is left."""
        left, since = self._left.get(key, (burst, now))
        if now > since:
            left = min(burst, left + (now - since) * rate)
        allowed = left >= 1.0 - rate * _TICK
        self._left[key] = (max(0.0, left - 1.0) if allowed else left, now)
        return allowed

    def left(self, key: BucketKey) -> float | None:
        """What the bucket held after the last request, or None where there was none yet."""
        entry = self._left.get(key)
        return None if entry is None else entry[0]

    def empty(self, key: BucketKey, now: float) -> None:
        """Pour the bucket out, as if other workers of the same application had used it up."""
        self._left[key] = (0.0, now)

    def __len__(self) -> int:
        return len(self._left)
