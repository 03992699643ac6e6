"""The checks that operations share, each by its cause, in the order in which the service makes them.

    throttle (SC_00001, SC_00007) - syntax (SC_00002) - existence (SC_00003) - a record that can be processed (SC_00000)
    - allow-list and ownership (SC_00005, 403) - lock-out (SC_00005, 400) - in flight (SC_00004, SC_10000)
    - cancelled (SC_00006, 422) - state (SC_10001, SC_00004) - dispatch-after date (SC_30005) - quantities (SC_20000)
    - dimensions (SC_30003) - slot (SC_30004) - site (SC_30002) - carrier (SC_30001)

The order is a proposal; the documents do not give one.
"""

from __future__ import annotations

from recoup.sandbox.fulfillment.matrix import MATRIX, Action, Cell, State
from recoup.sandbox.fulfillment.programs import BRAZIL, Program, needs_invoice
from recoup.sandbox.fulfillment.store import Bucket, Fulfillment, Package, Shipment
from recoup.sandbox.fulfillment.validation import invalid, iso
from recoup.sandbox.operation import OperationCall, Refusal

__all__ = [
    "allowed",
    "dispatch_after",
    "existing_location",
    "existing_shipment",
    "move",
    "not_permitted",
    "own_location",
    "owned",
    "package_of",
    "shipment_id",
    "throttle",
]


def throttle(state: Fulfillment, operation: str, merchant_id: str, now: float) -> None:
    """Refuse while a dependency is down, and where the merchant's own limit, over all applications, is used up."""
    for outage in state.outages:
        if outage.start <= now < outage.until and outage.operation in (None, operation):
            raise Refusal("sc-00001-service-unavailable", because=f"a dependency is down until {iso(outage.until)}")
    settings = state.settings
    if operation in state.limits:
        limit = state.limits[operation]
    else:
        limit = settings.service_limits.get(operation, settings.service_limit)
    if limit is None:
        return
    bucket = state.buckets.get((operation, merchant_id))
    if bucket is None or bucket.limit != limit:
        bucket = state.buckets[operation, merchant_id] = Bucket(limit, limit.burst, now)
    if not bucket.take(now):
        raise Refusal(
            "sc-00007-rate-limited",
            because=f"the service grants {operation} {limit.rate:g} times a second to merchant {merchant_id}",
        )


def shipment_id(call: OperationCall) -> str:
    """The id in the path; the shipping options of 2021 have it in the query. Empty where there is none."""
    return call.path.get("shipmentId") or call.query.get("shipmentId", "")


def existing_shipment(state: Fulfillment, call: OperationCall) -> Shipment:
    """The shipment that the call names, of this merchant: another's is not found, so that nothing leaks."""
    name = shipment_id(call)
    if not name:
        invalid(None, "shipmentId", "the call names no shipment")
    shipment = state.shipments.get(name)
    if shipment is None or shipment.merchant_id != call.merchant_id:
        why = "there is no such shipment" if shipment is None else "the shipment belongs to another merchant"
        raise Refusal("sc-00003-entity-not-found", because=why, entity="shipmentId", id=name)
    if shipment.number_of_units != sum(line.units for line in shipment.lines):
        raise Refusal(
            "sc-00000-internal-failure",
            because=f"the record of shipment {shipment.id} does not add up: {shipment.number_of_units} units",
        )
    return shipment


def allowed(state: Fulfillment, merchant_id: str) -> None:
    """Refuse a merchant who is not on Amazon's list for External Fulfillment."""
    if not state.merchant(merchant_id).allowed:
        raise Refusal("sc-00005-forbidden", because=f"merchant {merchant_id} is not on the allow-list")


def owned(state: Fulfillment, shipment: Shipment) -> None:
    """Refuse a merchant not on the list, and a shipment that another platform processes."""
    allowed(state, shipment.merchant_id)
    if shipment.source == "EXTERNAL_PLATFORM":
        raise Refusal("sc-00005-forbidden", because="the shipment is processed on an external platform")


def existing_location(state: Fulfillment, location_id: str) -> None:
    """Refuse a location that does not exist."""
    if location_id not in state.locations:
        raise Refusal(
            "sc-00003-entity-not-found", because="there is no such location", entity="locationId", id=location_id
        )


def own_location(state: Fulfillment, merchant_id: str, location_id: str) -> None:
    """Refuse a location that exists and is not the merchant's."""
    if merchant_id not in state.locations[location_id].merchant_ids:
        raise Refusal("sc-00005-forbidden", because=f"location {location_id} is not of merchant {merchant_id}")


def package_of(shipment: Shipment, package_id: str) -> Package | None:
    """The package of that id; None where the shipment has no packages yet, which its state then explains."""
    if not shipment.packages:
        return None
    package = shipment.packages.get(package_id)
    if package is None:
        raise Refusal(
            "sc-00003-entity-not-found", because="no such package of this shipment", entity="packageId", id=package_id
        )
    return package


def move(shipment: Shipment, action: Action, package: Package | None = None) -> Cell:
    """The cell of the matrix for this action now. Raises the refusal that it names; `same` is left to the caller."""
    current = shipment.state
    if package is not None and current is not State.CANCELLED:
        current = package.state
    cell = MATRIX[action, current]
    if cell.refusal == "cancelled":
        raise Refusal("sc-00006-order-cancelled", because=f"{action} on a cancelled shipment")
    if cell.refusal == "done already":
        raise Refusal(
            "sc-00004-duplicate-client-token",
            because=f"{action} was done already, the state is {current}",
            entity="shipmentId",
            id=shipment.id,
        )
    if cell.refusal == "not permitted" or (cell.when and not _has(shipment, cell.when)):
        raise not_permitted(action, current, cell.when)
    return cell


def not_permitted(action: Action, current: State, trait: str = "") -> Refusal:
    """The refusal of an action that does not fit the state."""
    suffix = f", and the shipment is not '{trait}'" if trait else ""
    return Refusal("sc-10001-operation-not-permitted", because=f"{action} in state {current}{suffix}")


def _has(shipment: Shipment, trait: str) -> bool:
    flex = shipment.program is Program.SELLER_FLEX
    match trait:
        case "mfn":
            return not flex
        case "flex":
            return flex
        case "invoiced":
            return needs_invoice(shipment.program, shipment.marketplace_id)
        case "plain":
            return not shipment.invoice_required
        case "plainflex":
            return flex and not shipment.invoice_required
        case "readable":
            return shipment.marketplace_id == BRAZIL
        case "eligible":
            return shipment.state in shipment.rejectable
        case _:  # "own"
            return shipment.program is Program.SELF_SHIP


def dispatch_after(state: Fulfillment, shipment: Shipment, operation: str, now: float) -> None:
    """Refuse to pack or label a shipment before its dispatch-after date."""
    if operation in state.settings.dispatch_after_guards and now < shipment.earliest_pack:
        date = iso(shipment.earliest_pack)
        raise Refusal("sc-30005-dispatch-after-date", because=f"{operation} before {date}", dispatch_after=date)
