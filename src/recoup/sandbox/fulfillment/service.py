"""The service behind the front door: which function answers which operation, and the order of the checks around it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from recoup.sandbox.fulfillment import checks, documents, inflight, lockout
from recoup.sandbox.fulfillment.amazon_stage import (
    create_sandbox_location,
    create_sandbox_shipment,
    update_sandbox_shipment,
)
from recoup.sandbox.fulfillment.inventory import batch_inventory
from recoup.sandbox.fulfillment.invoices import GENERATE_INVOICE, RETRIEVE_INVOICE
from recoup.sandbox.fulfillment.labels import GENERATE_SHIP_LABELS
from recoup.sandbox.fulfillment.legacy_inventory import get_inventory, update_inventory
from recoup.sandbox.fulfillment.options import RETRIEVE_SHIPPING_OPTIONS
from recoup.sandbox.fulfillment.packages import CREATE_PACKAGES, UPDATE_PACKAGE, UPDATE_PACKAGE_STATUS
from recoup.sandbox.fulfillment.processing import PROCESS_SHIPMENT
from recoup.sandbox.fulfillment.reading import GET_SHIPMENT, get_shipments
from recoup.sandbox.fulfillment.returns import get_return, list_returns
from recoup.sandbox.fulfillment.settings import FulfillmentSettings
from recoup.sandbox.fulfillment.stage import Stage
from recoup.sandbox.fulfillment.steps import Step
from recoup.sandbox.fulfillment.store import Fulfillment
from recoup.sandbox.operation import OperationCall, Outcome, Refusal, Working

__all__ = ["OPERATIONS", "READS", "FulfillmentService"]

Handler = Callable[[Fulfillment, OperationCall], Outcome]

OPERATIONS: Mapping[str, Step | Handler] = {
    # one shipment
    "getShipment": GET_SHIPMENT,
    "processShipment": PROCESS_SHIPMENT,
    "createPackages": CREATE_PACKAGES,
    "updatePackage": UPDATE_PACKAGE,
    "updatePackageStatus": UPDATE_PACKAGE_STATUS,
    "retrieveShippingOptions": RETRIEVE_SHIPPING_OPTIONS,
    "generateInvoice": GENERATE_INVOICE,
    "retrieveInvoice": RETRIEVE_INVOICE,
    "generateShipLabels": GENERATE_SHIP_LABELS,
    # lists and single records
    "getShipments": get_shipments,
    "listReturns": list_returns,
    "getReturn": get_return,
    # stock, in the current version and in that of 2021
    "batchInventory": batch_inventory,
    "getInventory": get_inventory,
    "updateInventory": update_inventory,
    # Amazon's own sandbox operations, by which the stage is set
    "createSandboxLocation": create_sandbox_location,
    "createSandboxShipment": create_sandbox_shipment,
    "updateSandboxShipment": update_sandbox_shipment,
}
# What only reads. retrieveShippingOptions is a GET that changes the shipment, so it is not among them.
READS = frozenset({"getShipment", "getShipments", "retrieveInvoice", "listReturns", "getReturn", "getInventory"})
_UNLIMITED = frozenset({"createSandboxLocation", "createSandboxShipment", "updateSandboxShipment"})

_TIMED = frozenset(name for name, operation in OPERATIONS.items() if isinstance(operation, Step) and operation.changes)


class FulfillmentService:
    """External Fulfillment as one object: `handle` answers calls, `stage` holds the outside forces.

    `clock` tells the virtual instant to stage methods that are not given one; without it they take that of the latest
    call.
    """

    def __init__(
        self, settings: FulfillmentSettings | None = None, seed: int = 0, clock: Callable[[], float] | None = None
    ) -> None:
        self.state = Fulfillment(settings if settings is not None else FulfillmentSettings(), seed)
        self.stage = Stage(self.state, clock, operations=frozenset(OPERATIONS), timed=_TIMED)

    def handle(self, call: OperationCall) -> Outcome | Working:
        """Answer a call. Raises Refusal for a fault, and LookupError for an operation that is not of this service."""
        operation = OPERATIONS.get(call.operation)
        if operation is None:
            raise LookupError(f"not an operation of External Fulfillment: {call.operation}")
        self.state.now = max(self.state.now, call.now)
        if call.operation not in _UNLIMITED:
            checks.throttle(self.state, call.operation, call.merchant_id, call.now)
        if isinstance(operation, Step):
            return self._on_shipment(operation, call)
        return operation(self.state, call)

    def before(self, call: OperationCall) -> dict[str, str]:
        """The state of the shipment that a call is about, for its causal trail; empty where it is about none."""
        shipment = self.state.shipments.get(call.path.get("shipmentId", ""))
        if shipment is None:
            return {}
        busy = shipment.busy if call.now < shipment.busy_until else ""
        return {"shipment": shipment.state, "busy": busy} if busy else {"shipment": shipment.state}

    def document(self, key: str, query: Mapping[str, str], now: float) -> documents.Document:
        """The file behind a presigned link; raises the refusals of document storage. `key` ends the link's path."""
        return documents.fetch(self.state, key, query, now)

    def _on_shipment(self, step: Step, call: OperationCall) -> Outcome | Working:
        state = self.state
        try:
            return self._begin(step, call)
        except Refusal as refusal:
            shipment = state.shipments.get(checks.shipment_id(call))
            if step.changes and shipment is not None and shipment.merchant_id == call.merchant_id:
                lockout.count(state, shipment.id, call.operation, refusal, call.now)
            raise

    def _begin(self, step: Step, call: OperationCall) -> Outcome | Working:
        state, now = self.state, call.now
        asked = step.read(state, call)
        shipment = checks.existing_shipment(state, call)
        checks.owned(state, shipment)
        if step.changes:
            lockout.check(state, shipment.id, call.operation, now)
            inflight.check(shipment, asked.action, now)
        effect = step.plan(state, shipment, asked, now)
        seconds = state.durations.get(call.operation, 0.0)
        if not step.changes or seconds <= 0:
            outcome = effect()
            lockout.clear(state, shipment.id, call.operation)
            return outcome
        shipment.busy = asked.action

        def finish(then: float) -> Outcome:
            # Planned anew: the marketplace may have cancelled the shipment, a slot may have passed meanwhile.
            shipment.busy = ""
            try:
                outcome = step.plan(state, shipment, asked, then)()
            except Refusal as refusal:
                lockout.count(state, shipment.id, call.operation, refusal, then)
                raise
            lockout.clear(state, shipment.id, call.operation)
            return outcome

        return Working(seconds=seconds, finish=finish)
