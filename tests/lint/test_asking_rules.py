"""What each rule about parameters, dates, identifiers and bodies sees, with the exact bytes; and its mended twin.

The span that a finding must have is marked in the request itself; the twin holds the same without the fault, and no
rule says anything of it.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from planting import get, planted, sent

from recoup.lint.checking import check
from recoup.lint.reading import from_http

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC).timestamp()
MP = "MarketplaceIds=A1PA6795UKMFR9"
AFTER = "CreatedAfter=2026-01-01T00:00:00Z"
ORDERS = f"/orders/v0/orders?{MP}"
ORDERS_OK = f"{ORDERS}&{AFTER}"
ORDER = "/orders/v0/orders/026-1234567-1234567"
NEW = "/orders/2026-01-01/orders?marketplaceIds=A1PA6795UKMFR9&createdAfter=2026-01-01T00:00:00Z"
REPORTS = "/reports/2021-06-30/reports"
CATALOGUE = "/catalog/2022-04-01/items?marketplaceIds=A1PA6795UKMFR9"
INVENTORY = "/externalFulfillment/inventory/2024-09-11/inventories"
SHIPMENTS = "/externalFulfillment/2024-09-11/shipments"
RETURNS = "/externalFulfillment/2024-09-11/returns"
PRICE = "/products/pricing/v0/price?MarketplaceId=A1PA6795UKMFR9"
RDT = "/tokens/2021-03-01/restrictedDataToken"
CONFIRM = ORDER + "/shipmentConfirmation"
COUNTED = '{{"quantity": 1, "clientSequenceNumber": {}}}'
FIELD, CHILD, DATE, ID = (
    "400-missing-required-field",
    "400-missing-child-object",
    "400-invalid-date-format",
    "400-wrong-identifier",
)
TOKEN, VALUE, RANGE = "400-invalid-next-token", "sc-00002-invalid-value", "sc-00002-range"


def report(text: str = '"GET_MERCHANT_LISTINGS_ALL_DATA"', more: str = "") -> str:
    return sent("POST", REPORTS, f'{{"reportType": {text}, "marketplaceIds": ["A1PA6795UKMFR9"]{more}}}')


def confirmed(package: str) -> str:
    return sent("POST", CONFIRM, f'{{"marketplaceId": "A1PA6795UKMFR9", "packageDetail": {package}}}')


def packed(item: str = '"50000000000001"', date: str = '"2026-02-11T01:00:00Z"') -> str:
    return (
        f'{{"packageReferenceId": "1", "carrierCode": "DHL", "trackingNumber": "1Z", "shipDate": {date}, '
        f'"orderItems": [{{"orderItemId": {item}, "quantity": 1}}]}}'
    )


def stock(*elements: str) -> str:
    return sent("POST", INVENTORY, f'{{"requests": [{", ".join(elements)}]}}')


def update(uri: str = "/inventory/update?locationId=L1&skuId=S1", body: str = '{"quantity": 3}') -> str:
    return f'{{"method": "POST", "uri": "{uri}", "body": {body}}}'


def restricted(resource: str) -> str:
    return sent("POST", RDT, f'{{"restrictedResources": [{resource}]}}')


BUYER = '{"method": "GET", "path": "/orders/v0/orders/{orderId}", "dataElements": ["buyerInfo"]}'
GOOD = get(ORDERS_OK)
PACKED = confirmed(packed())

# (rule, fault or None, certain, the request with the span marked, its mended twin)
SEEN = [
    ("missing-parameter", FIELD, True, get(f"/orders/v0/orders?{AFTER}«»"), GOOD),
    ("missing-parameter", FIELD, True, get(f"/orders/v0/orders?«MarketplaceIds=»&{AFTER}"), GOOD),
    ("missing-parameter", FIELD, True, get("/catalog/2022-04-01/items?keywords=a«»"), get(f"{CATALOGUE}&keywords=a")),
    (
        "missing-parameter", VALUE, True, get(f"{SHIPMENTS}?maxResults=5«»"),
        get(f"{SHIPMENTS}?status=ACCEPTED&maxResults=5"),
    ),
    (
        "missing-parameter", FIELD, True, get("/catalog/2022-04-01/items/B08N5WRWNW«»"),
        get("/catalog/2022-04-01/items/B08N5WRWNW?marketplaceIds=A1PA6795UKMFR9"),
    ),
    ("parameter-name", FIELD, True, get(f"/orders/v0/orders?«marketplaceIds»=A1PA6795UKMFR9&{AFTER}"), GOOD),
    ("parameter-name", FIELD, True, get(f"/orders/v0/orders?«MarketplaceId»=A1PA6795UKMFR9&{AFTER}"), GOOD),
    ("parameter-name", FIELD, True, get(f"/orders/v0/orders?«MarketplaceId.Id.1»=A1PA6795UKMFR9&{AFTER}"), GOOD),
    ("parameter-name", FIELD, True, get(f"/orders/v0/orders?«MarketplaceIds[0]»=A1PA6795UKMFR9&{AFTER}"), GOOD),
    ("parameter-name", None, False, get(f"{ORDERS}&{AFTER}&«orderStatuses»=Shipped"), GOOD),
    ("parameter-name", None, False, get(f"{ORDERS}&{AFTER}&«tenant»=7"), GOOD),
    ("parameters-together", FIELD, True, get(f"{ORDERS}«»"), GOOD),
    ("parameters-together", FIELD, True, get(f"{ORDERS}&{AFTER}&«LastUpdatedAfter=2026-01-01T00:00:00Z»"), GOOD),
    ("parameters-together", FIELD, True, get(f"{REPORTS}?pageSize=10«»"), get(f"{REPORTS}?reportTypes=GET_X")),
    (
        "parameters-together", FIELD, True, get(f"{PRICE}&«ItemType=Asin»"),
        get(f"{PRICE}&ItemType=Asin&Asins=B08N5WRWNW"),
    ),
    (
        "parameters-together", FIELD, True, get(f"{CATALOGUE}&«identifiers=B08N5WRWNW»"),
        get(f"{CATALOGUE}&identifiers=B08N5WRWNW&identifiersType=ASIN"),
    ),
    (
        "parameters-together", VALUE, True, get(f"{RETURNS}?status=CREATED&«lastUpdatedSince=2026-01-01T00:00:00Z»"),
        get(f"{RETURNS}?status=CREATED&returnLocationId=L&lastUpdatedSince=2026-01-01T00:00:00Z"),
    ),
    ("value-list", ID, True, get(f"/orders/v0/orders?MarketplaceIds=«%5B%22A1PA6795UKMFR9%22%5D»&{AFTER}"), GOOD),
    ("value-list", ID, True, get(f"{ORDERS},«%20A1F83G8C2ARO7P»&{AFTER}"), get(f"{ORDERS},A1F83G8C2ARO7P&{AFTER}")),
    ("value-list", ID, True, get(f"/orders/v0/orders?MarketplaceIds=«A1PA6795UKMFR9;A1F83G8C2ARO7P»&{AFTER}"), GOOD),
    (
        "value-list", ID, False, get(f"{ORDERS}&«MarketplaceIds=A1F83G8C2ARO7P»&{AFTER}"),
        get(f"{ORDERS},A1F83G8C2ARO7P&{AFTER}"),
    ),
    (
        "too-many", ID, True, get(f"{CATALOGUE}&identifiersType=ASIN&identifiers={'B08N5WRWNW,' * 20}«B08N5WRWNW»"),
        get(f"{CATALOGUE}&identifiersType=ASIN&identifiers={'B08N5WRWNW,' * 19}B08N5WRWNW"),
    ),
    ("too-many", RANGE, True, stock(*[update()] * 10, f"«{update()}»"), stock(*[update()] * 10)),
    ("too-many", ID, True, restricted(", ".join([BUYER] * 50) + f", «{BUYER}»"), restricted(", ".join([BUYER] * 50))),
    ("date-form", DATE, True, get(f"{ORDERS}&CreatedAfter=«2026-01-01T00:00:00»"), GOOD),
    ("date-form", DATE, True, get(f"{ORDERS}&CreatedAfter=«2026-01-01+00:00:00»"), GOOD),
    ("date-form", DATE, True, get(f"{ORDERS}&CreatedAfter=«01/02/2026»"), GOOD),
    ("date-form", DATE, True, get(f"{ORDERS}&CreatedAfter=«1767225600»"), GOOD),
    ("date-form", DATE, True, get(f"{ORDERS}&CreatedAfter=«2026-02-30T00:00:00Z»"), GOOD),
    ("date-form", DATE, True, get(f"{ORDERS}&CreatedAfter=«2026-1-1T00:00:00Z»"), GOOD),
    ("date-form", DATE, True, get(f"{ORDERS}&CreatedAfter=«20260101T000000Z»"), GOOD),
    ("date-form", DATE, True, get(f"{ORDERS}&CreatedAfter=«yesterday»"), GOOD),
    ("date-form", DATE, True, confirmed(packed(date='«"02/21/2026"»')), PACKED),
    ("date-form", DATE, True, confirmed(packed(date='«"2026-02-11T01:00:00"»')), PACKED),
    ("date-form", DATE, False, confirmed(packed(date='«"2026-02-11"»')), PACKED),
    ("date-form", DATE, True, confirmed(packed(date="«1770771600»")), PACKED),
    (
        "date-form", VALUE, True, get(f"{SHIPMENTS}?status=ACCEPTED&lastUpdatedAfter=«2026/01/01»"),
        get(f"{SHIPMENTS}?status=ACCEPTED&lastUpdatedAfter=2026-01-01T00%3A00%3A00%2B01%3A00"),
    ),
    (
        "date-order", DATE, True, get(f"{ORDERS}&{AFTER}&CreatedBefore=«2025-01-01T00:00:00Z»"),
        get(f"{ORDERS}&{AFTER}&CreatedBefore=2026-02-01T00:00:00Z"),
    ),
    ("date-order", DATE, False, get(f"{ORDERS}&CreatedAfter=«2026-03-05T00:00:00Z»"), GOOD),
    (
        "date-order", RANGE, True,
        get(f"{SHIPMENTS}?status=ACCEPTED&lastUpdatedAfter=2026-01-02T00:00:00Z&lastUpdatedBefore=«2026-01-01T00:00:00Z»"),
        get(f"{SHIPMENTS}?status=ACCEPTED"),
    ),
    (
        "too-recent", DATE, True, get(f"{ORDERS}&{AFTER}&CreatedBefore=«2026-03-02T11:59:00Z»"),
        get(f"{ORDERS}&{AFTER}&CreatedBefore=2026-03-02T11:58:00Z"),
    ),
    (
        "too-recent", DATE, True,
        get("/finances/v0/financialEvents?PostedAfter=2026-01-01T00:00:00Z&PostedBefore=«2026-03-02T12:00:00Z»"),
        get("/finances/v0/financialEvents?PostedAfter=2026-01-01T00:00:00Z"),
    ),
    ("page-token", TOKEN, True, get(f"{ORDERS}&NextToken=ab«+»cd%3D"), get(f"{ORDERS}&NextToken=ab%2Bcd%3D")),
    ("page-token", TOKEN, True, get(f"{ORDERS}&NextToken=ab«%20»cd%3D"), get(f"{ORDERS}&NextToken=ab%2Bcd%3D")),
    ("page-token", TOKEN, True, get(f"{ORDERS}&«NextToken=»"), get(f"{ORDERS}&NextToken=ab")),
    ("page-token", TOKEN, True, get(f"{REPORTS}?«reportTypes=GET_X»&nextToken=abc"), get(f"{REPORTS}?nextToken=abc")),
    ("identifier-form", ID, True, get("/orders/v0/orders/«02612345671234567»"), get(ORDER)),
    ("identifier-form", ID, True, get("/orders/v0/orders/«PO-77»/orderItems"), get(ORDER + "/orderItems")),
    ("identifier-form", ID, True, confirmed(packed('«"SKU-1"»')), PACKED),
    ("identifier-form", ID, True, confirmed(packed('«"026-1234567-1234567"»')), PACKED),
    (
        "identifier-form", ID, True, get("/catalog/2022-04-01/items/«b08n5wrwnw»?marketplaceIds=A1PA6795UKMFR9"),
        get("/catalog/2022-04-01/items/B08N5WRWNW?marketplaceIds=A1PA6795UKMFR9"),
    ),
    (
        "identifier-form", ID, True, get("/catalog/2022-04-01/items/«4006381333931»?marketplaceIds=A1PA6795UKMFR9"),
        get("/catalog/2022-04-01/items/B08N5WRWNW?marketplaceIds=A1PA6795UKMFR9"),
    ),
    ("identifier-form", ID, True, get(f"/orders/v0/orders?MarketplaceIds=«DE»&{AFTER}"), GOOD),
    ("identifier-form", ID, True, get(f"/orders/v0/orders?MarketplaceIds=«a1pa6795ukmfr9»&{AFTER}"), GOOD),
    ("identifier-form", ID, True, get(f"{ORDERS},«Amazon.de»&{AFTER}"), GOOD),
    ("identifier-form", ID, False, get(f"/orders/v0/orders?MarketplaceIds=«A1PA6795UKMFR8»&{AFTER}"), GOOD),
    ("identifier-form", ID, True, get(f"{REPORTS}/«amzn1.spdoc.1.4.eu.abc»"), get(f"{REPORTS}/50018012345")),
    (
        "identifier-form", ID, True, get("/reports/2021-06-30/documents/«50018012345»"),
        get("/reports/2021-06-30/documents/amzn1.spdoc.1.4.eu.abc"),
    ),
    ("identifier-form", ID, True, report('«"get report"»'), report()),
    (
        "unknown-value", ID, False, get(f"{PRICE}&Asins=B08N5WRWNW&ItemType=«ASIN»"),
        get(f"{PRICE}&Asins=B08N5WRWNW&ItemType=Asin"),
    ),
    ("unknown-value", VALUE, False, get(f"{SHIPMENTS}?status=«Accepted»"), get(f"{SHIPMENTS}?status=ACCEPTED")),
    (
        "value-out-of-range", ID, True, get(f"{REPORTS}?reportTypes=GET_X&pageSize=«500»"),
        get(f"{REPORTS}?reportTypes=GET_X&pageSize=100"),
    ),
    ("value-out-of-range", ID, True, get(f"{NEW}&maxResultsPerPage=«0»"), get(f"{NEW}&maxResultsPerPage=1")),
    (
        "value-out-of-range", ID, True, get(f"{REPORTS}?reportTypes=GET_X&pageSize=«ten»"),
        get(f"{REPORTS}?reportTypes=GET_X&pageSize=10"),
    ),
    (
        "value-out-of-range", RANGE, True, get(f"{SHIPMENTS}?status=ACCEPTED&maxResults=«101»"),
        get(f"{SHIPMENTS}?status=ACCEPTED&maxResults=100"),
    ),
    (
        "json-syntax", FIELD, True,
        sent("POST", REPORTS, '{"reportType": "GET_X", "marketplaceIds": ["A1PA6795UKMFR9"]«,»}'), report(),
    ),
    (
        "json-syntax", FIELD, True,
        sent("POST", REPORTS, '{«\'»reportType«\'»: "GET_X", "marketplaceIds": ["A1PA6795UKMFR9"]}'), report(),
    ),
    (
        "json-syntax", FIELD, True,
        sent("POST", REPORTS, '{"reportType": "GET_X", "marketplaceIds": ["A1PA6795UKMFR9"], "reportOptions": «None»}'),
        report(),
    ),
    (
        "json-syntax", FIELD, True,
        sent("POST", REPORTS, '{"reportType": "GET_X"«» "marketplaceIds": ["A1PA6795UKMFR9"]}'), report(),
    ),
    ("json-syntax", FIELD, True, sent("POST", REPORTS, '«reportType=GET_X&marketplaceIds=A1PA6795UKMFR9»'), report()),
    ("json-syntax", FIELD, True, sent("POST", REPORTS, '«"{\\"reportType\\": \\"GET_X\\"}"»'), report()),
    ("json-syntax", FIELD, False, sent("POST", REPORTS, '{"reportType": "GET_X", "marketplaceIds": ["A1P«»'), report()),
    ("json-syntax", VALUE, True, sent("POST", INVENTORY, '{"requests": [' + update() + '«,»]}'), stock(update())),
    ("missing-field", FIELD, True, sent("POST", REPORTS, '{"marketplaceIds": ["A1PA6795UKMFR9"]«»}'), report()),
    ("missing-field", CHILD, True, sent("POST", REPORTS, '{"reportType": "GET_X"«»}'), report()),
    (
        "missing-field", FIELD, True,
        sent("POST", REPORTS, '{«"reporttype"»: "GET_X", "marketplaceIds": ["A1PA6795UKMFR9"]}'), report(),
    ),
    ("missing-field", FIELD, True, report("«null»"), report()),
    ("missing-field", FIELD, True, report('«""»'), report()),
    (
        "missing-field", CHILD, True,
        sent("POST", REPORTS, '{"reportType": "GET_X", "marketplaceIds": «"A1PA6795UKMFR9"»}'), report(),
    ),
    ("missing-field", CHILD, True, sent("POST", CONFIRM, '{"marketplaceId": "A1PA6795UKMFR9"«»}'), PACKED),
    ("missing-field", CHILD, True, confirmed("«{}»"), PACKED),
    ("missing-field", CHILD, True, confirmed('«"x"»'), PACKED),
    ("missing-field", VALUE, True, sent("POST", INVENTORY, "{«»}"), stock(update())),
    (
        "missing-field", "sc-00002-mandatory-field", True, sent("PATCH", f"{SHIPMENTS}/S/packages/P", "«{}»"),
        sent("PATCH", f"{SHIPMENTS}/S/packages/P", '{"status": "SHIPPED"}'),
    ),
    (
        "restricted-resource", ID, True,
        restricted('{"method": "GET", "path": «"https://a.com/orders/v0/orders"», "dataElements": ["buyerInfo"]}'),
        restricted(BUYER),
    ),
    (
        "restricted-resource", ID, True,
        restricted('{"method": "GET", "path": «"/orders/v0/orders?MarketplaceIds=A"», "dataElements": ["buyerInfo"]}'),
        restricted(BUYER),
    ),
    (
        "restricted-resource", ID, True,
        restricted('{"method": "GET", "path": «"/order/v0/orders"», "dataElements": ["buyerInfo"]}'),
        restricted(BUYER),
    ),
    (
        "restricted-resource", ID, True,
        restricted('{"method": «"POST"», "path": "/orders/v0/orders", "dataElements": ["buyerInfo"]}'),
        restricted(BUYER),
    ),
    (
        "restricted-resource", ID, True,
        restricted('{"method": "GET", "path": "/orders/v0/orders", "dataElements": [«"BuyerInfo"»]}'),
        restricted(BUYER),
    ),
    (
        "inventory-batch", VALUE, True,
        stock(update().replace('"/inventory/update?locationId=L1&skuId=S1"', '«"/inventory/update?locationId=L1"»')),
        stock(update()),
    ),
    (
        "inventory-batch", VALUE, True,
        stock(update().replace('"/inventory/update?locationId=L1&skuId=S1"', '«"/stock?locationId=L1"»')),
        stock(update()),
    ),
    ("inventory-batch", VALUE, True, stock(update(body='{"quantity": «-1»}')), stock(update())),
    (
        "inventory-batch", "sc-20002-sequence-conflict", False,
        stock(update(body=COUNTED.format(8)), update(body=COUNTED.format("«7»"))),
        stock(update()),
    ),
    ("inventory-batch", "sc-00002-mandatory-field", True, stock(update(body="«{}»")), stock(update())),
    ("old-type-name", "other-feed-type-rejected", True, report('«"_GET_MERCHANT_LISTINGS_DATA_"»'), report()),
    (
        "old-type-name", "other-feed-type-rejected", True,
        get(f"{REPORTS}?reportTypes=«_GET_MERCHANT_LISTINGS_DATA_»"), get(f"{REPORTS}?reportTypes=GET_X"),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "fault", "certain", "marked", "twin"), SEEN)
def test_a_planted_fault_is_found_at_its_bytes(
    rule: str, fault: str | None, certain: bool, marked: str, twin: str
) -> None:
    raw, spans = planted(marked)
    found = [finding for finding in check(from_http(raw), now=NOW) if finding.rule == rule]
    assert [(finding.start, finding.end) for finding in found] == spans
    assert {finding.fault for finding in found} == {fault}
    assert {finding.certain for finding in found} == {certain}
    assert check(from_http(twin.encode()), now=NOW) == ()
    for finding in found:
        assert finding.text.endswith(".")
        assert finding.fix.endswith(".")


def test_a_fix_that_is_safe_mends_the_request() -> None:
    for _, _, _, marked, _ in SEEN:
        raw, _ = planted(marked)
        for finding in check(from_http(raw), now=NOW):
            if finding.fix_kind == "safe" and finding.replacement is not None and finding.rule in _MINE:
                mended = raw[: finding.start] + finding.replacement + raw[finding.end :]
                again = {each.text for each in check(from_http(mended), now=NOW) if each.rule == finding.rule}
                assert finding.text not in again, marked


_MINE = {row[0] for row in SEEN}

NOTHING = [
    get("/orders/v0/orders/{orderId}/orderItems"),
    get(f"{ORDERS}&CreatedAfter={{date}}"),
    get(f"{ORDERS}&CreatedAfter=..."),
    get(f"{ORDERS}&CreatedAfter=TEST_CASE_200", host="sandbox.sellingpartnerapi-eu.amazon.com"),
    get("/orders/v0/orders/TEST_CASE_200", host="sandbox.sellingpartnerapi-eu.amazon.com"),
    get("/catalog/2022-04-01/items/B08N5WRWNW", host="sandbox.sellingpartnerapi-eu.amazon.com"),
    get("/orders/v0/orders?CreatedAfter=x", host="api.example.com"),
    get("/vendor/orders/v1/purchaseOrders?createdAfter=2026-01-01T00:00:00&createdBefore=2026-02-01T00:00:00"),
    get(f"/orders/v0/orders?MarketplaceIds=A9ZZZZZZZZZZZ&{AFTER}"),  # one that came later than this table
    sent("POST", REPORTS, '{"reportType": "GET_X", ...}'),
    sent("POST", REPORTS, "<body of 80 bytes>"),
]  # fmt: skip


@pytest.mark.parametrize("text", NOTHING)
def test_what_cannot_be_known_is_not_found(text: str) -> None:
    assert [finding for finding in check(from_http(text.encode()), now=NOW) if finding.rule in _MINE] == []


def test_days_are_left_alone_where_the_time_is_not_known() -> None:
    late = get(f"{ORDERS}&CreatedAfter=2126-01-01T00:00:00Z&CreatedBefore=2126-01-02T00:00:00Z")
    assert check(from_http(late.encode())) == ()


def test_everything_is_found_at_once() -> None:
    raw = sent(
        "POST",
        f"{CONFIRM}?x=1",
        '{"marketplaceId": "DE", "packageDetail": {"shipDate": "1.2.2026", "orderItems": []},}',
    )
    rules = {finding.rule for finding in check(from_http(raw.encode()))}
    assert {"json-syntax", "missing-field", "date-form", "identifier-form"} <= rules


def test_a_local_sandbox_is_judged_as_amazon_is() -> None:
    (found,) = check(from_http(get(f"/orders/v0/orders?{AFTER}", host="127.0.0.1:8801").encode()))
    assert found.rule == "missing-parameter"


def test_letters_beyond_ascii_move_no_span() -> None:
    raw, spans = planted(report(more=', "reportOptions": {"note": "Größe 大"}, "dataStartTime": «"heute"»'))
    (found,) = check(from_http(raw), now=NOW)
    assert [(found.start, found.end)] == spans


@pytest.mark.parametrize("query", ["?...", "?{query}", "?MarketplaceIds=A1PA6795UKMFR9&...", "?<parameters>"])
def test_what_stands_for_a_query_may_hold_every_parameter(query: str) -> None:
    found = check(from_http(get(f"/orders/v0/orders{query}").encode()), now=NOW)
    assert not [finding for finding in found if finding.rule in ("missing-parameter", "parameters-together")]


@pytest.mark.parametrize(("host", "findings"), [("sellingpartnerapi-na", 1), ("sandbox.sellingpartnerapi-na", 0)])
def test_the_static_sandbox_takes_its_samples_at_any_of_its_hosts(host: str, findings: int) -> None:
    raw = get(ORDERS_OK).replace("sellingpartnerapi-eu", host).encode()
    assert host.encode() in raw
    found = check(from_http(raw), now=NOW)
    assert sum(finding.rule == "marketplace-of-another-region" for finding in found) == findings
