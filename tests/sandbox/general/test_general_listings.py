"""Listings by SKU: encoded exactly once, visible only later, in their marketplace, and whole."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from general_world import BRAZIL, CANADA, US, House, decoded

from recoup.exchange import Response

NAMED: dict[str, Any] = {"item_name": [{"value": "Bag"}]}
OFFER: dict[str, Any] = {"condition_type": [{"value": "new_new"}]}
WHOLE: dict[str, Any] = {"productType": "LUGGAGE", "attributes": NAMED}


def path(house: House, segment: str, marketplace: str = US, more: str = "") -> str:
    return f"/listings/2021-08-01/items/{house.merchant}/{segment}?marketplaceIds={marketplace}{more}"


def read(house: House, segment: str, marketplace: str = US) -> Response:
    return house.send("GET", path(house, segment, marketplace))


def put(house: House, segment: str, body: Any = WHOLE, marketplace: str = US, more: str = "") -> Response:
    return house.send("PUT", path(house, segment, marketplace, more), body=body)


SKUS = ["A/B", "50%", "a b", "a+b", "a&b=c", "#1", "\u00dcber", "%2F", "100%25", "A.B_C~D-E"]


@pytest.mark.parametrize("sku", SKUS)
def test_a_sku_encoded_once_arrives_as_it_was_meant(sku: str) -> None:
    house = House()
    assert put(house, quote(sku, safe="")).status == 200
    house.clock.advance(300)
    answer = read(house, quote(sku, safe=""))
    assert answer.status == 200
    assert decoded(answer)["sku"] == sku


@pytest.mark.parametrize("sku", ["A/B", "50%", "a b", "a&b=c", "#1"])
def test_a_sku_encoded_twice_is_refused_by_its_cause(sku: str) -> None:
    house = House()
    house.stage.add_listing(sku)
    once = quote(sku, safe="")
    refused = read(house, quote(once, safe=""))
    assert (refused.status, house.why(refused)) == (400, "400-wrong-url-encoding")
    assert decoded(refused)["errors"][0]["message"] == f"{once} is an invalid SKU for marketplace {US}"
    assert put(house, quote(once, safe="")).status == 400
    assert read(house, once).status == 200


def test_a_sku_that_holds_a_percent_encoding_of_its_own_is_not_taken_for_a_mistake() -> None:
    house = House()
    house.stage.add_listing("A/B")
    house.stage.add_listing("A%2FB")
    assert decoded(read(house, "A%252FB"))["sku"] == "A%2FB"


def test_a_slash_that_is_not_encoded_makes_another_path() -> None:
    house = House()
    refused = read(house, "SANDBOX/SKU%203")
    assert (refused.status, house.why(refused)) == (403, "403-wrong-path-or-version")


def test_a_new_listing_can_be_read_only_later() -> None:
    house = House()
    assert decoded(put(house, "NEW-1"))["status"] == "ACCEPTED"
    early = read(house, "NEW-1")
    assert (early.status, house.why(early)) == (404, "404-premature-poll")
    house.clock.advance(299)
    assert house.why(read(house, "NEW-1")) == "404-premature-poll"
    house.clock.advance(1)
    assert read(house, "NEW-1").status == 200


def test_an_existing_listing_is_changed_at_once() -> None:
    house = House()
    put(house, "SANDBOX-SKU-1")
    answer = house.send("GET", path(house, "SANDBOX-SKU-1", more="&includedData=attributes,summaries"))
    assert decoded(answer)["attributes"] == WHOLE["attributes"]
    assert decoded(answer)["summaries"][0]["productType"] == "LUGGAGE"


def test_a_preview_changes_nothing() -> None:
    house = House()
    assert decoded(put(house, "NEW-2", more="&mode=VALIDATION_PREVIEW"))["status"] == "VALID"
    house.clock.advance(600)
    assert house.why(read(house, "NEW-2")) == "404-mistyped-id"


ABSENT = [
    ("sandbox-sku-1", US, "404-mistyped-id"),
    ("SANDBOX-SKU-1%20", US, "404-mistyped-id"),
    ("SANDBOX-SKU-l", US, "404-mistyped-id"),
    ("SANDBOX-SKU-1", CANADA, "404-unavailable-id"),
    ("SANDBOX-SKU-1", US, "none"),
]


@pytest.mark.parametrize(("segment", "marketplace", "fault"), ABSENT)
def test_a_listing_that_is_not_there(segment: str, marketplace: str, fault: str) -> None:
    house = House()
    assert house.why(read(house, segment, marketplace)) == fault


def test_a_deleted_listing_is_gone_and_may_be_made_anew() -> None:
    house = House()
    assert house.send("DELETE", path(house, "SANDBOX-SKU-1")).status == 200
    assert house.why(read(house, "SANDBOX-SKU-1")) == "404-unavailable-id"
    put(house, "SANDBOX-SKU-1")
    assert house.why(read(house, "SANDBOX-SKU-1")) == "404-premature-poll"
    house.clock.advance(300)
    assert read(house, "SANDBOX-SKU-1").status == 200


BODIES: list[tuple[Any, str, str]] = [
    (WHOLE, "none", ""),
    ({"attributes": {"a": []}}, "400-missing-required-field", "productType"),
    ({"productType": "", "attributes": {"a": []}}, "400-missing-required-field", "productType"),
    ({"productType": "LUGGAGE"}, "400-missing-child-object", "attributes"),
    ({"productType": "LUGGAGE", "attributes": {}}, "400-missing-child-object", "attributes"),
    ({"productType": "LUGGAGE", "attributes": [1]}, "400-missing-child-object", "attributes"),
    ([], "400-missing-child-object", "body"),
    (None, "400-missing-required-field", "body"),
    (
        {"productType": "P", "attributes": {"merchant_suggested_asin": [{"value": "B00"}]}},
        "400-wrong-identifier",
        "B00",
    ),
    (
        {"productType": "P", "attributes": {**NAMED, "merchant_suggested_asin": [{"value": "B08XYZ1234"}]}},
        "none",
        "ACCEPTED",
    ),
    # what a kind of submission needs, beside what the form of the body asks for
    ({"productType": "LUGGAGE", "attributes": {"color": [{"value": "blue"}]}}, "none", "'item_name' is required"),
    ({"productType": "LUGGAGE", "attributes": {"item_name": []}}, "none", "'item_name' is required"),
    ({"productType": "LUGGAGE", "requirements": "LISTING_PRODUCT_ONLY", "attributes": {"a": [1]}}, "none", "INVALID"),
    (
        {"productType": "LUGGAGE", "requirements": "LISTING_OFFER_ONLY", "attributes": {"a": [1]}},
        "none",
        "'condition_type'",
    ),
    ({"productType": "LUGGAGE", "requirements": "LISTING_OFFER_ONLY", "attributes": OFFER}, "none", "ACCEPTED"),
]


@pytest.mark.parametrize(("body", "fault", "named"), BODIES, ids=str)
def test_bodies_of_a_put(body: Any, fault: str, named: str) -> None:
    house = House()
    answer = put(house, "NEW-3", body)
    assert house.why(answer) == fault
    assert named in answer.body.decode()
    if fault != "none":
        house.clock.advance(600)
        assert house.why(read(house, "NEW-3")) == "404-mistyped-id"


def test_the_seller_id_in_the_path_is_the_callers_own() -> None:
    house = House()
    refused = house.send("GET", f"/listings/2021-08-01/items/A1B2C3D4E5F6G7/SANDBOX-SKU-1?marketplaceIds={US}")
    assert house.why(refused) == "400-wrong-identifier"


def test_a_sku_is_at_most_forty_characters_long() -> None:
    house = House()
    assert put(house, "x" * 40).status == 200
    assert house.why(put(house, "x" * 41)) == "400-wrong-identifier"
    assert house.why(put(house, "%20")) == "400-wrong-identifier"


def test_a_search_shows_how_a_sku_is_spelled() -> None:
    house = House()
    base = f"/listings/2021-08-01/items/{house.merchant}"
    found = decoded(house.get(base, marketplaceIds=US))
    assert [item["sku"] for item in found["items"]] == ["SANDBOX-SKU-1", "SANDBOX-SKU-2", "SANDBOX/SKU 3"]
    one = house.get(base, marketplaceIds=US, identifiers="SANDBOX-SKU-2", identifiersType="SKU")
    assert decoded(one)["numberOfResults"] == 1
    assert house.why(house.get(base, marketplaceIds=US, identifiers="X")) == "400-missing-required-field"
    first = decoded(house.get(base, marketplaceIds=US, pageSize="2"))
    rest = house.get(base, marketplaceIds=US, pageSize="2", pageToken=first["pagination"]["nextToken"])
    assert [item["sku"] for item in decoded(rest)["items"]] == ["SANDBOX/SKU 3"]
    house.clock.advance(10)  # the bucket of the operation holds five
    assert decoded(house.get(base, marketplaceIds=BRAZIL))["items"] == []


@pytest.mark.parametrize(
    ("stated", "shown"),
    [
        (
            [{"fulfillment_channel_code": "DEFAULT", "quantity": 7}],
            [{"fulfillmentChannelCode": "DEFAULT", "quantity": 7}],
        ),
        ([{"fulfillment_channel_code": "AMAZON_NA"}], [{"fulfillmentChannelCode": "AMAZON_NA"}]),
        ([{"quantity": 7}], []),
        ("many", []),
        (None, []),
    ],
    ids=str,
)
def test_the_stock_that_was_stated_is_shown(stated: Any, shown: Any) -> None:
    house = House()
    attributes = {"item_name": [{"value": "x"}], **({"fulfillment_availability": stated} if stated is not None else {})}
    put(house, "SANDBOX-SKU-1", {"productType": "P", "attributes": attributes})
    answer = house.send("GET", path(house, "SANDBOX-SKU-1", more="&includedData=fulfillmentAvailability"))
    assert decoded(answer) == {"sku": "SANDBOX-SKU-1", "fulfillmentAvailability": shown}


def test_a_listing_that_somebody_deleted_is_gone_and_cannot_be_deleted_again() -> None:
    house = House()
    house.stage.add_listing("OLD-1")
    assert read(house, "OLD-1").status == 200
    house.stage.remove_listing("OLD-1")
    gone = read(house, "OLD-1")
    assert (gone.status, house.why(gone)) == (404, "404-unavailable-id")
    with pytest.raises(ValueError, match="there is no listing 'OLD-1'"):
        house.stage.remove_listing("OLD-1")


def test_a_submission_that_lacks_an_attribute_is_a_200_that_changes_nothing() -> None:
    house = House()
    answer = put(house, "NEW-9", {"productType": "LUGGAGE", "attributes": OFFER})
    assert answer.status == 200
    shown = decoded(answer)
    assert (shown["sku"], shown["status"]) == ("NEW-9", "INVALID")
    (issue,) = shown["issues"]
    assert (issue["severity"], issue["attributeNames"]) == ("ERROR", ["item_name"])
    trail = house.world.trail(answer.headers.get("x-amzn-requestid") or "")
    assert trail is not None
    assert [part["fault"] for part in trail["parts"]] == ["other-listing-issue"]
    house.clock.advance(3600)
    assert read(house, "NEW-9").status == 404
