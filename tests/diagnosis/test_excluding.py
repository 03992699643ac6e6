"""What a request shows to be right leaves the tie of a bare answer; what it does not show excludes nothing."""

from __future__ import annotations

import pytest

from recoup.diagnosis.engine import diagnose
from recoup.diagnosis.separating import checks
from recoup.exchange import Exchange, Headers, Request, Response

DENIED = Response(
    status=403,
    body=b'{"errors":[{"code":"Unauthorized","message":"Access to requested resource is denied.","details":""}]}',
)
INVALID = Response(status=400, body=b'{"errors":[{"code":"InvalidInput","message":"Invalid Input","details":""}]}')
EU, NA = "https://sellingpartnerapi-eu.amazon.com", "https://sellingpartnerapi-na.amazon.com"
ITEM = "/catalog/2022-04-01/items/B0EXAMPLE1?marketplaceIds=A1PA6795UKMFR9"
ENCODED, REGION, KIND = "400-wrong-url-encoding", "403-region-mismatch", "403-wrong-account-kind"
RDT, GRANTLESS = "other-rdt-required", "other-grantless-required"


def tied(url: str, response: Response = DENIED, method: str = "GET", **headers: str) -> tuple[str, ...]:
    request = Request(method=method, url=url, headers=Headers({k.replace("_", "-"): v for k, v in headers.items()}))
    diagnosis = diagnose(Exchange(request=request, response=response))
    offered = {separation.fault.id for separation in checks(diagnosis)}
    assert offered <= set(diagnosis.tied) | {diagnosis.id}, "a check of what was just seen is proposed"
    return diagnosis.tied


@pytest.mark.parametrize(
    ("url", "excluded"),
    [
        (EU + ITEM, {ENCODED, REGION, KIND, RDT, GRANTLESS}),
        (f"{EU}/orders/v0/orders?MarketplaceIds=A1PA6795UKMFR9,A13V1IB3VIYZZH", {ENCODED, REGION, RDT, GRANTLESS}),
        (f"{EU}/sellers/v1/marketplaceParticipations", {ENCODED, RDT, GRANTLESS}),
        (f"{EU}/listings/2021-08-01/items/A1SELLER/A%2FB?marketplaceIds=A1PA6795UKMFR9", {ENCODED, REGION}),
    ],
)
def test_what_is_right_in_the_request_is_no_rival(url: str, excluded: set[str]) -> None:
    assert excluded.isdisjoint(tied(url))
    assert "403-missing-role" in tied(url)


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("", {ENCODED, REGION, KIND, GRANTLESS}),
        (f"{EU}/orders/v0/orders?MarketplaceIds=...", {ENCODED, REGION}),
        (f"{EU}/orders/v0/orders", {REGION}),
        (f"{EU}/orders/v0/orders/{{orderId}}", {REGION, ENCODED}),
    ],
)
def test_what_is_not_seen_excludes_nothing(url: str, kept: set[str]) -> None:
    assert kept <= set(tied(url))


def test_a_restricted_token_may_have_been_made_for_another_path() -> None:
    assert RDT in tied(f"{EU}/orders/v0/orders", x_amz_access_token="Atz.sprdt|IwEBxyz")
    assert RDT not in tied(f"{EU}/orders/v0/orders", x_amz_access_token="Atza|IwEBxyz")


def test_marketplaces_of_another_region_are_no_proof_of_the_right_one() -> None:
    assert diagnose(Exchange(request=Request(method="GET", url=NA + ITEM), response=DENIED)).id == REGION


@pytest.mark.parametrize(
    ("query", "excluded", "kept"),
    [
        ("MarketplaceIds=A1PA6795UKMFR9&CreatedAfter=2026-01-01T00:00:00Z",
         {ENCODED, "400-invalid-next-token", "400-invalid-date-format"}, {"400-wrong-identifier"}),
        ("MarketplaceIds=A1PA6795UKMFR9&FulfillmentChannels=MFN&CreatedAfter=2026-01-01T00%3A00%3A00Z",
         {ENCODED, "400-invalid-next-token"}, {"400-wrong-identifier"}),
        ("MarketplaceIds=A1PA6795UKMFR9&CreatedAfter=2026-01-01&NextToken=abc", {ENCODED}, set()),
    ],
)  # fmt: skip
def test_of_an_invalid_request_what_is_right_is_no_rival(query: str, excluded: set[str], kept: set[str]) -> None:
    among = tied(f"{EU}/orders/v0/orders?{query}", INVALID)
    assert excluded.isdisjoint(among)
    assert kept <= set(among)
