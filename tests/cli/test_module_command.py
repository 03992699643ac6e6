"""`python -m recoup` is the command `recoup`."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["--version"], 0, "recoup"),
        (["explain", "SC_00005"], 0, "sc-00005-max-retries"),
        (["explain", "no-such-thing-at-all"], 2, ""),
    ],
)
def test_the_module_runs_the_command(arguments: list[str], status: int, said: str) -> None:
    done = subprocess.run([sys.executable, "-m", "recoup", *arguments], check=False, capture_output=True, text=True)
    assert done.returncode == status
    assert said in done.stdout
    assert "Traceback" not in done.stderr


def test_importing_the_module_runs_nothing() -> None:
    done = subprocess.run([sys.executable, "-c", "import recoup.__main__"], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
