"""Operations that take time: what meets them in flight, and what becomes of them."""

from __future__ import annotations

import pytest
from fulfillment_world import EASY_SHIP, World, package

from recoup.sandbox.operation import Outcome, Refusal, Working


def begun(world: World, shipment: str) -> Working:
    world.stage.take_time("generateShipLabels", 30)
    option = world.options(shipment)[0]["shippingOptionId"]
    answer = world.ask("generateShipLabels", shipment, operation="GENERATE", shippingOptionId=option)
    assert isinstance(answer, Working)
    assert answer.seconds == 30
    return answer


def ready(world: World) -> str:
    shipment = world.shipment(EASY_SHIP)
    world.advance_to(shipment, "PICKUP_SLOT_RETRIEVED")
    return shipment


def test_the_same_operation_is_in_progress_another_is_told_to_wait_and_reading_goes_on() -> None:
    world = World()
    shipment = ready(world)
    option = world.options(shipment)[0]["shippingOptionId"]
    work = begun(world, shipment)
    assert world.status(shipment) == "PICKUP_SLOT_RETRIEVED"

    again = world.refused("generateShipLabels", shipment, operation="GENERATE", shippingOptionId=option)
    assert again.fault == "sc-00004-in-progress"
    assert again.parameters == {"entity": "shipmentId", "id": shipment}
    other = world.refused("updatePackage", shipment, "p1", body=package())
    assert other.fault == "sc-10000-server-busy"
    assert world.refused("processShipment", shipment, operation="REJECT").fault == "sc-10000-server-busy"
    assert world.status(world.shipment()) == "ACCEPTED", "other shipments are not held up"

    answer = work.finish(world.now + 30)
    assert answer.body["packageShipLabelList"][0]["status"] == "SUCCESS"
    assert world.status(shipment) == "SHIPLABEL_GENERATED"
    world.stage.take_time("generateShipLabels", 0)
    assert world.label(shipment, "REGENERATE").status == 200


def test_confirming_and_rejecting_are_two_actions_of_one_operation() -> None:
    world = World()
    shipment = world.shipment()
    world.stage.take_time("processShipment", 5)
    assert isinstance(world.ask("processShipment", shipment, operation="CONFIRM"), Working)
    assert world.refused("processShipment", shipment, operation="CONFIRM").fault == "sc-00004-in-progress"
    assert world.refused("processShipment", shipment, operation="REJECT").fault == "sc-10000-server-busy"


def test_an_order_cancelled_meanwhile_ends_the_operation() -> None:
    world = World()
    shipment = ready(world)
    work = begun(world, shipment)
    world.stage.cancel_by_marketplace(shipment)
    with pytest.raises(Refusal) as caught:
        work.finish(world.now + 30)
    assert caught.value.fault == "sc-00006-order-cancelled"
    assert world.status(shipment) == "CANCELLED"
    assert not world.state.shipments[shipment].busy


def test_what_is_refused_at_once_never_begins() -> None:
    world = World()
    shipment = world.shipment()
    world.stage.take_time("createPackages", 30)
    refusal = world.refused("createPackages", shipment, body={"packages": [package()]})
    assert refusal.fault == "sc-10001-operation-not-permitted"
    assert isinstance(world.call("processShipment", shipment, operation="CONFIRM"), Outcome)
