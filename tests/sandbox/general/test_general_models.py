"""Answers of the general operations held against Amazon's published Swagger files; RECOUP_MODELS names their folder."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from general_world import NOTIFICATIONS, US, House, decoded

from recoup.exchange import Response

pytestmark = pytest.mark.models

ORDERS = "orders-api-model/orders_2026-01-01.json"
ORDERS_V0 = "orders-api-model/ordersV0.json"
LISTINGS = "listings-items-api-model/listingsItems_2021-08-01.json"
REPORTS = "reports-api-model/reports_2021-06-30.json"
MESSAGES = "notifications-api-model/notifications.json"
KIND = "EXTERNAL_FULFILLMENT_SHIPMENT_STATUS_CHANGE"


def check(file: str, definition: str, answer: Response) -> None:
    folder = os.environ.get("RECOUP_MODELS")
    if folder is None:
        pytest.fail("RECOUP_MODELS does not name the folder of Amazon's model files")
    known: dict[str, Any] = json.loads((Path(folder) / file).read_text(encoding="utf-8"))["definitions"]
    for schema in known.values():  # a field that the model does not know would be made up
        if "properties" in schema and "additionalProperties" not in schema:
            schema["additionalProperties"] = False
    schema = {"$ref": f"#/definitions/{definition}", "definitions": known}
    assert answer.status < 300, answer.body
    errors = [f"{error.instance_path}: {error.message}" for error in jsonschema_rs.iter_errors(schema, decoded(answer))]
    assert errors == []


def test_orders() -> None:
    house = House()
    location = house.stage.add_location(merchant_ids=[house.merchant], marketplace_id=US, channel="FBA", name="test")
    house.stage.add_shipment(location_id=location)
    house.clock.advance(120)
    found = house.get("/orders/2026-01-01/orders", createdAfter="2020-01-01", maxResultsPerPage="7")
    check(ORDERS, "SearchOrdersResponse", found)
    check(ORDERS, "SearchOrdersResponse", house.get("/orders/2026-01-01/orders", lastUpdatedAfter="2020-01-01"))
    number = decoded(found)["orders"][0]["orderId"]
    check(ORDERS, "GetOrderResponse", house.get(f"/orders/2026-01-01/orders/{number}"))
    old = {"CreatedAfter": "2020-01-01", "MarketplaceIds": US, "MaxResultsPerPage": "7"}
    check(ORDERS_V0, "GetOrdersResponse", house.get("/orders/v0/orders", **old))
    check(ORDERS_V0, "GetOrderResponse", house.get(f"/orders/v0/orders/{number}"))
    for what, definition in (("address", "GetOrderAddressResponse"), ("buyerInfo", "GetOrderBuyerInfoResponse")):
        path = f"/orders/v0/orders/{number}/{what}"
        resources = {"restrictedResources": [{"method": "GET", "path": path}]}
        token = decoded(house.send("POST", "/tokens/2021-03-01/restrictedDataToken", body=resources))
        check(ORDERS_V0, definition, house.get(path, token=token["restrictedDataToken"]))
    check(ORDERS_V0, "GetOrderBuyerInfoResponse", house.get(f"/orders/v0/orders/{number}/buyerInfo"))


def test_listings() -> None:
    house = House()
    base = f"/listings/2021-08-01/items/{house.merchant}"
    data = "summaries,attributes,issues,offers,fulfillmentAvailability,procurement,relationships,productTypes"
    one = house.get(f"{base}/SANDBOX-SKU-1", marketplaceIds=US, includedData=data)
    check(LISTINGS, "Item", one)
    check(LISTINGS, "ItemSearchResults", house.get(base, marketplaceIds=US, pageSize="2"))
    stock = [{"fulfillment_channel_code": "DEFAULT", "quantity": 7}]
    whole = {"productType": "P", "attributes": {"item_name": [{"value": "x"}], "fulfillment_availability": stock}}
    check(LISTINGS, "ListingsItemSubmissionResponse", house.send("PUT", f"{base}/N?marketplaceIds={US}", body=whole))
    lacking = {"productType": "P", "attributes": {"color": [{"value": "blue"}]}}
    check(LISTINGS, "ListingsItemSubmissionResponse", house.send("PUT", f"{base}/N?marketplaceIds={US}", body=lacking))
    check(LISTINGS, "ListingsItemSubmissionResponse", house.send("DELETE", f"{base}/N?marketplaceIds={US}"))


def test_reports() -> None:
    house = House()
    body = {"reportType": "GET_X", "marketplaceIds": [US], "dataStartTime": "2026-01-01T00:00:00Z"}
    made = house.send("POST", "/reports/2021-06-30/reports", body=body)
    check(REPORTS, "CreateReportResponse", made)
    report = f"/reports/2021-06-30/reports/{decoded(made)['reportId']}"
    for seconds in (2, 20, 60):
        house.clock.advance(seconds)
        check(REPORTS, "Report", house.get(report))
    check(REPORTS, "GetReportsResponse", house.get("/reports/2021-06-30/reports", reportTypes="GET_X", pageSize="1"))
    document = decoded(house.get(report))["reportDocumentId"]
    check(REPORTS, "ReportDocument", house.get(f"/reports/2021-06-30/documents/{document}"))


def test_notifications() -> None:
    house, base = House(), "/notifications/v1"
    queue = {"sqs": {"arn": "arn:aws:sqs:us-east-1:123456789012:orders"}}
    bus = {"eventBridge": {"region": "us-east-1", "accountId": "123456789012"}}
    token = house.grantless(NOTIFICATIONS)
    made = [
        house.send("POST", f"{base}/destinations", body={"name": name, "resourceSpecification": resource}, token=token)
        for name, resource in (("a", queue), ("b", bus))
    ]
    for answer in made:
        check(MESSAGES, "CreateDestinationResponse", answer)
    one = decoded(made[1])["payload"]["destinationId"]
    check(MESSAGES, "GetDestinationsResponse", house.get(f"{base}/destinations", token=token))
    check(MESSAGES, "GetDestinationResponse", house.get(f"{base}/destinations/{one}", token=token))
    subscription = {"payloadVersion": "1.0", "destinationId": one}
    subscribed = house.send("POST", f"{base}/subscriptions/{KIND}", body=subscription)
    check(MESSAGES, "CreateSubscriptionResponse", subscribed)
    check(MESSAGES, "GetSubscriptionResponse", house.get(f"{base}/subscriptions/{KIND}"))
    path = f"{base}/subscriptions/{KIND}/{decoded(subscribed)['payload']['subscriptionId']}"
    check(MESSAGES, "GetSubscriptionByIdResponse", house.get(path, token=token))
    check(MESSAGES, "DeleteSubscriptionByIdResponse", house.send("DELETE", path, token=token))
    check(MESSAGES, "DeleteDestinationResponse", house.send("DELETE", f"{base}/destinations/{one}", token=token))


def test_sellers_tokens_and_tracking() -> None:
    house = House()
    participations = house.get("/sellers/v1/marketplaceParticipations")
    check("sellers-api-model/sellers.json", "GetMarketplaceParticipationsResponse", participations)
    resource = {"method": "GET", "path": "/orders/v0/orders", "dataElements": ["buyerInfo"]}
    token = house.send("POST", "/tokens/2021-03-01/restrictedDataToken", body={"restrictedResources": [resource]})
    check("tokens-api-model/tokens_2021-03-01.json", "CreateRestrictedDataTokenResponse", token)
    location = house.stage.add_location(merchant_ids=[house.merchant], marketplace_id=US, channel="FBA", name="test")
    made = house.stage.add_shipment(location_id=location)
    path = f"/externalFulfillment/2024-09-11/shipments/{made}"
    side = {"value": "10.0", "dimensionUnit": "CM"}
    package = {
        "id": "p1",
        "dimensions": {"length": side, "width": side, "height": side},
        "weight": {"value": "200.0", "weightUnit": "G"},
        "hazmatLabels": [],
        "packageLineItems": [{"packageLineItemId": "1", "quantity": 1, "serialNumbers": []}],
    }
    house.send("POST", f"{path}?operation=CONFIRM")
    house.send("POST", f"{path}/packages", body={"packages": [package]})
    house.send("POST", f"{path}/invoice")
    label = decoded(house.send("PUT", f"{path}/shipLabels?operation=GENERATE"))["packageShipLabelList"][0]
    number = {"carrierTracking.trackingNumber": label["shipLabelMetadata"]["trackingId"]}
    scope = house.grantless("sellingpartnerapi::shipments:track")
    tracked = house.get("/tracking/2026-01-30/shipments/track", token=scope, **number)
    check("tracking-api-model/tracking_2026-01-30.json", "GetShipmentTrackingResponse", tracked)
