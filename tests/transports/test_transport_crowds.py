"""Many threads and many tasks on one client: every call is sent once, judged once, told once, and given its place."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest
from transport_clients import START, login
from transport_server import Answer, Server, token

import recoup
from recoup.storage.memory import MemoryStore
from recoup.telemetry.events import AttemptEnded, CallEnded, CallStarted, Event
from recoup.testing import Timing

SHIPMENTS = "/externalFulfillment/2024-09-11/shipments/"
UNAVAILABLE = b'{"errors":[{"code":"ServiceUnavailable","message":"Service is temporarily unavailable."}]}'


class Flaky(Server):
    """Answers the first request for each path with 503 where the number at its end is even, all others with 200."""

    def __init__(self) -> None:
        super().__init__(tokens=(token("Atza|one"),))
        self.seen: Counter[str] = Counter()

    def _answer(self, request: Any) -> Answer:
        if "/shipments/" not in request.target:
            return super()._answer(request)
        with self._lock:
            self.received.append(request)
            self.seen[request.target] += 1
            first = self.seen[request.target] == 1
        number = int(request.target.rpartition("/")[2])
        return Answer(503, UNAVAILABLE) if first and number % 2 == 0 else Answer(200, b'{"id":"%d"}' % number)


def options(server: Server, heard: list[Event], store: MemoryStore) -> dict[str, Any]:
    return {
        "hosts": [server.url],
        "timing": Timing.without_waiting(),
        "login": login(server, seller="A1"),
        "governor": recoup.Governor(store=store, plans={"getShipment": (1000.0, 5000)}, margin=0.0),
        "listeners": [heard.append],  # appending to a list is atomic
    }


def check(server: Flaky, heard: list[Event], outcomes: list[recoup.Outcome], calls: int) -> None:
    """Whatever the order was, all numbers are exact."""
    assert [made.attempts for made in outcomes] == [2 if number % 2 == 0 else 1 for number in range(calls)]
    assert len(server.calls) == calls + calls // 2
    assert set(server.seen.values()) == {1, 2}
    assert len(server.logins) == 1
    assert {call.token for call in server.calls} == {"Atza|one"}
    told = Counter(type(event) for event in heard)
    assert (told[CallStarted], told[CallEnded], told[AttemptEnded]) == (calls, calls, calls + calls // 2)
    for number in {event.call for event in heard if isinstance(event, CallStarted)}:
        mine = [event for event in heard if event.call == number]
        assert isinstance(mine[0], CallStarted)
        assert isinstance(mine[-1], CallEnded)
        assert mine[-1].attempts == sum(isinstance(event, AttemptEnded) for event in mine)


def taken(store: MemoryStore, now: float) -> float:
    """How many places are missing from the bucket of the tests, at the instant of the first of them."""
    (kept,) = store._kept.values()
    return (kept.bucket.full_at - now) * 1000.0


@pytest.mark.parametrize("threads", [16])
def test_threads_on_one_client(threads: int) -> None:
    heard: list[Event] = []
    store = MemoryStore()
    calls = 20 * threads
    with Flaky() as server:
        given = {**options(server, heard, store), "timing": Timing(now=lambda: START, sleep=lambda _: None)}
        transport = recoup.Transport(**given)
        with httpx2.Client(transport=transport) as client, ThreadPoolExecutor(threads) as pool:

            def call(number: int) -> recoup.Outcome:
                response = client.get(f"{server.url}{SHIPMENTS}{number}")
                assert response.json() == {"id": str(number)}
                made = recoup.outcome(response)
                assert made is not None
                return made

            outcomes = list(pool.map(call, range(calls)))
    check(server, heard, outcomes, calls)
    assert taken(store, START) == pytest.approx(calls + calls // 2, abs=0.4)


@pytest.mark.parametrize("tasks", [200])
def test_tasks_on_one_client(tasks: int) -> None:
    heard: list[Event] = []
    store = MemoryStore()

    async def run() -> list[recoup.Outcome]:
        given = {**options(server, heard, store), "timing": Timing(now=lambda: START, sleep=lambda _: None)}
        transport = recoup.AsyncTransport(**given)
        async with httpx2.AsyncClient(transport=transport, timeout=30) as client:

            async def call(number: int) -> recoup.Outcome:
                response = await client.get(f"{server.url}{SHIPMENTS}{number}")
                assert response.json() == {"id": str(number)}
                made = recoup.outcome(response)
                assert made is not None
                return made

            return await asyncio.gather(*(call(number) for number in range(tasks)))

    with Flaky() as server:
        outcomes = asyncio.run(run())
    check(server, heard, outcomes, tasks)
    assert taken(store, START) == pytest.approx(tasks + tasks // 2, abs=0.4)


def test_tasks_that_are_cancelled_in_mid_wait_leave_no_place_taken() -> None:
    store = MemoryStore()
    plans = {"getShipment": (1.0, 1)}

    async def run() -> None:
        waiting = asyncio.Semaphore(0)

        async def asleep(_: float) -> None:
            waiting.release()
            await asyncio.Event().wait()  # for ever

        transport = recoup.AsyncTransport(
            hosts=[server.url],
            timing=Timing(now=lambda: START, asleep=asleep),
            governor=recoup.Governor(store=store, plans=plans, margin=0.0),
            seller="A1",
        )
        async with httpx2.AsyncClient(transport=transport) as client:
            await client.get(f"{server.url}{SHIPMENTS}1")
            tasks = [asyncio.ensure_future(client.get(f"{server.url}{SHIPMENTS}{number}")) for number in range(200)]
            for _ in tasks:
                await waiting.acquire()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    with Flaky() as server:
        asyncio.run(run())
        assert len(server.calls) == 1
    (kept,) = store._kept.values()
    assert kept.bucket.full_at - START == pytest.approx(1.0)  # the first one's, and nobody else's


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning")
def test_a_process_that_forks_in_the_middle_of_a_token_fetch_leaves_its_child_free_to_call() -> None:
    asked = threading.Event()
    go_on = threading.Event()

    def slow(_: Any) -> Answer:
        if not asked.is_set():
            asked.set()
            go_on.wait(30)
        return token("Atza|one")

    with Server(tokens=slow) as server:
        transport = recoup.Transport(hosts=[server.url], login=login(server))
        with httpx2.Client(transport=transport) as client:
            parent = threading.Thread(target=client.get, args=(server.url + SHIPMENTS + "1",))
            parent.start()
            assert asked.wait(30)
            child = os.fork()
            if child == 0:  # a new client, as every HTTP library wants it after a fork; the login is the parent's
                status = 1
                try:
                    own = recoup.Transport(hosts=[server.url], login=transport._caller._flows._login)
                    with httpx2.Client(transport=own) as mine:
                        status = 0 if mine.get(server.url + SHIPMENTS + "2").status_code == 200 else 2
                finally:
                    sys.stdout.flush()
                    os._exit(status)
            _, status = os.waitpid(child, 0)
            go_on.set()
            parent.join(30)
    assert os.waitstatus_to_exitcode(status) == 0
    assert len(server.calls) == 2


def test_a_shared_store_gets_its_places_back_without_holding_up_the_loop(tmp_path: Path) -> None:
    with recoup.open_store(str(tmp_path / "recoup.db")) as store, Flaky() as server:

        async def run() -> None:
            waiting = asyncio.Semaphore(0)

            async def asleep(_: float) -> None:
                waiting.release()
                await asyncio.Event().wait()  # for ever

            transport = recoup.AsyncTransport(
                hosts=[server.url],
                timing=Timing(now=time.time, asleep=asleep),
                governor=recoup.Governor(store=store, plans={"getShipment": (0.01, 1)}, margin=0.0),
                seller="A1",
            )
            async with httpx2.AsyncClient(transport=transport) as client:
                await client.get(f"{server.url}{SHIPMENTS}1")
                task = asyncio.ensure_future(client.get(f"{server.url}{SHIPMENTS}3"))
                await waiting.acquire()
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

        asyncio.run(run())
        (bucket,) = store.buckets(now=time.time())
        assert 90 < bucket.wait <= 100  # one place is taken, not two
