"""Older tables are brought up to date with what is in them; newer ones are refused."""

# ruff: noqa: S608  versions of ours

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import psycopg
import pytest

from recoup.errors import StoreError
from recoup.governor.hold import Hold, HoldKey
from recoup.governor.plan import BucketKey, Plan
from recoup.governor.stores import Granted
from recoup.storage.opening import open_store
from recoup.storage.schema import MIGRATIONS, VERSION, bring_up
from recoup.storage.shared import SharedStore

KEY = BucketKey("application", "seller", "na", "orders/v0/getOrders")

# Written by hand as version 1 was, never from the statements of today.
VERSION_1 = """
CREATE TABLE recoup_schema (version bigint NOT NULL);
INSERT INTO recoup_schema VALUES (1);
CREATE TABLE recoup_buckets (application text NOT NULL, seller text NOT NULL, region text NOT NULL,
    operation text NOT NULL, rate double precision NOT NULL, burst bigint NOT NULL, full_at double precision NOT NULL,
    reckoned double precision NOT NULL, clock double precision NOT NULL, granted bigint NOT NULL,
    stated double precision, stated_at double precision NOT NULL DEFAULT 0, share double precision NOT NULL DEFAULT 1,
    slowed_at double precision NOT NULL DEFAULT 0, throttled bigint NOT NULL DEFAULT 0,
    version bigint NOT NULL DEFAULT 0, PRIMARY KEY (application, seller, region, operation));
CREATE TABLE recoup_holds (application text NOT NULL, seller text NOT NULL, operation text NOT NULL,
    entity text NOT NULL, ends double precision, since double precision NOT NULL, fault text, reason text NOT NULL,
    who text NOT NULL, remedy text NOT NULL, PRIMARY KEY (application, seller, operation, entity));
INSERT INTO recoup_buckets VALUES ('application', 'seller', 'na', 'orders/v0/getOrders', 0.01, 1, {full_at}, 0.02,
    {now}, 1, 0.02, {now}, 1, 0, 0, 3);
INSERT INTO recoup_holds VALUES ('application', 'seller', 'x', 'order-1', NULL, 1000, 'lwa-invalid-grant', 'revoked',
    'seller', 'authorize again');
"""
VERSION_2 = (
    VERSION_1.replace("VALUES (1)", "VALUES (2)")
    + """
CREATE TABLE recoup_tokens (application text NOT NULL, seller text NOT NULL, credentials text NOT NULL, kind text,
    sealed bytea NOT NULL, expires_at double precision NOT NULL, updated_at double precision NOT NULL,
    PRIMARY KEY (application, seller, credentials));
CREATE TABLE recoup_token_leases (application text NOT NULL, seller text NOT NULL, credentials text NOT NULL,
    owner text NOT NULL, ends double precision NOT NULL, PRIMARY KEY (application, seller, credentials));
CREATE TABLE recoup_expiries (application text NOT NULL, seller text NOT NULL, what text NOT NULL,
    expires_at double precision NOT NULL, PRIMARY KEY (application, seller, what));
INSERT INTO recoup_expiries VALUES ('application', '*', 'client secret', 2000);
"""
)
BY_VERSION = {1: VERSION_1, 2: VERSION_2}


def execute(where: str, script: str) -> None:
    """Carry out a script as somebody else would."""
    statements = [each for each in script.split(";") if each.strip()]
    if where.startswith("postgresql"):
        with psycopg.connect(where, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())
    else:
        file = sqlite3.connect(where)
        for statement in statements:
            file.execute(statement)
        file.commit()
        file.close()


def opened(where: str) -> SharedStore:
    store = open_store(where)
    assert isinstance(store, SharedStore)
    return store


def test_there_is_a_written_out_version_for_each_that_was_released() -> None:
    assert sorted(BY_VERSION) == list(range(1, VERSION + 1))


@pytest.mark.parametrize("version", sorted(BY_VERSION))
def test_an_older_store_is_brought_up_and_keeps_what_is_in_it(shared_where: str, version: int) -> None:
    now = time.time()
    execute(shared_where, BY_VERSION[version].format(now=now, full_at=now + 500))
    with opened(shared_where) as store:
        assert store.database.run("SELECT version FROM recoup_schema", {}) == [(VERSION,)]
        hold = Hold(
            key=HoldKey("application", "seller", "x", "order-1"),
            until=None,
            since=1000.0,
            fault="lwa-invalid-grant",
            reason="revoked",
            who="seller",
            remedy="authorize again",
        )
        assert store.held(hold.key, now=now) == hold
        found = store.reserve(KEY, Plan(0.01, 1), now=time.time(), margin=0.0, longest=None)
        assert isinstance(found, Granted)
        assert found.plan == Plan(0.02, 1)
        assert found.wait == pytest.approx(500, abs=8)
        assert [each.what for each in store.tokens.expiries()] == (["client secret"] if version > 1 else [])
    with opened(shared_where) as store:  # and a second time there is nothing to do
        assert store.held(hold.key, now=now) == hold


def test_a_new_store_has_exactly_the_columns_of_one_that_was_brought_up(postgres: Any, tmp_path: Path) -> None:
    columns = "SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns"
    new, old = postgres.url(), postgres.url()
    execute(old, VERSION_1.format(now=0, full_at=0))
    found = []
    for where in (new, old):
        with opened(where) as store:
            found.append(sorted(store.database.run(f"{columns} WHERE table_schema = current_schema()", {})))
    assert len(found[0]) > 20
    assert found[0] == found[1]


def test_a_newer_store_is_refused_and_left_alone(shared_where: str) -> None:
    execute(
        shared_where,
        f"CREATE TABLE recoup_schema (version bigint NOT NULL); INSERT INTO recoup_schema VALUES ({VERSION + 1})",
    )
    with pytest.raises(StoreError, match=f"version {VERSION + 1}.*up to {VERSION}.*Upgrade recoup"):
        open_store(shared_where)
    execute(shared_where, "UPDATE recoup_schema SET version = 0")
    open_store(shared_where).close()


def test_a_migration_that_fails_leaves_the_version_before(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "x.db", isolation_level=None)

    class Transaction:
        def run(self, statement: str, parameters: dict[str, object] | None = None) -> list[tuple[object, ...]]:
            return connection.execute(statement, parameters or {}).fetchall()

    connection.execute("BEGIN IMMEDIATE")
    assert bring_up(Transaction(), MIGRATIONS[:1]) == 0
    connection.execute("COMMIT")
    connection.execute("BEGIN IMMEDIATE")
    with pytest.raises(sqlite3.OperationalError):
        bring_up(Transaction(), (*MIGRATIONS[:1], ("CREATE TABLE fine (x bigint)", "CREATE NONSENSE")))
    connection.execute("ROLLBACK")
    assert connection.execute("SELECT version FROM recoup_schema").fetchall() == [(1,)]
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    connection.close()
    assert "fine" not in tables


def test_eight_open_the_same_empty_store_at_once(shared_where: str) -> None:
    barrier, stores, errors = Barrier(8), list[SharedStore](), list[Exception]()

    def open_one() -> None:
        barrier.wait()
        try:
            stores.append(opened(shared_where))
        except Exception as error:  # noqa: BLE001  asserted below
            errors.append(error)

    threads = [Thread(target=open_one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for store in stores:
        store.close()
    assert errors == []
    assert len(stores) == 8
