"""`recoup status` and `recoup resume`: what a shared store says, and who is let go on."""

from __future__ import annotations

import io
import json
import shlex
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from recoup.cli.main import Streams, main
from recoup.governor.hold import ANY, LOGIN, Hold, HoldKey
from recoup.governor.plan import BucketKey, Plan
from recoup.login.identity import TokenKey
from recoup.login.keeping import Expiry
from recoup.login.token import AccessToken
from recoup.storage.opening import open_store
from recoup.storage.schema import VERSION
from recoup.storage.shared import SharedStore

APPLICATION = "amzn1.application-oa2-client.0123456789abcdef0123456789abcdef"
LABELS = "externalFulfillment/2024-09-11/generateShipLabels"
DAY = 86_400.0


def run(*arguments: str, **environment: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    status = main(arguments, Streams(io.BytesIO(), out, err), environment)
    return status, out.getvalue(), err.getvalue()


def park(seller: str, fault: str, mark: str = "0123456789abcdef", application: str = APPLICATION) -> Hold:
    return Hold(
        key=HoldKey(application, seller, LOGIN, mark),
        until=None,
        since=time.time() - 4000.0,
        fault=fault,
        reason="The request has an invalid grant parameter : refresh_token. User may have revoked it. " * 2,
        who="operator" if seller == ANY else "seller",
        remedy="The seller has to authorise the application again.",
    )


@pytest.fixture
def where(tmp_path: Path) -> str:
    """A store with one of everything."""
    path = str(tmp_path / "recoup.db")
    now = time.time()
    with open_store(path, key=bytes(32)) as store:
        assert isinstance(store, SharedStore)
        for operation, plan, times in ((LABELS, Plan(1.0, 5), 1), ("orders/v0/getOrders", Plan(0.0167, 2), 6)):
            key = BucketKey(APPLICATION, "A1", "na", operation)
            for _ in range(times):
                store.reserve(key, plan, now=now, margin=0.0, longest=None)
        store.hold(park("A1", "lwa-invalid-grant"))
        store.hold(park(ANY, "lwa-invalid-client", "fedcba9876543210"))
        resting = HoldKey(APPLICATION, "A1", LABELS, "S1")
        store.hold(Hold(key=resting, until=now + 3600.0, since=now, fault="sc-00005-max-retries", who="developer"))
        token = AccessToken(value="Atza|planted", expires_at=now + 3500.0, kind="access token")
        store.tokens.keep(TokenKey(APPLICATION, "A1", "fedcba9876543210"), token, now=now)
        store.tokens.expect(
            Expiry(application=APPLICATION, seller=ANY, what="client secret", expires_at=now + 20 * DAY)
        )
        store.tokens.expect(Expiry(application=APPLICATION, seller="A1", what="authorization", expires_at=now - DAY))
    return path


# --- status


def test_the_table_says_everything_in_a_hundred_columns(where: str) -> None:
    status, out, err = run("status", "--store", where)
    assert (status, err) == (0, "")
    assert max(map(len, out.splitlines())) <= 100
    for words in (
        f"application {APPLICATION}",
        "parked (2)",
        "the whole application: lwa-invalid-client, for 1.1 h",
        "seller A1: lwa-invalid-grant, for 1.1 h",
        "seller: The seller has to authorise the application again.",
        "recoup resume A1",
        "cool-downs (1)",
        "sc-00005-max-retries",
        "expiries (2)",
        "ended 1.0 d ago",
        "buckets (2)",
        "generateShipLabels",
        "0.0167/s",
        "tokens (1)",
        "58 min",
    ):
        assert words in out


def test_a_command_that_brings_somebody_back_can_be_copied(tmp_path: Path) -> None:
    """It stands on a line of its own, whole, and says to a shell exactly whom it means."""
    path = str(tmp_path / "recoup.db")
    names = ["A1", "-dashed", "Bob's shop", "'; reboot; '", "a-name-with-hyphens-" * 6]
    with open_store(path) as store:
        store.hold(park(ANY, "lwa-invalid-client", "fedcba9876543210"))
        for name in names:
            store.hold(park(name, "lwa-invalid-grant"))
    status, out, err = run("status", "--store", path)
    assert (status, err) == (0, "")
    commands = [shlex.split(line) for line in out.splitlines() if line.lstrip().startswith("recoup resume")]
    assert [words[:2] for words in commands] == [["recoup", "resume"]] * 6
    assert sorted(words[2:] for words in commands) == sorted(
        [["--application", APPLICATION], ["--", "-dashed"], *([name] for name in names if name != "-dashed")]
    )
    for words in commands:
        assert run(*words[1:], RECOUP_STORE=path)[::2] == (0, "")
    assert "nothing is parked" in run("resume", "--all", "--store", path)[1]


def test_json_has_stable_keys(where: str) -> None:
    status, out, err = run("status", "--json", RECOUP_STORE=where)
    assert (status, err) == (0, "")
    data = json.loads(out)
    assert list(data) == ["store", "at", "parked", "cool_downs", "buckets", "tokens", "expiries"]
    keys = {name: [list(each) for each in data[name]] for name in list(data)[2:]}
    person = ["since", "fault", "reason", "who", "remedy"]
    assert keys == {
        "parked": [["application", "seller", *person, "comes_back"]] * 2,
        "cool_downs": [["application", "seller", "operation", "entity", *person, "until", "seconds_left"]],
        "buckets": [
            ["application", "seller", "region", "operation", "rate", "burst", "learned", "wait", "throttled"]
        ] * 2,
        "tokens": [["application", "seller", "kind", "expires_at", "seconds_left"]],
        "expiries": [["application", "seller", "what", "expires_at", "seconds_left", "near", "remedy"]] * 2,
    }  # fmt: skip
    assert {each["seller"] for each in data["parked"]} == {None, "A1"}
    assert data["cool_downs"][0]["entity"] == "S1"
    assert data["buckets"][0]["rate"] == 1.0
    assert [each["near"] for each in data["expiries"]] == [True, True]


@pytest.mark.parametrize("arguments", [(), ("--json",)])
def test_no_token_is_shown(where: str, arguments: tuple[str, ...]) -> None:
    assert "planted" not in "".join(map(str, run("status", "--store", where, *arguments)))


def test_it_changes_nothing(where: str) -> None:
    before = Path(where).read_bytes()
    for _ in range(2):
        assert run("status", "--store", where)[0] == 0
    assert Path(where).read_bytes() == before


def test_it_reads_while_others_write(where: str) -> None:
    stop = threading.Event()
    failed: list[BaseException] = []

    def write() -> None:
        try:
            with open_store(where) as store:
                number = 0
                while not stop.is_set():
                    number += 1
                    store.hold(park(f"B{number % 20}", "lwa-invalid-grant"))
                    store.release(HoldKey(APPLICATION, f"B{number % 20}"))
        except BaseException as error:  # noqa: BLE001  told below
            failed.append(error)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(20):
            status, out, _ = run("status", "--store", where, "--json")
            assert status == 0
            assert len(json.loads(out)["buckets"]) == 2
    finally:
        stop.set()
        writer.join(20)
    assert failed == []


def test_an_empty_store_says_so(tmp_path: Path) -> None:
    path = str(tmp_path / "recoup.db")
    open_store(path).close()
    status, out, _ = run("status", "--store", path)
    assert status == 0
    assert "nothing is held back, paced or kept here yet" in out


def test_what_stands_in_the_store_does_not_move_the_cursor(tmp_path: Path) -> None:
    path = str(tmp_path / "recoup.db")
    with open_store(path) as store:
        store.hold(park("A1\x1b[2J", "lwa-invalid-grant\r", application="evil\x1b]0;x\x07"))
    out = run("status", "--store", path)[1]
    assert not [character for character in out if ord(character) < 32 and character != "\n"]


def schema_version(path: str, version: int) -> None:
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("UPDATE recoup_schema SET version = ?", (version,))
    connection.close()


@pytest.mark.parametrize("command", [("status",), ("resume", "A1")])
class TestWhatIsNoStore:
    def test_a_file_that_is_not_there_is_not_made(self, command: tuple[str, ...], tmp_path: Path) -> None:
        path = tmp_path / "none.db"
        status, out, err = run(*command, "--store", str(path))
        assert (status, out) == (2, "")
        assert f"there is no file {path}" in err
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize(
        ("number", "words"), [(VERSION + 1, "a newer recoup has used it"), (VERSION - 1, "brings it up")]
    )
    def test_another_version_is_named(self, command: tuple[str, ...], where: str, number: int, words: str) -> None:
        schema_version(where, number)
        status, out, err = run(*command, "--store", where)
        assert (status, out) == (2, "")
        assert f"schema version {number}" in err
        assert words in err

    @pytest.mark.parametrize("content", [b"", b"no database, but long enough to be one" * 100])
    def test_another_file_is_refused(self, command: tuple[str, ...], tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "other.db"
        path.write_bytes(content)
        status, out, err = run(*command, "--store", str(path))
        assert (status, out) == (2, "")
        assert "store of recoup" in err
        assert path.read_bytes() == content

    @pytest.mark.parametrize(
        "url",
        [
            "postgresql://user:planted%2Fword@127.0.0.1:1/recoup",
            "postgresql://user:planted%word@127.0.0.1:1/recoup",
            "postgresql://user@127.0.0.1:port/recoup?password=plantedword",
            "postgresql://user:planted@word@127.0.0.1:1/recoup",
        ],
    )
    def test_a_server_that_cannot_be_reached_is_named_without_the_password(
        self, command: tuple[str, ...], url: str
    ) -> None:
        status, out, err = run(*command, RECOUP_STORE=url)
        assert (status, out) == (2, "")
        assert "recoup: " in err
        assert "planted" not in err
        assert "word@" not in err

    @pytest.mark.parametrize("name", ["memory", "mysql://host/name"])
    def test_what_cannot_be_a_shared_store_is_refused(self, command: tuple[str, ...], name: str) -> None:
        status, _, err = run(*command, "--store", name)
        assert status == 2
        assert "SQLite file" in err

    def test_no_name_is_asked_for(self, command: tuple[str, ...]) -> None:
        status, _, err = run(*command)
        assert status == 2
        assert "RECOUP_STORE" in err


# --- resume


def left(where: str) -> set[tuple[str, str]]:
    with open_store(where) as store:
        return {(hold.key.seller, hold.key.operation) for hold in store.holds(now=time.time())}


PARKED_SELLER, PARKED_APPLICATION, RESTING = ("A1", LOGIN), (ANY, LOGIN), ("A1", LABELS)


@pytest.mark.parametrize(
    ("arguments", "remaining"),
    [
        (["A1"], {PARKED_APPLICATION, RESTING}),
        (["A1", "--application", APPLICATION], {PARKED_APPLICATION, RESTING}),
        (["--application", APPLICATION], {PARKED_SELLER, RESTING}),
        (["--all"], {RESTING}),
        (["--all", "--cool-downs"], set()),
        (["A1", "--cool-downs"], {PARKED_APPLICATION}),
    ],
)
def test_it_releases_whom_it_is_told_and_nobody_else(where: str, arguments: list[str], remaining: set[Any]) -> None:
    status, out, err = run("resume", *arguments, RECOUP_STORE=where)
    assert (status, err) == (0, "")
    assert out.count("resumed: ") == 3 - len(remaining)
    assert left(where) == remaining


def test_it_says_what_it_released(where: str) -> None:
    assert run("resume", "A1", "--store", where)[1] == f"resumed: seller A1 of {APPLICATION} (lwa-invalid-grant)\n"
    status, out, _ = run("resume", "--all", "--cool-downs", "--json", "--store", where)
    assert status == 0
    released = json.loads(out)["released"]
    assert [(each["seller"], each["fault"]) for each in released] == [
        (None, "lwa-invalid-client"),
        ("A1", "sc-00005-max-retries"),
    ]


def test_an_unknown_seller_is_an_error_that_lists_the_parked_ones(where: str) -> None:
    status, out, err = run("resume", "A9", "--store", where)
    assert (status, out) == (2, "")
    assert f"seller 'A9' is not parked; parked are: --application {APPLICATION}, A1" in err


def test_a_seller_of_another_application_is_not_resumed(where: str) -> None:
    status, _, err = run("resume", "A1", "--application", "amzn1.application-oa2-client.2", "--store", where)
    assert status == 2
    assert "A1" in err
    assert PARKED_SELLER in left(where)


def test_whoever_only_cools_down_is_not_parked(where: str) -> None:
    run("resume", "A1", "--store", where)
    status, _, err = run("resume", "A1", "--store", where)
    assert status == 2
    assert "only cools down" in err


def test_nothing_to_resume_is_no_error_for_all(where: str) -> None:
    run("resume", "--all", "--store", where)
    assert run("resume", "--all", "--store", where) == (0, "nothing is parked\n", "")
    assert "nothing is" in run("resume", "A9", "--store", where)[2]


@pytest.mark.parametrize("arguments", [[], ["A1", "--all"], ["--all", "--application", "x"], ["--cool-downs"]])
def test_it_wants_to_be_told_exactly_whom(where: str, arguments: list[str]) -> None:
    status, _, err = run("resume", *arguments, "--store", where)
    assert status == 2
    assert "say what to resume" in err
