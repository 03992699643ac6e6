"""Calls by the name of their operation: methods of SDKs in any spelling, and what only one operation takes as its
body.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import islice

from recoup.catalogue.facts import deprecations
from recoup.catalogue.facts.operations import Operation, operations
from recoup.diagnosis.excerpts.calls import Called

__all__ = ["calls_by_body", "calls_by_name"]

_MOST = 60
_CALL = re.compile(
    r"(?:(?:->|::|\.)(?P<called>[A-Za-z][A-Za-z0-9_]{6,60})(?:WithHttpInfo|Async|_with_http_info|Call|Raw)?\s{0,2}\("
    r"|\boperation['\"`]?\s{0,3}(?:=>|[:=])\s{0,3}['\"`:](?P<named>[A-Za-z][A-Za-z0-9_]{6,60})['\"`]?"
    r"|\bException when calling [\w\\.>#:-]{0,80}?(?:->|#|\.|::)(?P<failed>[A-Za-z][A-Za-z0-9_]{6,60})\b)"
)
_RESTRICTED = re.compile(
    r"[\"']?restricted_?Resources[\"']?\]?\s{0,3}(?:=>|[:=])\s{0,3}(?:array\s?)?[\[(]", re.IGNORECASE
)
_BATCH = re.compile(r"[\"']?requests[\"']?\]?\s{0,3}(?:=>|[:=])\s{0,3}(?:array\s?)?[\[(]", re.IGNORECASE)
_URI = re.compile(r"[\"']?uri[\"']?\s{0,3}(?:=>|[:=])\s{0,3}[\"'](/[^\"'\s]{1,200})")
# What stands in a batch says which batch operation it was sent to.
_BATCHES = (
    (re.compile(r"/products/pricing/v0/items/"), "/batches/products/pricing/v0/itemOffers"),
    (re.compile(r"/products/pricing/v0/listings/"), "/batches/products/pricing/v0/listingOffers"),
    (
        re.compile(r"/products/pricing/2022-05-01/offer/"),
        "/batches/products/pricing/2022-05-01/offer/featuredOfferExpectedPrice",
    ),
    (
        re.compile(r"/products/pricing/2022-05-01/items/competitiveSummary"),
        "/batches/products/pricing/2022-05-01/items/competitiveSummary",
    ),
    (re.compile(r"/inventory/(?:update|fetch)"), "/externalFulfillment/inventory/2024-09-11/inventories"),
)  # fmt: skip
_TOKENS = "/tokens/2021-03-01/restrictedDataToken"


@cache
def _by_letters() -> dict[str, Operation | None]:
    """Operations that still exist, by the letters of their id in lower case; None where several have the same."""
    known: dict[str, Operation | None] = {}
    for item in operations().items:
        gone = deprecations.of(item)
        if gone is None or gone.removed is None:
            key = item.id.lower()
            known[key] = None if key in known else item
    return known


def calls_by_name(text: str) -> Iterator[Called]:
    """Methods of SDKs that are named after an operation, where only one operation has the name."""
    known = _by_letters()
    for found in islice(_CALL.finditer(text), _MOST):
        name = next(group for group in found.groups() if group)
        operation = known.get(name.replace("_", "").lower())
        if operation is not None:
            yield Called(operation.method, operation.path, found.start(), found.end(), 2)


def calls_by_body(text: str) -> tuple[list[Called], list[tuple[int, int]]]:
    """Calls that are known by their body, and the spans of text in which paths are those of parts, not of a call."""
    calls: list[Called] = []
    inside: list[tuple[int, int]] = []
    for found in islice(_RESTRICTED.finditer(text), 4):
        inside.append((found.start(), found.end() + 3000))
        calls.append(Called("POST", _TOKENS, found.start(), found.start(), 3))
    for found in islice(_BATCH.finditer(text), 4):
        part = _URI.search(text, found.end(), found.end() + 400)
        if part is None:
            continue
        inside.append((found.start(), found.end() + 6000))
        for pattern, path in _BATCHES:
            if pattern.match(part[1]):
                calls.append(Called("POST", path, found.start(), found.start(), 3))
                break
    return calls, inside
