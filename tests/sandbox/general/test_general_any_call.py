"""Any call of a general operation, with any arguments and any body: a proper answer or a fault of the catalogue."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

import pytest
from general_world import EPOCH, US, House, decoded
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from properties import examples
from recoup.catalogue.facts.operations import Operation, operations
from recoup.catalogue.loader import catalogue

HOUSE = House(epoch=EPOCH)
CALLS: list[Operation] = [
    operation
    for operation in operations().items
    for mounted in HOUSE.world.services
    if mounted.prefix != "/externalFulfillment/"
    if operation.path.startswith(mounted.prefix) and operation.id in mounted.operations
]
ORDER = decoded(HOUSE.get("/orders/2026-01-01/orders", createdAfter="2020-01-01"))["orders"][0]["orderId"]
TEXTS = st.one_of(
    st.sampled_from(
        [
            "",
            "5",
            "-1",
            "0",
            US,
            f"{US},{US}",
            "2026-01-01T00:00:00Z",
            "0001-01-01T00:00:00+14:00",
            "9999-12-31",
        ]
    ),
    st.sampled_from(["SKU", "SHIPPED", "Shipped", "summaries", ORDER, "MFN", "GET_X", "%2F", "AAAA", "buyerInfo"]),
    st.text(max_size=12),
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), TEXTS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.one_of(st.sampled_from(["sqs", "arn", "value", "path"]), TEXTS), inner, max_size=3),
    ),
    max_leaves=6,
)
FIELDS = [
    "productType", "attributes", "reportType", "marketplaceIds", "dataStartTime", "dataEndTime", "name",
    "resourceSpecification", "payloadVersion", "destinationId", "restrictedResources", "merchant_suggested_asin",
]  # fmt: skip
BODIES = st.one_of(VALUES, st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=5))
SEGMENTS = st.one_of(TEXTS, st.sampled_from([HOUSE.merchant, "SANDBOX-SKU-1", "12345678901"])).filter(bool)


def test_all_simulated_operations_are_called() -> None:
    assert len(CALLS) == 28


@pytest.mark.parametrize("operation", CALLS, ids=lambda operation: f"{operation.version}-{operation.id}")
@hypothesis_settings(max_examples=examples(30))
@given(data=st.data())
def test_any_call(operation: Operation, data: st.DataObject) -> None:
    path = operation.path
    while "{" in path:
        name = path[path.index("{") : path.index("}") + 1]
        fixed = HOUSE.merchant if name == "{sellerId}" else None
        path = path.replace(name, quote(fixed or data.draw(SEGMENTS), safe=""), 1)
    names = st.sampled_from(operation.query or ("none",))
    query: dict[str, str] = data.draw(st.dictionaries(names, TEXTS, max_size=5))
    for name in operation.required_query:
        query.setdefault(name, US)
    body: Any = data.draw(BODIES) if operation.body.value != "none" else None
    HOUSE.clock.advance(120)
    token = HOUSE.grantless(operation.grantless) if operation.grantless else HOUSE.token()
    answer = HOUSE.send(operation.method, f"{path}?{urlencode(query)}", body=body, token=token)
    assert answer.status < 500, answer.body
    assert answer.status in (*operation.success, *operation.errors) or not operation.success
    fault = HOUSE.why(answer)
    assert answer.status < 400 or fault == "none" or fault in catalogue()
