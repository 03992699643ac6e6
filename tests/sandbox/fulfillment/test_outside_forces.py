"""Outside forces that no recipe of the drill needs: each does what its one line in the reference says."""

from __future__ import annotations

import pytest
from fulfillment_world import NOON, World

from recoup.sandbox.fulfillment import FulfillmentSettings


def test_the_system_cancels_an_order_and_its_stock_comes_back() -> None:
    world = World()
    shipment = world.shipment()
    assert sum(item.reserved for item in world.state.items.values()) == 1
    world.stage.cancel_by_system(shipment, now=world.now)
    view = world.view(shipment)
    assert view["status"] == "CANCELLED"
    assert "SYSTEM_CANCELLED" in str(view)
    assert sum(item.reserved for item in world.state.items.values()) == 0
    assert world.refused("processShipment", shipment, operation="CONFIRM").fault == "sc-00006-order-cancelled"
    with pytest.raises(ValueError, match="cannot be cancelled"):
        world.stage.cancel_by_system(shipment, now=world.now)


def test_the_expected_ship_date_moves() -> None:
    world = World()
    shipment = world.shipment()
    before = str(world.view(shipment))
    world.stage.set_expected_ship(shipment, NOON + 3 * 86_400, now=world.now)
    after = str(world.view(shipment))
    assert "2027-01-18T12:00:00Z" not in before
    assert "2027-01-18T12:00:00Z" in after


def test_a_limit_that_was_set_goes_back_to_that_of_the_settings() -> None:
    world = World(FulfillmentSettings(service_limit=None, service_limits={}))
    shipment = world.shipment()
    world.stage.set_service_limit("getShipment", 1.0, 1.0)
    world.call("getShipment", shipment)
    assert world.refused("getShipment", shipment).fault == "sc-00007-rate-limited"
    world.stage.restore_service_limit("getShipment")
    for _ in range(20):
        world.call("getShipment", shipment)
