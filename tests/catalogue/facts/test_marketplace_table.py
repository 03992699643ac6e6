"""Regions, marketplaces and the hosts where consent is given."""

import pytest

from recoup.catalogue.facts import marketplaces as table


@pytest.mark.parametrize(
    ("code", "host", "sandbox", "aws"),
    [
        ("NA", "sellingpartnerapi-na.amazon.com", "sandbox.sellingpartnerapi-na.amazon.com", "us-east-1"),
        ("EU", "sellingpartnerapi-eu.amazon.com", "sandbox.sellingpartnerapi-eu.amazon.com", "eu-west-1"),
        ("FE", "sellingpartnerapi-fe.amazon.com", "sandbox.sellingpartnerapi-fe.amazon.com", "us-west-2"),
    ],
)
def test_regions(code: str, host: str, sandbox: str, aws: str) -> None:
    found = table.region(code.lower())
    assert found is not None
    assert (found.code, found.host, found.sandbox_host, found.aws_region) == (code, host, sandbox, aws)


COUNTRIES = {
    "NA": "CA US MX BR",
    "EU": "IE ES GB FR BE NL DE IT SE ZA PL EG TR SA AE IN",
    "FE": "SG AU JP",
}


def test_every_marketplace_belongs_to_its_region() -> None:
    for code, countries in COUNTRIES.items():
        assert {item.country_code for item in table.marketplaces() if item.region == code} == set(countries.split())
    assert len(table.marketplaces()) == 23


@pytest.mark.parametrize(
    ("marketplace_id", "country", "region"),
    [
        ("ATVPDKIKX0DER", "US", "NA"),
        ("A2Q3Y263D00KWC", "BR", "NA"),
        ("A1F83G8C2ARO7P", "GB", "EU"),
        ("A21TJRUUN4KGV", "IN", "EU"),
        ("A1VC38T7YXB528", "JP", "FE"),
    ],
)
def test_by_id(marketplace_id: str, country: str, region: str) -> None:
    found = table.by_id(marketplace_id)
    assert found is not None
    assert (found.country_code, found.region) == (country, region)
    assert table.region_of(marketplace_id) == region
    assert table.by_country(country.lower()) is found


@pytest.mark.parametrize("unknown", ["", "atvpdkikx0der", "ATVPDKIKX0DER ", "US", "A000"])
def test_an_unknown_id_is_none(unknown: str) -> None:
    assert table.by_id(unknown) is None
    assert table.region_of(unknown) is None


def test_the_united_kingdom_has_two_codes() -> None:
    assert table.by_country("UK") is table.by_country("GB")
    assert table.by_country("XX") is None


@pytest.mark.parametrize(
    ("host", "region", "sandbox"),
    [
        ("sellingpartnerapi-na.amazon.com", "NA", False),
        ("SellingPartnerAPI-EU.amazon.com:443", "EU", False),
        ("sandbox.sellingpartnerapi-fe.amazon.com", "FE", True),
    ],
)
def test_by_host(host: str, region: str, sandbox: bool) -> None:
    found = table.by_host(host)
    assert found is not None
    assert (found.region.code, found.sandbox) == (region, sandbox)


@pytest.mark.parametrize("host", ["", "127.0.0.1:8080", "api.amazon.com", "sellingpartnerapi-us.amazon.com", "[::1]"])
def test_another_host_is_none(host: str) -> None:
    assert table.by_host(host) is None


def test_where_consent_is_given() -> None:
    india = table.by_country("IN")
    ireland = table.by_country("IE")
    assert india is not None
    assert ireland is not None
    assert india.seller_consent_uri == "https://sellercentral.amazon.in/apps/authorize/consent"
    assert india.vendor_consent_uri == "https://vendorcentral.amazon.in/apps/authorize/consent"
    assert ireland.vendor_consent_uri is None  # not known
    assert {item.country_code for item in table.by_consent_host("sellercentral-europe.amazon.com")} == {
        "ES",
        "GB",
        "FR",
        "DE",
        "IT",
    }
    assert table.by_consent_host("example.org") == []


def test_every_value_that_is_known_says_where_it_was_read() -> None:
    for item in table.marketplaces():
        assert set(item.basis) >= {"id", "seller_central"}, item.id
        assert ("vendor_central" in item.basis) == (item.vendor_central is not None), item.id
