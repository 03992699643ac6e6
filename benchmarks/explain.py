"""How long `recoup explain` takes beside a bare interpreter start in one run.

Aim: at most 8 times a bare start. Best of many runs each, taken in turns, so that a busy machine disturbs both alike.
The libraries must have been compiled to bytecode, as `make` does; else this measures the compiler.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from time import perf_counter

RUNS = 25
EXPLAIN = [str(Path(sys.executable).with_name("recoup")), "explain", "SC_00005"]
BARE = [sys.executable, "-c", "pass"]


def once(command: list[str]) -> float:
    started = perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return perf_counter() - started


def main() -> None:
    pairs = [(once(BARE), once(EXPLAIN)) for _ in range(RUNS)]
    bare, explain = (min(times) for times in zip(*pairs, strict=True))
    print(f"bare start {bare * 1e3:.1f} ms, recoup explain {explain * 1e3:.1f} ms: {explain / bare:.1f} times (aim: 8)")


if __name__ == "__main__":
    main()
