"""What the tables say of the operation that a request reaches, as clues for an answer that does not say why.

Where the request is known, it needs no words: a sandbox host, an operation for vendors, one that takes a grantless or a
restricted token, a type of report that belongs to vendors or needs a role of its own. And what a request rules out: a
call without a body lacks no object of it. What is wrong with a request is lint's to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from functools import lru_cache

from recoup.catalogue.facts import deprecations, marketplaces
from recoup.catalogue.facts.operations import Operation, Party, operations
from recoup.diagnosis.clue import Clue, Symptom
from recoup.diagnosis.restricted import gives_personal_data
from recoup.exchange import Request

__all__ = ["TABLES_OF", "clues_of_request", "in_force", "is_in_force", "ruled_out"]

TABLES_OF = date(2026, 10, 5)
"""Removals until this day had come when the tables were made."""

_NO_SANDBOX, _NO_MATCH = "other-sandbox-unsupported", "other-sandbox-no-match"
_KIND, _ROLE = "403-wrong-account-kind", "403-missing-role"
_GRANTLESS, _RDT, _PII = "other-grantless-required", "other-rdt-required", "other-pii-restricted"
_ROUTES = {"403-wrong-path-or-version": -1.2, "403-deprecated-endpoint": -1.5, "404-wrong-path": -1.5}
_REPORT = re.compile(rb'"reportType"\s*:\s*"(GET_[A-Z0-9_]{3,120})"')
_PERSONAL = re.compile(r"[?&]dataElements=|_TAX(?:ED|_|$)|_SHIPPING(?:_|$)|_CUSTOMER_DATA")
_DEDICATED = re.compile(r"BRAND_ANALYTICS|_VAT_|_GST_|_TAX|SALES_AND_TRAFFIC|PROMOTION|_SHIPPING$")
_LARGEST = 65_536
_NEVER = -6.0  # of what the method rules out
_OUT = -2.3  # of what speaks against it else: one in ten, since what is known of a request may be wrong itself
_GETS = frozenset({"GET", "HEAD"})
_BODILESS = frozenset({*_GETS, "DELETE", "OPTIONS"})


def _of(*names: str) -> frozenset[str]:
    return frozenset(names)


_PAGED = Clue(
    text="the request asks for a further page by its token",
    weights={"400-invalid-next-token": 2.0},
    introduces=_of("400-invalid-next-token"),
)
_NO_MATCHING = Clue(
    text="the host is Amazon's static sandbox",
    weights={_NO_MATCH: 4.0, _NO_SANDBOX: 1.5},
    introduces=_of(_NO_MATCH, _NO_SANDBOX),
)
_IN_SANDBOX = Clue(
    text="the host is Amazon's static sandbox",
    weights={_NO_SANDBOX: 4.0, "403-account-suspended": -1.5, "400-inactive-account": -1.5},
    introduces=_of(_NO_SANDBOX),
)
_PRODUCTION = Clue(text="the host is one of production", weights={_NO_SANDBOX: _OUT})
_WITHOUT_BODY = Clue(text="a request of this method has no body", weights={"400-missing-child-object": _NEVER})
_NO_GET = Clue(
    text="the method is neither GET nor HEAD",
    weights={"400-get-with-body": _NEVER, "400-malformed-http-body-in-get-or-head": _NEVER},
)
_RIGHT_KIND = Clue(text="the token is of the kind that the operation takes", weights={_GRANTLESS: _OUT})


def clues_of_request(request: Request, operation: Operation | None, symptom: Symptom) -> Iterator[Clue]:
    """The clues in where a request went, and with what kind of token as far as that is seen."""
    endpoint = marketplaces.by_host(request.host)
    if endpoint is not None and endpoint.sandbox:
        if symptom is Symptom.INVALID:
            yield _NO_MATCHING
        elif symptom in (Symptom.DENIED, Symptom.SERVER, Symptom.NOT_FOUND):
            yield _IN_SANDBOX
    if operation is None or symptom is not Symptom.DENIED:
        return
    token = _token(request)
    yield from _of_operation(operation.id, operation.method, operation.path, grantless=token.startswith("Atc|"))
    personal = gives_personal_data(operation)
    if personal or _PERSONAL.search(request.url) is not None:
        yield _personal(operation.id)
    if operation.id == "createReport":
        yield from _of_report(request)


def ruled_out(request: Request, operation: Operation | None, symptom: Symptom) -> Iterator[Clue]:
    """What cannot be, by the method, the host and the kind of token; and what a page that is asked for suggests."""
    if symptom is Symptom.INVALID:
        if request.method in _BODILESS:
            yield _WITHOUT_BODY
        if operation is not None and any(f"{name}=" in request.url for name in operation.page_token):
            yield _PAGED
    elif symptom is Symptom.PAGE:
        if request.method and request.method not in _GETS:
            yield _NO_GET
    elif symptom is Symptom.DENIED:
        host = request.host
        if "sellingpartnerapi" in host and not host.startswith("sandbox."):
            yield _PRODUCTION
        token = _token(request)
        if operation is None or not token.startswith(("Atza|", "Atc|")):
            return
        if (operation.grantless is not None) == token.startswith("Atc|"):
            yield _RIGHT_KIND


def _token(request: Request) -> str:
    """The beginning of the token, by which its kind is told."""
    return (request.headers.get("x-amz-access-token") or "")[:5]


@lru_cache(maxsize=1024)
def _of_operation(name: str, method: str, path: str, *, grantless: bool) -> tuple[Clue, ...]:
    """What the tables say of an operation, given by its id, its method and its path."""
    operation = operations().find(method, path)
    if operation is None:
        return ()
    served = is_in_force(operation)
    clues = [in_force(operation)] if served else []
    if served and operation.grantless is not None and not grantless:
        clues.append(
            Clue(text=f"{name} takes a grantless token only", weights={_GRANTLESS: 2.8}, introduces=_of(_GRANTLESS))
        )
    if operation.party is Party.VENDOR:
        clues.append(Clue(text=f"{name} is for vendors", weights={_KIND: 0.8}, introduces=_of(_KIND)))
    return tuple(clues)


@lru_cache(maxsize=256)
def _personal(name: str) -> Clue:
    text = f"{name} gives personal data, to a restricted data token only"
    return Clue(text=text, weights={_RDT: 2.6, _PII: 1.0}, introduces=_of(_RDT, _PII))


def is_in_force(operation: Operation) -> bool:
    """Whether an operation was not removed when the tables were made."""
    gone = deprecations.of(operation)
    return gone is None or gone.removed is None or gone.removed > TABLES_OF


def in_force(operation: Operation) -> Clue:
    """That the path is right, for an operation that was not removed."""
    text = f"{operation.id} has this method and path, and is not among those that were removed"
    return Clue(text=text, weights=_ROUTES)


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
