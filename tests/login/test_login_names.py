"""Names for credentials: the same for the same ones, and telling nothing about them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from recoup.login.credentials import Credentials
from recoup.login.identity import NO_SELLER, fingerprint, seller_name, token_key

ID = "amzn1.application-oa2-client.1"
SELLER = Credentials(client_id=ID, client_secret="amzn1.oa2-cs.v1.abc", refresh_token="Atzr|IwEBIA")
GRANTLESS = Credentials(client_id=ID, client_secret="amzn1.oa2-cs.v1.abc", scope="sellingpartnerapi::notifications")


def test_a_name_that_was_given_counts() -> None:
    assert seller_name(SELLER, "A1B2") == "A1B2"
    assert seller_name(GRANTLESS, "ours") == "ours"


def test_without_a_name_a_fingerprint_of_the_refresh_token_stands_in_its_place() -> None:
    name = seller_name(SELLER)
    assert name == seller_name(SELLER)
    assert name.startswith("seller-")
    assert len(name) == len("seller-") + 16
    assert "IwEBIA" not in name


def test_grantless_calls_have_no_seller() -> None:
    assert seller_name(GRANTLESS) == NO_SELLER == "-"


def test_another_secret_or_refresh_token_or_scope_is_another_key() -> None:
    changed = [
        SELLER,
        GRANTLESS,
        Credentials(client_id=ID, client_secret="amzn1.oa2-cs.v1.abd", refresh_token="Atzr|IwEBIA"),
        Credentials(client_id=ID, client_secret="amzn1.oa2-cs.v1.abc", refresh_token="Atzr|IwEBIB"),
        Credentials(client_id=ID, client_secret="amzn1.oa2-cs.v1.abc", scope="sellingpartnerapi::migration"),
    ]
    assert len({token_key(credentials, "A1").credentials for credentials in changed}) == len(changed)
    assert token_key(SELLER, "A1").application == ID


def test_a_key_holds_no_secret() -> None:
    shown = repr(token_key(SELLER, "A1"))
    assert "oa2-cs" not in shown
    assert "Atzr" not in shown


@given(st.text(), st.text())
def test_fingerprints_differ_where_values_do(one: str, other: str) -> None:
    assert (fingerprint(one, "x") == fingerprint(other, "x")) is (one == other)
    assert fingerprint(one, "x") != fingerprint(one, "y")
