"""Regions and marketplaces: which endpoint serves which marketplace, and where its sellers and vendors give consent.

The data stand in marketplaces.json; `basis` of an entry says where each value was read.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import msgspec

__all__ = [
    "Endpoint",
    "Marketplace",
    "Region",
    "by_consent_host",
    "by_country",
    "by_host",
    "by_id",
    "marketplaces",
    "region",
    "region_of",
    "regions",
]

_CONSENT_PATH = "/apps/authorize/consent"


class Region(msgspec.Struct, frozen=True, kw_only=True):
    """One of the three regions: `code` is NA, EU or FE; hosts are bare names. A grant is valid for one region."""

    code: str
    host: str
    sandbox_host: str
    aws_region: str


class Marketplace(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One marketplace. `country_code` is Amazon's (GB, also called UK: `aliases`).

    `vendor_central` None: no consent host for vendors is known. `legacy_name` is what External Fulfillment of 2021
    calls it (AMAZON_IN), None where that name is not known.
    """

    id: str
    country: str
    country_code: str
    region: str
    seller_central: str
    vendor_central: str | None = None
    basis: dict[str, str] = {}
    aliases: tuple[str, ...] = ()
    legacy_name: str | None = None
    note: str = ""

    @property
    def seller_consent_uri(self) -> str:
        """Where a seller of this marketplace gives consent, without parameters."""
        return f"https://{self.seller_central}{_CONSENT_PATH}"

    @property
    def vendor_consent_uri(self) -> str | None:
        """Where a vendor of this marketplace gives consent, without parameters; None where that is not known."""
        return None if self.vendor_central is None else f"https://{self.vendor_central}{_CONSENT_PATH}"


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """What a host of the Selling Partner API is: of which region, and whether it is Amazon's sandbox."""

    region: Region
    sandbox: bool


class _Table(msgspec.Struct, frozen=True):
    basis: dict[str, str]
    regions: tuple[Region, ...]
    marketplaces: tuple[Marketplace, ...]


@cache
def _table() -> _Table:
    return msgspec.json.decode(Path(__file__).with_name("marketplaces.json").read_bytes(), type=_Table)


@cache
def _ids() -> dict[str, Marketplace]:
    return {item.id: item for item in _table().marketplaces}


@cache
def _countries() -> dict[str, Marketplace]:
    return {code: item for item in _table().marketplaces for code in (item.country_code, *item.aliases)}


@cache
def _hosts() -> dict[str, Endpoint]:
    found = {item.host: Endpoint(region=item, sandbox=False) for item in _table().regions}
    return found | {item.sandbox_host: Endpoint(region=item, sandbox=True) for item in _table().regions}


def regions() -> tuple[Region, ...]:
    """The three regions: NA, EU, FE."""
    return _table().regions


def region(code: str) -> Region | None:
    """The region called `code` (NA, EU or FE, in any case)."""
    return next((item for item in _table().regions if item.code == code.upper()), None)


def marketplaces() -> tuple[Marketplace, ...]:
    """Every marketplace that is known."""
    return _table().marketplaces


def by_id(marketplace_id: str) -> Marketplace | None:
    """The marketplace of that id, exactly as Amazon writes it; None for an id that is not known."""
    return _ids().get(marketplace_id)


def by_country(code: str) -> Marketplace | None:
    """The marketplace of a country code, in any case; UK is GB."""
    return _countries().get(code.upper())


def region_of(marketplace_id: str) -> str | None:
    """The code of the region that serves a marketplace; None for an id that is not known."""
    found = _ids().get(marketplace_id)
    return None if found is None else found.region


def by_host(host: str) -> Endpoint | None:
    """The region behind a host of the Selling Partner API, in any case, with or without a port; None for others."""
    return _hosts().get(host.partition(":")[0].rstrip(".").lower())


def by_consent_host(host: str) -> list[Marketplace]:
    """The marketplaces whose sellers or vendors give consent on that host: sellercentral-europe serves several."""
    name = host.partition(":")[0].rstrip(".").lower()
    return [item for item in _table().marketplaces if name in (item.seller_central, item.vendor_central)]
