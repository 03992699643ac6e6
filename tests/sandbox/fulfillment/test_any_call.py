"""Whatever comes in, the service answers, or refuses with a documented fault whose message can be filled."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from fulfillment_world import EASY_SHIP, SELF_SHIP, SELLER_FLEX, World, package
from hypothesis import given, settings
from hypothesis import strategies as st

from properties import examples
from recoup.sandbox.fulfillment.messages import message_of
from recoup.sandbox.fulfillment.service import OPERATIONS
from recoup.sandbox.operation import Outcome, Refusal, Working

WORDS = st.sampled_from(
    ["", "p1", "1", "CONFIRM", "GENERATE", "ACCEPTED", "SHIPPED", "2027-01-15T12:00:00Z", "0001-01-01T00:00:00+23:59"]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | WORDS | st.text(max_size=8)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4) | WORDS, inner, max_size=3),
    max_leaves=12,
)
GOOD: list[dict[str, Any]] = [
    {"packages": [package()]},
    package(),
    {"status": "SHIPPED", "subStatus": "OUT_FOR_DELIVERY", "reason": "r"},
    {"referenceId": "r", "lineItems": [{"lineItem": {"id": "1", "quantity": 1}, "reason": "OUT_OF_STOCK"}]},
    {"packageIds": ["p1"], "courierSupportedAttributes": {"carrierName": "c", "trackingId": "t"}},
    {
        "requests": [
            {
                "method": "POST",
                "uri": "/inventory/update?locationId=DEFAULT&skuId=S",
                "body": {"quantity": 1, "clientSequenceNumber": 1, "marketplaceAttributes": {"channelName": "MFN"}},
            }
        ]
    },
    {"updateType": "SHIPMENT_STATUS_CHANGE", "updates": {"status": "CANCELLED", "timestamp": "2027-01-15T12:00:00Z"}},
    {"merchantIds": ["A1MERCHANT"], "marketplaceId": "ATVPDKIKX0DER", "channels": ["FBA"], "locationName": "x"},
    {"locationId": "x", "marketplaceId": "ATVPDKIKX0DER", "marketplaceChannel": "MFN", "orderType": ["SERIAL"]},
]
QUERY = st.dictionaries(
    st.sampled_from(
        sorted(
            {"operation", "status", "packageId", "shippingOptionId", "maxResults", "paginationToken", "nextToken"}
            | {"locationId", "marketplaceId", "channelName", "lastUpdatedAfter", "lastUpdatedBefore", "quantity"}
            | {"createdSince", "createdUntil", "lastUpdatedSince", "returnLocationId", "rmaId"}
        )
    ),
    WORDS | st.text(max_size=8),
    max_size=4,
)
STATES = ["ACCEPTED", "CONFIRMED", "PACKAGE_CREATED", "PICKUP_SLOT_RETRIEVED", "SHIPLABEL_GENERATED", "DELIVERED"]


@st.composite
def bodies(draw: st.DrawFn) -> Any:
    """Any JSON, or a good body in which one value, at any depth, is any JSON."""
    if draw(st.booleans()):
        return draw(JSON)
    body: Any = deepcopy(draw(st.sampled_from(GOOD)))
    target = body
    while True:
        key = draw(st.sampled_from(sorted(target) if isinstance(target, dict) else list(range(len(target)))))
        if isinstance(target[key], dict | list) and target[key] and draw(st.booleans()):
            target = target[key]
            continue
        target[key] = draw(JSON)
        return body


@settings(max_examples=examples(400), deadline=None)
@given(
    operation=st.sampled_from(sorted(OPERATIONS)),
    program=st.sampled_from([EASY_SHIP, SELF_SHIP, SELLER_FLEX]),
    state=st.sampled_from(STATES),
    body=bodies(),
    query=QUERY,
    headers=st.dictionaries(st.sampled_from(["If-Match", "If-Unmodified-Since"]), WORDS | st.text(max_size=8)),
)
def test_anything_is_answered_or_refused(
    operation: str,
    program: tuple[str, str],
    state: str,
    body: Any,
    query: dict[str, str],
    headers: dict[str, str],
) -> None:
    world = World()
    shipment = world.shipment(program)
    world.advance_to(shipment, state)
    path = {"returnId": "r", "locationId": world.location(), "skuId": "S"}
    refusal = None
    try:
        answer = world.ask(operation, shipment, "p1", body=body, headers=headers, path=path, **query)
    except Refusal as caught:
        refusal = caught
    else:
        assert isinstance(answer, Outcome | Working)
    assert refusal is None or message_of(refusal)
    world.view(shipment)
