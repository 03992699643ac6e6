"""Reservation of stock: taken when a shipment comes in, given back when it is cancelled, used up when it is labelled.

The caller's quantity includes the units of shipments in work until the ship label exists; from then on the units have
left the caller's count, so that the stock and the reservation fall together.
"""

from __future__ import annotations

from recoup.sandbox.fulfillment.matrix import State
from recoup.sandbox.fulfillment.store import Fulfillment, InventoryItem, ItemKey, Line, Shipment

__all__ = [
    "assign_waiting",
    "consume",
    "covers",
    "item_key",
    "item_of",
    "key_of",
    "release",
    "reserve",
    "wait_for_stock",
]


def item_key(merchant_id: str, location_id: str, sku: str, marketplace_id: str, channel: str) -> ItemKey:
    """The key of a stock record: the sequence number is kept for each of them."""
    return (merchant_id, location_id, sku, marketplace_id, channel)


def key_of(shipment: Shipment, line: Line) -> ItemKey:
    """The key of the stock record of a line."""
    return item_key(shipment.merchant_id, shipment.location_id, line.sku, shipment.marketplace_id, shipment.channel)


def item_of(state: Fulfillment, shipment: Shipment, line: Line) -> InventoryItem:
    """The stock record of a line, made where it is not there yet."""
    key = key_of(shipment, line)
    found = state.items.get(key)
    if found is None:
        found = InventoryItem(line.sku, shipment.location_id, shipment.marketplace_id, shipment.channel)
        state.items[key] = found
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


def release(state: Fulfillment, shipment: Shipment, now: float) -> None:
    """Give the units of a cancelled shipment back, to those that wait for them; happens once."""
    if shipment.reserved:
        shipment.reserved = False
        for line in shipment.lines:
            item_of(state, shipment, line).reserved -= line.units
        for line in shipment.lines:
            assign_waiting(state, key_of(shipment, line), now)


def consume(state: Fulfillment, shipment: Shipment) -> None:
    """Take the units of a labelled shipment out of stock and out of the reservation; happens once."""
    if shipment.reserved:
        for line in shipment.lines:
            item = item_of(state, shipment, line)
            item.reserved -= line.units
            item.quantity = max(0, item.quantity - line.units)
        shipment.reserved = False


def wait_for_stock(state: Fulfillment, shipment: Shipment) -> None:
    """Let a shipment in CREATED wait for stock of each of its lines."""
    for line in shipment.lines:
        state.waiting.setdefault(key_of(shipment, line), {})[shipment.id] = None


def assign_waiting(state: Fulfillment, key: ItemKey, now: float) -> None:
    """Accept the shipments that waited for this stock and are covered now, the oldest first."""
    waiting, item = state.waiting.get(key), state.items.get(key)
    if not waiting or item is None or item.quantity < item.reserved:
        return
    for shipment_id in list(waiting):
        shipment = state.shipments[shipment_id]
        if shipment.state is State.CREATED and covers(state, shipment):
            state.touch(shipment, now, State.ACCEPTED)
        if shipment.state is not State.CREATED:  # also one that was confirmed or cancelled while it waited
            del waiting[shipment_id]
