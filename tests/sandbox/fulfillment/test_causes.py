"""Each documented row from its real cause: raised by it, with its parameters, and gone when the cause is mended."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from fulfillment_world import (
    BRAZIL,
    EASY_SHIP,
    INDIA,
    MERCHANT,
    NOON,
    SELF_SHIP,
    SELLER_FLEX,
    STRANGER,
    World,
    package,
)

from recoup.sandbox.fulfillment import FulfillmentSettings
from recoup.sandbox.operation import Outcome, Refusal

Attempt = Callable[[], Any]
Case = tuple[Attempt, Callable[[], Any], dict[str, object]]
CASES: list[Any] = []


def case(fault: str) -> Callable[[Callable[[World], Case]], Callable[[World], Case]]:
    """Register a scene: it returns the attempt, what mends the cause, and the parameters of the message."""

    def register(scene: Callable[[World], Case]) -> Callable[[World], Case]:
        CASES.append(pytest.param(fault, scene, id=f"{fault}: {(scene.__doc__ or '').strip()}"))
        return scene

    return register


@pytest.mark.parametrize(("fault", "scene"), CASES)
def test_raised_by_its_cause_and_gone_without_it(fault: str, scene: Callable[[World], Case]) -> None:
    world = World()
    attempt, mend, parameters = scene(world)
    for _ in range(2):  # a fault stays as long as its cause does
        with pytest.raises(Refusal) as caught:
            attempt()
        assert caught.value.fault == fault, caught.value.because
        assert caught.value.parameters == parameters
    mend()
    answer = attempt()
    assert isinstance(answer, Outcome)
    assert answer.status in (200, 204, 207)


def later(world: World, seconds: float) -> None:
    world.now += seconds


@case("sc-00000-internal-failure")
def _poisoned(world: World) -> Case:
    """a shipment's record is broken until support repairs it"""
    shipment = world.shipment()
    world.stage.poison(shipment)
    return lambda: world.call("getShipment", shipment), lambda: world.stage.repair(shipment), {}


@case("sc-00001-service-unavailable")
def _outage(world: World) -> Case:
    """a dependency is down for a window"""
    world.stage.outage(world.now + 60)
    return lambda: world.call("getShipments", status="ACCEPTED"), lambda: later(world, 60), {}


@case("sc-00007-rate-limited")
def _two_applications(world: World) -> Case:
    """the merchant's applications together use up the service's own limit"""
    world.stage.set_service_limit("getShipments", 0.5, 3)
    for _ in range(3):
        world.call("getShipments", status="ACCEPTED")
    return lambda: world.call("getShipments", status="ACCEPTED"), lambda: later(world, 2.0), {}


@case("sc-00003-entity-not-found")
def _unknown(world: World) -> Case:
    """the shipment does not exist yet"""
    twin = World()  # of the same seed: what it makes is what this world will make
    expected = twin.shipment()

    def mend() -> None:
        assert world.shipment() == expected

    return lambda: world.call("getShipment", expected), mend, {"entity": "shipmentId", "id": expected}


@case("sc-00003-entity-not-found")
def _foreign(world: World) -> Case:
    """the shipment belongs to another merchant, and nothing leaks"""
    shipment = world.shipment()
    caller = [STRANGER]
    return (
        lambda: world.call("getShipment", shipment, merchant=caller[0]),
        lambda: caller.__setitem__(0, MERCHANT),
        {"entity": "shipmentId", "id": shipment},
    )


@case("sc-00003-entity-not-found")
def _no_such_package(world: World) -> Case:
    """the shipment has no package of that id"""
    shipment = world.shipment()
    world.advance_to(shipment, "PACKAGE_CREATED")
    asked = ["p9"]
    return (
        lambda: world.call("retrieveShippingOptions", shipment, packageId=asked[0]),
        lambda: asked.__setitem__(0, "p1"),
        {"entity": "packageId", "id": "p9"},
    )


@case("sc-00003-artifact-not-found")
def _no_invoice_yet(world: World) -> Case:
    """the invoice was not generated yet"""
    shipment = world.shipment(SELF_SHIP)
    world.advance_to(shipment, "PICKUP_SLOT_RETRIEVED")
    return (
        lambda: world.call("retrieveInvoice", shipment),
        lambda: world.call("generateInvoice", shipment),
        {"artifact": "INVOICE"},
    )


@case("sc-00004-duplicate-client-token")
def _reference_used(world: World) -> Case:
    """the reference of a rejection was used already"""
    first, reference = world.shipment(), ["r-1"]
    second = world.shipment()
    body = {"referenceId": "r-1", "lineItems": [{"lineItem": {"id": "1", "quantity": 0}, "reason": "OUT_OF_STOCK"}]}
    world.call("processShipment", first, operation="REJECT", body=body)
    asked = [first]

    def attempt() -> Outcome:
        return world.call("processShipment", asked[0], operation="REJECT", body=body | {"referenceId": reference[0]})

    return attempt, lambda: asked.__setitem__(0, second), {"entity": "referenceId", "id": "r-1"}


@case("sc-00005-forbidden")
def _not_on_the_list(world: World) -> Case:
    """the merchant is not on the allow-list"""
    shipment = world.shipment()
    world.stage.allow_list(MERCHANT, False)
    return lambda: world.call("getShipment", shipment), lambda: world.stage.allow_list(MERCHANT, True), {}


@case("sc-00005-forbidden")
def _other_platform(world: World) -> Case:
    """the shipment is processed on an external platform"""
    shipment = world.shipment()
    world.stage.set_processing_source(shipment, "EXTERNAL_PLATFORM")
    return (
        lambda: world.call("processShipment", shipment, operation="CONFIRM"),
        lambda: world.stage.set_processing_source(shipment, "INTERNAL_PLATFORM"),
        {},
    )


@case("sc-00005-forbidden")
def _foreign_location(world: World) -> Case:
    """the location is not the merchant's"""
    location = world.location()
    caller = [STRANGER]
    return (
        lambda: world.call("getShipments", status="ACCEPTED", locationId=location, merchant=caller[0]),
        lambda: caller.__setitem__(0, MERCHANT),
        {},
    )


@case("sc-00006-order-cancelled")
def _cancelled(world: World) -> Case:
    """the marketplace cancelled the order between two calls; there is no mending but another order"""
    cancelled, other = world.shipment(), world.shipment()
    world.advance_to(cancelled, "CONFIRMED")
    world.advance_to(other, "CONFIRMED")
    world.stage.cancel_by_marketplace(cancelled)
    asked = [cancelled]
    return (
        lambda: world.call("createPackages", asked[0], body={"packages": [package()]}),
        lambda: asked.__setitem__(0, other),
        {},
    )


@case("sc-10001-operation-not-permitted")
def _too_early(world: World) -> Case:
    """packages before the shipment is confirmed"""
    shipment = world.shipment()
    return (
        lambda: world.call("createPackages", shipment, body={"packages": [package()]}),
        lambda: world.call("processShipment", shipment, operation="CONFIRM"),
        {},
    )


@case("sc-20000-quantity-exceeds-inventory")
def _too_many(world: World) -> Case:
    """more units in the packages than the line has"""
    shipment = world.shipment(units=(2,))
    world.advance_to(shipment, "CONFIRMED")
    units = [3]
    return (
        lambda: world.call("createPackages", shipment, body={"packages": [package(lines={"1": units[0]})]}),
        lambda: units.__setitem__(0, 2),
        {"requested": 3, "existing": 2},
    )


def _labelled(world: World, program: tuple[str, str] = EASY_SHIP, **kwargs: Any) -> tuple[str, Attempt]:
    shipment = world.shipment(program, INDIA if program == SELLER_FLEX else "ATVPDKIKX0DER")
    world.advance_to(shipment, "INVOICE_GENERATED", **kwargs)
    return shipment, lambda: world.label(shipment)


@case("sc-30001-shiplabel-generation-failure")
def _carrier_full(world: World) -> Case:
    """the chosen carrier has no capacity left"""
    _, attempt = _labelled(world)
    world.stage.set_carrier_capacity("ATS", 0)
    return attempt, lambda: world.stage.set_carrier_capacity("ATS", 1), {}


@case("sc-30001-shiplabel-generation-failure")
def _too_large_for_carrier(world: World) -> Case:
    """the carrier cannot take so large a parcel, and does not say so"""
    shipment = world.shipment()
    world.advance_to(shipment, "PICKUP_SLOT_RETRIEVED", [package(side="150.0")])

    def attempt() -> Outcome:
        option = next(one for one in world.options(shipment) if one["carrierName"] == "BLUEDART")
        return world.label(shipment, shippingOptionId=option["shippingOptionId"])

    def mend() -> None:
        world.call("updatePackage", shipment, "p1", body=package(side="50.0"))
        world.options(shipment)

    return attempt, mend, {}


@case("sc-30002-capacity-breached")
def _site_full(world: World) -> Case:
    """the location's parcels of the day are used up, until the expected ship date has passed"""
    shipment, attempt = _labelled(world, SELLER_FLEX)
    location = world.view(shipment)["locationId"]
    world.stage.set_site_capacity(location, 0)
    return attempt, lambda: later(world, 86_400), {}


@case("sc-30002-capacity-breached")
def _site_full_until_moved(world: World) -> Case:
    """transport moves the pickup to a day with room"""
    shipment, attempt = _labelled(world, SELLER_FLEX)
    other, label_other = _labelled(world, SELLER_FLEX)
    world.stage.set_site_capacity(world.view(other)["locationId"], 1)
    label_other()
    moved = {"updateType": "TRANSPORT_CAPACITY_CHANGE", "updates": {"timestamp": "2027-01-20T12:00:00Z"}}
    return attempt, lambda: world.call("updateSandboxShipment", shipment, body=moved), {}


@case("sc-30003-incorrect-package-dimensions")
def _too_light(world: World) -> Case:
    """a package of less than 5 g"""
    shipment = world.shipment()
    world.advance_to(shipment, "CONFIRMED")
    weight = ["4.9"]
    return (
        lambda: world.call("createPackages", shipment, body={"packages": [package(weight=weight[0])]}),
        lambda: weight.__setitem__(0, "5"),
        {},
    )


@case("sc-30004-pickup-slot-expired")
def _slot_passed(world: World) -> Case:
    """the option was offered too long ago"""
    shipment, attempt = _labelled(world)
    world.now += 901
    return attempt, lambda: world.options(shipment), {}


@case("sc-30004-pickup-slot-expired")
def _slot_filled(world: World) -> Case:
    """others filled the slot; another one has room"""
    shipment, _ = _labelled(world)
    first = world.options(shipment)[0]["shippingOptionId"]
    world.stage.fill_slot(shipment, first)
    chosen = [first]

    def mend() -> None:
        chosen[0] = world.options(shipment)[0]["shippingOptionId"]
        assert chosen[0] != first

    return lambda: world.label(shipment, shippingOptionId=chosen[0]), mend, {}


@case("sc-30005-dispatch-after-date")
def _too_soon(world: World) -> Case:
    """packing before the dispatch-after date"""
    shipment = world.shipment()
    world.advance_to(shipment, "CONFIRMED")
    world.stage.set_dispatch_after(shipment, NOON + 3600)
    return (
        lambda: world.call("createPackages", shipment, body={"packages": [package()]}),
        lambda: later(world, 3600),
        {"dispatch_after": "2027-01-15T13:00:00Z"},
    )


@case("sc-30007-no-invoice")
def _brazil(world: World) -> Case:
    """in Brazil the marketplace has not made the invoice yet"""
    shipment = world.shipment(SELF_SHIP, BRAZIL)
    world.advance_to(shipment, "PICKUP_SLOT_RETRIEVED")
    return (
        lambda: world.call("generateInvoice", shipment),
        lambda: world.stage.set_invoice_status(shipment, "AVAILABLE"),
        {"shipment": shipment},
    )


@case("sc-00006-entity-version-conflict")
def _other_version(world: World) -> Case:
    """the stored version is another one (2021-01-06)"""
    path = {"locationId": world.location(), "skuId": "SANDBOX/SKU 3"}
    match = ['"7"']

    def mend() -> None:
        match[0] = world.call("getInventory", path=path).headers["ETag"]

    return (
        lambda: world.call("updateInventory", path=path, quantity="5", headers={"If-Match": match[0]}),
        mend,
        {"version": "7", "existing": "1"},
    )


def test_the_limit_of_the_service_is_one_for_all_applications_and_kept_per_merchant() -> None:
    world = World(FulfillmentSettings())
    for _ in range(15):
        world.call("getShipments", status="ACCEPTED")
    assert world.refused("getShipments", status="ACCEPTED").fault == "sc-00007-rate-limited"
    assert world.call("getShipments", status="ACCEPTED", merchant=STRANGER).status == 200
    world.now += 0.2
    assert world.call("getShipments", status="ACCEPTED").status == 200


def test_some_packages_fail_inside_a_success() -> None:
    world = World()
    shipment = world.shipment(units=(2,))
    boxes = [package("p1"), package("p2", side="150.0")]
    world.advance_to(shipment, "PICKUP_SLOT_RETRIEVED", boxes)
    option = next(one for one in world.options(shipment) if one["carrierName"] == "BLUEDART")["shippingOptionId"]
    good, bad = world.label(shipment, shippingOptionId=option).body["packageShipLabelList"]
    assert (good["packageId"], good["status"]) == ("p1", "SUCCESS")
    assert bad == {
        "packageId": "p2",
        "status": "FAILURE",
        "errorDetails": {
            "code": "30001",
            "message": "Cannot process the request because either package dimensions are incorrect or the carrier "
            "capacity has been completely utilized",
        },
    }
    assert world.status(shipment) == "PICKUP_SLOT_RETRIEVED"
    world.call("updatePackage", shipment, "p2", body=package("p2"))
    world.options(shipment, "p2")
    retried = world.label(shipment, shippingOptionId=option).body["packageShipLabelList"]
    assert [(entry["packageId"], entry["status"]) for entry in retried] == [("p2", "SUCCESS")]
    assert world.status(shipment) == "SHIPLABEL_GENERATED"


def test_capacity_is_counted_within_one_call() -> None:
    world = World()
    shipment = world.shipment(units=(2,))
    world.advance_to(shipment, "PICKUP_SLOT_RETRIEVED", [package("p1"), package("p2")])
    world.stage.set_carrier_capacity("ATS", 1)
    entries = world.label(shipment).body["packageShipLabelList"]
    assert [entry["status"] for entry in entries] == ["SUCCESS", "FAILURE"]
