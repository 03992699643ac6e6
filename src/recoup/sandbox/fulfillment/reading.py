"""getShipments and getShipment."""

from __future__ import annotations

from typing import Any

from recoup.sandbox.fulfillment.checks import allowed, existing_location, own_location
from recoup.sandbox.fulfillment.matrix import State
from recoup.sandbox.fulfillment.paging import make_token, read_token
from recoup.sandbox.fulfillment.programs import MARKETPLACES
from recoup.sandbox.fulfillment.steps import Asked, Effect, Step
from recoup.sandbox.fulfillment.store import Fulfillment, Shipment
from recoup.sandbox.fulfillment.validation import invalid, one_of, ordered, query_count, query_instant, text
from recoup.sandbox.fulfillment.views import shipment_view
from recoup.sandbox.operation import OperationCall, Outcome, Refusal

__all__ = ["GET_SHIPMENT", "get_shipments"]


def _read(state: Fulfillment, call: OperationCall) -> Asked:
    return Asked("getShipment")


def _plan(state: Fulfillment, shipment: Shipment, asked: Asked, now: float) -> Effect:
    return lambda: _seen(state, shipment)


def _seen(state: Fulfillment, shipment: Shipment) -> Outcome:
    view = shipment_view(shipment)
    newer = state.newer_values.get(shipment.id)
    if newer is None:
        return Outcome(body=view)
    parts = [
        Refusal("null-enum", because=f"Amazon added {value!r} to {name}", value=value) for name, value in newer.items()
    ]
    return Outcome(body={**view, **newer}, parts=parts)


GET_SHIPMENT = Step(_read, _plan, changes=False)


def get_shipments(state: Fulfillment, call: OperationCall) -> Outcome:
    """One page of the merchant's shipments in a state, the longest unchanged first.

    A shipment that changes while pages are read moves to the end, so that it is seen again and none is missed.
    """
    query = call.query
    status = State(one_of(query, "status", list(State)))
    location_id = text(query, "locationId", required=False, most=36)
    marketplace_id = text(query, "marketplaceId", required=False)
    if marketplace_id and marketplace_id not in MARKETPLACES:
        invalid(marketplace_id, "marketplaceId", "there is no such marketplace")
    channel = text(query, "channelName", required=False, most=10)
    after, before = query_instant(query, "lastUpdatedAfter"), query_instant(query, "lastUpdatedBefore")
    ordered(query, "lastUpdatedAfter", "lastUpdatedBefore")
    count = query_count(query, "maxResults", state.settings.page_size, state.settings.max_page_size)
    bound = {name: value for name, value in query.items() if name != "paginationToken"}
    bound["merchant"] = call.merchant_id
    start = (float("-inf") if after is None else after, 2**62)  # after: strictly later than the instant
    token = query.get("paginationToken")
    if token is not None:
        start = read_token(state.seed, bound, token, "paginationToken")
    if location_id:
        existing_location(state, location_id)
    allowed(state, call.merchant_id)
    if location_id:
        own_location(state, call.merchant_id, location_id)

    page: list[Shipment] = []
    more = False
    for shipment in state.listing(call.merchant_id, status, location_id, start):
        if before is not None and shipment.updated >= before:
            break
        if channel and shipment.channel != channel:
            continue
        if marketplace_id and shipment.marketplace_id != marketplace_id:
            continue
        if len(page) == count:
            more = True
            break
        page.append(shipment)
    body: dict[str, Any] = {"shipments": [shipment_view(shipment) for shipment in page]}
    if more:
        last = page[-1]
        body["pagination"] = {"nextToken": make_token(state.seed, bound, (last.updated, last.sequence))}
    return Outcome(body=body)
