"""What is about the account and the application: participations, tokens for restricted data, a new client secret, and
the Authorization API as it was until its removal on 2024-03-27.
"""

from __future__ import annotations

from typing import Any

import msgspec

from recoup.catalogue.facts.marketplaces import by_id
from recoup.catalogue.facts.operations import operations
from recoup.sandbox.accounts import Application, SellingPartner
from recoup.sandbox.general.checks import body, found_nothing, iso, malformed, missing, not_allowed, text
from recoup.sandbox.general.order_views import CURRENCIES
from recoup.sandbox.general.state import General
from recoup.sandbox.operation import OperationCall, Outcome, Refusal
from recoup.sandbox.personal_data import OPENED_BY

__all__ = ["AUTHORIZATION", "SELLERS", "TOKENS", "new_secret"]

_LANGUAGES = {
    "US": "en_US", "CA": "en_CA", "MX": "es_MX", "BR": "pt_BR", "GB": "en_GB", "DE": "de_DE", "FR": "fr_FR",
    "ES": "es_ES", "IT": "it_IT", "IN": "en_IN", "JP": "ja_JP",
}  # fmt: skip
_METHODS = ("GET", "PUT", "POST", "DELETE")


def get_marketplace_participations(state: General, call: OperationCall) -> Outcome:
    """Where the selling partner sells."""
    partner = state.accounts.partners[call.merchant_id]
    return Outcome(body={"payload": [_participation(partner, place) for place in partner.marketplaces]})


def _participation(partner: SellingPartner, place: str) -> dict[str, Any]:
    known = by_id(place)
    country = known.country_code if known is not None else "US"
    return {
        "marketplace": {
            "id": place,
            "name": f"Amazon {known.country if known is not None else country}",
            "countryCode": country,
            "defaultCurrencyCode": CURRENCIES.get(country, "EUR"),
            "defaultLanguageCode": _LANGUAGES.get(country, "en_GB"),
            "domainName": f"www.amazon.{known.seller_central.partition('.amazon.')[2]}" if known is not None else "",
        },
        "participation": {"isParticipating": True, "hasSuspendedListings": False},
        "storeName": partner.name or "Sandbox Store",
    }


def create_restricted_data_token(state: General, call: OperationCall) -> Outcome:
    """A token that opens personal data, where the application's roles cover it: for the named resources only."""
    data = body(call)
    wanted = data.get("restrictedResources")
    if not isinstance(wanted, list) or not wanted:
        missing("restrictedResources")
    most = state.settings.restricted_resources
    if len(wanted) > most:
        not_allowed("restrictedResources", len(wanted), f"Member must have length less than or equal to {most}")
    asked: list[str] = []
    resources: list[tuple[str, str]] = []
    for resource in wanted:
        if not isinstance(resource, dict):
            because = "a restricted resource is not an object"
            raise Refusal(
                "400-missing-child-object", because=because, element="restrictedResources", expected="method, path"
            )
        method, path = text(resource, "method"), text(resource, "path")
        if method not in _METHODS:
            not_allowed("method", method, f"Member must satisfy enum value set: [{', '.join(_METHODS)}]")
        if operations().find(method, path) is None:
            malformed("Resource", f"{method} {path}", "no operation has this method and path")
        resources.append((method, path))
        elements = resource.get("dataElements") or []
        for element in elements if isinstance(elements, list) else [elements]:
            if not isinstance(element, str) or element not in OPENED_BY:
                not_allowed("dataElements", element, f"Member must satisfy enum value set: [{', '.join(OPENED_BY)}]")
            asked.append(element)
    caller = state.accounts.tokens[(call.headers.get("x-amz-access-token") or "").strip()]
    granted = caller.authorization.roles if caller.authorization is not None else frozenset()
    roles = granted & caller.application.roles
    refused = sorted({element for element in asked if roles.isdisjoint(OPENED_BY[element])})
    if refused:
        because = f"the roles of the application open none of {', '.join(refused)}"
        raise Refusal("400-missing-role", because=because, elements=", ".join(refused))
    issued = state.accounts.issue(caller.application, caller.secret, call.now, authorization=caller.authorization)
    token = "Atz.sprdt|" + issued.partition("|")[2]
    life = state.settings.restricted_token_lifetime
    state.accounts.tokens[token] = msgspec.structs.replace(
        state.accounts.tokens.pop(issued), expires_at=call.now + life, resources=tuple(resources)
    )
    return Outcome(body={"restrictedDataToken": token, "expiresIn": int(life)})


def new_secret(state: General, application: Application, now: float, overlap: float) -> dict[str, Any]:
    """Rotate an application's secret; gives what the notification about it says. The old one dies after `overlap`."""
    for secret in application.secrets:
        secret.dead_at = now + overlap if secret.dead_at is None else min(secret.dead_at, now + overlap)
    fresh = state.accounts.new_secret(now)
    application.secrets.insert(0, fresh)
    return {
        "applicationOAuthClientNewSecret": {
            "clientId": application.client_id,
            "newClientSecret": fresh.value,
            "newClientSecretExpiryTime": iso(fresh.overdue_at),
            "oldClientSecretExpiryTime": iso(now + overlap),
        }
    }


def get_authorization_code(state: General, call: OperationCall) -> Outcome:
    """A code for a seller who had authorized the developer in the system before this one (MWS)."""
    seller, developer = call.query["sellingPartnerId"], call.query["developerId"]
    own = state.developer_id(call.application_id, call.region)
    if developer != own:
        because = f"the application's developer id in {call.region} is {own}"
        raise Refusal("400-developer-id-not-associated", because=because, developer_id=developer)
    application = state.application(call.application_id)
    registration = application.published if application.published is not None else application.draft
    if not registration.redirect_uris or not registration.login_uri:
        because = "the application has no redirect URI, or no login URI"
        raise Refusal("400-oauth-setup-missing", because=because)
    partner = state.accounts.partners.get(seller)
    if partner is None or partner.region != call.region:
        found_nothing("no selling partner of this region has that id")
    code = state.login.new_code(state.accounts.authorize(application, partner, call.now), None, call.now)
    return Outcome(body={"payload": {"authorizationCode": code}})


SELLERS = {"getMarketplaceParticipations": get_marketplace_participations}
TOKENS = {"createRestrictedDataToken": create_restricted_data_token}
AUTHORIZATION = {"getAuthorizationCode": get_authorization_code}
