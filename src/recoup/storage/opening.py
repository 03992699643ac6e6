"""Opening a store by its name: a file, a PostgreSQL URL, or memory."""

from __future__ import annotations

import os
import time

from recoup.errors import SettingsError
from recoup.storage.database import Database
from recoup.storage.memory import MemoryStore
from recoup.storage.sealing import Seal
from recoup.storage.shared import SharedStore
from recoup.storage.sqlite import SqliteDatabase

__all__ = ["open_store"]

_SWEPT_AFTER = 7 * 86_400.0  # seconds: buckets that nobody asked for in so long are forgotten


def open_store(
    where: str | os.PathLike[str] | None = None, *, key: str | bytes | None = None
) -> MemoryStore | SharedStore:
    """The store at `where`, made where there is none, its tables brought up to this version.

    `where` is the path of a SQLite file (`sqlite:///path` too), a `postgresql://…` URL, or None or "memory" for one
    that ends with the process. With a `key` (32 bytes, or a passphrase) access tokens are kept in it, sealed; without
    one they are not. Close it, or use it in a `with` statement.

    Raises StoreError where it cannot be opened, and SettingsError for a name or a key that is none.
    """
    if where is None or where == "memory":
        return MemoryStore()
    text = _name(where)
    seal = None if key is None else Seal(key)
    store = SharedStore(_database(text), seal)
    store.sweep(now=time.time(), age=_SWEPT_AFTER)
    return store


def _name(where: object) -> str:
    text = os.fspath(where) if isinstance(where, str | os.PathLike) else None
    if not isinstance(text, str) or not text.strip() or "\0" in text:
        raise SettingsError("the store has no name; give a path such as recoup.db, a postgresql:// URL, or memory")
    return text


def _database(name: str) -> Database:
    scheme, found, rest = name.partition("://")
    if not found or scheme == "sqlite":
        return SqliteDatabase(rest.removeprefix("/") if found else name)
    if scheme in ("postgresql", "postgres"):
        from recoup.storage.postgres import PostgresDatabase  # imports the driver: only who needs it pays for it

        return PostgresDatabase(name)
    raise SettingsError(
        f"a store cannot be opened at {scheme}://…; give the path of a SQLite file, a postgresql:// URL, or memory"
    )
