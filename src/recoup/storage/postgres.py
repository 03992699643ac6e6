"""A store in PostgreSQL: for the processes of many machines. Its clock is the only one that counts.

One connection a process, guarded by a lock, not a pool: a reservation takes a tenth of a millisecond, so that one
connection serves thousands a second, and a hundred processes cost the server a hundred connections and not a thousand.

A commit does not wait for the server's disk. Should the server fail, the last half second of places, holds and tokens
is lost, and nothing is damaged: places are over by then, and what was held or fetched is found out once more.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Generator, Mapping
from contextlib import suppress
from functools import cache
from typing import Any

from recoup.errors import StoreAway, StoreError
from recoup.storage.database import Row
from recoup.storage.forks import ProcessLock
from recoup.storage.schema import VERSION, bring_up

__all__ = ["PostgresDatabase"]

_PATIENCE = 5  # seconds for a connection, and for one statement
_REST = 1.0  # seconds after a connection that could not be made, in which nobody tries again
_NOW = "extract(epoch FROM clock_timestamp())::double precision"
_MIGRATING = 7_202_117_263_549_871  # the advisory lock of whoever brings the tables up: a number of ours
_PARAMETER = re.compile(r"(?<!:):([a-z_]+)")
_EXAMPLE = "postgresql://user@host/name"
_DEFAULTS = {  # what the URL says wins
    "connect_timeout": _PATIENCE,
    "options": f"-c statement_timeout={_PATIENCE}s -c synchronous_commit=off",
    "fallback_application_name": "recoup",
    "keepalives_idle": 30,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,  # milliseconds; else a statement into a cut line waits for a quarter of an hour
}
_LEFT_BEHIND: list[object] = []  # connections of a parent process: closing them here would end them there


class _Open:
    """A transaction on a connection, as `recoup.storage.schema` wants it."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def run(self, statement: str, parameters: Mapping[str, object] | None = None) -> list[Row]:
        return _rows(self._connection.execute(_translated(statement), dict(parameters or {})))


class PostgresDatabase:
    """`recoup.storage.database.Database` in the PostgreSQL database that `url` names.

    Raises StoreError where the driver is not installed or the database cannot be opened.
    """

    def __init__(self, url: str) -> None:
        try:
            import psycopg
        except ImportError as error:
            raise StoreError(
                "PostgreSQL needs its driver, which is not installed: pip install 'recoup[postgres]'"
            ) from error
        self._psycopg = psycopg
        try:
            self._how: dict[str, Any] = {**_DEFAULTS, **psycopg.conninfo.conninfo_to_dict(url)}
        except psycopg.Error as error:
            raise StoreError(f"the store's URL cannot be read; give one as in {_EXAMPLE}") from error
        self.name = _named(self._how)
        self._lock = ProcessLock()
        self._pid = os.getpid()
        self._connected: Any = None
        self._rests_until = 0.0
        self._translated: dict[str, str] = {}
        with self._lock:
            try:
                self._connection()
            except psycopg.Error as error:
                raise StoreError(
                    f"{self.name} cannot be opened as a store: {_said(error)}. Give the URL of a database that runs "
                    f"and whose user may create tables, as in {_EXAMPLE}"
                ) from error

    def run(self, statement: str, parameters: Mapping[str, object]) -> list[Row]:
        """See `recoup.storage.database.Database`."""
        translated = self._translated.get(statement)
        if translated is None:
            translated = self._translated[statement] = _translated(statement)
        psycopg = self._psycopg
        with self._lock:
            self._leave_the_parents()
            while True:
                anew = self._connected is None
                if anew and time.monotonic() < self._rests_until:
                    raise StoreAway(f"{self.name} could not be reached a moment ago")  # all who queued meanwhile
                try:
                    return _rows(self._connection().execute(translated, parameters))
                except (psycopg.OperationalError, psycopg.InterfaceError) as error:
                    self._drop()
                    if anew:
                        self._rests_until = time.monotonic() + _REST
                        raise StoreAway(f"{self.name} cannot be reached now: {_said(error)}") from error
                except psycopg.Error as error:
                    self._drop()
                    raise StoreError(f"{self.name} refuses: {_said(error)}") from error

    def close(self) -> None:
        """See `recoup.storage.database.Database`."""
        with self._lock:
            self._leave_the_parents()
            self._drop()

    def _leave_the_parents(self) -> None:
        """After a fork: the connection belongs to the parent process, and this one makes its own."""
        if self._pid != os.getpid():
            self._pid = os.getpid()
            _LEFT_BEHIND.append(self._connected)
            self._connected = None

    def _connection(self) -> Any:
        if self._connected is None:
            self._connected = self._open()
        return self._connected

    def _open(self) -> Any:
        connection = _patient(self._psycopg).connect(autocommit=True, **self._how)
        try:
            transaction = _Open(connection)
            if not _is_current(transaction):
                with connection.transaction():
                    connection.execute("SELECT pg_advisory_xact_lock(%s)", (_MIGRATING,))
                    bring_up(transaction)
        except StoreError as error:
            connection.close()
            raise StoreError(f"{self.name}: {error}") from error
        except BaseException:
            connection.close()
            raise
        return connection

    def _drop(self) -> None:
        known, self._connected = self._connected, None
        if known is not None:
            with suppress(self._psycopg.Error):  # it is broken, and another one will be opened
                known.close()


@cache
def _patient(psycopg: Any) -> Any:
    """psycopg's connection, which waits for a server that does not answer at all no longer than for a slow one."""

    def limited(waiting: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
        ends = time.monotonic() + _PATIENCE + _REST  # the server's own limit comes first
        try:
            state = next(waiting)
            while True:
                ready = yield state  # nothing, a few times a second, where the server is silent
                if not ready and time.monotonic() > ends:
                    raise psycopg.OperationalError("the server does not answer")
                state = waiting.send(ready)
        except StopIteration as stop:
            return stop.value

    class Patient(psycopg.Connection):  # type: ignore[misc]
        def wait(self, gen: Generator[Any, Any, Any], *arguments: Any, **more: Any) -> Any:
            return super().wait(limited(gen), *arguments, **more)

    return Patient


def _is_current(transaction: _Open) -> bool:
    """Whether there is nothing to bring up: then nobody else need wait, and the user need not own the tables."""
    found = transaction.run("SELECT to_regclass('recoup_schema') IS NOT NULL")
    return found == [(True,)] and transaction.run("SELECT max(version) FROM recoup_schema") == [(VERSION,)]


def _translated(statement: str) -> str:
    return _PARAMETER.sub(r"%(\1)s", statement).replace("{now}", _NOW)


def _rows(cursor: Any) -> list[Row]:
    rows: list[Row] = cursor.fetchall() if cursor.description is not None else []
    return rows


def _said(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _named(how: Mapping[str, Any]) -> str:
    host = ":".join(str(how[part]) for part in ("host", "port") if how.get(part))
    return f"the PostgreSQL database {how.get('dbname', '')}" + (f" at {host}" if host else "")
