"""getShipments: filters, pages, and tokens that notice when they are altered."""

from __future__ import annotations

import pytest
from fulfillment_world import MERCHANT, NOON, SELLER_FLEX, STRANGER, US, World

from recoup.sandbox.fulfillment.matrix import State
from recoup.sandbox.operation import Refusal


def ids(world: World, **query: str) -> list[str]:
    found = world.call("getShipments", **query).body["shipments"]
    return [shipment["id"] for shipment in found]


def test_pages_give_every_shipment_once_in_order_of_update() -> None:
    world = World()
    made = []
    for _ in range(7):
        world.now += 1
        made.append(world.shipment())
    seen: list[str] = []
    query = {"status": "ACCEPTED", "maxResults": "3"}
    sizes = []
    while True:
        page = world.call("getShipments", **query).body
        sizes.append(len(page["shipments"]))
        seen += [shipment["id"] for shipment in page["shipments"]]
        if "pagination" not in page:
            break
        query["paginationToken"] = page["pagination"]["nextToken"]
    assert seen == made
    assert sizes == [3, 3, 1]


def test_a_shipment_that_changes_between_pages_is_not_lost_and_none_is_skipped() -> None:
    world = World()
    made = []
    for _ in range(4):
        world.now += 1
        made.append(world.shipment())
    first = world.call("getShipments", status="ACCEPTED", maxResults="2").body
    world.now += 1
    world.stage.set_dispatch_after(made[0], NOON)
    world.call("processShipment", made[1], operation="CONFIRM")
    token = first["pagination"]["nextToken"]
    rest = ids(world, status="ACCEPTED", maxResults="2", paginationToken=token)
    assert rest == [made[2], made[3]]
    assert ids(world, status="ACCEPTED") == [made[2], made[3], made[0]]


def test_filters_hold_together() -> None:
    world = World()
    early = world.shipment()
    world.now += 100
    late, flex = world.shipment(), world.shipment(SELLER_FLEX)
    assert ids(world, status="ACCEPTED", channelName="FBA") == [flex]
    assert ids(world, status="ACCEPTED", channelName="MFN", lastUpdatedAfter="2027-01-15T12:00:00Z") == [late]
    assert ids(world, status="ACCEPTED", lastUpdatedBefore="2027-01-15T13:01:40+01:00") == [early]
    assert ids(world, status="ACCEPTED", marketplaceId=US) == [early, late, flex]
    assert ids(world, status="ACCEPTED", locationId=world.location("FBA")) == [flex]
    assert ids(world, status="CONFIRMED") == []
    assert world.call("getShipments", status="ACCEPTED", merchant=STRANGER).body == {"shipments": []}


@pytest.mark.parametrize(
    ("change", "value"),
    [
        ("status", "CONFIRMED"),
        ("maxResults", "2"),
        ("channelName", "MFN"),
    ],
)
def test_a_token_is_good_only_with_its_arguments(change: str, value: str) -> None:
    world = World()
    for _ in range(2):
        world.shipment()
    token = world.call("getShipments", status="ACCEPTED", maxResults="1").body["pagination"]["nextToken"]
    query = {"status": "ACCEPTED", "maxResults": "1", "paginationToken": token}
    assert len(ids(world, **query)) == 1
    refusal = world.refused("getShipments", **(query | {change: value}))
    assert (refusal.fault, refusal.parameters["parameter"]) == ("sc-00002-invalid-value", "paginationToken")


@pytest.mark.parametrize(
    "alter",
    [
        lambda token: token[:-4] + "AAAA",
        lambda token: "A" + token[1:] if token[0] != "A" else "B" + token[1:],
        lambda token: token.replace("=", "%3D") + "%3D",
        lambda token: token[:10],
        lambda token: "",
        lambda token: "é" + token,
    ],
)
def test_an_altered_token_is_noticed(alter: object) -> None:
    world = World()
    for _ in range(2):
        world.shipment()
    token = world.call("getShipments", status="ACCEPTED", maxResults="1").body["pagination"]["nextToken"]
    altered = alter(token)  # type: ignore[operator]
    refusal = world.refused("getShipments", status="ACCEPTED", maxResults="1", paginationToken=altered)
    assert (refusal.fault, refusal.parameters["parameter"]) == ("sc-00002-invalid-value", "paginationToken")


@pytest.mark.parametrize(
    ("query", "fault", "parameters"),
    [
        ({}, "sc-00002-invalid-value", {"value": "null", "parameter": "status"}),
        ({"status": "NEW"}, "sc-00002-invalid-value", {"value": "NEW", "parameter": "status"}),
        ({"status": "accepted"}, "sc-00002-invalid-value", {"value": "accepted", "parameter": "status"}),
        (
            {"status": "ACCEPTED", "maxResults": "0"},
            "sc-00002-invalid-value",
            {"value": "0", "parameter": "maxResults"},
        ),
        (
            {"status": "ACCEPTED", "maxResults": "ten"},
            "sc-00002-invalid-value",
            {"value": "ten", "parameter": "maxResults"},
        ),
        (
            {"status": "ACCEPTED", "maxResults": "101"},
            "sc-00002-range",
            {"parameter": "maxResults", "value": "101", "limit": "100"},
        ),
        (
            {"status": "ACCEPTED", "lastUpdatedAfter": "15/01/2027"},
            "sc-00002-invalid-value",
            {"value": "15/01/2027", "parameter": "lastUpdatedAfter"},
        ),
        (
            {"status": "ACCEPTED", "lastUpdatedBefore": "2027-13-01T00:00:00Z"},
            "sc-00002-invalid-value",
            {"value": "2027-13-01T00:00:00Z", "parameter": "lastUpdatedBefore"},
        ),
        (
            {
                "status": "ACCEPTED",
                "lastUpdatedAfter": "2027-01-02T00:00:00Z",
                "lastUpdatedBefore": "2027-01-01T00:00:00Z",
            },
            "sc-00002-range",
            {"parameter": "lastUpdatedAfter", "value": "2027-01-02T00:00:00Z", "limit": "2027-01-01T00:00:00Z"},
        ),
        (
            {"status": "ACCEPTED", "locationId": "x" * 37},
            "sc-00002-invalid-value",
            {"value": "x" * 37, "parameter": "locationId"},
        ),
        (
            {"status": "ACCEPTED", "locationId": "NONE"},
            "sc-00003-entity-not-found",
            {"entity": "locationId", "id": "NONE"},
        ),
        (
            {"status": "ACCEPTED", "marketplaceId": "ATLANTIS"},
            "sc-00002-invalid-value",
            {"value": "ATLANTIS", "parameter": "marketplaceId"},
        ),
    ],
)
def test_what_a_listing_refuses(query: dict[str, str], fault: str, parameters: dict[str, object]) -> None:
    refusal = World().refused("getShipments", **query)
    assert (refusal.fault, refusal.parameters) == (fault, parameters)


def test_the_index_agrees_with_a_plain_scan_whatever_happens() -> None:
    world = World(seed=3)
    for index in range(60):
        world.now += index % 3
        shipment = world.shipment(SELLER_FLEX if index % 4 == 0 else ("MFN", "MARKETPLACE"))
        if index % 2:
            world.call("processShipment", shipment, operation="CONFIRM" if index % 3 else "REJECT")
    for state in State:
        expected = sorted(
            (one for one in world.state.shipments.values() if one.state is state),
            key=lambda one: (one.updated, one.sequence),
        )
        assert [one.id for one in world.state.listing(MERCHANT, state)] == [one.id for one in expected]


def test_a_token_is_good_in_exactly_one_spelling() -> None:
    world = World()
    for _ in range(3):
        world.now += 1
        world.shipment()
    query = {"status": "ACCEPTED", "maxResults": "2"}
    token = world.call("getShipments", **query).body["pagination"]["nextToken"]
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/="
    taken = []
    for place in range(len(token)):
        for letter in letters:
            altered = token[:place] + letter + token[place + 1 :]
            try:
                world.call("getShipments", **query, paginationToken=altered)
            except Refusal:
                continue
            taken.append(altered)
    assert set(taken) == {token}
