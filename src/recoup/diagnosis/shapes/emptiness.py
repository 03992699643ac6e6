"""An answer with nothing in it: a list without elements, a payload that is null.

By itself that is an answer like any other. Only where a person shows it in words of their own is it taken for what they
ask about.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

__all__ = ["MISSING_DATA", "empty_answer"]

MISSING_DATA = "other-missing-data-empty"


def empty_answer(values: Iterable[Any], *, answered: bool) -> str | None:
    """What is empty in the first object of `values` that is an answer without data, in words; None where none is.

    `answered` says that the text tells of a status below 300; else an object counts only where it has a payload: a
    request can have empty lists too.
    """
    for value in values:
        if not isinstance(value, dict) or not (answered or "payload" in value):
            continue
        if "payload" in value and not value["payload"]:
            return "the payload is empty"
        inner = value.get("payload", value)
        if isinstance(inner, dict) and not any(isinstance(part, list | dict) and part for part in inner.values()):
            name = next((str(key) for key, part in inner.items() if isinstance(part, list)), None)
            if name is not None:
                return f"{name[:80]} is an empty list"
    return None
