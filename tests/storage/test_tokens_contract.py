"""One contract for whatever keeps tokens: memory, SQLite, PostgreSQL."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest

from recoup.login.identity import TokenKey
from recoup.login.keeping import Expiry, Tokens, TokenState
from recoup.login.token import AccessToken
from recoup.storage.opening import open_store

KEY = TokenKey("application", "A1", "0123456789abcdef")
OTHER = msgspec.structs.replace(KEY, credentials="fedcba9876543210")
NOW = 1_800_000_000.0
PLANTED = "Atza|planted-access-token"
SEAL = bytes(range(32))


def token(value: str = PLANTED, lasts: float = 3600.0) -> AccessToken:
    return AccessToken(value=value, expires_at=NOW + lasts, kind="access token")


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def tokens(request: pytest.FixtureRequest) -> Iterator[Tokens]:
    where = None
    if request.param == "sqlite":
        where = request.getfixturevalue("sqlite_path")
    elif request.param == "postgres":
        where = request.getfixturevalue("postgres").url()
    with open_store(where, key=SEAL) as opened:
        yield opened.tokens


def test_what_is_kept_is_read_until_it_ends(tokens: Tokens) -> None:
    assert tokens.read(KEY, now=NOW) is None
    tokens.keep(KEY, token(), now=NOW)
    found = tokens.read(KEY, now=NOW)
    assert found is not None
    assert (found.value, found.kind) == (PLANTED, "access token")
    assert found.expires_at == pytest.approx(NOW + 3600.0, abs=30.0)  # PostgreSQL's clock goes on
    assert tokens.read(OTHER, now=NOW) is None


def test_a_newer_one_takes_its_place(tokens: Tokens) -> None:
    tokens.keep(KEY, token("Atza|one"), now=NOW)
    tokens.keep(KEY, token("Atza|two", 30.0), now=NOW)
    found = tokens.read(KEY, now=NOW)
    assert found is not None
    assert found.value == "Atza|two"
    assert len(tokens.states(now=NOW)) == 1


def test_what_has_ended_is_not_found(tokens: Tokens) -> None:
    tokens.keep(KEY, token(lasts=-1.0), now=NOW)
    assert tokens.read(KEY, now=NOW) is None
    assert tokens.states(now=NOW) == []


def test_states_say_everything_but_the_token(tokens: Tokens) -> None:
    tokens.keep(OTHER, token("Atza|other"), now=NOW)
    tokens.keep(KEY, token(), now=NOW)
    found = tokens.states(now=NOW)
    assert [state.key for state in found] == [KEY, OTHER]
    assert {(type(state), state.kind) for state in found} == {(TokenState, "access token")}
    assert "Atza" not in repr(found)


def test_a_lease_is_one_s_own_until_it_is_freed_or_ends(tokens: Tokens) -> None:
    assert tokens.lease(KEY, "one", now=NOW, seconds=60.0) == 0.0
    assert tokens.lease(KEY, "one", now=NOW, seconds=60.0) == 0.0
    assert 0.0 < tokens.lease(KEY, "two", now=NOW, seconds=60.0) <= 60.0
    assert tokens.lease(OTHER, "two", now=NOW, seconds=60.0) == 0.0
    tokens.free(KEY, "two")  # it is not two's
    assert tokens.lease(KEY, "two", now=NOW, seconds=60.0) > 0.0
    tokens.free(KEY, "one")
    assert tokens.lease(KEY, "two", now=NOW, seconds=60.0) == 0.0


def test_a_lease_that_ended_is_anybody_s(tokens: Tokens) -> None:
    assert tokens.lease(KEY, "one", now=NOW, seconds=-1.0) == 0.0
    assert tokens.lease(KEY, "two", now=NOW, seconds=60.0) == 0.0


def test_a_lease_of_a_clock_that_was_set_back_is_anybody_s(tokens: Tokens) -> None:
    assert tokens.lease(KEY, "one", now=NOW, seconds=9999.0) == 0.0
    assert tokens.lease(KEY, "two", now=NOW, seconds=10.0) == 0.0


def test_whoever_looked_at_the_clock_earlier_takes_no_lease_away(tokens: Tokens) -> None:
    assert tokens.lease(KEY, "one", now=NOW, seconds=10.0) == 0.0
    assert tokens.lease(KEY, "two", now=NOW - 0.5, seconds=10.0) > 0.0
    assert tokens.lease(KEY, "three", now=NOW, seconds=9.5) > 0.0  # what a busy PostgreSQL sees, whose clock it is


def test_of_sixteen_threads_one_gets_the_lease(tokens: Tokens) -> None:
    start = threading.Barrier(16)

    def one(number: int) -> bool:
        start.wait(10)
        return tokens.lease(KEY, str(number), now=NOW, seconds=60.0) == 0.0

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(one, range(16))) == 1


def test_ends_are_remembered_by_what_they_are_about(tokens: Tokens) -> None:
    secret = Expiry(application="application", seller="*", what="client secret", expires_at=NOW + 20.0)
    grant = Expiry(application="application", seller="A1", what="authorization", expires_at=NOW + 10.0)
    for expiry in (msgspec.structs.replace(secret, expires_at=NOW + 5.0), grant, secret):
        tokens.expect(expiry)
    assert list(tokens.expiries()) == [grant, secret]


# --- at rest ---------------------------------------------------------------------------------------------------------


def test_without_a_key_no_token_is_ever_written(shared_where: str) -> None:
    with open_store(shared_where) as store:
        assert store.tokens.keeps is False
        store.tokens.keep(KEY, token(), now=NOW)
        assert store.tokens.read(KEY, now=NOW) is None
        assert store.tokens.states(now=NOW) == []


def test_a_restart_with_the_same_key_finds_the_token_and_with_another_none(
    shared_where: str, caplog: pytest.LogCaptureFixture
) -> None:
    with open_store(shared_where, key=SEAL) as store:
        store.tokens.keep(KEY, token(), now=NOW)
    with open_store(shared_where, key=SEAL) as store:
        found = store.tokens.read(KEY, now=NOW)
        assert found is not None
        assert found.value == PLANTED
    with (
        open_store(shared_where, key="another key altogether") as store,
        caplog.at_level(logging.WARNING, "recoup.storage"),
    ):
        for _ in range(3):
            assert store.tokens.read(KEY, now=NOW) is None
        (record,) = caplog.records  # said once
        assert "sealed with another key" in record.getMessage()
        store.tokens.keep(KEY, token("Atza|anew"), now=NOW)
        anew = store.tokens.read(KEY, now=NOW)
        assert anew is not None
        assert anew.value == "Atza|anew"
    assert "planted" not in caplog.text


def test_the_file_holds_no_token(sqlite_path: str) -> None:
    with open_store(sqlite_path, key=SEAL) as store:
        store.tokens.keep(KEY, token(), now=NOW)
        for path in Path(sqlite_path).parent.iterdir():
            assert b"planted" not in path.read_bytes()
    assert b"planted" not in Path(sqlite_path).read_bytes()


def test_a_row_that_was_moved_to_another_seller_does_not_open(sqlite_path: str) -> None:
    with open_store(sqlite_path, key=SEAL) as store:
        store.tokens.keep(KEY, token(), now=NOW)
        connection = sqlite3.connect(sqlite_path)
        with connection:
            connection.execute("UPDATE recoup_tokens SET seller = 'A2'")
        connection.close()
        assert store.tokens.read(msgspec.structs.replace(KEY, seller="A2"), now=NOW) is None
