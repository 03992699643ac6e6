"""The orders behind External Fulfillment's shipments, as the Orders API shows them: one world, seen from two sides."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import sha256

from recoup.sandbox.fulfillment.matrix import State
from recoup.sandbox.fulfillment.programs import Channel
from recoup.sandbox.fulfillment.store import Line, Shipment
from recoup.sandbox.general.state import Order, OrderLine

__all__ = ["order_behind", "orders_behind"]

_STATUS = {State.CREATED: "PENDING", State.SHIPPED: "SHIPPED", State.DELIVERED: "SHIPPED", State.CANCELLED: "CANCELLED"}


def orders_behind(shipments: Iterable[Shipment], merchant_id: str) -> Iterator[Order]:
    """The merchant's orders that these shipments carry out, without their lines: many are looked at for one page."""
    return (_order(shipment) for shipment in shipments if shipment.merchant_id == merchant_id)


def order_behind(shipment: Shipment) -> Order:
    """The order that this shipment carries out."""
    return _order(shipment, tuple(_line(shipment, line) for line in shipment.lines))


def _order(shipment: Shipment, lines: tuple[OrderLine, ...] = ()) -> Order:
    return Order(
        id=shipment.order_id,
        merchant_id=shipment.merchant_id,
        marketplace_id=shipment.marketplace_id,
        created=shipment.created,
        updated=shipment.updated,
        status=_STATUS.get(shipment.state, "UNSHIPPED"),
        fulfilled_by="AMAZON" if shipment.channel == Channel.FBA else "MERCHANT",
        lines=lines,
        postal_code=shipment.postal_code,
    )


def _line(shipment: Shipment, line: Line) -> OrderLine:
    digest = sha256(f"{shipment.merchant_id}:{line.sku}".encode()).hexdigest().upper()
    number = int(sha256(f"{shipment.id}:{line.id}".encode()).hexdigest(), 16) % 10**14
    return OrderLine(f"{number:014d}", line.sku, f"B0{digest[:8]}", line.sku, line.units, line.unit_price)
