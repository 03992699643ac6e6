"""A shipment as it stands on the wire: the names, enums and required fields of Amazon's published model."""

from __future__ import annotations

import base64
from typing import Any

from recoup.sandbox.fulfillment.files import pdf
from recoup.sandbox.fulfillment.matrix import State
from recoup.sandbox.fulfillment.programs import MARKETPLACES
from recoup.sandbox.fulfillment.store import Line, Package, Shipment
from recoup.sandbox.fulfillment.validation import iso

__all__ = ["shipment_view"]

_TAX_PERCENT = 18
_WIRE_STATE = {State.PACKAGE_CREATED: "CREATED"}  # a package says CREATED where its shipment says PACKAGE_CREATED


def shipment_view(shipment: Shipment) -> dict[str, Any]:
    """The Shipment object of the answer."""
    currency = MARKETPLACES[shipment.marketplace_id].currency
    total = sum(line.units * line.unit_price for line in shipment.lines)
    view: dict[str, Any] = {
        "id": shipment.id,
        "locationId": shipment.location_id,
        "marketplaceAttributes": {
            "marketplaceId": shipment.marketplace_id,
            "channelName": shipment.channel,
            "merchantId": shipment.merchant_id,
        },
        "shipmentInfo": {
            "shipmentType": shipment.shipment_type,
            "numberOfUnits": shipment.number_of_units,
            "priority": "LOW",
            "buyerOrderId": shipment.order_id,
            "orderStatesEligibleForRejection": list(shipment.rejectable),
            "orderPlacedTimestamp": str(int(shipment.created * 1000)),
            "processingSource": shipment.source,
            "paymentMethod": "PREPAID",
        },
        "shipmentRequirements": {
            "pSlip": {"requirement": "NOT_REQUIRED", "status": "NOT_GENERATED"},
            "invoice": {
                "requirement": "REQUIRED" if shipment.invoice_required else "NOT_REQUIRED",
                "status": shipment.invoice_status,
            },
        },
        "charges": [_charge("TOTAL", total, currency)],
        "status": shipment.state,
        "lineItems": [_line(line, currency) for line in shipment.lines],
        "shippingInfo": {
            "recommendedShipMethod": "ATS_STANDARD",
            "expectedShippingDateTimeInUTC": iso(shipment.expected_ship),
            "shipToAddress": {"postalCode": shipment.postal_code},
            "shippingType": "MARKETPLACE" if shipment.shipping_type == "MARKETPLACE" else "SELF",
        },
        "creationDateTime": iso(shipment.created),
        "lastUpdatedDateTime": iso(shipment.updated),
        "earliestPackDateTime": iso(shipment.earliest_pack),
    }
    if shipment.invoice is not None:
        view["invoiceInfo"] = {
            "invoiceId": shipment.invoice.id,
            "creationDateTime": iso(shipment.invoice.created),
        }
    if shipment.sub_status:
        view["subStatus"] = shipment.sub_status
    if shipment.reason:
        view["reason"] = shipment.reason
    if shipment.packages:
        view["packages"] = [_package(package) for package in shipment.packages.values()]
    return view


def _package(package: Package) -> dict[str, Any]:
    return {**package.wire, "status": _WIRE_STATE.get(package.state, package.state)}


def _line(line: Line, currency: str) -> dict[str, Any]:
    view: dict[str, Any] = {
        "shipmentLineItemId": line.id,
        "merchantSku": line.sku,
        "numberOfUnits": line.units,
        "charges": [_charge("PRODUCT", line.units * line.unit_price, currency)],
        "complianceAttributes": {
            "serialNumberRequirement": line.serial_numbers,
            "hazmatLabelsRequirement": line.hazmat_labels,
            "countryOfOriginRequirement": line.country_of_origin,
            "itemValueRequirement": line.item_value,
        },
        "giftAttributes": _gift(line),
        "pieceType": "SINGLE",
    }
    if line.cancelled and line.cancelled_at is not None:
        cancellation: dict[str, Any] = {
            "cancelledQuantity": line.cancelled,
            "cancelledTimestamp": iso(line.cancelled_at),
            "cancellationType": line.cancelled_by,
        }
        if line.cancel_reason:
            cancellation["cancellationReason"] = line.cancel_reason
        view["cancellations"] = [cancellation]
    return view


def _gift(line: Line) -> dict[str, Any]:
    """What is to be printed is there where the line says that something is."""
    view: dict[str, Any] = {
        "giftWrapRequirement": "REQUIRED" if line.gift_wrap else "DISALLOWED",
        "giftMessagePresence": "PRESENT" if line.gift_message else "ABSENT",
    }
    if line.gift_wrap:
        view["giftWrapLabel"] = f"Gift: {line.sku}"
    if line.gift_message:
        content = base64.b64encode(pdf([f"With best wishes, {line.sku}"])).decode("ascii")
        view["giftMessage"] = {"format": "PDF", "content": content}
    return view


def _charge(kind: str, hundredths: int, currency: str) -> dict[str, Any]:
    tax = _breakup(hundredths * _TAX_PERCENT // 100, currency)
    return {
        "chargeType": kind,
        "baseCharge": _breakup(hundredths, currency),
        "totalCharge": _breakup(hundredths + hundredths * _TAX_PERCENT // 100, currency),
        "totalTax": {"type": "TOTAL", "rate": f"0.{_TAX_PERCENT}", "charge": tax},
    }


def _breakup(hundredths: int, currency: str) -> dict[str, Any]:
    amount = {"value": f"{hundredths // 100}.{hundredths % 100:02d}", "currencyCode": currency}
    return {
        "baseAmount": amount,
        "discountAmount": {"value": "0.00", "currencyCode": currency},
        "netAmount": amount,
    }
