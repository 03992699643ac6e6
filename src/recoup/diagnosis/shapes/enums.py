"""Values that are newer than the model: a success in which a generated client would read null."""

from __future__ import annotations

import msgspec

from recoup.catalogue.facts.enums import known_values, newer_values
from recoup.catalogue.facts.operations import Operation
from recoup.diagnosis.literals import parse_json

__all__ = ["NULL_ENUM", "UnknownValue", "unknown_values"]

NULL_ENUM = "null-enum"
MAX_BYTES = 4 * 1024 * 1024


class UnknownValue(msgspec.Struct, frozen=True):
    """The first field whose value no model lists, and how many there are."""

    field: str
    value: str
    count: int

    @property
    def parameters(self) -> dict[str, str]:
        """The field and the value, by name."""
        return {"field": self.field, "value": self.value}

    @property
    def text(self) -> str:
        """One sentence for a person."""
        more = f", and {self.count - 1} more like it" if self.count > 1 else ""
        return f"{self.field} has the value {self.value!r}, which the model of this operation does not list{more}"


def unknown_values(operation: Operation, body: bytes) -> UnknownValue | None:
    """The value in `body` that the model of `operation` does not know, or None."""
    if not known_values(operation) or len(body) > MAX_BYTES:
        return None
    whole, value = parse_json(body)
    if not whole:
        return None
    found = newer_values(operation, value)
    if not found:
        return None
    return UnknownValue(found[0].place, found[0].value[:200], len(found))
