"""Batches: one response that holds one status for each item (207 of the inventory, pricing batches)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from recoup.catalogue.fault import BodyKind
from recoup.diagnosis.codes import code_key
from recoup.diagnosis.diagnosis import Item
from recoup.diagnosis.shapes.claim import Claim, as_status, as_text, field, make_claim
from recoup.diagnosis.shapes.clean import unproved
from recoup.diagnosis.shapes.objects import error_claims

__all__ = ["batch_claims", "batch_entries", "is_batch", "quick_claims"]

MAX_ITEMS = 10_000
_LOOKED_AT = 20  # entries of which one must have a status of its own
# In an item of the inventory the words of an error stand in errorType, errorSubType or the reason phrase, in any order.
_SHORT_CODES = frozenset(
    {
        "internalfailure",
        "serviceunavailable",
        "invalidinput",
        "notfound",
        "duplicaterequest",
        "forbidden",
        "serverbusy",
        "operationnotpermitted",
        "stateconflict",
        "ordercancelled",
        "ratelimited",
    }
)


def is_batch(value: Any) -> bool:
    """Whether `value` is a list of responses that each have a status of their own."""
    return bool(batch_entries(value))


def batch_claims(value: Any) -> list[Claim]:
    """A claim for each item that failed, or that succeeded but asks the seller to act; in the items' order."""
    return _claims(enumerate(batch_entries(value)[:MAX_ITEMS]))


def quick_claims(body: bytes) -> list[Claim]:
    """As `batch_claims`, from the bytes of a batch in its usual form: of entries that succeeded only their status is
    looked at. Empty where nothing failed, or the form is another: then the body must be read whole to know.
    """
    found = unproved(body)
    if found is None:
        return []
    entries, count = found
    early = [entry for position, entry in entries.items() if position < _LOOKED_AT]
    if len(early) == min(count, _LOOKED_AT) and not _any_status(early):
        return []
    return _claims((position, entry) for position, entry in entries.items() if position < MAX_ITEMS)


def _claims(entries: Iterable[tuple[int, Any]]) -> list[Claim]:
    claims: list[Claim] = []
    for index, entry in entries:
        if not isinstance(entry, dict):
            continue
        status = _status(entry)
        body = field(entry, "body")
        body = body if isinstance(body, dict) else {}
        actionable = _actionable(body) or _actionable(entry)
        if (status is None or status < 400) and not actionable:
            if status is None and field(body, "errors"):
                claims.extend(error_claims(body, item=_item(index, entry, body)))
            continue
        claims.extend(_entry_claims(index, entry, body, status, actionable))
    return claims


def batch_entries(value: Any) -> list[Any]:
    """The answers of a batch, failed or not, in their order; empty where `value` is no batch."""
    responses = field(value, "responses") if isinstance(value, dict) else value
    if not isinstance(responses, list):
        return []
    return responses if _any_status(responses[:_LOOKED_AT]) else []


def _any_status(entries: Iterable[Any]) -> bool:
    return any(isinstance(entry, dict) and _status(entry) is not None for entry in entries)


def _status(entry: dict[Any, Any]) -> int | None:
    status = field(entry, "status")
    if isinstance(status, dict):
        status = field(status, "statuscode", "code")
    elif status is None:
        status = field(entry, "statuscode")
    return as_status(status)


def _item(index: int, entry: dict[Any, Any], body: dict[Any, Any]) -> Item:
    name = as_text(field(body, "skuid", "sku", "asin")) or as_text(field(entry, "uri")) or ""
    return Item(kind="item", index=index, name=name)


def _actionable(body: dict[Any, Any]) -> list[dict[Any, Any]]:
    errors = field(body, "actionableerrors", "selleractionableerrors")
    errors = [errors] if isinstance(errors, dict) else errors
    return [error for error in errors if isinstance(error, dict) and error] if isinstance(errors, list) else []


def _entry_claims(
    index: int,
    entry: dict[Any, Any],
    body: dict[Any, Any],
    status: int | None,
    actionable: list[dict[Any, Any]],
) -> list[Claim]:
    item = _item(index, entry, body)
    holder = field(entry, "status")
    phrase = as_text(field(holder, "reasonphrase", "reason")) if isinstance(holder, dict) else None
    claims = [_actionable_claim(error, phrase, status, item) for error in actionable]
    if not claims:
        claims = error_claims(body, item=item, status=status)
    if not claims:
        short = phrase if phrase and code_key(phrase) in _SHORT_CODES else None
        claims = [make_claim(BodyKind.BATCH, code=short, message=phrase, status=status, item=item)]
    return claims


def _actionable_claim(error: dict[Any, Any], phrase: str | None, status: int | None, item: Item) -> Claim:
    kind, detail = as_text(field(error, "errortype", "code")), as_text(field(error, "errorsubtype", "message"))
    described = as_text(field(error, "errordescription", "errorsubtypedescription", "description"))
    if detail and code_key(detail) in _SHORT_CODES and not (kind and code_key(kind) in _SHORT_CODES):
        kind, detail = detail, kind
    if kind and " " in kind and detail and " " not in detail:
        kind, detail = detail, kind
    known = [word for word in (kind, phrase) if word and code_key(word) in _SHORT_CODES]
    return make_claim(
        BodyKind.BATCH,
        code=kind or (known[0] if known else None),
        message=detail if detail and " " in detail else described or detail or phrase,
        details=as_text(field(error, "details")),
        status=status,
        item=item,
        phrase=phrase,
    )
