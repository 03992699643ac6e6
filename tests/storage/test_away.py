"""While a shared store cannot be reached no call is lost: a process paces by itself, and says so once."""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Mapping
from typing import Any

import pytest

from recoup.errors import StoreAway, StoreError
from recoup.governor.hold import Hold, HoldKey
from recoup.governor.plan import BucketKey, Plan
from recoup.governor.stores import Granted
from recoup.storage.database import Row
from recoup.storage.opening import open_store
from recoup.storage.shared import SharedStore
from recoup.storage.sqlite import SqliteDatabase

KEY = BucketKey("application", "seller", "na", "orders/v0/getOrders")
PLAN = Plan(0.01, 2)
ORDER = HoldKey("application", "seller", "ship", "order-1")


class Shaky:
    """A database that can be made unreachable."""

    def __init__(self, path: str) -> None:
        self.real = SqliteDatabase(path)
        self.name = "the test's database"
        self.away = False
        self.tried = 0

    def run(self, statement: str, parameters: Mapping[str, object]) -> list[Row]:
        self.tried += 1
        if self.away:
            raise StoreAway(f"{self.name} cannot be reached now")
        return self.real.run(statement, parameters)

    def close(self) -> None:
        self.real.close()


class World:
    """A store over a shaky database, and a clock."""

    def __init__(self, path: str) -> None:
        self.database = Shaky(path)
        self.passed = 0.0
        self.store = SharedStore(self.database, elapsed=lambda: self.passed)

    def wait(self) -> float:
        found = self.store.reserve(KEY, PLAN, now=time.time(), margin=0.0, longest=None)
        assert isinstance(found, Granted)
        return found.wait


@pytest.fixture
def world(sqlite_path: str) -> Any:
    made = World(sqlite_path)
    yield made
    made.store.close()


def test_calls_go_on_and_are_paced_by_the_process_itself(world: World) -> None:
    assert [world.wait() for _ in range(3)] == [0.0, 0.0, pytest.approx(100, abs=8)]
    world.database.away = True
    assert [world.wait() for _ in range(3)] == [0.0, 0.0, pytest.approx(100, abs=8)]  # a bucket of its own
    world.store.learn(KEY, Plan(0.1, 2), now=time.time())
    world.store.throttled(KEY, PLAN, now=time.time(), margin=0.0)
    world.store.late(KEY, 1.0, now=time.time())


def test_it_is_tried_again_every_five_seconds(world: World) -> None:
    world.wait()
    world.database.away = True
    tried = world.database.tried
    for second in range(20):
        world.passed = float(second)
        world.wait()
        world.wait()
    assert world.database.tried - tried == 4
    world.database.away = False
    world.passed = 20.0
    assert world.wait() == 0.0  # its second place: nobody else had asked
    assert world.wait() == pytest.approx(100, abs=8)


def test_it_is_said_once_and_when_it_is_over(world: World, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger="recoup.storage"):
        world.database.away = True
        for second in range(30):
            world.passed = float(second)
            world.wait()
        world.database.away = False
        world.passed = 60.0
        world.wait()
    assert [record.getMessage() for record in caplog.records] == [
        "the test's database cannot be reached now; until it is back this process paces by itself",
        "the test's database is back",
    ]


def test_holds_that_begin_in_the_meantime_are_kept_and_get_into_the_store(world: World) -> None:
    world.database.away = True
    hold = Hold(key=ORDER, until=time.time() + 60, since=time.time())
    world.store.hold(hold)
    assert world.store.held(ORDER, now=time.time()) == hold
    world.database.away = False
    world.passed = 10.0
    assert world.store.held(ORDER, now=time.time()) == hold
    assert list(world.store.holds(now=time.time())) == [hold]


def test_a_place_of_one_is_given_back_to_the_other_without_harm(world: World) -> None:
    found = world.store.reserve(KEY, PLAN, now=time.time(), margin=0.0, longest=None)
    assert isinstance(found, Granted)
    world.database.away = True
    world.store.give_back(KEY, found, now=time.time())


def test_what_must_be_true_is_refused(world: World) -> None:
    world.database.away = True
    for ask in (
        lambda: world.store.buckets(now=0.0),
        lambda: world.store.holds(now=0.0),
        lambda: world.store.release(ORDER),
    ):
        with pytest.raises(StoreAway, match="cannot be reached"):
            ask()


# --- real ones


def test_a_connection_that_was_cut_is_opened_anew(postgres: Any) -> None:
    with open_store(postgres.url()) as store:
        for _ in range(2):
            store.reserve(KEY, PLAN, now=time.time(), margin=0.0, longest=None)
            postgres.cut()
        found = store.reserve(KEY, PLAN, now=time.time(), margin=0.0, longest=None)
        assert isinstance(found, Granted)
        assert found.wait == pytest.approx(100, abs=8)  # nothing was forgotten, and nothing granted twice


def test_a_file_that_somebody_else_holds_for_too_long(sqlite_path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recoup.storage.sqlite._PATIENCE", 0.05)
    with open_store(sqlite_path) as store:
        other = sqlite3.connect(sqlite_path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        found = store.reserve(KEY, PLAN, now=time.time(), margin=0.0, longest=None)
        assert isinstance(found, Granted)
        with pytest.raises(StoreAway, match="locked"):
            store.release(HoldKey("application"))
        other.execute("ROLLBACK")
        other.close()


def test_a_file_that_is_no_database_any_more(sqlite_path: str) -> None:
    store = open_store(sqlite_path)
    store.close()
    with open(sqlite_path, "wb") as file:  # noqa: PTH123
        file.write(b"nonsense" * 1000)
    with pytest.raises(StoreError, match="cannot be opened"):
        open_store(sqlite_path)


def test_a_server_that_is_there_and_does_not_answer(postgres: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recoup.storage.postgres._PATIENCE", 0.3)
    monkeypatch.setattr("recoup.storage.postgres._REST", 0.2)
    url = postgres.url()
    with open_store(f"{url}{'&' if '?' in url else '?'}connect_timeout=2") as store:
        store.reserve(KEY, PLAN, now=time.time(), margin=0.0, longest=None)
        master = postgres.server.get_postmaster_info().process
        processes = [master, *master.children(recursive=True)]
        for process in processes:
            process.suspend()
        try:
            found = store.reserve(KEY, PLAN, now=time.time(), margin=0.0, longest=None)
        finally:
            for process in processes:
                process.resume()
        assert isinstance(found, Granted)
        with pytest.raises(StoreAway):
            store.database.run("SELECT pg_sleep(30)", {})  # type: ignore[union-attr]
