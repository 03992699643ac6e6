"""Which operations give personal data of buyers, and so take a restricted data token in place of an access token.

From the list in Amazon's guide to the Tokens API. Orders give it on request only (`dataElements`): without, they take
any token.
"""

from __future__ import annotations

import re

from recoup.catalogue.facts.operations import Operation

__all__ = ["gives_personal_data", "path_gives_personal_data"]

_PATHS = re.compile(
    r"/orders/v0/orders/[^/]+/(?:address|buyerInfo|regulatedInfo|orderItems/buyerInfo)$"
    r"|/mfn/v0/shipments(?:/[^/]+)?$"
    r"|/vendor/directFulfillment/(?:orders|shipping)/[^/]+/(?:purchaseOrders|shippingLabels|packingSlips|customerInvoices)(?:/|$)"
    r"|/shipping/v1/shipments/[^/]+$"
)


def path_gives_personal_data(path: str) -> bool:
    """Whether what this path answers holds personal data always; the path is as sent, without a query."""
    return _PATHS.match(path) is not None


def gives_personal_data(operation: Operation) -> bool:
    """The same of an operation. Those that only write are left out."""
    return operation.method in ("GET", "POST") and _PATHS.match(operation.path) is not None
