"""What a package must say: every rule of the schema, of the shipment's lines and of the limits, with its message."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from fulfillment_world import World, package

VALUE = "sc-00002-invalid-value"
SIZE = "sc-30003-incorrect-package-dimensions"


def confirmed(world: World, **kwargs: Any) -> str:
    shipment = world.shipment(**kwargs)
    world.advance_to(shipment, "CONFIRMED")
    return shipment


def changed(path: str, value: Any) -> dict[str, Any]:
    """A body with one good package in which `path` has another value; a value of ... takes the field away."""
    body: Any = {"packages": [package()]}
    *way, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    target = body
    for step in way:
        target = target[step]
    if value is ...:
        del target[last]
    else:
        target[last] = value
    return dict(body)


@pytest.mark.parametrize(
    ("path", "value", "shown", "parameter"),
    [
        ("packages", ..., "null", "packages"),
        ("packages", [], "[]", "packages"),
        ("packages", "p1", "p1", "packages"),
        ("packages.0", 1, "1", "packages[0]"),
        ("packages.0.id", ..., "null", "packages[0].id"),
        ("packages.0.id", "", "", "packages[0].id"),
        ("packages.0.id", 7, "7", "packages[0].id"),
        ("packages.0.dimensions", ..., "null", "packages[0].dimensions"),
        ("packages.0.dimensions.length", ..., "null", "packages[0].dimensions.length"),
        ("packages.0.dimensions.width.value", 10, "10", "packages[0].dimensions.width.value"),
        ("packages.0.dimensions.width.value", "ten", "ten", "packages[0].dimensions.width.value"),
        ("packages.0.dimensions.width.value", "NaN", "NaN", "packages[0].dimensions.width.value"),
        ("packages.0.dimensions.height.dimensionUnit", "FT", "FT", "packages[0].dimensions.height.dimensionUnit"),
        ("packages.0.weight", ..., "null", "packages[0].weight"),
        ("packages.0.weight.weightUnit", "kg", "kg", "packages[0].weight.weightUnit"),
        ("packages.0.packageLineItems", [], "[]", "packages[0].packageLineItems"),
        ("packages.0.packageLineItems.0.quantity", 0, "0", "packages[0].packageLineItems[0].quantity"),
        ("packages.0.packageLineItems.0.quantity", "1", "1", "packages[0].packageLineItems[0].quantity"),
        ("packages.0.packageLineItems.0.pieces", 0, "0", "packages[0].packageLineItems[0].pieces"),
        (
            "packages.0.packageLineItems.0.packageLineItemId",
            "99",
            "99",
            "packages[0].packageLineItems[0].packageLineItemId",
        ),
        (
            "packages.0.packageLineItems.0.serialNumbers",
            ["S1"],
            '["S1"]',
            "packages[0].packageLineItems[0].serialNumbers",
        ),
        (
            "packages.0.packageLineItems.0.countryOfOrigin",
            "USA",
            "USA",
            "packages[0].packageLineItems[0].countryOfOrigin",
        ),
        ("packages.0.hazmatLabels", ["3"], '["3"]', "packages[0].hazmatLabels"),
        ("packages.0.packageHandlingRequirements", "CARE", "CARE", "packages[0].packageHandlingRequirements"),
    ],
)
def test_a_value_that_does_not_fit(path: str, value: Any, shown: str, parameter: str) -> None:
    world = World()
    refusal = world.refused("createPackages", confirmed(world), body=changed(path, value))
    assert (refusal.fault, refusal.parameters) == (VALUE, {"value": shown, "parameter": parameter}), refusal.because


@pytest.mark.parametrize(
    ("side", "weight", "refused"),
    [
        ("0.1", "5", False),
        ("274", "68000", False),
        ("0", "200", True),
        ("-1", "200", True),
        ("274.1", "200", True),
        ("10", "0", True),
        ("10", "4.999", True),
        ("10", "68000.1", True),
    ],
)
def test_sizes_that_no_channel_takes(side: str, weight: str, refused: bool) -> None:
    world = World()
    shipment = confirmed(world)
    body = {"packages": [package(side=side, weight=weight)]}
    if refused:
        assert world.refused("createPackages", shipment, body=body).fault == SIZE
    else:
        assert world.call("createPackages", shipment, body=body).status == 204


@pytest.mark.parametrize(
    ("value", "unit", "refused"),
    [("0.006", "KG", False), ("0.2", "OZ", False), ("0.17", "OZ", True), ("149", "LB", False), ("150", "LB", True)],
)
def test_weights_in_every_unit(value: str, unit: str, refused: bool) -> None:
    world = World()
    shipment = confirmed(world)
    body = changed("packages.0.weight", {"value": value, "weightUnit": unit})
    if refused:
        assert world.refused("createPackages", shipment, body=body).fault == SIZE
    else:
        assert world.call("createPackages", shipment, body=body).status == 204


def test_all_units_are_packed_once_over_all_packages() -> None:
    world = World()
    shipment = confirmed(world, units=(2, 1))

    def refused(*boxes: dict[str, Any]) -> tuple[str, dict[str, object]]:
        refusal = world.refused("createPackages", shipment, body={"packages": list(boxes)})
        return refusal.fault, refusal.parameters

    assert refused(package("a", {"1": 2})) == (VALUE, {"value": "0", "parameter": "packageLineItems.quantity"})
    assert refused(package("a", {"1": 2, "2": 1}), package("b", {"1": 1})) == (
        "sc-20000-quantity-exceeds-inventory",
        {"requested": 3, "existing": 2},
    )
    assert refused(package("a", {"1": 2}), package("a", {"2": 1}))[1] == {"value": "a", "parameter": "packages.id"}
    good = [package("a", {"1": 1}), package("b", {"1": 1, "2": 1})]
    assert world.call("createPackages", shipment, body={"packages": good}).status == 204


@pytest.mark.parametrize(
    ("order_type", "path", "value"),
    [
        ("SERIAL", "packages.0.packageLineItems.0.serialNumbers", ["S-1"]),
        ("HAZMAT", "packages.0.hazmatLabels", ["LITHIUM"]),
    ],
)
def test_what_a_line_requires(order_type: str, path: str, value: Any) -> None:
    world = World()
    shipment = confirmed(world, order_types=[order_type])
    assert world.refused("createPackages", shipment, body={"packages": [package()]}).fault == VALUE
    assert world.call("createPackages", shipment, body=changed(path, value)).status == 204


def test_there_is_a_serial_number_for_each_unit() -> None:
    world = World()
    shipment = confirmed(world, order_types=["SERIAL"], units=(2,))
    body = {"packages": [package(lines={"1": 2})]}
    line = body["packages"][0]["packageLineItems"][0]
    line["serialNumbers"] = ["S-1"]
    assert world.refused("createPackages", shipment, body=body).fault == VALUE
    line["serialNumbers"] = ["S-1", "S-2"]
    assert world.call("createPackages", shipment, body=body).status == 204


def test_an_option_must_have_been_offered_for_every_package() -> None:
    world = World()
    shipment = world.shipment(units=(2,))
    world.advance_to(shipment, "PICKUP_SLOT_RETRIEVED", [package("p1"), package("p2")])
    old = world.options(shipment)[0]["shippingOptionId"]
    world.now += 3600  # another grid of slots
    new = world.options(shipment)[-1]["shippingOptionId"]
    assert old != new
    refusal = world.refused("generateShipLabels", shipment, operation="GENERATE", shippingOptionId=new)
    assert refusal.parameters == {"value": new, "parameter": "shippingOptionId"}
    world.options(shipment, "p2")
    assert world.label(shipment, shippingOptionId=new).status == 200


def test_a_cross_border_line_requires_origin_and_value() -> None:
    world = World()
    shipment = confirmed(world, order_types=["CROSS_BORDER"])
    body = changed("packages.0.packageLineItems.0.countryOfOrigin", "DE")
    refusal = world.refused("createPackages", shipment, body=body)
    assert refusal.parameters["parameter"] == "packages[0].packageLineItems[0].itemValue"
    whole = deepcopy(body)
    whole["packages"][0]["packageLineItems"][0]["itemValue"] = {"value": "9.50", "currencyCode": "USD"}
    assert world.call("createPackages", shipment, body=whole).status == 204


@pytest.mark.parametrize(
    ("body", "query", "fault", "parameters"),
    [
        ({}, {}, "sc-00002-mandatory-field", {}),
        (None, {}, "sc-00002-mandatory-field", {}),
        ({"status": None}, {}, "sc-00002-mandatory-field", {}),
        ({"reason": "why"}, {}, VALUE, {"value": "null", "parameter": "status"}),
        ({"status": "LOST"}, {}, VALUE, {"value": "LOST", "parameter": "status"}),
        ({"status": "CREATED"}, {}, VALUE, {"value": "CREATED", "parameter": "status"}),
        ({"subStatus": "LOST"}, {}, VALUE, {"value": "LOST", "parameter": "subStatus"}),
        ({}, {"status": "DELIVERED"}, VALUE, {"value": "DELIVERED", "parameter": "status"}),
        (
            {"status": "SHIPPED", "reason": "r" * 129},
            {},
            VALUE,
            {"value": "r" * 129, "parameter": "reason"},
        ),
    ],
)
def test_what_a_status_update_refuses(
    body: Any, query: dict[str, str], fault: str, parameters: dict[str, object]
) -> None:
    world = World()
    shipment = world.shipment()
    world.advance_to(shipment, "SHIPLABEL_GENERATED")
    refusal = world.refused("updatePackageStatus", shipment, "p1", body=body, **query)
    assert (refusal.fault, refusal.parameters) == (fault, parameters)


def test_the_id_in_the_path_is_the_id_in_the_body() -> None:
    world = World()
    shipment = world.shipment()
    world.advance_to(shipment, "PACKAGE_CREATED")
    refusal = world.refused("updatePackage", shipment, "p1", body=package("p2"))
    assert refusal.parameters == {"value": "p2", "parameter": "id"}


@pytest.mark.parametrize(
    ("query", "body", "parameter"),
    [
        ({}, None, "operation"),
        ({"operation": "generate"}, None, "operation"),
        ({"operation": "GENERATE"}, None, "shippingOptionId"),
        ({"operation": "GENERATE", "shippingOptionId": "made-up"}, None, "shippingOptionId"),
        ({"operation": "GENERATE"}, {"packageIds": []}, "packageIds"),
        ({"operation": "GENERATE"}, {"packageIds": [1]}, "packageIds[0]"),
        ({"operation": "GENERATE"}, {"packageIds": ["p1", "p1"]}, "packageIds"),
        (
            {"operation": "GENERATE"},
            {"packageIds": ["p1"], "courierSupportedAttributes": {"carrierName": "X"}},
            "courierSupportedAttributes.trackingId",
        ),
    ],
)
def test_what_labels_refuse(query: dict[str, str], body: Any, parameter: str) -> None:
    world = World()
    shipment = world.shipment()
    world.advance_to(shipment, "PICKUP_SLOT_RETRIEVED")
    refusal = world.refused("generateShipLabels", shipment, body=body, **query)
    assert (refusal.fault, refusal.parameters["parameter"]) == (VALUE, parameter)


def test_more_than_fifty_packages_are_too_many_for_one_call() -> None:
    world = World()
    shipment = world.shipment()
    world.advance_to(shipment, "PICKUP_SLOT_RETRIEVED")
    body = {"packageIds": [f"p{index}" for index in range(51)]}
    refusal = world.refused("generateShipLabels", shipment, operation="GENERATE", body=body)
    assert refusal.parameters == {"parameter": "packageIds", "value": "51", "limit": "50"}


@pytest.mark.parametrize(
    ("quantity", "fault"),
    [(0, None), (2, None), (1, VALUE), (3, "sc-20000-quantity-exceeds-inventory"), (-1, VALUE), ("2", VALUE)],
)
def test_a_shipment_is_rejected_as_a_whole(quantity: Any, fault: str | None) -> None:
    world = World()
    shipment = world.shipment(units=(2,))
    body = {
        "referenceId": "r",
        "lineItems": [{"lineItem": {"id": "1", "quantity": quantity}, "reason": "OUT_OF_STOCK"}],
    }
    if fault is None:
        assert world.call("processShipment", shipment, operation="REJECT", body=body).status == 204
        cancellation = world.view(shipment)["lineItems"][0]["cancellations"][0]
        assert (cancellation["cancelledQuantity"], cancellation["cancellationType"]) == (2, "SELLER_REJECTED")
    else:
        assert world.refused("processShipment", shipment, operation="REJECT", body=body).fault == fault
        assert world.status(shipment) == "ACCEPTED"
