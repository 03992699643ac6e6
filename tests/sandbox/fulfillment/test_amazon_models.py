"""Answers held against Amazon's published Swagger files; RECOUP_MODELS names the folder that holds them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from fulfillment_world import EASY_SHIP, INDIA, SELF_SHIP, SELLER_FLEX, US, World

from recoup.sandbox.operation import Outcome

pytestmark = pytest.mark.models


def definitions(file: str) -> dict[str, Any]:
    folder = os.environ.get("RECOUP_MODELS")
    if folder is None:
        pytest.fail("RECOUP_MODELS does not name the folder of Amazon's model files")
    text = (Path(folder) / "external-fulfillment" / file).read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)["definitions"]
    for schema in found.values():  # a field that the model does not know would be made up
        if "properties" in schema:
            schema["additionalProperties"] = False
    return found


def check(file: str, definition: str, answer: Outcome) -> None:
    schema = {"$ref": f"#/definitions/{definition}", "definitions": definitions(file)}
    body = json.loads(json.dumps(answer.body))
    errors = [f"{list(error.instance_path)}: {error.message}" for error in jsonschema_rs.iter_errors(schema, body)]
    assert errors == []


SHIPMENTS = "externalFulfillmentShipments_2024-09-11.json"
INVENTORY = "externalFulfillmentInventory_2024-09-11.json"
RETURNS = "externalFulfillmentReturns_2024-09-11.json"


@pytest.mark.parametrize(
    ("program", "marketplace"), [(EASY_SHIP, US), (EASY_SHIP, INDIA), (SELF_SHIP, US), (SELLER_FLEX, INDIA)]
)
def test_shipments(program: tuple[str, str], marketplace: str) -> None:
    world = World()
    shipment = world.shipment(program, marketplace, units=(2, 1), order_types=["GIFT_WRAP", "GIFT_MESSAGE"])
    check(SHIPMENTS, "Shipment", world.call("getShipment", shipment))
    world.advance_to(shipment, "PICKUP_SLOT_RETRIEVED")
    check(SHIPMENTS, "ShippingOptionsResponse", world.call("retrieveShippingOptions", shipment, packageId="p1"))
    if world.state.shipments[shipment].invoice_required:
        check(SHIPMENTS, "InvoiceResponse", world.call("generateInvoice", shipment))
    check(SHIPMENTS, "ShipLabelsResponse", world.label(shipment))
    check(SHIPMENTS, "Shipment", world.call("getShipment", shipment))
    world.stage.cancel_by_marketplace(shipment)
    check(SHIPMENTS, "ShipmentsResponse", world.call("getShipments", status="CANCELLED"))


def test_inventory() -> None:
    world = World()
    location = world.location()
    requests = [
        {"method": "POST", "uri": f"/inventory/{kind}?locationId={location}&skuId={sku}", "body": {"quantity": 1}}
        for kind in ("update", "fetch")
        for sku in ("SANDBOX-SKU-1", "OTHER", "UNKNOWN-" + kind)
    ]
    check(INVENTORY, "BatchInventoryResponse", world.call("batchInventory", body={"requests": requests}))
    requests = [{"method": "POST", "uri": "/inventory/update?locationId=NONE&skuId=A", "body": {}}]
    check(INVENTORY, "BatchInventoryResponse", world.call("batchInventory", body={"requests": requests}))


def test_returns() -> None:
    world = World()
    item = world.stage.add_return(world.shipment())
    check(RETURNS, "Return", world.call("getReturn", path={"returnId": item}))
    check(RETURNS, "ReturnsResponse", world.call("listReturns"))
