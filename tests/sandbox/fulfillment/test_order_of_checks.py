"""Where several causes hold at once the first check answers: mend one after the other, and see the next."""

from __future__ import annotations

from fulfillment_world import EASY_SHIP, MERCHANT, NOON, World, package

from recoup.sandbox.operation import Working


def test_packing_from_an_outage_to_a_success() -> None:
    world = World()
    shipment = world.shipment(units=(2,))
    body: dict[str, object] = {"packages": []}

    def fault() -> str:
        return world.refused("createPackages", shipment, body=body).fault

    for _ in range(5):
        assert fault() == "sc-00002-invalid-value"
    world.stage.set_dispatch_after(shipment, NOON + 7200)
    world.stage.allow_list(MERCHANT, False)
    world.stage.poison(shipment)
    world.stage.set_service_limit("createPackages", 0.001, 1)
    assert fault() == "sc-00002-invalid-value", "the last token"
    world.stage.outage(NOON + 100)

    assert fault() == "sc-00001-service-unavailable"
    world.stage.end_outages()
    assert fault() == "sc-00007-rate-limited"
    world.stage.set_service_limit("createPackages", None)
    assert fault() == "sc-00002-invalid-value"
    body["packages"] = [package(lines={"1": 3}, weight="1")]
    assert fault() == "sc-00000-internal-failure"
    world.stage.repair(shipment)
    assert fault() == "sc-00005-forbidden"
    world.stage.allow_list(MERCHANT, True)
    world.stage.take_time("processShipment", 10)
    work = world.ask("processShipment", shipment, operation="CONFIRM")
    assert fault() == "sc-00005-max-retries"
    world.now += 3600
    assert fault() == "sc-10000-server-busy"
    assert isinstance(work, Working)
    work.finish(world.now)
    assert world.status(shipment) == "CONFIRMED"
    assert fault() == "sc-30005-dispatch-after-date"
    world.now += 3600
    assert fault() == "sc-20000-quantity-exceeds-inventory"
    body["packages"] = [package(lines={"1": 2}, weight="1")]
    assert fault() == "sc-30003-incorrect-package-dimensions"
    body["packages"] = [package(lines={"1": 2})]
    assert world.call("createPackages", shipment, body=body).status == 204


def test_labelling_from_a_full_slot_to_a_success() -> None:
    world = World()
    shipment = world.shipment(EASY_SHIP)
    world.advance_to(shipment, "PICKUP_SLOT_RETRIEVED")
    option = world.options(shipment)[0]["shippingOptionId"]
    world.stage.fill_slot(shipment, option)
    world.stage.set_carrier_capacity("ATS", 0)
    world.stage.set_site_capacity(world.location(), 0)

    def fault() -> str:
        return world.refused("generateShipLabels", shipment, operation="GENERATE", shippingOptionId=option).fault

    assert fault() == "sc-30004-pickup-slot-expired"
    option = world.options(shipment)[0]["shippingOptionId"]
    if world.state.shipments[shipment].packages["p1"].options[option].carrier != "ATS":
        option = next(one["shippingOptionId"] for one in world.options(shipment) if one["carrierName"] == "ATS")
    assert fault() == "sc-30002-capacity-breached"
    world.stage.set_site_capacity(world.location(), None)
    assert fault() == "sc-30001-shiplabel-generation-failure"
    world.stage.set_carrier_capacity("ATS", 1)
    assert world.label(shipment, shippingOptionId=option).status == 200


def test_a_cancelled_order_says_so_before_its_state_does_and_what_is_in_flight_before_that() -> None:
    world = World()
    shipment = world.shipment()
    world.stage.take_time("processShipment", 10)
    world.ask("processShipment", shipment, operation="CONFIRM")
    world.stage.cancel_by_marketplace(shipment)
    assert world.refused("processShipment", shipment, operation="CONFIRM").fault == "sc-00004-in-progress"
    assert world.refused("generateInvoice", shipment).fault == "sc-10000-server-busy"
    world.state.shipments[shipment].busy = ""
    assert world.refused("generateInvoice", shipment).fault == "sc-00006-order-cancelled"
