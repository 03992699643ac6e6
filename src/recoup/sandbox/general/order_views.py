"""An order as it stands on the wire, in the names of both versions of Amazon's published models."""

from __future__ import annotations

from typing import Any

from recoup.catalogue.facts.marketplaces import by_id
from recoup.sandbox.general.checks import iso
from recoup.sandbox.general.state import Order, OrderLine

__all__ = ["CURRENCIES", "address_v0", "buyer_v0", "order_2026", "order_v0"]

CURRENCIES = {
    "US": "USD", "CA": "CAD", "MX": "MXN", "BR": "BRL", "GB": "GBP", "PL": "PLN", "SE": "SEK", "EG": "EGP", "TR": "TRY",
    "SA": "SAR", "AE": "AED", "IN": "INR", "ZA": "ZAR", "SG": "SGD", "AU": "AUD", "JP": "JPY",
}  # fmt: skip
_V0_STATUS = {
    "PENDING": "Pending",
    "UNSHIPPED": "Unshipped",
    "PARTIALLY_SHIPPED": "PartiallyShipped",
    "SHIPPED": "Shipped",
    "CANCELLED": "Canceled",
    "UNFULFILLABLE": "Unfulfillable",
    "PENDING_AVAILABILITY": "PendingAvailability",
}
_DAY = 86_400.0


def _country(order: Order) -> str:
    place = by_id(order.marketplace_id)
    return place.country_code if place is not None else "US"


def _amount(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"


def _total(order: Order) -> int:
    return sum(line.quantity * line.price for line in order.lines)


def order_2026(order: Order) -> dict[str, Any]:
    """The Order object of searchOrders and getOrder, 2026-01-01."""
    country = _country(order)
    currency = CURRENCIES.get(country, "EUR")
    return {
        "orderId": order.id,
        "createdTime": iso(order.created),
        "lastUpdatedTime": iso(order.updated),
        "salesChannel": {
            "channelName": "AMAZON",
            "marketplaceId": order.marketplace_id,
            "marketplaceName": f"Amazon {country}",
        },
        "proceeds": {"grandTotal": {"amount": _amount(_total(order)), "currencyCode": currency}},
        "fulfillment": {
            "fulfillmentStatus": order.status,
            "fulfilledBy": order.fulfilled_by,
            "shipByWindow": {
                "earliestDateTime": iso(order.created),
                "latestDateTime": iso(order.created + 2 * _DAY),
            },
        },
        "orderItems": [_line_2026(line, currency, order.status) for line in order.lines],
    }


def _line_2026(line: OrderLine, currency: str, status: str) -> dict[str, Any]:
    shipped = line.quantity if status == "SHIPPED" else 0
    return {
        "orderItemId": line.id,
        "quantityOrdered": line.quantity,
        "product": {
            "asin": line.asin,
            "title": line.title,
            "sellerSku": line.sku,
            "condition": {"conditionType": "NEW", "conditionSubtype": "NEW"},
            "price": {"unitPrice": {"amount": _amount(line.price), "currencyCode": currency}},
        },
        "fulfillment": {"quantityFulfilled": shipped, "quantityUnfulfilled": line.quantity - shipped},
    }


def order_v0(order: Order) -> dict[str, Any]:
    """The Order object of getOrders and getOrder, v0."""
    country, units = _country(order), sum(line.quantity for line in order.lines)
    shipped = units if order.status == "SHIPPED" else 0
    place = by_id(order.marketplace_id)
    return {
        "AmazonOrderId": order.id,
        "PurchaseDate": iso(order.created),
        "LastUpdateDate": iso(order.updated),
        "OrderStatus": _V0_STATUS[order.status],
        "FulfillmentChannel": "MFN" if order.fulfilled_by == "MERCHANT" else "AFN",
        "SalesChannel": f"Amazon.{place.seller_central.partition('.amazon.')[2]}"
        if place is not None
        else "Amazon.com",
        "OrderTotal": {"CurrencyCode": CURRENCIES.get(country, "EUR"), "Amount": _amount(_total(order))},
        "NumberOfItemsShipped": shipped,
        "NumberOfItemsUnshipped": units - shipped,
        "MarketplaceId": order.marketplace_id,
        "OrderType": "StandardOrder",
        "EarliestShipDate": iso(order.created),
        "LatestShipDate": iso(order.created + 2 * _DAY),
        "IsBusinessOrder": False,
        "IsPrime": False,
        "IsReplacementOrder": False,
        "ShippingAddress": {"PostalCode": order.postal_code, "CountryCode": country},
        "BuyerInfo": {},
    }


def address_v0(order: Order) -> dict[str, str]:
    """The ShippingAddress of getOrderAddress: made up, and the same for the same order."""
    return {
        "Name": f"Buyer of {order.id[-7:]}",
        "AddressLine1": f"{int(order.id[-3:]) + 1} Sandbox Street",
        "City": "Sandbox",
        "PostalCode": order.postal_code,
        "CountryCode": _country(order),
    }


def buyer_v0(order: Order) -> dict[str, str]:
    """What getOrderBuyerInfo says of the buyer: made up, and the same for the same order."""
    return {"BuyerEmail": f"{order.id.replace('-', '')}@marketplace.example", "BuyerName": f"Buyer of {order.id[-7:]}"}
