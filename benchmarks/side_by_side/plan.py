"""The calls of the fault benchmark and what happens to each of them, drawn from a seed.

Five operations of External Fulfillment: one that reads, three that write and must not be carried out twice, and the
inventory batch, whose items carry a sequence number. Every call names a shipment (or SKU) of its own, so that the
server knows from the request alone which call it belongs to, whatever client sends it and how often.
"""

from __future__ import annotations

import json
import random
from typing import Any, NamedTuple

__all__ = ["FAULTS", "OPERATIONS", "Fault", "Operation", "Planned", "plan"]

SHIPMENTS = "/externalFulfillment/2024-09-11/shipments"
INVENTORY = "/externalFulfillment/inventory/2024-09-11/inventories"
LOCATION = "EXSB"


class Operation(NamedTuple):
    """One operation. `done` is the shipment's status that shows its effect."""

    name: str
    method: str
    path: str
    query: str = ""
    status: int = 200
    done: str = ""

    @property
    def writes(self) -> bool:
        return self.name != "read"

    def target(self, marker: str) -> str:
        """Path and query of a call."""
        return self.path.format(marker) + (f"?{self.query}" if self.query else "")

    def body(self, marker: str) -> dict[str, Any] | None:
        """What a call sends."""
        if self.name == "confirm":
            return {"referenceId": f"r-{marker}", "lineItems": [{"lineItem": {"id": "1", "quantity": 1}}]}
        if self.name == "labels":
            return {"packageIds": ["P1"]}
        if self.name == "stock":
            return {
                "requests": [_item("update", sku, {"quantity": 5, "clientSequenceNumber": 7}) for sku in skus(marker)]
            }
        return None


def skus(marker: str) -> list[str]:
    """The two SKUs of a call of the inventory batch."""
    return [f"{marker}-1", f"{marker}-2"]


def fetch(marker: str) -> dict[str, Any]:
    """The body that reads those SKUs back."""
    return {"requests": [_item("fetch", sku, {}) for sku in skus(marker)]}


def _item(what: str, sku: str, body: dict[str, Any]) -> dict[str, Any]:
    return {"method": "POST", "uri": f"/inventory/{what}?locationId={LOCATION}&skuId={sku}", "body": body}


OPERATIONS = {
    each.name: each
    for each in (
        Operation("read", "GET", SHIPMENTS + "/{}"),
        Operation("confirm", "POST", SHIPMENTS + "/{}", "operation=CONFIRM", 204, "CONFIRMED"),
        Operation("invoice", "POST", SHIPMENTS + "/{}/invoice", "", 200, "INVOICE_GENERATED"),
        Operation(
            "labels",
            "PUT",
            SHIPMENTS + "/{}/shipLabels",
            "operation=GENERATE&shippingOptionId=o1",
            200,
            "SHIPLABEL_GENERATED",
        ),
        Operation("stock", "POST", INVENTORY, "", 207, "applied"),
    )
}
_ONCE = ("confirm", "invoice", "labels")
_WRITES = (*_ONCE, "stock")
_ANY = ("read", "read", *_ONCE)


# What the service says, by SC number: code, message, and (else the number) details.
_SAID = {
    "SC_00000": ("InternalFailure", "Internal failure occurred, contact Amazon support"),
    "SC_00001": ("ServiceUnavailable", "Temporary failure occurred, retry operation"),
    "SC_00002": ("InvalidInput", "Invalid input 'X' for parameter 'status'"),
    "SC_00003": ("NotFound", "Requested Entity with 'shipmentId' 'X' is not found"),
    "SC_00004": ("DuplicateRequest", "Duplicate clientToken exists for 'shipment' 'X'"),
    "SC_00005": ("Forbidden", "Request is forbidden"),
    "SC_00006": ("OrderCancelled", "Cannot process the request because the order is already cancelled"),
    "SC_00007": ("RateLimited", "Temporary failure occurred, retry operation after some time"),
    "SC_10000": (
        "ServerBusy",
        "Requested operation will be ignored as workflow is already processing other request(s)",
    ),
    "SC_10001": ("OperationNotPermitted", "Requested operation is not permitted in the current order state"),
    "SC_30003": ("IncorrectPackageDimensionsFailure", "Package dimensions or weight is incorrect"),
    "SC_30005": (
        "StateConflict",
        "Dispatch-after-date '2099-01-01T00:00:00Z' of the order is greater than the current time",
    ),
    "empty": ("InvalidInput", "At least one field is mandatory in the input payload", "SC_00002"),
    "locked out": (
        "InvalidInput",
        "Maximum number of retry reached for order 'X' or on a operation of order, Please try after '3600' seconds.",
        "SC_00005",
    ),
    # the front door of all services
    "internal": ("InternalFailure", "We encountered an internal error. Please try again.", ""),
    "quota": ("QuotaExceeded", "You exceeded your quota for the requested resource.", ""),
    "denied": ("Unauthorized", "Access to requested resource is denied.", ""),
    "expired": (
        "Unauthorized",
        "Access to requested resource is denied.",
        "The access token you provided has expired.",
    ),
}


class Fault(NamedTuple):
    """How a call fails. `share` of 500 calls do; `status` None means without an answer, `said` empty with a page.

    `effect` says that the operation is carried out nevertheless; `passes` that it lasts one or two attempts and then
    the call works. What does not pass must be handed up as a failure, and not be tried again.
    """

    name: str
    share: int
    operations: tuple[str, ...]
    status: int | None = None
    said: str = ""
    effect: bool = False
    passes: bool = False

    @property
    def body(self) -> bytes:
        """What the service answers."""
        if not self.said:
            return b"<!DOCTYPE html><html><head><title>x</title></head><body></body></html>"
        code, message, details = (*_SAID[self.said], self.said)[:3]
        return json.dumps({"errors": [{"code": code, "message": message, "details": details}]}).encode()


_PASSES = (
    Fault("500 on a read", 14, ("read",), 500, "internal"),
    Fault("500 before the effect", 6, _ONCE, 500, "internal"),
    Fault("500 after the effect", 6, _ONCE, 500, "internal", effect=True),
    Fault("503", 24, _ANY, 503, "SC_00001"),
    Fault("503 as a page", 6, ("read",), 503),
    Fault("429 of the front door", 20, _ANY, 429, "quota"),
    Fault("429 of the service", 16, _ANY, 429, "SC_00007"),
    Fault("reset before the effect", 16, _ANY),
    Fault("reset after the effect", 20, _WRITES, effect=True),
    Fault("cut answer to a read", 8, ("read",)),
    Fault("cut answer to a write", 12, ("invoice", "labels", "stock"), effect=True),
    Fault("silence on a read", 4, ("read",)),
    Fault("silence before the effect", 3, _ONCE),
    Fault("silence after the effect", 3, _ONCE, effect=True),
    Fault("409 busy", 14, _ONCE, 409, "SC_10000"),
    Fault("403 expired token", 14, _ANY, 403, "expired"),
)
_HIDES_IN_A_SUCCESS = (
    Fault("207 in part", 10, ("stock",), 207, effect=True),
    Fault("label failed", 6, ("labels",), 200),
)
_STAYS = (
    Fault("400 value", 12, _ANY, 400, "SC_00002"),
    Fault("400 empty", 4, _ONCE, 400, "empty"),
    Fault("400 dimensions", 5, ("labels",), 400, "SC_30003"),
    Fault("400 state", 8, _ONCE, 400, "SC_10001"),
    Fault("400 too early", 4, ("labels",), 400, "SC_30005"),
    Fault("400 locked out", 4, ("labels",), 400, "locked out"),
    Fault("400 as a page", 10, _ANY, 400),
    Fault("403 without details", 14, _ANY, 403, "denied"),
    Fault("403 forbidden", 5, _ANY, 403, "SC_00005"),
    Fault("404", 14, _ANY, 404, "SC_00003"),
    Fault("409 duplicate", 5, ("confirm",), 409, "SC_00004"),
    Fault("422 cancelled", 8, _ONCE, 422, "SC_00006"),
    Fault("500 for good", 12, _ANY, 500, "SC_00000"),
)
FAULTS = (*(fault._replace(passes=True) for fault in _PASSES), *_HIDES_IN_A_SUCCESS, *_STAYS)


class Planned(NamedTuple):
    """One call: what it is about, its operation, its fault or None, and how many attempts the fault lasts."""

    marker: str
    operation: Operation
    fault: Fault | None
    lasts: int

    @property
    def works(self) -> bool:
        """Whether the call can end with success."""
        return self.fault is None or self.fault.passes


def plan(seed: int, calls: int) -> list[Planned]:
    """So many calls in an order of the seed's choosing: the same for everybody who asks with the same seed."""
    chance = random.Random(seed)
    faults: list[Fault | None] = [fault for fault in FAULTS for _ in range(max(1, fault.share * calls // 500))]
    faults += [None] * (calls - len(faults))
    chance.shuffle(faults)
    planned = []
    for number, fault in enumerate(faults[:calls]):
        name = chance.choice(fault.operations if fault is not None else ("read", "read", "read", *_WRITES))
        planned.append(Planned(f"S{number:04d}X", OPERATIONS[name], fault, chance.choice((1, 2))))
    return planned
