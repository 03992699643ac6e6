"""The command line as a function of arguments, streams and environment."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from recoup.cli.main import Streams, main

SLOT = b"""HTTP/1.1 400 Bad Request\r
Content-Type: application/json\r
x-amzn-RequestId: 7d1f\r
\r
{"errors":[{"code":"InvalidInput","message":"The given pickup-slot is no longer available and is expired"}]}"""


def run(*arguments: str, stdin: bytes = b"", environment: Mapping[str, str] | None = None) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    status = main(arguments, Streams(io.BytesIO(stdin), out, err), environment or {})
    return status, out.getvalue(), err.getvalue()


TEAPOT = """
[[fault]]
id = "own-teapot"
title = "Teapot"
kind = "beyond"
where = ["front-door"]
status = 418
cause = "The proxy in front of us is a teapot."
who = "developer"
recovery = { retry = "NEVER" }
remedy = { action = "stop", text = "Stop.", steps = ["Ask the network team."] }
source = { document = "our wiki" }
signs = [{ status = 418 }]
"""


# --- explain


@pytest.mark.parametrize(
    ("words", "ids"),
    [
        (["SC_00005"], ["sc-00005-forbidden", "sc-00005-max-retries"]),
        (["sc_00006"], ["sc-00006-entity-version-conflict", "sc-00006-order-cancelled"]),
        (["422"], ["sc-00006-order-cancelled"]),
        (["MD5101"], ["auth-MD5101"]),
        (["sc-10000-server-busy"], ["sc-10000-server-busy"]),
        (["The", "LWA", "secret", "token", "you", "provided", "has", "expired."], ["403-expired-token"]),
    ],
)
def test_explain_finds_by_code_status_id_and_text(words: list[str], ids: list[str]) -> None:
    status, out, err = run("explain", *words, "--json")
    assert (status, err) == (0, "")
    assert set(ids) <= {fault["id"] for fault in json.loads(out)}


def test_explain_tells_two_faults_of_one_code_apart() -> None:
    status, out, _ = run("explain", "SC_00005")
    assert status == 0
    assert "sc-00005-forbidden" in out
    assert "sc-00005-max-retries" in out
    assert "403" in out.partition("\n\n")[0]
    assert "400" in out.partition("\n\n")[0]


@pytest.mark.parametrize("word", ["SC_00055", "Servrbusy", "MD5011", "SC_99"])
def test_an_unknown_word_suggests_the_nearest_and_exits_2(word: str) -> None:
    status, out, err = run("explain", word)
    assert (status, out) == (2, "")
    assert word in err
    assert "nearest are:" in err


def test_explain_alone_lists_everything() -> None:
    status, out, _ = run("explain")
    assert status == 0
    assert len(out.splitlines()) > 80


def test_an_overlay_is_explained_too(tmp_path: Path) -> None:
    overlay = tmp_path / "own.toml"
    overlay.write_text(TEAPOT, encoding="utf-8")
    status, out, err = run("explain", "own-teapot", environment={"RECOUP_CATALOGUE": str(overlay)})
    assert (status, err) == (0, "")
    assert "The proxy in front of us is a teapot." in " ".join(out.split())


def test_an_overlay_is_diagnosed_too(tmp_path: Path) -> None:
    overlay = tmp_path / "own.toml"
    overlay.write_text(TEAPOT, encoding="utf-8")
    answer = b"HTTP/1.1 418 I'm a teapot\r\nContent-Type: text/plain\r\n\r\nshort and stout"
    environment = {"RECOUP_CATALOGUE": str(overlay)}
    status, out, _ = run("diagnose", "--json", stdin=answer, environment=environment)
    assert (status, json.loads(out)["id"]) == (1, "own-teapot")
    assert json.loads(run("diagnose", "--json", stdin=answer)[1])["id"] is None


def test_a_broken_overlay_is_named_with_file_id_and_field(tmp_path: Path) -> None:
    overlay = tmp_path / "own.toml"
    overlay.write_text('[[fault]]\nid = "own"\ntitle = 3\n', encoding="utf-8")
    status, _, err = run("explain", "own", environment={"RECOUP_CATALOGUE": str(overlay)})
    assert status == 2
    assert str(overlay) in err
    assert "own" in err
    assert "Traceback" not in err


# --- diagnose


def test_diagnose_reads_a_response_and_exits_1() -> None:
    status, out, err = run("diagnose", "--json", stdin=SLOT)
    assert (status, err) == (1, "")
    diagnosis = json.loads(out)
    assert diagnosis["id"] == "sc-30004-pickup-slot-expired"
    assert diagnosis["tied"] == []
    assert diagnosis["faults"][0]["basis"] == "message"
    assert (diagnosis["status"], diagnosis["http_status"]) == (400, 400)
    assert diagnosis["request_id"] == "7d1f"
    assert diagnosis["decision"]["action"] == "resync"
    assert diagnosis["retryable"] is False
    assert set(diagnosis["remedy"]) == {"action", "text", "steps", "who"}


KEYS = set(
    "id tied faults status http_status code sc_code message request_id retryable decision remedy parameters "
    "findings".split()
)


@pytest.mark.parametrize("stdin", [SLOT, b"HTTP/1.1 200 OK\r\n\r\n{}", b"lorem ipsum", b"\x00\xff\xfe"])
def test_the_keys_of_a_diagnosis_are_always_there(stdin: bytes) -> None:
    _, out, _ = run("diagnose", "-", "--json", stdin=stdin)
    for line in out.splitlines():
        assert set(json.loads(line)) >= KEYS


def test_a_success_exits_0() -> None:
    status, _, _ = run("diagnose", stdin=b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{}")
    assert status == 0


@pytest.mark.parametrize(
    ("arguments", "stdin", "says"),
    [
        (["diagnose"], b"", "nothing to read"),
        (["diagnose"], b" \n", "nothing to read"),
        (["diagnose", "/no/such/file"], b"", "/no/such/file"),
        (["diagnose", "--format", "http"], b"no message at all", "no HTTP message"),
        (["diagnose", "--format", "tarot"], b"x", "tarot"),
        (["explore"], b"", "explore"),
        (["drill", "sc-99999"], b"", "no fault of the drill is called 'sc-99999'"),
        (["sandbox", "--port", "99999"], b"", "99999"),
    ],
)
def test_bad_input_exits_2_and_says_what_is_wrong(arguments: list[str], stdin: bytes, says: str) -> None:
    status, _, err = run(*arguments, stdin=stdin)
    assert status == 2
    assert says in err
    assert "Traceback" not in err


def test_no_secret_is_printed() -> None:
    stdin = SLOT + b"\nx-amz-access-token: Atza|planted-1\nclient_secret=amzn1.oa2-cs.v1.planted2 joe@planted3.example"
    for arguments in (["diagnose"], ["diagnose", "--json"]):
        _, out, err = run(*arguments, stdin=stdin)
        assert "planted" not in out + err


@pytest.mark.parametrize("command", ["explain", "diagnose", "sandbox", "drill"])
def test_help_teaches_by_example(command: str) -> None:
    status, out, _ = run(command, "--help")
    assert status == 0
    assert "Usage: recoup" in out
    assert "--json" in out
