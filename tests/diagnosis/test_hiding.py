"""What a quick look at a success may claim: never "nothing failed" of a body in which something did."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recoup.diagnosis.engine import diagnose, diagnose_success, may_hide_failure
from recoup.diagnosis.hiding import surely_nothing_hidden
from recoup.exchange import Exchange, Headers, Request, Response

INVENTORY = "/externalFulfillment/inventory/2024-09-11/inventories"
LABELS = "/externalFulfillment/2024-09-11/shipments/S1/shipLabels"


@pytest.mark.parametrize(
    ("status", "method", "path", "hides"),
    [
        (207, "POST", INVENTORY, True),
        (207, None, None, True),
        (200, "PUT", LABELS, True),
        (200, "PUT", "/externalFulfillment/shipments/2021-01-06/shipments/1/packages/2/shipLabel", True),
        (200, "PUT", "/listings/2021-08-01/items/M/SKU", True),
        (200, "PATCH", "/listings/2021-08-01/items/M/SKU", True),
        (200, "POST", "/batches/products/pricing/v0/itemOffers", True),
        (200, "GET", "/inbound/fba/2024-03-20/operations/1", True),
        (200, "GET", "/listings/2021-08-01/items/M/SKU", False),
        (200, "GET", "/orders/v0/orders", False),
        (200, "GET", LABELS, False),
        (204, "PUT", LABELS, False),
        (200, None, None, False),
        (201, "POST", "/feeds/2021-06-30/feeds", False),
        (302, "POST", "/apps/authorize/consent", True),
        (303, "POST", "/apps/authorize/consent", True),
        (302, "GET", "/listings/2021-08-01/items/M/SKU", False),
        (302, "POST", None, False),
    ],
)
def test_where_a_success_can_hide_a_failure(status: int, method: str | None, path: str | None, hides: bool) -> None:
    assert may_hide_failure(status, method, path) is hides


STATUS = st.sampled_from([200, 201, 202, 204, 400, 404, 409, 429, 500, 503])
ERRORS = st.sampled_from([None, [], [{"errorType": "X", "errorSubType": "y"}]])
ITEM = st.builds(
    lambda status, errors, key: {"status": {"statusCode": status}, "body": {"skuId": "A", key: errors}},
    STATUS,
    ERRORS,
    st.sampled_from(["actionableErrors", "sellerActionableErrors"]),
)
SEPARATORS = st.sampled_from([(",", ":"), (", ", ": "), (" ,\n", " :\t")])


@given(st.lists(ITEM, max_size=6), SEPARATORS, st.sampled_from([None, 1, "\t"]))
def test_a_batch(
    items: list[dict[str, dict[str, object]]], separators: tuple[str, str], indent: int | str | None
) -> None:
    body = json.dumps({"responses": items}, separators=separators, indent=indent).encode()
    failed = any(item["status"]["statusCode"] not in (200, 201, 202, 204) for item in items)
    asked = any(item["body"].get("actionableErrors") or item["body"].get("sellerActionableErrors") for item in items)
    if failed or asked:
        assert not surely_nothing_hidden(207, INVENTORY, body)
    assert diagnose_success(207, "POST", INVENTORY, body).failed is (failed or asked)
    assert diagnose(Exchange(response=Response(status=207, body=body))).failed is (failed or asked)


LABEL = st.sampled_from(
    [
        {"packageId": "P", "status": "SUCCESS"},
        {"packageId": "P", "status": "FAILURE", "errorDetails": {"code": "00001", "message": "m"}},
        {"packageId": "P", "isErrored": True},
        {"packageId": "P", "isErrored": False},
    ]
)


@given(st.lists(LABEL, max_size=5), SEPARATORS)
def test_labels(labels: list[dict[str, object]], separators: tuple[str, str]) -> None:
    body = json.dumps({"packageShipLabelList": labels}, separators=separators).encode()
    failed = any(label.get("status") == "FAILURE" or label.get("isErrored") for label in labels)
    assert diagnose_success(200, "PUT", LABELS, body).failed is failed
    request = Request(method="PUT", url=LABELS)
    assert diagnose(Exchange(request=request, response=Response(status=200, body=body))).failed is failed


@pytest.mark.parametrize(
    "body",
    [
        b'{"responses":[{"\\u0073tatus":{"\\u0073tatusCode":409}}]}',
        b'{"responses":[{"status":{"statusCode":"409"}}]}',
        b'{"responses":[{"status":{"statusCode":200}},{"status":{"statusCode":200,"statusCode":409}}]}',
        b'\xef\xbb\xbf{"responses":[{"status":{"statusCode":409}}]}',
        '{"responses":[{"status":{"statusCode":409}}]}'.encode("utf-16"),
        b"{'responses': [{'status': {'statusCode': 409}}]}",
        b'{"Responses":[{"Status":{"StatusCode":409}}]}',
    ],
)
def test_an_unusual_spelling_hides_nothing(body: bytes) -> None:
    assert diagnose_success(207, "POST", INVENTORY, body).failed


def test_a_success_is_one_shared_value() -> None:
    first = diagnose_success(200, "GET", "/orders/v0/orders", b"{}")
    assert first.ok
    assert diagnose_success(200, "GET", "/sellers/v1/marketplaceParticipations", b"{}") is first


@pytest.mark.parametrize(
    ("location", "fault"),
    [
        ("https://app.example/back?error=access_denied&error_description=Access+denied&state=x", "lwa-access-denied"),
        ("https://app.example/back?state=x&error=access_denied", "lwa-access-denied"),
        ("https://app.example/back?error=server_error", "lwa-server-error"),
        ("https://app.example/back?spapi_oauth_code=c&state=error%3Daccess_denied", None),
        ("https://app.example/back?error=something_else", None),
        ("https://app.example/back#error=access_denied", None),
        ("https://[", None),
        (None, None),
    ],
)
def test_a_consent_leads_back_with_a_refusal(location: str | None, fault: str | None) -> None:
    headers = Headers() if location is None else Headers({"location": location})
    found = diagnose(Exchange(response=Response(status=302, headers=headers)))
    assert found.id == fault
    assert (found.decision or {}).get("action") in ((None, "done") if fault is None else (None, "give_up", "retry"))


@pytest.mark.parametrize(
    "text",
    [
        "https://app.example/callback?error=access_denied&error_description=Access+denied&state=x",
        "HTTP/1.1 302 Found\r\nLocation: https://app.example/callback?error=access_denied&state=x\r\n\r\n",
        '127.0.0.1 - - [23/Nov/2026:08:05:12] "GET /callback?state=x&error=access_denied HTTP/1.1" 200 12',
    ],
)
def test_a_refusal_is_recognised_where_the_application_sees_it(text: str) -> None:
    assert diagnose(text).id == "lwa-access-denied"


@pytest.mark.parametrize(
    "url",
    [
        "https://sellercentral.amazon.com/apps/authorize/consent?application_id=a&state=s",
        "http://127.0.0.1:8080/apps/authorize/consent?application_id=a&state=s",
        "https://proxy.example/apps/authorize/confirm/amzn1.sp.solution.1?state=s",
    ],
)
def test_a_consent_page_is_known_by_its_path(url: str) -> None:
    body = b"<!doctype html><html><body><p>Error Code: MD5101</p></body></html>"
    page = Response(status=400, headers=Headers({"content-type": "text/html"}), body=body)
    assert diagnose(Exchange(request=Request(method="GET", url=url), response=page)).id == "auth-MD5101"
