"""How to learn whether a write took effect: the request that shows it, filled with what the write said."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recoup.catalogue.facts.operations import Operation, operations
from recoup.catalogue.facts.routes import segments
from recoup.catalogue.fault import Action, ResyncTarget, WaitSubject, Who
from recoup.exchange import Exchange, NoResponse, NoResponseKind, Request, Response
from recoup.recovery.advice import diagnose
from recoup.recovery.decision import Decision, Done, GiveUp, Resync, StopReason, Wait
from recoup.recovery.lookup import Lookup, lookup, lookup_for

HOST = "https://sellingpartnerapi-na.amazon.com"
EF = "/externalFulfillment/2024-09-11/shipments"
STOCK = "/externalFulfillment/inventory/2024-09-11/inventories"
INBOUND = "/inbound/fba/2024-03-20/inboundPlans/P1"


def request(method: str, path: str, body: object = None) -> Request:
    content = body if isinstance(body, bytes) or body is None else msgspec.json.encode(body)
    return Request(method=method, url=HOST + path, body=content)


def operation(asked: Request) -> Operation:
    found = operations().find(asked.method, asked.path)
    assert found is not None
    return found


def look(asked: Request) -> Lookup | None:
    return lookup(operation(asked), asked)


FILLED = [
    # the write; what to read: method, path, query, what the write does not tell
    (request("POST", f"{EF}/S1?operation=CONFIRM"), "GET", f"{EF}/S1", {}, ()),
    (request("POST", f"{EF}/S1/packages", {"packages": []}), "GET", f"{EF}/S1", {}, ()),
    (request("PUT", f"{EF}/S1/packages/P1", {}), "GET", f"{EF}/S1", {}, ()),
    (request("PUT", f"{EF}/S1/shipLabels?operation=GENERATE"), "GET", f"{EF}/S1", {}, ()),
    (request("POST", f"{EF}/S1/invoice"), "GET", f"{EF}/S1/invoice", {}, ()),
    (request("POST", f"{EF}/a%2Fb%20c?operation=CONFIRM"), "GET", f"{EF}/a%2Fb%20c", {}, ()),
    (
        request("PATCH", "/listings/2021-08-01/items/A1/S%261?marketplaceIds=ATVPDKIKX0DER", {}),
        "GET",
        "/listings/2021-08-01/items/A1/S%261",
        {"marketplaceIds": "ATVPDKIKX0DER", "includedData": "summaries,attributes,issues"},
        (),
    ),
    (
        request("POST", "/feeds/2021-06-30/feeds", {"feedType": "JSON_LISTINGS_FEED", "marketplaceIds": ["M"]}),
        "GET",
        "/feeds/2021-06-30/feeds",
        {"feedTypes": "JSON_LISTINGS_FEED"},
        (),
    ),
    (
        request("POST", "/reports/2021-06-30/reports", {"reportType": "GET_X", "marketplaceIds": ["M"]}),
        "GET",
        "/reports/2021-06-30/reports",
        {"reportTypes": "GET_X"},
        (),
    ),
    (request("POST", "/orders/v0/orders/1-2-3/shipmentConfirmation", {}), "GET", "/orders/v0/orders/1-2-3", {}, ()),
    (
        request("POST", "/fba/outbound/2020-07-01/fulfillmentOrders", {"sellerFulfillmentOrderId": "mine 1"}),
        "GET",
        "/fba/outbound/2020-07-01/fulfillmentOrders/mine%201",
        {},
        (),
    ),
    (
        request("POST", "/inbound/fba/2024-03-20/inboundPlans", {"name": "x"}),
        "GET",
        "/inbound/fba/2024-03-20/inboundPlans",
        {"sortBy": "CREATION_TIME", "sortOrder": "DESC"},
        (),
    ),
    (request("POST", f"{INBOUND}/packingOptions/O1/confirmation"), "GET", f"{INBOUND}/packingOptions", {}, ()),
    (
        request(
            "POST",
            "/inbound/fba/2024-03-20/items/prepDetails",
            {"marketplaceId": "M", "mskuPrepDetails": [{"msku": "a"}, {"msku": "b"}, {"msku": "a"}]},
        ),
        "GET",
        "/inbound/fba/2024-03-20/items/prepDetails",
        {"marketplaceId": "M", "mskus": "a,b"},
        (),
    ),
    (
        request("POST", "/notifications/v1/subscriptions/ORDER_CHANGE", {}),
        "GET",
        "/notifications/v1/subscriptions/ORDER_CHANGE",
        {},
        (),
    ),
    # What the write does not tell stays open, and is named.
    (
        request("POST", "/fba/outbound/2020-07-01/fulfillmentOrders", b"no json"),
        "GET",
        "/fba/outbound/2020-07-01/fulfillmentOrders/{sellerFulfillmentOrderId}",
        {},
        ("sellerFulfillmentOrderId",),
    ),
    (request("POST", "/reports/2021-06-30/schedules"), "GET", "/reports/2021-06-30/schedules", {}, ("reportTypes",)),
    (
        request(
            "POST",
            "/easyShip/2022-03-23/packages/bulk",
            {"marketplaceId": "M", "orderScheduleDetailsList": [{"amazonOrderId": "1"}, {"amazonOrderId": "2"}]},
        ),
        "GET",
        "/easyShip/2022-03-23/package",
        {"marketplaceId": "M"},
        ("amazonOrderId",),  # it takes one order, and there are two
    ),
]


@pytest.mark.parametrize(("asked", "method", "path", "query", "missing"), FILLED)
def test_the_reading_is_filled_with_what_the_write_said(
    asked: Request, method: str, path: str, query: dict[str, str], missing: tuple[str, ...]
) -> None:
    found = look(asked)
    assert found is not None
    assert (found.method, found.path, found.query, found.missing) == (method, path, query, missing)
    assert found.see
    assert "/".join(operation(Request(method=method, url=path)).key) == found.operation


@pytest.mark.parametrize(
    "asked",
    [
        request("POST", "/applications/2023-11-30/clientSecret"),  # the new secret comes by a queue
        request("POST", f"{EF}", {}),  # its id comes with the answer alone
        request("POST", "/messaging/v1/orders/1/messages/warranty", {}),
        request("GET", f"{EF}/S1"),
    ],
)
def test_where_no_way_is_known_none_is_made_up(asked: Request) -> None:
    assert look(asked) is None


def test_a_batch_of_stock_is_read_back_by_a_batch() -> None:
    attributes = {"marketplaceId": "M", "channelName": "FBA"}
    asked = request(
        "POST",
        STOCK,
        {
            "requests": [
                {
                    "method": "POST",
                    "uri": "/inventory/update?locationId=L&skuId=A%2B1",
                    "body": {"quantity": 1, "clientSequenceNumber": 2, "marketplaceAttributes": attributes},
                },
                {"method": "POST", "uri": "/inventory/fetch?locationId=L&skuId=B"},
                {"method": "POST", "uri": "inventory/update?locationId=L&skuId=C", "body": {"quantity": 3}},
                "x",
            ]
        },
    )
    found = look(asked)
    assert found is not None
    assert (found.method, found.path) == ("POST", STOCK)
    assert msgspec.json.decode(found.body or b"") == {
        "requests": [
            {
                "method": "POST",
                "uri": "/inventory/fetch?locationId=L&skuId=A%2B1",
                "body": {"marketplaceAttributes": attributes},
            },
            {"method": "POST", "uri": "inventory/fetch?locationId=L&skuId=C", "body": {}},
        ]
    }
    assert found.as_dict()["body"] == (found.body or b"").decode()


UNKNOWN = request("POST", f"{EF}/S1?operation=CONFIRM")
DECIDED: list[tuple[Decision, bool, float | None]] = [
    # decision, whether an attempt may have taken effect, after how many seconds to read; None: nothing is to be read
    (Resync(target=ResyncTarget.EFFECT, after=7.0), True, 7.0),
    (Resync(target=ResyncTarget.EFFECT), False, 0.0),
    (Resync(target=ResyncTarget.STATE), False, 0.0),
    (Resync(target=ResyncTarget.SHIPPING_OPTIONS), False, None),  # read they are, but not as an effect
    (Resync(target=ResyncTarget.LISTING), False, None),
    (Wait(subject=WaitSubject.CALL, after=180.0), True, 5.0),  # a later attempt was refused, an earlier one is unknown
    (Wait(subject=WaitSubject.CALL, after=180.0), False, None),
    (GiveUp(reason=StopReason.PERMANENT, fix=Action.FIX_VALUE, who=Who.DEVELOPER), False, None),
    (Done(), True, None),
]


@pytest.mark.parametrize(("decision", "unknown", "after"), DECIDED)
def test_when_there_is_something_to_read(decision: Decision, unknown: bool, after: float | None) -> None:
    found = lookup_for(decision, operation(UNKNOWN), UNKNOWN, unknown=unknown)
    assert (None if found is None else found.after) == after


def test_without_a_request_or_an_operation_there_is_nothing_to_fill() -> None:
    effect = Resync(target=ResyncTarget.EFFECT)
    assert lookup_for(effect, None, UNKNOWN, unknown=True) is None
    assert lookup_for(effect, operation(UNKNOWN), None, unknown=True) is None


def test_the_diagnosis_of_a_lost_answer_says_how_to_read_it_back() -> None:
    lost = diagnose(Exchange(request=UNKNOWN, no_response=NoResponse(kind=NoResponseKind.TIMEOUT))).as_dict()
    assert lost["read_back"] == {
        "operation": "external-fulfillment/2024-09-11/getShipment",
        "method": "GET",
        "path": f"{EF}/S1",
        "see": "status: CONFIRMED or later after CONFIRM, CANCELLED after REJECT",
        "after": 5.0,
    }


def test_the_diagnosis_of_a_refusal_says_nothing_of_it() -> None:
    refused = diagnose(
        Exchange(request=UNKNOWN, response=Response(status=429, body=b'{"errors":[{"code":"QuotaExceeded"}]}'))
    )
    assert "read_back" not in refused.as_dict()


def test_every_parameter_that_the_fact_table_fills_is_one_of_the_reading_operation() -> None:
    filled = 0
    for item in operations().items:
        reading = operations().read_back(item)
        if item.read_back is None or reading is None:
            continue
        known = {part[1:-1] for part in segments(reading.path) if part.startswith("{")} | set(reading.query)
        for name, source in item.read_back.fill.items():
            filled += 1
            assert name in known or not reading.source.startswith("model:"), (item.id, name)
            assert source.startswith(("=", "path:", "query:", "body:")), (item.id, source)
    assert filled > 40


_any: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["requests", "uri", "body", "feedType", "msku", "mskuPrepDetails"]), inner)
    ),
    max_leaves=10,
)
_writes = [item for item in operations().items if item.read_back is not None]


@given(st.sampled_from(_writes), st.text(alphabet="aZ09%/&?{} ", min_size=1, max_size=6), _any | st.binary(max_size=9))
def test_any_request_gives_a_reading_of_the_same_service(item: Operation, word: str, body: Any) -> None:
    path = "/".join(word if part.startswith("{") else part for part in item.path.split("/"))
    asked = request(item.method, path, body)
    found = lookup(item, asked)
    assert found is not None
    assert msgspec.json.encode(found.as_dict())
    assert "?" not in found.path
