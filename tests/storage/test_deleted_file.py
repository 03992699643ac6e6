"""A SQLite file that is deleted or replaced while it is open: nothing is lost silently, and all meet in one file."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from recoup.errors import StoreError
from recoup.governor.hold import Hold, HoldKey
from recoup.governor.plan import BucketKey, Plan
from recoup.governor.stores import Granted
from recoup.login.identity import TokenKey
from recoup.login.token import AccessToken
from recoup.storage import sqlite
from recoup.storage.opening import open_store
from recoup.storage.shared import SharedStore

KEY = BucketKey("application", "seller", "na", "orders/v0/getOrders")
PLAN = Plan(0.01, 2)
ORDER = HoldKey("application", "seller", "ship", "order-1")
TOKEN = TokenKey("application", "seller", "credentials")
SEAL = bytes(range(32))


@pytest.fixture(autouse=True)
def looked_at_every_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "_LOOKED", 0.0)


@pytest.fixture
def stores(sqlite_path: str) -> Iterator[tuple[SharedStore, SharedStore]]:
    """Two stores over one file, as two processes have them."""
    with open_store(sqlite_path, key=SEAL) as one, open_store(sqlite_path, key=SEAL) as two:
        yield one, two  # type: ignore[misc]


def wait(store: SharedStore) -> float:
    found = store.reserve(KEY, PLAN, now=time.time(), margin=0.0, longest=None)
    assert isinstance(found, Granted)
    return found.wait


def fill(store: SharedStore) -> Hold:
    hold = Hold(key=ORDER, until=time.time() + 600, since=time.time(), fault="sc-00005-max-retries")
    store.hold(hold)
    store.tokens.keep(TOKEN, AccessToken(value="Atza|one", expires_at=time.time() + 600), now=time.time())
    assert [wait(store), wait(store)] == [0.0, 0.0]
    return hold


def file_alone(path: str) -> None:
    Path(path).unlink()


def everything(path: str) -> None:
    for name in (path, path + "-wal", path + "-shm"):
        Path(name).unlink()


@pytest.mark.parametrize("delete", [file_alone, everything])
def test_what_was_deleted_is_written_anew_and_all_meet_in_it(
    stores: tuple[SharedStore, SharedStore],
    sqlite_path: str,
    delete: Callable[[str], None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    one, two = stores
    hold = fill(one)
    delete(sqlite_path)
    with caplog.at_level(logging.WARNING, logger="recoup.storage"):
        assert wait(two) == pytest.approx(100, abs=8)  # the bucket is empty
        assert wait(one) == pytest.approx(200, abs=16)
    first, second = [record.getMessage().partition(sqlite_path)[2] for record in caplog.records]
    assert first.startswith(" was deleted while it was in use, and has been written anew")
    assert second == " is another file now, and this process goes on in that one"
    with open_store(sqlite_path, key=SEAL) as third:
        assert wait(third) == pytest.approx(300, abs=24)  # type: ignore[arg-type]
        for store in (one, two, third):
            assert list(store.holds(now=time.time())) == [hold]
            token = store.tokens.read(TOKEN, now=time.time())
            assert token is not None
            assert token.value == "Atza|one"
    folder = Path(sqlite_path).parent
    assert {each.name for each in folder.iterdir()} <= {"recoup.db", "recoup.db-wal", "recoup.db-shm"}


def test_a_file_that_somebody_began_meanwhile_is_taken(
    stores: tuple[SharedStore, SharedStore], sqlite_path: str, caplog: pytest.LogCaptureFixture
) -> None:
    one, two = stores
    fill(one)
    everything(sqlite_path)
    with open_store(sqlite_path, key=SEAL) as third, caplog.at_level(logging.WARNING, logger="recoup.storage"):
        assert [wait(third), wait(one), wait(two)] == [0.0, 0.0, pytest.approx(100, abs=8)]  # type: ignore[arg-type]
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 2
    assert all("another file now" in each for each in said)


def test_a_backup_that_is_put_in_its_place_is_taken(
    stores: tuple[SharedStore, SharedStore], sqlite_path: str, tmp_path: Path
) -> None:
    one, two = stores
    backup = str(tmp_path / "backup.db")
    with open_store(backup, key=SEAL) as other:
        assert wait(other) == 0.0  # type: ignore[arg-type]
    assert [wait(one), wait(two)] == [0.0, 0.0]
    everything(sqlite_path)
    Path(backup).rename(sqlite_path)
    assert [wait(one), wait(two)] == [0.0, pytest.approx(100, abs=8)]


def test_a_folder_that_is_gone_makes_it_go_alone_until_it_is_back(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    passed = [0.0]
    database: Any = sqlite.SqliteDatabase(folder / "recoup.db")
    with SharedStore(database, elapsed=lambda: passed[0]) as store:
        assert [wait(store), wait(store)] == [0.0, 0.0]
        shutil.rmtree(folder)
        with caplog.at_level(logging.WARNING, logger="recoup.storage"):
            assert wait(store) == 0.0  # a bucket of its own
            with pytest.raises(StoreError, match="was deleted and cannot be written anew"):
                store.buckets(now=time.time())
            folder.mkdir()
            passed[0] = 10.0
            assert wait(store) == pytest.approx(100, abs=8)  # what was open is there again
        said = [record.getMessage() for record in caplog.records]
        assert ["was deleted" in each or "is back" in each for each in said] == [True] * 3
        assert (folder / "recoup.db").exists()


def test_a_store_that_is_not_touched_says_nothing(
    stores: tuple[SharedStore, SharedStore], caplog: pytest.LogCaptureFixture
) -> None:
    one, two = stores
    fill(one)
    with caplog.at_level(logging.WARNING, logger="recoup.storage"):
        for _ in range(3):
            wait(one)
            wait(two)
    assert caplog.records == []
