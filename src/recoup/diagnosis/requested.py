"""What the tables say of the operation that a request reaches, as clues for an answer that does not say why.

Where the request is known, it needs no words: a sandbox host, an operation for vendors, one that takes a grantless or a
restricted token, a type of report that belongs to vendors or needs a role of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from recoup.catalogue.facts import deprecations, marketplaces
from recoup.catalogue.facts.operations import Operation, Party
from recoup.diagnosis.clue import Clue, Symptom
from recoup.diagnosis.restricted import gives_personal_data
from recoup.exchange import Request

__all__ = ["TABLES_OF", "clues_of_request", "in_force", "is_in_force"]

TABLES_OF = date(2026, 10, 5)
"""Removals until this day had come when the tables were made."""

_NO_SANDBOX, _NO_MATCH = "other-sandbox-unsupported", "other-sandbox-no-match"
_KIND, _ROLE = "403-wrong-account-kind", "403-missing-role"
_GRANTLESS, _RDT, _PII = "other-grantless-required", "other-rdt-required", "other-pii-restricted"
_REPORT = re.compile(rb'"reportType"\s*:\s*"(GET_[A-Z0-9_]{3,120})"')
_PERSONAL = re.compile(r"[?&]dataElements=|_TAX(?:ED|_|$)|_SHIPPING(?:_|$)|_CUSTOMER_DATA")
_DEDICATED = re.compile(r"BRAND_ANALYTICS|_VAT_|_GST_|_TAX|SALES_AND_TRAFFIC|PROMOTION|_SHIPPING$")
_LARGEST = 65_536


def clues_of_request(request: Request, operation: Operation | None, symptom: Symptom) -> Iterator[Clue]:
    """The clues in where a request went, and with what kind of token as far as that is seen."""
    endpoint = marketplaces.by_host(request.host)
    if endpoint is not None and endpoint.sandbox:
        yield from _of_sandbox(symptom)
    if operation is None or symptom is not Symptom.DENIED:
        return
    if is_in_force(operation):
        yield in_force(operation)
    token = (request.headers.get("x-amz-access-token") or "")[:5]
    if operation.grantless is not None and not token.startswith("Atc|"):
        yield Clue(
            text=f"{operation.id} takes a grantless token only", weights={_GRANTLESS: 2.0}, introduces=_of(_GRANTLESS)
        )
    if gives_personal_data(operation) or _PERSONAL.search(request.url) is not None:
        text = f"{operation.id} gives personal data, to a restricted data token only"
        yield Clue(text=text, weights={_RDT: 2.6, _PII: 1.0}, introduces=_of(_RDT, _PII))
    if operation.party is Party.VENDOR:
        yield Clue(text=f"{operation.id} is for vendors", weights={_KIND: 0.8}, introduces=_of(_KIND))
    if operation.id == "createReport":
        yield from _of_report(request)


def is_in_force(operation: Operation) -> bool:
    """Whether an operation was not removed when the tables were made."""
    gone = deprecations.of(operation)
    return gone is None or gone.removed is None or gone.removed > TABLES_OF


def in_force(operation: Operation) -> Clue:
    """That the path is right, for an operation that was not removed."""
    weights = {"403-wrong-path-or-version": -1.2, "403-deprecated-endpoint": -1.5, "404-wrong-path": -1.5}
    return Clue(
        text=f"{operation.id} has this method and path, and is not among those that were removed", weights=weights
    )


def _of_sandbox(symptom: Symptom) -> Iterator[Clue]:
    text = "the host is Amazon's static sandbox"
    if symptom is Symptom.INVALID:
        yield Clue(text=text, weights={_NO_MATCH: 4.0, _NO_SANDBOX: 1.5}, introduces=_of(_NO_MATCH, _NO_SANDBOX))
    elif symptom in (Symptom.DENIED, Symptom.SERVER, Symptom.NOT_FOUND):
        weights = {_NO_SANDBOX: 4.0, "403-account-suspended": -1.5, "400-inactive-account": -1.5}
        yield Clue(text=text, weights=weights, introduces=_of(_NO_SANDBOX))


def _of_report(request: Request) -> Iterator[Clue]:
    found = _REPORT.search((request.body or b"")[:_LARGEST])
    if found is None:
        return
    name = found[1].decode("ascii")
    if name.startswith("GET_VENDOR_"):
        yield Clue(text=f"{name} is a report for vendors", weights={_KIND: 1.6, _ROLE: 0.3}, introduces=_of(_KIND))
    if _DEDICATED.search(name) is not None:
        weights = {_ROLE: 1.2, "403-wrong-path-or-version": -2.0, "403-deprecated-endpoint": -1.0}
        yield Clue(text=f"{name} needs a role of its own, beside that of the Reports API", weights=weights)


def _of(*names: str) -> frozenset[str]:
    return frozenset(names)
