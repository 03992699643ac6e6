"""Every action in every state of every program: a legal move or the documented refusal, and never anything else.

The expectations are written by hand from the workflow's description, apart from the sandbox's own table. Letters:

    +  the operation succeeds        2  SC_00004, done already       4  SC_00003, no such artifact
    .  SC_10001, not permitted       C  SC_00006, order cancelled    -  the program never comes into this state
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fulfillment_world import EASY_SHIP, INDIA, SELF_SHIP, SELLER_FLEX, US, World, package

from recoup.sandbox.fulfillment.matrix import ACTIONS, MATRIX, State, render
from recoup.sandbox.operation import Outcome, Refusal

STATES = (
    "CREATED",
    "ACCEPTED",
    "CONFIRMED",
    "PACKAGE_CREATED",
    "PICKUP_SLOT_RETRIEVED",
    "INVOICE_GENERATED",
    "SHIPLABEL_GENERATED",
    "SHIPPED",
    "DELIVERED",
    "CANCELLED",
)

EXPECTED = {
    "easy ship": """
        CONFIRM          + + 2 . . - . . . C
        REJECT           . + + + + - . . . C
        createPackages   . . + 2 . - . . . C
        updatePackage    . . . + + - . . . C
        options          . . . + + - . . . C
        generateInvoice  . . . . . - . . . C
        retrieveInvoice  4 4 4 4 4 - 4 4 4 4
        GENERATE         . . . . + - . . . C
        REGENERATE       . . . . . - + . . C
        SHIPPED          . . . . . - + . . C
        DELIVERED        . . . . . - . . . C
    """,
    "easy ship in india": """
        CONFIRM          + + 2 . . . . . . C
        REJECT           . + + + + . . . . C
        createPackages   . . + 2 . . . . . C
        updatePackage    . . . + + + . . . C
        options          . . . + + + . . . C
        generateInvoice  . . . . + 2 . . . C
        retrieveInvoice  4 4 4 4 4 + + + + 4
        GENERATE         . . . . . + . . . C
        REGENERATE       . . . . . . + . . C
        SHIPPED          . . . . . . + . . C
        DELIVERED        . . . . . . . . . C
    """,
    "self ship": """
        CONFIRM          + + 2 . . . . . . C
        REJECT           . + + + + . . . . C
        createPackages   . . + 2 . . . . . C
        updatePackage    . . . + + + . . . C
        options          . . . + + + . . . C
        generateInvoice  . . . . + 2 . . . C
        retrieveInvoice  4 4 4 4 4 + + + + 4
        GENERATE         . . . . . + . . . C
        REGENERATE       . . . . . . + . . C
        SHIPPED          . . . . . . + . . C
        DELIVERED        . . . . . . . + . C
    """,
    "seller flex": """
        CONFIRM          - + 2 . . . . . . C
        REJECT           - + + + + . . . . C
        createPackages   - . + 2 . . . . . C
        updatePackage    - . . + + + . . . C
        options          - . . + + + . . . C
        generateInvoice  - . . + + 2 . . . C
        retrieveInvoice  - 4 4 4 4 + + + + 4
        GENERATE         - . . . . + . . . C
        REGENERATE       - . . . . . + . . C
        SHIPPED          - . . . . . + . . C
        DELIVERED        - . . . . . . . . C
    """,
}
PROGRAMS = {
    "easy ship": (EASY_SHIP, US),
    "easy ship in india": (EASY_SHIP, INDIA),
    "self ship": (SELF_SHIP, US),
    "seller flex": (SELLER_FLEX, INDIA),
}
SIGNS = {
    "sc-10001-operation-not-permitted": ".",
    "sc-00004-duplicate-client-token": "2",
    "sc-00003-artifact-not-found": "4",
    "sc-00006-order-cancelled": "C",
}


def cells() -> list[tuple[str, str, str, str]]:
    rows = []
    for program, table in EXPECTED.items():
        for line in table.strip().splitlines():
            action, *signs = line.split()
            rows += [(program, action, state, sign) for state, sign in zip(STATES, signs, strict=True) if sign != "-"]
    return rows


def shipment_in(world: World, program: str, state: str) -> str:
    kind, marketplace = PROGRAMS[program]
    if state == "CREATED":
        shipment = world.shipment(kind, marketplace, skus=["NOT-IN-STOCK"])
    else:
        shipment = world.shipment(kind, marketplace)
    if state == "CANCELLED":
        world.advance_to(shipment, "PACKAGE_CREATED")
        world.stage.cancel_by_marketplace(shipment, now=world.now)
    else:
        world.advance_to(shipment, state)
    assert world.status(shipment) == state
    return shipment


def attempt(world: World, shipment: str, action: str) -> Outcome:
    box = package()
    known = world.state.shipments[shipment].packages.get("p1")
    option = {"shippingOptionId": next(iter(known.options))} if known is not None and known.options else {}
    calls: dict[str, Callable[[], Outcome]] = {
        "CONFIRM": lambda: world.call("processShipment", shipment, operation="CONFIRM"),
        "REJECT": lambda: world.call("processShipment", shipment, operation="REJECT"),
        "createPackages": lambda: world.call("createPackages", shipment, body={"packages": [box]}),
        "updatePackage": lambda: world.call("updatePackage", shipment, "p1", body=box),
        "options": lambda: world.call("retrieveShippingOptions", shipment, packageId="p1"),
        "generateInvoice": lambda: world.call("generateInvoice", shipment),
        "retrieveInvoice": lambda: world.call("retrieveInvoice", shipment),
        "GENERATE": lambda: world.call("generateShipLabels", shipment, operation="GENERATE", **option),
        "REGENERATE": lambda: world.call("generateShipLabels", shipment, operation="REGENERATE"),
        "SHIPPED": lambda: world.call("updatePackageStatus", shipment, "p1", body={"status": "SHIPPED"}),
        "DELIVERED": lambda: world.call("updatePackageStatus", shipment, "p1", body={"status": "DELIVERED"}),
    }
    return calls[action]()


@pytest.mark.parametrize(("program", "action", "state", "sign"), cells())
def test_every_action_in_every_state(program: str, action: str, state: str, sign: str) -> None:
    world = World()
    shipment = shipment_in(world, program, state)
    before = world.view(shipment)
    if sign == "+":
        assert attempt(world, shipment, action).status in (200, 204)
        return
    with pytest.raises(Refusal) as caught:
        attempt(world, shipment, action)
    assert SIGNS[caught.value.fault] == sign, caught.value.because
    assert world.view(shipment) == before, "a refusal changes nothing"


def test_a_second_and_different_set_of_packages_is_not_permitted() -> None:
    world = World()
    shipment = world.shipment()
    world.advance_to(shipment, "PACKAGE_CREATED")
    other = {"packages": [package("p2")]}
    assert world.refused("createPackages", shipment, body=other).fault == "sc-10001-operation-not-permitted"


def test_updating_a_package_leads_back_and_makes_its_slot_and_the_invoice_void() -> None:
    world = World()
    shipment = world.shipment(SELF_SHIP)
    world.advance_to(shipment, "INVOICE_GENERATED")
    option = world.options(shipment)[0]["shippingOptionId"]
    world.call("updatePackage", shipment, "p1", body=package(side="12.5"))
    assert world.status(shipment) == "PACKAGE_CREATED"
    assert world.refused("retrieveInvoice", shipment).fault == "sc-00003-artifact-not-found"
    world.options(shipment)
    world.call("generateInvoice", shipment)
    assert world.label(shipment, shippingOptionId=option).status == 200, "offered anew, it is the same slot"


def test_a_package_that_has_its_label_keeps_it_while_another_is_done_again() -> None:
    world = World()
    shipment = world.shipment(SELF_SHIP, units=(2,))
    world.advance_to(shipment, "INVOICE_GENERATED", [package("a"), package("b")])
    first = world.label(shipment, body={"packageIds": ["a"]}).body["packageShipLabelList"][0]
    assert world.status(shipment) == "INVOICE_GENERATED"
    world.call("updatePackage", shipment, "b", body=package("b", side="12"))
    world.options(shipment, "b")
    world.call("generateInvoice", shipment)
    assert [box["status"] for box in world.view(shipment)["packages"]] == ["SHIPLABEL_GENERATED", "INVOICE_GENERATED"]
    world.label(shipment, body={"packageIds": ["b"]})
    assert world.status(shipment) == "SHIPLABEL_GENERATED"
    again = world.label(shipment, "REGENERATE", body={"packageIds": ["a"]}).body["packageShipLabelList"][0]
    assert again["shipLabelMetadata"] == first["shipLabelMetadata"]


def test_the_table_is_whole_and_can_be_drawn() -> None:
    assert set(MATRIX) == {(action, state) for action in ACTIONS for state in State}
    drawn = render().splitlines()
    assert len(drawn) == 2 + len(ACTIONS)
    assert all(line.count("|") == 12 for line in drawn)
