"""The outside forces on orders, listings, reports and notifications, as plain methods.

Checked before anything changes. Instants are epoch seconds (UTC) of virtual time; `now` is filled in from the clock.
"""

from __future__ import annotations

from typing import Any, Literal

from msgspec import to_builtins

from recoup.catalogue.facts.marketplaces import by_id
from recoup.sandbox.general.delivery import Courier, local_endpoint
from recoup.sandbox.general.state import General, Listing, Order, OrderLine

__all__ = ["GeneralStage", "make_order"]

_WORDS = ("Kettle", "Lamp", "Notebook", "Scarf", "Puzzle", "Whisk", "Rucksack", "Clock")
Status = Literal["PENDING", "UNSHIPPED", "PARTIALLY_SHIPPED", "SHIPPED", "CANCELLED", "UNFULFILLABLE"]


class GeneralStage:
    """What buyers, Amazon and the developer's console do. Without `merchant_id` the first seller is meant."""

    def __init__(self, state: General, courier: Courier, merchant_id: str, application_id: str) -> None:
        self._state = state
        self._courier = courier
        self._merchant_id = merchant_id
        self._application_id = application_id

    def add_order(
        self,
        marketplace_id: str | None = None,
        status: Status = "UNSHIPPED",
        merchant_id: str | None = None,
        *,
        now: float,
    ) -> str:
        """A buyer orders; gives the order id."""
        merchant_id, marketplace_id = self._place(merchant_id, marketplace_id)
        return make_order(self._state, merchant_id, marketplace_id, now, status).id

    def add_listing(
        self,
        sku: str,
        marketplace_id: str | None = None,
        product_type: str = "PRODUCT",
        merchant_id: str | None = None,
        *,
        now: float,
    ) -> str:
        """A listing that has been there for long; gives its ASIN."""
        merchant_id, marketplace_id = self._place(merchant_id, marketplace_id)
        listing = Listing(
            merchant_id=merchant_id,
            marketplace_id=marketplace_id,
            sku=sku,
            asin=self._state.asin(),
            product_type=product_type,
            attributes={"item_name": [{"value": sku, "marketplace_id": marketplace_id}]},
            created=now,
            updated=now,
            visible=now,
        )
        self._state.listings[(merchant_id, marketplace_id, sku)] = listing
        return listing.asin

    def remove_listing(self, sku: str, marketplace_id: str | None = None, *, now: float) -> None:
        """Somebody deletes a listing in Seller Central."""
        merchant_id, marketplace_id = self._place(None, marketplace_id)
        listing = self._state.listings.get((merchant_id, marketplace_id, sku))
        if listing is None or listing.deleted:
            raise ValueError(f"there is no listing {sku!r} in {marketplace_id}")
        listing.deleted, listing.updated = True, now

    def connect_queue(self, arn: str, url: str) -> None:
        """Let a local endpoint stand for a queue: what is sent to the ARN is posted to the URL."""
        self._state.queues[arn] = local_endpoint(url)

    def enroll_for_rotation(self, arn: str) -> None:
        """The developer's console: new client secrets are sent to this queue."""
        if not arn.startswith("arn:aws:sqs:"):
            raise ValueError(f"{arn!r} is not the ARN of a queue")
        self._state.rotation_queue[self._application_id] = arn

    def developer_id(self, region: Literal["NA", "EU", "FE"] = "NA") -> str:
        """The developer id under which the application is registered in a region."""
        return self._state.developer_id(self._application_id, region)

    def set_delivery(self, duplicates: float, reordering: float) -> None:
        """How often notifications come twice, and late, from now on."""
        for name, value in (("duplicates", duplicates), ("reordering", reordering)):
            if not 0 <= value <= 1:
                raise ValueError(f"{name} is a probability from 0 to 1, not {value!r}")
        self._courier.set_chances(duplicates, reordering)

    def deliveries(self) -> list[dict[str, Any]]:
        """What came of the notifications that were posted so far, the oldest first."""
        return [to_builtins(delivery) for delivery in list(self._courier.log)]

    def _place(self, merchant_id: str | None, marketplace_id: str | None) -> tuple[str, str]:
        merchant_id = merchant_id or self._merchant_id
        partner = self._state.accounts.partners.get(merchant_id)
        if partner is None:
            raise ValueError(f"no selling partner has the id {merchant_id!r}")
        marketplace_id = marketplace_id or (partner.marketplaces[0] if partner.marketplaces else "")
        if by_id(marketplace_id) is None:
            raise ValueError(f"there is no marketplace {marketplace_id!r}")
        return merchant_id, marketplace_id


def make_order(state: General, merchant_id: str, marketplace_id: str, created: float, status: str) -> Order:
    """A made-up order with one or two lines, out of the seed."""
    lines = tuple(
        OrderLine(
            id=state.digits(14),
            sku=f"SANDBOX-SKU-{state.random.randrange(1, 4)}",
            asin=state.asin(),
            title=state.random.choice(_WORDS),
            quantity=state.random.randrange(1, 4),
            price=state.random.randrange(500, 20_000, 50),
        )
        for _ in range(state.random.randrange(1, 3))
    )
    order = Order(
        id=state.order_id(),
        merchant_id=merchant_id,
        marketplace_id=marketplace_id,
        created=created,
        updated=created,
        status=status,
        fulfilled_by="MERCHANT",
        lines=lines,
        postal_code=state.digits(5),
    )
    state.orders[order.id] = order
    return order
