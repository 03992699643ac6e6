"""What Amazon does not publish about External Fulfillment, as documented settings of the sandbox.

Every default is a proposal: the documents name the rule ("the carrier capacity", "maximum number of retry") and not its
figure. Lengths are centimetres, weights grams, durations seconds of virtual time, rates calls a second.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

__all__ = ["CarrierLimit", "FulfillmentSettings", "RateLimit"]


class RateLimit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A token bucket: `rate` tokens a second, never more than `burst`, full at the start."""

    rate: float
    burst: float


class CarrierLimit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The largest parcel that one carrier takes. It refuses a larger one without saying why (SC_30001)."""

    max_side_cm: float
    max_weight_g: float


class FulfillmentSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The sandbox's own figures where the documents give none."""

    # Packages: what the channel takes at all. Beyond these a package is provably wrong (SC_30003).
    max_side_cm: float = 274.0
    max_weight_g: float = 68_000.0
    min_weight_g: float = 5.0  # the one documented limit
    carriers: tuple[str, ...] = ("ATS", "BLUEDART")
    carrier_limits: Mapping[str, CarrierLimit] = msgspec.field(
        default_factory=lambda: {"BLUEDART": CarrierLimit(120.0, 30_000.0)}
    )

    # Shipping options: an option may be used for this long after it was offered, and never after its slot's end.
    option_lifetime: float = 900.0
    slot_length: float = 7200.0
    slot_lead: float = 3600.0  # the first slot begins at the next full hour after this much time
    slots_offered: int = 3
    slot_capacity: int = 100  # parcels a location may hand over in one slot to one carrier

    # The dispatch-after date holds back these operations (SC_30005).
    dispatch_after_guards: frozenset[str] = frozenset({"createPackages", "generateShipLabels"})
    dispatch_after_delay: float = 0.0  # a new shipment may be packed this long after its creation
    expected_ship_delay: float = 86_400.0  # and is expected to ship this long after it

    # Labels and documents.
    label_format: str = "PDF"  # PDF, ZPL or PNG
    document_lifetime: float = 300.0  # how long a presigned link works
    document_base: str = "https://documents.sandbox.invalid"  # the server puts its own address here

    # The lock-out after failed attempts of one operation on one order (SC_00005, InvalidInput).
    lockout_failures: int = 5
    lockout_seconds: float = 3600.0

    # The service's own limit, for each operation and merchant over all applications (SC_00007). Larger than what the
    # front door grants one application, so that only several together meet it.
    service_limit: RateLimit | None = RateLimit(5.0, 15.0)
    service_limits: Mapping[str, RateLimit] = msgspec.field(
        default_factory=lambda: {
            "retrieveShippingOptions": RateLimit(1.0, 8.0),
            "generateShipLabels": RateLimit(1.0, 8.0),
            "batchInventory": RateLimit(50.0, 150.0),
        }
    )

    # Listings and batches.
    page_size: int = 10
    max_page_size: int = 100
    batch_limit: int = 10

    # A new location begins with this many units of each of the sandbox's own SKUs.
    starting_stock: int = 1000
    starting_skus: tuple[str, ...] = ("SANDBOX-SKU-1", "SANDBOX-SKU-2", "SANDBOX/SKU 3")
