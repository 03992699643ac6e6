"""A usage plan, and whose: the bucket that Amazon keeps for one operation of one application and selling partner."""

from __future__ import annotations

import msgspec

__all__ = ["BucketKey", "Plan"]


class Plan(msgspec.Struct, frozen=True, gc=False):
    """`rate` requests a second refill a bucket that holds `burst` of them and starts full."""

    rate: float
    burst: int

    @property
    def interval(self) -> float:
        """Seconds in which the bucket gets one request back."""
        return 1.0 / self.rate


class BucketKey(msgspec.Struct, frozen=True, cache_hash=True, gc=False):
    """Whose bucket it is. None of the four is a secret.

    `application` is the client id, or `-` where it is not known. `seller` is a name that the user gave, or a
    fingerprint of the refresh token; `-` for grantless operations, whose plans are the application's own. `region` is
    `na`, `eu`, `fe`, with `sandbox-` before it for Amazon's static sandboxes, or the host and port of another service.
    `operation` is `api/version/id`, as in `orders/v0/getOrders`.
    """

    application: str
    seller: str
    region: str
    operation: str
