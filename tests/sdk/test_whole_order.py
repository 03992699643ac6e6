"""The published clients work a whole order against the sandbox, as they are: no recoup, none of their lines changed.

A field that Amazon's models require and the sandbox lacks, or gives with another type, shows here: two of the three
build their models from Amazon's files, and refuse what does not fit.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from sdk_sellers import SELLERS, PythonAmazonSpApi, Seller

from recoup.sandbox.serving import Sandbox, running

pytestmark = pytest.mark.sdk

SKU = "SANDBOX/SKU 3"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running(seed=5) as made:
        yield made


@pytest.fixture(params=SELLERS, ids=lambda seller: seller.name)
def seller(request: pytest.FixtureRequest, sandbox: Sandbox) -> Iterator[Seller]:
    made: Seller = request.param(sandbox)
    yield made
    made.close()


def box(name: str, line: str, quantity: int) -> dict[str, Any]:
    side = {"value": "10.5", "dimensionUnit": "CM"}
    return {
        "id": name,
        "dimensions": {"length": side, "width": side, "height": side},
        "weight": {"value": "250.0", "weightUnit": "G"},
        "hazmatLabels": [],
        "packageLineItems": [{"packageLineItemId": line, "quantity": quantity, "serialNumbers": []}],
    }


def test_a_whole_order(sandbox: Sandbox, seller: Seller) -> None:
    location = sandbox.location_ids["MFN"]
    order = sandbox.stage.add_shipment(location_id=location, shipping_type="SELF", units=[2, 1])

    listed = seller.shipments(status="ACCEPTED", locationId=location, maxResults=5)
    assert [shipment["id"] for shipment in listed["shipments"]] == [order]
    lines = [
        {"lineItem": {"id": line["shipmentLineItemId"], "quantity": line["numberOfUnits"]}}
        for line in seller.shipment(order)["lineItems"]
    ]
    assert [line["lineItem"]["quantity"] for line in lines] == [2, 1]

    seller.process(order, "CONFIRM", {"referenceId": "r-1", "lineItems": lines})
    seller.pack(order, [box("p1", lines[0]["lineItem"]["id"], 2), box("p2", lines[1]["lineItem"]["id"], 1)])
    offered = {package: seller.options(order, package) for package in ("p1", "p2")}
    option = offered["p1"]["recommendedShippingOption"]["shippingOptionId"]
    assert option in [each["shippingOptionId"] for each in offered["p2"]["shippingOptions"]]
    assert seller.shipment(order)["status"] == "PICKUP_SLOT_RETRIEVED"

    document = seller.make_invoice(order)["document"]
    assert base64.b64decode(document["content"]).startswith(b"%PDF")
    assert seller.invoice(order)["document"] == document

    labels = seller.labels(order, option, ["p1", "p2"])["packageShipLabelList"]
    assert [(label["packageId"], label["status"]) for label in labels] == [("p1", "SUCCESS"), ("p2", "SUCCESS")]
    for label in labels:
        assert label["shipLabelMetadata"]["trackingId"]
        assert httpx.get(label["fileData"]["url"]).content.startswith(b"%PDF")

    for package in ("p1", "p2"):
        seller.set_status(order, package, {"status": "SHIPPED"})
    shipped = seller.shipment(order)
    assert (shipped["status"], [package["status"] for package in shipped["packages"]]) == ("SHIPPED", ["SHIPPED"] * 2)


def test_a_batch_of_stock(sandbox: Sandbox, seller: Seller) -> None:
    place = f"locationId={sandbox.location_ids['MFN']}&skuId={quote(SKU, safe='')}"
    body = {"quantity": 7, "clientSequenceNumber": 1_800_000_000_123}
    requests: list[dict[str, Any]] = [
        {"method": "POST", "uri": f"/inventory/update?{place}", "body": body},
        {"method": "POST", "uri": f"/inventory/fetch?{place}"},
        {"method": "POST", "uri": f"/inventory/update?{place}", "body": {**body, "clientSequenceNumber": 1}},
    ]
    answers = seller.batch(requests)["responses"]
    assert [answer["status"]["statusCode"] for answer in answers] == [200, 200, 409]
    assert answers[0]["body"]["sellableQuantity"] == 7
    assert answers[1]["body"]["clientSequenceNumber"] == body["clientSequenceNumber"]
    assert answers[2]["body"]["actionableErrors"][0]["errorType"] == "StateConflict"


def test_a_listing_of_returns(sandbox: Sandbox, seller: Seller) -> None:
    order = sandbox.stage.add_shipment(location_id=sandbox.location_ids["MFN"], units=[3])
    made = [sandbox.stage.add_return(order) for _ in range(3)]
    listed: list[dict[str, Any]] = []
    query: dict[str, Any] = {"returnLocationId": sandbox.location_ids["MFN"], "status": "CREATED", "maxResults": 2}
    page = seller.returns(**query)
    while token := page.get("nextToken"):
        listed += page["returns"]
        page = seller.returns(**query, nextToken=token)
    listed += page["returns"]
    assert sorted(each["id"] for each in listed) == sorted(made)
    assert seller.one_return(made[0])["status"] == "CREATED"


def test_a_refusal_reaches_the_clients_own_exception(sandbox: Sandbox, seller: Seller) -> None:
    kind, status = seller.error()
    with pytest.raises(kind) as caught:
        seller.shipment("S-unknown")
    assert getattr(caught.value, status) == 404
    order = sandbox.stage.add_shipment(location_id=sandbox.location_ids["MFN"])
    with pytest.raises(kind) as caught:
        seller.make_invoice(order)
    assert getattr(caught.value, status) == 400
    assert "OperationNotPermitted" in str(vars(caught.value))


def test_parameters_in_the_wrong_place_are_refused_as_amazon_refuses_them(sandbox: Sandbox) -> None:
    # python-amazon-sp-api's own method sends the operation in the body; the documents have it in the query.
    seller = PythonAmazonSpApi(sandbox)
    order = sandbox.stage.add_shipment(location_id=sandbox.location_ids["MFN"])
    kind, _ = seller.error()
    with pytest.raises(kind, match="Invalid input 'null' for parameter 'operation'"):
        seller.shipping.process_shipment(order, operation="CONFIRM")
    seller.close()
