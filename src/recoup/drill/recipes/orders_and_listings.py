"""What orders, listings, reports and destinations refuse: values, identifiers, dates, page tokens, encodings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote

from recoup.drill.recipe import Act, Decided, GivesUp, recipe
from recoup.drill.stage import Caller, Reply, Stage

__all__: list[str] = []

_ORDERS = "/orders/2026-01-01/orders"
_ORDERS_V0 = "/orders/v0/orders"
_REPORTS = "/reports/2021-06-30/reports"
_DESTINATIONS = "/notifications/v1/destinations"
_SINCE = "2020-01-01T00:00:00Z"
_CANADA = "A2EUQ1WTGCTBG2"
_FIX_VALUE = GivesUp(fix="fix-value", who="developer")


def _search(caller: Caller, **query: str) -> Reply:
    return caller.call("GET", _ORDERS, query={"createdAfter": _SINCE, "maxResultsPerPage": "5", **query})


def _listing(stage: Stage, caller: Caller, segment: str, marketplace_id: str | None = None) -> Reply:
    """Read a listing. `segment` is the SKU as it goes into the path, encoded by whoever calls."""
    path = f"/listings/2021-08-01/items/{stage.sandbox.merchant_id}/{segment}"
    return caller.call("GET", path, query={"marketplaceIds": marketplace_id or stage.sandbox.marketplace_id})


@recipe("400-missing-required-field", expects=_FIX_VALUE)
def orders_of_no_marketplace(stage: Stage) -> Act:
    def send(caller: Caller, **query: str) -> Reply:
        return caller.call("GET", _ORDERS_V0, query={"CreatedAfter": _SINCE, **query})

    return Act(
        cause="getOrders is called without MarketplaceIds.",
        send=send,
        mend=lambda: None,
        again=lambda caller: send(caller, MarketplaceIds=stage.sandbox.marketplace_id),
        proper=200,
        parameters={"parameter": "MarketplaceIds"},
    )


@recipe("400-invalid-date-format", expects=_FIX_VALUE)
def a_date_with_slashes(stage: Stage) -> Act:
    return Act(
        cause="The date is written with slashes.",
        send=lambda caller: _search(caller, createdAfter="2026/01/31"),
        mend=lambda: None,
        again=_search,
        proper=200,
        parameters={"parameter": "createdAfter"},
    )


@recipe("400-invalid-next-token", expects=Decided("resync", {"target": "listing"}))
def a_page_token_that_was_encoded_twice(stage: Stage) -> Act:
    token = str(_search(stage.hand).json()["pagination"]["nextToken"])
    return Act(
        cause="The page token was percent-encoded by the program and once more by its HTTP client.",
        send=lambda caller: _search(caller, paginationToken=quote(token, safe="")),
        mend=lambda: None,
        again=lambda caller: _search(caller, paginationToken=token),
        proper=200,
    )


@recipe("400-wrong-url-encoding", expects=GivesUp(fix="fix-request", who="developer"), basis="request")
def a_sku_that_was_encoded_twice(stage: Stage) -> Act:
    once = quote("SANDBOX/SKU 3", safe="")
    twice = quote(once, safe="")
    return Act(
        cause="The SKU was percent-encoded twice, so that the service looks for another one.",
        send=lambda caller: _listing(stage, caller, twice),
        mend=lambda: None,
        again=lambda caller: _listing(stage, caller, once),
        proper=200,
        parameters={"value": unquote(twice), "marketplace": stage.sandbox.marketplace_id},
    )


@recipe("400-missing-child-object", expects=_FIX_VALUE)
def a_destination_without_a_queue(stage: Stage) -> Act:
    scope = "sellingpartnerapi::notifications"

    def send(caller: Caller, resource: Mapping[str, Any]) -> Reply:
        token = str(stage.hand.login(grant_type="client_credentials", scope=scope).json()["access_token"])
        body = {"name": "drill", "resourceSpecification": resource}
        return caller.call("POST", _DESTINATIONS, body=body, token=token)

    arn = "arn:aws:sqs:us-east-1:000000000000:drill"
    return Act(
        cause="The object that names the queue has a name that the API does not know.",
        send=lambda caller: send(caller, {"queue": {"arn": arn}}),
        mend=lambda: None,
        again=lambda caller: send(caller, {"sqs": {"arn": arn}}),
        proper=200,
        parameters={"element": "resourceSpecification", "expected": "sqs, eventBridge"},
    )


@recipe("400-wrong-identifier", expects=_FIX_VALUE)
def an_order_id_that_lacks_a_digit(stage: Stage) -> Act:
    order = str(_search(stage.hand).json()["orders"][0]["orderId"])
    return Act(
        cause="The last digit of the order id is missing.",
        send=lambda caller: caller.call("GET", f"{_ORDERS}/{order[:-1]}"),
        mend=lambda: None,
        again=lambda caller: caller.call("GET", f"{_ORDERS}/{order}"),
        proper=200,
        parameters={"thing": "Order", "value": order[:-1]},
    )


@recipe("404-mistyped-id", expects=_FIX_VALUE)
def a_sku_in_the_wrong_case(stage: Stage) -> Act:
    return Act(
        cause="The SKU is written in small letters; the seller's own is in capitals.",
        send=lambda caller: _listing(stage, caller, "sandbox-sku-1"),
        mend=lambda: None,
        again=lambda caller: _listing(stage, caller, "SANDBOX-SKU-1"),
        proper=200,
        parameters={"sku": "sandbox-sku-1", "marketplace": stage.sandbox.marketplace_id},
    )


@recipe("404-unavailable-id", expects=_FIX_VALUE)
def a_listing_of_another_marketplace(stage: Stage) -> Act:
    sku = "DRILL-ONLY-IN-CANADA"
    stage.sandbox.stage.add_listing(sku, _CANADA)

    return Act(
        cause="The listing is in Canada and is asked for in the United States.",
        send=lambda caller: _listing(stage, caller, sku),
        mend=lambda: stage.sandbox.stage.add_listing(sku),
        proper=200,
    )


@recipe("404-premature-poll", expects=Decided("wait", {"subject": "entity", "resends": 1}))
def a_report_that_is_not_there_yet(stage: Stage) -> Act:
    body = {"reportType": "GET_MERCHANT_LISTINGS_ALL_DATA", "marketplaceIds": [stage.sandbox.marketplace_id]}
    report = str(stage.hand.call("POST", _REPORTS, body=body).json()["reportId"])
    stage.sandbox.clock.advance(1.0)

    return Act(
        cause="The report was asked for a moment ago and is still being registered.",
        send=lambda caller: caller.call("GET", f"{_REPORTS}/{report}"),
        mend=lambda: stage.sandbox.clock.advance(5.0),
        proper=200,
    )
