"""Processes that share a store: exact counts, forks, and one that is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import warnings
from itertools import pairwise
from pathlib import Path

import pytest

from recoup.governor.plan import BucketKey, Plan
from recoup.governor.stores import Granted
from recoup.storage.opening import open_store
from recoup.storage.schema import VERSION
from recoup.storage.shared import SharedStore

SHARING = str(Path(__file__).with_name("sharing.py"))
KEY = BucketKey("application", "seller", "na", "orders/v0/getOrders")


def start(*arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, SHARING, *map(str, arguments)], stdout=subprocess.PIPE, text=True)


def finish(process: subprocess.Popen[str]) -> list[float]:
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    slots: list[float] = json.loads(out)
    return slots


def place(store: SharedStore, plan: Plan) -> Granted:
    found = store.reserve(KEY, plan, now=time.time(), margin=0.0, longest=None)
    assert isinstance(found, Granted)
    return found


def opened(where: str) -> SharedStore:
    store = open_store(where)
    assert isinstance(store, SharedStore)
    return store


def test_four_processes_share_exactly(shared_where: str) -> None:
    """They begin with an empty store, so they also bring up its tables at the same time."""
    processes = [start(shared_where, 150, 0.1, 5) for _ in range(4)]
    slots = sorted(slot for process in processes for slot in finish(process))
    assert len(slots) == 600
    assert all(later - sooner == pytest.approx(10.0, abs=1e-3) for sooner, later in pairwise(slots))
    with opened(shared_where) as store:
        rows = store.database.run("SELECT version FROM recoup_schema", {})
        assert rows == [(VERSION,)]


def test_one_that_is_killed_in_mid_wait_loses_its_own_place_and_no_more(shared_where: str) -> None:
    process = start(shared_where, 3, 2.0, 1, "wait")
    assert process.stdout is not None
    json.loads(process.stdout.readline())
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    process.stdout.close()
    plan = Plan(2.0, 1)
    with opened(shared_where) as store:
        found = place(store, plan)
        assert found.wait <= 1.5  # behind the three that it had
        time.sleep(found.wait + 0.6)  # and after that there is no trace of it
        assert place(store, plan).wait == 0.0


def test_a_fork_has_a_connection_of_its_own(shared_where: str) -> None:
    plan = Plan(0.1, 1)
    with opened(shared_where) as store:
        first = place(store, plan)
        read, write = os.pipe()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # newer Pythons warn where there are threads
            child = os.fork()
        if child == 0:  # the child must not return into pytest
            try:
                os.write(write, json.dumps([place(store, plan).slot for _ in range(20)]).encode())
            finally:
                os._exit(0)
        os.close(write)
        mine = [place(store, plan).slot for _ in range(20)]
        with os.fdopen(read) as pipe:
            theirs = json.loads(pipe.read())
        os.waitpid(child, 0)
        slots = sorted([first.slot, *mine, *theirs])
        assert len(slots) == 41
        assert all(later - sooner == pytest.approx(10.0, abs=1e-3) for sooner, later in pairwise(slots))
        assert place(store, plan).slot > slots[-1]


def test_what_one_process_learned_counts_for_all(shared_where: str) -> None:
    plan = Plan(0.01, 3)
    with opened(shared_where) as one, opened(shared_where) as other:
        for _ in range(3):
            place(one, plan)
            place(other, plan)
        one.learn(KEY, Plan(0.1, 3), now=time.time())
        assert place(other, plan).plan == Plan(0.1, 3)
        other.throttled(KEY, plan, now=time.time(), margin=0.0)
        assert place(one, plan).plan.rate == pytest.approx(0.07, rel=0.01)


def test_what_was_kept_is_there_after_a_restart(shared_where: str) -> None:
    plan = Plan(0.01, 1)
    with opened(shared_where) as store:
        place(store, plan)
        store.learn(KEY, Plan(0.02, 1), now=time.time())
    with opened(shared_where) as store:
        assert place(store, plan).wait == pytest.approx(50, abs=8)
