"""The outside forces: what happens to a seller without any call of theirs, as plain methods.

The drill and users' own tests set the stage with them. Each is a cause, never an answer: the fault follows from the
state. Instants are epoch seconds (UTC) of virtual time; where something is recorded as happening, `now` says when, and
without it the service's clock does (or else the latest call). A ValueError names what is not there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from typing import Literal

from recoup.sandbox.fulfillment.amazon_stage import carrier_event
from recoup.sandbox.fulfillment.births import ORDER_TYPES, new_location, new_return, new_shipment
from recoup.sandbox.fulfillment.invoices import make_available
from recoup.sandbox.fulfillment.matrix import State, rank
from recoup.sandbox.fulfillment.processing import cancel
from recoup.sandbox.fulfillment.programs import MARKETPLACES, Channel, ShippingType
from recoup.sandbox.fulfillment.returns import RETURN_STATUSES
from recoup.sandbox.fulfillment.settings import RateLimit
from recoup.sandbox.fulfillment.store import Fulfillment, InventoryItem, Outage, Shipment

__all__ = ["Stage"]

_LATEST = 253_402_300_799.0  # the end of the year 9999
_MOST_UNITS = 1_000_000  # of one line
_ELSEWHERE = "a change by another application"
_BROKEN = -1  # a number of units that no record can have


class Stage:
    """The hand of the marketplace, the carrier, Amazon's support and fate."""

    def __init__(
        self,
        state: Fulfillment,
        clock: Callable[[], float] | None = None,
        *,
        operations: frozenset[str] = frozenset(),
        timed: frozenset[str] = frozenset(),
    ) -> None:
        self._state = state
        self._clock = clock
        self._operations = operations
        self._timed = timed

    def _now(self, given: float | None) -> float:
        if given is not None:
            return given
        return self._clock() if self._clock is not None else self._state.now

    # -- what there is ---------------------------------------------------------------------------------------------

    def add_location(
        self, *, merchant_ids: Sequence[str], marketplace_id: str, channel: str, name: str = "stage"
    ) -> str:
        """Make a location with stock (or find the one of that name) and return its id."""
        if marketplace_id not in MARKETPLACES:
            raise ValueError(f"there is no marketplace {marketplace_id!r}")
        if not merchant_ids:
            raise ValueError("a location needs at least one merchant")
        return new_location(self._state, merchant_ids, marketplace_id, Channel(channel), name).id

    def add_shipment(
        self,
        *,
        location_id: str,
        now: float | None = None,
        merchant_id: str | None = None,
        shipping_type: str = "MARKETPLACE",
        order_types: Sequence[str] = (),
        units: Sequence[int] = (1,),
        skus: Sequence[str] = (),
    ) -> str:
        """Let an order come in, with one line for each number in `units`, and return the shipment's id."""
        location = self._state.locations.get(location_id)
        if location is None:
            raise ValueError(f"there is no location {location_id!r}")
        merchant = merchant_id if merchant_id is not None else min(location.merchant_ids)
        if merchant not in location.merchant_ids:
            raise ValueError(f"location {location_id!r} is not of merchant {merchant!r}")
        if not units or not all(1 <= count <= _MOST_UNITS for count in units):
            raise ValueError(f"every line needs at least one unit, and at most {_MOST_UNITS}")
        _check_name(shipping_type, list(ShippingType), "shipping type")
        for kind in order_types:
            _check_name(kind, ORDER_TYPES, "order type")
        if not all(skus):
            raise ValueError("a SKU has at least one character")
        return new_shipment(
            self._state,
            merchant,
            location,
            self._now(now),
            shipping_type=shipping_type,
            order_types=order_types,
            units=units,
            skus=skus,
        ).id

    def add_return(
        self,
        shipment_id: str,
        *,
        line: str = "1",
        units: int = 1,
        reason: str = "Missed",
        status: str = "CREATED",
        now: float | None = None,
    ) -> str:
        """Let a buyer send units of a line back, and return the id of the return."""
        shipment = self._shipment(shipment_id)
        if status not in RETURN_STATUSES:
            raise ValueError(f"the status of a return is one of {', '.join(RETURN_STATUSES)}")
        found = next((one for one in shipment.lines if one.id == line), None)
        if found is None or not 1 <= units <= found.units:
            raise ValueError(f"shipment {shipment_id!r} has no line {line!r} with {units} units")
        return new_return(self._state, shipment, found, units, reason, status, self._now(now)).id

    # -- records that cannot be processed, and outages -------------------------------------------------------------

    def poison(self, entity: str) -> None:
        """Break the record of a shipment or SKU, so that the service cannot process it (SC_00000), until `repair`."""
        shipment = self._state.shipments.get(entity)
        if shipment is not None:
            shipment.number_of_units = _BROKEN
            return
        for item in self._items(entity):
            item.poisoned = True

    def add_enum_value(self, shipment_id: str, value: str, field: Literal["status", "subStatus"] = "status") -> None:
        """Amazon adds a value to an enumeration without a new version, and a shipment has it (null-enum)."""
        shipment = self._shipment(shipment_id)
        self._state.newer_values.setdefault(shipment.id, {})[field] = value

    def remove_enum_value(self, shipment_id: str) -> None:
        """The shipment has values of the published models only."""
        self._state.newer_values.pop(self._shipment(shipment_id).id, None)

    def repair(self, entity: str) -> None:
        """Amazon's support repairs the record of a shipment or SKU."""
        shipment = self._state.shipments.get(entity)
        if shipment is not None:
            shipment.number_of_units = sum(line.units for line in shipment.lines)
            return
        for item in self._items(entity):
            item.poisoned = False

    def _items(self, sku: str) -> list[InventoryItem]:
        found = [item for item in self._state.items.values() if item.sku == sku]
        if not found:
            raise ValueError(f"there is no shipment and no SKU {sku!r}")
        return found

    def outage(self, until: float, *, start: float = -math.inf, operation: str | None = None) -> None:
        """A dependency is down from `start` to `until` (SC_00001), for one operation or for all."""
        if operation is not None:
            _check_name(operation, self._operations, "operation")
        self._state.outages.append(Outage(start, _moment(until), operation))

    def end_outages(self) -> None:
        """Every dependency is up again."""
        self._state.outages.clear()

    # -- limits ----------------------------------------------------------------------------------------------------

    def set_service_limit(self, operation: str, rate: float | None, burst: float = 1.0) -> None:
        """Set the service's own limit of an operation for each merchant (SC_00007); a rate of None takes it away."""
        _check_name(operation, self._operations, "operation")
        if rate is not None and (rate <= 0 or burst < 1):
            raise ValueError("a limit has a rate above 0 and a burst of at least 1")
        self._state.limits[operation] = None if rate is None else RateLimit(rate, burst)

    def restore_service_limit(self, operation: str) -> None:
        """Back to the limit of the settings."""
        self._state.limits.pop(operation, None)

    def set_carrier_capacity(self, carrier: str, parcels: int | None) -> None:
        """How many parcels a carrier still takes (SC_30001 at 0); None means no end."""
        _check_name(carrier, self._state.settings.carriers, "carrier")
        _set(self._state.carrier_capacity, carrier, parcels)

    def set_site_capacity(self, location_id: str, parcels: int | None) -> None:
        """How many parcels a day leave a location (SC_30002 beyond); None means no end."""
        if location_id not in self._state.locations:
            raise ValueError(f"there is no location {location_id!r}")
        _set(self._state.site_capacity, location_id, parcels)

    def fill_slot(self, shipment_id: str, option_id: str) -> None:
        """Other parcels fill the slot of an option that this shipment was offered (SC_30004)."""
        shipment = self._shipment(shipment_id)
        for package in shipment.packages.values():
            option = package.options.get(option_id)
            if option is not None:
                slot = (shipment.location_id, option.carrier, option.start)
                self._state.slot_used[slot] = self._state.settings.slot_capacity
                return
        raise ValueError(f"shipment {shipment_id!r} was not offered the option {option_id!r}")

    def take_time(self, operation: str, seconds: float) -> None:
        """Let an operation take virtual time, so that other calls meet it in flight; 0 makes it instant again."""
        _check_name(operation, self._timed, "operation that changes a shipment")
        if not 0 <= seconds < math.inf:
            raise ValueError("an operation takes 0 seconds or more")
        if seconds > 0:
            self._state.durations[operation] = seconds
        else:
            self._state.durations.pop(operation, None)

    def work_elsewhere(self, shipment_id: str, seconds: float, *, now: float | None = None) -> None:
        """Another application of the merchant changes the shipment, for so long (SC_10000); 0 ends it."""
        if not 0 <= seconds < math.inf:
            raise ValueError("a change takes 0 seconds or more")
        shipment = self._shipment(shipment_id)
        if shipment.busy not in ("", _ELSEWHERE):
            raise ValueError(f"{shipment.busy} of shipment {shipment_id!r} is in flight already")
        shipment.busy, shipment.busy_until = _ELSEWHERE, self._now(now) + seconds

    # -- what happens to a shipment, and to a merchant ---------------------------------------------------------------

    def set_dispatch_after(self, shipment_id: str, at: float, *, now: float | None = None) -> None:
        """The shipment may not be packed before `at` (SC_30005)."""
        shipment = self._shipment(shipment_id)
        shipment.earliest_pack = _moment(at)
        self._state.touch(shipment, self._now(now))

    def set_expected_ship(self, shipment_id: str, at: float, *, now: float | None = None) -> None:
        """The shipment is expected to be shipped and picked up at `at`."""
        shipment = self._shipment(shipment_id)
        shipment.expected_ship = shipment.expected_pickup = _moment(at)
        self._state.touch(shipment, self._now(now))

    def set_invoice_status(self, shipment_id: str, status: str, *, now: float | None = None) -> None:
        """The marketplace's invoice is PENDING, AVAILABLE or NOT_AVAILABLE."""
        if status not in ("PENDING", "AVAILABLE", "NOT_AVAILABLE"):
            raise ValueError("the status of an invoice is PENDING, AVAILABLE or NOT_AVAILABLE")
        shipment = self._shipment(shipment_id)
        if status == "AVAILABLE":
            make_available(self._state, shipment, self._now(now))
        else:
            shipment.invoice = None
            shipment.invoice_status = status
        self._state.touch(shipment, self._now(now))

    def set_processing_source(self, shipment_id: str, source: str, *, now: float | None = None) -> None:
        """Processed on INTERNAL_PLATFORM, or on EXTERNAL_PLATFORM, where this interface may not act (SC_00005)."""
        if source not in ("INTERNAL_PLATFORM", "EXTERNAL_PLATFORM"):
            raise ValueError("the source is INTERNAL_PLATFORM or EXTERNAL_PLATFORM")
        shipment = self._shipment(shipment_id)
        shipment.source = source
        self._state.touch(shipment, self._now(now))

    def cancel_by_marketplace(self, shipment_id: str, *, now: float | None = None) -> None:
        """The buyer or the marketplace cancels the order (SC_00006, 422, from then on)."""
        self._cancel(shipment_id, now, "MARKETPLACE_CANCELLED")

    def cancel_by_system(self, shipment_id: str, *, now: float | None = None) -> None:
        """The system cancels the order, as after a missed date."""
        self._cancel(shipment_id, now, "SYSTEM_CANCELLED")

    def _cancel(self, shipment_id: str, now: float | None, by: str) -> None:
        shipment = self._shipment(shipment_id)
        if shipment.state is State.CANCELLED or rank(shipment.state) >= rank(State.SHIPPED):
            raise ValueError(f"shipment {shipment_id!r} is {shipment.state} and cannot be cancelled")
        cancel(self._state, shipment, self._now(now), by)

    def scan_by_carrier(self, shipment_id: str, event: str, *, now: float | None = None) -> None:
        """The carrier reports SHIPPED, OUT_FOR_DELIVERY or DELIVERED; raises Refusal where the state does not fit."""
        if event not in ("SHIPPED", "OUT_FOR_DELIVERY", "DELIVERED"):
            raise ValueError("a carrier reports SHIPPED, OUT_FOR_DELIVERY or DELIVERED")
        carrier_event(self._state, self._shipment(shipment_id), event, self._now(now))

    def allow_list(self, merchant_id: str, allowed: bool) -> None:
        """Amazon's business team puts a merchant on the list for External Fulfillment, or takes them off (SC_00005)."""
        self._state.merchant(merchant_id).allowed = allowed

    def _shipment(self, shipment_id: str) -> Shipment:
        found = self._state.shipments.get(shipment_id)
        if found is None:
            raise ValueError(f"there is no shipment {shipment_id!r}")
        return found


def _set(limits: dict[str, int], key: str, value: int | None) -> None:
    if value is None:
        limits.pop(key, None)
    elif value < 0:
        raise ValueError("a capacity is not negative")
    else:
        limits[key] = value


def _check_name(name: str, known: Collection[str], what: str) -> None:
    if name not in known:
        raise ValueError(f"{name!r} is no {what}; there are {', '.join(sorted(known))}")


def _moment(at: float) -> float:
    """An instant that can be written as a date."""
    if not 0 <= at <= _LATEST:
        raise ValueError("an instant is given in epoch seconds, from 1970 to 9999")
    return at
