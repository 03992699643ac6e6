"""What transport can carry: slots, a location's quota for each day of pickup, and each carrier's remaining parcels."""

from __future__ import annotations

from recoup.sandbox.fulfillment.store import Fulfillment, Option, Package, Shipment
from recoup.sandbox.fulfillment.validation import iso
from recoup.sandbox.operation import Refusal

__all__ = ["Load"]

_DAY = 86_400.0


class Load:
    """The parcels of one call: taken one by one while it is planned, booked when it takes effect."""

    def __init__(self, state: Fulfillment, shipment: Shipment, now: float) -> None:
        self._state = state
        self._location = shipment.location_id
        self._day = int(shipment.expected_pickup // _DAY)
        # The remedy in the documents: after the expected ship date the quota of that day no longer holds a shipment
        # back.
        self._overdue = now >= shipment.expected_ship
        self._until = shipment.expected_ship
        self._carriers: dict[str, int] = {}
        self._slots: dict[tuple[str, str, float], int] = {}
        self._parcels = 0

    def take(self, package: Package, option: Option | None, carrier: str) -> None:
        """Take one parcel. Raises SC_30004, SC_30002 or SC_30001, in this order, where there is no room for it."""
        state = self._state
        slot = (self._location, carrier, option.start if option is not None else 0.0)
        in_slot = state.slot_used.get(slot, 0) + self._slots.get(slot, 0)
        if option is not None and in_slot >= state.settings.slot_capacity:
            raise Refusal("sc-30004-pickup-slot-expired", because="the slot was filled by other parcels")
        quota = state.site_capacity.get(self._location)
        used = state.site_used.get((self._location, self._day), 0) + self._parcels
        if quota is not None and used >= quota and not self._overdue:
            raise Refusal(
                "sc-30002-capacity-breached",
                because=f"{used} of {quota} parcels of this location are taken for the day, until {iso(self._until)}",
            )
        self._check_carrier(package, carrier)
        self._parcels += 1
        self._carriers[carrier] = self._carriers.get(carrier, 0) + 1
        if option is not None:
            self._slots[slot] = self._slots.get(slot, 0) + 1

    def _check_carrier(self, package: Package, carrier: str) -> None:
        """A carrier that is full, and one that finds the parcel too large, give the same answer: that is the fault."""
        remaining = self._state.carrier_capacity.get(carrier)
        limit = self._state.settings.carrier_limits.get(carrier)
        if remaining is not None and remaining - self._carriers.get(carrier, 0) <= 0:
            why = f"carrier {carrier} has no capacity left"
        elif limit is not None and (max(package.sides_cm) > limit.max_side_cm or package.weight_g > limit.max_weight_g):
            why = f"package {package.id} is larger than carrier {carrier} takes"
        else:
            return
        raise Refusal("sc-30001-shiplabel-generation-failure", because=why)

    def book(self) -> None:
        """Count the parcels that were taken."""
        state = self._state
        for carrier, parcels in self._carriers.items():
            if carrier in state.carrier_capacity:
                state.carrier_capacity[carrier] -= parcels
        for slot, parcels in self._slots.items():
            state.slot_used[slot] = state.slot_used.get(slot, 0) + parcels
        if self._parcels:
            key = (self._location, self._day)
            state.site_used[key] = state.site_used.get(key, 0) + self._parcels
