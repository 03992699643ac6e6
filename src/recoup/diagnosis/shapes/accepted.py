"""Accepted, and failed all the same: what a 200 says beside its status.

Listings that are INVALID, operations and transactions that ended in failure, items of a price list with an error of
their own, orders of a bulk that were rejected, and a list of errors beside a payload.
"""

from __future__ import annotations

from typing import Any

from recoup.catalogue.fault import BodyKind
from recoup.diagnosis.diagnosis import Item
from recoup.diagnosis.shapes.claim import Claim, as_text, field, make_claim
from recoup.diagnosis.shapes.objects import error_claims

__all__ = ["accepted_claims"]

MAX_ITEMS = 2000


def accepted_claims(value: Any) -> list[Claim]:
    """What failed behind a status that says success."""
    if isinstance(value, list):
        return _item_errors(value)
    if not isinstance(value, dict):
        return []
    payload = field(value, "payload")
    claims = [*_issues(value), *_operation(value), *_problem(value), *_errors(value), *_rejected(value)]
    for inner in (value, payload):
        if isinstance(inner, dict):
            claims.extend(_transaction(inner))
    claims.extend(_fees(payload if isinstance(payload, dict) else value))
    if isinstance(payload, list):
        claims.extend(_item_errors(payload))
    return claims


def _issues(value: dict[Any, Any]) -> list[Claim]:
    issues = field(value, "issues")
    invalid = _word(field(value, "status")) in ("INVALID", "ERROR")
    issues = [issue for issue in issues if isinstance(issue, dict)] if isinstance(issues, list) else []
    errors = [issue for issue in issues[:MAX_ITEMS] if _word(field(issue, "severity")) in ("ERROR", "")]
    if not errors and not invalid:
        return []
    name = as_text(field(value, "sku")) or ""
    if not errors:
        return [make_claim(BodyKind.ISSUES, code="INVALID", item=Item(kind="listing", index=0, name=name))]
    header = field(value, "header")
    feed = as_text(field(header, "feedid")) if isinstance(header, dict) else None
    kind = BodyKind.ISSUES if feed is None else BodyKind.PROCESSING_REPORT
    return [
        make_claim(
            kind,
            code=field(issue, "code"),
            message=field(issue, "message"),
            details=field(issue, "details"),
            item=Item(kind="issue", index=index, name=name or as_text(field(issue, "sku", "messageid")) or ""),
        )
        for index, issue in enumerate(errors)
    ]


def _operation(value: dict[Any, Any]) -> list[Claim]:
    if _word(field(value, "operationstatus")) != "FAILED":
        return []
    name = as_text(field(value, "operation")) or ""
    problems = field(value, "operationproblems")
    claims = [
        make_claim(
            BodyKind.JSON,
            code=field(problem, "code"),
            message=field(problem, "message"),
            details=field(problem, "details"),
            item=Item(kind="operation", index=index, name=name),
        )
        for index, problem in enumerate(problems[:MAX_ITEMS] if isinstance(problems, list) else [])
        if isinstance(problem, dict)
    ]
    return claims or [make_claim(BodyKind.JSON, code="FAILED", item=Item(kind="operation", index=0, name=name))]


def _problem(value: dict[Any, Any]) -> list[Claim]:
    """One problem of an operation that ended, taken out of its answer."""
    code, message = field(value, "code"), field(value, "message")
    if _word(field(value, "severity")) != "ERROR" or not isinstance(code, str) or not isinstance(message, str):
        return []
    item = Item(kind="operation", index=0)
    return [make_claim(BodyKind.JSON, code=code, message=message, details=field(value, "details"), item=item)]


def _transaction(value: dict[Any, Any]) -> list[Claim]:
    status = field(value, "transactionstatus")
    if not isinstance(status, dict) or _word(field(status, "status")) != "FAILURE":
        return []
    item = Item(kind="transaction", index=0, name=as_text(field(status, "transactionid")) or "")
    found = error_claims(field(status, "errors"), item=item)
    return [_as_hidden(claim) for claim in found] or [make_claim(BodyKind.JSON, code="Failure", item=item)]


def _as_hidden(claim: Claim) -> Claim:
    return make_claim(
        BodyKind.JSON,
        code=claim.code,
        message=claim.message,
        details=claim.details,
        retryable=claim.retryable,
        item=claim.item,
    )


def _errors(value: dict[Any, Any]) -> list[Claim]:
    errors = field(value, "errors")
    if not isinstance(errors, list) or not any(isinstance(error, dict) and error for error in errors):
        return []
    return error_claims({"errors": errors})


def _rejected(value: dict[Any, Any]) -> list[Claim]:
    """Orders of a bulk that were rejected, each with its error, beside those that were not."""
    orders = field(value, "rejectedorders")
    claims: list[Claim] = []
    for index, order in enumerate(orders[:MAX_ITEMS] if isinstance(orders, list) else []):
        if isinstance(order, dict):
            error = field(order, "error")
            error = error if isinstance(error, dict) else {}
            item = Item(kind="item", index=index, name=as_text(field(order, "amazonorderid")) or "")
            code, message, details = (field(error, name) for name in ("code", "message", "details"))
            claims.append(make_claim(BodyKind.JSON, code=code, message=message, details=details, item=item))
    return claims


def _fees(value: dict[Any, Any]) -> list[Claim]:
    result = field(value, "feesestimateresult")
    return _item_errors([result]) if isinstance(result, dict) else []


def _item_errors(entries: list[Any]) -> list[Claim]:
    claims: list[Claim] = []
    for index, entry in enumerate(entries[:MAX_ITEMS]):
        if not isinstance(entry, dict) or _word(field(entry, "status")) not in ("CLIENTERROR", "SERVERERROR"):
            continue
        error = field(entry, "error")
        error = error if isinstance(error, dict) else {}
        name = as_text(field(entry, "asin", "sellersku", "sku")) or ""
        claims.append(
            make_claim(
                BodyKind.JSON,
                code=field(error, "code") or field(entry, "status"),
                message=field(error, "message"),
                details=field(error, "details"),
                item=Item(kind="item", index=index, name=name),
            )
        )
    return claims


def _word(value: Any) -> str:
    return value.strip().upper() if isinstance(value, str) else ""
