"""Which requests of one operation may be sent again when nobody knows what became of them, and which must not."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recoup.catalogue.facts.operations import Operation, operations
from recoup.exchange import Exchange, Headers, NoResponse, NoResponseKind, Request
from recoup.recovery.advice import diagnose
from recoup.recovery.repeatable import repeatable

HOST = "https://sellingpartnerapi-na.amazon.com"
STOCK = "/externalFulfillment/inventory/2024-09-11/inventories"
OLD_STOCK = "/externalFulfillment/inventory/2021-01-06/locations/L1/skus/S1?quantity=5"
LISTING = "/listings/2021-08-01/items/A/S"
LABEL = "/shipping/v2/shipments"
RETURN = "/externalFulfillment/returns/2021-08-19/returns/R1"
UPDATE = {"method": "POST", "uri": "/inventory/update?locationId=L1&skuId=S1"}
NUMBERED = {**UPDATE, "body": {"quantity": 5, "clientSequenceNumber": 7}}
PLAIN = {**UPDATE, "body": {"quantity": 5}}
FETCH: dict[str, Any] = {"method": "POST", "uri": "/inventory/fetch?locationId=L1&skuId=S1", "body": {}}


def request(method: str, path: str, body: object = None, headers: dict[str, str] | None = None) -> Request:
    content = body if isinstance(body, bytes) or body is None else msgspec.json.encode(body)
    return Request(method=method, url=HOST + path, headers=Headers(headers or {}), body=content)


def operation(asked: Request) -> Operation:
    found = operations().find(asked.method, asked.path)
    assert found is not None
    return found


def stock(*items: Any) -> Request:
    return request("POST", STOCK, {"requests": list(items)})


ROWS = [
    # what is sent, whether it may be sent again blindly
    ("an update with a sequence number", stock(NUMBERED), True),
    ("ten of them", stock(*[NUMBERED] * 10), True),
    ("a number of 0", stock({**UPDATE, "body": {"quantity": 5, "clientSequenceNumber": 0}}), True),
    ("beside readings of stock", stock(NUMBERED, FETCH, {**FETCH, "uri": FETCH["uri"][1:], "method": "GET"}), True),
    ("readings alone", stock(FETCH), True),
    ("a reading without a body", stock({"method": "POST", "uri": FETCH["uri"]}), True),
    ("an update without a number: a late repeat puts an old quantity back", stock(PLAIN), False),
    ("one of ten without", stock(*[NUMBERED] * 9, PLAIN), False),
    ("a number that is null", stock({**UPDATE, "body": {"quantity": 5, "clientSequenceNumber": None}}), False),
    ("a number in the wrong place", stock({**PLAIN, "clientSequenceNumber": 7}), False),
    ("a number with another name", stock({**UPDATE, "body": {"quantity": 5, "sequenceNumber": 7}}), False),
    ("no uri", stock({"method": "POST", "body": {"quantity": 5}}), False),
    ("a uri that is none", stock({"method": "POST", "uri": 5}), False),
    ("an item that is none", stock(NUMBERED, "x"), False),
    ("no items", stock(), False),
    ("no list", request("POST", STOCK, {"requests": {"0": NUMBERED}}), False),
    ("another body", request("POST", STOCK, [NUMBERED]), False),
    ("no JSON", request("POST", STOCK, b'{"requests":['), False),
    ("no text", request("POST", STOCK, b"\xff\xfe"), False),
    ("a body that nobody knows", request("POST", STOCK), False),
    ("a version that must match", request("PUT", OLD_STOCK, None, {"if-match": "3"}), True),
    ("a date that must be newer", request("PUT", OLD_STOCK, None, {"If-Unmodified-Since": "x"}), True),
    ("a version that is blank", request("PUT", OLD_STOCK, None, {"If-Match": " "}), False),
    ("neither", request("PUT", OLD_STOCK), False),
    ("a token by which a repeat is known", request("PATCH", RETURN, {}, {"x-amzn-idempotency-token": "t"}), True),
    ("no such token", request("PATCH", RETURN, {}), False),
    ("a bought label with its key", request("POST", LABEL, {}, {"X-Amzn-IdempotencyKey": "k"}), True),
    ("a bought label without", request("POST", LABEL, {}), False),
    ("a header that means nothing here", request("POST", STOCK, {"requests": [PLAIN]}, {"If-Match": "3"}), False),
    ("a reading", request("GET", "/externalFulfillment/2024-09-11/shipments/S1"), True),
    ("a question asked with POST", request("POST", "/batches/products/pricing/v0/itemOffers", {}), True),
    ("a token of which one more is no harm", request("POST", "/tokens/2021-03-01/restrictedDataToken", {}), True),
    ("a place to upload to", request("POST", "/feeds/2021-06-30/documents", {}), True),
    ("what replaces a listing: another writer may have been there", request("PUT", LISTING, {}), False),
    ("what changes a listing", request("PATCH", LISTING, {}), False),
    ("a confirmation", request("POST", "/externalFulfillment/2024-09-11/shipments/S1?operation=CONFIRM"), False),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "again"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_what_may_be_sent_again_blindly(asked: Request, again: bool) -> None:
    assert repeatable(operation(asked), asked) is again


@pytest.mark.parametrize(("asked", "again"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_and_the_decision_follows(asked: Request, again: bool) -> None:
    lost = diagnose(Exchange(request=asked, no_response=NoResponse(kind=NoResponseKind.RESET)))
    assert lost.decision is not None
    assert lost.decision["action"] == ("retry" if again else "resync")


def test_what_depends_on_the_request_is_not_repeated_where_nobody_knows_the_request() -> None:
    assert not repeatable(operation(stock(NUMBERED)), None)


_json = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["requests", "body", "uri", "clientSequenceNumber"]), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(st.binary(max_size=40) | _json.map(msgspec.json.encode))
def test_any_body_is_judged_and_nothing_without_a_number_passes(body: bytes) -> None:
    asked = request("POST", STOCK, body)
    assert not repeatable(operation(asked), asked) or b"clientSequenceNumber" in body
