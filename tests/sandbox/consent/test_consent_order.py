"""Every combination of causes, against an order that was written down by hand: the first cause shows, or none does."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recoup.sandbox.accounts import Accounts, Registration, SellingPartner, User
from recoup.sandbox.consent.addresses import fields, with_query
from recoup.sandbox.consent.checks import CHECKS, Asked
from recoup.sandbox.operation import Refusal
from recoup.sandbox.settings import SandboxSettings

HOME, NEW = "https://app.example/back", "https://app.example/new"
ENTERED = {
    "nothing": Registration(redirect_uris=(), login_uri=""),
    "login URI": Registration(redirect_uris=()),
    "both": Registration(redirect_uris=(HOME,)),
}
COMBINATIONS = list(
    product(
        ("Draft", "Published"),
        (False, True),  # version=beta
        (True, False),  # the primary user
        ENTERED,
        (None, HOME, NEW, f"{HOME}#x"),  # redirect_uri of the link
        (True, False),  # the application is for sellers
        (0, 24, 25),  # other sellers
        (True, False),  # listed
    )
)


def expected(
    state: str, beta: bool, primary: bool, entered: str, uri: str | None, sellers: bool, others: int, listed: bool
) -> str | None:
    """The code that a person must see, by the document's description of each."""
    if not primary:
        return "SPDC8143"
    if entered == "nothing" or (entered == "login URI" and uri is None):
        return "MD9100"
    if (state == "Draft") is not beta:
        return "MD1000"
    if uri is not None and "#" in uri:
        return "MD5110"
    if (uri or HOME) != HOME or entered != "both":
        return "MD5101"
    if not sellers:
        return "SPSA0404"
    return "CONSENT_LIMIT_REACHED" if others == 25 and not listed else None


def ask(
    state: str, beta: bool, primary: bool, entered: str, uri: str | None, sellers: bool, others: int, listed: bool
) -> str | None:
    settings = SandboxSettings()
    accounts = Accounts(1, settings)
    application = accounts.new_application(0.0, set(), set())
    registration = ENTERED[entered]
    entities = ("seller", "vendor") if sellers else ("vendor",)
    application.draft = Registration(
        redirect_uris=registration.redirect_uris, login_uri=registration.login_uri, entities=entities
    )
    application.published = None if state == "Draft" else application.draft
    application.listed = listed
    partner = SellingPartner(merchant_id="A1", entity="seller", region="NA", marketplaces=[])
    accounts.partners["A1"] = partner
    for _ in range(others):
        accounts.authorize(application, accounts.new_partner("seller", "NA", []), 0.0, by_consent=True)
    asked = Asked(
        accounts=accounts,
        settings=settings.consent,
        now=1.0,
        application=application,
        user=User(id="A1-1", name="x", merchant_id="A1", primary=primary),
        partner=partner,
        beta=beta,
        redirect_uri=uri,
    )
    try:
        for check in CHECKS:
            check(asked)
    except Refusal as refusal:
        return refusal.fault.removeprefix("auth-")
    return None


def test_every_combination_of_causes() -> None:
    wrong = {case: (expected(*case), ask(*case)) for case in COMBINATIONS if expected(*case) != ask(*case)}
    assert wrong == {}
    assert len(COMBINATIONS) == 1152
    assert {expected(*case) for case in COMBINATIONS} >= {
        "SPDC8143", "MD9100", "MD1000", "MD5110", "MD5101", "SPSA0404", "CONSENT_LIMIT_REACHED", None,
    }  # fmt: skip


@given(st.dictionaries(st.text(min_size=1, max_size=8), st.text(max_size=20), max_size=5))
def test_what_goes_out_comes_in_again(pairs: dict[str, str]) -> None:
    for address in (HOME, f"{HOME}?", f"{HOME}?tenant=7", f"{HOME}?tenant=7&"):
        made = with_query(address, list(pairs.items()))
        assert made.startswith(address.rstrip("&"))
        assert made.isascii()
        assert made.isprintable()
        found = fields(made.partition("?")[2].encode())
        assert {**({"tenant": "7"} if "tenant" in address else {}), **pairs} == found or "tenant" in pairs


@pytest.mark.parametrize("data", [b"\xff\xfe", b"\x00", "ü€".encode(), b"a b", bytes(range(1, 256))])
def test_bytes_survive(data: bytes) -> None:
    encoded = "".join(f"%{byte:02X}" for byte in data)
    state = fields(f"state={encoded}".encode())["state"]
    assert with_query("", [("state", state)]).lower() == _unreserved(f"?state={encoded}").lower()


def _unreserved(text: str) -> str:
    """The same with what needs no encoding written plainly."""
    for byte in b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~":
        text = text.replace(f"%{byte:02X}", chr(byte))
    return text
