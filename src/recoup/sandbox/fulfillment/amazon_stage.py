"""createSandboxLocation, createSandboxShipment and updateSandboxShipment: Amazon's own sandbox operations.

They act as the marketplace does: an order comes in, is cancelled, is scanned by the carrier, its invoice becomes
available, transport moves its pickup date.
"""

from __future__ import annotations

from typing import Any

from recoup.sandbox.fulfillment.births import ORDER_TYPES, new_location, new_shipment
from recoup.sandbox.fulfillment.checks import (
    allowed,
    existing_location,
    existing_shipment,
    own_location,
)
from recoup.sandbox.fulfillment.invoices import make_available
from recoup.sandbox.fulfillment.matrix import State, rank
from recoup.sandbox.fulfillment.processing import cancel
from recoup.sandbox.fulfillment.programs import MARKETPLACES, Channel, ShippingType
from recoup.sandbox.fulfillment.steps import NO_CONTENT
from recoup.sandbox.fulfillment.store import Fulfillment, Shipment
from recoup.sandbox.fulfillment.validation import array, body_object, instant, invalid, one_of, struct, text, unique
from recoup.sandbox.operation import OperationCall, Outcome, Refusal

__all__ = ["carrier_event", "create_sandbox_location", "create_sandbox_shipment", "update_sandbox_shipment"]

_CHANNELS = (Channel.FBA, Channel.MFN)
_COUNTS = ("SINGLE", "MULTIPLE")
_UPDATES = ("SHIPMENT_STATUS_CHANGE", "INVOICE_AVAILABILITY_CHANGE", "TRANSPORT_CAPACITY_CHANGE")


def create_sandbox_location(state: Fulfillment, call: OperationCall) -> Outcome:
    """A location for each channel that is asked for. Calling again with the same name gives the same locations."""
    body = body_object(call, required="merchantIds")
    merchants = _strings(body, "merchantIds")
    marketplace_id = one_of(body, "marketplaceId", MARKETPLACES)
    channels = list(_CHANNELS)
    if body.get("channels") is not None:
        names = _strings(body, "channels")
        channels = [Channel(one_of({"channels": name}, "channels", _CHANNELS)) for name in names]
    name = text(body, "locationName", most=60)
    home = MARKETPLACES[marketplace_id].region
    if home != call.region:
        because = f"{marketplace_id} belongs to {home}, this endpoint to {call.region}"
        raise Refusal("403-region-mismatch", because=because)
    allowed(state, call.merchant_id)
    if call.merchant_id not in merchants:
        raise Refusal("sc-00005-forbidden", because="the caller is not among the merchants of the location")
    ids = {channel: new_location(state, merchants, marketplace_id, channel, name).id for channel in channels}
    return Outcome(body={"locationIds": {str(channel): location_id for channel, location_id in ids.items()}})


def _strings(body: dict[str, Any], name: str) -> list[str]:
    entries = array(body, name)
    for index, entry in enumerate(entries):
        if not isinstance(entry, str) or not entry:
            invalid(entry, f"{name}[{index}]", "a string is required")
    unique(entries, name)
    return entries


def create_sandbox_shipment(state: Fulfillment, call: OperationCall) -> Outcome:
    """A new shipment, as if a buyer had ordered."""
    body = body_object(call, required="locationId")
    location_id = text(body, "locationId", most=36)
    marketplace_id = one_of(body, "marketplaceId", MARKETPLACES)
    channel = one_of(body, "marketplaceChannel", _CHANNELS)
    shipping = one_of(body, "shippingType", list(ShippingType), required=False) or ShippingType.MARKETPLACE
    order_types = _strings(body, "orderType") if body.get("orderType") else []
    for index, kind in enumerate(order_types):
        one_of({"kind": kind}, "kind", ORDER_TYPES, f"orderType[{index}].")
    lines = 2 if one_of(body, "lineItemCount", _COUNTS, required=False) == "MULTIPLE" else 1
    units = 2 if one_of(body, "quantityCount", _COUNTS, required=False) == "MULTIPLE" else 1
    existing_location(state, location_id)
    allowed(state, call.merchant_id)
    own_location(state, call.merchant_id, location_id)
    location = state.locations[location_id]
    if location.marketplace_id != marketplace_id:
        invalid(marketplace_id, "marketplaceId", "the location is in another marketplace")
    if location.channel != channel:
        invalid(channel, "marketplaceChannel", "the location is of another channel")
    shipment = new_shipment(
        state,
        call.merchant_id,
        location,
        call.now,
        shipping_type=shipping,
        order_types=order_types,
        units=[units] * lines,
    )
    return Outcome(body={"shipmentId": shipment.id})


def update_sandbox_shipment(state: Fulfillment, call: OperationCall) -> Outcome:
    """What the marketplace or the carrier does to a shipment."""
    body = body_object(call, required="updateType")
    kind = one_of(body, "updateType", _UPDATES)
    given = body.get("updates")
    updates: dict[str, Any] = {}
    if kind == "INVOICE_AVAILABILITY_CHANGE":
        if given is not None:
            invalid(given, "updates", "must be absent for a change of the invoice")
    else:
        updates = struct(body, "updates")
    status = one_of(updates, "status", ("SHIPPED", "DELIVERED", "CANCELLED"), "updates.", required=False)
    sub_status = one_of(updates, "subStatus", ("OUT_FOR_DELIVERY",), "updates.", required=False)
    moment = updates.get("timestamp")
    timestamp = instant(moment, "updates.timestamp") if moment is not None else None
    if kind == "SHIPMENT_STATUS_CHANGE" and bool(status) == bool(sub_status):
        invalid(sub_status or None, "updates.subStatus", "either a status or a sub-status is required")
    if kind == "TRANSPORT_CAPACITY_CHANGE" and timestamp is None:
        invalid(None, "updates.timestamp", "the expected pickup date is required")
    shipment = existing_shipment(state, call)
    allowed(state, call.merchant_id)
    if kind == "INVOICE_AVAILABILITY_CHANGE":
        make_available(state, shipment, call.now)
        state.touch(shipment, call.now)
    elif timestamp is not None and kind == "TRANSPORT_CAPACITY_CHANGE":
        shipment.expected_pickup = timestamp
        state.touch(shipment, call.now)
    else:
        carrier_event(state, shipment, status or sub_status, call.now)
    return NO_CONTENT


def carrier_event(state: Fulfillment, shipment: Shipment, event: str, now: float) -> None:
    """SHIPPED, OUT_FOR_DELIVERY or DELIVERED from the carrier, or CANCELLED from the marketplace."""
    current = shipment.state
    if current is State.CANCELLED:
        raise Refusal("sc-00006-order-cancelled", because=f"{event} on a cancelled shipment")
    if event == "CANCELLED":
        fits = rank(current) < rank(State.SHIPPED)
    else:
        fits = current is (State.SHIPLABEL_GENERATED if event == "SHIPPED" else State.SHIPPED)
    if not fits:
        raise Refusal("sc-10001-operation-not-permitted", because=f"{event} in state {current}")
    if event == "CANCELLED":
        cancel(state, shipment, now, "MARKETPLACE_CANCELLED")
        return
    if event == "OUT_FOR_DELIVERY":
        shipment.sub_status = event
        state.touch(shipment, now)
        return
    shipment.sub_status = "DELIVERED" if event == "DELIVERED" else ""
    for package in shipment.packages.values():
        package.state = State(event)
    state.settle(shipment, now)
