"""Who calls, for whom, where and when: accounts, marketplaces, roles, removed operations, applications."""

from __future__ import annotations

from datetime import UTC, datetime

from recoup.drill.order import SHIPMENTS, Order
from recoup.drill.recipe import Act, Decided, GivesUp, recipe
from recoup.drill.stage import Caller, Reply, Stage

__all__: list[str] = []

_PARTICIPATIONS = "/sellers/v1/marketplaceParticipations"
_ORDERS = "/orders/2026-01-01/orders"
_ORDERS_V0 = "/orders/v0/orders"
_SUBSCRIPTIONS = "/notifications/v1/subscriptions/EXTERNAL_FULFILLMENT_SHIPMENT_STATUS_CHANGE"
_SINCE = "2020-01-01T00:00:00Z"
_BRAZIL = "A2Q3Y263D00KWC"
_ROLE = "direct-to-consumer-shipping"
_SELLER = GivesUp(fix="ask-seller", who="seller")
_APPLICATION = GivesUp(fix="change-application", who="operator")
# A day before the Authorization API was removed, and a day before Orders v0 will be.
_BEFORE_2024 = datetime(2024, 3, 26, 12, tzinfo=UTC).timestamp()
_BEFORE_2027 = datetime(2027, 3, 26, 12, tzinfo=UTC).timestamp()


def _grantless(stage: Stage, scope: str) -> str:
    return str(stage.hand.login(grant_type="client_credentials", scope=scope).json()["access_token"])


def _token_of(stage: Stage, refresh_token: str) -> str:
    return str(stage.hand.login(grant_type="refresh_token", refresh_token=refresh_token).json()["access_token"])


@recipe("403-account-suspended", expects=_SELLER)
def a_seller_who_was_deactivated(stage: Stage) -> Act:
    stage.sandbox.stage.deactivate_account()
    return Act(
        cause="Amazon deactivated the selling account.",
        send=lambda caller: caller.call("GET", _PARTICIPATIONS),
        mend=stage.sandbox.stage.activate_account,
        proper=200,
    )


@recipe("400-inactive-account", expects=_SELLER)
def a_seller_whose_card_was_refused(stage: Stage) -> Act:
    stage.sandbox.stage.inactivate_account()
    return Act(
        cause="The charge method of the selling account failed.",
        send=lambda caller: caller.call("GET", _PARTICIPATIONS),
        mend=stage.sandbox.stage.activate_account,
        proper=200,
    )


@recipe("403-wrong-account-kind", expects=GivesUp(fix="change-credentials", who="operator"))
def a_vendor_at_a_sellers_operation(stage: Stage) -> Act:
    authorization = stage.sandbox.stage.add_partner("vendor")["refresh_token"]
    vendor = _token_of(stage, authorization)
    query = {"status": "ACCEPTED"}

    return Act(
        cause="A vendor's token is sent to an operation that is for sellers.",
        send=lambda caller: caller.call("GET", SHIPMENTS, query=query, token=vendor),
        mend=lambda: None,
        again=lambda caller: caller.call("GET", SHIPMENTS, query=query),
        proper=200,
        refresh_token=authorization,
    )


@recipe("403-unsupported-marketplace", expects=GivesUp(fix="fix-value", who="developer"))
def a_version_that_brazil_does_not_have_yet(stage: Stage) -> Act:
    stage.sandbox.stage.offer_api("orders", _BRAZIL, version="2026-01-01", offered=False)

    def send(caller: Caller, marketplace_id: str = _BRAZIL) -> Reply:
        return caller.call("GET", _ORDERS, query={"createdAfter": _SINCE, "marketplaceIds": marketplace_id})

    return Act(
        cause="The new version of the Orders API is not offered in Brazil yet.",
        send=send,
        mend=lambda: stage.sandbox.stage.offer_api("orders", _BRAZIL, version="2026-01-01"),
        proper=200,
    )


@recipe("403-deprecated-endpoint", expects=GivesUp(fix="migrate", who="developer"), basis="request", epoch=_BEFORE_2027)
def a_version_that_was_removed_overnight(stage: Stage) -> Act:
    query = {"CreatedAfter": _SINCE, "MarketplaceIds": stage.sandbox.marketplace_id}
    if stage.hand.call("GET", _ORDERS_V0, query=query).status != 200:
        raise RuntimeError(
            "the scene could not be set: version 0 of Orders does not work on the day before its removal"
        )
    stage.sandbox.clock.advance(86_400.0)
    return Act(
        cause="Orders v0 was removed today; yesterday the same call still worked.",
        send=lambda caller: caller.call("GET", _ORDERS_V0, query=query),
        mend=lambda: None,
        again=lambda caller: caller.call("GET", _ORDERS, query={"createdAfter": _SINCE}),
        proper=200,
    )


@recipe("other-grantless-required", expects=GivesUp(fix="change-credentials", who="developer"), basis="request")
def a_grantless_token_at_a_sellers_operation(stage: Stage) -> Act:
    token = _grantless(stage, "sellingpartnerapi::notifications")

    return Act(
        cause="A grantless token is sent to an operation that needs a selling partner's.",
        send=lambda caller: caller.call("GET", _PARTICIPATIONS, token=token),
        mend=lambda: None,
        again=lambda caller: caller.call("GET", _PARTICIPATIONS),
        proper=200,
    )


@recipe("other-rdt-required", expects=GivesUp(fix="change-credentials", who="developer"))
def a_restricted_token_for_another_path(stage: Stage) -> Act:
    resource = {"method": "GET", "path": _PARTICIPATIONS}
    made = stage.hand.call("POST", "/tokens/2021-03-01/restrictedDataToken", body={"restrictedResources": [resource]})
    token = str(made.json()["restrictedDataToken"])
    query = {"createdAfter": _SINCE}

    return Act(
        cause="The token for restricted data was made for another path.",
        send=lambda caller: caller.call("GET", _ORDERS, query=query, token=token),
        mend=lambda: None,
        again=lambda caller: caller.call("GET", _ORDERS, query=query),
        proper=200,
    )


@recipe("400-missing-role", expects=GivesUp(fix="request-role", who="operator"))
def personal_data_that_the_roles_do_not_cover(stage: Stage) -> Act:
    stage.sandbox.stage.drop_role(_ROLE)
    resource = {"method": "GET", "path": _ORDERS_V0, "dataElements": ["shippingAddress"]}
    return Act(
        cause="The application asks for addresses and has no role that opens them.",
        send=lambda caller: caller.call(
            "POST", "/tokens/2021-03-01/restrictedDataToken", body={"restrictedResources": [resource]}
        ),
        mend=lambda: stage.sandbox.stage.add_role(_ROLE),
        proper=200,
        parameters={"elements": "shippingAddress"},
    )


def _authorization_code(stage: Stage, caller: Caller, token: str, developer_id: str) -> Reply:
    query = {
        "sellingPartnerId": stage.sandbox.merchant_id,
        "developerId": developer_id,
        "mwsAuthToken": "amzn.mws.00000000-0000-0000-0000-000000000000",
    }
    return caller.call("GET", "/authorization/v1/authorizationCode", query=query, token=token)


@recipe("400-developer-id-not-associated", expects=_APPLICATION, epoch=_BEFORE_2024)
def a_developer_id_of_another_region(stage: Stage) -> Act:
    token = _grantless(stage, "sellingpartnerapi::migration")
    europe, america = stage.sandbox.stage.developer_id("EU"), stage.sandbox.stage.developer_id("NA")
    return Act(
        cause="The developer id is the one under which the application is registered in Europe.",
        send=lambda caller: _authorization_code(stage, caller, token, europe),
        mend=lambda: None,
        again=lambda caller: _authorization_code(stage, caller, token, america),
        proper=200,
        parameters={"developer_id": europe},
    )


@recipe("400-oauth-setup-missing", expects=_APPLICATION, epoch=_BEFORE_2024)
def an_application_without_addresses(stage: Stage) -> Act:
    token = _grantless(stage, "sellingpartnerapi::migration")
    developer, console = stage.sandbox.stage.developer_id("NA"), stage.sandbox.stage
    console.edit_application(redirect_uris=(), login_uri="")
    console.publish_application()

    def mend() -> None:
        console.edit_application(redirect_uris=("https://app.example/callback",), login_uri="https://app.example/login")
        console.publish_application()

    return Act(
        cause="The application has neither a redirect URI nor a login URI.",
        send=lambda caller: _authorization_code(stage, caller, token, developer),
        mend=mend,
        proper=200,
    )


@recipe("404-wrong-path", expects=GivesUp(fix="fix-request", who="developer"))
def a_path_with_a_word_too_long(stage: Stage) -> Act:
    token = _grantless(stage, "sellingpartnerapi::shipments:track")
    labels = Order(stage).to_slot().label(stage.hand).json()["packageShipLabelList"]
    query = {"carrierTracking.trackingNumber": str(labels[0]["shipLabelMetadata"]["trackingId"])}
    return Act(
        cause="The last segment of the path is not one that the API has.",
        send=lambda caller: caller.call("GET", "/tracking/2026-01-30/shipments/tracking", query=query, token=token),
        mend=lambda: None,
        again=lambda caller: caller.call("GET", "/tracking/2026-01-30/shipments/track", query=query, token=token),
        proper=200,
    )


@recipe("sc-40000-subscription-exists", expects=Decided("resync", {"target": "effect"}))
def a_second_subscription(stage: Stage) -> Act:
    token = _grantless(stage, "sellingpartnerapi::notifications")
    body = {"name": "drill", "resourceSpecification": {"sqs": {"arn": "arn:aws:sqs:us-east-1:000000000000:drill"}}}
    made = stage.hand.call("POST", "/notifications/v1/destinations", body=body, token=token).json()

    def subscribe(caller: Caller) -> Reply:
        wanted = {"payloadVersion": "1.0", "destinationId": made["payload"]["destinationId"]}
        return caller.call("POST", _SUBSCRIPTIONS, body=wanted)

    first = str(subscribe(stage.hand).json()["payload"]["subscriptionId"])
    return Act(
        cause="The merchant has a subscription to the status notification already.",
        send=subscribe,
        mend=lambda: stage.hand.call("DELETE", f"{_SUBSCRIPTIONS}/{first}", token=token),
        proper=200,
    )
