"""Listings items 2021-08-01: a listing is read and written by its SKU, in one marketplace.

A SKU is decoded once. What arrives with a percent-encoding still in it was encoded twice where the decoded one is the
seller's own (400-wrong-url-encoding). A new listing is made in the background and cannot be read for a while. Proposed,
since Amazon does not say which text it uses when: a SKU that the seller never had is answered by name, one that is
deleted, in another marketplace, or not there yet by the general text.
"""

from __future__ import annotations

import re
from typing import Any, NoReturn
from urllib.parse import unquote

from recoup.catalogue.facts.marketplaces import by_id
from recoup.sandbox.general.checks import (
    body,
    child,
    found_nothing,
    iso,
    malformed,
    marketplaces,
    missing,
    number,
    one_of,
    text,
)
from recoup.sandbox.general.paging import make_token, read_token
from recoup.sandbox.general.state import General, Listing
from recoup.sandbox.operation import OperationCall, Outcome, Refusal

__all__ = ["LISTINGS"]

_ASIN = re.compile(r"B[0-9A-Z]{9}|\d{9}[0-9X]", re.ASCII)
_ENCODED = re.compile(r"%[0-9A-Fa-f]{2}")
_LONGEST_SKU = 40
_DATA = (
    "summaries", "attributes", "issues", "offers", "fulfillmentAvailability", "procurement", "relationships",
    "productTypes",
)  # fmt: skip
# What every product type asks for, by the kind of submission (proposed: the real lists are in each type's schema).
_NEEDED = {"LISTING": "item_name", "LISTING_PRODUCT_ONLY": "item_name", "LISTING_OFFER_ONLY": "condition_type"}
_PAGE = 10  # documented default of searchListingsItems
_MOST = 20  # documented


def get_listings_item(state: General, call: OperationCall) -> Outcome:
    """One listing, as the selling partner may see it in that marketplace."""
    places = _place(state, call)
    sku = _sku(state, call, places)
    included = _included(call)
    known = [item for place in places if (item := state.listings.get((call.merchant_id, place, sku))) is not None]
    living = [item for item in known if not item.deleted]
    visible = [item for item in living if call.now >= item.visible]
    if not visible:
        _not_there(state, call, sku, places, living)
    return Outcome(body=_view(visible, included))


def search_listings_items(state: General, call: OperationCall) -> Outcome:
    """The selling partner's listings in a marketplace, sorted by SKU; the way to find how a SKU is spelled."""
    token, start = call.query.get("pageToken"), 0
    given = {name: value for name, value in call.query.items() if name != "pageToken"}
    query = given
    if token:
        query, start = read_token(state.seed, call.merchant_id, given, token)
    places = _place(state, call)
    size = number(query, "pageSize", _PAGE, _MOST)
    wanted = _identifiers(query)
    found = sorted(
        (
            item
            for (merchant, place, _), item in state.listings.items()
            if merchant == call.merchant_id and place in places and not item.deleted and call.now >= item.visible
            if wanted is None or item.sku in wanted or item.asin in wanted
        ),
        key=lambda item: item.sku,
    )
    page = found[start : start + size]
    answer: dict[str, Any] = {
        "numberOfResults": len(found),
        "items": [_view([item], _included(call)) for item in page],
    }
    if start + size < len(found):
        following = make_token(state.seed, call.merchant_id, query, start + size)
        answer["pagination"] = {"nextToken": following}
    return Outcome(body=answer)


def put_listings_item(state: General, call: OperationCall) -> Outcome:
    """Make or replace a listing. A new one can be read only some time later."""
    places = _place(state, call, most=1)
    sku = _sku(state, call, places)
    data = body(call)
    product_type = text(data, "productType")
    attributes = child(data, "attributes", "ListingsItemPutRequest")
    asin = _suggested_asin(attributes)
    answer: dict[str, Any] = {"sku": sku, "submissionId": f"{state.random.getrandbits(128):032x}", "issues": []}
    lacking = _lacking(data, attributes)
    if lacking is not None:
        refusal = Refusal("other-listing-issue", because=f"a {product_type} needs {lacking}", attribute=lacking)
        return Outcome(body={**answer, "status": "INVALID", "issues": [_missing(lacking)]}, parts=[refusal])
    if call.query.get("mode") == "VALIDATION_PREVIEW":
        return Outcome(body={**answer, "status": "VALID"})
    key = (call.merchant_id, places[0], sku)
    old = state.listings.get(key)
    if old is None or old.deleted:
        state.listings[key] = Listing(
            merchant_id=call.merchant_id,
            marketplace_id=places[0],
            sku=sku,
            asin=asin or state.asin(),
            product_type=product_type,
            attributes=attributes,
            created=call.now,
            updated=call.now,
            visible=call.now + state.settings.listing_visible_after,
        )
    else:
        old.product_type, old.attributes, old.updated = product_type, attributes, call.now
    return Outcome(body={**answer, "status": "ACCEPTED"})


def delete_listings_item(state: General, call: OperationCall) -> Outcome:
    """Take a listing away. Of one that is not there it is accepted too, as the submission is worked on later."""
    places = _place(state, call, most=1)
    sku = _sku(state, call, places)
    listing = state.listings.get((call.merchant_id, places[0], sku))
    if listing is not None:
        listing.deleted, listing.updated = True, call.now
    submission = f"{state.random.getrandbits(128):032x}"
    return Outcome(body={"sku": sku, "submissionId": submission, "issues": [], "status": "ACCEPTED"})


def _place(state: General, call: OperationCall, *, most: int | None = None) -> list[str]:
    seller = call.path["sellerId"]
    if seller != call.merchant_id:
        malformed("Seller", seller, "the seller id in the path is not that of the token's selling partner")
    places = marketplaces(call, "marketplaceIds", most=most)
    if not places:
        missing("marketplaceIds")
    own = state.accounts.partners[call.merchant_id].marketplaces
    for place in places:
        if own and place not in own:
            malformed("Marketplace", place, "the selling partner does not sell in this marketplace")
    return places


def _sku(state: General, call: OperationCall, places: list[str]) -> str:
    sku = call.path["sku"]
    if _ENCODED.search(sku) and not _known(state, call.merchant_id, sku) and _meant(state, call, sku):
        because = "the SKU still holds a percent-encoding after it was decoded once: it was encoded twice"
        raise Refusal("400-wrong-url-encoding", because=because, value=sku, marketplace=places[0])
    if not sku.strip() or len(sku) > _LONGEST_SKU or any(ord(character) < 32 for character in sku):
        malformed("SKU", sku, f"a SKU has 1 to {_LONGEST_SKU} printable characters")
    return sku


def _known(state: General, merchant_id: str, sku: str) -> bool:
    return any(merchant == merchant_id and own == sku for merchant, _, own in state.listings)


def _meant(state: General, call: OperationCall, sku: str) -> bool:
    """Whether decoding once more gives a SKU of the seller. A write of an unknown SKU with a %XX is taken as meant."""
    return _known(state, call.merchant_id, unquote(sku))


def _not_there(state: General, call: OperationCall, sku: str, places: list[str], coming: list[Listing]) -> NoReturn:
    if coming:
        because = f"the listing is in work until {coming[0].visible}"
        raise Refusal("404-premature-poll", because=because)
    if _known(state, call.merchant_id, sku):
        found_nothing("the listing was deleted, or is in another marketplace of the selling partner")
    because = "the selling partner never had this SKU: case and blanks count"
    raise Refusal("404-mistyped-id", because=because, sku=sku, marketplace=places[0])


def _included(call: OperationCall) -> list[str]:
    return one_of(call.query, "includedData", _DATA) or ["summaries"]


def _identifiers(query: dict[str, str]) -> set[str] | None:
    if "identifiers" not in query:
        return None
    kind = query.get("identifiersType", "")
    if not kind:
        missing("identifiersType", "identifiers need identifiersType beside them")
    return set(query["identifiers"].split(","))


def _lacking(data: dict[str, Any], attributes: dict[str, Any]) -> str | None:
    """The attribute that a submission of this kind needs and has not; None where it has all."""
    needed = _NEEDED.get(str(data.get("requirements") or "LISTING"))
    return needed if needed is not None and not attributes.get(needed) else None


def _missing(attribute: str) -> dict[str, Any]:
    """The issue of an attribute that is not there, as Amazon's model shows it."""
    return {
        "code": "90220",
        "message": f"'{attribute}' is required but not supplied.",
        "severity": "ERROR",
        "attributeNames": [attribute],
        "categories": ["MISSING_ATTRIBUTE"],
    }


def _suggested_asin(attributes: dict[str, Any]) -> str:
    given = attributes.get("merchant_suggested_asin")
    value = given[0].get("value") if isinstance(given, list) and given and isinstance(given[0], dict) else None
    if isinstance(value, str) and _ASIN.fullmatch(value) is None:
        malformed("ASIN", value, "an ASIN has ten characters")
    return value if isinstance(value, str) else ""


def _view(items: list[Listing], included: list[str]) -> dict[str, Any]:
    first = items[0]
    made: dict[str, Any] = {
        "summaries": [_summary(item) for item in items],
        "attributes": first.attributes,
        "issues": [],
        "offers": [],
        "fulfillmentAvailability": _availability(first.attributes.get("fulfillment_availability")),
        "procurement": [],
        "relationships": [{"marketplaceId": item.marketplace_id, "relationships": []} for item in items],
        "productTypes": [{"marketplaceId": item.marketplace_id, "productType": item.product_type} for item in items],
    }
    return {"sku": first.sku, **{name: made[name] for name in _DATA if name in included}}


def _availability(given: object) -> list[dict[str, Any]]:
    """The stock that the seller stated with the listing; none where they stated none."""
    found: list[dict[str, Any]] = []
    for each in given if isinstance(given, list) else ():
        if isinstance(each, dict) and isinstance(each.get("fulfillment_channel_code"), str):
            stated = {"fulfillmentChannelCode": each["fulfillment_channel_code"]}
            found.append(stated | ({"quantity": each["quantity"]} if isinstance(each.get("quantity"), int) else {}))
    return found


def _summary(item: Listing) -> dict[str, Any]:
    place = by_id(item.marketplace_id)
    return {
        "marketplaceId": item.marketplace_id,
        "asin": item.asin,
        "productType": item.product_type,
        "conditionType": "new_new",
        "status": ["BUYABLE", "DISCOVERABLE"],
        "itemName": f"{item.product_type.title()} of {place.country if place is not None else 'somewhere'}",
        "createdDate": iso(item.created),
        "lastUpdatedDate": iso(item.updated),
    }


LISTINGS = {
    "getListingsItem": get_listings_item,
    "searchListingsItems": search_listings_items,
    "putListingsItem": put_listings_item,
    "deleteListingsItem": delete_listings_item,
}
