"""What the consent page says of each role: its name, and what an application with it can see or do."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

__all__ = ["RoleText", "role_texts"]


class RoleText(msgspec.Struct, frozen=True):
    """One role in words."""

    name: str
    what: str


_TEXTS = {
    "amazon-fulfillment": RoleText("Amazon Fulfillment", "Send stock to fulfillment centers and follow it."),
    "brand-analytics": RoleText("Brand Analytics", "Read reports about your brands."),
    "buyer-communication": RoleText("Buyer Communication", "Write to buyers about their orders."),
    "direct-to-consumer-shipping": RoleText(
        "Direct-to-Consumer Shipping", "See the addresses of buyers, and ship orders to them."
    ),
    "finance-and-accounting": RoleText("Finance and Accounting", "Read payments, fees and balances."),
    "inventory-and-order-tracking": RoleText(
        "Inventory and Order Tracking", "Read orders and stock, and update stock."
    ),
    "pricing": RoleText("Pricing", "Read and change prices."),
    "product-listing": RoleText("Product Listing", "Create, change and delete listings."),
    "selling-partner-insights": RoleText("Selling Partner Insights", "Read the account's standing and performance."),
    "tax-invoicing": RoleText("Tax Invoicing", "See what invoices to buyers need, and create them."),
    "tax-remittance": RoleText("Tax Remittance", "Read what is needed to work out and pay taxes."),
}


def role_texts(roles: Iterable[str]) -> list[RoleText]:
    """The roles in words, in the order of their names; one without words of its own says its name."""
    return [_TEXTS.get(role) or RoleText(role.replace("-", " ").title(), "") for role in sorted(roles)]
