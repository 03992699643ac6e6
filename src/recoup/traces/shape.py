"""How one log's lines look: learned from some of them, and compiled to a decoder of just what is needed.

The decoder takes a line only where reading it with care would find the same: all its keys are known, each part of the
exchange stands where it usually does, and nothing stands where the part would be looked for before. Every other line
raises, and is read with care. So what a shape says of a line is never a guess.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import reduce
from operator import attrgetter, or_
from typing import Annotated, Any, Literal, Self

import msgspec

from recoup.traces.fields import Fields, held
from recoup.traces.record import INNER, NO_EXCHANGES
from recoup.traces.values import status_of

__all__ = ["Shape"]

_WHERE = ("status", "method", "url")  # lines that have these in the same places are of one shape
_PARTS = (*_WHERE, "time", "seller", "operation", "response_body")  # of the table of fields
_OF_FAILURES = ("response_headers", "request_id", "request_headers", "request_body", "query")
_ABSENT = "absent"
_UNFIT = re.compile(r"[\\\"\x00-\x1f]")
_MOST_KEYS = 200
_MOST_WORDS = 30
_Instant = Annotated[datetime, msgspec.Meta(tz=True)]
_Text = Annotated[str, msgspec.Meta(min_length=1)]
_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
_Place = tuple[str, int, str]  # a part, the rank of the place among those of the part, the rest of the place


_Pick = Callable[[Any], tuple[Any, ...]]


class Shape:
    """`decode` makes a value of a line; `pick` takes from it status, method, address, instant, seller, operation and
    body (as it stands), None for what is not there; `texts` the texts in which another record could stand, or a word
    that this is no exchange. All raise for a line of another shape.

    `answered` takes what may be header fields of the answer, `named` what may be a request id, `asked` what may be more
    of the request than its address: each as it stands in the line, None for what is not there.
    """

    def __init__(self, plan: _Plan, where: tuple[str | None, ...]) -> None:
        self.where = where
        """Where status, method and address stand."""
        self.body = plan.picks.get("response_body", "")
        """Where the body stands, as a path that is of use for comparing only."""
        self.instants = plan.instants
        """Whether instants are given as such, and not as they stand there."""
        line = plan.root.type
        self.decode: Callable[[bytes], Any] = msgspec.json.Decoder(line).decode
        paths = {part: plan.picks.get(part, _ABSENT) for part in _PARTS}
        self.pick: _Pick = attrgetter(*paths.values())
        self.flat = not any("." in path for path in paths.values())
        """Whether all parts stand in the line itself, so that they are attributes of its value by their own names."""
        if self.flat:
            for part, path in paths.items():
                setattr(line, part, getattr(line, path))  # its slot, under one more name
        self.texts: _Pick | None = attrgetter(*plan.texts, _ABSENT) if plan.texts else None
        self.asks = any(plan.others[part] for part in _OF_FAILURES[2:])
        """Whether such lines can say more of the request than its address."""
        self.answered, self.named, self.asked = (
            attrgetter(*(path for part in parts for path in plan.others.get(part, ())), _ABSENT, _ABSENT)
            for parts in (_OF_FAILURES[:1], _OF_FAILURES[1:2], _OF_FAILURES[2:])
        )

    @classmethod
    def learned(cls, lines: Iterable[bytes], fields: Fields, more: Iterable[bytes] = ()) -> Self | None:
        """The shape of most of `lines`, and of those of `more` that keep status, method and address where they do.
        None where no line tells a status, or they are too odd to have a shape.
        """
        seen = _by_place(lines, fields)
        if not seen:
            return None
        where = max(seen, key=lambda each: len(seen[each]))
        records = _by_place(more, fields).get(where, []) + seen[where]
        try:
            return cls(_Plan(records, fields), where)
        except _UnfitError:
            return None


def _by_place(lines: Iterable[bytes], fields: Fields) -> dict[tuple[str | None, ...], list[dict[str, Any]]]:
    seen: dict[tuple[str | None, ...], list[dict[str, Any]]] = {}
    for line in lines:
        record = _object(line)
        if record is None:
            continue
        where = tuple(_place(record, part, fields) for part in _WHERE)
        if where[0] is not None:
            seen.setdefault(where, []).append(record)
    return seen


class _UnfitError(Exception):
    """These lines have no shape that could be trusted."""


class _Spot:
    """A place of a part that exists in these lines: where it stands, its rank among the places, what was seen there."""

    def __init__(self, node: _Node, key: str, rank: int, values: list[Any]) -> None:
        self.node, self.key, self.rank, self.values = node, key, rank, values

    @property
    def path(self) -> str:
        return self.node.prefix + _attribute(self.key)

    def limit(self, kind: Any, *, required: bool = False) -> None:
        """Lines in which something else stands here are of another shape."""
        self.node.types[self.key] = kind
        if required:
            self.node.required.add(self.key)


class _Node:
    """An object of the line as far as it matters: its keys in their order, and the type of each."""

    def __init__(
        self, objects: list[dict[str, Any]], places: list[_Place], spots: dict[str, list[_Spot]], prefix: str = ""
    ) -> None:
        self.prefix = prefix
        self.types: dict[str, Any] = {}
        self.below: dict[str, _Node] = {}
        self.required: set[str] = set()
        self.bodies: list[_Node] = []  # below `response`: a body, unless its keys tell that it has one
        keys = [key for key in dict.fromkeys(key for each in objects for key in each) if not _UNFIT.search(key)]
        if len(keys) > _MOST_KEYS:
            raise _UnfitError
        for key in keys:
            values = [each[key] for each in objects if key in each]
            whole = [(part, rank) for part, rank, rest in places if rest == key]
            inner = [(part, rank, rest[len(key) + 1 :]) for part, rank, rest in places if rest.startswith(f"{key}.")]
            nested = [value for value in values if isinstance(value, dict)] if inner else []
            if len({part for part, _ in whole if part in _PARTS}) > 1:
                raise _UnfitError
            if nested:
                self.below[key] = below = _Node(nested, inner, spots, f"{prefix}{_attribute(key)}.")
                self.types[key] = None
                self.bodies += below.bodies
                if any(part in _PARTS for part, _ in whole):
                    self.bodies.append(below)
                continue
            self.types[key] = _kinds(values, but=dict) if inner else msgspec.Raw
            for part, rank in whole:
                spots.setdefault(part, []).append(_Spot(self, key, rank, values))

    @property
    def type(self) -> Any:
        """The type to which such an object is decoded."""
        fields: list[Any] = [(_ABSENT, None, None)]
        names = {_ABSENT: "(absent)"}
        for key, kind in self.types.items():
            name = _attribute(key)
            names[name] = key
            if key in self.below:
                kind = self.below[key].type | None
            fields.append((name, kind) if key in self.required else (name, kind, None))
        return msgspec.defstruct(
            "Line", fields, rename=names, frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True
        )


class _Plan:
    """The tree of the lines, the paths of the parts in it, and those of the texts that could hold another record."""

    def __init__(self, records: list[dict[str, Any]], fields: Fields) -> None:
        spots: dict[str, list[_Spot]] = {}
        places = [(part, rank, place) for part in (*_PARTS, *_OF_FAILURES) for rank, place in enumerate(fields[part])]
        self.root = root = _Node(records, places, spots)
        self.picks: dict[str, str] = {}
        self.others = {part: [spot.path for spot in spots.get(part, ())] for part in _OF_FAILURES}
        self.instants = True
        told: _Node | None = None
        for part in _PARTS:
            known = spots.get(part, [])
            if len({spot.rank for spot in known}) < len(known):
                raise _UnfitError  # one place, written in two ways
            usual = _usual(part, known, records, fields)
            if usual is not None:
                self.picks[part] = usual.path
                if part == "time":
                    self.instants = all(_is_instant(value) for value in usual.values if value not in (None, ""))
            _limit(part, known, usual)
            if part == "status" and usual is not None and usual.key.startswith("status"):
                told = usual.node  # its keys say that it has a body, and is none
        if ("url" in self.picks) is not ("method" in self.picks):
            raise _UnfitError
        if "status" not in self.picks or any(body is not told for body in root.bodies):
            raise _UnfitError
        if "url" not in self.picks and "request" in root.types and "request" not in root.below:
            root.types["request"] = _kinds([each.get("request") for each in records], but=str)
        if "fault" in root.types:
            root.types["fault"] = None  # what recoup itself made of an answer
        self.texts: list[str] = []
        for name in (*INNER, "event"):
            if name in root.types and name not in root.below:
                self._limit_texts(name, [each.get(name) for each in records])

    def _limit_texts(self, name: str, values: list[Any]) -> None:
        """What a message or an event may be: one of the usual words, or a text that is looked at in each line."""
        words = {value for value in values if isinstance(value, str)}
        plain = {word for word in words if word not in NO_EXCHANGES and "{" not in word}
        kinds = _kinds(values, but=str)
        if len(plain) > _MOST_WORDS:
            self.texts.append(_attribute(name))
            kinds = _union([kinds, str])
        elif plain:
            kinds = _union([kinds, Literal[tuple(sorted(plain))]])
        self.root.types[name] = kinds


def _usual(part: str, known: list[_Spot], records: list[dict[str, Any]], fields: Fields) -> _Spot | None:
    """Where the part stands in most lines; None where it stands in none."""
    if not known:
        return None
    if part == "response_body":
        usual = max(known, key=lambda spot: sum(value is not None and value != "" for value in spot.values))
        return usual if any(value is not None and value != "" for value in usual.values) else None
    places = Counter(_place(record, part, fields) for record in records)
    del places[None]
    if not places:
        return None
    rank = fields[part].index(places.most_common(1)[0][0] or "")
    return next((spot for spot in known if spot.rank == rank), None)


def _limit(part: str, known: list[_Spot], usual: _Spot | None) -> None:
    """What may stand in the places of a part, so that nothing but the usual one holds it."""
    required = part in _WHERE
    for spot in known:
        if spot is usual:
            continue
        if usual is None or spot.rank < usual.rank or part == "response_body":
            spot.limit(_nothing(part, spot.values))
        elif any(_holds(part, value) for value in spot.values):
            required = True  # for this would be taken where the usual one is empty
        else:
            spot.limit(_nothing(part, spot.values))
    if usual is not None:
        usual.limit(_type_of(part, usual.values, required=required), required=required)


def _type_of(part: str, values: list[Any], *, required: bool) -> Any:
    found = [value for value in values if value is not None and value != ""]
    texts = all(isinstance(value, str) for value in found)
    if part == "response_body":
        return msgspec.Raw
    if part == "status":
        return str if texts else int
    if part in _WHERE:
        return _Text
    if part == "time" and all(map(_is_instant, found)):
        kind: Any = _Instant
    elif part == "operation" or (part == "seller" and texts):
        kind = _Name
    else:
        kind = _Text | int | float
    return kind if required else kind | None


def _nothing(part: str, values: list[Any]) -> Any:
    """A type that admits of such values only what careful reading passes over."""
    if part == "url":
        return _kinds(values, but=str)
    if part != "status":
        return None
    words = {value for value in values if isinstance(value, str) and status_of(value) is None}
    kinds = {type(value) for value in values if isinstance(value, bool | dict | list)}
    return _union([*kinds, *([Literal[tuple(sorted(words))]] if 0 < len(words) <= _MOST_WORDS else [])])


def _kinds(values: list[Any], *, but: type | None = None) -> Any:
    return _union({type(value) for value in values if value is not None} - {but})


def _union(kinds: Iterable[Any]) -> Any:
    return reduce(or_, (kind for kind in kinds if kind is not None), None)


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        record = msgspec.json.decode(line)
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        return None
    return record if isinstance(record, dict) else None


def _place(record: Mapping[str, Any], part: str, fields: Fields) -> str | None:
    """Where careful reading finds the part in this record."""
    return next((place for place in fields[part] if _holds(part, held(record, place))), None)


def _holds(part: str, value: Any) -> bool:
    """Whether careful reading takes this value for the part."""
    if part == "status":
        return status_of(value) is not None
    if part == "url":
        return isinstance(value, str) and value != ""
    return value is not None and value != ""


def _is_instant(value: Any) -> bool:
    try:
        msgspec.convert(value, _Instant)
    except msgspec.ValidationError:
        return False
    return isinstance(value, str)


def _attribute(key: str) -> str:
    return "n" + key.encode("utf-8", "replace").hex()
