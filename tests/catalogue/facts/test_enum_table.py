"""Values newer than the model are noticed; what is known, absent or not text is not."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recoup.catalogue.facts.enums import known_values, newer_values
from recoup.catalogue.facts.operations import Operation, operations


def ef(operation_id: str) -> Operation:
    found = operations().get(operation_id, "external-fulfillment", "2024-09-11")
    assert found is not None
    return found


def test_the_states_of_a_shipment() -> None:
    assert known_values(ef("getShipment"))["status"] == {
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
    }


def test_there_are_fifteen_states_of_a_return() -> None:
    assert len(known_values(ef("getReturn"))["status"]) == 15


@pytest.mark.parametrize(
    ("operation_id", "body", "found"),
    [
        ("getShipment", {"status": "ACCEPTED"}, []),
        ("getShipment", {"status": "ON_THE_MOON"}, [("status", "ON_THE_MOON")]),
        ("getShipment", {"status": "accepted"}, [("status", "accepted")]),  # another case is another value
        # Amazon's own published example holds a value that its model does not know.
        (
            "getShipment",
            {"lineItems": [{"charges": [{"chargeType": "GIFT"}]}]},
            [("lineItems[0].charges[0].chargeType", "GIFT")],
        ),
        ("getShipment", {"status": None}, []),
        ("getShipment", {"status": 7}, []),
        ("getShipment", {}, []),
        ("getShipment", [], []),
        ("getShipment", None, []),
        ("getShipment", "ON_THE_MOON", []),
        (
            "getShipments",
            {"shipments": [{"status": "ACCEPTED"}, {"status": "LOST"}, "x", {"status": "LOST"}]},
            [("shipments[1].status", "LOST"), ("shipments[3].status", "LOST")],
        ),
        ("getShipments", {"shipments": {"status": "LOST"}}, []),  # not a list
        (
            "generateShipLabels",
            {"packageShipLabelList": [{"status": "PENDING"}]},
            [("packageShipLabelList[0].status", "PENDING")],
        ),
        ("processShipment", {"status": "LOST"}, []),  # answers without a body
    ],
)
def test_newer_values(operation_id: str, body: Any, found: list[tuple[str, str]]) -> None:
    assert [(value.place, value.value) for value in newer_values(ef(operation_id), body)] == found


def test_the_field_is_named_as_in_the_model() -> None:
    (value,) = newer_values(ef("getShipments"), {"shipments": [{"status": "LOST"}]})
    assert value.field == "shipments[].status"


def test_the_list_of_findings_is_bounded() -> None:
    body = {"shipments": [{"status": "LOST"}] * 1000}
    assert len(newer_values(ef("getShipments"), body)) == 20
    assert len(newer_values(ef("getShipments"), body, limit=3)) == 3


def test_states_of_reports_and_feeds_are_known_too() -> None:
    table = operations()
    for path in ("/reports/2021-06-30/reports/1", "/feeds/2021-06-30/feeds/1"):
        operation = table.find("GET", path)
        assert operation is not None
        assert {"DONE", "FATAL", "CANCELLED"} <= known_values(operation)["processingStatus"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["status", "shipments", "packages", "lineItems", "x"]), inner, max_size=4)
    ),
    max_leaves=30,
)


@settings(deadline=None)
@given(JSON)
def test_any_body_will_do(body: Any) -> None:
    for operation_id in ("getShipments", "getShipment", "generateShipLabels", "batchInventory"):
        newer_values(ef(operation_id), body)
