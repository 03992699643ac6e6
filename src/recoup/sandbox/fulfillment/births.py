"""How locations and shipments come to be: ids, lines, dates and requirements, drawn from the seed."""

from __future__ import annotations

import string
from collections.abc import Collection, Sequence

from recoup.sandbox.fulfillment import stock
from recoup.sandbox.fulfillment.matrix import State
from recoup.sandbox.fulfillment.programs import BRAZIL, Channel, needs_invoice, program_of
from recoup.sandbox.fulfillment.store import Fulfillment, InventoryItem, Line, Location, Return, Shipment

__all__ = ["ORDER_TYPES", "new_location", "new_return", "new_shipment"]

ORDER_TYPES = (
    "HAZMAT",
    "GIFT_WRAP",
    "GIFT_MESSAGE",
    "MPS",
    "SERIAL",
    "CROSS_BORDER",
    "REPLACEMENT",
    "EXCHANGE",
    "PHARMA_NON_PRESCRIPTION",
    "PHARMA_PRESCRIPTION",
)
# The states in which Amazon's samples let a seller reject.
_REJECTABLE = (State.ACCEPTED, State.CONFIRMED, State.PACKAGE_CREATED, State.PICKUP_SLOT_RETRIEVED)
_BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase


def new_location(
    state: Fulfillment, merchant_ids: Collection[str], marketplace_id: str, channel: Channel, name: str
) -> Location:
    """The location of that name; the same name, marketplace, channel and merchants give the same location again.

    A new one begins with stock of the sandbox's own SKUs, so that its shipments have something to send.
    """
    merchants = frozenset(merchant_ids)
    for known in state.locations.values():
        if (known.name, known.marketplace_id, known.channel, known.merchant_ids) == (
            name,
            marketplace_id,
            channel,
            merchants,
        ):
            return known
    location = Location(_location_id(state, channel), name, marketplace_id, channel, merchants)
    state.locations[location.id] = location
    for merchant_id in sorted(merchants):
        state.merchant(merchant_id)
        for sku in state.settings.starting_skus:
            key = stock.item_key(merchant_id, location.id, sku, marketplace_id, channel)
            state.items[key] = InventoryItem(
                sku, location.id, marketplace_id, channel, quantity=state.settings.starting_stock
            )
    return location


def _location_id(state: Fulfillment, channel: Channel) -> str:
    """A warehouse code of four characters for FBA, a longer id for the seller's own locations."""
    while True:
        if channel is Channel.FBA:
            new = "".join(state.random.choices(string.ascii_uppercase, k=4))
        else:
            digits = f"{state.random.getrandbits(128):032x}"
            new = "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
        if new not in state.locations:
            return new


def new_shipment(
    state: Fulfillment,
    merchant_id: str,
    location: Location,
    now: float,
    *,
    shipping_type: str = "MARKETPLACE",
    order_types: Collection[str] = (),
    units: Sequence[int] = (1,),
    skus: Sequence[str] = (),
) -> Shipment:
    """A new shipment with one line for each number in `units`, its stock reserved.

    It is ACCEPTED where stock covers it. Where not, a merchant-fulfilled one waits in CREATED for stock to come.
    """
    settings = state.settings
    names = list(skus) or list(settings.starting_skus)
    lines = [
        _line(state, str(position + 1), names[position % len(names)], count, order_types)
        for position, count in enumerate(units)
    ]
    program = program_of(location.channel, shipping_type)
    required = needs_invoice(program, location.marketplace_id)
    pending = required and location.marketplace_id == BRAZIL
    kind = next((kind for kind in ("REPLACEMENT", "EXCHANGE") if kind in order_types), "NEW")
    expected = now + settings.expected_ship_delay
    shipment = Shipment(
        id=_shipment_id(state),
        sequence=len(state.shipments) + 1,
        merchant_id=merchant_id,
        location_id=location.id,
        marketplace_id=location.marketplace_id,
        channel=location.channel,
        shipping_type=shipping_type,
        state=State.ACCEPTED,
        lines=lines,
        number_of_units=sum(units),
        order_id=_order_id(state),
        shipment_type=kind,
        created=now,
        updated=now,
        earliest_pack=now + settings.dispatch_after_delay,
        expected_ship=expected,
        expected_pickup=expected,
        invoice_required=required,
        invoice_status="PENDING" if pending else "NOT_AVAILABLE",
        postal_code=f"{state.random.randrange(10**6):06d}",
        rejectable=_REJECTABLE,
    )
    stock.reserve(state, shipment)
    if location.channel == Channel.MFN and not stock.covers(state, shipment):
        shipment.state = State.CREATED
        stock.wait_for_stock(state, shipment)
    state.add(shipment)
    return shipment


def _line(state: Fulfillment, line_id: str, sku: str, units: int, order_types: Collection[str]) -> Line:
    def level(*kinds: str) -> str:
        return "REQUIRED" if any(kind in order_types for kind in kinds) else "DISALLOWED"

    return Line(
        line_id,
        sku,
        units,
        unit_price=state.random.randrange(500, 50_000, 50),
        serial_numbers=level("SERIAL"),
        hazmat_labels=level("HAZMAT"),
        country_of_origin=level("CROSS_BORDER"),
        item_value=level("CROSS_BORDER"),
        gift_wrap="GIFT_WRAP" in order_types,
        gift_message="GIFT_MESSAGE" in order_types,
    )


def new_return(
    state: Fulfillment, shipment: Shipment, line: Line, units: int, reason: str, status: str, now: float
) -> Return:
    """A new return of units of a line."""
    digits = f"{state.random.getrandbits(128):032x}"
    item = Return(
        id="-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:])),
        sequence=len(state.returns) + 1,
        merchant_id=shipment.merchant_id,
        shipment_id=shipment.id,
        order_id=shipment.order_id,
        location_id=shipment.location_id,
        marketplace_id=shipment.marketplace_id,
        channel=shipment.channel,
        sku=line.sku,
        units=units,
        status=status,
        rma_id=f"RMA{state.random.randrange(10**9):09d}",
        tracking_id=str(state.random.randrange(10**11, 10**12)),
        reason=reason,
        created=now,
        updated=now,
    )
    state.returns[item.id] = item
    return item


def _shipment_id(state: Fulfillment) -> str:
    while True:
        new = "D" + "".join(state.random.choices(_BASE62, k=8))
        if new not in state.shipments:
            return new


def _order_id(state: Fulfillment) -> str:
    return "-".join(
        (
            f"{state.random.randrange(100, 1000)}",
            f"{state.random.randrange(10**7):07d}",
            f"{state.random.randrange(10**7):07d}",
        )
    )
