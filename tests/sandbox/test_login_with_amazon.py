"""The token endpoint: three grants, their lifetimes on the virtual clock, and every error from its cause.

Codes and texts were written down from what is documented and observed of Login with Amazon, not from the catalogue.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sandbox_world import FORM, SHIPMENTS, Hall, data

from recoup.exchange import Response

DAY = 86_400.0
REFRESH_GONE = (
    "The request has an invalid grant parameter : refresh_token. User may have revoked or didn't grant the permission."
)
CODE_GONE = "The request has an invalid grant parameter : code"
NOTIFICATIONS = "sellingpartnerapi::notifications"


def refresh(hall: Hall, **fields: str) -> Response:
    return hall.login(
        **{"grant_type": "refresh_token", "refresh_token": hall.principal.authorization.refresh_token, **fields}
    )


def exchange(hall: Hall, code: str, **fields: str) -> Response:
    return hall.login(grant_type="authorization_code", code=code, **fields)


def code_of(hall: Hall, **arguments: str) -> str:
    return str(hall.stage.authorization_code(**arguments)["code"])


def test_refreshing_gives_a_new_access_token_and_the_same_refresh_token() -> None:
    hall = Hall()
    first, second = refresh(hall), refresh(hall)
    for answer in (first, second):
        assert answer.status == 200
        assert answer.headers.get("cache-control") == "no-store"
        assert answer.headers.get("pragma") == "no-cache"
        assert answer.headers.get("content-type") == "application/json;charset=UTF-8"
        body = data(answer)
        assert list(body) == ["access_token", "refresh_token", "token_type", "expires_in"]
        assert str(body["access_token"]).startswith("Atza|")
        assert len(str(body["access_token"])) <= 2048
        assert body["refresh_token"] == hall.principal.authorization.refresh_token
        assert (body["token_type"], body["expires_in"]) == ("bearer", 3600)
    tokens = [str(data(answer)["access_token"]) for answer in (first, second)]
    assert tokens[0] != tokens[1]
    assert [hall.send("GET", SHIPMENTS, token=token).status for token in tokens] == [200, 200]


def test_a_grantless_token_comes_without_a_refresh_token() -> None:
    body = data(Hall().login(grant_type="client_credentials", scope=NOTIFICATIONS))
    assert list(body) == ["access_token", "token_type", "expires_in"]
    assert str(body["access_token"]).startswith("Atc|")


def test_a_code_is_exchanged_once() -> None:
    hall = Hall()
    code = code_of(hall, redirect_uri="https://app.example/back")
    answer = exchange(hall, code, redirect_uri="https://app.example/back")
    assert answer.status == 200
    granted = str(data(answer)["refresh_token"])
    assert granted.startswith("Atzr|")
    assert refresh(hall, refresh_token=granted).status == 200
    again = exchange(hall, code, redirect_uri="https://app.example/back")
    assert data(again)["error"] == "invalid_grant"


def test_an_overdue_secret_still_gets_tokens() -> None:
    hall = Hall()
    hall.clock.advance(200 * DAY)
    assert refresh(hall).status == 200


def test_after_a_rotation_the_old_secret_lives_for_seven_days() -> None:
    hall = Hall()
    old = hall.principal.application.secrets[0].value
    new = str(hall.stage.rotate_secret()["client_secret"])
    hall.clock.advance(7 * DAY - 1)
    assert refresh(hall, client_secret=old).status == 200
    hall.clock.advance(1)
    assert data(refresh(hall, client_secret=old))["error"] == "invalid_client"
    assert refresh(hall, client_secret=new).status == 200


def unknown_refresh_token(hall: Hall) -> Response:
    return refresh(hall, refresh_token="Atzr|nobody")


def revoked(hall: Hall) -> Response:
    hall.stage.revoke_authorization()
    return refresh(hall)


def a_year_old(hall: Hall) -> Response:
    hall.clock.advance(365 * DAY)
    return refresh(hall)


def of_another_application(hall: Hall) -> Response:
    other = hall.world.accounts.new_application(hall.clock.now(), set(), set())
    return refresh(hall, client_id=other.client_id, client_secret=other.secrets[0].value)


def late_code(hall: Hall) -> Response:
    code = code_of(hall)
    hall.clock.advance(300)
    return exchange(hall, code)


def unknown_code(hall: Hall) -> Response:
    return exchange(hall, "AN0")


def other_redirect(hall: Hall) -> Response:
    return exchange(hall, code_of(hall, redirect_uri="https://a.example/"), redirect_uri="https://b.example/")


def unknown_client(hall: Hall) -> Response:
    return refresh(hall, client_id="amzn1.application-oa2-client.0")


def wrong_secret(hall: Hall) -> Response:
    return refresh(hall, client_secret="amzn1.oa2-cs.v1.0")


def no_right_to_grantless_calls(hall: Hall) -> Response:
    hall.stage.set_scopes(())
    return hall.login(grant_type="client_credentials", scope=NOTIFICATIONS)


def scope_not_given(hall: Hall) -> Response:
    hall.stage.set_scopes(("sellingpartnerapi::shipments:track",))
    return hall.login(grant_type="client_credentials", scope=NOTIFICATIONS)


def outage(hall: Hall) -> Response:
    hall.stage.login_outage(60)
    return refresh(hall)


def internal_failure(hall: Hall) -> Response:
    hall.stage.login_outage(60, "internal")
    return refresh(hall)


MISSING = "The request is missing a required parameter : "
UNSUPPORTED = "The authorization grant type is not supported by the authorization server"
TABLE: list[tuple[Callable[[Hall], Response], int, str, str]] = [
    (unknown_refresh_token, 400, "invalid_grant", REFRESH_GONE),
    (revoked, 400, "invalid_grant", REFRESH_GONE),
    (a_year_old, 400, "invalid_grant", REFRESH_GONE),
    (of_another_application, 400, "invalid_grant", REFRESH_GONE),
    (late_code, 400, "invalid_grant", CODE_GONE),
    (unknown_code, 400, "invalid_grant", CODE_GONE),
    (other_redirect, 400, "invalid_grant", CODE_GONE),
    (unknown_client, 401, "invalid_client", "Client authentication failed"),
    (wrong_secret, 401, "invalid_client", "Client authentication failed"),
    (no_right_to_grantless_calls, 400, "unauthorized_client", "Not authorized for requested operation"),
    (scope_not_given, 400, "invalid_scope", "The request has an invalid parameter : scope"),
    (outage, 503, "temporarily_unavailable", ""),
    (internal_failure, 500, "server_error", ""),
    (lambda hall: refresh(hall, refresh_token="-"), 400, "invalid_request", MISSING + "refresh_token"),
    (lambda hall: refresh(hall, client_id="-"), 400, "invalid_request", MISSING + "client_id"),
    (lambda hall: refresh(hall, client_secret="-"), 400, "invalid_request", MISSING + "client_secret"),
    (lambda hall: refresh(hall, scope=NOTIFICATIONS), 400, "invalid_request", MISSING + "scope"),
    (lambda hall: hall.login(grant_type="authorization_code"), 400, "invalid_request", MISSING + "code"),
    (lambda hall: hall.login(grant_type="client_credentials"), 400, "invalid_request", MISSING + "scope"),
    (
        lambda hall: hall.login(grant_type="client_credentials", scope="sellingpartnerapi::everything"),
        400,
        "invalid_scope",
        "The request has an invalid parameter : scope",
    ),
    (lambda hall: refresh(hall, grant_type="refresh"), 400, "unsupported_grant_type", UNSUPPORTED),
    (lambda hall: refresh(hall, grant_type="-"), 400, "unsupported_grant_type", UNSUPPORTED),
    (lambda hall: refresh(hall, content_type="application/json"), 400, "unsupported_grant_type", UNSUPPORTED),
    (lambda hall: refresh(hall, method="GET"), 400, "unsupported_grant_type", UNSUPPORTED),
]


@pytest.mark.parametrize(("scene", "status", "error", "description"), TABLE)
def test_each_error_comes_from_its_cause(
    scene: Callable[[Hall], Response], status: int, error: str, description: str
) -> None:
    hall = Hall()
    answer = scene(hall)
    assert answer.status == status
    assert data(answer) == {"error_description": description, "error": error}
    assert answer.headers.get("x-amzn-requestid")
    assert hall.why(answer) == "lwa-" + error.replace("_", "-")


def test_an_outage_ends_by_itself() -> None:
    hall = Hall()
    assert outage(hall).status == 503
    hall.clock.advance(60)
    assert refresh(hall).status == 200


def test_a_field_given_twice_is_refused_and_so_is_an_endless_form() -> None:
    hall = Hall()
    for body in (b"grant_type=refresh_token&grant_type=refresh_token", b"&".join([b"a=b"] * 5000)):
        answer = hall.send("POST", "/auth/o2/token", token=None, body=body, headers={"content-type": FORM})
        assert (answer.status, data(answer)["error"]) == (400, "invalid_request")


def test_a_forgotten_token_is_an_invalid_one() -> None:
    hall = Hall()
    first = hall.token()
    hall.world.accounts._settings = hall.world.settings.__class__(kept_tokens=2)
    second = [hall.token() for _ in range(2)]
    assert hall.send("GET", SHIPMENTS, token=first).status == 403
    assert hall.send("GET", SHIPMENTS, token=second[-1]).status == 200


def test_no_repr_shows_a_secret() -> None:
    hall = Hall()
    token = hall.world.accounts.tokens[hall.token()]
    shown = repr([hall.principal.application, hall.principal.authorization, token])
    for secret in (hall.principal.application.secrets[0].value, hall.principal.authorization.refresh_token):
        assert secret not in shown


def test_a_code_of_an_authorization_that_was_withdrawn_meanwhile_gives_nothing() -> None:
    hall = Hall()
    code = code_of(hall)
    hall.stage.revoke_authorization()
    refused = exchange(hall, code)
    assert (refused.status, data(refused)["error"]) == (400, "invalid_grant")
    assert data(refused)["error_description"] == CODE_GONE
