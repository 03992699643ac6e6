"""What neither document names and the sandbox has a cause for: each with what is let in beside it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from general_world import US, House, decoded

from recoup.catalogue.facts.deprecations import removed_type
from recoup.exchange import Headers, Request
from recoup.sandbox.opening import Opening

ORDERS = "/orders/v0/orders"
PARTICIPATIONS = "/sellers/v1/marketplaceParticipations"
REPORTS = "/reports/2021-06-30/reports"
RDT = "/tokens/2021-03-01/restrictedDataToken"
SINCE = "CreatedAfter=2020-01-01T00:00:00Z"
SAMPLE = {
    "reportType": "GET_MERCHANT_LISTINGS_ALL_DATA",
    "dataStartTime": "2024-03-10T20:11:24.000Z",
    "marketplaceIds": ["A1PA6795UKMFR9", US],
}
OPENING = {  # personal data: the roles that open it
    "address": ["direct-to-consumer-shipping"],
    "buyerInfo": ["direct-to-consumer-shipping", "tax-invoicing", "tax-remittance"],
}


# ---------------------------------------------------------------- Amazon's static sandbox


def static(house: House, method: str, target: str, body: Any = None) -> tuple[int, str]:
    """Status and fault of a call whose Host field names a static sandbox of Amazon's."""
    host = {"host": "sandbox.sellingpartnerapi-na.amazon.com"}
    answer = house.send(method, target, body=body, headers=host)
    return answer.status, house.why(answer)


@pytest.mark.parametrize(
    ("method", "target", "body", "expected"),
    [
        # a sample is answered as it stands in the model, also where it is no proper request anywhere else
        ("GET", PARTICIPATIONS, None, (200, "none")),
        ("GET", f"{PARTICIPATIONS}?anything=1", None, (200, "none")),
        ("GET", f"{ORDERS}?CreatedAfter=TEST_CASE_200&MarketplaceIds={US}", None, (200, "none")),
        ("GET", f"{ORDERS}?MarketplaceIds={US}&CreatedAfter=TEST_CASE_200&OrderStatuses=Shipped", None, (200, "none")),
        ("GET", f"{ORDERS}/TEST_CASE_200", None, (200, "none")),
        ("GET", f"{ORDERS}/TEST_CASE_400", None, (400, "none")),
        ("GET", f"{ORDERS}?CreatedAfter=TEST_CASE_400", None, (400, "none")),
        ("POST", REPORTS, SAMPLE, (202, "none")),
        ("POST", REPORTS, dict(reversed(SAMPLE.items())), (202, "none")),
        # anything else is not, however right it is
        ("GET", f"{ORDERS}?{SINCE}&MarketplaceIds={US}", None, (400, "other-sandbox-no-match")),
        ("GET", f"{ORDERS}?CreatedAfter=test_case_200&MarketplaceIds={US}", None, (400, "other-sandbox-no-match")),
        ("GET", f"{ORDERS}?CreatedAfter=TEST_CASE_200", None, (400, "other-sandbox-no-match")),
        ("GET", f"{ORDERS}/902-1845936-5435065", None, (400, "other-sandbox-no-match")),
        ("POST", REPORTS, {**SAMPLE, "dataStartTime": "2024-03-10"}, (400, "other-sandbox-no-match")),
        ("POST", REPORTS, None, (400, "other-sandbox-no-match")),
        # what the model describes no sandbox for
        ("GET", f"/aplus/2020-11-01/contentDocuments?marketplaceId={US}", None, (403, "other-sandbox-unsupported")),
        ("PUT", "/shipping/v2/carrierAccounts", {}, (403, "other-sandbox-unsupported")),
        ("POST", "/uploads/2020-11-01/uploadDestinations/x", None, (403, "other-sandbox-unsupported")),
        # described there, with samples that are not known here: as without the static sandbox
        ("GET", f"/catalog/2022-04-01/items/B000000000?marketplaceIds={US}", None, (501, "none")),
        # the checks before it come before it
        ("GET", "/orders/v9/orders", None, (403, "403-wrong-path-or-version")),
    ],
)
def test_a_static_sandbox_answers_its_samples_and_nothing_else(
    method: str, target: str, body: Any, expected: tuple[int, str]
) -> None:
    assert static(House(), method, target, body) == expected


@pytest.mark.parametrize(
    ("host", "is_static"),
    [
        ("sandbox.sellingpartnerapi-eu.amazon.com", True),
        (" Sandbox.SellingPartnerAPI-FE.amazon.com:443", True),
        ("sellingpartnerapi-na.amazon.com", False),
        ("sandbox.example.com", False),
        ("127.0.0.1:8080", False),
        ("", False),
    ],
)
def test_which_hosts_are_static_sandboxes(host: str, is_static: bool) -> None:
    answer = House().send("GET", f"{ORDERS}?CreatedAfter=TEST_CASE_200&MarketplaceIds={US}", headers={"host": host})
    assert (answer.status == 200) is is_static


def test_a_static_sandbox_has_a_plan_of_its_own() -> None:
    house = House()
    target = f"{ORDERS}?CreatedAfter=TEST_CASE_200&MarketplaceIds={US}"
    found = [static(house, "GET", target)[0] for _ in range(16)]
    assert found == [200] * 15 + [429]
    house.clock.advance(1)
    assert [static(house, "GET", target)[0] for _ in range(6)] == [200] * 5 + [429]


# ---------------------------------------------------------------- who may


def test_before_the_registration_is_approved_tokens_can_be_had_and_open_nothing() -> None:
    house = House()
    house.stage.review_registration(approved=False)
    assert house.stage.show_application()["registration"] == "under review"
    token = house.token()
    refused = house.send("GET", PARTICIPATIONS, token=token)
    assert (refused.status, house.why(refused)) == (403, "other-dev-account-pending")
    assert house.why(house.send("GET", "/orders/v9/orders", token=token)) == "403-wrong-path-or-version"
    house.stage.review_registration(approved=True)
    assert house.stage.show_application()["registration"] == "approved"
    assert house.send("GET", PARTICIPATIONS, token=token).status == 200


def order_of(house: House) -> str:
    found = decoded(house.get(ORDERS, CreatedAfter="2020-01-01", MarketplaceIds=US))["payload"]["Orders"]
    return str(found[0]["AmazonOrderId"])


def restricted(house: House, path: str) -> str:
    body = {"restrictedResources": [{"method": "GET", "path": path}]}
    return str(decoded(house.send("POST", RDT, body=body))["restrictedDataToken"])


@pytest.mark.parametrize(("what", "plain"), [("address", "other-rdt-required"), ("buyerInfo", "none")])
def test_personal_data_come_to_a_token_that_was_made_for_them(what: str, plain: str) -> None:
    house = House()
    path = f"{ORDERS}/{order_of(house)}/{what}"
    assert house.why(house.get(path)) == plain
    assert house.why(house.get(path, token=restricted(house, f"{ORDERS}/{{orderId}}/{what}"))) == "none"
    shown = decoded(house.get(path, token=restricted(house, path)))["payload"]
    assert len(shown) > 1
    if plain == "none":
        assert set(decoded(house.get(path))["payload"]) == {"AmazonOrderId"}


@pytest.mark.parametrize("what", OPENING)
def test_a_token_for_personal_data_that_no_role_opens_is_refused(what: str) -> None:
    house = House()
    path = f"{ORDERS}/{order_of(house)}/{what}"
    token = restricted(house, path)
    *first, last = OPENING[what]
    for role in first:
        house.stage.drop_role(role)
    assert house.why(house.get(path, token=token)) == "none"
    house.stage.drop_role(last)
    assert house.why(house.get(path, token=token)) == "other-pii-restricted"
    assert house.why(house.get(path, token=restricted(house, path))) == "other-pii-restricted"
    house.stage.add_role(last)
    assert house.why(house.get(path, token=token)) == "none"


def test_a_grant_that_is_older_than_the_role_opens_no_personal_data() -> None:
    house = House()
    path = f"{ORDERS}/{order_of(house)}/address"
    house.stage.drop_role("direct-to-consumer-shipping")
    house.stage.authorize()
    house.stage.add_role("direct-to-consumer-shipping")
    assert house.why(house.get(path, token=restricted(house, path))) == "other-pii-restricted"
    house.stage.authorize()
    assert house.why(house.get(path, token=restricted(house, path))) == "none"


# ---------------------------------------------------------------- rules of single APIs


def test_a_destination_of_the_same_name_is_a_conflict_until_the_first_is_gone() -> None:
    house = House()
    token = house.grantless()

    def make(name: str) -> Any:
        queue = {"sqs": {"arn": "arn:aws:sqs:us-east-1:000000000000:here"}}
        body = {"name": name, "resourceSpecification": queue}
        return house.send("POST", "/notifications/v1/destinations", body=body, token=token)

    first = make("one")
    second = make("one")
    assert (second.status, house.why(second)) == (409, "other-conflict")
    assert make("two").status == 200
    made = decoded(first)["payload"]["destinationId"]
    assert house.send("DELETE", f"/notifications/v1/destinations/{made}", token=token).status == 200
    assert make("one").status == 200


@pytest.mark.parametrize(
    ("kind", "day", "status"),
    [
        ("GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE", "2026-11-10T23:59:00", 202),
        ("GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE", "2026-11-11T00:00:00", 400),
        ("GET_V2_SETTLEMENT_REPORT_DATA_XML", "2026-12-01T00:00:00", 400),
        ("GET_V2_SETTLEMENT_REPORT_DATA", "2026-12-01T00:00:00", 202),  # another name, of which nothing is known
        ("GET_FBA_SNS_FORECAST_DATA", "2025-12-10T00:00:00", 202),
        ("GET_FBA_SNS_FORECAST_DATA", "2025-12-11T00:00:00", 400),
        ("GET_MERCHANT_LISTINGS_ALL_DATA", "2027-12-01T00:00:00", 202),
    ],
)
def test_a_type_of_report_is_refused_from_the_day_of_its_removal(kind: str, day: str, status: int) -> None:
    house = House(epoch=datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp())
    answer = house.send("POST", REPORTS, body={"reportType": kind, "marketplaceIds": [US]})
    assert answer.status == status
    assert house.why(answer) == ("none" if status == 202 else "other-feed-type-rejected")
    if status == 400:
        assert kind in answer.body.decode()


def test_a_removal_is_known_by_the_whole_name_of_a_type() -> None:
    found = removed_type("GET_FBA_SNS_PERFORMANCE_DATA")
    assert found is not None
    assert str(found.removed) == "2025-12-11"
    assert removed_type("GET_FBA_SNS") is None
    assert removed_type("") is None


# ---------------------------------------------------------------- document storage


def stored(opened: Opening, url: str) -> Any:
    prefix = next(prefix for prefix in opened.pages if url.startswith(prefix))
    return opened.pages[prefix](Request(method="GET", url=url, headers=Headers()), "127.0.0.1")


def link_of(house: House) -> str:
    body = {"reportType": "GET_MERCHANT_LISTINGS_ALL_DATA", "marketplaceIds": [US]}
    report = decoded(house.send("POST", REPORTS, body=body))["reportId"]
    house.clock.advance(120)
    document = decoded(house.get(f"{REPORTS}/{report}"))["reportDocumentId"]
    url = str(decoded(house.get(f"/reports/2021-06-30/documents/{document}"))["url"])
    return "/" + url.partition("://")[2].partition("/")[2]


@pytest.mark.parametrize(
    ("change", "later", "fault"),
    [
        (lambda url: url, 299.0, None),
        (lambda url: url, 300.0, "other-presigned-url-expired"),
        (lambda url: url.replace("&", "&amp;"), 0.0, "other-presigned-signature"),
        (lambda url: url.replace("X-Amz-Expires=300", "X-Amz-Expires=3000"), 0.0, "other-presigned-signature"),
        (lambda url: url[:-1], 0.0, "other-presigned-signature"),
        (lambda url: url.partition("?")[0], 0.0, "other-presigned-signature"),
    ],
)
def test_storage_has_ids_of_its_own_and_says_why_to_the_control_room(
    change: Any, later: float, fault: str | None
) -> None:
    house = House()
    link = change(link_of(house))
    house.clock.advance(later)
    answer = stored(house.opened, link)
    own = answer.headers.get("x-amz-request-id")
    assert own
    assert answer.headers.get("x-amzn-requestid") is None
    trail = house.world.trail(own)
    assert (trail and trail["fault"]) == fault
    assert (answer.status == 200) is (fault is None)
