"""`recoup sandbox control`: what is typed becomes one request; a mistake is told and changes nothing."""

from __future__ import annotations

import io
import json
import socket
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from recoup.cli.main import Streams, main
from recoup.sandbox import Sandbox, running

EPOCH = 1_800_000_000.0


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running(seed=1, epoch=EPOCH, clock="frozen") as running_sandbox:
        yield running_sandbox


def control(*words: str, environment: Mapping[str, str] | None = None) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    status = main(["sandbox", "control", *words], Streams(io.BytesIO(), out, err), environment or {})
    return status, out.getvalue(), err.getvalue()


def test_it_reads(sandbox: Sandbox) -> None:
    status, out, err = control(sandbox.endpoint, "clock")
    assert (status, json.loads(out), err) == (0, {"now": EPOCH, "mode": "frozen"}, "")
    assert "/_sandbox/stage" in json.loads(control(sandbox.endpoint)[1])["at"]
    assert json.loads(control(sandbox.control_url, "credentials")[1]) == sandbox.as_dict()
    assert json.loads(control(sandbox.endpoint.removeprefix("http://"), "requests?count=5")[1]) == []


def test_it_moves_time_and_sets_the_stage(sandbox: Sandbox) -> None:
    assert json.loads(control(sandbox.endpoint, "clock", "advance=60")[1])["now"] == EPOCH + 60
    assert json.loads(control(sandbox.endpoint, "stage", "do=drop_role", "role=pricing")[1])["done"] == "drop_role"
    scopes = 'scopes=["sellingpartnerapi::notifications"]'
    assert control(sandbox.endpoint, "stage", "do=set_scopes", scopes)[0] == 0


def test_it_asks_for_faults_and_ends_them(sandbox: Sandbox) -> None:
    assert json.loads(control(sandbox.endpoint, "faults", "fault=sc-10000-server-busy", "times=2")[1])["how"] == "plan"
    assert len(json.loads(control(sandbox.endpoint, "plans")[1])) == 1
    assert control(sandbox.endpoint, "faults/sc-10000-server-busy", "--end")[0] == 0
    assert json.loads(control(sandbox.endpoint, "plans", "--end")[1]) == {}


def test_snapshots_go_into_files_and_come_back(sandbox: Sandbox, tmp_path: Path) -> None:
    before = tmp_path / "before.json"
    before.write_text(control(sandbox.endpoint, "snapshot")[1], encoding="utf-8")
    sandbox.clock.advance(100)
    sandbox.stage.rotate_secret()
    changed = sandbox.client_secret
    status, out, _ = control(sandbox.endpoint, "restore", f"@{before}")
    assert (status, json.loads(out)["now"]) == (0, EPOCH)
    assert sandbox.client_secret != changed
    assert json.loads(control(sandbox.endpoint, "reset")[1])["now"] == EPOCH
    assert control(sandbox.endpoint, "reset", "seed=7")[0] == 0


def test_it_tells_why(sandbox: Sandbox) -> None:
    status, out, err = control(sandbox.endpoint, "why", "unknown-id")
    assert (status, out) == (2, "")
    assert "no such request id" in err


def test_a_key_is_taken_from_the_environment_or_the_option() -> None:
    with running(host="0.0.0.0", control_key="open sesame", clock="frozen") as sandbox:
        assert control(sandbox.endpoint, "clock")[0] == 2
        assert control(sandbox.endpoint, "clock", environment={"RECOUP_CONTROL_KEY": "open sesame"})[0] == 0
        assert control(sandbox.endpoint, "clock", "--key", "open sesame")[0] == 0


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["clock", "advance=-1"], "moves forward"),
        (["clock", "advance"], "'advance' is not of the form name=value"),
        (["clock", "=5"], "is not of the form name=value"),
        (["clock", "advance=60", "--end"], "--end takes no values"),
        (["clock", "--end"], "is not what"),
        (["stage", "do=explode"], "no action is called 'explode'"),
        (["nowhere"], "there is no /_sandbox/nowhere"),
        (["restore", "@no-such-file.json"], "cannot be read"),
        (["restore"], "not a snapshot"),
        (["faults", "fault=x"], "no fault with a wire answer"),
        (["why"], "is not what"),
        (["../orders"], "there is no"),
    ],
)
def test_a_mistake_is_told_and_changes_nothing(sandbox: Sandbox, words: list[str], complaint: str) -> None:
    before = sandbox.snapshot()
    status, out, err = control(sandbox.endpoint, *words)
    assert (status, out) == (2, "")
    assert complaint in err
    assert sandbox.snapshot() == before


def test_a_file_that_is_not_json_is_told(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "x").write_text("{")
    assert "is not JSON" in control(sandbox.endpoint, "restore", f"@{tmp_path / 'x'}")[2]


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("https://127.0.0.1:1", "is not the address of a sandbox"),
        ("http://", "is not the address of a sandbox"),
        ("http://127.0.0.1:99999", "is not the address of a sandbox"),
        ("http://127.0.0.1:1", "no sandbox answers"),
    ],
)
def test_an_address_where_no_sandbox_is_is_told(url: str, complaint: str) -> None:
    status, out, err = control(url, "clock")
    assert (status, out) == (2, "")
    assert complaint in err


def test_another_server_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello")

        thread = threading.Thread(target=answer)
        thread.start()
        status, _, err = control(f"http://127.0.0.1:{server.getsockname()[1]}", "clock")
        thread.join(10)
    assert status == 2
    assert "is no sandbox of recoup" in err


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--host", "0.0.0.0"], "the control room needs a key"),
        (["--host", "example.com"], "the control room needs a key"),
        (["--host", "nowhere.invalid", "--control-key", "x"], "cannot listen"),
        (["--state", "/"], "is a directory"),
        (["--state", "/no/such/folder/file"], "cannot be opened"),
        (["--seed", "x"], "not a valid integer"),
        (["--port", "65536"], "65536"),
    ],
)
def test_a_sandbox_that_cannot_start_says_why(options: list[str], complaint: str) -> None:
    out, err = io.StringIO(), io.StringIO()
    assert main(["sandbox", *options], Streams(io.BytesIO(), out, err), {}) == 2
    assert complaint in err.getvalue()
    assert out.getvalue() == ""


def test_the_key_is_never_shown() -> None:
    from recoup.settings import Settings

    settings = Settings.read({"RECOUP_CONTROL_KEY": " open sesame "})
    assert settings.control_key == "open sesame"
    assert "sesame" not in repr(settings)
