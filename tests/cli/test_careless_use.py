"""What a careless person does to the commands: folders, binary files, endless files, closed pipes, missing extras.

Each of them gets one sentence that says what is wrong and what to do, never a traceback.
"""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from recoup.cli.main import EXTRAS, Streams, main

FAILURE = b'HTTP/1.1 400 Bad Request\r\n\r\n{"errors":[{"code":"InvalidInput","message":"x"}]}'
DENIED = (
    b'HTTP/1.1 403 F\r\n\r\n{"errors":[{"code":"Unauthorized","message":"Access to requested resource is denied."}]}'
)
SCRIPT = "import sys; sys.argv = ['recoup', *sys.argv[1:]]; from recoup.cli import entry; entry()"


CREDENTIALS = {
    "RECOUP_CLIENT_ID": "amzn1.application-oa2-client.made-up",
    "RECOUP_CLIENT_SECRET": "amzn1.oa2-cs.v1.made-up",
    "RECOUP_REFRESH_TOKEN": "Atzr|made-up",
}


def run(*arguments: str, stdin: bytes = b"", environment: dict[str, str] | None = None) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    status = main(arguments, Streams(io.BytesIO(stdin), out, err), environment or {})
    return status, out.getvalue(), err.getvalue()


def process(*arguments: str, before: str = "", **environment: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", f"{before}\n{SCRIPT}", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **environment},
    )


# --- input


@pytest.mark.parametrize(
    ("content", "status", "says"),
    [
        (os.urandom(100_000).replace(b"HTTP/", b""), 2, "neither text nor an HTTP message"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20, 2, "neither text nor an HTTP message"),
        (bytes(5000), 2, "neither text nor an HTTP message"),
        (b"x" * 100_000, 2, "only its first 64 KiB are read, and no failure is in them"),
        (b"x" * 3_000_000 + FAILURE, 2, "cut out the part around the failure"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 3_000_000, 2, "only its first 2048 KiB are read, and no failure"),
        (FAILURE + b" " * 3_000_000, 1, "only its first 2048 KiB are read"),
    ],
    ids=["random", "picture", "zeros", "long-text", "failure-behind-the-limit", "long-success", "failure-before-it"],
)
def test_what_is_not_read_is_said(tmp_path: Path, content: bytes, status: int, says: str) -> None:
    file = tmp_path / "input"
    file.write_bytes(content)
    found, _, err = run("diagnose", str(file))
    assert (found, says in err) == (status, True), err
    assert str(file) in err


def test_an_endless_input_ends(tmp_path: Path) -> None:
    class Endless(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            assert size >= 0, "nobody may read all of it"
            return b"x" * size

    out, err = io.StringIO(), io.StringIO()
    assert main(["diagnose"], Streams(Endless(), out, err), {}) == 2  # type: ignore[arg-type]
    assert "standard input: only its first" in err.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1"])
def test_text_in_any_encoding_is_no_binary_file(encoding: str) -> None:
    status, out, err = run("diagnose", stdin=FAILURE.decode().encode(encoding))
    assert (status, err) == (1, "")
    assert "[" in out


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    status, _, err = run("diagnose", str(tmp_path))
    assert (status, err) == (2, f"recoup: {tmp_path}: there is nothing to read in it\n")


@pytest.mark.parametrize("word", ["403", "SC_00005", "Access denied"])
def test_a_word_in_the_place_of_a_file_leads_to_explain(word: str) -> None:
    status, _, err = run("diagnose", word)
    assert status == 2
    assert f"recoup explain {word}" in err


def test_text_without_a_failure_is_not_called_a_success() -> None:
    status, out, _ = run("diagnose", stdin=b"lorem ipsum")
    assert (status, out) == (
        0,
        "No failure is recognised in standard input. Give the whole response, with its status and headers.\n",
    )


# --- the drill's arguments


def test_a_code_in_the_place_of_an_id_is_understood_far_enough_to_name_it() -> None:
    status, _, err = run("drill", "SC_10000")
    assert status == 2
    assert "nearest are: sc-10000-server-busy" in err


@pytest.mark.parametrize("option", ["--json", "--html"])
def test_a_folder_for_a_report_is_refused_before_the_drill(tmp_path: Path, option: str) -> None:
    status, out, err = run("drill", "429-rate-limit", option, str(tmp_path))
    assert (status, out) == (2, "")
    assert "is a folder; name a file in it" in err


# --- output


def test_who_closes_the_pipe_is_not_told_of_it() -> None:
    with process("explain") as child:
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdout.read(10)
        child.stdout.close()
        assert child.stderr.read() == b""
    assert child.returncode == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_said() -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT, "explain"], stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert (done.returncode, done.stderr) == (2, b"recoup: the output cannot be written: No space left on device\n")


def test_a_terminal_that_lacks_a_sign_shows_its_number() -> None:
    with process("explain", "SC_30004", PYTHONIOENCODING="ascii") as child:
        out, err = child.communicate()
    assert (child.returncode, err) == (0, b"")
    assert rb"\u201c" in out


# --- stopping


@pytest.mark.parametrize("command", ["diagnose", "drill"])
def test_an_interrupt_ends_a_command_without_a_traceback(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C arrives as KeyboardInterrupt wherever the command happens to be."""

    class Interrupted(io.RawIOBase):
        def isatty(self) -> bool:
            return True

        def read(self, size: int = -1) -> bytes:
            raise KeyboardInterrupt

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("recoup.drill.runner.drill", interrupted)
    out, err = io.StringIO(), io.StringIO()
    assert main([command], Streams(Interrupted(), out, err), {}) == 130  # type: ignore[arg-type]
    assert err.getvalue().endswith("stopped\n")
    assert "Traceback" not in err.getvalue()


@pytest.mark.parametrize("times", [1, 20])
def test_the_sandbox_ends_with_ctrl_c_however_often(times: int) -> None:
    with process("sandbox", "--json") as child:
        assert child.stdout is not None
        assert child.stderr is not None
        assert child.stdout.readline().startswith(b"{")
        for number in range(times):
            child.send_signal((signal.SIGINT, signal.SIGTERM)[number % 2])
        assert child.stderr.read() == b""
    assert child.returncode == 0


# --- extras that were not installed


@pytest.mark.parametrize(("command", "module"), EXTRAS)
def test_a_missing_extra_is_named_with_how_to_install_it(
    command: str, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without(*_: object, **__: object) -> None:
        raise ModuleNotFoundError(f"No module named '{module}.part'", name=f"{module}.part")

    monkeypatch.setattr("recoup.drill.runner.drill", without)
    # By its module: the package calls a function of it by the same name, once somebody has asked for that.
    monkeypatch.setattr(import_module("recoup.sandbox.serving"), "serve_forever", without)
    monkeypatch.setattr("recoup.gateway.serving.serve_forever", without)
    monkeypatch.setattr("recoup.doctor.sending.over_httpx2", without)
    more = {"doctor": ["--yes"], "diagnose": ["--yes", "--probe"]}.get(command, [])
    status, _, err = run(command, *more, stdin=DENIED, environment=CREDENTIALS)
    assert status == 2
    assert f"'{command}' needs {module}, which is not installed" in err
    assert f'pip install "recoup[{EXTRAS[command, module]}]"' in err


def test_without_rich_the_drill_names_its_extra() -> None:
    with process("drill", before="import sys; sys.modules['rich'] = None") as child:
        out, err = child.communicate()
    assert (child.returncode, out) == (2, b"")
    assert b'pip install "recoup[drill]"' in err


def test_a_module_that_no_extra_brings_is_a_mistake_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ModuleNotFoundError("No module named 'recoup.drlil'", name="recoup.drlil")

    monkeypatch.setattr("recoup.drill.runner.drill", broken)
    with pytest.raises(ModuleNotFoundError):
        run("drill")
