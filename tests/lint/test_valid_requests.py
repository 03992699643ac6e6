"""Every valid request that the sandbox's own tests send is without a finding."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SANDBOX = HERE.parent / "sandbox"


@pytest.mark.long
def test_what_the_sandbox_answers_well_is_without_a_finding(tmp_path: Path) -> None:
    watched = tmp_path / "watched.txt"
    path = os.pathsep.join([str(HERE), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-m", "pytest", "-q", "-p", "sandbox_watch", "-p", "no:cacheprovider"]
    command += [str(SANDBOX / "general"), str(SANDBOX / "fulfillment"), str(SANDBOX / "test_login_with_amazon.py")]
    subprocess.run(
        [*command, "-m", "not models and not browser and not sdk"],
        env={**os.environ, "PYTHONPATH": path, "RECOUP_WATCHED": str(watched)},
        cwd=HERE.parent.parent,
        check=True,
        capture_output=True,
        timeout=900,
    )
    *found, count = watched.read_text(encoding="utf-8").splitlines()
    assert found == []
    assert int(count) > 100
