"""Whatever a request holds, checking it ends, within its bytes, and says the same again."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planting import get, planted, sent, tokens

from properties import FACTOR
from recoup.lint.checking import check
from recoup.lint.reading import from_curl, from_http, from_url

SEEDS = [
    get("/orders/v0/orders?MarketplaceIds=A1PA6795UKMFR9&CreatedAfter=2026-01-01T00:00:00Z&NextToken=ab%2Bcd"),
    sent("POST", "/reports/2021-06-30/reports", '{"reportType": "GET_X", "marketplaceIds": ["A1PA6795UKMFR9"]}'),
    sent(
        "POST",
        "/externalFulfillment/inventory/2024-09-11/inventories",
        '{"requests": [{"method": "POST", "uri": "/inventory/update?locationId=L&skuId=S", "body": {"quantity": 1}}]}',
    ),
    sent(
        "POST",
        "/tokens/2021-03-01/restrictedDataToken",
        '{"restrictedResources": [{"method": "GET", "path": "/orders/v0/orders", "dataElements": ["buyerInfo"]}]}',
    ),
    tokens("grant_type=refresh_token&refresh_token=Atzr%7Ca&client_id=amzn1.application-oa2-client.0&client_secret=b"),
    "https://sellercentral.amazon.de/apps/authorize/consent?application_id=amzn1.sp.solution.1&state=a&redirect_uri=x",
]
PIECES = st.sampled_from(
    [
        "?",
        "&",
        "=",
        "%",
        "%25",
        "%2",
        "+",
        "#",
        "{",
        "}",
        "[",
        "]",
        '"',
        "'",
        ",",
        ":",
        "\r\n",
        " ",
        "null",
        "-1",
        "1e400",
    ]
) | st.text(max_size=3)


@settings(max_examples=300 * FACTOR)
@given(st.sampled_from(SEEDS), st.lists(st.tuples(st.integers(0, 600), st.integers(0, 8), PIECES), max_size=6))
def test_a_request_with_anything_in_it_is_checked(seed: str, changes: list[tuple[int, int, str]]) -> None:
    text = seed
    for at, length, piece in changes:
        text = text[:at] + piece + text[at + length :]
    raw = text.encode("utf-8", "replace")
    for subject in (from_http(raw), from_url(raw), from_curl(b"curl '" + raw + b"'")):
        if subject is not None:
            found = check(subject, now=1_772_452_800.0)
            assert all(0 <= each.start <= each.end <= len(subject.source) for each in found)
            assert check(subject, now=1_772_452_800.0) == found


HUGE = 200_000


@pytest.mark.parametrize(
    "text",
    [
        get("/orders/v0/orders?" + "MarketplaceIds" + ".1" * HUGE + "x=1"),
        get("/orders/v0/orders?MarketplaceIds=" + "<" * HUGE),
        get("/orders/v0/orders?CreatedAfter=" + "2026-" * HUGE),
        get("/orders/v0/orders?OrderStatuses=" + "a" * HUGE),
        get("/orders/v0/orders?MarketplaceIds=" + "A1," * HUGE),
        get("/orders/v0/orders?NextToken=" + "+" * HUGE),
        sent("POST", "/reports/2021-06-30/reports", '{"reportType": "' + "a" * HUGE + '"}'),
        sent("POST", "/reports/2021-06-30/reports", '{"marketplaceIds": [' + '"DE",' * (HUGE // 2)),
    ],
    ids=range(8),
)
def test_a_long_value_is_checked_to_the_end(text: str) -> None:
    assert check(from_http(planted(text)[0]))
