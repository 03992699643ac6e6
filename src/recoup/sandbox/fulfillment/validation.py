"""Checks of a request against Amazon's published schema, written by hand: the three messages of SC_00002.

Every function returns the value in its proper type or raises a `Refusal`. Parameters are named by their place in the
request, such as `packages[0].weight.weightUnit`; a missing value is named 'null', because the documents have no
message of their own for it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

import msgspec

from recoup.sandbox.operation import OperationCall, Refusal

__all__ = [
    "array",
    "body_object",
    "decimal",
    "instant",
    "integer",
    "invalid",
    "iso",
    "nothing_given",
    "one_of",
    "ordered",
    "query_count",
    "query_instant",
    "struct",
    "text",
    "too_high",
    "unique",
]

_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?", re.ASCII)
_INTEGER = re.compile(r"[+-]?\d{1,18}", re.ASCII)
_DECIMAL = re.compile(r"[+-]?\d{1,18}(\.\d{1,9})?", re.ASCII)
_SHOWN = 256  # a longer value is cut in the message


def invalid(value: object, parameter: str, because: str) -> NoReturn:
    """Raise SC_00002 for a value that a parameter cannot have."""
    raise Refusal("sc-00002-invalid-value", because=because, value=_shown(value), parameter=parameter)


def too_high(parameter: str, value: object, limit: object, because: str) -> NoReturn:
    """Raise SC_00002 for a value that is higher than another or than a limit."""
    raise Refusal("sc-00002-range", because=because, parameter=parameter, value=_shown(value), limit=_shown(limit))


def nothing_given(because: str) -> NoReturn:
    """Raise SC_00002 for a payload in which every field is optional and none is given."""
    raise Refusal("sc-00002-mandatory-field", because=because)


def _shown(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return msgspec.json.encode(value).decode()[:_SHOWN]
    return str(value)[:_SHOWN]


def body_object(call: OperationCall, required: str = "") -> dict[str, Any]:
    """The body as an object. Where there is none: empty, or refused in the name of the field `required`."""
    if call.body is None:
        if required:
            invalid(None, required, "the required body is missing")
        return {}
    if not isinstance(call.body, dict):
        invalid(call.body, "body", "the body is not an object")
    return call.body


def struct(data: Mapping[str, Any], name: str, path: str = "") -> dict[str, Any]:
    """The required object called `name`."""
    value = data.get(name)
    if not isinstance(value, dict):
        invalid(value, path + name, "a required object is missing or is not an object")
    return value


def array(data: Mapping[str, Any], name: str, path: str = "", *, least: int = 1, most: int | None = None) -> list[Any]:
    """The required list called `name`, with at least `least` and at most `most` elements."""
    value = data.get(name)
    if not isinstance(value, list) or len(value) < least:
        invalid(value, path + name, f"a list of at least {least} is required")
    if most is not None and len(value) > most:
        too_high(path + name, len(value), most, "the list is too long")
    return value


def text(
    data: Mapping[str, Any],
    name: str,
    path: str = "",
    *,
    required: bool = True,
    least: int = 1,
    most: int | None = None,
) -> str:
    """The string called `name`; empty where it is optional and missing."""
    value = data.get(name)
    if value is None and not required:
        return ""
    if not isinstance(value, str) or len(value) < least or (most is not None and len(value) > most):
        invalid(value, path + name, f"a string of {least} to {most or 'any number of'} characters is required")
    return value


def one_of(
    data: Mapping[str, Any], name: str, allowed: Collection[str], path: str = "", *, required: bool = True
) -> str:
    """The string called `name`, one of `allowed`; empty where it is optional and missing."""
    value = data.get(name)
    if value is None and not required:
        return ""
    if not isinstance(value, str) or value not in allowed:
        invalid(value, path + name, f"must be one of {', '.join(allowed)}")
    return value


def integer(
    data: Mapping[str, Any], name: str, path: str = "", *, required: bool = True, least: int | None = None
) -> int | None:
    """The whole number called `name`, of at most 64 bits; None where it is optional and missing."""
    value = data.get(name)
    if value is None and not required:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= 2**63:
        invalid(value, path + name, "a whole number is required")
    if least is not None and value < least:
        invalid(value, path + name, f"the least is {least}")
    return value


def decimal(data: Mapping[str, Any], name: str, path: str = "") -> Decimal:
    """The decimal number called `name`, a string as the schema has it."""
    value = data.get(name)
    if not isinstance(value, str) or not _DECIMAL.fullmatch(value):
        invalid(value, path + name, "a decimal number in a string is required")
    try:
        return Decimal(value)
    except InvalidOperation:
        invalid(value, path + name, "not a decimal number")


def instant(value: object, parameter: str) -> float:
    """A date and time of ISO 8601 as epoch seconds. A blank in place of the T is taken; without a zone it is UTC."""
    if isinstance(value, str) and _INSTANT.fullmatch(value):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            invalid(value, parameter, "no such date")
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    invalid(value, parameter, "not a date and time of ISO 8601")


def query_instant(query: Mapping[str, str], name: str) -> float | None:
    """The optional date and time in the query parameter `name`."""
    return instant(query[name], name) if name in query else None


def query_count(query: Mapping[str, str], name: str, default: int, most: int) -> int:
    """The optional number of results in the query parameter `name`, from 1 to `most`."""
    value = query.get(name)
    if value is None:
        return default
    if not _INTEGER.fullmatch(value) or int(value) < 1:
        invalid(value, name, "a whole number of at least 1 is required")
    if int(value) > most:
        too_high(name, value, most, f"at most {most} results a page")
    return int(value)


def ordered(query: Mapping[str, str], early: str, late: str) -> None:
    """Refuse a pair of instants whose first is later than its second."""
    first, second = query_instant(query, early), query_instant(query, late)
    if first is not None and second is not None and first > second:
        too_high(early, query[early], query[late], f"{early} is later than {late}")


def iso(moment: float) -> str:
    """An instant as it stands on the wire: ISO 8601, UTC, whole seconds."""
    return datetime.fromtimestamp(moment, UTC).isoformat()[:19] + "Z"


def unique(names: Iterable[str], parameter: str) -> None:
    """Refuse a list of ids in which one stands twice."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            invalid(name, parameter, "the id stands twice")
        seen.add(name)
