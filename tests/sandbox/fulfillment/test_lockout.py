"""Too many failed attempts of an operation on an order close it for an hour, for valid requests too."""

from __future__ import annotations

from fulfillment_world import BRAZIL, World, package

LOCKED = "sc-00005-max-retries"


def fail(world: World, shipment: str) -> str:
    return world.refused("createPackages", shipment, body={"packages": [package(weight="1")]}).fault


def test_the_sixth_attempt_is_locked_out_and_an_hour_later_it_is_not() -> None:
    world = World()
    shipment = world.shipment()
    world.advance_to(shipment, "CONFIRMED")
    for _ in range(5):
        assert fail(world, shipment) == "sc-30003-incorrect-package-dimensions"
    good = {"packages": [package()]}
    locked = world.refused("createPackages", shipment, body=good)
    assert locked.fault == LOCKED
    assert locked.parameters == {"order": shipment, "seconds": "3600"}
    world.now += 3599
    assert world.refused("createPackages", shipment, body=good).fault == LOCKED, "asking does not make it longer"
    world.now += 1
    assert world.call("createPackages", shipment, body=good).status == 204


def test_it_is_the_operation_of_the_order_that_is_locked() -> None:
    world = World()
    shipment, other = world.shipment(), world.shipment()
    for one in (shipment, other):
        world.advance_to(one, "CONFIRMED")
    for _ in range(5):
        fail(world, shipment)
    assert fail(world, shipment) == LOCKED
    assert world.call("createPackages", other, body={"packages": [package()]}).status == 204
    assert world.call("processShipment", shipment, operation="REJECT").status == 204


def test_a_success_opens_the_count_anew() -> None:
    world = World()
    shipment = world.shipment()
    world.advance_to(shipment, "PACKAGE_CREATED")
    for _ in range(2):
        for _ in range(4):
            refusal = world.refused("updatePackage", shipment, "p1", body=package(weight="1"))
            assert refusal.fault == "sc-30003-incorrect-package-dimensions"
        assert world.call("updatePackage", shipment, "p1", body=package()).status == 204


def test_failures_far_apart_do_not_add_up() -> None:
    world = World()
    shipment = world.shipment()
    world.advance_to(shipment, "CONFIRMED")
    for _ in range(12):
        assert fail(world, shipment) == "sc-30003-incorrect-package-dimensions"
        world.now += 901  # never five within an hour


def test_malformed_attempts_count_and_what_is_not_the_callers_fault_does_not() -> None:
    world = World()
    shipment = world.shipment()
    world.advance_to(shipment, "CONFIRMED")
    world.stage.outage(world.now + 1)
    for _ in range(9):
        assert world.refused("createPackages", shipment, body={}).fault == "sc-00001-service-unavailable"
    world.now += 1
    for _ in range(9):
        assert world.refused("processShipment", shipment, operation="CONFIRM").fault == (
            "sc-00004-duplicate-client-token"
        )
    for _ in range(5):
        assert world.refused("createPackages", shipment, body={}).fault == "sc-00002-invalid-value"
    assert world.refused("createPackages", shipment, body={"packages": [package()]}).fault == LOCKED


def test_the_hour_runs_from_the_last_failure() -> None:
    world = World()
    shipment = world.shipment()
    world.advance_to(shipment, "CONFIRMED")
    for _ in range(5):
        world.now += 600
        fail(world, shipment)
    world.now += 3000
    assert fail(world, shipment) == LOCKED
    world.now += 600
    assert fail(world, shipment) == "sc-30003-incorrect-package-dimensions"


def test_what_is_refused_while_locked_makes_it_neither_longer_nor_shorter() -> None:
    world = World()
    shipment = world.shipment()
    world.advance_to(shipment, "CONFIRMED")
    for _ in range(5):
        fail(world, shipment)
        world.now += 1
    for _ in range(3):
        world.now += 1000
        assert world.refused("createPackages", shipment, body={}).fault == "sc-00002-invalid-value"
    good = {"packages": [package()]}
    world.now += 598  # an hour after the fifth failure, but for a second
    assert world.refused("createPackages", shipment, body={}).fault == "sc-00002-invalid-value"
    assert world.refused("createPackages", shipment, body=good).fault == LOCKED
    world.now += 1
    assert world.call("createPackages", shipment, body=good).status == 204


def test_reading_is_never_counted_however_often_it_fails() -> None:
    world = World()
    shipment = world.shipment(marketplace=BRAZIL)
    for _ in range(50):
        assert world.refused("retrieveInvoice", shipment).fault == "sc-30007-no-invoice"
    assert not world.state.failures
