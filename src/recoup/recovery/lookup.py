"""How to learn whether a write took effect: what to ask, of this very request, and what to look for.

The fact table says which operation reads; here its path and query are filled with what the request said. Nothing is
sent: the caller, or a connector, asks when the time has come.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import msgspec

from recoup.catalogue.facts.operations import Operation, operations
from recoup.catalogue.facts.routes import segments
from recoup.catalogue.fault import ResyncTarget
from recoup.exchange import Request
from recoup.recovery.decision import Decision, Done, Resync
from recoup.recovery.places import json_of, values_at

__all__ = ["SETTLE", "Lookup", "lookup", "lookup_for"]

SETTLE = 5.0
"""Seconds for which a request that was not answered may still be at work, where no decision says how long."""

_SHOWN = frozenset({ResyncTarget.EFFECT, ResyncTarget.STATE, ResyncTarget.SEQUENCE, ResyncTarget.VERSION})
_STOCK = ("external-fulfillment", "2024-09-11", "batchInventory")
_UPDATE, _FETCH = "inventory/update", "inventory/fetch"


class Lookup(msgspec.Struct, frozen=True, kw_only=True):
    """The request that shows whether a write took effect.

    `operation` is `api/version/id`. `path` is percent-encoded, `query` is not; `missing` names the parameters that the
    write does not tell, which stand as `{name}` in the path and are not in the query. `body` is there where the
    reading needs one. `see` says what shows the effect, `after` how many seconds from now to ask at the earliest.
    """

    operation: str
    method: str
    path: str
    see: str
    query: dict[str, str] = {}
    body: bytes | None = None
    missing: tuple[str, ...] = ()
    after: float = SETTLE

    def as_dict(self) -> dict[str, Any]:
        """Plain data; empty fields are left out, the body is text."""
        data: dict[str, Any] = {"operation": self.operation, "method": self.method, "path": self.path}
        if self.query:
            data["query"] = dict(self.query)
        if self.body is not None:
            data["body"] = self.body.decode("utf-8", "replace")
        if self.missing:
            data["missing"] = list(self.missing)
        return {**data, "see": self.see, "after": self.after}


def lookup_for(
    decision: Decision, operation: Operation | None, request: Request | None, *, unknown: bool
) -> Lookup | None:
    """What to read in answer to this decision; None where nothing is in doubt, or no way to read it is known.

    `unknown`: some attempt of the call may have taken effect without our knowing.
    """
    if operation is None or request is None or isinstance(decision, Done):
        return None
    if isinstance(decision, Resync):
        return lookup(operation, request, decision.after) if unknown or decision.target in _SHOWN else None
    return lookup(operation, request) if unknown else None


def lookup(operation: Operation, request: Request, after: float = SETTLE) -> Lookup | None:
    """How to read back what `request`, a call of `operation`, was to change; None where the table knows no way."""
    reading = operations().read_back(operation)
    if operation.read_back is None or reading is None:
        return None
    given = _Given(operation, request)
    path, missing = _path(reading, operation, given)
    query: dict[str, str] = {}
    for name in (*reading.required_query, *(n for n in operation.read_back.fill if f"{{{n}}}" not in reading.path)):
        values = given.of(name, operation.read_back.fill.get(name, f"query:{name}"))
        if len(values) == 1 or (values and name in (*reading.csv_query, *reading.multi_query)):
            query[name] = ",".join(values)
        elif name not in missing and (name in reading.required_query or values):
            missing.append(name)
    return Lookup(
        operation="/".join(reading.key),
        method=reading.method,
        path=path,
        query=query,
        body=_readings_of_stock(request.body) if operation.key == _STOCK else None,
        missing=tuple(missing),
        see=operation.read_back.see,
        after=after,
    )


class _Given:
    """What the write said, by the sources that the fact table names."""

    def __init__(self, operation: Operation, request: Request) -> None:
        self._path = operations().parameters(operation, request.path)
        self._query = request.query
        self._request = request
        self._body: Any = None
        self._read = False

    def of(self, name: str, source: str) -> list[str]:
        """The values of that source, in order and once each."""
        if source.startswith("="):
            return [source[1:]]
        kind, _, place = source.partition(":")
        found: list[str]
        if kind == "path":
            found = [self._path[place]] if place in self._path else []
        elif kind == "query":
            found = [self._query[place]] if self._query.get(place) else []
        else:
            if not self._read:
                self._read, self._body = True, json_of(self._request.body)
            found = list(_texts(values_at(self._body, place)))
        return list(dict.fromkeys(found))


def _texts(values: Iterator[Any]) -> Iterator[str]:
    for value in values:
        if isinstance(value, list):
            yield from _texts(iter(value))
        elif isinstance(value, str | int | float) and not isinstance(value, bool) and value != "":
            yield str(value)


def _path(reading: Operation, operation: Operation, given: _Given) -> tuple[str, list[str]]:
    fill = {} if operation.read_back is None else operation.read_back.fill
    parts: list[str] = []
    missing: list[str] = []
    for segment in segments(reading.path):
        if not segment.startswith("{"):
            parts.append(segment)
            continue
        name = segment[1:-1]
        values = given.of(name, fill.get(name, f"path:{name}"))
        if len(values) == 1:
            parts.append(quote(values[0], safe=""))
        else:
            parts.append(segment)
            missing.append(name)
    return "/" + "/".join(parts), missing


def _readings_of_stock(body: bytes | None) -> bytes | None:
    """The batch that reads what a batch of stock updates was to set; None where there is no update to be seen in it."""
    readings = []
    for entry in values_at(json_of(body), "requests[]"):
        uri = entry.get("uri") if isinstance(entry, dict) else None
        if not isinstance(uri, str) or not uri.removeprefix("/").startswith(_UPDATE):
            continue
        attributes = next(values_at(entry, "body.marketplaceAttributes"), None)
        readings.append(
            {
                "method": "POST",
                "uri": uri.replace(_UPDATE, _FETCH, 1),
                "body": {} if attributes is None else {"marketplaceAttributes": attributes},
            }
        )
    return msgspec.json.encode({"requests": readings}) if readings else None
