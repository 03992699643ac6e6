"""What the general operations check of a request: fields that are there, dates, identifiers, nested objects.

Every function returns the value in its proper type or raises the `Refusal` of its one reason.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any, NoReturn

from recoup.catalogue.facts.marketplaces import by_id
from recoup.sandbox.operation import OperationCall, Refusal

__all__ = [
    "body",
    "child",
    "found_nothing",
    "instant",
    "iso",
    "malformed",
    "marketplace",
    "marketplaces",
    "missing",
    "not_allowed",
    "number",
    "one_of",
    "order_id",
    "text",
]

_ORDER_ID = re.compile(r"(?:\d{3}|S\d{2})-\d{7}-\d{7}", re.ASCII)
_SHOWN = 256  # a longer value is cut in the message


def missing(parameter: str, because: str = "") -> NoReturn:
    """Refuse a request that lacks a required parameter or field."""
    raise Refusal("400-missing-required-field", because=because or f"{parameter} is missing", parameter=parameter)


def malformed(thing: str, value: str, because: str) -> NoReturn:
    """Refuse an identifier that is malformed, or not valid for this call."""
    raise Refusal("400-wrong-identifier", because=because, thing=thing, value=value[:_SHOWN])


def not_allowed(parameter: str, value: object, constraint: str) -> NoReturn:
    """Refuse a value that its parameter does not take. `constraint` is said to the caller."""
    raise Refusal(
        "400-wrong-identifier",
        because=f"{parameter}: {constraint}",
        wording="{count:integer} validation error detected",
        count=1,
        value=str(value)[:_SHOWN],
        parameter=parameter,
        constraint=constraint,
    )


def number(query: Mapping[str, str], name: str, default: int, most: int) -> int:
    """A number from 1 to `most`, `default` where it is not given."""
    value = query.get(name)
    if value is None:
        return default
    if not (value.isascii() and value.isdigit() and len(value) < 10 and 1 <= int(value) <= most):
        not_allowed(name, value, f"Member must be between 1 and {most}")
    return int(value)


def one_of(query: Mapping[str, str], name: str, known: Collection[str]) -> list[str]:
    """The values of a parameter that is a list, each of them known."""
    given = [value for value in query.get(name, "").split(",") if value]
    for value in given:
        if value not in known:
            not_allowed(name, value, f"Member must satisfy enum value set: [{', '.join(known)}]")
    return given


def found_nothing(because: str) -> NoReturn:
    """Refuse an identifier that is well-formed and names nothing (any more, or for this account)."""
    raise Refusal("404-unavailable-id", because=because)


def body(call: OperationCall) -> dict[str, Any]:
    """The body as an object."""
    if call.body is None:
        missing("body", "there is no body")
    if not isinstance(call.body, dict):
        raise Refusal(
            "400-missing-child-object",
            because="the body is not an object",
            element="body",
            expected="{}",
        )
    return call.body


def text(data: Mapping[str, Any], name: str) -> str:
    """The required text called `name`."""
    value = data.get(name)
    if not isinstance(value, str) or not value.strip():
        missing(name, f"{name} is missing, empty or no text")
    return value


def child(data: Mapping[str, Any], name: str, parent: str) -> dict[str, Any]:
    """The required object called `name` inside `parent`."""
    value = data.get(name)
    if not isinstance(value, dict) or not value:
        because = f"{parent} has no object {name}, or an empty one"
        raise Refusal("400-missing-child-object", because=because, element=parent, expected=name)
    return value


def instant(data: Mapping[str, Any], name: str) -> float | None:
    """The ISO 8601 instant called `name` in epoch seconds, or None. Without a zone it counts as UTC."""
    value = data.get(name)
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
        found = (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()
        datetime.fromtimestamp(found, UTC)  # a time of day in the year 1 or 9999 may lie in none in UTC
    except (TypeError, ValueError, OverflowError):
        because = f"{name} is not an ISO 8601 instant"
        raise Refusal("400-invalid-date-format", because=because, parameter=name) from None
    return found


def iso(moment: float) -> str:
    """An instant as it stands in an answer."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def marketplace(value: str) -> str:
    """A marketplace id that exists."""
    if by_id(value) is None:
        malformed("Marketplace", value, "no marketplace has this id")
    return value


def marketplaces(call: OperationCall, name: str, *, most: int | None = None) -> list[str]:
    """The marketplace ids of a query parameter; empty where it is absent."""
    found = [marketplace(value) for value in call.query.get(name, "").split(",") if value]
    if most is not None and len(found) > most:
        malformed("Marketplace", ",".join(found), f"{name} takes at most {most}")
    return found


def order_id(value: str) -> str:
    """An order id in the form 3-7-7."""
    if _ORDER_ID.fullmatch(value) is None:
        malformed("Order", value, "an order id has three groups of 3, 7 and 7 digits")
    return value
