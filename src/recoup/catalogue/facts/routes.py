"""Path templates as a tree of segments: from a method and a path as sent to what is registered for it.

Written for the hot path: one call walks at most a dozen dictionaries.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Generic, TypeVar
from urllib.parse import unquote

__all__ = ["Routes", "segments"]

T = TypeVar("T")


class _Node(Generic[T]):
    __slots__ = ("literal", "methods", "parameter", "rest")

    def __init__(self) -> None:
        self.literal: dict[str, _Node[T]] = {}
        self.parameter: _Node[T] | None = None
        self.methods: dict[str, T] = {}
        self.rest: dict[str, T] = {}  # by method: what takes this segment and all that follow


def segments(path: str) -> list[str]:
    """The segments of a path as sent, still encoded; a query is cut off, the empty one before the first slash too."""
    if "?" in path:
        path = path.partition("?")[0]
    parts = path.split("/")
    return parts[1:] if parts[0] == "" else parts


class Routes(Generic[T]):
    """What is registered under each method and path template. A literal segment beats a parameter."""

    def __init__(self) -> None:
        self._root: _Node[T] = _Node()
        self._known: dict[tuple[str, ...], dict[str, tuple[T, float]]] = {}
        self._methods: set[str] = set()

    def add(self, method: str, template: str, value: T, *, greedy: bool = False, handicap: float = 0.0) -> None:
        """Register `value`; raises ValueError where method and template are taken.

        With `greedy` the last parameter takes the rest of the path. `handicap` (0 to 1) sets it back in `nearest`.
        """
        parts = segments(template)
        node = self._root
        for part in parts[:-1] if greedy else parts:
            if part.startswith("{"):
                node.parameter = node.parameter or _Node()
                node = node.parameter
            else:
                node = node.literal.setdefault(part, _Node())
        methods = node.rest if greedy else node.methods
        if method in methods:
            raise ValueError(f"{method} {template} is registered twice")
        methods[method] = value
        self._methods.add(method)
        self._known.setdefault(tuple(parts), {})[method] = (value, handicap)

    def find(self, method: str, path: str) -> T | None:
        """What is registered for this method and path, or None. Never raises."""
        if path[:1] != "/":
            return None
        parts, node = segments(path), self._root
        for part in parts:  # nearly every path leads down at once: one literal or one parameter a segment
            child = node.literal.get(part)
            if child is None:
                child = node.parameter
                if child is None or node.rest or not part or "%" in part:
                    break
            elif node.parameter is not None or node.rest:
                break  # two ways
            node = child
        else:
            return node.methods.get(method if method in node.methods else method.upper())
        return _walk(self._root, parts, 0, method.upper())

    def find_methods(self, path: str) -> dict[str, T]:
        """What is registered for this path, by method."""
        if path[:1] != "/":
            return {}
        parts = segments(path)
        found: dict[str, T] = {}
        for method in sorted(self._methods):
            value = _walk(self._root, parts, 0, method)
            if value is not None:
                found[method] = value
        return found

    @staticmethod
    def parameters(template: str, path: str, *, greedy: bool = False) -> dict[str, str]:
        """The parameters of `template` in `path`, decoded once; empty where the path is not of that template."""
        wanted, given = segments(template), segments(path)
        if greedy and len(given) > len(wanted):
            given = [*given[: len(wanted) - 1], "/".join(given[len(wanted) - 1 :])]
        if len(wanted) != len(given):
            return {}
        found: dict[str, str] = {}
        for want, have in zip(wanted, given, strict=True):
            if want.startswith("{"):
                found[want[1:-1]] = unquote(have)
            elif want != have and want != unquote(have):
                return {}
        return found

    def nearest(self, method: str, path: str, limit: int) -> list[T]:
        """What is registered under the templates most like `path`, likeliest first, at most `limit`."""
        given = [unquote(part) for part in segments(path) if part]
        if not given or len(given) > _LONGEST:
            return []
        method = method.upper()
        scored: list[tuple[float, tuple[str, ...], str, T]] = []
        for template, methods in self._known.items():
            score = _likeness(template, given)
            if score < _FLOOR:
                continue
            for name, (value, handicap) in methods.items():
                other = _OTHER_METHOD if name != method else 0.0
                scored.append(((handicap if score < 1.0 else 0.0) + other - score, template, name, value))
        scored.sort(key=lambda row: row[:3])
        return [value for _, _, _, value in scored[:limit]]


def _walk(node: _Node[T], parts: list[str], at: int, method: str) -> T | None:
    if at == len(parts):
        return node.methods.get(method)
    part = parts[at]
    child = node.literal.get(part)
    if child is None and "%" in part:
        child = node.literal.get(unquote(part))
    if child is not None:
        value = _walk(child, parts, at + 1, method)
        if value is not None:
            return value
    if part:
        if node.parameter is not None:
            value = _walk(node.parameter, parts, at + 1, method)
            if value is not None:
                return value
        if node.rest:
            return node.rest.get(method)
    return None


_FLOOR = 0.6  # below that a suggestion would be a guess
_OTHER_METHOD = 0.02  # the path weighs more than the method
_LONGEST = 24  # segments; no template has half as many
_LONG = 80  # characters; no literal segment has as many


def _likeness(template: tuple[str, ...], given: list[str]) -> float:
    """How alike a template and the segments of a path are, from 0 to 1: the cheapest alignment, segment by segment."""
    columns = len(given)
    row = [float(i) for i in range(columns + 1)]
    for index, want in enumerate(template, start=1):
        above, row[0] = row[0], float(index)
        for column in range(1, columns + 1):
            change = above + _difference(want, given[column - 1])
            above = row[column]
            row[column] = min(change, above + 1.0, row[column - 1] + 1.0)
    return 1.0 - row[columns] / max(len(template), columns)


@lru_cache(maxsize=16_384)
def _difference(want: str, have: str) -> float:
    """From 0, equal, to 1, nothing in common."""
    if want == have:
        return 0.0
    if want.startswith("{"):
        return 0.05  # any value fits, and a literal that fits is the better guess
    if want.lower() == have.lower():
        return 0.05
    if _is_version(want):
        if not _is_version(have):
            return 1.0
        if (want[0] == "v") != (have[0] == "v"):
            return 0.3
        from difflib import SequenceMatcher  # late: only for paths that are none

        # v0 and v1, or two dates: the more alike, the likelier is a slip of the pen.
        return 0.25 - 0.1 * SequenceMatcher(None, want, have, autojunk=False).ratio()
    if len(have) > _LONG:
        return 1.0
    from difflib import SequenceMatcher  # late, as above

    matcher = SequenceMatcher(None, want.lower(), have.lower(), autojunk=False)
    if matcher.real_quick_ratio() <= _FLOOR or matcher.quick_ratio() <= _FLOOR:
        return 1.0
    ratio = matcher.ratio()
    return 1.0 - ratio if ratio > _FLOOR else 1.0


def _is_version(segment: str) -> bool:
    return (segment[:1] == "v" and segment[1:].isdigit()) or (
        len(segment) >= 6 and segment[:4].isdigit() and segment.count("-") >= 1 and segment.replace("-", "").isdigit()
    )
