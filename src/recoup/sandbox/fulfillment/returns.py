"""listReturns and getReturn: what buyers send back."""

from __future__ import annotations

from typing import Any

from recoup.sandbox.fulfillment.checks import allowed
from recoup.sandbox.fulfillment.paging import make_token, read_token
from recoup.sandbox.fulfillment.programs import MARKETPLACES
from recoup.sandbox.fulfillment.store import Fulfillment, Return
from recoup.sandbox.fulfillment.validation import invalid, iso, one_of, ordered, query_count, query_instant, text
from recoup.sandbox.operation import OperationCall, Outcome, Refusal

__all__ = ["RETURN_STATUSES", "get_return", "list_returns"]

RETURN_STATUSES = (
    "CREATED",
    "CARRIER_NOTIFIED_TO_PICK_UP_FROM_CUSTOMER",
    "CARRIER_OUT_FOR_PICK_UP_FROM_CUSTOMER",
    "CUSTOMER_CANCELLED_PICK_UP",
    "CUSTOMER_RESCHEDULED_PICK_UP",
    "PICKED_FROM_CUSTOMER",
    "IN_TRANSIT",
    "OUT_FOR_DELIVERY",
    "DELIVERED",
    "REPLANNED",
    "CUSTOMER_DROPPED_OFF",
    "PARTIALLY_PROCESSED",
    "PROCESSED",
    "REJECTED",
    "CANCELLED",
)
# Each pair bounds one instant of a return; the deprecated pair of names bounds its creation, whatever it is called.
_CREATED = (("createdSince", "createdUntil"), ("lastUpdatedAfter", "lastUpdatedBefore"))
_UPDATED = ("lastUpdatedSince", "lastUpdatedUntil")


def get_return(state: Fulfillment, call: OperationCall) -> Outcome:
    """One return of the merchant."""
    return_id = call.path["returnId"]
    found = state.returns.get(return_id)
    if found is None or found.merchant_id != call.merchant_id:
        raise Refusal("sc-00003-entity-not-found", because="no such return", entity="returnId", id=return_id)
    allowed(state, call.merchant_id)
    return Outcome(body=_view(found))


def list_returns(state: Fulfillment, call: OperationCall) -> Outcome:
    """One page of the merchant's returns, in the order of their creation. All filters hold together."""
    query = call.query
    status = one_of(query, "status", RETURN_STATUSES, required=False)
    location_id = text(query, "returnLocationId", required=False)
    wanted = {
        "location_id": location_id,
        "status": status,
        "rma_id": text(query, "rmaId", required=False),
        "tracking_id": text(query, "reverseTrackingId", required=False),
    }
    created = [_bounds(query, *names) for names in _CREATED]
    updated = _bounds(query, *_UPDATED)
    for name in _UPDATED:
        if name in query and not (location_id and status):
            invalid(query[name], name, "it can be given only with returnLocationId and status")
    count = query_count(query, "maxResults", state.settings.page_size, state.settings.max_page_size)
    bound = {name: value for name, value in query.items() if name != "nextToken"}
    bound["merchant"] = call.merchant_id
    token = query.get("nextToken")
    behind = read_token(state.seed, bound, token, "nextToken")[1] if token is not None else 0
    allowed(state, call.merchant_id)

    found = [
        item
        for item in state.returns.values()
        if item.merchant_id == call.merchant_id
        and item.sequence > behind
        and all(not value or getattr(item, name) == value for name, value in wanted.items())
        and all(_within(item.created, bounds) for bounds in created)
        and _within(item.updated, updated)
    ]
    body: dict[str, Any] = {"returns": [_view(item) for item in found[:count]]}
    if len(found) > count:
        body["nextToken"] = make_token(state.seed, bound, (0.0, found[count - 1].sequence))
    return Outcome(body=body)


def _bounds(query: Any, since: str, until: str) -> tuple[float | None, float | None]:
    ordered(query, since, until)
    return query_instant(query, since), query_instant(query, until)


def _within(moment: float, bounds: tuple[float | None, float | None]) -> bool:
    since, until = bounds
    return (since is None or moment > since) and (until is None or moment < until)


def _view(item: Return) -> dict[str, Any]:
    return {
        "id": item.id,
        "returnLocationId": item.location_id,
        "merchantSku": item.sku,
        "returnType": "CUSTOMER",
        "returnSubType": "NORMAL",
        "numberOfUnits": item.units,
        "status": item.status,
        "fulfillmentLocationId": item.location_id,
        "creationDateTime": iso(item.created),
        "lastUpdatedDateTime": iso(item.updated),
        "returnMetadata": {
            "returnReason": item.reason,
            "rmaId": item.rma_id,
            "fulfillmentOrderId": item.shipment_id,
        },
        "returnShippingInfo": {"reverseTrackingInfo": {"carrierName": "ATS", "trackingId": item.tracking_id}},
        "marketplaceChannelDetails": {
            "marketplaceChannel": {
                "marketplaceName": MARKETPLACES[item.marketplace_id].legacy_name,
                "channelName": item.channel,
            },
            "merchantId": item.merchant_id,
            "shipmentId": item.shipment_id,
            "customerOrderId": item.order_id,
            "returnLocationId": item.location_id,
            "channelSku": item.sku,
        },
        "packageDeliveryMode": "WITHOUT_OTP",
    }
