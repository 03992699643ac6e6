"""Orders in both versions: filters, pages, dates, identifiers; a negative row beside every proper one."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

import pytest
from general_world import CANADA, GERMANY, US, House, decoded
from hypothesis import given
from hypothesis import strategies as st

from recoup.exchange import Response
from recoup.sandbox.fulfillment.store import Line, Shipment
from recoup.sandbox.general import shipped_orders
from recoup.sandbox.general.paging import make_token, read_token
from recoup.sandbox.general.state import OrderLine
from recoup.sandbox.operation import Refusal

NEW, OLD = "/orders/2026-01-01/orders", "/orders/v0/orders"
SINCE = "2020-01-01T00:00:00Z"


def search(house: House, **query: str) -> Response:
    return house.get(NEW, **{"createdAfter": SINCE, **query})


def old(house: House, **query: str) -> Response:
    return house.get(OLD, **{"CreatedAfter": SINCE, "MarketplaceIds": US, **query})


def ids(answer: Response) -> list[str]:
    data = decoded(answer)
    orders = data["orders"] if "orders" in data else data["payload"]["Orders"]
    return [order.get("orderId") or order["AmazonOrderId"] for order in orders]


def test_both_versions_show_the_same_orders_in_the_same_order() -> None:
    house = House()
    assert ids(search(house)) == ids(old(house))
    assert len(ids(search(house))) == 12


def test_an_order_reads_the_same_by_itself() -> None:
    house = House()
    listed = decoded(search(house))["orders"][3]
    assert decoded(house.get(f"{NEW}/{listed['orderId']}")) == {"order": listed}
    single = decoded(house.get(f"{OLD}/{listed['orderId']}"))["payload"]
    assert single in decoded(old(house))["payload"]["Orders"]


def test_pages_give_every_order_once() -> None:
    house, seen, token = House(), list[str](), ""
    for _ in range(4):
        page = search(house, maxResultsPerPage="5", **({"paginationToken": token} if token else {}))
        seen += ids(page)
        token = decoded(page).get("pagination", {}).get("nextToken", "")
        if not token:
            break
    assert seen == ids(search(house))
    assert not token


def test_the_arguments_may_be_repeated_or_left_out_beside_a_token() -> None:
    house = House()
    token = decoded(old(house, MaxResultsPerPage="5"))["payload"]["NextToken"]
    repeated = old(house, MaxResultsPerPage="5", NextToken=token)
    assert ids(repeated) == ids(old(house))[5:10]
    assert ids(house.get(OLD, MarketplaceIds=US, NextToken=token)) == ids(repeated)


TOKENS: dict[str, Callable[[str], str]] = {
    "cut": lambda token: token[:-4],
    "one character less": lambda token: token[:-1],
    "altered": lambda token: ("B" if token[0] != "B" else "C") + token[1:],
    "encoded twice": lambda token: quote(token, safe=""),
    "in another case": str.swapcase,
    "not base64": lambda token: f"<{token}>",
    "of nothing": lambda token: "AAAA",
}


@pytest.mark.parametrize("change", TOKENS)
def test_a_token_that_is_not_as_it_was_returned_is_refused(change: str) -> None:
    house = House()
    token = decoded(search(house, maxResultsPerPage="5"))["pagination"]["nextToken"]
    refused = search(house, maxResultsPerPage="5", paginationToken=TOKENS[change](token))
    assert refused.status == 400
    assert house.why(refused) == "400-invalid-next-token"
    assert search(house, maxResultsPerPage="5", paginationToken=token).status == 200


def test_a_token_that_was_not_encoded_loses_its_plus() -> None:
    house = House()
    for size in range(1, 11):
        token = decoded(search(house, maxResultsPerPage=str(size)))["pagination"]["nextToken"]
        if "+" in token:
            bare = house.send("GET", f"{NEW}?paginationToken={token.replace('/', '%2F').replace('=', '%3D')}")
            assert house.why(bare) == "400-invalid-next-token"
            return
    pytest.fail("no token has a plus")


@pytest.mark.parametrize(
    "other",
    [{"maxResultsPerPage": "6"}, {"createdAfter": "2020-01-02T00:00:00Z"}, {"fulfillmentStatuses": "SHIPPED"}],
    ids=str,
)
def test_a_token_beside_other_arguments_is_refused(other: dict[str, str]) -> None:
    house = House()
    token = decoded(search(house, maxResultsPerPage="5"))["pagination"]["nextToken"]
    refused = search(house, **{"maxResultsPerPage": "5", **other}, paginationToken=token)
    assert house.why(refused) == "400-invalid-next-token"


def test_a_token_of_another_seller_is_refused() -> None:
    house = House()
    token = decoded(search(house, maxResultsPerPage="5"))["pagination"]["nextToken"]
    other = house.stage.add_partner(marketplaces=(US,))
    refused = house.get(NEW, token=house.token(other["refresh_token"]), paginationToken=token)
    assert house.why(refused) == "400-invalid-next-token"


QUERIES: list[tuple[dict[str, str], str]] = [
    ({}, "none"),
    ({"createdAfter": "2026-12-31"}, "none"),
    ({"createdAfter": "2026-12-31T01:02:03+01:00"}, "none"),
    ({"createdAfter": "31.12.2026"}, "400-invalid-date-format"),
    ({"createdAfter": "2026/12/31"}, "400-invalid-date-format"),
    ({"createdAfter": "2026-13-01T00:00:00Z"}, "400-invalid-date-format"),
    ({"createdAfter": "2026-12-31T25:00:00Z"}, "400-invalid-date-format"),
    ({"createdAfter": ""}, "400-invalid-date-format"),
    ({"createdBefore": "2027-01-15T07:58:00Z"}, "none"),
    ({"createdBefore": "2027-01-15T07:58:01Z"}, "400-invalid-date-format"),  # nearer than two minutes
    ({"createdBefore": "2030-01-01T00:00:00Z"}, "400-invalid-date-format"),
    ({"marketplaceIds": f"{US},{CANADA}"}, "none"),
    ({"marketplaceIds": "ATVPDKIKX0DEX"}, "400-wrong-identifier"),
    ({"marketplaceIds": GERMANY}, "403-region-mismatch"),
    ({"fulfillmentStatuses": "UNSHIPPED,SHIPPED"}, "none"),
    ({"fulfillmentStatuses": "Unshipped"}, "400-wrong-identifier"),
    ({"maxResultsPerPage": "100"}, "none"),
    ({"maxResultsPerPage": "0"}, "400-wrong-identifier"),
    ({"maxResultsPerPage": "101"}, "400-wrong-identifier"),
    ({"maxResultsPerPage": "five"}, "400-wrong-identifier"),
]


@pytest.mark.parametrize(("query", "fault"), QUERIES, ids=str)
def test_arguments_of_a_search(query: dict[str, str], fault: str) -> None:
    house = House()
    assert house.why(search(house, **query)) == fault


def test_one_of_the_two_after_dates_is_required() -> None:
    house = House()
    assert house.why(house.get(NEW)) == "400-missing-required-field"
    assert house.why(house.get(NEW, lastUpdatedAfter=SINCE)) == "none"
    assert house.why(house.get(OLD, CreatedAfter=SINCE)) == "400-missing-required-field"
    assert house.why(house.get(OLD, MarketplaceIds=US)) == "400-missing-required-field"


def test_filters_narrow_what_is_found() -> None:
    house = House()
    shipped = decoded(search(house, fulfillmentStatuses="SHIPPED"))["orders"]
    assert shipped
    assert {order["fulfillment"]["fulfillmentStatus"] for order in shipped} == {"SHIPPED"}
    assert ids(old(house, OrderStatuses="Shipped")) == [order["orderId"] for order in shipped]
    assert ids(search(house, marketplaceIds=CANADA)) == []
    assert ids(search(house, fulfilledBy="AMAZON")) == []


def test_a_new_order_is_found_two_minutes_later() -> None:
    house = House()
    made = house.stage.add_order()
    assert made not in ids(search(house))
    house.clock.advance(120)
    assert made in ids(search(house))


ORDER_IDS = [
    ("902-1845936-5435065", "404-unavailable-id"),
    ("S01-1234567-1234567", "404-unavailable-id"),
    ("902-1845936-543506", "400-wrong-identifier"),
    ("902-18459365435065", "400-wrong-identifier"),
    ("902_1845936_5435065", "400-wrong-identifier"),
    ("B000000001", "400-wrong-identifier"),
]


@pytest.mark.parametrize("path", [NEW, OLD])
@pytest.mark.parametrize(("order", "fault"), ORDER_IDS)
def test_an_order_that_is_not_there(order: str, fault: str, path: str) -> None:
    house = House()
    refused = house.get(f"{path}/{order}")
    assert house.why(refused) == fault


def test_another_sellers_order_is_not_there() -> None:
    house = House()
    order = ids(search(house))[0]
    other = house.stage.add_partner(marketplaces=(US,))
    refused = house.get(f"{NEW}/{order}", token=house.token(other["refresh_token"]))
    assert house.why(refused) == "404-unavailable-id"


@given(
    st.text(max_size=20),
    st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=4),
    st.integers(0, 10**6),
    st.text(max_size=200),
)
def test_only_what_was_given_out_is_read_back(
    merchant: str, arguments: dict[str, str], position: int, other: str
) -> None:
    token = make_token(1, merchant, arguments, position)
    assert read_token(1, merchant, arguments, token) == (arguments, position)
    if other != token:
        with pytest.raises(Refusal, match="400-invalid-next-token"):
            read_token(1, merchant, arguments, other)
    with pytest.raises(Refusal, match="400-invalid-next-token"):
        read_token(2, merchant, arguments, token)


WORDINGS = [
    ({"maxResultsPerPage": "101"}, "Member must be between 1 and 100"),
    ({"fulfillmentStatuses": "GONE"}, "Member must satisfy enum value set: [PENDING, "),
]


@pytest.mark.parametrize(("query", "said"), WORDINGS, ids=str)
def test_a_value_that_is_not_taken_is_named_with_what_would_be(query: dict[str, str], said: str) -> None:
    ((name, value),) = query.items()
    message = decoded(search(House(), **query))["errors"][0]["message"]
    assert message.startswith(
        f"1 validation error detected: Value '{value}' at '{name}' failed to satisfy constraint: {said}"
    )


def test_a_date_too_near_is_answered_as_a_wrong_range() -> None:
    refused = search(House(), createdBefore="2030-01-01T00:00:00Z")
    assert decoded(refused)["errors"] == [{"code": "InvalidInput", "message": "Date range is invalid", "details": ""}]


def test_the_order_of_a_shipment_is_found_and_follows_it() -> None:
    house = House()
    location = house.stage.add_location(merchant_ids=[house.merchant], marketplace_id=US, channel="MFN", name="test")
    made = house.stage.add_shipment(location_id=location, units=[2, 1])
    shipment = decoded(house.get(f"/externalFulfillment/2024-09-11/shipments/{made}"))
    number = shipment["shipmentInfo"]["buyerOrderId"]

    def status() -> str:
        return str(decoded(house.get(f"{NEW}/{number}"))["order"]["fulfillment"]["fulfillmentStatus"])

    order = decoded(house.get(f"{NEW}/{number}"))["order"]
    assert [item["quantityOrdered"] for item in order["orderItems"]] == [2, 1]
    assert status() == "UNSHIPPED"
    house.stage.cancel_by_marketplace(made)
    assert status() == "CANCELLED"
    house.clock.advance(120)
    assert number in ids(search(house, fulfillmentStatuses="CANCELLED"))
    assert ids(old(house, AmazonOrderIds=number)) == [number]


def test_a_page_looks_into_the_orders_that_it_shows_and_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House()
    location = house.stage.add_location(merchant_ids=[house.merchant], marketplace_id=US, channel="MFN", name="test")
    for _ in range(50):
        house.stage.add_shipment(location_id=location)
    house.clock.advance(121)
    looked: list[object] = []
    line = shipped_orders._line

    def counted(shipment: Shipment, of: Line) -> OrderLine:
        looked.append(shipment.id)
        return line(shipment, of)

    monkeypatch.setattr(shipped_orders, "_line", counted)
    found = decoded(search(house, fulfillmentStatuses="UNSHIPPED", maxResultsPerPage="20"))["orders"]
    assert all(order["orderItems"] for order in found)
    assert 0 < len(looked) <= 20
