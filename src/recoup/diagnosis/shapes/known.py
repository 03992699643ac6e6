"""A quick proof that a success holds no value that is newer than its model: types that admit the known values alone.

Decoding a body to such a type takes a few microseconds and makes no objects of what is not looked at. Whatever does not
fit (a new value, another form of body) is left to the full reading in `shapes.enums`, so nothing is missed for being
unusual.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from operator import or_
from typing import Any, Literal

import msgspec

from recoup.catalogue.facts.enums import known_values
from recoup.catalogue.facts.operations import Operation
from recoup.diagnosis.shapes.enums import MAX_BYTES

__all__ = ["Proof", "proof_for"]

Proof = Callable[[bytes | str], bool]
"""Says of a body (JSON, as bytes or text) that surely no value in it is newer than the model."""


def proof_for(operation: Operation) -> Proof | None:
    """The proof for the successes of `operation`; None where no values of it are known, and nothing can be new."""
    places = known_values(operation)
    if not places:
        return None
    found = _proofs.get(operation.key)
    if found is None:
        found = _proofs[operation.key] = _made(places)
    return found


_proofs: dict[tuple[str, ...], Proof] = {}


def _made(places: Mapping[str, frozenset[str]]) -> Proof:
    root = _Node()
    for place, values in places.items():
        root.add([step for step in place.replace("[]", ".[]").split(".") if step], values)
    decode = msgspec.json.Decoder(root.type).decode

    def proved(body: bytes | str) -> bool:
        if len(body) > MAX_BYTES:
            return False
        try:
            decode(body)
        except (msgspec.ValidationError, RecursionError):
            return False
        except (msgspec.DecodeError, UnicodeError):
            return True  # what is no JSON holds no values
        return True

    return proved


class _Node:
    """What may stand at one place of a body."""

    def __init__(self) -> None:
        self._values: frozenset[str] | None = None
        self._below: dict[str, _Node] = {}

    def add(self, steps: list[str], values: frozenset[str]) -> None:
        """The values of the field to which `steps` lead from here."""
        if steps:
            self._below.setdefault(steps[0], _Node()).add(steps[1:], values)
        else:
            self._values = values

    @property
    def type(self) -> Any:
        """A type that admits of the known values, of null, and of nothing below that is not known."""
        kinds: list[Any] = []
        if self._values is not None:
            kinds += [Literal[tuple(sorted(self._values))], bool, int, float]  # what is no text is no new value
        below = dict(self._below)
        items, others = below.pop("[]", None), below.pop("*", None)
        if items is not None:
            kinds.append(list[items.type])  # type: ignore[name-defined]  # made here
        if others is not None:
            kinds.append(dict[str, others.type])  # type: ignore[name-defined]
        elif below:
            fields = [(f"n{number}", node.type, None) for number, node in enumerate(below.values())]
            names = {f"n{number}": key for number, key in enumerate(below)}
            kinds.append(msgspec.defstruct("Object", fields, rename=names, gc=False))
        return reduce(or_, kinds, None)
