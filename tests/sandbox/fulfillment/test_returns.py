"""Returns: reading one, listing them by every filter, and paging."""

from __future__ import annotations

import pytest
from fulfillment_world import STRANGER, World


def returned(world: World, **kwargs: str) -> str:
    return world.stage.add_return(world.shipment(), **kwargs)  # type: ignore[arg-type]


def ids(world: World, **query: str) -> list[str]:
    return [item["id"] for item in world.call("listReturns", **query).body["returns"]]


def test_reading_one_and_only_ones_own() -> None:
    world = World()
    item = returned(world)
    body = world.call("getReturn", path={"returnId": item}).body
    assert (body["id"], body["status"], body["numberOfUnits"]) == (item, "CREATED", 1)
    refusal = world.refused("getReturn", path={"returnId": item}, merchant=STRANGER)
    assert (refusal.fault, refusal.parameters) == ("sc-00003-entity-not-found", {"entity": "returnId", "id": item})


def test_filters_hold_together() -> None:
    world = World()
    early = returned(world)
    world.now += 100
    late = returned(world, status="PROCESSED")
    assert ids(world) == [early, late]
    assert ids(world, status="PROCESSED") == [late]
    assert ids(world, createdSince="2027-01-15T12:01:00Z") == [late]
    assert ids(world, lastUpdatedBefore="2027-01-15T12:01:00Z") == [early], "the old name filters by creation"
    rma = world.call("getReturn", path={"returnId": early}).body["returnMetadata"]["rmaId"]
    assert ids(world, rmaId=rma) == [early]
    assert ids(world, rmaId=rma, status="PROCESSED") == []
    location = world.location()
    within = {"returnLocationId": location, "status": "PROCESSED", "lastUpdatedSince": "2027-01-15T12:01:00Z"}
    assert ids(world, **within) == [late]


def test_pages_by_the_token_as_it_was_returned() -> None:
    world = World()
    made = [returned(world) for _ in range(12)]
    first = world.call("listReturns").body
    assert [item["id"] for item in first["returns"]] == made[:10], "ten is the documented default"
    second = world.call("listReturns", nextToken=first["nextToken"]).body
    assert [item["id"] for item in second["returns"]] == made[10:]
    assert "nextToken" not in second
    refusal = world.refused("listReturns", nextToken=first["nextToken"], maxResults="5")
    assert refusal.parameters["parameter"] == "nextToken"


@pytest.mark.parametrize(
    ("query", "fault", "parameter"),
    [
        ({"status": "LOST"}, "sc-00002-invalid-value", "status"),
        ({"lastUpdatedSince": "2027-01-15T12:00:00Z"}, "sc-00002-invalid-value", "lastUpdatedSince"),
        (
            {"lastUpdatedUntil": "2027-01-15T12:00:00Z", "status": "CREATED"},
            "sc-00002-invalid-value",
            "lastUpdatedUntil",
        ),
        ({"createdSince": "yesterday"}, "sc-00002-invalid-value", "createdSince"),
        ({"maxResults": "101"}, "sc-00002-range", "maxResults"),
        (
            {"createdSince": "2027-01-16T00:00:00Z", "createdUntil": "2027-01-15T00:00:00Z"},
            "sc-00002-range",
            "createdSince",
        ),
    ],
)
def test_what_a_listing_refuses(query: dict[str, str], fault: str, parameter: str) -> None:
    refusal = World().refused("listReturns", **query)
    assert (refusal.fault, refusal.parameters["parameter"]) == (fault, parameter)
