"""Looking into a shared store without changing it, also while others write: what the status shows.

Nothing is created, brought up to a newer version or swept, and no key is needed.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, unquote

import msgspec

from recoup.errors import SettingsError, StoreError
from recoup.governor.hold import LOGIN, Hold
from recoup.governor.stores import BucketState
from recoup.login.keeping import Expiry, TokenState
from recoup.storage.database import Database
from recoup.storage.opening import open_store
from recoup.storage.postgres import PostgresDatabase
from recoup.storage.schema import VERSION
from recoup.storage.shared import SharedStore
from recoup.storage.sql_buckets import SqlBuckets
from recoup.storage.sql_holds import SqlHolds
from recoup.storage.sqlite import SqliteDatabase
from recoup.storage.tokens_sql import SqlTokens

__all__ = ["Overview", "is_park", "look", "open_existing", "scrubbed"]


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """What a store holds at the instant `at` (epoch seconds). `store` is its name, without a password."""

    store: str
    at: float
    buckets: Sequence[BucketState]
    holds: Sequence[Hold]
    tokens: Sequence[TokenState]
    expiries: Sequence[Expiry]


def is_park(hold: Hold) -> bool:
    """Whether somebody must act before it ends; else it is a cool-down, which ends by itself."""
    return hold.until is None or hold.key.operation == LOGIN


def look(where: str, *, now: float) -> Overview:
    """What the store at `where` (a SQLite file, or a `postgresql://…` URL) holds.

    Raises StoreError where there is none, where it is of another version, or where it cannot be reached; SettingsError
    for a name that is none. No text of theirs holds a password.
    """
    kind, name = _kind(where)
    try:
        database: Database = _PostgresLook(name) if kind == "postgresql" else _SqliteLook(name)
        try:
            return Overview(
                store=database.name,
                at=now,
                buckets=SqlBuckets(database).buckets(now=now),
                holds=SqlHolds(database).holds(now=now),
                tokens=SqlTokens(database, None).states(now=now),
                expiries=SqlTokens(database, None).expiries(),
            )
        finally:
            database.close()
    except StoreError as error:
        raise type(error)(scrubbed(str(error), where)) from None


def open_existing(where: str) -> SharedStore:
    """The store at `where`, to be changed, if there is one. Raises as `look` does."""
    kind, name = _kind(where)
    try:
        looked: Database = _PostgresLook(name) if kind == "postgresql" else _SqliteLook(name)
        looked.close()
        store = open_store(where)
    except StoreError as error:
        raise type(error)(scrubbed(str(error), where)) from None
    if not isinstance(store, SharedStore):
        raise SettingsError(f"{where!r} is no store that lasts")
    return store


def scrubbed(text: str, where: str) -> str:
    """`text` without the password that `where`, a URL, may hold: drivers repeat parts of what they cannot read."""
    found = re.match(r"[A-Za-z][A-Za-z0-9+.\-]*://[^/?#]*?:(?P<password>.+)@", where, re.DOTALL)
    # A password with an @ in it that was not encoded ends at the first one for some, and at the last one for others.
    secrets = [found["password"], *found["password"].split("@")] if found is not None else []
    secrets += re.findall(r"[?&](?:password|sslpassword)=([^&#]*)", where)
    for secret in sorted({each for raw in secrets for each in (raw, unquote(raw)) if each}, key=len, reverse=True):
        text = text.replace(secret, "<redacted>")
    return text


def _kind(where: str) -> tuple[str, str]:
    scheme, found, rest = where.partition("://")
    if not where.strip() or where == "memory":
        raise SettingsError(
            "the store must be one that lasts: give the path of a SQLite file, or a postgresql:// URL; a store in "
            "memory can be seen by its own process only"
        )
    if not found:
        return "sqlite", where
    if scheme == "sqlite":
        return "sqlite", rest.removeprefix("/")
    if scheme in ("postgresql", "postgres"):
        return "postgresql", where
    raise SettingsError(
        f"a store cannot be opened at {scheme}://…; give the path of a SQLite file, or a postgresql:// URL"
    )


def _checked(version: object, name: str) -> None:
    if not isinstance(version, int):
        raise StoreError(f"{name} is no store of recoup; give the one that recoup.open_store was given")
    if version > VERSION:
        raise StoreError(
            f"{name} is of schema version {version}, and this recoup knows versions up to {VERSION}: a newer recoup "
            "has used it. Use that one here too"
        )
    if version < VERSION:
        raise StoreError(
            f"{name} is of schema version {version}, and this recoup reads version {VERSION}: the next program that "
            "opens it with recoup.open_store brings it up"
        )


class _SqliteLook(SqliteDatabase):
    """A SQLite file, opened for reading only. Raises StoreError where there is no such file, and makes none."""

    def _open(self) -> sqlite3.Connection:
        if not self.path.is_file():
            raise StoreError(f"there is no file {self.path}; give the one that recoup.open_store was given")
        try:
            connection = sqlite3.connect(
                f"file:{quote(str(self.path))}?mode=ro",
                uri=True,
                timeout=5.0,
                isolation_level=None,
                check_same_thread=False,
            )
        except sqlite3.Error as error:
            raise StoreError(f"{self.name} cannot be read: {error}") from error
        try:
            rows = connection.execute("SELECT name FROM sqlite_master WHERE name = 'recoup_schema'").fetchall()
            version = connection.execute("SELECT max(version) FROM recoup_schema").fetchone()[0] if rows else None
            _checked(version, self.name)
        except sqlite3.Error as error:
            connection.close()
            raise StoreError(
                f"{self.name} cannot be read: {error}. Give a store of recoup, in a folder that this user may write to "
                "(SQLite keeps its locks there)"
            ) from error
        except StoreError:
            connection.close()
            raise
        return connection


class _PostgresLook(PostgresDatabase):
    """A PostgreSQL database, in transactions that cannot write."""

    def _open(self) -> Any:
        connection = self._psycopg.connect(autocommit=True, **self._how)
        try:
            connection.execute("SET default_transaction_read_only = on")
            there = connection.execute("SELECT to_regclass('recoup_schema')").fetchone()
            version = None
            if there is not None and there[0] is not None:
                version = connection.execute("SELECT max(version) FROM recoup_schema").fetchone()[0]
            _checked(version, self.name)
        except BaseException:
            connection.close()
            raise
        return connection
