"""Which operation a path reaches, asked for millions of paths of which each has another id in it."""

from __future__ import annotations

from functools import cache

from recoup.catalogue.facts.operations import Operation, operations
from recoup.diagnosis.hiding import may_hide_failure
from recoup.diagnosis.shapes.known import Proof, proof_for

__all__ = ["OperationNames", "Reached", "Ways", "names"]

_MOST = 20_000
_METHODS = 50
_LONGEST = 500

Reached = tuple[str | None, bool, Operation | None, Proof | None]
"""The name of the operation (`api/version/id`), None where the path is none of an operation's; whether its successes
can hide a failure; the operation; and what proves of a body that no value in it is new, None where none can be.
"""


@cache
def _literals() -> frozenset[str]:
    """Every segment that stands as it is in the path of an operation."""
    parts = {part for operation in operations().items for part in operation.path.split("/")}
    return frozenset(part for part in parts if not part.startswith("{")) | {""}


class Ways:
    """The paths of one method that were met, without their ids, scheme and host before them. Two paths that differ only
    in segments that no operation spells out reach the same one.
    """

    __slots__ = ("around", "last", "method")

    def __init__(self, method: str) -> None:
        self.method = method
        self.last: dict[str, dict[str | None, Reached]] = {}
        """By what stands before the last segment, and the last segment; None for an id there."""
        self.around: dict[tuple[str, str], Reached] = {}
        """By what stands around an id before the last segment."""


class OperationNames:
    """What each path reaches; looked up once for all paths that differ in their ids."""

    def __init__(self) -> None:
        self.literals = _literals()
        self._ways: dict[str, Ways] = {}
        self._any: dict[tuple[str | None, ...], Reached] = {}
        self._size = 0

    def ways(self, method: str) -> Ways:
        """The paths that were met with this method, in whatever case it is written."""
        found = self._ways.get(method)
        if found is None:
            upper = method.upper()
            found = self._ways.get(upper) or Ways(upper)
            if len(self._ways) < _METHODS:
                self._ways[upper] = self._ways[method] = found
        return found

    def look(self, method: str, url: str) -> Reached:
        """What a request reaches. `url` is as sent, without its query, with or without scheme and host."""
        ways, literals = self.ways(method), self.literals
        before, _, last = url.rpartition("/")
        way = ways.last.get(before)
        if way is not None:
            found = way.get(last)
            if found is None and last not in literals and "%" not in last:
                found = way.get(None)
            if found is not None:
                return found
        around, _, inner = before.rpartition("/")
        found = ways.around.get((around, last))
        if found is not None and inner not in literals and "%" not in inner:
            return found
        return self._look(ways, url)

    def _look(self, ways: Ways, url: str) -> Reached:
        host, path = ("", url) if url[:1] == "/" else _cut(url)
        literals = self.literals
        parts = path.split("/")
        ids = [number for number, part in enumerate(parts) if part not in literals]
        key = (ways.method, *[part if part in literals else None for part in parts])
        found = self._any.get(key)
        if found is None:
            operation = operations().find(ways.method, path)
            name = None if operation is None else f"{operation.api}/{operation.version}/{operation.id}"
            proof = None if operation is None else proof_for(operation)
            found = (name, may_hide_failure(200, ways.method, path), operation, proof)
        before, _, last = url.rpartition("/")
        if len(host) > 100 or len(before) > _LONGEST or self._size > _MOST or "%" in path:
            return found  # an encoded literal is one all the same
        self._any[key] = found
        if not ids:
            ways.last.setdefault(before, {})[last] = found
        elif ids == [len(parts) - 1]:
            ways.last.setdefault(before, {})[None] = found
        elif ids == [len(parts) - 2]:
            ways.around[before.rpartition("/")[0], last] = found
        self._size += 1
        return found


def _cut(url: str) -> tuple[str, str]:
    host, slash, path = url.partition("://")[2].partition("/")
    return host, slash + path if slash else "/" + path


@cache
def names() -> OperationNames:
    """One table of names for everybody in this process."""
    return OperationNames()
