"""Listeners in a program that forks while its threads are at work."""

from __future__ import annotations

import json
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from child_process import in_a_child
from recoup.telemetry import JsonLines
from recoup.telemetry.events import CallStarted
from recoup.telemetry.forking import ForkLock
from recoup.telemetry.open_telemetry import OpenTelemetry

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork"),
    pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning"),
]


def started(number: int) -> CallStarted:
    return CallStarted(at=1_800_000_000.0, call=number, method="GET", host="h" * 200)


def test_a_fork_waits_until_nobody_holds_the_lock() -> None:
    lock, seen = ForkLock(), []
    held, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        with lock:
            held.set()
            go_on.wait(20)
            seen.append("let go")

    with ThreadPoolExecutor(1) as pool:
        holding = pool.submit(hold)
        assert held.wait(10)
        threading.Timer(0.1, go_on.set).start()

        def child() -> None:
            assert seen == ["let go"]
            with lock:
                pass

        assert in_a_child(child) == 0
        holding.result(10)
    with lock:
        pass


def test_lines_of_parent_and_children_are_whole_and_each_is_there_once(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    with path.open("a", encoding="utf-8") as stream:
        write = JsonLines(stream)
        stop = threading.Event()
        counts = [0, 0]

        def work(thread: int) -> None:
            while not stop.is_set():
                write(started(1_000_000 * (thread + 1) + counts[thread]))
                counts[thread] += 1

        with ThreadPoolExecutor(2) as pool:
            working = [pool.submit(work, thread) for thread in (0, 1)]
            ended = [in_a_child(lambda number=number: write(started(number))) for number in range(20)]  # type: ignore[misc]
            stop.set()
            for each in working:
                each.result(10)
    assert ended == [0] * 20
    calls = [json.loads(line)["call"] for line in path.read_text(encoding="utf-8").splitlines()]
    assert sorted(calls) == sorted({*calls})
    assert {number for number in calls if number < 1000} == set(range(20))
    assert len(calls) == 20 + sum(counts)


def test_spans_can_be_made_in_a_child() -> None:
    listener = OpenTelemetry()
    stop = threading.Event()

    def work() -> None:
        number = 0
        while not stop.is_set():
            listener(started(number := number + 1))

    def child() -> None:
        listener(started(-1))
        listener.close()

    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(work)
        ended = [in_a_child(child) for _ in range(20)]
        stop.set()
        working.result(10)
    listener.close()
    assert ended == [0] * 20
