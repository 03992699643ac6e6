"""A list of labels: the call succeeded, and each package says for itself whether it has a label."""

from __future__ import annotations

from typing import Any

from recoup.catalogue.fault import BodyKind
from recoup.diagnosis.diagnosis import Item
from recoup.diagnosis.shapes.claim import Claim, as_text, as_truth, field, make_claim

__all__ = ["label_claims", "label_entries"]

MAX_LABELS = 10_000


def label_claims(value: Any) -> list[Claim]:
    """A claim for each package without a label. `status` wins over the older `isErrored` where an entry has both."""
    claims: list[Claim] = []
    for index, entry in enumerate(label_entries(value)[:MAX_LABELS]):
        if not isinstance(entry, dict) or not _failed(entry):
            continue
        error = field(entry, "errordetails", "error")
        error = error if isinstance(error, dict) else {}
        claims.append(
            make_claim(
                BodyKind.LABELS,
                code=field(error, "code", "errorcode"),
                message=field(error, "message", "errordescription", "description"),
                details=field(error, "details"),
                retryable=field(error, "retryable"),
                item=Item(kind="package", index=index, name=as_text(field(entry, "packageid")) or ""),
                bare_sc=True,
            )
        )
    return claims


def _failed(entry: dict[Any, Any]) -> bool:
    status = field(entry, "status")
    if isinstance(status, str):
        return status.strip().upper() in ("FAILURE", "FAILED", "ERROR")
    return as_truth(field(entry, "iserrored")) is True


def label_entries(value: Any) -> list[Any]:
    """The entries of a list of labels, failed or not, in their order; empty where `value` is none."""
    if isinstance(value, dict):
        for name in ("packageshiplabellist", "payload"):
            inner = field(value, name)
            if isinstance(inner, dict):
                inner = field(inner, "packageshiplabellist")
            if isinstance(inner, list):
                return inner if name == "packageshiplabellist" or _look_like_labels(inner) else []
        return []
    return value if isinstance(value, list) and _look_like_labels(value) else []


def _look_like_labels(entries: list[Any]) -> bool:
    first = next((entry for entry in entries if isinstance(entry, dict)), None)
    return first is not None and field(first, "packageid") is not None
