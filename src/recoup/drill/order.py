"""An order that a recipe works on: the paths of External Fulfillment, and the steps to where the fault can be met."""

from __future__ import annotations

from typing import Any

from recoup.drill.stage import Caller, Reply, Stage

__all__ = ["BRAZIL", "EASY_SHIP", "SELF_SHIP", "SELLER_FLEX", "SHIPMENTS", "Order", "package"]

SHIPMENTS = "/externalFulfillment/2024-09-11/shipments"
BRAZIL = "A2Q3Y263D00KWC"

# Program -> (channel, shipping type), as External Fulfillment tells them apart.
EASY_SHIP = ("MFN", "MARKETPLACE")
SELF_SHIP = ("MFN", "SELF")
SELLER_FLEX = ("FBA", "MARKETPLACE")


def package(*, quantity: int = 1, side: str = "10.0", weight: str = "200.0", weight_unit: str = "G") -> dict[str, Any]:
    """A package of line 1 that fits, unless told otherwise. `side` is in centimetres."""
    measure = {"value": side, "dimensionUnit": "CM"}
    return {
        "id": "p1",
        "dimensions": {"length": measure, "width": measure, "height": measure},
        "weight": {"value": weight, "weightUnit": weight_unit},
        "hazmatLabels": [],
        "packageLineItems": [{"packageLineItemId": "1", "quantity": quantity, "serialNumbers": []}],
    }


class Order:
    """A fresh shipment of one unit. The steps below are made by the stage hand, those with a caller by that caller."""

    def __init__(
        self, stage: Stage, program: tuple[str, str] = EASY_SHIP, *, marketplace_id: str | None = None, units: int = 1
    ) -> None:
        self._stage = stage
        sandbox, (channel, shipping_type) = stage.sandbox, program
        self.location = sandbox.stage.add_location(
            merchant_ids=[sandbox.merchant_id],
            marketplace_id=marketplace_id or sandbox.marketplace_id,
            channel=channel,
            name="drill",
        )
        self.id: str = sandbox.stage.add_shipment(
            location_id=self.location, now=stage.now, shipping_type=shipping_type, units=[units]
        )
        self._easy_ship = program == EASY_SHIP
        self.option = ""

    @property
    def path(self) -> str:
        """Path of the shipment."""
        return f"{SHIPMENTS}/{self.id}"

    # --- calls, by whoever is given

    def read(self, caller: Caller) -> Reply:
        """Call getShipment."""
        return caller.call("GET", self.path)

    def confirm(self, caller: Caller) -> Reply:
        """Call processShipment with CONFIRM."""
        return caller.call("POST", self.path, query={"operation": "CONFIRM"})

    def pack(self, caller: Caller, **changes: Any) -> Reply:
        """Call createPackages with one package; `changes` are those of `package`."""
        return caller.call("POST", f"{self.path}/packages", body={"packages": [package(**changes)]})

    def repack(self, caller: Caller, **changes: Any) -> Reply:
        """Call updatePackage."""
        return caller.call("PUT", f"{self.path}/packages/p1", body=package(**changes))

    def options(self, caller: Caller) -> Reply:
        """Call retrieveShippingOptions."""
        return caller.call("GET", f"{self.path}/shippingOptions", query={"packageId": "p1"})

    def invoice(self, caller: Caller) -> Reply:
        """Call generateInvoice."""
        return caller.call("POST", f"{self.path}/invoice")

    def fetch_invoice(self, caller: Caller) -> Reply:
        """Call retrieveInvoice."""
        return caller.call("GET", f"{self.path}/invoice")

    def label(self, caller: Caller) -> Reply:
        """Call generateShipLabels, with the chosen option where the program has any."""
        query = {"operation": "GENERATE"}
        if self.option:
            query["shippingOptionId"] = self.option
        return caller.call("PUT", f"{self.path}/shipLabels", query=query)

    # --- steps of the stage hand

    def choose(self) -> None:
        """Fetch the options and choose the first."""
        offered = self._made(self.options(self._stage.hand)).json()["shippingOptions"]
        self.option = str(offered[0]["shippingOptionId"]) if offered else ""

    def to_confirmed(self) -> Order:
        """Confirm."""
        self._made(self.confirm(self._stage.hand))
        return self

    def to_packed(self, **changes: Any) -> Order:
        """Confirm and pack."""
        self.to_confirmed()
        self._made(self.pack(self._stage.hand, **changes))
        return self

    def to_slot(self, **changes: Any) -> Order:
        """Confirm, pack and choose a shipping option: with Easy Ship the label is next."""
        self.to_packed(**changes)
        self.choose()
        return self

    def _made(self, reply: Reply) -> Reply:
        if reply.status >= 400:
            raise RuntimeError(f"the scene could not be set: {reply.status} {reply.body[:300]!r}")
        return reply
