"""One client, many threads or tasks: counts are exact, and one token serves them all."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from every_client import Aiohttp, Client, Httpx, Httpx2, Httpx2Async, HttpxAsync, Requests, Urllib3
from transport_clients import LABELS, login
from transport_server import OK, UNAVAILABLE, Answer, Received, Server

import recoup


class Shaky(Server):
    """Refuses the first attempt of every request, and drops the connection after the write of every fifth."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: Counter[str] = Counter()

    def _answer(self, request: Received) -> Answer:
        answer = super()._answer(request)
        if "number=" not in request.target:
            return answer
        number = request.target.rpartition("number=")[2]
        with self._lock:
            self.seen[number] += 1
            again = self.seen[number] > 1
        if int(number) % 5 == 0:
            return Answer(reset=True)
        return OK if again else UNAVAILABLE


def target(number: int) -> str:
    return f"{LABELS}&number={number}"


def check(server: Shaky, results: list[Any], calls: int) -> None:
    lost = [result for result in results if result == "unknown"]
    assert Counter(str(result) for result in results) == {"200": calls - calls // 5, "unknown": calls // 5}
    assert len(lost) == calls // 5
    assert server.seen == {str(number): 1 if number % 5 == 0 else 2 for number in range(calls)}
    assert len(server.logins) == 1
    assert all(each.token == "Atza|one" for each in server.calls)


def result_of(call: Callable[[], Any], errors: Any) -> Any:
    try:
        return call().status
    except errors as error:
        made = recoup.outcome(error)
        return "unknown" if made is not None and made.history.outcome_unknown else error


@pytest.mark.parametrize("kind", [Httpx2, Httpx, Requests, Urllib3], ids=lambda kind: kind.name)
def test_sixteen_threads(kind: type[Client]) -> None:
    policy = recoup.Policy(quota_capacity=100_000)
    with Shaky() as server, kind(server, login=login(server), policy=policy) as client:
        start = threading.Barrier(16)

        def work(thread: int) -> list[Any]:
            start.wait(10)
            return [
                result_of(lambda: client.call("PUT", target(number), body=b"{}"), client.errors)  # noqa: B023  called at once
                for number in range(thread * 10, thread * 10 + 10)
            ]

        with ThreadPoolExecutor(16) as pool:
            results = [result for found in pool.map(work, range(16)) for result in found]
        check(server, results, 160)


@pytest.mark.parametrize("kind", [Httpx2Async, HttpxAsync, Aiohttp], ids=lambda kind: kind.name)
def test_two_hundred_tasks(kind: type[Client]) -> None:
    policy = recoup.Policy(quota_capacity=100_000)
    with Shaky() as server, kind(server, login=login(server), policy=policy, timeout=60) as client:
        found: Any = client

        async def one(number: int) -> Any:
            asked: Awaitable[Any]
            if kind is Aiohttp:
                asked = found.session.put(client.absolute(target(number)), data=b"{}")
            else:
                asked = found.client.put(client.absolute(target(number)), content=b"{}")
            try:
                response = await asked
            except client.errors as error:
                made = recoup.outcome(error)
                return "unknown" if made is not None and made.history.outcome_unknown else error
            if kind is Aiohttp:
                response.release()
                return response.status
            return response.status_code

        async def all_of_them() -> list[Any]:
            return list(await asyncio.gather(*(one(number) for number in range(200))))

        check(server, found.runner.run(all_of_them()), 200)
