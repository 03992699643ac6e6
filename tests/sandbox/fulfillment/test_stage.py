"""Setting the stage: Amazon's own sandbox operations, and the plain methods; bad use changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from fulfillment_world import INDIA, MERCHANT, STRANGER, US, World

LOCATION = {"merchantIds": [MERCHANT], "marketplaceId": US, "locationName": "shop"}


def test_a_location_is_made_once_for_its_name() -> None:
    world = World()
    first = world.call("createSandboxLocation", body=LOCATION).body["locationIds"]
    assert set(first) == {"FBA", "MFN"}
    assert len(first["FBA"]) == 4
    assert world.call("createSandboxLocation", body=LOCATION).body["locationIds"] == first
    only = world.call("createSandboxLocation", body=LOCATION | {"channels": ["MFN"]}).body["locationIds"]
    assert only == {"MFN": first["MFN"]}
    other = world.call("createSandboxLocation", body=LOCATION | {"locationName": "other"}).body["locationIds"]
    assert not set(other.values()) & set(first.values())


@pytest.mark.parametrize(
    ("change", "parameter"),
    [
        ({"merchantIds": []}, "merchantIds"),
        ({"merchantIds": [1]}, "merchantIds[0]"),
        ({"marketplaceId": "ATLANTIS"}, "marketplaceId"),
        ({"channels": ["DF"]}, "channels"),
        ({"locationName": "n" * 61}, "locationName"),
        ({"locationName": None}, "locationName"),
    ],
)
def test_what_a_location_refuses(change: dict[str, Any], parameter: str) -> None:
    refusal = World().refused("createSandboxLocation", body=LOCATION | change)
    assert (refusal.fault, refusal.parameters["parameter"]) == ("sc-00002-invalid-value", parameter)


def test_a_location_for_others_is_forbidden() -> None:
    refusal = World().refused("createSandboxLocation", body=LOCATION | {"merchantIds": [STRANGER]})
    assert refusal.fault == "sc-00005-forbidden"


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"locationId": "NONE"}, "sc-00003-entity-not-found"),
        ({"marketplaceId": "A21TJRUUN4KGV"}, "sc-00002-invalid-value"),
        ({"marketplaceChannel": "FBA"}, "sc-00002-invalid-value"),
        ({"shippingType": "AIR"}, "sc-00002-invalid-value"),
        ({"orderType": ["FRAGILE"]}, "sc-00002-invalid-value"),
        ({"lineItemCount": 2}, "sc-00002-invalid-value"),
    ],
)
def test_what_a_shipment_refuses(change: dict[str, Any], fault: str) -> None:
    world = World()
    body = {"locationId": world.location(), "marketplaceId": US, "marketplaceChannel": "MFN"}
    assert world.refused("createSandboxShipment", body=body | change).fault == fault
    assert not world.state.shipments


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ({}, "sc-00002-invalid-value"),
        ({"updateType": "SHIPMENT_STATUS_CHANGE"}, "sc-00002-invalid-value"),
        ({"updateType": "SHIPMENT_STATUS_CHANGE", "updates": {}}, "sc-00002-invalid-value"),
        (
            {
                "updateType": "SHIPMENT_STATUS_CHANGE",
                "updates": {"status": "SHIPPED", "subStatus": "OUT_FOR_DELIVERY"},
            },
            "sc-00002-invalid-value",
        ),
        ({"updateType": "INVOICE_AVAILABILITY_CHANGE", "updates": {}}, "sc-00002-invalid-value"),
        ({"updateType": "TRANSPORT_CAPACITY_CHANGE", "updates": {}}, "sc-00002-invalid-value"),
        ({"updateType": "TRANSPORT_CAPACITY_CHANGE", "updates": {"timestamp": "soon"}}, "sc-00002-invalid-value"),
        (
            {"updateType": "SHIPMENT_STATUS_CHANGE", "updates": {"status": "DELIVERED"}},
            "sc-10001-operation-not-permitted",
        ),
    ],
)
def test_what_an_update_refuses(body: dict[str, Any], fault: str) -> None:
    world = World()
    shipment = world.shipment()
    before = world.view(shipment)
    assert world.refused("updateSandboxShipment", shipment, body=body).fault == fault
    assert world.view(shipment) == before


def test_the_marketplace_cancels_until_the_parcel_is_gone() -> None:
    world = World()
    cancel = {"updateType": "SHIPMENT_STATUS_CHANGE", "updates": {"status": "CANCELLED"}}
    shipment = world.shipment()
    world.advance_to(shipment, "SHIPLABEL_GENERATED")
    assert world.call("updateSandboxShipment", shipment, body=cancel).status == 204
    line = world.view(shipment)["lineItems"][0]
    assert line["cancellations"][0]["cancellationType"] == "MARKETPLACE_CANCELLED"
    assert world.refused("updateSandboxShipment", shipment, body=cancel).fault == "sc-00006-order-cancelled"
    gone = world.shipment()
    world.advance_to(gone, "SHIPPED")
    assert world.refused("updateSandboxShipment", gone, body=cancel).fault == "sc-10001-operation-not-permitted"


@pytest.mark.parametrize(
    "act",
    [
        lambda world: world.stage.poison("NO-SUCH"),
        lambda world: world.stage.repair("NO-SUCH"),
        lambda world: world.stage.set_site_capacity("NONE", 1),
        lambda world: world.stage.set_carrier_capacity("ATS", -1),
        lambda world: world.stage.set_carrier_capacity("PIGEON", 1),
        lambda world: world.stage.cancel_by_marketplace("NO-SUCH"),
        lambda world: world.stage.take_time("getShipment", 5),
        lambda world: world.stage.take_time("createPackages", -1),
        lambda world: world.stage.take_time("createPackages", float("inf")),
        lambda world: world.stage.outage(float("inf")),
        lambda world: world.stage.outage(1.0, operation="getOrders"),
        lambda world: world.stage.set_service_limit("getOrders", 1),
        lambda world: world.stage.set_service_limit("getShipment", 0),
        lambda world: world.stage.set_dispatch_after(world.shipment(), float("nan")),
        lambda world: world.stage.set_invoice_status(world.shipment(), "LOST"),
        lambda world: world.stage.set_processing_source(world.shipment(), "MARS"),
        lambda world: world.stage.fill_slot(world.shipment(), "option"),
        lambda world: world.stage.scan_by_carrier(world.shipment(), "LOST"),
        lambda world: world.stage.add_shipment(location_id="NONE"),
        lambda world: world.stage.add_shipment(location_id=world.location(), units=()),
        lambda world: world.stage.add_shipment(location_id=world.location(), units=(10**9,)),
        lambda world: world.stage.add_shipment(location_id=world.location(), shipping_type="ROCKET"),
        lambda world: world.stage.add_shipment(location_id=world.location(), order_types=("FRAGILE",)),
        lambda world: world.stage.add_shipment(location_id=world.location(), skus=("",)),
        lambda world: world.stage.add_shipment(location_id=world.location(), merchant_id=STRANGER),
        lambda world: world.stage.add_location(merchant_ids=[], marketplace_id=US, channel="MFN"),
        lambda world: world.stage.add_location(merchant_ids=[MERCHANT], marketplace_id="X", channel="MFN"),
        lambda world: world.stage.add_location(merchant_ids=[MERCHANT], marketplace_id=US, channel="POST"),
        lambda world: world.stage.add_return(world.shipment(), units=5),
    ],
)
def test_bad_use_is_named(act: Callable[[World], object]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        act(World())


def test_an_unknown_operation_is_not_of_this_service() -> None:
    with pytest.raises(LookupError, match="getOrders"):
        World().call("getOrders")


def test_a_location_in_a_marketplace_of_another_region_is_refused() -> None:
    world = World()
    refusal = world.refused("createSandboxLocation", body=LOCATION | {"marketplaceId": INDIA})
    assert refusal.fault == "403-region-mismatch"
    assert not world.state.locations
