"""With a frozen clock, the same seed and the same calls give the same bytes: ids, tokens, dates, labels, everything."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from collections import Counter

import recorded_script
from recorded_script import story


def in_a_process_of_its_own(hash_seed: str) -> str:
    # Another hash seed puts sets into another order, which is where a difference would come from.
    return subprocess.run(
        [sys.executable, recorded_script.__file__, "1"],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    ).stdout


def test_the_same_bytes_in_one_process_and_in_others() -> None:
    told = story(1)
    assert story(1) == told
    digest = hashlib.sha256(told).hexdigest()
    assert [in_a_process_of_its_own(seed) for seed in ("1", "2")] == [digest, digest]


def test_another_seed_gives_other_bytes() -> None:
    assert story(1) != story(2)


def test_the_script_is_worth_the_name() -> None:
    statuses = Counter(re.findall(rb"^HTTP/1.1 (\d+)", story(1), re.MULTILINE))
    assert sum(statuses.values()) >= recorded_script.CALLS
    assert {b"200", b"204", b"207", b"400", b"403", b"404"} <= set(statuses)
