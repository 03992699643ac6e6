"""Opening a store by its name."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

import recoup
from recoup.errors import SettingsError, StoreError
from recoup.governor.hold import Hold, HoldKey
from recoup.storage.memory import MemoryStore
from recoup.storage.opening import open_store
from recoup.storage.shared import SharedStore


@pytest.mark.parametrize("where", [None, "memory"])
def test_memory(where: str | None) -> None:
    with open_store(where) as store:
        assert isinstance(store, MemoryStore)
        assert not store.blocking


@pytest.mark.parametrize("form", ["path", "text", "url"])
def test_a_file(tmp_path: Path, form: str) -> None:
    path = tmp_path / "my store.db"
    forms: dict[str, str | Path] = {"path": path, "text": str(path), "url": f"sqlite:///{path}"}
    with recoup.open_store(forms[form]) as store:
        assert isinstance(store, SharedStore)
        assert store.blocking
        store.hold(Hold(key=HoldKey("application"), until=None, since=0.0))
    assert path.exists()


def test_a_file_that_is_made_is_for_this_user_alone_and_one_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    made, there = tmp_path / "made.db", tmp_path / "there.db"
    there.touch()
    there.chmod(0o640)
    for path in (made, there):
        with recoup.open_store(path) as store:
            store.hold(Hold(key=HoldKey("application"), until=None, since=0.0))
            modes = {stat.S_IMODE(each.stat().st_mode) for each in tmp_path.glob(f"{path.name}*")}
            assert modes == {0o600 if path is made else 0o640}


@pytest.mark.parametrize(
    ("where", "error", "says"),
    [
        ("", SettingsError, "has no name"),
        ("  ", SettingsError, "has no name"),
        ("mysql://host/name", SettingsError, "cannot be opened at mysql://"),
        ("redis://:secret@host", SettingsError, "cannot be opened at redis://"),
        ("/no/such/folder/recoup.db", StoreError, "cannot be opened .*Give a path in a folder that exists"),
        (".", StoreError, "cannot be opened"),
        ("postgresql://host:port:port/x?y=secret", StoreError, "URL cannot be read"),
        ("postgresql://nobody:hunter2@127.0.0.1:1/nothing", StoreError, "nothing at 127.0.0.1:1 cannot be opened"),
    ],
)
def test_what_cannot_be_opened_says_why(where: str, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says) as raised:
        open_store(where)
    assert "hunter2" not in str(raised.value)
    assert "secret" not in str(raised.value)


def test_a_database_of_somebody_elses_is_left_alone(tmp_path: Path) -> None:
    """Our tables have names of their own, so they can live beside others'."""
    import sqlite3

    path = tmp_path / "theirs.db"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE buckets (x)")
    other.execute("INSERT INTO buckets VALUES (1)")
    other.commit()
    open_store(path).close()
    assert other.execute("SELECT x FROM buckets").fetchall() == [(1,)]
    other.close()


def test_who_uses_a_file_does_not_pay_for_postgresql(tmp_path: Path) -> None:
    script = f"import recoup, sys; recoup.open_store({str(tmp_path / 'x.db')!r}); sys.exit('psycopg' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_without_the_driver_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreError, match=r"recoup\[postgres\]"):
        open_store("postgresql://host/name")
