"""Requests for tokens, and what comes back."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recoup.errors import SettingsError
from recoup.exchange import Exchange, NoResponse, NoResponseKind, Response
from recoup.login.credentials import Credentials
from recoup.login.grant import TOKEN_URL, code_request, token_request
from recoup.login.token import AccessToken, NotAToken, read_token

APPLICATION = {"client_id": "amzn1.application-oa2-client.1", "client_secret": "amzn1.oa2-cs.v1.a+b/c="}
SELLER = Credentials(**APPLICATION, refresh_token="Atzr|abc/+=")
GRANTLESS = Credentials(**APPLICATION, scope="sellingpartnerapi::notifications")
BARE = Credentials(**APPLICATION)


def form(body: bytes | None) -> dict[str, str]:
    assert body is not None
    return {name: value for name, (value,) in parse_qs(body.decode("ascii"), strict_parsing=True).items()}


REQUESTS = [
    (token_request(SELLER), {"grant_type": "refresh_token", "refresh_token": "Atzr|abc/+="}),
    (token_request(GRANTLESS), {"grant_type": "client_credentials", "scope": "sellingpartnerapi::notifications"}),
    (code_request(BARE, "ANabc"), {"grant_type": "authorization_code", "code": "ANabc"}),
    (
        code_request(BARE, "ANabc", "https://app.example/cb?x=1"),
        {"grant_type": "authorization_code", "code": "ANabc", "redirect_uri": "https://app.example/cb?x=1"},
    ),
]


@pytest.mark.parametrize(("request_", "fields"), REQUESTS)
def test_the_three_grants_are_forms_with_exactly_their_fields(request_: Any, fields: dict[str, str]) -> None:
    assert (request_.method, request_.url) == ("POST", TOKEN_URL)
    assert request_.headers.get("Content-Type") == "application/x-www-form-urlencoded;charset=UTF-8"
    assert not [name for name, _ in request_.headers if name.lower().startswith("x-amz")]
    assert form(request_.body) == fields | APPLICATION
    assert "Atzr" not in repr(request_)
    assert "a+b/c=" not in repr(request_)


def test_credentials_for_no_grant_are_refused() -> None:
    with pytest.raises(SettingsError, match="refresh_token: is missing"):
        token_request(BARE)
    with pytest.raises(SettingsError, match="code: is empty"):
        code_request(BARE, " ")


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080/auth/o2/token", "http://localhost:1/t", "http://[::1]:1/t", "https://x.example/t"]
)
def test_the_address_can_be_another(url: str) -> None:
    assert token_request(SELLER, url).url == url


@pytest.mark.parametrize(
    "url", ["http://api.amazon.com/auth/o2/token", "ftp://localhost/t", "api.amazon.com", "", "https//x", "http://[::1"]
)
def test_secrets_are_never_sent_in_the_clear(url: str) -> None:
    with pytest.raises(SettingsError, match="token_url"):
        token_request(SELLER, url)


def answer(body: object, status: int = 200) -> Exchange:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Exchange(response=Response(status=status, body=raw))


LIVES = [
    ({"expires_in": 3600}, 3600.0),
    ({"expires_in": 10}, 10.0),
    ({"expires_in": "1800"}, 1800.0),
    ({}, 3600.0),
    ({"expires_in": None}, 3600.0),
    ({"expires_in": True}, 3600.0),
    ({"expires_in": -5}, 3600.0),
    ({"expires_in": "soon"}, 3600.0),
    ({"expires_in": 1e300}, 3600.0),
]


@pytest.mark.parametrize(("fields", "life"), LIVES)
def test_a_token_lives_from_its_request_on(fields: dict[str, Any], life: float) -> None:
    token = read_token(answer({"access_token": "Atza|abc", "token_type": "bearer"} | fields), 1000.0)
    assert token == AccessToken(value="Atza|abc", expires_at=1000.0 + life, kind="access token")


def test_kinds_by_prefix_and_the_refresh_token_of_a_first_exchange() -> None:
    grantless = read_token(answer({"access_token": "Atc|abc"}), 0.0)
    assert isinstance(grantless, AccessToken)
    assert grantless.kind == "grantless token"
    unknown = read_token(answer({"access_token": "abc"}), 0.0)
    assert isinstance(unknown, AccessToken)
    assert unknown.kind is None
    first = read_token(answer({"access_token": "Atza|abc", "refresh_token": "Atzr|def"}), 0.0)
    assert isinstance(first, AccessToken)
    assert first.refresh_token == "Atzr|def"
    assert "abc" not in repr(first)
    assert "def" not in repr(first)


@pytest.mark.parametrize(
    ("now", "usable"), [(0.0, True), (3539.9, True), (3540.0, False), (3600.0, False), (4000.0, False)]
)
def test_a_token_is_renewed_a_minute_early(now: float, usable: bool) -> None:
    assert AccessToken(value="Atza|abc", expires_at=3600.0).usable(now) is usable


def test_the_margin_can_be_none() -> None:
    assert AccessToken(value="Atza|abc", expires_at=3600.0).usable(3599.0, margin=0.0)


NO_TOKENS = [
    (Exchange(), "no answer"),
    (Exchange(no_response=NoResponse(kind=NoResponseKind.TIMEOUT)), "no answer"),
    (answer({"error": "invalid_grant", "error_description": "revoked"}, 400), "HTTP status 400"),
    (answer({"access_token": "Atza|abc"}, 503), "HTTP status 503"),
    (answer(b"<html>captcha</html>"), "not JSON"),
    (answer(b""), "not JSON"),
    (answer(b"[" * 100_000), "not JSON"),
    (answer([1]), "no access_token"),
    (answer({"access_token": ""}), "no access_token"),
    (answer({"access_token": 5}), "no access_token"),
    (answer({"access_token": "Atza|a\r\nX-Evil: 1"}), "cannot stand in a header"),
    (answer({"access_token": "A" * 2049}), "cannot stand in a header"),
]


@pytest.mark.parametrize(("exchange", "reason"), NO_TOKENS)
def test_an_answer_without_a_token_is_handed_on_for_diagnosis(exchange: Exchange, reason: str) -> None:
    found = read_token(exchange, 0.0)
    assert isinstance(found, NotAToken)
    assert reason in found.reason
    assert found.exchange is exchange
    assert "Atza" not in repr(found)


@given(
    st.one_of(
        st.binary(max_size=80),
        st.recursive(
            st.none() | st.integers() | st.text(max_size=5),
            lambda c: st.dictionaries(st.sampled_from(["access_token", "expires_in", "refresh_token"]), c),
        ).map(lambda value: json.dumps(value).encode()),
    )
)
def test_any_body_is_a_token_or_not(body: bytes) -> None:
    assert isinstance(read_token(answer(body), 0.0), AccessToken | NotAToken)
