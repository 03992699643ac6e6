"""Query parameters that need one another, or exclude one another.

An operation may ask for one of several parameters, take one only beside another, or refuse two together. Its list of
required parameters does not show that.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from recoup.lint.asked import fault_of, is_static_sandbox, query_known, reached
from recoup.lint.finding import Finding, FixKind
from recoup.lint.rule import Around, found
from recoup.lint.rules.parameter_name import meant
from recoup.lint.subject import Pair, Subject

__all__ = ["FAULTS", "RULE", "check"]

RULE = "parameters-together"
FAULTS = ("400-missing-required-field", "sc-00002-invalid-value")


class _Bond(msgspec.Struct, frozen=True):
    """Of the parameters `one_of` one must be there, if `when` is (with one of the values `at`); `never` must not be."""

    one_of: tuple[str, ...] = ()
    when: str = ""
    at: tuple[str, ...] = ()
    never: tuple[str, ...] = ()


_ITEMS = (_Bond(("Asins",), "ItemType", ("Asin",)), _Bond(("Skus",), "ItemType", ("Sku",)))
_BONDS: dict[str, tuple[_Bond, ...]] = {
    "GET /orders/v0/orders": (
        _Bond(("CreatedAfter", "LastUpdatedAfter", "AmazonOrderIds", "NextToken", "SellerOrderId")),
        _Bond(when="CreatedAfter", never=("LastUpdatedAfter", "LastUpdatedBefore")),
        _Bond(("CreatedAfter", "NextToken"), "CreatedBefore"),
        _Bond(("LastUpdatedAfter", "NextToken"), "LastUpdatedBefore"),
        _Bond(when="SellerOrderId", never=("FulfillmentChannels", "OrderStatuses", "PaymentMethods", "BuyerEmail")),
    ),
    "GET /orders/2026-01-01/orders": (
        _Bond(("createdAfter", "lastUpdatedAfter", "paginationToken")),
        _Bond(when="createdAfter", never=("lastUpdatedAfter", "lastUpdatedBefore")),
        _Bond(when="lastUpdatedAfter", never=("createdBefore",)),
    ),
    "GET /reports/2021-06-30/reports": (_Bond(("reportTypes", "nextToken")),),
    "GET /feeds/2021-06-30/feeds": (_Bond(("feedTypes", "nextToken")),),
    "GET /products/pricing/v0/price": _ITEMS,
    "GET /products/pricing/v0/competitivePrice": _ITEMS,
    "GET /catalog/2022-04-01/items": (
        _Bond(("identifiers", "keywords", "pageToken")),
        _Bond(("identifiersType",), "identifiers"),
        _Bond(("sellerId",), "identifiersType", ("SKU",)),
        _Bond(when="identifiers", never=("keywords", "brandNames", "classificationIds", "keywordsLocale")),
    ),
    "GET /listings/2021-08-01/items/{sellerId}": (
        _Bond(("identifiersType",), "identifiers"),
        _Bond(("identifiers",), "identifiersType"),
        _Bond(when="identifiers", never=("variationParentSku", "packageHierarchySku")),
    ),
    "GET /definitions/2020-09-01/productTypes": (_Bond(when="keywords", never=("itemName",)),),
    "GET /fba/inbound/v0/shipments": (
        _Bond(("ShipmentStatusList", "ShipmentIdList"), "QueryType", ("SHIPMENT",)),
        _Bond(("LastUpdatedAfter",), "QueryType", ("DATE_RANGE",)),
        _Bond(("LastUpdatedBefore",), "QueryType", ("DATE_RANGE",)),
        _Bond(("NextToken",), "QueryType", ("NEXT_TOKEN",)),
    ),
    "GET /finances/2024-06-19/transactions": (_Bond(("postedAfter", "relatedIdentifierName", "nextToken")),),
    "GET /tracking/2026-01-30/shipments/track": (
        _Bond(
            (
                "carrierTracking.trackingNumber",
                "id",
                "acsin",
                "aftn",
                "containerNumber",
                "houseBillOfLadingNumber",
            )
        ),
    ),
    "GET /externalFulfillment/2024-09-11/returns": (
        _Bond(("returnLocationId",), "lastUpdatedSince"),
        _Bond(("status",), "lastUpdatedSince"),
        _Bond(("returnLocationId",), "lastUpdatedUntil"),
        _Bond(("status",), "lastUpdatedUntil"),
    ),
}


def check(subject: Subject, around: Around) -> Iterator[Finding]:
    """A finding at the parameter that lacks its companion or that must not be there; behind the query where none is."""
    operation = reached(subject)
    if operation is None or not query_known(subject) or is_static_sandbox(subject):
        return
    fault = fault_of(operation, FAULTS[0], FAULTS[1])
    given = {pair.name.text: pair for pair in subject.parameters if pair.decoded.strip()}
    misspelt = {meant(name, operation.query) for name in given if name not in operation.query}
    told: set[str] = set()
    for bond in _BONDS.get(f"{operation.method} {operation.path}", ()):
        first = given.get(bond.when)
        if bond.when and (first is None or (bond.at and first.decoded not in bond.at)):
            continue
        if bond.one_of and not any(name in given or name in misspelt for name in bond.one_of):
            names = " or ".join(bond.one_of[:2]) if not bond.when else " or ".join(bond.one_of)
            if names not in told:
                told.add(names)
                yield _missing(subject, fault, names, first)
        for name in bond.never:
            wrong = given.get(name)
            if wrong is not None:
                said = f"{name} cannot be given together with {bond.when}."
                yield found(RULE, fault, wrong.whole, said, "Leave one of the two out.", FixKind.NEEDS_VALUE)


def _missing(subject: Subject, fault: str, names: str, first: Pair | None) -> Finding:
    if first is not None:
        said = f"{first.name.text} needs {names} beside it."
        return found(RULE, fault, first.whole, said, f"Add {names}.", FixKind.NEEDS_VALUE)
    place = subject.query.place(len(subject.query)) if len(subject.query) else subject.path.place(len(subject.path))
    return found(RULE, fault, place, f"One of {names} is required.", f"Add {names}.", FixKind.NEEDS_VALUE)
