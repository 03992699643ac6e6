"""Tracking 2026-01-30: where a parcel is, by the carrier's number that its ship label shows."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from recoup.sandbox.general.checks import found_nothing, iso, malformed, missing
from recoup.sandbox.general.state import General
from recoup.sandbox.operation import OperationCall, Outcome

__all__ = ["Parcel", "track"]

_NUMBER = "carrierTracking.trackingNumber"
_IDS = ("id", "acsin", "aftn", "containerNumber", "houseBillOfLadingNumber", _NUMBER)
_MILESTONES = {"SHIPPED": ("PICKED_UP", "Picked up by the carrier"), "DELIVERED": ("DELIVERED", "Delivered")}
_BOOKED = ("BOOKING_RECEIVED", "The carrier expects the parcel")


class Parcel(msgspec.Struct, frozen=True):
    """A labelled package: its carrier and number, its status, and since when it has that."""

    carrier: str
    number: str
    status: str
    since: float


def track(find: Callable[[str], Parcel | None]) -> Callable[[General, OperationCall], Outcome]:
    """getShipmentTracking over the parcels that `find` knows by their number."""

    def get_shipment_tracking(state: General, call: OperationCall) -> Outcome:
        given = [name for name in _IDS if call.query.get(name)]
        if not given:
            missing(_NUMBER, "no identifier of a shipment is given")
        if len(given) > 1:
            malformed("Tracking", ",".join(given), "only one kind of identifier at a time")
        parcel = find(call.query[given[0]]) if given[0] == _NUMBER else None
        if parcel is None:
            found_nothing("no parcel of the sandbox has that identifier")
        code, said = _MILESTONES.get(parcel.status, _BOOKED)
        milestone = {"status": {"code": code, "description": said}, "occurredAt": iso(parcel.since)}
        detail = {
            "identifier": {"carrierTracking": {"trackingNumber": parcel.number, "carrierCode": parcel.carrier}},
            "latestMilestone": milestone,
            "milestoneHistory": [milestone],
        }
        return Outcome(body={"trackingDetail": detail})

    return get_shipment_tracking
