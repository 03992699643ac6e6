"""Whether one request may be sent again although nobody knows what became of it.

The fact table says it for whole operations, and for some it says what the request must carry: a stock update is noticed
as a repeat only where each of its items has a sequence number. What cannot be read counts as not carrying it.
"""

from __future__ import annotations

from typing import Any

from recoup.catalogue.facts.operations import Operation, RepeatableIf
from recoup.exchange import Request
from recoup.recovery.places import json_of, values_at

__all__ = ["repeatable"]


def repeatable(operation: Operation, request: Request | None) -> bool:
    """Whether an identical call has no second effect. `request` None: nobody knows what it carried."""
    if operation.safe:
        return True
    condition = operation.repeatable_if
    return condition is not None and request is not None and _carries(condition, request)


def _carries(condition: RepeatableIf, request: Request) -> bool:
    if any((request.headers.get(name) or "").strip() for name in condition.any_header):
        return True
    if not condition.list:
        return False
    elements = next(values_at(json_of(request.body), condition.list), None)
    if not isinstance(elements, list) or not elements:
        return False
    return all(_has(element, condition) for element in elements)


def _has(element: Any, condition: RepeatableIf) -> bool:
    uri = element.get("uri") if isinstance(element, dict) else None
    if isinstance(uri, str) and condition.reads and uri.startswith(condition.reads):
        return True
    return next(values_at(element, condition.has), None) is not None
