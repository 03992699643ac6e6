"""Whatever a client and the world do in whatever order, the sandbox agrees with a plain model beside it.

The model is a dict: shipment -> (state of each package, stock reserved). It knows Self Ship only, where every step of
the workflow exists.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from fulfillment_world import SELF_SHIP, World, package
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, precondition, rule

from properties import examples
from recoup.sandbox.operation import Refusal

ORDER = [
    "ACCEPTED",
    "CONFIRMED",
    "PACKAGE_CREATED",
    "PICKUP_SLOT_RETRIEVED",
    "INVOICE_GENERATED",
    "SHIPLABEL_GENERATED",
    "SHIPPED",
    "DELIVERED",
]
PACKING = {"PACKAGE_CREATED", "PICKUP_SLOT_RETRIEVED", "INVOICE_GENERATED"}


class FulfillmentMachine(RuleBasedStateMachine):
    shipments = Bundle("shipments")
    boxes = st.sampled_from(["a", "b"])

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.state: dict[str, str] = {}  # of shipments without packages, and of cancelled ones
        self.packages: dict[str, dict[str, str]] = {}
        self.invoiced: set[str] = set()
        self.reserved: dict[str, int] = {}
        self.stock = 1000

    def expected(self, shipment: str) -> str:
        boxes = self.packages.get(shipment)
        if self.state[shipment] == "CANCELLED" or not boxes:
            return self.state[shipment]
        return min(boxes.values(), key=ORDER.index)

    def happens(self, legal: bool, shipment: str, called: str, /, *args: Any, **kwargs: Any) -> bool:
        """Call, and hold the outcome against what the model says. Attempts are never locked out here."""
        self.world.state.failures.clear()
        refusal = None
        try:
            self.world.call(called, shipment, *args, **kwargs)
        except Refusal as caught:
            refusal = caught
        assert legal == (refusal is None), f"{called} in {self.expected(shipment)}: {refusal}"
        if refusal is not None and self.state[shipment] == "CANCELLED" and called != "retrieveInvoice":
            assert refusal.fault == "sc-00006-order-cancelled"
        return refusal is None

    def advance(self, shipment: str, box: str, state: str) -> None:
        self.packages[shipment][box] = state

    @precondition(lambda self: sum(state != "CANCELLED" for state in self.state.values()) < 3)
    @rule(target=shipments)
    def order(self) -> str:
        shipment = self.world.shipment(SELF_SHIP, units=(2,), skus=["SANDBOX-SKU-1"])
        self.state[shipment] = "ACCEPTED"
        self.reserved[shipment] = 2
        return shipment

    @rule(seconds=st.integers(1, 5000))
    def time_passes(self, seconds: int) -> None:
        self.world.now += seconds

    @rule(shipment=shipments)
    def confirm(self, shipment: str) -> None:
        if self.happens(self.expected(shipment) == "ACCEPTED", shipment, "processShipment", operation="CONFIRM"):
            self.state[shipment] = "CONFIRMED"

    @rule(shipment=shipments)
    def reject(self, shipment: str) -> None:
        legal = self.expected(shipment) in {"ACCEPTED", "CONFIRMED", "PACKAGE_CREATED", "PICKUP_SLOT_RETRIEVED"}
        if self.happens(legal, shipment, "processShipment", operation="REJECT"):
            self.cancelled(shipment)

    @rule(shipment=shipments)
    def marketplace_cancels(self, shipment: str) -> None:
        if self.expected(shipment) not in ("SHIPPED", "DELIVERED", "CANCELLED"):
            self.world.stage.cancel_by_marketplace(shipment)
            self.cancelled(shipment)

    def cancelled(self, shipment: str) -> None:
        self.state[shipment] = "CANCELLED"
        self.reserved[shipment] = 0

    @rule(shipment=shipments)
    def create_packages(self, shipment: str) -> None:
        body = {"packages": [package("a"), package("b")]}
        if self.happens(self.expected(shipment) == "CONFIRMED", shipment, "createPackages", body=body):
            self.packages[shipment] = {"a": "PACKAGE_CREATED", "b": "PACKAGE_CREATED"}

    def box_in(self, shipment: str, box: str) -> str:
        if self.state[shipment] == "CANCELLED":
            return "CANCELLED"
        return self.packages.get(shipment, {}).get(box, self.state[shipment])

    @rule(shipment=shipments, box=boxes)
    def update_package(self, shipment: str, box: str) -> None:
        if self.happens(self.box_in(shipment, box) in PACKING, shipment, "updatePackage", box, body=package(box)):
            self.advance(shipment, box, "PACKAGE_CREATED")
            self.invoiced.discard(shipment)

    @rule(shipment=shipments, box=boxes)
    def options(self, shipment: str, box: str) -> None:
        before = self.box_in(shipment, box)
        if self.happens(before in PACKING, shipment, "retrieveShippingOptions", packageId=box) and (
            before == "PACKAGE_CREATED"
        ):
            self.advance(shipment, box, "PICKUP_SLOT_RETRIEVED")

    @rule(shipment=shipments)
    def generate_invoice(self, shipment: str) -> None:
        if self.happens(self.expected(shipment) == "PICKUP_SLOT_RETRIEVED", shipment, "generateInvoice"):
            self.invoiced.add(shipment)
            for box, state in self.packages[shipment].items():
                if state == "PICKUP_SLOT_RETRIEVED":
                    self.advance(shipment, box, "INVOICE_GENERATED")

    @rule(shipment=shipments)
    def retrieve_invoice(self, shipment: str) -> None:
        self.happens(shipment in self.invoiced, shipment, "retrieveInvoice")

    @rule(shipment=shipments, box=boxes)
    def label(self, shipment: str, box: str) -> None:
        body = {"packageIds": [box]}
        legal = self.box_in(shipment, box) == "INVOICE_GENERATED"
        if self.happens(legal, shipment, "generateShipLabels", body=body, operation="GENERATE"):
            self.advance(shipment, box, "SHIPLABEL_GENERATED")
            if self.expected(shipment) == "SHIPLABEL_GENERATED":
                self.stock -= self.reserved[shipment]
                self.reserved[shipment] = 0

    @rule(shipment=shipments, box=boxes)
    def ship(self, shipment: str, box: str) -> None:
        legal = self.box_in(shipment, box) == "SHIPLABEL_GENERATED"
        if self.happens(legal, shipment, "updatePackageStatus", box, body={"status": "SHIPPED"}):
            self.advance(shipment, box, "SHIPPED")

    @rule(shipment=shipments, box=boxes)
    def deliver(self, shipment: str, box: str) -> None:
        legal = self.box_in(shipment, box) == "SHIPPED"
        if self.happens(legal, shipment, "updatePackageStatus", box, body={"status": "DELIVERED"}):
            self.advance(shipment, box, "DELIVERED")

    @rule(shipment=shipments, steps=st.integers(2, 12))
    def go_on(self, shipment: str, steps: int) -> None:
        """Take the steps that fit, with the box that is behind, so that the far end is reached often."""
        for _ in range(steps):
            boxes = self.packages.get(shipment, {"a": ""})
            box = min(boxes, key=lambda name: (ORDER.index(boxes[name]) if boxes[name] else 0, name))
            step: dict[str, Callable[[], None]] = {
                "ACCEPTED": partial(self.confirm, shipment),
                "CONFIRMED": partial(self.create_packages, shipment),
                "PACKAGE_CREATED": partial(self.options, shipment, box),
                "PICKUP_SLOT_RETRIEVED": partial(self.generate_invoice, shipment),
                "INVOICE_GENERATED": partial(self.label, shipment, box),
                "SHIPLABEL_GENERATED": partial(self.ship, shipment, box),
                "SHIPPED": partial(self.deliver, shipment, box),
            }
            step.get(self.box_in(shipment, box), lambda: None)()

    @invariant()
    def states_agree(self) -> None:
        for shipment in self.state:
            assert self.world.status(shipment) == self.expected(shipment)
            assert ("invoiceInfo" in self.world.view(shipment)) == (shipment in self.invoiced)

    @invariant()
    def stock_agrees(self) -> None:
        for key, item in self.world.state.items.items():
            if key[2] == "SANDBOX-SKU-1":
                assert item.reserved == sum(self.reserved.values())
                assert item.quantity == self.stock

    @invariant()
    def listings_agree(self) -> None:
        listed: dict[str, str] = {}
        for state in [*ORDER, "CANCELLED"]:
            page = self.world.call("getShipments", status=state, maxResults="100").body["shipments"]
            listed |= {entry["id"]: state for entry in page}
        assert listed == {shipment: self.expected(shipment) for shipment in self.state}


FulfillmentMachine.TestCase.settings = settings(
    max_examples=examples(40), stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
test_the_sandbox_agrees_with_the_model = FulfillmentMachine.TestCase
