"""Login with Amazon: what the token endpoint refuses, and why."""

from __future__ import annotations

from recoup.drill.recipe import Act, GivesUp, Retried, recipe
from recoup.drill.stage import Caller, Reply, Stage

__all__: list[str] = []

_SCOPE = "sellingpartnerapi::notifications"


def _renew(stage: Stage, caller: Caller) -> Reply:
    """Ask for an access token with the seller's newest refresh token."""
    return caller.login(grant_type="refresh_token", refresh_token=stage.sandbox.refresh_token)


def _grantless(caller: Caller) -> Reply:
    return caller.login(grant_type="client_credentials", scope=_SCOPE)


@recipe("lwa-invalid-grant", expects=GivesUp(fix="reauthorise", who="seller"))
def a_revoked_authorization(stage: Stage) -> Act:
    stage.sandbox.stage.revoke_authorization()
    return Act(
        cause="The seller withdrew the authorization behind the refresh token.",
        send=lambda caller: _renew(stage, caller),
        mend=stage.sandbox.stage.authorize,
        proper=200,
    )


@recipe("lwa-invalid-client", expects=GivesUp(fix="change-credentials", who="operator"))
def a_secret_that_is_not_the_applications(stage: Stage) -> Act:
    refresh_token = stage.sandbox.refresh_token
    wrong = "amzn1.oa2-cs.v1." + "0" * 64
    return Act(
        cause="The client secret is none of the application's living ones.",
        send=lambda caller: caller.login(grant_type="refresh_token", refresh_token=refresh_token, client_secret=wrong),
        mend=lambda: None,
        again=lambda caller: _renew(stage, caller),
        proper=200,
    )


@recipe("lwa-unauthorized-client", expects=GivesUp(fix="change-application", who="operator"))
def an_application_without_grantless_calls(stage: Stage) -> Act:
    stage.sandbox.stage.set_scopes(())
    return Act(
        cause="The application has no right to any grantless scope.",
        send=_grantless,
        mend=lambda: stage.sandbox.stage.set_scopes((_SCOPE,)),
        proper=200,
    )


@recipe("lwa-invalid-scope", expects=GivesUp(fix="fix-request", who="developer"))
def a_scope_that_does_not_exist(stage: Stage) -> Act:
    stage.sandbox.stage.set_scopes((_SCOPE,))
    return Act(
        cause="No scope has this name.",
        send=lambda caller: caller.login(grant_type="client_credentials", scope="sellingpartnerapi::notification"),
        mend=lambda: None,
        again=_grantless,
        proper=200,
    )


@recipe("lwa-invalid-request", expects=GivesUp(fix="fix-request", who="developer"))
def a_form_without_its_refresh_token(stage: Stage) -> Act:
    return Act(
        cause="The form of a refresh_token grant lacks the refresh_token.",
        send=lambda caller: caller.login(grant_type="refresh_token"),
        mend=lambda: None,
        again=lambda caller: _renew(stage, caller),
        proper=200,
        parameters={"parameter": "refresh_token"},
    )


@recipe("lwa-unsupported-grant-type", expects=GivesUp(fix="fix-request", who="developer"))
def a_grant_that_nobody_offers(stage: Stage) -> Act:
    refresh_token = stage.sandbox.refresh_token
    return Act(
        cause="The grant_type is misspelt.",
        send=lambda caller: caller.login(grant_type="refresh-token", refresh_token=refresh_token),
        mend=lambda: None,
        again=lambda caller: _renew(stage, caller),
        proper=200,
    )


@recipe("lwa-temporarily-unavailable", expects=Retried(sends=2), basis="code")
def login_is_overloaded(stage: Stage) -> Act:
    stage.sandbox.stage.login_outage(0.4)
    return Act(
        cause="Login with Amazon is overloaded for a moment.",
        send=lambda caller: _renew(stage, caller),
        mend=lambda: stage.sandbox.clock.advance(1.0),
        proper=200,
    )
