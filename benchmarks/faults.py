"""How calls end when things go wrong, with recoup and with everything that people use today, side by side.

    python benchmarks/faults.py [--quick] [--calls 500] [--seed 1] [--only TEXT]

Every contestant makes the same 500 calls, one after the other, against the same server on a real socket, which fails as
the documents say that External Fulfillment does, one or two attempts long where the fault is one that passes (see
side_by_side/plan.py). Counted are, by the server's books and by what the caller was told:

    right    the call worked and was delivered as such; or it could not, and was delivered as a failure; and what it
             does was done exactly as often as it had to be
    told     the same, but never mind how often it was done
    wasted   attempts after the first at calls that no repeat can heal
    twice    effects that came about a second time
    time     seconds from the first call to the last

What is fair: everybody has the same time-out (0.4 s), the same caller, who reads back what was lost (side_by_side/
caller.py), and keeps his own delays. Nobody sits through them: to sleep moves the clock on (side_by_side/clock.py), so
that `time` is the work, the time-outs and the sum of the delays. The server has no quotas, so nobody is held to a usage
plan: what recoup's governor does is measured in quota.py. Each contestant runs in a process of its own.

Promised: recoup is right about every call under every client, wastes no attempt, does nothing twice, and is faster than
anything else that is right about every call. Otherwise the run ends with status 1.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any, NamedTuple

from side_by_side.clock import Clock

OURS = ("recoup", "recoup under the SDKs")
GROUPS = {
    OURS[0]: "with_recoup.WITH_RECOUP",
    OURS[1]: "sdks_with_recoup.SDKS_WITH_RECOUP",
    "the rest": "bare.BARE",
    "the SDKs": "sdks.SDKS",
}


class Row(NamedTuple):
    """What one contestant came to."""

    name: str
    group: str
    seconds: float
    slept: float
    cpu: float
    calls: int
    right: int
    delivered: int
    wasted: int
    twice: int
    sent: int
    tokens: int
    wrong: dict[str, int]

    @property
    def perfect(self) -> bool:
        return self.right == self.calls

    def line(self) -> str:
        counts = "".join(f"{count:8}" for count in (self.wasted, self.twice, self.sent, self.tokens))
        return (
            f"{self.name:40}{self.right / self.calls:8.1%}{self.delivered / self.calls:8.1%}{counts}"
            f"{self.seconds:9.1f}{self.cpu / self.calls * 1e6:9.0f}"
        )


def contestants() -> dict[str, dict[str, Callable[[str], Any]]]:
    """Everybody who can take part, by group: whatever is not installed is left out, and said."""
    found: dict[str, dict[str, Callable[[str], Any]]] = {}
    for group, where in GROUPS.items():
        module, _, name = where.partition(".")
        found[group] = getattr(import_module(f"side_by_side.{module}"), name)
    return found


def one(name: str, address: str, seed: int, calls: int) -> None:
    """In a process of its own: make all calls as `name`, and print what came of it."""
    clock = Clock()
    clock.install()
    random.seed(seed)  # of all delays that are drawn
    from side_by_side.caller import Caller
    from side_by_side.plan import plan

    make = next(group[name] for group in contestants().values() if name in group)
    planned = plan(seed, calls)
    _control(address, "/plan", [seed, calls])
    contestant = make(address)
    caller = Caller(contestant)
    began, worked = clock.now(), time.process_time()
    for each in planned:
        caller.make(each)
    took, worked = clock.now() - began, time.process_time() - worked
    contestant.close()
    books = _control(address, "/books", None)
    told = {**caller.tally(books)._asdict(), "seconds": took, "slept": clock.slept, "cpu": worked}
    print(json.dumps({**told, "tokens": books["tokens"]}))


def _control(address: str, path: str, value: Any) -> dict[str, Any]:
    with urllib.request.urlopen(address + path, json.dumps(value).encode()) as answer:
        books: dict[str, Any] = json.load(answer)
    return books


@contextmanager
def the_server() -> Iterator[str]:
    """The server in a process of its own; its address."""
    command = [sys.executable, "-m", "side_by_side.server"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=sys.path[0]) as running:
        try:
            assert running.stdout is not None
            yield f"http://127.0.0.1:{int(running.stdout.readline())}"
        finally:
            running.terminate()


def run(name: str, group: str, address: str, seed: int, calls: int) -> Row:
    """One contestant, from beginning to end."""
    command = [sys.executable, "-W", "ignore", __file__, "--one", name, "--address", address]
    command += ["--seed", str(seed), "--calls", str(calls)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=600, check=True)
    return Row(name=name, group=group, **json.loads(done.stdout.splitlines()[-1]))


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--calls", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="120 calls")
    parser.add_argument("--only", default="", help="only contestants whose name has this in it")
    parser.add_argument("--wrong", action="store_true", help="list what each was wrong about")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--address", default="", help=argparse.SUPPRESS)
    given = parser.parse_args()
    calls = 120 if given.quick else given.calls
    if given.one is not None:
        one(given.one, given.address, given.seed, given.calls)
        return 0
    print(f"{calls} calls, seed {given.seed}")
    print(
        f"{'':40}{'right':>8}{'told':>8}{'wasted':>8}{'twice':>8}{'sent':>8}{'tokens':>8}{'time, s':>9}{'CPU, us':>9}"
    )
    rows = []
    with the_server() as address:
        for group, members in contestants().items():
            for name in members:
                if given.only in name:
                    rows.append(run(name, group, address, given.seed, calls))
                    print(rows[-1].line(), flush=True)
                    if given.wrong:
                        for what, times in sorted(rows[-1].wrong.items(), key=lambda pair: -pair[1]):
                            print(f"    {times:4}  {what}")
    return verdict(rows)


def verdict(rows: list[Row]) -> int:
    """Say whether the promises hold; the exit status."""
    ours = [row for row in rows if row.group in OURS]
    others = [row for row in rows if row.group not in OURS]
    good = True
    if ours:
        flawless = all(row.perfect and not row.wasted and not row.twice for row in ours)
        print(f"right about every call, nothing wasted, nothing twice: {_holds(flawless)}")
        good = flawless
    rivals = [row for row in others if row.perfect]
    if ours and rivals:
        slowest, best = max(ours, key=lambda row: row.seconds), min(rivals, key=lambda row: row.seconds)
        ratio = slowest.seconds / best.seconds
        print(
            f"{slowest.name} took {ratio:.2f} times as long as the fastest other that is right about every call "
            f"({best.name}): promised less than 1, {_holds(ratio < 1)}"
        )
        good &= ratio < 1
    elif ours and others:
        print(f"nobody else is right about every call; the best: {max(others, key=lambda row: row.right).name}")
    return 0 if good else 1


def _holds(good: bool) -> str:
    return "holds" if good else "DOES NOT HOLD"


if __name__ == "__main__":
    sys.exit(main())
