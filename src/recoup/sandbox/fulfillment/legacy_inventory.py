"""getInventory and updateInventory of 2021-01-06: one SKU a call, with conditions on the version that the caller knows.

If-Match must be the stored entity's version, which the ETag field gives. If-Unmodified-Since is a date of RFC 2616 or a
growing number, and must be greater than the one stored with the last update that had one: it overwrites. Where either
does not hold the answer is 412 (SC_00006, StateConflict). The version of 2024-09-11 has neither.
"""

from __future__ import annotations

import re
from datetime import UTC
from email.utils import parsedate_to_datetime

from recoup.sandbox.fulfillment import stock
from recoup.sandbox.fulfillment.checks import allowed, existing_location, own_location
from recoup.sandbox.fulfillment.inventory import broken, default_location, update_quantity
from recoup.sandbox.fulfillment.store import Fulfillment, InventoryItem, ItemKey
from recoup.sandbox.fulfillment.validation import integer, invalid
from recoup.sandbox.operation import OperationCall, Outcome, Refusal

__all__ = ["get_inventory", "update_inventory"]

_NUMBER = re.compile(r"\d{1,18}", re.ASCII)


def get_inventory(state: Fulfillment, call: OperationCall) -> Outcome:
    """The stock of one SKU at one location, its version in the ETag field."""
    key = _key(state, call)
    item = state.items.get(key)
    if item is None:
        raise Refusal(
            "sc-00003-entity-not-found", because="no such SKU at this location", entity="skuId", id=call.path["skuId"]
        )
    broken(item)
    return _answer(item)


def update_inventory(state: Fulfillment, call: OperationCall) -> Outcome:
    """Set the absolute quantity of one SKU at one location, if the conditions in the header fields hold."""
    given = call.query.get("quantity")
    if given is None or not _NUMBER.fullmatch(given):
        invalid(given, "quantity", "a whole number of at least 0 is required")
    quantity = integer({"quantity": int(given)}, "quantity") or 0
    match, since = call.headers.get("If-Match"), call.headers.get("If-Unmodified-Since")
    stamp = _stamp(since) if since is not None else None
    key = _key(state, call)
    item = state.items.get(key)
    if item is not None:
        broken(item)
    if match is not None:
        _check_version(match, item.version if item is not None else 0)
    if stamp is not None and item is not None and item.stamp_text and stamp <= item.stamp:
        raise _conflict(since or "", item.stamp_text, "not newer than the stored one")
    item = update_quantity(state, key, quantity, call.now)
    if stamp is not None and since is not None:
        item.stamp, item.stamp_text = stamp, since
    return _answer(item)


def _key(state: Fulfillment, call: OperationCall) -> ItemKey:
    location_id = default_location(state, call.merchant_id, call.path["locationId"])
    existing_location(state, location_id)
    allowed(state, call.merchant_id)
    own_location(state, call.merchant_id, location_id)
    location = state.locations[location_id]
    return stock.item_key(call.merchant_id, location_id, call.path["skuId"], location.marketplace_id, location.channel)


def _stamp(value: str) -> float:
    if _NUMBER.fullmatch(value.strip()):
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (TypeError, ValueError, OverflowError):
        invalid(value, "If-Unmodified-Since", "neither a date of RFC 2616 nor a number")


def _check_version(match: str, existing: int) -> None:
    wanted = match.strip().removeprefix("W/").strip('"')
    if wanted != "*" and wanted != str(existing):
        raise _conflict(wanted, str(existing), "not the stored version")


def _conflict(version: str, existing: str, why: str) -> Refusal:
    return Refusal("sc-00006-entity-version-conflict", because=why, version=version, existing=existing)


def _answer(item: InventoryItem) -> Outcome:
    body = {
        "locationId": item.location_id,
        "skuId": item.sku,
        "sellableQuantity": item.sellable,
        "reservedQuantity": item.reserved,
    }
    return Outcome(body=body, headers={"ETag": f'"{item.version}"'})
