"""A state file: after `kill -9` under load nobody who got an answer has lost its effect.

The load is real: two threads on sockets against a sandbox in a process of its own, which is killed at any moment.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from wire import Wire, call, fetch_token, head, post_json

from recoup.errors import SettingsError
from recoup.sandbox import Sandbox, SandboxSettings, running
from recoup.sandbox.state_file import StateFile

SHIPMENTS = "/externalFulfillment/2024-09-11/shipments"


class Process(NamedTuple):
    child: subprocess.Popen[str]
    shown: dict[str, Any]

    def control(self, place: str, body: object) -> Any:
        answer = post_json(self.shown["endpoint"], f"/_sandbox/{place}", body)
        assert answer.status == 200, answer.body
        return msgspec.json.decode(answer.body)

    def read(self, place: str) -> Any:
        return msgspec.json.decode(call(self.shown["endpoint"], head("GET", f"/_sandbox/{place}")).body)


@contextmanager
def process(state: Path, *options: str) -> Iterator[Process]:
    """`recoup sandbox --state` in a process of its own, killed at the end."""
    command = [
        sys.executable,
        "-c",
        "from recoup.cli import entry; entry()",
        "sandbox",
        "--json",
        "--state",
        str(state),
        *options,
    ]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert child.stdout is not None
        assert child.stderr is not None
        line = child.stdout.readline()
        assert line, child.stderr.read()
        yield Process(child, json.loads(line))
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait(10)
        for stream in (child.stdout, child.stderr):
            if stream is not None:
                stream.close()


class Client(threading.Thread):
    """Takes orders and confirms them, one after the other, until nobody answers any more; knows what was answered."""

    def __init__(self, shown: dict[str, Any], token: str) -> None:
        super().__init__()
        self.shown, self.token = shown, token
        self.created: list[str] = []
        self.confirmed: list[str] = []
        self.asked: str | None = None  # confirmed or not: its answer never came

    def run(self) -> None:
        try:
            with Wire(self.shown["endpoint"]) as wire:
                while True:
                    self.asked = None
                    body = {"do": "add_shipment", "location_id": self.shown["location_ids"]["MFN"]}
                    data = msgspec.json.encode(body)
                    fields = ("Content-Type: application/json", f"Content-Length: {len(data)}")
                    wire.send(head("POST", "/_sandbox/stage", None, *fields) + data)
                    shipment = msgspec.json.decode(wire.receive().body)["result"]
                    self.created.append(shipment)
                    self.asked = shipment
                    wire.send(
                        head("POST", f"{SHIPMENTS}/{shipment}?operation=CONFIRM", self.token, "Content-Length: 0")
                    )
                    if wire.receive().status == 204:
                        self.confirmed.append(shipment)
        except (OSError, AssertionError):
            return  # the sandbox is dead


def token_of(shown: dict[str, Any]) -> str:
    class Known(NamedTuple):
        endpoint: str
        refresh_token: str
        client_id: str
        client_secret: str

    known: Any = Known(shown["endpoint"], shown["refresh_token"], shown["client_id"], shown["client_secret"])
    return fetch_token(known)


def test_nothing_that_was_answered_is_lost_by_kill_9_under_load(tmp_path: Path) -> None:
    state, chance = tmp_path / "sandbox.state", random.Random(7)
    created: list[str] = []
    confirmed: set[str] = set()
    unknown: set[str] = set()
    options: tuple[str, ...] = ("--seed", "3")
    for _ in range(4):
        with process(state, *options) as one:
            token = token_of(one.shown)
            clients = [Client(one.shown, token) for _ in range(2)]
            for client in clients:
                client.start()
            while len(clients[0].created) < chance.randrange(5, 60):
                clients[0].join(0.01)
            os.kill(one.child.pid, signal.SIGKILL)
            for client in clients:
                client.join(20)
                created += client.created
                confirmed |= set(client.confirmed)
                unknown |= {client.asked} if client.asked is not None else set()
        options = ()
    with process(state) as one:
        token = token_of(one.shown)
        one.control("clock", {"freeze": True})
        for shipment in created:
            answer = call(one.shown["endpoint"], head("GET", f"{SHIPMENTS}/{shipment}", token))
            while answer.status == 429:
                one.control("clock", {"advance": 1})
                answer = call(one.shown["endpoint"], head("GET", f"{SHIPMENTS}/{shipment}", token))
            status = msgspec.json.decode(answer.body)["status"]
            if shipment not in unknown:
                assert status == ("CONFIRMED" if shipment in confirmed else "ACCEPTED"), shipment
    assert len(confirmed) > 4


def test_it_comes_back_at_the_same_addresses_with_the_same_credentials_tokens_and_time(tmp_path: Path) -> None:
    state = tmp_path / "sandbox.state"
    with process(state, "--frozen") as one:
        token = token_of(one.shown)
        one.control("stage", {"do": "rotate_secret"})
        before, shown = one.control("clock", {"advance": 500}), one.read("credentials")
    with process(state) as one:
        assert one.shown == shown
        assert one.read("clock") == before
        listing = head("GET", SHIPMENTS + "?status=ACCEPTED", token)
        assert call(one.shown["endpoint"], listing).status == 200
        one.control("clock", {"resume": True})
        one.control("reset", {"seed": 9})
        reset = one.read("credentials")
        assert reset != shown
    with process(state) as one:
        assert one.read("credentials") == reset
        assert one.read("clock")["mode"] == "frozen", "a reset also goes back to the first mode"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """The state file of a sandbox that was used and closed."""
    path = tmp_path / "sandbox.state"
    with running(seed=3, epoch=1_800_000_000.0, clock="frozen", state=path) as sandbox:
        fetch_token(sandbox)
        for _ in range(3):
            sandbox.stage.add_shipment(location_id=sandbox.location_ids["MFN"])
        sandbox.clock.advance(10)
    return path


def listed(sandbox: Sandbox) -> int:
    answer = call(sandbox.endpoint, head("GET", SHIPMENTS + "?status=ACCEPTED", fetch_token(sandbox)))
    return len(msgspec.json.decode(answer.body)["shipments"])


def test_it_may_be_taken_up_again_and_again(state: Path) -> None:
    ids: list[str] = []
    for round_ in range(4):
        with running(state=state) as sandbox:
            assert sandbox.clock.now() == 1_800_000_010.0 + 5 * round_
            assert listed(sandbox) == 3 + round_
            ids += [trail["request_id"] for trail in sandbox_requests(sandbox)]
            sandbox.stage.add_shipment(location_id=sandbox.location_ids["MFN"])
            sandbox.clock.advance(5)
    fresh = [one for one in ids if ids.count(one) == 1]
    assert len(fresh) >= 4, "a request that was only read has an id that nobody had before"


def sandbox_requests(sandbox: Sandbox) -> Any:
    return msgspec.json.decode(call(sandbox.endpoint, head("GET", "/_sandbox/requests")).body)


def test_a_snapshot_that_was_put_back_lasts(state: Path) -> None:
    with running(state=state) as sandbox:
        snapshot = sandbox.snapshot()
        sandbox.stage.add_shipment(location_id=sandbox.location_ids["MFN"])
        sandbox.restore(snapshot)
        sandbox.stage.add_shipment(location_id=sandbox.location_ids["MFN"])
        sandbox.stage.add_shipment(location_id=sandbox.location_ids["MFN"])
    with running(state=state) as sandbox:
        assert listed(sandbox) == 5


def test_time_that_runs_has_run_on_meanwhile_and_time_that_stands_has_not(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.state"
    with running(state=path) as sandbox:
        sandbox.clock.advance(10_000)
        before = sandbox.clock.now()
    lines = path.read_text().splitlines()
    moved = json.loads(lines[-1])
    lines[-1] = json.dumps({**moved, "real": moved["real"] - 500})
    path.write_text("\n".join(lines) + "\n")
    with running(state=path) as sandbox:
        assert sandbox.clock.now() >= before + 500
        assert sandbox.clock.mode == "advanced"


def test_a_last_line_that_was_cut_off_is_dropped(state: Path) -> None:
    whole = state.read_bytes()
    last = whole.splitlines(keepends=True)[-2]
    for cut in (1, len(last) // 2, len(last) - 1):
        state.write_bytes(whole + last[:cut])
        with running(state=state) as sandbox:
            assert listed(sandbox) == 3
            sandbox.stage.activate_account()
        for line in state.read_bytes().splitlines():
            json.loads(line)


@pytest.mark.parametrize("size", [0, 1, 10, 200])
def test_a_first_line_that_was_cut_off_makes_a_new_file(state: Path, size: int) -> None:
    state.write_bytes(state.read_bytes()[:size])
    with running(state=state, seed=5) as sandbox:
        assert listed(sandbox) == 0


def with_line(number: int, text: str | None) -> Any:
    def change(content: str) -> str:
        lines = content.splitlines()
        if text is None:
            del lines[number - 1]
        else:
            lines[number - 1] = text
        return "\n".join(lines) + "\n"

    return change


BAD: list[tuple[Any, dict[str, Any], str]] = [
    (lambda _: "hello\n", {}, "is not a state file of the sandbox, and is left as it is"),
    (lambda _: "hello", {}, "is not a state file of the sandbox, and is left as it is"),
    (lambda _: '{"a": 1}\n', {}, "is not a state file of the sandbox, and is left as it is"),
    (lambda text: text.replace('"version":1', '"version":2', 1), {}, "has version 2 of the format"),
    (with_line(3, "{"), {}, "line 3 of"),
    (with_line(3, '{"did":"magic"}'), {}, "line 3 of"),
    (with_line(3, ""), {}, "line 3 of"),
    (with_line(3, "\0\0\0"), {}, "is broken"),
    (with_line(3, None), {}, "came out otherwise than it once did"),
    (lambda text: text, {"seed": 4}, "was begun with 3; leave it out to go on"),
    (lambda text: text, {"epoch": 5.0}, "leave it out to go on"),
    (lambda text: text, {"settings": SandboxSettings(code_lifetime=1)}, "was begun with others"),
]


@pytest.mark.parametrize(("change", "options", "complaint"), BAD)
def test_a_file_that_does_not_fit_is_a_clear_complaint_and_stays_as_it_is(
    state: Path, change: Any, options: dict[str, Any], complaint: str
) -> None:
    state.write_text(change(state.read_text()))
    before = state.read_bytes()
    with pytest.raises(SettingsError) as caught, running(state=state, **options):
        pass
    assert complaint in str(caught.value)
    assert str(state) in str(caught.value)
    assert state.read_bytes() == before


def test_two_sandboxes_do_not_share_a_file(state: Path) -> None:
    with running(state=state), pytest.raises(SettingsError, match="in use by another sandbox"), running(state=state):
        pass


def test_a_place_that_cannot_be_written_is_a_clear_complaint(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none" / "here"):
        with pytest.raises(SettingsError, match="cannot be opened"), running(state=path):
            pass


def test_what_cannot_be_written_down_is_not_answered_as_done(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk: the call fails as the sandbox's own mistake, and the file keeps what it had."""
    with running(state=state) as sandbox:
        token = fetch_token(sandbox)
        shipment = sandbox.stage.add_shipment(location_id=sandbox.location_ids["MFN"])
        before = state.read_bytes()

        def full(_file: int, _data: bytes) -> int:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("recoup.sandbox.state_file.os.write", full)
        target = head("POST", f"{SHIPMENTS}/{shipment}?operation=CONFIRM", token, "Content-Length: 0")
        answer = call(sandbox.endpoint, target)
        assert (answer.status, b"SandboxFailure" in answer.body) == (500, True)
        monkeypatch.undo()
        again = call(sandbox.endpoint, target)
        assert again.status == 500, "what follows a gap could not be told: nothing is written any more"
        assert state.read_bytes() == before


def test_only_its_owner_may_read_it(state: Path) -> None:
    assert state.stat().st_mode & 0o077 == 0


def test_a_file_is_written_before_it_is_answered(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.state"
    with running(state=path, clock="frozen") as sandbox:
        shipment = sandbox.stage.add_shipment(location_id=sandbox.location_ids["MFN"])
        token = fetch_token(sandbox)
        call(sandbox.endpoint, head("POST", f"{SHIPMENTS}/{shipment}?operation=CONFIRM", token, "Content-Length: 0"))
        assert f"{shipment}?operation=CONFIRM" in path.read_text().splitlines()[-1]


def test_closing_twice_is_no_mistake(tmp_path: Path) -> None:
    file = StateFile(tmp_path / "sandbox.state")
    file.close()
    file.close()


def test_a_file_that_others_could_read_is_closed_to_them(state: Path) -> None:
    state.chmod(0o644)
    with running(state=state):
        assert state.stat().st_mode & 0o777 == 0o600


def test_headers_that_no_operation_reads_are_not_written_down(state: Path) -> None:
    foreign = {
        "X-Amz-Security-Token": "FwoGZXIvYXdzEXAMPLE",
        "Authorization": "AWS4-HMAC-SHA256 EXAMPLE",
        "Cookie": "theirs=EXAMPLE",
        "X-Api-Key": "EXAMPLE",
    }
    with running(state=state) as sandbox:
        token = fetch_token(sandbox)
        shipment = sandbox.stage.add_shipment(location_id=sandbox.location_ids["MFN"])
        lines = [f"{name}: {value}" for name, value in foreign.items()]
        asked = head("POST", f"{SHIPMENTS}/{shipment}?operation=CONFIRM", token, *lines, "Content-Length: 0")
        assert call(sandbox.endpoint, asked).status == 204
    written = state.read_text()
    assert shipment in written
    assert "EXAMPLE" not in written
    with running(state=state) as sandbox:
        again = call(sandbox.endpoint, head("GET", f"{SHIPMENTS}/{shipment}", token))
        assert msgspec.json.decode(again.body)["status"] == "CONFIRMED"
