"""The values that fields of responses are known to take, to notice one that is newer than the model.

Amazon adds values without a new version. A generated client then reads null; recoup keeps the text and says that it is
new ("Resolve Common HTTP and Authorization Error Codes", null enum value). Known are the fields of External Fulfillment
and those of orders, reports, feeds, listings and queries (enums.json, derived from the models).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from recoup.catalogue.facts.operations import Operation

__all__ = ["NewValue", "known_values", "newer_values"]


class NewValue(msgspec.Struct, frozen=True, kw_only=True):
    """A value that the model does not know. `place` is exact (`shipments[3].status`), `field` is as in the model."""

    place: str
    field: str
    value: str


@cache
def _table() -> dict[str, dict[str, frozenset[str]]]:
    data = Path(__file__).with_name("enums.json").read_bytes()
    return msgspec.json.decode(data, type=dict[str, dict[str, frozenset[str]]])


def known_values(operation: Operation) -> Mapping[str, frozenset[str]]:
    """By place in the successful response of `operation` (`shipments[].status`): the values of the model.

    Empty where no values are kept for that operation, which does not mean that it has no such fields.
    """
    return _table().get("/".join(operation.key), {})


def newer_values(operation: Operation, body: object, limit: int = 20) -> list[NewValue]:
    """The values in a decoded JSON `body` of `operation` that its model does not know, at most `limit`.

    Values that are not text (null, numbers) and fields that are absent are no finding. Any body will do.
    """
    found: list[NewValue] = []
    for field, values in known_values(operation).items():
        for place, value in _at(body, _steps(field), ""):
            if isinstance(value, str) and value not in values:
                found.append(NewValue(place=place, field=field, value=value))
                if len(found) >= limit:
                    return found
    return found


@cache
def _steps(field: str) -> tuple[str, ...]:
    """`a.b[].c` as ("a", "b", "[]", "c")."""
    return tuple(step for step in field.replace("[]", ".[]").split(".") if step)


def _at(node: Any, steps: tuple[str, ...], place: str) -> Iterator[tuple[str, Any]]:
    if not steps:
        yield place, node
        return
    step, rest = steps[0], steps[1:]
    if step == "[]":
        if isinstance(node, list):
            for index, child in enumerate(node):
                yield from _at(child, rest, f"{place}[{index}]")
    elif isinstance(node, dict):
        names = node if step == "*" else (step,) if step in node else ()
        for name in names:
            yield from _at(node[name], rest, f"{place}.{name}" if place else str(name))
