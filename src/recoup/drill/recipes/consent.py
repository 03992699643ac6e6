"""The authorization workflow: what the consent page shows instead of asking, and what comes of Cancel.

A person is played by the caller itself, with a cookie and forms and no script. That a cause is mended is shown by the
whole way: sign-in, Confirm, and the code turned into tokens.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from recoup.drill.recipe import Act, GivesUp, recipe
from recoup.drill.stage import Caller, Reply, Stage

__all__: list[str] = []

_CONSENT = "/apps/authorize/consent"
_SIGN_IN = "/ap/signin"
_FORM = {"content-type": "application/x-www-form-urlencoded"}
_STATE = "one-time-state"
_CODE = re.compile(r'<p class="code">(.*?)</p>')
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]*)" value="([^"]*)">')


class _Person:
    """Somebody of the seller's account in front of a browser: its primary user, or the other one."""

    def __init__(self, stage: Stage, *, primary: bool = True, query: Mapping[str, str] | None = None) -> None:
        self._stage = stage
        self.primary = primary
        self.query = {"application_id": stage.sandbox.application_id, "state": _STATE, **(query or {})}

    @property
    def user(self) -> str:
        """The id of this person."""
        merchant = self._stage.sandbox.merchant_id
        users = self._stage.sandbox.stage.users()
        return next(str(u["id"]) for u in users if u["merchant_id"] == merchant and u["primary"] is self.primary)

    def open(self, caller: Caller) -> Reply:
        """Sign in, and open the application's link."""
        back = f"{_CONSENT}?{urlencode(self.query)}"
        page = caller.call("GET", _SIGN_IN, query={"openid.return_to": back}, token=_none(caller))
        form = _hidden(page) | {"user": self.user}
        caller.call("POST", _SIGN_IN, content=urlencode(form).encode(), headers=_FORM, token=_none(caller))
        return caller.call("GET", _CONSENT, query=self.query, token=_none(caller))

    def decide(self, caller: Caller, decision: str) -> Reply:
        """Press a button of the page that is open."""
        page = self.open(caller)
        form = urlencode(_hidden(page) | {"decision": decision}).encode()
        return caller.call("POST", _CONSENT, query=self.query, content=form, headers=_FORM, token=_none(caller))

    def confirm(self, caller: Caller) -> Reply:
        """The whole way to its end: the answer of the token endpoint to the code."""
        answer = self.decide(caller, "confirm")
        given = _given(answer)
        if answer.status != 302 or given.get("state") != _STATE:
            return answer
        more = {"redirect_uri": self.query["redirect_uri"]} if "redirect_uri" in self.query else {}
        return caller.login(grant_type="authorization_code", code=given.get("spapi_oauth_code", ""), **more)


def _none(caller: Caller) -> str | None:
    """A browser sends no access token; with recoup under the client the transport decides."""
    return None if caller.under_recoup else ""


def _hidden(page: Reply) -> dict[str, str]:
    """What the last form of a page sends along."""
    found = _HIDDEN.findall(page.body.decode("utf-8").rpartition("<form")[2])
    return {name: html.unescape(value) for name, value in found}


def _given(answer: Reply) -> dict[str, str]:
    response = answer.exchange.response
    location = (response.headers.get("location") or "") if response is not None else ""
    return dict(parse_qsl(urlsplit(location).query))


def _shown(reply: Reply) -> tuple[int, Any]:
    """The code on the page."""
    found = _CODE.search(reply.body.decode("utf-8"))
    return reply.status, found[1] if found is not None else reply.body.decode("utf-8")


def _led_back(reply: Reply) -> tuple[int, Any]:
    """What the redirection says beside the state."""
    said = _given(reply)
    said.pop("state", None)
    return reply.status, urlencode(said)


def _act(
    stage: Stage,
    cause: str,
    mend: Callable[[], object],
    *,
    query: Mapping[str, str] | None = None,
    then: Mapping[str, str] | None = None,
    primary: bool = True,
) -> Act:
    """`query` is what the link carries beside application_id and state, `then` what it carries once mended."""
    before = _Person(stage, primary=primary, query=query)
    after = _Person(stage, query=query if then is None else then)
    return Act(cause=cause, send=before.open, mend=mend, again=after.confirm, proper=200, picks=_shown)


@recipe("auth-MD1000", expects=GivesUp(fix="fix-request", who="developer"), basis="code")
def a_draft_without_its_mark(stage: Stage) -> Act:
    stage.sandbox.stage.set_application(state="Draft")
    return _act(
        stage,
        "The application is a draft, and the link to the consent lacks version=beta.",
        lambda: None,
        then={"version": "beta"},
    )


@recipe("auth-MD5101", expects=GivesUp(fix="change-application", who="operator"), basis="code")
def a_redirect_uri_that_is_not_published(stage: Stage) -> Act:
    uri = "https://app.example/new-callback"
    stage.sandbox.stage.edit_application(redirect_uris=("https://app.example/callback", uri))
    return _act(
        stage,
        "The redirect URI was added in the console, and the change is not published yet.",
        stage.sandbox.stage.publish_application,
        query={"redirect_uri": uri},
    )


@recipe("auth-MD5110", expects=GivesUp(fix="change-application", who="operator"), basis="code")
def a_redirect_uri_with_a_fragment(stage: Stage) -> Act:
    return _act(
        stage,
        "The redirect URI of the link ends with a fragment, the route of a single-page application.",
        lambda: None,
        query={"redirect_uri": "https://app.example/callback#/connected"},
        then={"redirect_uri": "https://app.example/callback"},
    )


@recipe("auth-MD9100", expects=GivesUp(fix="change-application", who="operator"), basis="code")
def an_application_without_addresses(stage: Stage) -> Act:
    stage.sandbox.stage.edit_application(redirect_uris=(), login_uri="")
    stage.sandbox.stage.publish_application()

    def mend() -> None:
        stage.sandbox.stage.edit_application(
            redirect_uris=("https://app.example/callback",), login_uri="https://app.example/login"
        )
        stage.sandbox.stage.publish_application()

    return _act(stage, "Neither a login URI nor a redirect URI is entered for the application.", mend)


@recipe("auth-SPDC8143", expects=GivesUp(fix="ask-seller", who="seller"), basis="code")
def a_secondary_user(stage: Stage) -> Act:
    return _act(
        stage,
        "The person who opened the link is signed in as a secondary user of the account.",
        lambda: None,
        primary=False,
    )


@recipe("auth-SPSA0404", expects=GivesUp(fix="change-application", who="operator"), basis="code")
def an_application_for_vendors_only(stage: Stage) -> Act:
    def entities(*known: str) -> None:
        stage.sandbox.stage.edit_application(entities=known)
        stage.sandbox.stage.publish_application()

    entities("vendor")
    return _act(
        stage,
        "The application supports vendors only, and a seller is to authorize it.",
        lambda: entities("vendor", "seller"),
    )


@recipe("auth-CONSENT_LIMIT_REACHED", expects=GivesUp(fix="change-application", who="operator"), basis="code")
def an_unlisted_application_with_many_sellers(stage: Stage) -> Act:
    stage.sandbox.stage.set_application(listed=False)
    stage.sandbox.stage.authorized_by_others(25)
    return _act(
        stage,
        "25 other sellers authorized the application, which is not listed on the Appstore.",
        lambda: stage.sandbox.stage.set_application(listed=True),
    )


@recipe("lwa-access-denied", expects=GivesUp(fix="ask-seller", who="seller"), basis="code")
def a_seller_who_cancels(stage: Stage) -> Act:
    person = _Person(stage)
    return Act(
        cause="The seller read what the application asks for, and chose Cancel.",
        send=lambda caller: person.decide(caller, "cancel"),
        mend=lambda: None,
        again=person.confirm,
        proper=200,
        picks=_led_back,
    )
