"""Inventory of 2021-01-06: one SKU a call, with conditions on the version that the caller knows."""

from __future__ import annotations

import pytest
from fulfillment_world import STRANGER, World

CONFLICT = "sc-00006-entity-version-conflict"


def test_reading_gives_the_version_that_writing_needs() -> None:
    world = World()
    path = {"locationId": world.location(), "skuId": "SANDBOX-SKU-1"}
    before = world.call("getInventory", path=path)
    assert before.body["sellableQuantity"] == 1000
    written = world.call("updateInventory", path=path, quantity="5", headers={"If-Match": before.headers["ETag"]})
    assert written.body["sellableQuantity"] == 5
    assert written.headers["ETag"] != before.headers["ETag"]
    stale = world.refused("updateInventory", path=path, quantity="6", headers={"If-Match": before.headers["ETag"]})
    assert (stale.fault, stale.parameters) == (CONFLICT, {"version": "1", "existing": "2"})
    assert world.call("getInventory", path=path).body["sellableQuantity"] == 5


@pytest.mark.parametrize(
    ("first", "second", "taken"),
    [
        ("5", "6", True),
        ("5", "5", False),
        ("5", "4", False),
        ("Fri, 15 Jan 2027 12:00:00 GMT", "Fri, 15 Jan 2027 12:00:01 GMT", True),
        ("Fri, 15 Jan 2027 12:00:00 GMT", "Fri, 15 Jan 2027 12:00:00 GMT", False),
        ("Fri, 15 Jan 2027 12:00:00 GMT", "Thu, 14 Jan 2027 12:00:00 GMT", False),
    ],
)
def test_a_stamp_must_be_newer_than_the_stored_one(first: str, second: str, taken: bool) -> None:
    world = World()
    path = {"locationId": world.location(), "skuId": "NEW-SKU"}
    world.call("updateInventory", path=path, quantity="1", headers={"If-Unmodified-Since": first})
    call = {"path": path, "quantity": "2", "headers": {"If-Unmodified-Since": second}}
    if taken:
        assert world.call("updateInventory", **call).body["sellableQuantity"] == 2
    else:
        refusal = world.refused("updateInventory", **call)
        assert (refusal.fault, refusal.parameters) == (CONFLICT, {"version": second, "existing": first})


@pytest.mark.parametrize(
    ("quantity", "headers", "parameter"),
    [
        (None, {}, "quantity"),
        ("-1", {}, "quantity"),
        ("many", {}, "quantity"),
        ("1", {"If-Unmodified-Since": "yesterday"}, "If-Unmodified-Since"),
        ("1", {"If-Unmodified-Since": f"Fri, {10**20} Jan 2027 12:00:00 GMT"}, "If-Unmodified-Since"),
        ("1", {"If-Unmodified-Since": f"Fri, 15 Jan 2027 12:00:00 -{10**16}"}, "If-Unmodified-Since"),
    ],
)
def test_what_it_refuses(quantity: str | None, headers: dict[str, str], parameter: str) -> None:
    world = World()
    path = {"locationId": world.location(), "skuId": "S"}
    query = {"quantity": quantity} if quantity is not None else {}
    refusal = world.refused("updateInventory", path=path, headers=headers, **query)
    assert (refusal.fault, refusal.parameters["parameter"]) == ("sc-00002-invalid-value", parameter)


def test_what_is_not_there_and_what_is_not_yours() -> None:
    world = World()
    path = {"locationId": world.location(), "skuId": "S"}
    assert world.refused("getInventory", path=path).parameters == {"entity": "skuId", "id": "S"}
    assert world.refused("getInventory", path=path | {"locationId": "X"}).parameters == {
        "entity": "locationId",
        "id": "X",
    }
    assert world.refused("getInventory", path=path, merchant=STRANGER).fault == "sc-00005-forbidden"


def test_a_star_matches_any_version() -> None:
    world = World()
    path = {"locationId": world.location(), "skuId": "SANDBOX-SKU-1"}
    for match in ("*", 'W/"2"', " 3 "):
        assert world.call("updateInventory", path=path, quantity="5", headers={"If-Match": match}).status == 200
