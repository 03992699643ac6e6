"""One change at a time for each shipment: the causes of SC_00004 "already in progress" and of SC_10000.

An operation that takes (virtual) time marks its shipment; the same action meanwhile is told that it is in progress,
another change that the workflow is busy. Reading is always possible.
"""

from __future__ import annotations

from recoup.sandbox.fulfillment.store import Shipment
from recoup.sandbox.operation import Refusal

__all__ = ["check"]


def check(shipment: Shipment, action: str, now: float) -> None:
    """Refuse a change while another one of this shipment is being worked on."""
    if now >= shipment.busy_until:
        shipment.busy, shipment.busy_until = "", float("inf")
    if not shipment.busy:
        return
    if shipment.busy == action:
        raise Refusal(
            "sc-00004-in-progress",
            because=f"{action} of this shipment is in flight",
            entity="shipmentId",
            id=shipment.id,
        )
    raise Refusal("sc-10000-server-busy", because=f"{shipment.busy} of this shipment is in flight, and {action} came")
