"""Marketplaces, channels and the fulfillment programs that follow from them.

A program is not a field on the wire: it is read from a shipment's channel name and shipping type. MFN with
MARKETPLACE is Easy Ship, MFN with SELF is Self Ship, FBA is Seller Flex.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

__all__ = [
    "BRAZIL",
    "INDIA",
    "MARKETPLACES",
    "Channel",
    "Marketplace",
    "Program",
    "ShippingType",
    "needs_invoice",
    "program_of",
]


class Channel(StrEnum):
    """The fulfillment channel. DF is named in inventory only; its workflow is not published."""

    FBA = "FBA"
    MFN = "MFN"
    DF = "DF"


class ShippingType(StrEnum):
    """Who ships."""

    MARKETPLACE = "MARKETPLACE"
    SELF = "SELF"
    THIRD_PARTY_CARRIER = "THIRD_PARTY_CARRIER"


class Program(StrEnum):
    """The three programs whose workflow is published."""

    EASY_SHIP = "Easy Ship"
    SELF_SHIP = "Self Ship"
    SELLER_FLEX = "Seller Flex"


class Marketplace(msgspec.Struct, frozen=True):
    """A marketplace: its id, the region whose endpoint serves it, its country and its currency."""

    id: str
    region: str
    country: str
    currency: str

    @property
    def legacy_name(self) -> str:
        """The name that the interfaces of 2021 and the returns use, such as AMAZON_IN."""
        return f"AMAZON_{self.country}"


INDIA = "A21TJRUUN4KGV"
BRAZIL = "A2Q3Y263D00KWC"

MARKETPLACES: dict[str, Marketplace] = {
    row[0]: Marketplace(*row)
    for row in (
        ("A2EUQ1WTGCTBG2", "NA", "CA", "CAD"),
        ("ATVPDKIKX0DER", "NA", "US", "USD"),
        ("A1AM78C64UM0Y8", "NA", "MX", "MXN"),
        (BRAZIL, "NA", "BR", "BRL"),
        ("A28R8C7NBKEWEA", "EU", "IE", "EUR"),
        ("A1RKKUPIHCS9HS", "EU", "ES", "EUR"),
        ("A1F83G8C2ARO7P", "EU", "GB", "GBP"),
        ("A13V1IB3VIYZZH", "EU", "FR", "EUR"),
        ("AMEN7PMS3EDWL", "EU", "BE", "EUR"),
        ("A1805IZSGTT6HS", "EU", "NL", "EUR"),
        ("A1PA6795UKMFR9", "EU", "DE", "EUR"),
        ("APJ6JRA9NG5V4", "EU", "IT", "EUR"),
        ("A2NODRKZP88ZB9", "EU", "SE", "SEK"),
        ("AE08WJ6YKNBMC", "EU", "ZA", "ZAR"),
        ("A1C3SOZRARQ6R3", "EU", "PL", "PLN"),
        ("ARBP9OOSHTCHU", "EU", "EG", "EGP"),
        ("A33AVAJ2PDY3EV", "EU", "TR", "TRY"),
        ("A17E79C6D8DWNP", "EU", "SA", "SAR"),
        ("A2VIGQ35RCS4UG", "EU", "AE", "AED"),
        (INDIA, "EU", "IN", "INR"),
        ("A19VAU5U5O7RUS", "FE", "SG", "SGD"),
        ("A39IBJ37TRP1C6", "FE", "AU", "AUD"),
        ("A1VC38T7YXB528", "FE", "JP", "JPY"),
    )
}


def program_of(channel: str, shipping_type: str) -> Program:
    """The program of a shipment. A merchant-fulfilled shipment that Amazon does not carry is Self Ship."""
    if channel != Channel.MFN:
        return Program.SELLER_FLEX
    return Program.EASY_SHIP if shipping_type == ShippingType.MARKETPLACE else Program.SELF_SHIP


def needs_invoice(program: Program, marketplace_id: str) -> bool:
    """Whether the workflow has an invoice step: always, but for Easy Ship, where only India and Brazil have one."""
    return program is not Program.EASY_SHIP or marketplace_id in (INDIA, BRAZIL)
