"""A program that forks while its threads are at work: a child never waits for a thread that is not there."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from child_process import in_a_child
from recoup.governor.hold import Hold, HoldKey
from recoup.governor.plan import BucketKey, Plan
from recoup.governor.stores import Granted
from recoup.storage.forks import ProcessLock
from recoup.storage.opening import open_store

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork"),
    pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning"),
]

KEY = BucketKey("application", "seller", "na", "orders/v0/getOrders")
PLAN = Plan(0.01, 2)
HOLD = Hold(key=HoldKey("application", "seller"), until=None, since=0.0)


def test_a_lock_that_a_thread_held_is_free_in_the_child() -> None:
    lock = ProcessLock()
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with lock:
            held.set()
            done.wait(20)

    with ThreadPoolExecutor(1) as pool:
        holding = pool.submit(hold)
        assert held.wait(10)
        assert in_a_child(lambda: lock.__enter__()) == 0
        done.set()
        holding.result(10)
    with lock:  # the parent's own is as it was
        pass


def test_a_store_goes_on_in_a_child_whatever_the_threads_of_its_parent_do(store: Any) -> None:
    over = threading.Event()

    def work() -> None:
        while not over.is_set():
            store.reserve(KEY, PLAN, now=time.time(), margin=0.0, longest=0.0)
            store.tokens.states(now=time.time())

    def once() -> None:
        store.reserve(KEY, PLAN, now=time.time(), margin=0.0, longest=0.0)
        store.hold(HOLD)
        assert store.held(HOLD.key, now=time.time()) is not None
        store.tokens.states(now=time.time())
        store.close()

    with ThreadPoolExecutor(3) as pool:
        busy = [pool.submit(work) for _ in range(3)]
        statuses = {in_a_child(once) for _ in range(20)}
        over.set()
        for each in busy:
            each.result(10)
    assert statuses == {0}


def test_all_who_queue_for_a_locked_file_wait_for_it_once(sqlite_path: str) -> None:
    with open_store(sqlite_path) as store:
        store.reserve(KEY, PLAN, now=time.time(), margin=0.0, longest=None)
        other = sqlite3.connect(sqlite_path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        tried = 0
        connection = store.database._connection()  # type: ignore[union-attr]

        def noted(statement: str) -> None:
            nonlocal tried
            tried += 1

        connection.execute("PRAGMA busy_timeout = 200")
        connection.set_trace_callback(noted)
        with ThreadPoolExecutor(6) as pool:
            found = list(
                pool.map(lambda _: store.reserve(KEY, PLAN, now=time.time(), margin=0.0, longest=None), range(6))
            )
        other.execute("ROLLBACK")
        other.close()
    assert all(isinstance(each, Granted) for each in found)
    assert tried == 1
