"""A store in a SQLite file: for the processes of one machine.

One connection a process, guarded by a lock: SQLite lets one writer at a time do its work anyway. The file is in WAL
mode, so that readers and the writer do not wait for each other, and a writer waits up to five seconds for its turn. A
commit does not wait for the disk: what a power failure takes with it are the last reservations, never the file.

Once a second it is looked whether the file is still there. One that was deleted is written anew from what is still
open; one that was put in its place is taken. The log says which.

SQLite knows no fork: a child that inherits a connection, or SQLite's notes about one, shares its locks without holding
them. So the connection is closed for the moment of a fork, and parent and child each open one when they need it.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from threading import local
from weakref import WeakSet

from recoup.errors import StoreAway, StoreError
from recoup.storage.database import Row
from recoup.storage.forks import ProcessLock
from recoup.storage.schema import VERSION, bring_up
from recoup.storage.sqlite_file import Identity, identity_of, make_private, write_anew

__all__ = ["SqliteDatabase"]

_PATIENCE = 5.0  # seconds in which another process may hold the file
_REST = 1.0  # seconds after it was held for longer, in which nobody tries again
_LOOKED = 1.0  # seconds between two looks whether the file is still there
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_log = logging.getLogger("recoup.storage")
_LEFT_BEHIND: list[object] = []  # connections of a parent process, which a child must not even close


class _Connected:
    """The connection of one process."""

    def __init__(self, connection: sqlite3.Connection, file: Identity | None) -> None:
        self.pid = os.getpid()
        self.connection = connection
        self.file = file


class _Open:
    """A transaction on a connection, as `recoup.storage.schema` wants it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def run(self, statement: str, parameters: Mapping[str, object] | None = None) -> list[Row]:
        return self._connection.execute(statement, dict(parameters or {})).fetchall()


class SqliteDatabase:
    """`recoup.storage.database.Database` in a SQLite file, which is made where there is none.

    Raises StoreError where it cannot be opened, or is no store of ours.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path).expanduser()
        self.name = f"the SQLite file {self.path}"
        self._lock = ProcessLock()
        self._rests_until = 0.0
        self._look_at = 0.0
        self._connected: _Connected | None = None
        self._translated: dict[str, str] = {}
        _alive.add(self)
        with self._lock:
            try:
                self._connection()
            except sqlite3.Error as error:
                raise StoreError(
                    f"{self.name} cannot be opened as a store: {error}. Give a path in a folder that exists, on a disk "
                    "of this machine, that this user may write to"
                ) from error

    def run(self, statement: str, parameters: Mapping[str, object]) -> list[Row]:
        """See `recoup.storage.database.Database`."""
        translated = self._translated.get(statement)
        if translated is None:
            translated = self._translated[statement] = statement.replace("{now}", ":now")
        with self._lock:
            now = time.monotonic()
            if now < self._rests_until:
                raise StoreAway(f"{self.name} was locked a moment ago")  # all who queued meanwhile
            if now >= self._look_at:
                self._look_at = now + _LOOKED
                self._look()
            try:
                return self._connection().execute(translated, parameters).fetchall()
            except sqlite3.OperationalError as error:  # busy for too long, a full disk, a file that went away
                if error.sqlite_errorcode & 0xFF in _BUSY:
                    self._rests_until = time.monotonic() + _REST
                else:
                    self._drop()
                raise StoreAway(f"{self.name} cannot be used now: {error}") from error
            except sqlite3.Error as error:
                self._drop()
                raise StoreError(
                    f"{self.name} refuses: {error}. Move it away to begin with an empty one: what is lost with it are "
                    "buckets, which fill again, holds and tokens"
                ) from error

    def close(self) -> None:
        """See `recoup.storage.database.Database`."""
        with self._lock:
            self._drop()

    def _connection(self) -> sqlite3.Connection:
        known = self._connected
        if known is not None:
            if known.pid == os.getpid():
                return known.connection
            _LEFT_BEHIND.append(known)
        self._connected = _Connected(self._open(), identity_of(self.path))
        return self._connected.connection

    def _look(self) -> None:
        """See to it that what is open is what others find at this path."""
        known = self._connected
        if known is None or known.pid != os.getpid():
            return
        there = identity_of(self.path)
        if there == known.file:
            return
        if there is None:
            try:
                mine = write_anew(known.connection, self.path)
            except (OSError, sqlite3.Error) as error:
                raise StoreAway(f"{self.name} was deleted and cannot be written anew: {error}") from error
            if mine:
                _log.warning(
                    "%s was deleted while it was in use, and has been written anew with what was in it; to begin with "
                    "an empty one, end first what uses it",
                    self.name,
                )
        else:
            _log.warning("%s is another file now, and this process goes on in that one", self.name)
        self._drop()

    def _open(self) -> sqlite3.Connection:
        make_private(self.path)
        connection = sqlite3.connect(
            self.path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False, cached_statements=64
        )
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            transaction = _Open(connection)
            if not _is_current(transaction):
                connection.execute("BEGIN IMMEDIATE")
                bring_up(transaction)
                connection.execute("COMMIT")
        except StoreError as error:
            connection.close()
            raise StoreError(f"{self.name}: {error}") from error
        except BaseException:
            connection.close()
            raise
        return connection

    def _drop(self) -> None:
        known, self._connected = self._connected, None
        if known is None:
            return
        if known.pid != os.getpid():
            _LEFT_BEHIND.append(known)
            return
        with suppress(sqlite3.Error):  # it is broken, and another one will be opened
            known.connection.close()


def _is_current(transaction: _Open) -> bool:
    """Whether there is nothing to bring up, found out without keeping writers away."""
    found = transaction.run("SELECT count(*) FROM sqlite_master WHERE name = 'recoup_schema'")
    return found != [(0,)] and transaction.run("SELECT max(version) FROM recoup_schema") == [(VERSION,)]


_alive: WeakSet[SqliteDatabase] = WeakSet()
_forking = local()


def _before_fork() -> None:
    """Let the statement that is under way come to its end, and close the connection."""
    _forking.held = []
    for database in list(_alive):
        lock = database._lock  # noqa: SLF001  of this module
        if lock.acquire(_PATIENCE + _REST):  # else this very thread is at work on it: the child leaves it behind
            _forking.held.append(lock)
            database._drop()  # noqa: SLF001


def _after_fork_in_parent() -> None:
    for lock in _forking.held:
        lock.release()
    _forking.held = []


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork_in_parent)
