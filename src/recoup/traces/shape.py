"""How one log's lines look: learned from its first ones, and compiled to a decoder of just what is needed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from operator import attrgetter
from typing import Annotated, Any, Self

import msgspec

from recoup.traces.fields import Fields, held
from recoup.traces.values import status_of

__all__ = ["Shape"]

_QUICK = ("status", "method", "url", "time", "seller", "operation", "event")
_SAMPLE = 200  # lines
_ABSENT = "absent"
_Instant = Annotated[datetime, msgspec.Meta(tz=True)]
_UNFIT = re.compile(r"[\\\"\x00-\x1f]")

_Keys = tuple[str, ...]  # the keys that lead to a value, from the outermost


class Shape:
    """`decode` makes a value of a line; `pick` takes from it status, method, address, instant, seller, operation
    and event, None for what is not there. Both raise for a line of another shape.
    """

    def __init__(self, places: Mapping[str, _Keys], *, instants: bool = False) -> None:
        tree: dict[str, Any] = {}
        picks = dict.fromkeys(_QUICK, _ABSENT)
        for part, keys in places.items():
            node = tree
            for key in keys[:-1]:
                node = node.setdefault(key, {})
            node.setdefault(keys[-1], {})
            picks[part] = ".".join(_attribute(key) for key in keys)
            if part == "time" and instants:
                node[keys[-1]] = _Instant
        self.decode: Callable[[bytes], Any] = msgspec.json.Decoder(_struct(tree)).decode
        self.pick: Callable[[Any], tuple[Any, ...]] = attrgetter(*(picks[part] for part in _QUICK))

    @classmethod
    def learned(cls, sample: bytes, fields: Fields) -> Self | None:
        """The shape of most of the lines in `sample`; None where no line of it tells a status."""
        seen: Counter[tuple[tuple[str, _Keys], ...]] = Counter()
        lines = sample.split(b"\n")[:_SAMPLE]
        for line in lines:
            places = _places(line, fields)
            if places:
                seen[places] += 1
        if not seen:
            return None
        usual = dict(seen.most_common(1)[0][0])
        if "time" not in usual:
            return cls(usual)
        times = [time for line in lines if (time := _at(line, usual["time"])) is not None]
        return cls(usual, instants=all(map(_is_instant, times)))


def _at(line: bytes, keys: _Keys) -> Any:
    try:
        value = msgspec.json.decode(line)
        for key in keys:
            value = value[key]
    except (msgspec.DecodeError, RecursionError, UnicodeError, LookupError, TypeError):
        return None
    return value


def _is_instant(value: Any) -> bool:
    try:
        msgspec.convert(value, _Instant)
    except msgspec.ValidationError:
        return False
    return isinstance(value, str)


def _attribute(key: str) -> str:
    return "n" + key.encode("utf-8", "replace").hex()


def _struct(tree: dict[str, Any]) -> type[msgspec.Struct]:
    fields: list[tuple[str, Any, Any]] = [(_ABSENT, Any, None)]
    names = {_ABSENT: "(absent)"}
    for key, below in tree.items():
        attribute = _attribute(key)
        names[attribute] = key
        if below is _Instant:
            fields.append((attribute, _Instant, None))
        else:
            fields.append((attribute, _struct(below) | None if below else Any, None))
    return msgspec.defstruct("Line", fields, rename=names, frozen=True, gc=False)


def _places(line: bytes, fields: Fields) -> tuple[tuple[str, _Keys], ...]:
    """Where each part stands in this line; nothing without a status."""
    try:
        record = msgspec.json.decode(line)
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        return ()
    if not isinstance(record, dict):
        return ()
    found: list[tuple[str, _Keys]] = []
    for part in _QUICK:
        for place in ("event",) if part == "event" else fields[part]:
            value = held(record, place)
            if value is None or value == "" or isinstance(value, dict | list):
                continue
            if part == "status" and not status_of(value):
                continue
            if part in ("url", "method", "event") and not isinstance(value, str):
                continue
            keys = _keys(record, place)
            if any(_UNFIT.search(key) for key in keys):  # for a name of a field in msgspec; such lines are read whole
                continue
            found.append((part, keys))
            break
        if not found:
            return ()
    return tuple(found)


def _keys(record: Mapping[str, Any], place: str) -> _Keys:
    """The keys by which `held` finds a value."""
    keys: list[str] = []
    value: Any = record
    rest = place
    while rest not in value:
        name, _, rest = rest.partition(".")
        keys.append(name)
        value = value[name]
    return (*keys, rest)
