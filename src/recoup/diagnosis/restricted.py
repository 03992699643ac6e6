"""Which operations give personal data of buyers, and so take a restricted data token in place of an access token; and
what an answer means where such a token was sent.

From the list in Amazon's guide to the Tokens API. Orders give it on request only (`dataElements`): without, they take
any token.
"""

from __future__ import annotations

import re

import msgspec

from recoup.catalogue.facts.operations import Operation
from recoup.diagnosis.evidence import Ranking
from recoup.exchange import Request
from recoup.redaction.facts import token_kind

__all__ = ["by_token", "gives_personal_data", "path_gives_personal_data"]

_KIND = "restricted data token"
_EXPIRED = {"access-token-expired": "restricted-token-expired"}

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


def by_token(ranking: Ranking, request: Request | None) -> Ranking:
    """The ranking, with the variant for a restricted data token where one was sent; the answer names none."""
    best = ranking.matches[0] if ranking.matches else None
    if best is None or best.variant is None or request is None:
        return ranking
    name = _EXPIRED.get(best.variant.name)
    sent = request.headers.get("x-amz-access-token") or ""
    if name is None or not (token_kind(sent) == _KIND or sent.startswith(f"<{_KIND}")):
        return ranking
    variant = best.fault.variant(name)
    evidence = (*best.evidence, f"the token that was sent is a {_KIND}, by its beginning")
    changed = msgspec.structs.replace(best, variant=variant, evidence=evidence)
    return msgspec.structs.replace(ranking, matches=(changed, *ranking.matches[1:]))
