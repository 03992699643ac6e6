"""The how-tos on testing: every block of them is run, the shell's and Node's against a real sandbox.

In a console block `$ ` begins a command, `…` in what is shown stands for anything, and a line that is `…` alone for any
lines.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest
from doc_pages import blocks

from plugin_loading import LOAD

pytest_plugins = ["pytester"]

ANY_LANGUAGE = "how-to/sandbox-from-any-language.md"
GATEWAY = "how-to/gateway-for-any-language.md"
PYTEST = "how-to/sandbox-with-pytest.md"
NO_WAITING = "how-to/testing-without-waiting.md"
_PORTS = ("8080", "9000")  # as the pages have them
_MARK = "=== command "


class Step(NamedTuple):
    """A command and what the page shows under it."""

    command: str
    shown: str


def steps_of(page: str) -> list[Step]:
    """The commands of a page's console blocks, in order."""
    steps: list[Step] = []
    for block in blocks(page, "console"):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            lines = part.splitlines()
            end = next(index for index, line in enumerate(lines) if not line.endswith("\\")) + 1
            steps.append(Step("\n".join(lines[:end]), "\n".join(lines[end:])))
    return steps


def pattern(shown: str) -> str:
    """What a printed text must look like."""
    lines = [
        r"(?:.*\n)*" if line == "…" else ".*".join(map(re.escape, line.split("…"))) + r"\n"
        for line in shown.splitlines()
    ]
    return "".join(lines)


def free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return str(server.getsockname()[1])


def run_in_one_shell(steps: list[Step], folder: Path) -> list[str]:
    """What each command printed, all of them run by one bash."""
    ports = {shown: free_port() for shown in _PORTS}
    lines = ["set -uo pipefail", "trap 'kill $(jobs -p) 2>/dev/null' EXIT"]
    for step in steps:
        lines.append(_replaced(step.command, ports))
        lines.append(f"echo; echo '{_MARK}'")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", "\n".join(lines)],
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    printed = _replaced(done.stdout, {port: shown for shown, port in ports.items()}).split(f"\n{_MARK}\n")
    assert len(printed) == len(steps) + 1, done.stderr
    return printed[:-1]


def _replaced(text: str, others: Mapping[str, str]) -> str:
    for one, other in others.items():
        text = text.replace(one, other)
    return text


@pytest.mark.long  # it drives bash, curl and Node, which the longer tier sees to
@pytest.mark.parametrize("page", [ANY_LANGUAGE, GATEWAY])
def test_any_language(page: str, tmp_path: Path) -> None:
    for script in blocks(page, "js"):
        name = script.partition("\n")[0].removeprefix("// ")
        (tmp_path / name).write_text(script, encoding="utf-8")
    steps = steps_of(page)
    assert len(steps) > 20
    assert any("node" in step.command for step in steps)
    for step, printed in zip(steps, run_in_one_shell(steps, tmp_path), strict=True):
        text = printed if printed.endswith("\n") or not printed else printed + "\n"
        assert re.fullmatch(pattern(step.shown), text), f"$ {step.command}\nprinted {text!r}\nshown {step.shown!r}"


def test_pytest(pytester: pytest.Pytester) -> None:
    sources = blocks(PYTEST, "python")
    assert sources
    for index, source in enumerate(sources):
        name = re.match(r"# (\w+)\.py\n", source)
        pytester.makepyfile(**{name[1] if name else f"test_block_{index}": source})
    for index, ini in enumerate(blocks(PYTEST, "ini")):
        pytester.makefile(".ini", **{"pytest" if not index else f"other{index}": ini})
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-W", "error", "--strict-markers", *LOAD)
    outcome = result.parseoutcomes()
    assert outcome.get("passed", 0) >= len(sources) - 2, result.stdout.str()  # two of them hold no test
    assert set(outcome) == {"passed"}, result.stdout.str()


def test_without_waiting(pytester: pytest.Pytester) -> None:
    sources = blocks(NO_WAITING, "python")
    assert sources
    pytester.makepyfile(**{f"test_block_{index}": source for index, source in enumerate(sources)})
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider", "-W", "error", *LOAD)
    outcome = result.parseoutcomes()
    assert outcome.get("passed", 0) >= len(sources), result.stdout.str()
    assert set(outcome) == {"passed"}, result.stdout.str()
