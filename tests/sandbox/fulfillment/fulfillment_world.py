"""A merchant with calls: what the tests of this room build on."""

from __future__ import annotations

from typing import Any

from recoup.exchange import Headers
from recoup.sandbox.fulfillment import FulfillmentService, FulfillmentSettings
from recoup.sandbox.operation import OperationCall, Outcome, Refusal, Working

MERCHANT = "A1MERCHANT"
STRANGER = "A2STRANGER"
US = "ATVPDKIKX0DER"
INDIA = "A21TJRUUN4KGV"
BRAZIL = "A2Q3Y263D00KWC"
NOON = 1_800_014_400.0  # 2027-01-15T12:00:00Z

EASY_SHIP = ("MFN", "MARKETPLACE")
SELF_SHIP = ("MFN", "SELF")
SELLER_FLEX = ("FBA", "MARKETPLACE")


class World:
    """One service, one merchant, and a clock that moves when told."""

    def __init__(self, settings: FulfillmentSettings | None = None, seed: int = 7) -> None:
        unlimited = FulfillmentSettings(service_limit=None, service_limits={})
        self.service = FulfillmentService(settings or unlimited, seed, clock=lambda: self.now)
        self.stage = self.service.stage
        self.state = self.service.state
        self.now = NOON
        self.region = "NA"

    def ask(
        self,
        operation: str,
        /,
        shipment: str = "",
        package: str = "",
        body: Any = None,
        merchant: str = MERCHANT,
        headers: dict[str, str] | None = None,
        path: dict[str, str] | None = None,
        **query: str,
    ) -> Outcome | Working:
        given = {"shipmentId": shipment, "packageId": package} | (path or {})
        return self.service.handle(
            OperationCall(
                operation=operation,
                merchant_id=merchant,
                application_id="app",
                region=self.region,
                path={name: value for name, value in given.items() if value},
                query=query,
                body=body,
                headers=Headers(headers),
                now=self.now,
            )
        )

    def call(self, operation: str, /, *args: Any, **kwargs: Any) -> Outcome:
        answer = self.ask(operation, *args, **kwargs)
        assert isinstance(answer, Outcome)
        return answer

    def refused(self, operation: str, /, *args: Any, **kwargs: Any) -> Refusal:
        try:
            answer = self.ask(operation, *args, **kwargs)
        except Refusal as refusal:
            return refusal
        raise AssertionError(f"{operation} was answered: {answer!r}")

    def location(self, channel: str = "MFN", marketplace: str = US, name: str = "shop") -> str:
        return self.stage.add_location(merchant_ids=[MERCHANT], marketplace_id=marketplace, channel=channel, name=name)

    def shipment(self, program: tuple[str, str] = EASY_SHIP, marketplace: str = US, **kwargs: Any) -> str:
        channel, shipping_type = program
        location = self.location(channel, marketplace)
        return self.stage.add_shipment(location_id=location, now=self.now, shipping_type=shipping_type, **kwargs)

    def view(self, shipment: str) -> dict[str, Any]:
        body: dict[str, Any] = self.call("getShipment", shipment).body
        return body

    def status(self, shipment: str) -> str:
        return str(self.view(shipment)["status"])

    def options(self, shipment: str, package: str = "p1") -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.call("retrieveShippingOptions", shipment, packageId=package).body[
            "shippingOptions"
        ]
        return found

    def advance_to(self, shipment: str, state: str, packages: list[dict[str, Any]] | None = None) -> None:
        """Take a fresh shipment along its workflow to `state`, by calls only."""
        order = ["CONFIRMED", "PACKAGE_CREATED", "PICKUP_SLOT_RETRIEVED", "INVOICE_GENERATED", "SHIPLABEL_GENERATED"]
        if state in ("CREATED", "ACCEPTED"):
            return
        self.call("processShipment", shipment, operation="CONFIRM")
        record = self.state.shipments[shipment]
        wanted = packages or [package(lines={line.id: line.units for line in record.lines})]
        for step in order:
            if step == "PACKAGE_CREATED":
                self.call("createPackages", shipment, body={"packages": wanted})
            elif step == "PICKUP_SLOT_RETRIEVED":
                for one in wanted:
                    self.options(shipment, one["id"])
            elif step == "INVOICE_GENERATED" and record.invoice_required:
                self.call("generateInvoice", shipment)
            elif step == "SHIPLABEL_GENERATED":
                self.label(shipment)
            if step == state:
                return
        for one in wanted:
            if state in ("SHIPPED", "DELIVERED"):
                self.call("updatePackageStatus", shipment, one["id"], body={"status": "SHIPPED"})
        if state == "DELIVERED":
            self.stage.scan_by_carrier(shipment, "DELIVERED", now=self.now)

    def label(self, shipment: str, operation: str = "GENERATE", **kwargs: Any) -> Outcome:
        record = self.state.shipments[shipment]
        options = next(iter(record.packages.values())).options
        if record.shipping_type == "MARKETPLACE" and record.channel == "MFN":
            kwargs.setdefault("shippingOptionId", max(options.values(), key=lambda option: option.expires).id)
        return self.call("generateShipLabels", shipment, operation=operation, **kwargs)


def package(
    package_id: str = "p1", lines: dict[str, int] | None = None, side: str = "10.0", weight: str = "200.0"
) -> dict[str, Any]:
    """A package that fits: 10 cm a side and 200 g."""
    return {
        "id": package_id,
        "dimensions": {name: {"value": side, "dimensionUnit": "CM"} for name in ("length", "width", "height")},
        "weight": {"value": weight, "weightUnit": "G"},
        "hazmatLabels": [],
        "packageLineItems": [
            {"packageLineItemId": line, "quantity": quantity, "serialNumbers": []}
            for line, quantity in (lines or {"1": 1}).items()
        ],
    }
