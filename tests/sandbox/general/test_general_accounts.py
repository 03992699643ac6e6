"""Participations, tokens for restricted data, rotation of the secret, the removed Authorization API, tracking."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from general_world import BRAZIL, US, House, decoded
from mailbox_server import Mailbox

from recoup.exchange import Response

RDT = "/tokens/2021-03-01/restrictedDataToken"
ROTATION = "sellingpartnerapi::client_credential:rotation"
MIGRATION = "sellingpartnerapi::migration"
BEFORE = datetime(2024, 3, 26, tzinfo=UTC).timestamp()


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    box = Mailbox()
    yield box
    box.close()


def test_participations_are_the_sellers_marketplaces() -> None:
    house = House()
    payload = decoded(house.get("/sellers/v1/marketplaceParticipations"))["payload"]
    assert [item["marketplace"]["countryCode"] for item in payload] == ["US", "CA", "MX", "BR"]
    assert {item["marketplace"]["defaultCurrencyCode"] for item in payload} == {"USD", "CAD", "MXN", "BRL"}
    assert payload[0]["participation"] == {"isParticipating": True, "hasSuspendedListings": False}


def ask(house: House, *elements: str, **changes: Any) -> Response:
    resource: dict[str, Any] = {"method": "GET", "path": "/orders/v0/orders", **changes}
    if elements:
        resource["dataElements"] = list(elements)
    return house.send("POST", RDT, body={"restrictedResources": [resource]})


def test_a_token_for_restricted_data_is_good_for_an_hour() -> None:
    house = House()
    answer = decoded(ask(house, "buyerInfo", "shippingAddress"))
    assert answer["expiresIn"] == 3600
    token = str(answer["restrictedDataToken"])
    assert token.startswith("Atz.sprdt|")
    query = {"CreatedAfter": "2020-01-01", "MarketplaceIds": US}
    assert house.get("/orders/v0/orders", token=token, **query).status == 200
    house.clock.advance(3600)
    assert house.why(house.get("/orders/v0/orders", token=token, **query)) == "403-expired-token"


def test_such_a_token_is_good_for_its_resources_only() -> None:
    house = House()
    query = {"CreatedAfter": "2020-01-01", "MarketplaceIds": US}
    order = decoded(house.get("/orders/v0/orders", **query))["payload"]["Orders"][0]["AmazonOrderId"]
    one, other = f"/orders/v0/orders/{order}", "/orders/v0/orders"

    def tried(path: str) -> list[str]:
        token = str(decoded(ask(house, path=path))["restrictedDataToken"])
        return [house.why(house.get(one, token=token)), house.why(house.get(other, token=token, **query))]

    assert tried(one) == ["none", "other-rdt-required"]
    assert tried("/orders/v0/orders/{orderId}") == ["none", "other-rdt-required"]
    assert tried("/orders/v0/orders/902-1845936-5435065") == ["other-rdt-required", "other-rdt-required"]
    assert tried(other) == ["other-rdt-required", "none"]


def test_personal_data_needs_a_role_that_opens_it() -> None:
    house = House()
    house.stage.drop_role("direct-to-consumer-shipping")
    refused = ask(house, "shippingAddress", "buyerInfo")
    assert house.why(refused) == "400-missing-role"
    assert decoded(refused)["errors"][0]["message"] == (
        "Application does not have access to one or more requested data elements: [shippingAddress]"
    )
    assert ask(house, "buyerInfo").status == 200
    house.stage.add_role("direct-to-consumer-shipping")
    assert ask(house, "shippingAddress").status == 200


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({}, "none"),
        ({"method": ""}, "400-missing-required-field"),
        ({"method": "PATCH"}, "400-wrong-identifier"),
        ({"path": "/orders/v1/orders"}, "400-wrong-identifier"),
        ({"dataElements": ["address"]}, "400-wrong-identifier"),
    ],
    ids=str,
)
def test_resources_of_such_a_token(changes: dict[str, Any], fault: str) -> None:
    house = House()
    assert house.why(ask(house, **changes)) == fault


def test_at_most_fifty_resources_and_at_least_one() -> None:
    house = House()
    one = {"method": "GET", "path": "/orders/v0/orders"}
    for count, fault in ((0, "400-missing-required-field"), (50, "none"), (51, "400-wrong-identifier")):
        assert house.why(house.send("POST", RDT, body={"restrictedResources": [one] * count})) == fault
    assert house.why(house.send("POST", RDT, body={"restrictedResources": [5]})) == "400-missing-child-object"


def rotate(house: House) -> Response:
    return house.send("POST", "/applications/2023-11-30/clientSecret", token=house.grantless(ROTATION))


def test_a_rotation_needs_a_registered_queue() -> None:
    house = House()
    refused = rotate(house)
    assert refused.status == 400
    assert b"not enrolled for rotation notification" in refused.body


def test_a_new_secret_comes_by_notification_and_the_old_one_lives_for_a_week(mailbox: Mailbox) -> None:
    house = House()
    arn = f"arn:aws:sqs:us-east-1:000000000000:{mailbox.url}"
    house.stage.enroll_for_rotation(arn)
    old = house.opened.principal.application.secrets[0].value
    assert rotate(house).status == 204
    assert house.opened.courier.wait(10)
    content = mailbox.messages[0]["payload"]["applicationOAuthClientNewSecret"]
    new = content["newClientSecret"]
    assert (content["newClientSecretExpiryTime"], content["oldClientSecretExpiryTime"]) == (
        "2027-07-14T08:00:00Z",
        "2027-01-22T08:00:00Z",
    )
    refresh = house.opened.principal.authorization.refresh_token

    def login(secret: str) -> int:
        return house.login(grant_type="refresh_token", refresh_token=refresh, client_secret=secret).status

    assert (login(old), login(new)) == (200, 200)
    house.clock.advance(7 * 86_400)
    assert (login(old), login(new)) == (401, 200)


def code(house: House, token: str, developer: str, seller: str | None = None) -> Response:
    return house.get(
        "/authorization/v1/authorizationCode",
        token=token,
        sellingPartnerId=seller or house.merchant,
        developerId=developer,
        mwsAuthToken="amzn.mws.1",
    )


def test_the_authorization_api_before_its_removal() -> None:
    house = House(epoch=BEFORE)
    token = house.grantless(MIGRATION)
    own, other = house.stage.developer_id("NA"), house.stage.developer_id("EU")
    refused = code(house, token, other)
    assert house.why(refused) == "400-developer-id-not-associated"
    assert decoded(refused)["errors"][0]["message"] == (
        f"Developer ID {other} is not associated with the application id."
    )
    given = decoded(code(house, token, own))["payload"]["authorizationCode"]
    exchanged = house.login(grant_type="authorization_code", code=given)
    assert exchanged.status == 200
    assert house.why(code(house, token, own, seller="A0000000000000")) == "404-unavailable-id"


def test_an_application_without_oauth_setup_gets_no_code() -> None:
    house = House(epoch=BEFORE)
    token, own = house.grantless(MIGRATION), house.stage.developer_id("NA")
    house.stage.edit_application(redirect_uris=())
    house.stage.publish_application()
    assert house.why(code(house, token, own)) == "400-oauth-setup-missing"
    house.stage.edit_application(redirect_uris=("https://app.example/back",))
    assert house.why(code(house, token, own)) == "400-oauth-setup-missing"  # edited, and not published
    house.stage.publish_application()
    assert house.why(code(house, token, own)) == "none"


def test_after_its_removal_the_authorization_api_is_gone() -> None:
    house = House(epoch=BEFORE + 86_400)
    assert house.why(code(house, house.grantless(MIGRATION), "x")) == "403-deprecated-endpoint"


TRACK = "/tracking/2026-01-30/shipments"


def test_a_parcel_is_found_by_the_number_on_its_label() -> None:
    house = House()
    token = house.grantless("sellingpartnerapi::shipments:track")
    name = "carrierTracking.trackingNumber"
    assert house.why(house.get(f"{TRACK}/track", token=token, **{name: "123"})) == "404-unavailable-id"
    assert house.why(house.get(f"{TRACK}/track", token=token)) == "400-missing-required-field"
    assert house.why(house.get(f"{TRACK}/track", token=token, **{name: "1", "acsin": "2"})) == "400-wrong-identifier"
    assert house.why(house.get(f"{TRACK}/tracking", token=token, **{name: "1"})) == "404-wrong-path"
    assert house.why(house.get("/tracking/2026-01-31/shipments/track", token=token)) == "403-wrong-path-or-version"


def test_an_api_that_is_not_offered_in_a_marketplace() -> None:
    house = House()
    invoices = "/tax/invoices/2024-06-19/invoices"
    assert house.why(house.get(invoices, marketplaceId=US)) == "403-unsupported-marketplace"
    assert house.get(invoices, marketplaceId=BRAZIL).status == 501
    orders = {"createdAfter": "2020-01-01", "marketplaceIds": f"{US},{BRAZIL}"}
    house.stage.offer_api("orders", BRAZIL, version="2026-01-01", offered=False)
    assert house.why(house.get("/orders/2026-01-01/orders", **orders)) == "403-unsupported-marketplace"
    house.stage.offer_api("orders", BRAZIL)
    assert house.why(house.get("/orders/2026-01-01/orders", **orders)) == "none"
    with pytest.raises(ValueError, match="no API is called"):
        house.stage.offer_api("order", BRAZIL)
    with pytest.raises(ValueError, match="there is no marketplace"):
        house.stage.offer_api("orders", "BR")


@pytest.mark.parametrize(("length", "status"), [(500, 200), (501, 400)])
def test_a_user_agent_has_at_most_five_hundred_characters(length: int, status: int) -> None:
    house = House()
    answer = house.send("GET", "/sellers/v1/marketplaceParticipations", headers={"user-agent": "x" * length})
    assert answer.status == status


@pytest.mark.parametrize(
    ("kind", "status", "fault"),
    [
        ("overloaded", 503, "lwa-temporarily-unavailable"),
        ("internal", 500, "lwa-server-error"),
        ("throttled", 429, "lwa-rate-limited"),
        ("intercepted", 403, "lwa-html-or-non-json"),
    ],
)
def test_trouble_at_login_with_amazon_passes(kind: str, status: int, fault: str) -> None:
    house = House()
    house.stage.login_outage(10.0, kind)
    refresh = house.opened.principal.authorization.refresh_token
    assert house.login(grant_type="refresh_token", refresh_token=refresh).status == status
    assert house.world.recent(1, refused=True)[0]["fault"] == fault
    house.clock.advance(10)
    assert house.login(grant_type="refresh_token", refresh_token=refresh).status == 200


def test_a_value_that_is_newer_than_the_models() -> None:
    house = House()
    location = house.stage.add_location(merchant_ids=[house.merchant], marketplace_id=US, channel="MFN", name="test")
    made = house.stage.add_shipment(location_id=location)
    path = f"/externalFulfillment/2024-09-11/shipments/{made}"
    house.stage.add_enum_value(made, "AWAITING_CUSTOMS")
    answer = house.get(path)
    assert (answer.status, decoded(answer)["status"]) == (200, "AWAITING_CUSTOMS")
    trail = house.world.trail(answer.headers.get("x-amzn-requestid") or "")
    assert trail is not None
    assert [part["fault"] for part in trail["parts"]] == ["null-enum"]
    house.stage.remove_enum_value(made)
    assert decoded(house.get(path))["status"] == "ACCEPTED"
    with pytest.raises(ValueError, match="there is no shipment"):
        house.stage.add_enum_value("nothing", "X")


def test_the_same_seed_and_calls_give_the_same_bytes() -> None:
    def script() -> list[bytes]:
        house = House(seed=5)
        answers = [
            house.get("/orders/2026-01-01/orders", createdAfter="2020-01-01", maxResultsPerPage="3"),
            house.get("/sellers/v1/marketplaceParticipations"),
            ask(house, "buyerInfo"),
            house.send("POST", "/reports/2021-06-30/reports", body={"reportType": "GET_X", "marketplaceIds": [US]}),
        ]
        return [answer.body for answer in answers]

    assert script() == script()
