"""batchInventory: absolute quantities, sequence numbers, reservations, and failures inside a 207."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from fulfillment_world import MERCHANT, NOON, STRANGER, US, World, package

SKU = "SANDBOX/SKU 3"


def uri(kind: str, location: str, sku: str = SKU) -> str:
    return f"/inventory/{kind}?locationId={location}&skuId={quote(sku, safe='')}"


def update(location: str, quantity: Any = 5, sequence: Any = None, sku: str = SKU, **more: Any) -> dict[str, Any]:
    body: dict[str, Any] = {"quantity": quantity} | more
    if sequence is not None:
        body["clientSequenceNumber"] = sequence
    return {"method": "POST", "uri": uri("update", location, sku), "body": body}


def fetch(location: str, sku: str = SKU) -> dict[str, Any]:
    return {"method": "POST", "uri": uri("fetch", location, sku)}


def batch(world: World, *requests: dict[str, Any], merchant: str = MERCHANT) -> list[dict[str, Any]]:
    answer = world.call("batchInventory", body={"requests": list(requests)}, merchant=merchant)
    assert answer.status == 207
    found: list[dict[str, Any]] = answer.body["responses"]
    return found


def test_the_answers_stand_in_the_order_of_the_requests() -> None:
    world = World()
    location = world.location()
    updated, unknown, fetched = batch(world, update(location, 7, 100), fetch(location, "NO-SUCH-SKU"), fetch(location))
    assert updated == {
        "status": {"statusCode": 200, "reasonPhrase": "Success"},
        "body": {
            "skuId": SKU,
            "locationId": location,
            "sellableQuantity": 7,
            "reservedQuantity": 0,
            "clientSequenceNumber": 100,
            "marketplaceAttributes": {"marketplaceId": US, "channelName": "MFN"},
            "actionableErrors": [],
        },
    }
    assert fetched == updated
    assert unknown == {
        "status": {"statusCode": 400, "reasonPhrase": "Invalid Input"},
        "body": {
            "skuId": "NO-SUCH-SKU",
            "locationId": location,
            "actionableErrors": [
                {
                    "errorType": "INVALID_SKU",
                    "errorSubType": "The requested Sku does not exist for the seller in requested marketplace.",
                }
            ],
        },
    }


@pytest.mark.parametrize(
    ("sequence", "status", "reason", "text"),
    [
        (101, 200, "Success", None),
        (2**62, 200, "Success", None),
        (None, 200, "Success", None),
        (100, 409, "DuplicateRequest", "Duplicate clientToken exists for 'clientSequenceNumber' '100'"),
        (99, 409, "StateConflict", "99 is in conflict with existing client sequence number 100"),
        (0, 409, "StateConflict", "0 is in conflict with existing client sequence number 100"),
    ],
)
def test_sequence_numbers(sequence: int | None, status: int, reason: str, text: str | None) -> None:
    world = World()
    location = world.location()
    batch(world, update(location, 7, 100))
    item = batch(world, update(location, 9, sequence))[0]
    assert item["status"] == {"statusCode": status, "reasonPhrase": reason}
    stored = batch(world, fetch(location))[0]["body"]
    if text is None:
        assert stored["sellableQuantity"] == 9
        assert stored["clientSequenceNumber"] == (sequence if sequence is not None else 100)
        return
    assert item["body"]["actionableErrors"] == [{"errorType": reason, "errorSubType": text}]
    assert item["body"]["clientSequenceNumber"] == 100, "the newest one, to go on from"
    assert (stored["sellableQuantity"], stored["clientSequenceNumber"]) == (7, 100), "a refusal changes nothing"
    mended = batch(world, update(location, 9, item["body"]["clientSequenceNumber"] + 1))[0]
    assert mended["status"]["statusCode"] == 200


def test_a_sequence_is_kept_for_each_sku_and_location() -> None:
    world = World()
    first, second = world.location(), world.location("FBA")
    items = batch(world, update(first, 1, 50), update(second, 1, 40), update(first, 1, 30, sku="SANDBOX-SKU-1"))
    assert [item["status"]["statusCode"] for item in items] == [200, 200, 200]


@pytest.mark.parametrize(
    ("change", "status", "text"),
    [
        ({"body": {}}, 400, "At least one field is mandatory in the input payload"),
        ({"body": None}, 400, "At least one field is mandatory in the input payload"),
        ({"body": {"quantity": None}}, 400, "At least one field is mandatory in the input payload"),
        ({"body": {"clientSequenceNumber": 5}}, 400, "Invalid input 'null' for parameter 'quantity'"),
        ({"body": {"quantity": -1}}, 400, "Invalid input '-1' for parameter 'quantity'"),
        ({"body": {"quantity": "5"}}, 400, "Invalid input '5' for parameter 'quantity'"),
        ({"body": {"quantity": True}}, 400, "Invalid input 'true' for parameter 'quantity'"),
        (
            {"body": {"quantity": 1, "clientSequenceNumber": 2**63}},
            400,
            f"Invalid input '{2**63}' for parameter 'clientSequenceNumber'",
        ),
        (
            {"body": {"quantity": 1, "marketplaceAttributes": {"channelName": "FBA"}}},
            400,
            "Invalid input 'FBA' for parameter 'marketplaceAttributes.channelName'",
        ),
        ({"uri": "/inventory/remove?locationId=A&skuId=B"}, 400, None),
        ({"uri": "/inventory/update?skuId=B"}, 400, "Invalid input 'null' for parameter 'locationId'"),
        (
            {"uri": "/inventory/update?locationId=NONE&skuId=B"},
            404,
            "Requested Entity with 'locationId' 'NONE' is not found",
        ),
        ({"method": "GET"}, 400, "Invalid input 'GET' for parameter 'method'"),
    ],
)
def test_a_faulty_item_fails_alone(change: dict[str, Any], status: int, text: str | None) -> None:
    world = World()
    location = world.location()
    faulty, good = batch(world, update(location) | change, update(location, 3, sku="SANDBOX-SKU-1"))
    assert faulty["status"]["statusCode"] == status
    if text is not None:
        assert faulty["body"]["actionableErrors"][0]["errorSubType"] == text
    assert good["status"]["statusCode"] == 200


@pytest.mark.parametrize(
    ("body", "parameters"),
    [
        (None, {"value": "null", "parameter": "requests"}),
        ({}, {"value": "null", "parameter": "requests"}),
        ({"requests": []}, {"value": "[]", "parameter": "requests"}),
        ({"requests": ["update"]}, {"value": "update", "parameter": "requests[0]"}),
        ({"requests": [{"uri": "/inventory/fetch"}]}, {"value": "null", "parameter": "requests[0].method"}),
        ({"requests": [{"method": "PUT", "uri": "x"}]}, {"value": "PUT", "parameter": "requests[0].method"}),
        ({"requests": [{"method": "POST"}]}, {"value": "null", "parameter": "requests[0].uri"}),
        ({"requests": [{"method": "POST", "uri": "x", "body": 5}]}, {"value": "5", "parameter": "requests[0].body"}),
        ([], {"value": "[]", "parameter": "body"}),
    ],
)
def test_what_is_no_batch_fails_as_a_whole(body: Any, parameters: dict[str, str]) -> None:
    refusal = World().refused("batchInventory", body=body)
    assert (refusal.fault, refusal.parameters) == ("sc-00002-invalid-value", parameters)


def test_ten_requests_are_a_batch_and_eleven_are_not() -> None:
    world = World()
    location = world.location()
    assert len(batch(world, *[fetch(location)] * 10)) == 10
    answer = world.call("batchInventory", body={"requests": [fetch(location)] * 11})
    assert answer.status == 400
    assert answer.body == {
        "errors": [{"code": "BATCH_SIZE_EXCEED", "message": "Maximum number for requests supported in batch is 10."}]
    }


def test_a_broken_record_fails_until_it_is_repaired_and_another_merchant_is_forbidden() -> None:
    world = World()
    location = world.location()
    world.stage.poison(SKU)
    broken, good = batch(world, update(location), fetch(location, "SANDBOX-SKU-1"))
    assert broken["status"] == {"statusCode": 500, "reasonPhrase": "InternalFailure"}
    assert good["status"]["statusCode"] == 200
    world.stage.repair(SKU)
    assert batch(world, update(location))[0]["status"]["statusCode"] == 200
    assert batch(world, update(location), merchant=STRANGER)[0]["status"] == {
        "statusCode": 403,
        "reasonPhrase": "Forbidden",
    }


def test_default_is_the_only_location_of_a_merchant_who_fulfils() -> None:
    world = World()
    location = world.location()
    world.location("FBA")
    assert batch(world, update("DEFAULT", 4))[0]["body"]["locationId"] == location
    world.location(name="second")
    assert batch(world, update("DEFAULT", 4))[0]["status"]["statusCode"] == 404


def test_stock_is_reserved_until_the_label_and_given_back_by_a_cancellation() -> None:
    world = World()
    location = world.location()
    batch(world, update(location, 10))

    def stock() -> tuple[int, int]:
        body = batch(world, fetch(location))[0]["body"]
        return body["sellableQuantity"], body["reservedQuantity"]

    kept, dropped = world.shipment(skus=[SKU], units=(3,)), world.shipment(skus=[SKU], units=(2,))
    assert stock() == (5, 5)
    world.stage.cancel_by_marketplace(dropped)
    assert stock() == (7, 3)
    batch(world, update(location, 2))
    assert stock() == (0, 3), "less than is reserved leaves nothing to sell"
    batch(world, update(location, 10))
    world.advance_to(kept, "SHIPLABEL_GENERATED", [package(lines={"1": 3})])
    assert stock() == (7, 0), "the labelled units have left"


def test_a_shipment_without_stock_waits_and_is_accepted_when_stock_comes() -> None:
    world = World()
    location = world.location()
    first = world.shipment(skus=["RARE"], units=(2,))
    second = world.shipment(skus=["RARE"], units=(2,))
    assert [world.status(first), world.status(second)] == ["CREATED", "CREATED"]
    batch(world, update(location, 1, sku="RARE"))
    assert world.status(first) == "CREATED"
    world.now = NOON + 5
    batch(world, update(location, 4, sku="RARE"))
    assert [world.status(first), world.status(second)] == ["ACCEPTED", "ACCEPTED"]


def test_a_cancellation_gives_its_stock_to_those_that_wait() -> None:
    world = World()
    location = world.location()
    batch(world, update(location, 3, sku="RARE"))
    first, waiting = world.shipment(skus=["RARE"], units=(2,)), world.shipment(skus=["RARE"], units=(2,))
    confirmed = world.shipment(skus=["RARE"], units=(1,))
    world.call("processShipment", confirmed, operation="CONFIRM")
    assert [world.status(one) for one in (first, waiting)] == ["ACCEPTED", "CREATED"]
    world.stage.cancel_by_marketplace(first)
    assert [world.status(one) for one in (first, waiting, confirmed)] == ["CANCELLED", "ACCEPTED", "CONFIRMED"]


@pytest.mark.parametrize("address", ["//[abc", "http://[", "//[::1/inventory/update?locationId=L&skuId=S"])
def test_a_uri_that_is_none_is_refused_in_its_own_place(address: str) -> None:
    world = World()
    location = world.location()
    bad, good = batch(world, {"method": "POST", "uri": address, "body": {"quantity": 1}}, update(location, 7))
    assert bad["status"] == {"statusCode": 400, "reasonPhrase": "InvalidInput"}
    assert good["status"]["statusCode"] == 200


def test_orders_that_come_while_a_record_is_poisoned_are_counted_once_it_is_repaired() -> None:
    world = World()
    location = world.location()
    made = [world.shipment(skus=[SKU])]
    world.stage.poison(SKU)
    made += [world.shipment(skus=[SKU]), world.shipment(skus=[SKU])]
    assert batch(world, fetch(location))[0]["status"]["reasonPhrase"] == "InternalFailure"
    world.stage.repair(SKU)
    assert batch(world, fetch(location))[0]["body"]["reservedQuantity"] == 3
    for shipment in made:
        world.stage.cancel_by_marketplace(shipment)
    assert batch(world, fetch(location))[0]["body"]["reservedQuantity"] == 0
