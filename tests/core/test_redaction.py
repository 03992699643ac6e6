"""Nothing secret gets out, whatever it is written into; everything else stays as it was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recoup.exchange import Exchange, Headers, Request, Response
from recoup.redaction import redact_data, redact_headers, redact_text, redact_url, token_kind

ACCESS = "Atza|IwEBIJ_planted-access_0123456789"
REFRESH = "Atzr|IwEBIP_planted-refresh_0123456789"
SECRET = "amzn1.oa2-cs.v1.planted0123456789abcdef"
RESTRICTED = "Atz.sprdt|IwEBIR_planted-restricted_0123456789"
PLANTED = (ACCESS, REFRESH, SECRET, RESTRICTED)

PLACES = [
    pytest.param("{}", id="alone"),
    pytest.param('{{"access_token": "{}", "expires_in": 3600}}', id="JSON"),
    pytest.param("{{'refresh_token': '{}'}}", id="Python literal"),
    pytest.param('{{"client_secret"=>"{}"}}', id="Ruby literal"),
    pytest.param("grant_type=refresh_token&refresh_token={}&client_id=amzn1.application-oa2-client.1", id="form"),
    pytest.param("GET /x HTTP/1.1\r\nx-amz-access-token: {}\r\nHost: h\r\n\r\n", id="raw request"),
    pytest.param("curl -H 'x-amz-access-token: {}' https://h/x", id="curl command"),
    pytest.param("> X-Amz-Access-Token: {}", id="curl -v"),
    pytest.param('"{{\\"access_token\\":\\"{}\\"}}"', id="JSON in a string"),
]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("secret", PLANTED)
def test_a_secret_is_masked_wherever_it_stands(place: str, secret: str) -> None:
    shown = redact_text(place.format(secret))
    assert secret not in shown
    assert "planted" not in shown
    assert "characters>" in shown


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Access token is missing in the request header.", None),
        ("The LWA secret token you provided has expired.", None),
        ("amzn1.application-oa2-client.3f1e", None),
        ("amzn1.sp.solution.3f1e", None),
        ("x-amzn-RequestId: 1c1e0f6e-1111", None),
        ("order 111-1234567-1234567 in ATVPDKIKX0DER", None),
        ("write to joe.buyer@example.com now", "write to <e-mail address> now"),
        ("?BuyerEmail=joe.buyer%40example.com&x=1", "?BuyerEmail=<e-mail address>&x=1"),
        ("?BuyerEmail=joe.buyer%2540example.com", "?BuyerEmail=<e-mail address>"),
        (r'{"buyerEmail": "joe.buyer\u0040example.com"}', '{"buyerEmail": "<e-mail address>"}'),
        ("mailto:joe.buyer&#64;example.com", "mailto:<e-mail address>"),
        ("40 %40 of a.b", None),
        ("Basic authentication is not supported, nor is a bearer token-request", None),
        ("The password is wrong.", None),
        ("x-api-key is missing", None),
        ("nextToken=eyJhIjoxfQ==", None),
    ],
)
def test_what_is_no_secret_stays(text: str, kept: str | None) -> None:
    assert redact_text(text) == (text if kept is None else kept)


def test_a_token_in_a_url_is_masked_also_where_it_is_percent_encoded() -> None:
    url = "https://user:pw@h.example/x?token=Atza%7CIwEBplanted&X-Amz-Signature=abcdef0123&marketplaceIds=A1"
    shown = redact_url(url)
    assert "planted" not in shown
    assert "pw" not in shown
    assert "abcdef0123" not in shown
    assert shown.endswith("marketplaceIds=A1")


def test_header_values_of_unknown_form_are_masked_by_their_name() -> None:
    assert dict(redact_headers([("Authorization", "Basic abc"), ("Accept", "a/b")])) == {
        "Authorization": "<redacted, 9 characters>",
        "Accept": "a/b",
    }


def test_fields_of_data_are_masked_by_the_end_of_their_name() -> None:
    held = {"awsSecretKey": "planted", "lwaClientSecret": "planted", "x-api-key": "planted", "passwords": "two"}
    shown = redact_data(held)
    assert [name for name, value in shown.items() if value == "<redacted, 7 characters>"] == list(held)[:3]
    assert shown["passwords"] == "two"


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (ACCESS, "access token"),
        (REFRESH, "refresh token"),
        ("Atc|x", "grantless token"),
        ("Atz|x", "restricted data token"),
        ("Atz.sprdt|x", "restricted data token"),
        (SECRET, "client secret"),
        ("hello", None),
        ("", None),
    ],
)
def test_the_kind_of_a_token_is_known_by_its_prefix(value: str, kind: str | None) -> None:
    assert token_kind(value) == kind


def test_no_repr_of_an_exchange_shows_a_token_or_a_body() -> None:
    exchange = Exchange(
        request=Request(
            method="POST",
            url=f"https://h/x?access_token={ACCESS}",
            headers=Headers({"x-amz-access-token": ACCESS}),
            body=SECRET.encode(),
        ),
        response=Response(status=200, headers=Headers({"set-cookie": REFRESH}), body=REFRESH.encode()),
    )
    assert "planted" not in repr(exchange)


@given(st.text(max_size=300))
def test_any_text_can_be_redacted_and_redacting_twice_changes_nothing_more(text: str) -> None:
    once = redact_text(text)
    assert redact_text(once) == once


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("curl -H 'Authorization: Bearer planted' h", "curl -H 'Authorization: <redacted, 14 characters>' h"),
        ("curl -H 'Cookie: a=planted' h", "curl -H 'Cookie: <redacted, 9 characters>' h"),
        (
            "{'Host': 'h', 'x-amz-access-token': 'planted'}",
            "{'Host': 'h', 'x-amz-access-token': '<redacted, 7 characters>'}",
        ),
        ("[(b'x-amz-access-token', b'planted')]", "[(b'x-amz-access-token', b'<redacted, 7 characters>')]"),
        ('"{\\"x-amz-access-token\\":\\"planted\\"}"', '"{\\"x-amz-access-token\\":\\"<redacted, 7 characters>\\"}"'),
        (
            "Invalid pair in Authorization header: 'Bearer planted'.",
            "Invalid pair in Authorization header: '<redacted, 14 characters>'.",
        ),
        ("needs a header. Authorization=Bearer planted", "needs a header. Authorization=<redacted, 14 characters>"),
        ('client_secret="a, planted &b"', 'client_secret="<redacted, 13 characters>"'),
        ("X-Api-Key: planted", "X-Api-Key: <redacted, 7 characters>"),
        ("x-auth-token: planted", "x-auth-token: <redacted, 7 characters>"),
        ("password=planted&x=1", "password=<redacted, 7 characters>&x=1"),
        ("DB_PASSWORD: planted", "DB_PASSWORD: <redacted, 7 characters>"),
        ("'apiKey' => 'planted'", "'apiKey' => '<redacted, 7 characters>'"),
        ("aws_secret_access_key = pla/nted", "aws_secret_access_key = <redacted, 8 characters>"),
        ('{"SecretAccessKey":"planted"}', '{"SecretAccessKey":"<redacted, 7 characters>"}'),
        ("got Bearer planted1", "got Bearer <redacted, 8 characters>"),
        ("Basic cGxhbnRlZA==", "Basic <redacted, 12 characters>"),
        ("jwt eyJhbGciOiJI.eyJleHAiOjE3.c2lnbmVk ends", "jwt <redacted, 34 characters> ends"),
        ("Atza%257CIwplanted", "<access token, 18 characters>"),
        ("Atzr\\u007cIwplanted", "<refresh token, 19 characters>"),
        ("proxy https://me:planted@localhost:1", "proxy https://<redacted>@localhost:1"),
        (
            "grant_type=authorization_code&code=planted&x=1",
            "grant_type=authorization_code&code=<redacted, 7 characters>&x=1",
        ),
        (
            "x-amz-access-token: planted\r\nAuthorization: Bearer planted\r\nHost: h",
            "x-amz-access-token: <redacted, 7 characters>\r\nAuthorization: <redacted, 14 characters>\r\nHost: h",
        ),
        (
            "from the x-amz-access-token header: it was never set",
            "from the x-amz-access-token header: it was never set",
        ),
    ],
)
def test_a_secret_without_a_known_prefix_is_told_by_its_place(text: str, shown: str) -> None:
    assert redact_text(text) == shown


@pytest.mark.parametrize(
    "piece", ["\n", "> \n", " ", "access_token ", "cookie: ", "'authorization': ", "a@", "Atza%25"]
)
def test_masking_takes_time_in_proportion_to_the_length(piece: str) -> None:
    """A million characters: what takes time by the square would not end."""
    assert "planted" not in redact_text(piece * (1_000_000 // len(piece)) + "Atza|planted")
