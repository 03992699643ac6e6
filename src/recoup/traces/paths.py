"""Which operation a path reaches, asked for millions of paths of which each has another id in it."""

from __future__ import annotations

from functools import cache

from recoup.catalogue.facts.operations import Operation, operations
from recoup.diagnosis.hiding import may_hide_failure

__all__ = ["OperationNames", "names"]

_MOST = 20_000


@cache
def _literals() -> frozenset[str]:
    """Every segment that stands as it is in the path of an operation."""
    parts = {part for operation in operations().items for part in operation.path.split("/")}
    return frozenset(part for part in parts if not part.startswith("{")) | {""}


_Found = tuple[str | None, bool, Operation | None]


class OperationNames:
    """`api/version/id` by method and path. Two paths that differ only in segments that no operation spells out reach
    the same one, so it is looked up once for all of them.
    """

    def __init__(self) -> None:
        self._whole: dict[tuple[str, str], _Found] = {}
        self._last: dict[tuple[str, str], _Found] = {}  # by what stands before an id at the end
        self._inner: dict[tuple[str, str, str], _Found] = {}  # by what stands around an id before the last segment
        self._any: dict[tuple[str | None, ...], _Found] = {}
        self._literals = _literals()

    def look(self, method: str, url: str) -> _Found:
        """The name of the operation, None where the path is none of an operation's, whether its successes can hide a
        failure, and the operation. `url` is as sent, without its query, with or without scheme and host.
        """
        found = self._whole.get((method, url))
        if found is not None:
            return found
        literals = self._literals
        before, _, last = url.rpartition("/")
        found = self._last.get((method, before))
        if found is not None and last not in literals and "%" not in last:
            return found
        around, _, inner = before.rpartition("/")
        found = self._inner.get((method, around, last))
        if found is not None and inner not in literals and "%" not in inner:
            return found
        return self._look(method, url)

    def _look(self, method: str, url: str) -> _Found:
        host, path = ("", url) if url[:1] == "/" else _cut(url)
        literals = self._literals
        parts = path.split("/")
        ids = [number for number, part in enumerate(parts) if part not in literals]
        key = (method, *[part if part in literals else None for part in parts])
        found = self._any.get(key)
        if found is None:
            operation = operations().find(method, path)
            name = None if operation is None else f"{operation.api}/{operation.version}/{operation.id}"
            found = (name, may_hide_failure(200, method, path), operation)
        if len(host) > 100 or len(self._any) > _MOST or len(self._whole) > _MOST or "%" in path:
            return found  # an encoded literal is one all the same
        self._any[key] = found
        if not ids:
            self._whole[method, url] = found
        elif ids == [len(parts) - 1]:
            self._last[method, url.rpartition("/")[0]] = found
        elif ids == [len(parts) - 2]:
            before, _, last = url.rpartition("/")
            self._inner[method, before.rpartition("/")[0], last] = found
        return found


def _cut(url: str) -> tuple[str, str]:
    host, slash, path = url.partition("://")[2].partition("/")
    return host, slash + path if slash else "/" + path


@cache
def names() -> OperationNames:
    """One table of names for everybody in this process."""
    return OperationNames()
