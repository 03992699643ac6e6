"""Which operations give a buyer's personal data, and which roles of an application open it.

The kinds of data are those of Amazon's Tokens API; that each of them has these roles is proposed where its guide names
a class of roles only.
"""

from __future__ import annotations

from collections.abc import Mapping

from recoup.catalogue.facts.operations import Operation
from recoup.sandbox.accounts import DIRECT_TO_CONSUMER

__all__ = ["OPENED_BY", "given_by", "plain_token_is_enough"]

OPENED_BY: Mapping[str, frozenset[str]] = {
    "buyerInfo": frozenset({DIRECT_TO_CONSUMER, "tax-invoicing", "tax-remittance"}),
    "shippingAddress": frozenset({DIRECT_TO_CONSUMER}),
    "buyerTaxInformation": frozenset({"tax-invoicing", "tax-remittance"}),
}
"""The data elements that a restricted data token can be asked for, and the roles that open each."""

_GIVEN_BY: Mapping[str, str] = {
    "/orders/v0/orders/{orderId}/address": "shippingAddress",
    "/orders/v0/orders/{orderId}/buyerInfo": "buyerInfo",
}
# Seen in public: getOrderBuyerInfo answers a plain access token too, and leaves the buyer out.
_PLAIN = frozenset({"/orders/v0/orders/{orderId}/buyerInfo"})


def given_by(operation: Operation) -> str | None:
    """The kind of personal data that an operation gives always, whatever is asked for; None: none."""
    return _GIVEN_BY.get(operation.path)


def plain_token_is_enough(operation: Operation) -> bool:
    """Whether the operation answers an access token as well, without the personal data."""
    return operation.path in _PLAIN
