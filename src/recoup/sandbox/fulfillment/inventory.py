"""batchInventory: up to ten updates and readings of stock in one call, each with a status of its own inside a 207.

An update gives the absolute quantity; what can be sold is that less what is reserved. The sequence number orders the
updates of one SKU at one location, marketplace and channel: a greater one is taken, an equal one was used already
(SC_00004), a lower one is out of sequence (SC_20002). An update without one is taken as it comes.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec

from recoup.sandbox.fulfillment import stock
from recoup.sandbox.fulfillment.checks import allowed, existing_location, own_location
from recoup.sandbox.fulfillment.messages import fault_of, message_of
from recoup.sandbox.fulfillment.programs import Channel
from recoup.sandbox.fulfillment.store import Fulfillment, InventoryItem, ItemKey
from recoup.sandbox.fulfillment.validation import array, body_object, integer, invalid, nothing_given, one_of, text
from recoup.sandbox.operation import OperationCall, Outcome, Refusal

__all__ = ["batch_inventory", "broken", "default_location", "update_quantity"]

_UPDATE, _FETCH = "/inventory/update", "/inventory/fetch"
# As Amazon's sample has it, which gives neither a code nor a number.
_UNKNOWN_SKU = {
    "errorType": "INVALID_SKU",
    "errorSubType": "The requested Sku does not exist for the seller in requested marketplace.",
}


class _Request(msgspec.Struct, frozen=True):
    """One element of the batch, its URI taken apart; `location` and `sku` are empty where it lacks them."""

    path: str
    uri: str
    method: str
    location: str
    sku: str
    body: dict[str, Any]


def batch_inventory(state: Fulfillment, call: OperationCall) -> Outcome:
    """The answers in the order of the requests. The call itself fails only where it is not a batch."""
    body = body_object(call, required="requests")
    entries = array(body, "requests")
    limit = state.settings.batch_limit
    if len(entries) > limit:
        message = f"Maximum number for requests supported in batch is {limit}."
        return Outcome(status=400, body={"errors": [{"code": "BATCH_SIZE_EXCEED", "message": message}]})
    requests = [_request(entry, f"requests[{index}]") for index, entry in enumerate(entries)]
    allowed(state, call.merchant_id)
    refusals: list[Refusal] = []
    answers = [_answer(state, call.merchant_id, request, call.now, refusals) for request in requests]
    return Outcome(status=207, body={"responses": answers}, parts=refusals)


def _request(entry: Any, path: str) -> _Request:
    if not isinstance(entry, dict):
        invalid(entry, path, "a request is an object")
    method = one_of(entry, "method", ("GET", "POST"), f"{path}.")
    uri = text(entry, "uri", f"{path}.")
    body = entry.get("body")
    if body is not None and not isinstance(body, dict):
        invalid(body, f"{path}.body", "a body is an object")
    try:
        parts = urlsplit(uri)
    except ValueError:  # what is no address at all is refused in its own place of the answer
        return _Request("", uri, method, "", "", body if body else {})
    query = parse_qs(parts.query)
    target = "/" + parts.path.strip("/")
    return _Request(
        target, uri, method, query.get("locationId", [""])[0], query.get("skuId", [""])[0], body if body else {}
    )


def _answer(
    state: Fulfillment, merchant_id: str, request: _Request, now: float, refusals: list[Refusal]
) -> dict[str, Any]:
    key: ItemKey | None = None
    try:
        _check_request(request)
        key = _key(state, merchant_id, request)
        item = _serve(state, key, request, now)
    except Refusal as refusal:
        refusals.append(refusal)
        fault = fault_of(refusal)
        code = fault.code or ""
        error = {"errorType": code, "errorSubType": message_of(refusal)}
        stored = state.items.get(key) if key is not None else None
        return _failed(request, stored, fault.status or 400, code, error)
    if item is None:
        return _failed(request, None, 400, "Invalid Input", _UNKNOWN_SKU)
    return {"status": {"statusCode": 200, "reasonPhrase": "Success"}, "body": _view(item)}


def _check_request(request: _Request) -> None:
    if request.path not in (_UPDATE, _FETCH):
        invalid(request.uri, "uri", "neither an update nor a fetch")
    if request.path == _UPDATE and request.method != "POST":
        invalid(request.method, "method", "an update is a POST")
    if request.path == _UPDATE and all(value is None for value in request.body.values()):
        nothing_given("an update that says nothing")


def _serve(state: Fulfillment, key: ItemKey, request: _Request, now: float) -> InventoryItem | None:
    item = state.items.get(key)
    if item is not None:
        broken(item)
    if request.path == _FETCH:
        return item
    quantity = integer(request.body, "quantity", least=0)
    sequence = integer(request.body, "clientSequenceNumber", required=False, least=0)
    if item is not None and sequence is not None and item.sequence is not None:
        _check_sequence(sequence, item.sequence)
    return update_quantity(state, key, quantity or 0, now, sequence)


def _key(state: Fulfillment, merchant_id: str, request: _Request) -> ItemKey:
    if not request.location:
        invalid(None, "locationId", "the URI names no location")
    if not request.sku:
        invalid(None, "skuId", "the URI names no SKU")
    location_id = default_location(state, merchant_id, request.location)
    existing_location(state, location_id)
    own_location(state, merchant_id, location_id)
    location = state.locations[location_id]
    given = request.body.get("marketplaceAttributes")
    if given is not None:
        if not isinstance(given, dict):
            invalid(given, "marketplaceAttributes", "the attributes are an object")
        channel = one_of(given, "channelName", list(Channel), "marketplaceAttributes.", required=False)
        marketplace = text(given, "marketplaceId", "marketplaceAttributes.", required=False)
        if channel and channel != location.channel:
            invalid(channel, "marketplaceAttributes.channelName", "the location is of another channel")
        if marketplace and marketplace != location.marketplace_id:
            invalid(marketplace, "marketplaceAttributes.marketplaceId", "the location is in another marketplace")
    return stock.item_key(merchant_id, location_id, request.sku, location.marketplace_id, location.channel)


def default_location(state: Fulfillment, merchant_id: str, location_id: str) -> str:
    """The location that is meant: DEFAULT is a merchant's location of the channel MFN, where they have just one."""
    if location_id != "DEFAULT":
        return location_id
    own = [
        location.id
        for location in state.locations.values()
        if location.channel == Channel.MFN and merchant_id in location.merchant_ids
    ]
    return own[0] if len(own) == 1 else location_id


def broken(item: InventoryItem) -> None:
    """Refuse a record that cannot be processed."""
    if item.poisoned:
        raise Refusal("sc-00000-internal-failure", because=f"the record of SKU {item.sku} does not add up")


def _check_sequence(sequence: int, existing: int) -> None:
    if sequence == existing:
        raise Refusal(
            "sc-00004-duplicate-client-token",
            because="this sequence number was used already",
            entity="clientSequenceNumber",
            id=sequence,
        )
    if sequence < existing:
        raise Refusal(
            "sc-20002-sequence-conflict",
            because="the sequence number is lower than the stored one",
            sequence=sequence,
            existing=existing,
        )


def update_quantity(
    state: Fulfillment, key: ItemKey, quantity: int, now: float, sequence: int | None = None
) -> InventoryItem:
    """Set a SKU's absolute quantity, and accept the shipments that waited for it."""
    _, location_id, sku, marketplace_id, channel = key
    item = state.items.get(key)
    if item is None:
        item = state.items[key] = InventoryItem(sku, location_id, marketplace_id, channel, version=0)
    item.quantity = quantity
    item.version += 1
    if sequence is not None:
        item.sequence = sequence
    stock.assign_waiting(state, key, now)
    return item


def _view(item: InventoryItem) -> dict[str, Any]:
    view: dict[str, Any] = {
        "skuId": item.sku,
        "locationId": item.location_id,
        "sellableQuantity": item.sellable,
        "reservedQuantity": item.reserved,
        "marketplaceAttributes": {"marketplaceId": item.marketplace_id, "channelName": item.channel},
        "actionableErrors": [],
    }
    if item.sequence is not None:
        view["clientSequenceNumber"] = item.sequence
    return view


def _failed(
    request: _Request, item: InventoryItem | None, status: int, reason: str, error: dict[str, str]
) -> dict[str, Any]:
    body: dict[str, Any] = {"skuId": request.sku, "locationId": request.location, "actionableErrors": [error]}
    if item is not None and item.sequence is not None:
        body["clientSequenceNumber"] = item.sequence  # the newest one known: from here the caller goes on
    return {"status": {"statusCode": status, "reasonPhrase": reason}, "body": body}
