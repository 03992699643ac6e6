"""Values in a JSON body by the place that the fact tables give them: `a.b`, `a[].b`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

__all__ = ["json_of", "values_at"]


def json_of(body: bytes | None) -> Any:
    """What the body says, or None where there is none or it is no JSON. Never raises."""
    if not body:
        return None
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None


def values_at(value: Any, place: str) -> Iterator[Any]:
    """What stands at that place, in order; nothing where the body has another form. The empty place is the whole."""
    if not place:
        yield value
        return
    name, _, rest = place.partition(".")
    listed = name.endswith("[]")
    inner = value.get(name.removesuffix("[]")) if isinstance(value, dict) else None
    if not listed:
        if inner is not None:
            yield from values_at(inner, rest)
    elif isinstance(inner, list):
        for element in inner:
            yield from values_at(element, rest)
