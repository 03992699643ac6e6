"""The seam between the tables and whoever holds them: SQLite or PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

__all__ = ["Database", "Row"]

Row = tuple[Any, ...]


class Database(Protocol):
    """Carries out statements of the subset of SQL that SQLite and PostgreSQL share, each one atomic and committed.

    Parameters are `:named`. `{now}` in a statement is the store's clock in epoch seconds: PostgreSQL's own, or the
    parameter `now`, which belongs to every statement that says it. Safe to use from any thread, and after a fork: every
    process has a connection of its own.
    """

    name: str
    """What it is and where, without a password, for messages."""

    def run(self, statement: str, parameters: Mapping[str, object]) -> list[Row]:
        """The rows of one statement. A connection that broke is opened anew, and the statement carried out once more.

        Raises StoreAway where the store cannot be reached, StoreError where it refuses.
        """

    def close(self) -> None:
        """Close the connection of this process. Whoever goes on gets another one."""
