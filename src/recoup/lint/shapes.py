"""What the parameters and the body of an operation look like: required fields, kinds, limits, values.

shapes.json holds it for the operations that Amazon's Swagger files describe, derived by `recoup.lint.shaping`; a newer
set of these files may be given in its place. For a route that no model describes nothing is known, and nothing is said.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Protocol

import msgspec

from recoup.catalogue.facts.operations import Operation

__all__ = ["Asked", "Describes", "Shape", "Shapes", "shapes"]


class Shape(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one value looks like.

    `ref` names a definition of the same model, which then says everything. `least` and `most` limit the number itself,
    the length of a text or the count of a list; `values` are those that the model knows. `date`: `date` or `date-time`.
    """

    ref: str = ""
    kind: str = ""
    required: tuple[str, ...] = ()
    fields: dict[str, Shape] = {}
    items: Shape | None = None
    least: float | None = None
    most: float | None = None
    values: tuple[str, ...] = ()
    date: str = ""
    open: bool = False  # takes fields of any name


class Asked(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an operation asks for: by name the parameters of query and path, and the body where it takes one."""

    model: str
    query: dict[str, Shape] = {}
    path: dict[str, Shape] = {}
    body: Shape | None = None
    body_required: bool = False


class Describes(Protocol):
    """Whoever knows what operations ask for."""

    def of(self, operation: Operation) -> Asked | None:
        """What that operation asks for; None where it is not known."""

    def resolved(self, asked: Asked, shape: Shape) -> Shape:
        """The shape itself, where a reference stands for it."""


class Shapes(msgspec.Struct, frozen=True):
    """All of them: `operations` by `METHOD path`, `definitions` by model and name."""

    operations: dict[str, Asked]
    definitions: dict[str, dict[str, Shape]]

    def of(self, operation: Operation) -> Asked | None:
        """What that operation asks for; None where no model describes it."""
        return self.operations.get(f"{operation.method} {operation.path}")

    def resolved(self, asked: Asked, shape: Shape) -> Shape:
        """The shape itself, where a reference stands for it."""
        known: Mapping[str, Shape] = self.definitions.get(asked.model, {})
        for _ in range(20):
            if not shape.ref:
                break
            shape = known.get(shape.ref, Shape())
        return shape


@cache
def shapes() -> Shapes:
    """Those that come with recoup, read on first use and kept."""
    return msgspec.json.decode(Path(__file__).with_name("shapes.json").read_bytes(), type=Shapes)
