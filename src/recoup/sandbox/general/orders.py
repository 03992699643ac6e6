"""Orders: searchOrders and getOrder of 2026-01-01, getOrders and getOrder of v0 (removed in 2027).

Both versions show the same orders. A listing is paged in the order in which orders were created or last updated; dates
are ISO 8601, and a ...Before date is at least two minutes in the past.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from recoup.catalogue.facts.marketplaces import by_id
from recoup.sandbox.general.checks import (
    found_nothing,
    instant,
    iso,
    malformed,
    marketplaces,
    missing,
    number,
    one_of,
    order_id,
)
from recoup.sandbox.general.order_views import address_v0, buyer_v0, order_2026, order_v0
from recoup.sandbox.general.paging import make_token, read_token
from recoup.sandbox.general.state import General, Order
from recoup.sandbox.operation import OperationCall, Outcome, Refusal

__all__ = ["ORDERS_2026", "ORDERS_V0"]

_V0_STATUS = {
    "Pending": "PENDING",
    "Unshipped": "UNSHIPPED",
    "PartiallyShipped": "PARTIALLY_SHIPPED",
    "Shipped": "SHIPPED",
    "Canceled": "CANCELLED",
    "Unfulfillable": "UNFULFILLABLE",
    "PendingAvailability": "PENDING_AVAILABILITY",
    "InvoiceUnconfirmed": "PENDING",
}
_V0_CHANNEL = {"MFN": "MERCHANT", "AFN": "AMAZON"}


class _Names(msgspec.Struct, frozen=True, kw_only=True):
    """How one version calls the parameters of its listing."""

    created_after: str
    created_before: str
    updated_after: str
    updated_before: str
    statuses: str
    channels: str
    marketplaces: str
    most: str
    token: str
    ids: str = ""


_V0 = _Names(
    created_after="CreatedAfter",
    created_before="CreatedBefore",
    updated_after="LastUpdatedAfter",
    updated_before="LastUpdatedBefore",
    statuses="OrderStatuses",
    channels="FulfillmentChannels",
    marketplaces="MarketplaceIds",
    most="MaxResultsPerPage",
    token="NextToken",
    ids="AmazonOrderIds",
)
_2026 = _Names(
    created_after="createdAfter",
    created_before="createdBefore",
    updated_after="lastUpdatedAfter",
    updated_before="lastUpdatedBefore",
    statuses="fulfillmentStatuses",
    channels="fulfilledBy",
    marketplaces="marketplaceIds",
    most="maxResultsPerPage",
    token="paginationToken",
)


class _Page(msgspec.Struct, frozen=True):
    orders: list[Order]
    next_token: str | None
    by_update: bool
    before: float


def _search(state: General, call: OperationCall, names: _Names) -> _Page:
    given = {name: value for name, value in call.query.items() if name != names.token}
    token, start = call.query.get(names.token), 0
    query = given
    if token:
        query, start = read_token(state.seed, call.merchant_id, given, token)
    wanted, by_update, before = _filter(state, call, names, query)
    size = number(query, names.most, state.settings.page_size, state.settings.page_size)
    ids = [order_id(value) for value in query.get(names.ids, "").split(",") if value] if names.ids else []
    named = [order for order in (state.order_of(call.merchant_id, one) for one in dict.fromkeys(ids)) if order]
    found = [order for order in (named if ids else state.orders_of(call.merchant_id)) if wanted(order)]
    found.sort(key=lambda order: (order.updated if by_update else order.created, order.id))
    page = [state.order_of(call.merchant_id, order.id) or order for order in found[start : start + size]]
    more = start + size < len(found)
    return _Page(
        page, make_token(state.seed, call.merchant_id, query, start + size) if more else None, by_update, before
    )


def _filter(
    state: General, call: OperationCall, names: _Names, query: Mapping[str, str]
) -> tuple[Callable[[Order], bool], bool, float]:
    created, updated = instant(query, names.created_after), instant(query, names.updated_after)
    if created is None and updated is None and not (names.ids and query.get(names.ids)):
        missing(names.created_after, f"neither {names.created_after} nor {names.updated_after} is given")
    by_update = created is None and updated is not None
    before_name = names.updated_before if by_update else names.created_before
    latest = call.now - state.settings.newest_created_before
    before = instant(query, before_name)
    if before is not None and before > latest:
        because = f"{before_name} is nearer than two minutes to the present"
        raise Refusal("400-invalid-date-format", because=because, wording="Date range is invalid")
    since = (updated if by_update else created) or float("-inf")
    until = latest if before is None else before
    places = marketplaces(msgspec.structs.replace(call, query=query), names.marketplaces, most=50)
    _participates(state, call, places)
    statuses = _statuses(query, names)
    channels = {_V0_CHANNEL.get(value, value) for value in query.get(names.channels, "").split(",") if value}

    def wanted(order: Order) -> bool:
        moment = order.updated if by_update else order.created
        return (
            since <= moment <= until
            and (not places or order.marketplace_id in places)
            and (not statuses or order.status in statuses)
            and (not channels or order.fulfilled_by in channels)
        )

    return wanted, by_update, until


def _statuses(query: Mapping[str, str], names: _Names) -> set[str]:
    known = _V0_STATUS if names is _V0 else {value: value for value in _V0_STATUS.values()}
    return {known[value] for value in one_of(query, names.statuses, known)}


def _participates(state: General, call: OperationCall, places: list[str]) -> None:
    own = state.accounts.partners[call.merchant_id].marketplaces
    for place in places:
        known = by_id(place)
        if own and place not in own and known is not None:
            malformed("Marketplace", place, f"the selling partner does not sell in {known.country_code}")


def search_orders(state: General, call: OperationCall) -> Outcome:
    """One page of the selling partner's orders, in the words of 2026-01-01."""
    page = _search(state, call, _2026)
    body: dict[str, Any] = {"orders": [order_2026(order) for order in page.orders]}
    if page.next_token is not None:
        body["pagination"] = {"nextToken": page.next_token}
    body["lastUpdatedBefore" if page.by_update else "createdBefore"] = iso(page.before)
    return Outcome(body=body)


def get_orders(state: General, call: OperationCall) -> Outcome:
    """One page of the selling partner's orders, in the words of v0."""
    page = _search(state, call, _V0)
    payload: dict[str, Any] = {"Orders": [order_v0(order) for order in page.orders]}
    if page.next_token is not None:
        payload["NextToken"] = page.next_token
    payload["LastUpdatedBefore" if page.by_update else "CreatedBefore"] = iso(page.before)
    return Outcome(body={"payload": payload})


def _own(state: General, call: OperationCall) -> Order:
    wanted = order_id(call.path["orderId"])
    order = state.order_of(call.merchant_id, wanted)
    if order is None:
        found_nothing("no order of this selling partner has that id")
    return order


def get_order_2026(state: General, call: OperationCall) -> Outcome:
    """One order, in the words of 2026-01-01."""
    return Outcome(body={"order": order_2026(_own(state, call))})


def get_order_v0(state: General, call: OperationCall) -> Outcome:
    """One order, in the words of v0."""
    return Outcome(body={"payload": order_v0(_own(state, call))})


def get_order_address(state: General, call: OperationCall) -> Outcome:
    """Where an order goes. The front door lets in nothing but a token for restricted data."""
    order = _own(state, call)
    return Outcome(body={"payload": {"AmazonOrderId": order.id, "ShippingAddress": address_v0(order)}})


def get_order_buyer_info(state: General, call: OperationCall) -> Outcome:
    """Who bought: to a token for restricted data. Any other gets the order's id alone."""
    order, token = _own(state, call), state.accounts.tokens[(call.headers.get("x-amz-access-token") or "").strip()]
    buyer = {} if token.resources is None else buyer_v0(order)
    return Outcome(body={"payload": {"AmazonOrderId": order.id, **buyer}})


ORDERS_2026 = {"searchOrders": search_orders, "getOrder": get_order_2026}
ORDERS_V0 = {
    "getOrders": get_orders,
    "getOrder": get_order_v0,
    "getOrderAddress": get_order_address,
    "getOrderBuyerInfo": get_order_buyer_info,
}
