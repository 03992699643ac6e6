"""What a gateway can be told, and the complaints about what it cannot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from gateway_upstream import CREDENTIALS

from recoup.errors import SettingsError
from recoup.gateway import GatewayOptions, read_sellers
from recoup.transports.origins import upstream_of


def test_regions_lead_to_amazons_hosts() -> None:
    hosts = {region: GatewayOptions(region=region).upstream_for(None).url for region in ("NA", "EU", "FE")}
    assert hosts == {
        "NA": "https://sellingpartnerapi-na.amazon.com",
        "EU": "https://sellingpartnerapi-eu.amazon.com",
        "FE": "https://sellingpartnerapi-fe.amazon.com",
    }


@pytest.mark.parametrize(
    ("url", "authority"),
    [
        ("http://127.0.0.1:8080", "127.0.0.1:8080"),
        ("http://localhost:8080/", "localhost:8080"),
        ("http://[::1]:8080", "[::1]:8080"),
        ("https://sandbox.sellingpartnerapi-eu.amazon.com", "sandbox.sellingpartnerapi-eu.amazon.com"),
        ("https://SELLINGPARTNERAPI-FE.amazon.com:443", "sellingpartnerapi-fe.amazon.com"),
    ],
)
def test_upstreams_that_are_taken(url: str, authority: str) -> None:
    assert upstream_of(url).authority == authority


@pytest.mark.parametrize(
    "url",
    [
        "http://sellingpartnerapi-na.amazon.com",
        "https://sellingpartnerapi-na.amazon.com:8443",
        "https://sellingpartnerapi-na.amazon.com.evil.example",
        "https://evil.example",
        "http://192.168.1.5:8080",
        "http://127.0.0.1@evil.example",
        "http://user@127.0.0.1:8080",
        "http://127.0.0.1:8080/path",
        "http://127.0.0.1:8080?x",
        "ftp://127.0.0.1",
        "127.0.0.1:8080",
        "http://127.0.0.1:port",
        "http://[::1",
        "",
    ],
)
def test_upstreams_that_are_not(url: str) -> None:
    with pytest.raises(SettingsError, match="upstream: "):
        GatewayOptions(upstream=url)


def test_an_upstream_on_this_machine_is_asked_for_tokens() -> None:
    amazon = "https://api.amazon.com/auth/o2/token"
    assert GatewayOptions().token_address == amazon
    assert GatewayOptions(upstream="https://sandbox.sellingpartnerapi-na.amazon.com").token_address == amazon
    assert GatewayOptions(upstream="http://127.0.0.1:1").token_address == "http://127.0.0.1:1/auth/o2/token"
    own = GatewayOptions(upstream="http://127.0.0.1:1", token_url="http://localhost:2/token")
    assert own.token_address == "http://localhost:2/token"


@pytest.mark.parametrize("url", ["https://evil.example/token", "http://api.amazon.com/auth/o2/token", "nowhere"])
def test_tokens_are_asked_of_nobody_else(url: str) -> None:
    with pytest.raises(SettingsError, match="token_url: "):
        GatewayOptions(token_url=url)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"region": "ZZ"}, "region: 'ZZ' is none; give NA, EU or FE"),
        ({"host": "0.0.0.0"}, "requests must bring a key"),
        ({"host": "gateway.local"}, "requests must bring a key"),
        ({"key": "short"}, "key: give at least 16"),
        ({"client_id": "amzn1.application-oa2-client.1"}, "client_secret, refresh_token: missing"),
        ({**CREDENTIALS, "refresh_token": None}, "refresh_token: missing"),
        ({"refresh_token": "Atzr|x"}, "client_id, client_secret: missing"),
        ({**CREDENTIALS, "client_secret": "Atzr|x"}, "client_secret: is a refresh token by its prefix"),
        ({"timeout": 0.0}, "timeout: 0.0 is not valid"),
        ({"deadline": float("inf")}, "deadline: inf is not valid"),
        ({"buffer": -1}, "buffer: -1 is not valid"),
    ],
)
def test_complaints(options: dict[str, Any], complaint: str) -> None:
    with pytest.raises(SettingsError) as caught:
        GatewayOptions(**options)
    assert complaint in str(caught.value)
    assert "planted" not in str(caught.value)


def test_options_show_no_secret() -> None:
    assert "planted" not in repr(GatewayOptions(**CREDENTIALS, key="planted-key-planted"))


SELLERS = """
[shop-one]
refresh_token_from = "SHOP_ONE"
marketplace = "ATVPDKIKX0DER"

[shop_two]
refresh_token = "Atzr|planted-two"
region = "eu"

["shop.three"]
refresh_token = "Atzr|planted-three"
"""


def test_sellers_are_read(tmp_path: Path) -> None:
    file = tmp_path / "sellers.toml"
    file.write_text(SELLERS, encoding="utf-8")
    sellers = read_sellers(file, {"SHOP_ONE": "Atzr|planted-one"})
    assert {name: (seller.refresh_token, seller.region) for name, seller in sellers.items()} == {
        "shop-one": ("Atzr|planted-one", "NA"),
        "shop_two": ("Atzr|planted-two", "EU"),
        "shop.three": ("Atzr|planted-three", None),
    }
    assert "planted" not in repr(sellers)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "names nobody"),
        ("[a", "is not TOML"),
        ('a = "b"', "a: is no table"),
        ('["a b"]\nrefresh_token = "Atzr|planted"', "a name has letters"),
        ("[a]", "give refresh_token, or refresh_token_from"),
        ('[a]\nrefresh_token = "Atzr|planted"\nrefresh_token_from = "X"', "give refresh_token, or refresh_token_from"),
        ('[a]\nrefresh_token_from = "X"', "names 'X', which is not set"),
        ("[a]\nrefresh_token = 5", "refresh_token must be a text"),
        ('[a]\nrefresh_token = "Atzr|planted"\ntoken = "x"', "'token' is not known"),
        ('[a]\nrefresh_token = "Atza|planted"', "is an access token by its prefix"),
        ('[a]\nrefresh_token = "Atzr|planted"\nregion = "US"', "region 'US' is none"),
        ('[a]\nrefresh_token = "Atzr|planted"\nmarketplace = "US"', "marketplace 'US' is not known"),
        (
            '[a]\nrefresh_token = "Atzr|planted"\nmarketplace = "ATVPDKIKX0DER"\nregion = "EU"',
            "belongs to NA, not to EU",
        ),
    ],
)
def test_complaints_about_sellers(text: str, complaint: str, tmp_path: Path) -> None:
    file = tmp_path / "sellers.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        read_sellers(file, {})
    assert complaint in str(caught.value)
    assert "sellers.toml" in str(caught.value)
    assert "planted" not in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nobody\.toml cannot be read"):
        read_sellers(tmp_path / "nobody.toml", {})
