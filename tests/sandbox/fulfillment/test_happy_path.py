"""A whole order in each program: what a seller does without mistakes, and what the shipment says after each step."""

from __future__ import annotations

import base64
from urllib.parse import parse_qs, urlsplit

import pytest
from fulfillment_world import (
    BRAZIL,
    EASY_SHIP,
    INDIA,
    MERCHANT,
    SELF_SHIP,
    SELLER_FLEX,
    US,
    World,
    package,
)

from recoup.sandbox.operation import Refusal

PROGRAMS = [
    pytest.param(EASY_SHIP, US, False, id="Easy Ship in the US has no invoice"),
    pytest.param(EASY_SHIP, INDIA, True, id="Easy Ship in India has one"),
    pytest.param(SELF_SHIP, US, True, id="Self Ship"),
    pytest.param(SELLER_FLEX, INDIA, True, id="Seller Flex"),
]


@pytest.mark.parametrize(("program", "marketplace", "invoiced"), PROGRAMS)
def test_a_whole_order(program: tuple[str, str], marketplace: str, invoiced: bool) -> None:
    world = World()
    world.region = "EU" if marketplace == INDIA else "NA"
    location = world.call(
        "createSandboxLocation",
        body={"merchantIds": [MERCHANT], "marketplaceId": marketplace, "locationName": "shop"},
    ).body["locationIds"]
    channel, shipping_type = program
    shipment = world.call(
        "createSandboxShipment",
        body={
            "locationId": location[channel],
            "marketplaceId": marketplace,
            "marketplaceChannel": channel,
            "shippingType": shipping_type,
            "lineItemCount": "MULTIPLE",
            "quantityCount": "MULTIPLE",
        },
    ).body["shipmentId"]
    listed = world.call("getShipments", status="ACCEPTED").body
    assert [entry["id"] for entry in listed["shipments"]] == [shipment]
    assert "pagination" not in listed

    assert world.call("processShipment", shipment, operation="CONFIRM").status == 204
    assert world.status(shipment) == "CONFIRMED"
    boxes = [package("p1", {"1": 2}), package("p2", {"2": 2})]
    assert world.call("createPackages", shipment, body={"packages": boxes}).status == 204
    assert world.status(shipment) == "PACKAGE_CREATED"

    first = world.options(shipment, "p1")
    assert world.status(shipment) == "PACKAGE_CREATED", "the least advanced package counts"
    assert [option["shippingOptionId"] for option in world.options(shipment, "p2")] == [
        option["shippingOptionId"] for option in first
    ]
    assert world.status(shipment) == "PICKUP_SLOT_RETRIEVED"
    assert bool(first) == (program != SELLER_FLEX)

    if invoiced:
        made = world.call("generateInvoice", shipment).body
        assert base64.b64decode(made["document"]["content"]).startswith(b"%PDF-1.4")
        assert world.call("retrieveInvoice", shipment).body == made
        assert world.status(shipment) == "INVOICE_GENERATED"
        assert world.view(shipment)["shipmentRequirements"]["invoice"]["status"] == "AVAILABLE"

    stock_before = sum(item.quantity for item in world.state.items.values())
    labels = world.label(shipment).body["packageShipLabelList"]
    assert [(label["packageId"], label["status"]) for label in labels] == [("p1", "SUCCESS"), ("p2", "SUCCESS")]
    assert world.status(shipment) == "SHIPLABEL_GENERATED"
    assert stock_before - sum(item.quantity for item in world.state.items.values()) == 4, "labelled units have left"
    assert all(item.reserved == 0 for item in world.state.items.values())

    url = urlsplit(labels[0]["fileData"]["url"])
    query = {name: values[0] for name, values in parse_qs(url.query).items()}
    key = url.path.rpartition("/")[2]
    assert world.service.document(key, query, world.now).content.startswith(b"%PDF-1.4")
    again = world.label(shipment, "REGENERATE").body["packageShipLabelList"]
    assert again[0]["shipLabelMetadata"] == labels[0]["shipLabelMetadata"]

    assert world.call("updatePackageStatus", shipment, "p1", body={"status": "SHIPPED"}).status == 204
    assert world.status(shipment) == "SHIPLABEL_GENERATED"
    assert world.call("updatePackageStatus", shipment, "p2", status="SHIPPED").status == 204
    assert world.status(shipment) == "SHIPPED"
    if program == SELF_SHIP:
        for box in ("p1", "p2"):
            world.call("updatePackageStatus", shipment, box, body={"subStatus": "OUT_FOR_DELIVERY"})
        assert world.view(shipment)["subStatus"] == "OUT_FOR_DELIVERY"
        for box in ("p1", "p2"):
            world.call("updatePackageStatus", shipment, box, body={"status": "DELIVERED"})
    else:
        world.call(
            "updateSandboxShipment",
            shipment,
            body={"updateType": "SHIPMENT_STATUS_CHANGE", "updates": {"status": "DELIVERED"}},
        )
    assert world.status(shipment) == "DELIVERED"
    assert {box["status"] for box in world.view(shipment)["packages"]} == {"DELIVERED"}


def test_in_brazil_the_marketplace_makes_the_invoice() -> None:
    world = World()
    shipment = world.shipment(SELF_SHIP, BRAZIL)
    world.advance_to(shipment, "PICKUP_SLOT_RETRIEVED")
    assert world.refused("generateInvoice", shipment).fault == "sc-30007-no-invoice"
    assert world.refused("retrieveInvoice", shipment).parameters == {"shipment": shipment}
    world.call("updateSandboxShipment", shipment, body={"updateType": "INVOICE_AVAILABILITY_CHANGE"})
    assert world.call("retrieveInvoice", shipment).status == 200
    world.call("generateInvoice", shipment)
    assert world.status(shipment) == "INVOICE_GENERATED"


def test_a_link_runs_out_and_a_new_one_works() -> None:
    world = World()
    shipment = world.shipment(SELF_SHIP)
    world.advance_to(shipment, "SHIPLABEL_GENERATED")

    def fetch(url: str) -> bytes:
        parts = urlsplit(url)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        return world.service.document(parts.path.rpartition("/")[2], query, world.now).content

    def link() -> str:
        return str(world.label(shipment, "REGENERATE").body["packageShipLabelList"][0]["fileData"]["url"])

    url = link()
    world.now += 299
    assert fetch(url)
    world.now += 1
    with pytest.raises(Refusal) as caught:
        fetch(url)
    assert caught.value.fault == "other-presigned-url-expired"
    assert fetch(link())
    with pytest.raises(Refusal) as caught:
        fetch(link().replace("X-Amz-Expires=300", "X-Amz-Expires=900"))
    assert caught.value.fault == "other-presigned-signature"
