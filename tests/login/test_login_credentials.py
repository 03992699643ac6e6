"""Credentials are checked before they are sent, and never shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recoup.errors import SettingsError
from recoup.login.credentials import Credentials, problems

ID = "amzn1.application-oa2-client.0123456789abcdef"
SECRET = "amzn1.oa2-cs.v1.fedcba9876543210"
REFRESH = "Atzr|IwEBIA-abc_def"
SCOPE = "sellingpartnerapi::notifications"

GOOD = [
    {"client_id": ID, "client_secret": SECRET, "refresh_token": REFRESH},
    {"client_id": ID, "client_secret": SECRET, "scope": SCOPE},
    {"client_id": ID, "client_secret": SECRET},  # for the exchange of an authorization code
    {"client_id": ID, "client_secret": "8d3f" * 16, "refresh_token": REFRESH},  # secrets of old have no prefix
    {
        "client_id": "made-up-client",
        "client_secret": "made-up-secret",
        "refresh_token": "made-up",
    },  # a sandbox of one's own
    {"client_id": ID, "client_secret": "a%20b", "refresh_token": REFRESH},
]


@pytest.mark.parametrize("values", GOOD)
def test_what_nothing_is_known_against_is_taken(values: dict[str, str]) -> None:
    assert problems(**values) == ()
    assert Credentials(**values).grantless is ("scope" in values)


BAD = [
    # what is wrong, the values, words of the complaint
    ("empty", {"client_id": ""}, ["client_id", "empty"]),
    ("blank", {"client_secret": "   "}, ["client_secret", "empty"]),
    (
        "swapped",
        {"client_id": SECRET, "client_secret": ID},
        ["client_id: is a client secret", "client_secret: is a client id"],
    ),
    ("line break", {"client_secret": SECRET + "\n"}, ["client_secret", "blanks after it", "33 characters, 32 without"]),
    ("leading blank", {"refresh_token": " " + REFRESH}, ["refresh_token", "blanks before it"]),
    ("inner blank", {"refresh_token": "Atzr|abc def"}, ["refresh_token", "offset 8"]),
    ("not ASCII", {"client_secret": "amzn1.oa2-cs.v1.abc\u200b"}, ["client_secret", "offset 19"]),
    ("NUL", {"client_id": ID + "\x00x"}, ["client_id", f"offset {len(ID)}"]),
    ("quotes", {"refresh_token": f'"{REFRESH}"'}, ["refresh_token", "quotes"]),
    ("encoded", {"refresh_token": REFRESH.replace("|", "%7C")}, ["refresh_token", "percent-encoded"]),
    ("encoded access token", {"refresh_token": "Atza%7Cabc"}, ["percent-encoded", "is an access token"]),
    (
        "access for refresh token",
        {"refresh_token": "Atza|abc"},
        ["refresh_token: is an access token", "give the refresh token"],
    ),
    ("grantless for refresh token", {"refresh_token": "Atc|abc"}, ["refresh_token: is a grantless token"]),
    ("application id", {"client_id": "amzn1.sp.solution.1"}, ["client_id: is a solution id"]),
    ("old application id", {"client_id": "amzn1.sellerapps.app.1"}, ["client_id: is an application id"]),
    ("scope for refresh token", {"refresh_token": SCOPE}, ["refresh_token: is a scope"]),
    ("both", {"scope": SCOPE}, ["refresh_token and scope", "only one"]),
]


@pytest.mark.parametrize(("values", "words"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_what_would_surely_be_refused_is_said_with_facts_and_without_the_value(
    values: dict[str, str], words: list[str]
) -> None:
    given_values = {"client_id": ID, "client_secret": SECRET, "refresh_token": REFRESH} | values
    with pytest.raises(SettingsError) as caught:
        Credentials(**given_values)
    text = str(caught.value)
    for word in words:
        assert word in text
    for name in ("client_secret", "refresh_token"):
        if len(given_values[name].strip()) > 8 and given_values[name] != SCOPE:
            assert given_values[name].strip() not in text
            assert given_values[name].strip()[-8:] not in text


def test_a_repr_shows_no_secret() -> None:
    shown = repr(Credentials(client_id=ID, client_secret=SECRET, refresh_token=REFRESH))
    assert ID in shown
    assert "client secret, 32 characters" in shown
    assert "fedcba" not in shown
    assert "IwEBIA" not in shown


def test_equal_credentials_are_equal_and_changed_ones_are_not() -> None:
    one, same = (Credentials(client_id=ID, client_secret=SECRET, refresh_token=REFRESH) for _ in range(2))
    other = Credentials(client_id=ID, client_secret=SECRET + "1", refresh_token=REFRESH)
    assert one == same
    assert hash(one) == hash(same)
    assert one != other


@given(st.text(), st.text(), st.one_of(st.none(), st.text()), st.one_of(st.none(), st.text()))
def test_any_values_are_taken_or_complained_about(
    client_id: str, secret: str, token: str | None, scope: str | None
) -> None:
    found = problems(client_id, secret, token, scope)
    if found:
        with pytest.raises(SettingsError):
            Credentials(client_id=client_id, client_secret=secret, refresh_token=token, scope=scope)
    else:
        Credentials(client_id=client_id, client_secret=secret, refresh_token=token, scope=scope)
