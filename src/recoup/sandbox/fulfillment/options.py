"""retrieveShippingOptions: slots in which a package can be handed over. A GET that moves the package on.

Easy Ship gets pick-up slots of Amazon's carriers, Self Ship its own delivery or another courier, Seller Flex an empty
list, because its channel has one fixed option. Slots lie on a fixed grid, so that the same slot has the same id for
all packages of a shipment; what was offered is kept with each package, and runs out.
"""

from __future__ import annotations

import base64
import hashlib
import math
from typing import Any

from recoup.sandbox.fulfillment.checks import move, package_of
from recoup.sandbox.fulfillment.matrix import Action
from recoup.sandbox.fulfillment.programs import Program
from recoup.sandbox.fulfillment.steps import Asked, Effect, Step
from recoup.sandbox.fulfillment.store import Fulfillment, Option, Shipment
from recoup.sandbox.fulfillment.validation import iso, text
from recoup.sandbox.operation import OperationCall, Outcome, Refusal

__all__ = ["RETRIEVE_SHIPPING_OPTIONS", "check_option", "option_wire", "slot_room"]


def _read(state: Fulfillment, call: OperationCall) -> Asked:
    return Asked(Action.OPTIONS, text(call.query, "packageId"))


def _plan(state: Fulfillment, shipment: Shipment, asked: Asked, now: float) -> Effect:
    package = package_of(shipment, asked.data)
    cell = move(shipment, Action.OPTIONS, package)

    def effect() -> Outcome:
        offered = _offer(state, shipment, now)
        if package is not None:
            package.options = {**package.options, **{option.id: option for option in offered}}
            if cell.next is not None:
                package.state = cell.next
                state.settle(shipment, now)
        body: dict[str, Any] = {"shippingOptions": [option_wire(option) for option in offered]}
        if offered:
            body["recommendedShippingOption"] = option_wire(offered[0])
        return Outcome(body=body)

    return effect


def _offer(state: Fulfillment, shipment: Shipment, now: float) -> list[Option]:
    settings = state.settings
    if shipment.program is Program.SELLER_FLEX:
        return []
    first = math.ceil((now + settings.slot_lead) / 3600) * 3600
    starts = [first + position * settings.slot_length for position in range(settings.slots_offered)]
    if shipment.program is Program.SELF_SHIP:
        return [_option(state, shipment, "", ship_by, starts[0], now) for ship_by in ("SELLER", "THIRD_PARTY_CARRIER")]
    return [
        _option(state, shipment, carrier, "MARKETPLACE", start, now)
        for start in starts
        for carrier in settings.carriers
        if slot_room(state, shipment, carrier, start)
    ]


def _option(state: Fulfillment, shipment: Shipment, carrier: str, ship_by: str, start: float, now: float) -> Option:
    end = start + state.settings.slot_length
    text_id = f"{state.seed}|{shipment.id}|{ship_by}|{carrier}|{start:.0f}"
    # Real ids hold '=' and '/', which must be percent-encoded in a query; so do these.
    option_id = "AB/" + base64.b64encode(hashlib.sha256(text_id.encode()).digest()[:19]).decode()
    return Option(option_id, carrier, ship_by, start, end, min(end, now + state.settings.option_lifetime))


def slot_room(state: Fulfillment, shipment: Shipment, carrier: str, start: float) -> bool:
    """Whether the slot can take another parcel."""
    return state.slot_used.get((shipment.location_id, carrier, start), 0) < state.settings.slot_capacity


def check_option(option: Option, now: float) -> None:
    """Refuse an option that has run out (SC_30004)."""
    if now >= option.expires:
        raise Refusal("sc-30004-pickup-slot-expired", because=f"the option could be used until {iso(option.expires)}")


def option_wire(option: Option) -> dict[str, Any]:
    """The option as it stands in the answer."""
    window = {"startTime": int(option.start), "endTime": int(option.end)}
    wire: dict[str, Any] = {"shippingOptionId": option.id, "shipBy": option.ship_by}
    if option.carrier:
        wire["carrierName"] = option.carrier
        wire["pickupWindow"] = window
        wire["timeSlot"] = {**window, "handoverMethod": "PICKUP"}
    return wire


RETRIEVE_SHIPPING_OPTIONS = Step(_read, _plan)
