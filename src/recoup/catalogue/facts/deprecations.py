"""What Amazon announced to deprecate and to remove, and when. Dates slip: they are data, in deprecations.json.

"Deprecated" still works; from its removal date on an operation answers 403. There is no clock here: the caller says
which day it is.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from functools import cache
from pathlib import Path

import msgspec

from recoup.catalogue.facts.operations import Operation

__all__ = [
    "Deprecation",
    "Status",
    "deprecations",
    "of",
    "of_path",
    "other_deprecations",
    "removed_on",
    "removed_type",
    "status",
]


class Status(StrEnum):
    """How an operation stands on a day."""

    ACTIVE = "active"  # as far as is known
    DEPRECATED = "deprecated"  # works, and is to be removed
    REMOVED = "removed"  # answers 403


class Deprecation(msgspec.Struct, frozen=True, kw_only=True):
    """One announcement.

    It holds for the operations named in `operations` below the path `prefix`; for every path there where `operations`
    is empty. For what is no operation (reports, feeds, notifications, data sets) `prefix` is empty too, and `item` says
    what is meant. A date that is None was not announced. `earlier` are removal dates that slipped; `instead` is a path
    prefix or a few words.
    """

    item: str
    prefix: str = ""
    operations: tuple[str, ...] = ()
    deprecated: date | None = None
    removed: date | None = None
    earlier: tuple[date, ...] = ()
    instead: str | None = None

    def status(self, on: date) -> Status:
        """How what this is about stands on the day `on` (UTC)."""
        if self.removed is not None and on >= self.removed:
            return Status.REMOVED
        # With a removal announced and no date of deprecation, it counts as deprecated since the announcement.
        return Status.DEPRECATED if self.deprecated is None or on >= self.deprecated else Status.ACTIVE


class _Table(msgspec.Struct, frozen=True):
    basis: str
    operations: tuple[Deprecation, ...]
    others: tuple[Deprecation, ...]


@cache
def _table() -> _Table:
    return msgspec.json.decode(Path(__file__).with_name("deprecations.json").read_bytes(), type=_Table)


def deprecations() -> tuple[Deprecation, ...]:
    """Every announcement about operations."""
    return _table().operations


def other_deprecations() -> tuple[Deprecation, ...]:
    """Every announcement about reports, feeds, notifications and data sets."""
    return _table().others


def of(operation: Operation) -> Deprecation | None:
    """The announcement about `operation`, the one that is removed last where several are; None where none is known."""
    found = [
        item
        for item in _table().operations
        if operation.path.startswith(item.prefix) and (not item.operations or operation.id in item.operations)
    ]
    return max(found, key=lambda item: item.removed or date.max, default=None)


def of_path(path: str) -> Deprecation | None:
    """The announcement about every operation below the version that `path` (as sent) names.

    None where only some operations of the version are meant: ask `of` with the operation.
    """
    found = [item for item in _table().operations if not item.operations and f"{path}/".startswith(item.prefix)]
    return max(found, key=lambda item: item.removed or date.max, default=None)


def removed_on(operation: Operation) -> date | None:
    """The first day on which `operation` answers 403, past or to come; None where no removal is announced."""
    found = of(operation)
    return None if found is None else found.removed


def removed_type(name: str) -> Deprecation | None:
    """The announcement about a type of report, feed or notification by its exact name; None where none is known."""
    return next((item for item in _table().others if name in item.item.split(", ")), None)


def status(operation: Operation, on: date) -> Status:
    """How `operation` stands on the day `on` (UTC). The mark in the model counts where no date is known."""
    found = of(operation)
    if found is not None:
        return found.status(on)
    return Status.DEPRECATED if operation.deprecated else Status.ACTIVE
