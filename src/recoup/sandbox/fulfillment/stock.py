"""Reservation of stock: taken when a shipment comes in, given back when it is cancelled, used up when it is labelled.

The caller's quantity includes the units of shipments in work until the ship label exists; from then on the units have
left the caller's count, so that the stock and the reservation fall together.
"""

from __future__ import annotations

from recoup.sandbox.fulfillment.matrix import State
from recoup.sandbox.fulfillment.store import Fulfillment, InventoryItem, ItemKey, Line, Shipment

__all__ = ["assign_waiting", "consume", "covers", "item_key", "item_of", "release", "reserve"]


def item_key(merchant_id: str, location_id: str, sku: str, marketplace_id: str, channel: str) -> ItemKey:
    """The key of a stock record: the sequence number is kept for each of them."""
    return (merchant_id, location_id, sku, marketplace_id, channel)


def item_of(state: Fulfillment, shipment: Shipment, line: Line) -> InventoryItem:
    """The stock record of a line, made where it is not there yet."""
    key = item_key(shipment.merchant_id, shipment.location_id, line.sku, shipment.marketplace_id, shipment.channel)
    found = state.items.get(key)
    if found is None:
        found = state.items[key] = InventoryItem(
            line.sku, shipment.location_id, shipment.marketplace_id, shipment.channel
        )
    return found


def reserve(state: Fulfillment, shipment: Shipment) -> None:
    """Reserve the units of a new shipment."""
    for line in shipment.lines:
        item_of(state, shipment, line).reserved += line.units
    shipment.reserved = True


def covers(state: Fulfillment, shipment: Shipment) -> bool:
    """Whether stock covers what is reserved for every line of the shipment."""
    items = (item_of(state, shipment, line) for line in shipment.lines)
    return all(item.quantity >= item.reserved for item in items)


def release(state: Fulfillment, shipment: Shipment) -> None:
    """Give the units of a cancelled shipment back; happens once."""
    if shipment.reserved:
        for line in shipment.lines:
            item_of(state, shipment, line).reserved -= line.units
        shipment.reserved = False


def consume(state: Fulfillment, shipment: Shipment) -> None:
    """Take the units of a labelled shipment out of stock and out of the reservation; happens once."""
    if shipment.reserved:
        for line in shipment.lines:
            item = item_of(state, shipment, line)
            item.reserved -= line.units
            item.quantity = max(0, item.quantity - line.units)
        shipment.reserved = False


def assign_waiting(state: Fulfillment, merchant_id: str, location_id: str, now: float) -> None:
    """Accept the shipments that waited in CREATED for stock which has come, the oldest first."""
    for shipment in list(state.listing(merchant_id, State.CREATED, location_id)):
        if covers(state, shipment):
            state.touch(shipment, now, State.ACCEPTED)
