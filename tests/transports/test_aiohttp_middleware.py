"""What only aiohttp has: silent second runs, a time limit for the whole call, ways to read, errors raised by status."""

from __future__ import annotations

import asyncio
import gc
import gzip
import weakref
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import suppress
from typing import Any

import aiohttp
import pytest
from transport_clients import CONFIRM, LABELS, SECRETS, SHIPMENT, START, login
from transport_server import EXPIRED, NO_CONTENT, OK, UNAVAILABLE, Answer, Server, errors

import recoup
from recoup.testing import Timing

INVALID = errors("InvalidInput", "Invalid input 'x' for parameter 'y'", "", 400)
RESET = Answer(reset=True)
Reader = Callable[[aiohttp.ClientResponse], Coroutine[Any, Any, bytes]]


def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(coroutine)


def session(server: Server, *, more: Any = (), total: float | None = 30, **arguments: Any) -> aiohttp.ClientSession:
    middleware = recoup.aiohttp_middleware(
        **{
            "hosts": [server.url],
            "timing": Timing.without_waiting(start=START),
            "random": lambda: 0.5,
            "governor": recoup.Governor.unlimited(),
            **{name: value for name, value in arguments.items() if name not in ("raise_for_status",)},
        }
    )
    options = {name: value for name, value in arguments.items() if name == "raise_for_status"}
    return aiohttp.ClientSession(middlewares=(*more, middleware), timeout=aiohttp.ClientTimeout(total=total), **options)


def made_of(seen: Any) -> recoup.Outcome:
    made = recoup.outcome(seen)
    assert made is not None
    return made


# --- reading ---------------------------------------------------------------------------------------------------------


async def _chunked(response: aiohttp.ClientResponse) -> bytes:
    return b"".join([chunk async for chunk in response.content.iter_chunked(7)])


async def _chunks(response: aiohttp.ClientResponse) -> bytes:
    return b"".join([chunk async for chunk, _ in response.content.iter_chunks()])


async def _lines(response: aiohttp.ClientResponse) -> bytes:
    return b"".join([line async for line in response.content])


async def _exactly(response: aiohttp.ClientResponse) -> bytes:
    return await response.content.readexactly(5) + await response.content.read(3) + await response.content.read()


async def _text(response: aiohttp.ClientResponse) -> bytes:
    text = await response.text()
    assert await response.json() == await response.json()
    return text.encode()


READERS: dict[str, Reader] = {
    "read": lambda response: response.read(),
    "text and json": _text,
    "iter_chunked": _chunked,
    "iter_chunks": _chunks,
    "lines": _lines,
    "readexactly": _exactly,
}


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize("reader", READERS.values(), ids=list(READERS))
def test_a_body_that_was_judged_can_be_read_in_every_way(status: int, reader: Reader) -> None:
    body = b'{"a":\n [1, 2, 3]\n}'

    async def reading() -> None:
        with Server(Answer(status, body)) as server:
            async with session(server) as client, client.get(server.url + SHIPMENT) as response:
                assert await reader(response) == body
                assert response.content.at_eof()
                assert response.connection is None  # it went back to its pool

    run(reading())


def test_a_response_that_was_left_is_closed_as_ever() -> None:
    async def reading() -> None:
        with Server(INVALID) as server:
            async with session(server) as client:
                async with client.get(server.url + SHIPMENT) as response:
                    pass
                with pytest.raises(aiohttp.ClientConnectionError):
                    await response.read()

    run(reading())


def test_an_encoding_that_aiohttp_was_told_to_leave_is_undone_for_the_diagnosis_alone() -> None:
    packed = gzip.compress(INVALID.body)

    async def reading() -> None:
        answer = Answer(400, packed, {"Content-Type": "application/json", "Content-Encoding": "gzip"})
        with Server(answer) as server:
            async with session(server) as client, client.post(server.url + CONFIRM) as response:
                plain = made_of(response).diagnosis
            async with (
                session(server) as client,
                client.post(server.url + CONFIRM, auto_decompress=False) as response,
            ):
                assert await response.read() == packed
                diagnosis = made_of(response).diagnosis
        assert plain is not None
        assert diagnosis is not None
        assert diagnosis.id == plain.id == "sc-00002-invalid-value"

    run(reading())


# --- errors raised for a status --------------------------------------------------------------------------------------


def test_an_error_that_is_raised_for_a_status_carries_the_outcome() -> None:
    async def asking() -> None:
        with Server(INVALID) as server:
            async with session(server, raise_for_status=True) as client:
                with pytest.raises(aiohttp.ClientResponseError) as caught:
                    await client.post(server.url + CONFIRM)
                assert isinstance(made_of(caught.value).decision, recoup.GiveUp)
                with pytest.raises(recoup.FixRequest):
                    recoup.raise_for_fault(caught.value)
            async with session(server) as client, client.post(server.url + CONFIRM) as response:
                with pytest.raises(aiohttp.ClientResponseError) as caught:
                    response.raise_for_status()
                assert made_of(caught.value) is made_of(response)

    run(asking())


def test_an_error_shows_no_token_of_the_login() -> None:
    async def asking() -> None:
        with Server(INVALID) as server:
            async with session(server, login=login(server), raise_for_status=True) as client:
                with pytest.raises(aiohttp.ClientResponseError) as caught:
                    await client.post(server.url + CONFIRM)
                assert server.calls[0].token == SECRETS[0]
                shown = repr(caught.value) + repr(caught.value.request_info) + str(vars(caught.value))
                assert not any(secret in shown for secret in SECRETS)

    run(asking())


# --- no silent second run --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [RESET, Answer(200, OK.body, cut=3)], ids=["reset", "cut"])
def test_aiohttp_alone_sends_a_write_twice_and_here_it_does_not(answer: Answer) -> None:
    """The count of effects, which is what this is about. A bare session is beside it, to show the danger."""

    async def effects(*, bare: bool) -> int:
        with Server(answer, NO_CONTENT) as server:
            async with aiohttp.ClientSession() if bare else session(server) as client:
                with suppress(aiohttp.ClientError):
                    async with client.put(server.url + LABELS, data=b"{}") as response:
                        await response.read()
            return len(server.calls)

    assert run(effects(bare=False)) == 1
    assert run(effects(bare=True)) == (2 if answer is RESET else 1)


def test_many_tasks_of_one_session_are_not_taken_for_one_another() -> None:
    async def one(client: aiohttp.ClientSession, url: str) -> int:
        failures = 0
        for _ in range(3):
            try:
                async with client.put(url + LABELS, data=b"{}"):
                    pass
            except aiohttp.ServerDisconnectedError:
                failures += 1
        return failures

    async def storm() -> None:
        with Server(RESET) as server:
            async with session(server) as client:
                assert await asyncio.gather(*(one(client, server.url) for _ in range(20))) == [3] * 20
            assert len(server.calls) == 60

    run(storm())


def test_a_kept_exception_keeps_no_task_alive() -> None:
    async def failing(client: aiohttp.ClientSession, url: str) -> None:
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await client.put(url + LABELS, data=b"{}")

    async def watching() -> None:
        with Server(RESET) as server:
            async with session(server) as client:
                client._retry_connection = False  # so that aiohttp never comes for what is kept
                task = asyncio.create_task(failing(client, server.url))
                await task
                gone = weakref.ref(task)
                del task
                await asyncio.sleep(0)  # the event loop holds it for one turn more
                gc.collect()
                assert gone() is None

    run(watching())


def test_a_consumed_body_is_not_sent_again() -> None:
    async def body() -> AsyncIterator[bytes]:
        yield b"{}"

    async def putting() -> None:
        with Server(RESET) as server:
            async with session(server) as client:
                for _ in range(2):
                    with pytest.raises(aiohttp.ServerDisconnectedError):
                        await client.put(server.url + LABELS, data=body())
            assert len(server.calls) == 2

    run(putting())


# --- time limits and cancelling --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("method", "unknown"), [("GET", False), ("PUT", True), ("POST", True)])
def test_the_limit_for_the_whole_call_ends_it_and_says_what_is_known(method: str, unknown: bool) -> None:
    async def asking() -> None:
        with Server(Answer(silent=True)) as server:
            async with session(server, total=0.2) as client:
                with pytest.raises(asyncio.TimeoutError) as caught:
                    await client.request(method, server.url + SHIPMENT)
                made = made_of(caught.value)
                assert made.history.outcome_unknown is unknown
                assert isinstance(made.decision, recoup.Resync if unknown else recoup.GiveUp | recoup.Wait)
                assert len(server.calls) == 1

    run(asking())


def test_the_limit_for_the_whole_call_ends_a_wait_too() -> None:
    async def asking() -> None:
        with Server(UNAVAILABLE) as server:
            async with session(server, total=0.3, timing=Timing()) as client:
                with pytest.raises(asyncio.TimeoutError) as caught:
                    await client.put(server.url + LABELS)
                assert not made_of(caught.value).history.outcome_unknown
                task = asyncio.current_task()
                assert task is not None
                assert task.cancelling() == 0  # and nothing of it is left in the task
            assert len(server.calls) == 1

    run(asking())


def test_a_cancelled_task_ends_at_once_and_gives_its_connection_back() -> None:
    async def cancelling() -> None:
        with Server(Answer(silent=True)) as server:
            async with session(server) as client:
                task = asyncio.create_task(client.put(server.url + LABELS, data=b"{}"))
                while not server.calls:
                    await asyncio.sleep(0.01)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
                assert client.connector is not None
                assert not client.connector._acquired
            assert len(server.calls) == 1

    run(cancelling())


# --- in company ------------------------------------------------------------------------------------------------------


def test_connections_are_kept() -> None:
    async def asking() -> None:
        with Server(EXPIRED, UNAVAILABLE, INVALID, OK) as server:
            async with session(server, login=login(server)) as client:
                for _ in range(5):
                    async with client.get(server.url + SHIPMENT) as response:
                        await response.read()
            assert (len(server.calls), len(server.logins), server.connections) == (7, 2, 1)

    run(asking())


def test_another_middleware_may_stand_before_it_and_sees_no_token() -> None:
    seen: list[str | None] = []

    async def watching(request: aiohttp.ClientRequest, handler: Any) -> aiohttp.ClientResponse:
        response: aiohttp.ClientResponse = await handler(request)
        seen.append(request.headers.get("x-amz-access-token"))
        return response

    async def asking() -> None:
        with Server(OK) as server:
            async with (
                session(server, more=[watching], login=login(server)) as client,
                client.get(server.url + SHIPMENT) as response,
            ):
                assert response.status == 200
            assert (server.calls[0].token, seen) == (SECRETS[0], [None])

    run(asking())


def test_the_token_request_takes_nothing_of_the_session_along() -> None:
    async def asking() -> None:
        with Server(OK) as server:
            async with session(server, login=login(server)) as client:
                client.headers["X-Session"] = "mine"
                client.cookie_jar.update_cookies({"session": "mine"})
                async with client.get(server.url + SHIPMENT, headers={"X-Call": "mine"}) as response:
                    assert response.status == 200
            assert "mine" not in str(server.logins[0].headers)

    run(asking())


def test_one_middleware_serves_many_sessions_and_loops() -> None:
    with Server(OK) as server:
        middleware = recoup.aiohttp_middleware(hosts=[server.url], login=login(server))

        async def asking() -> int:
            async with (
                aiohttp.ClientSession(middlewares=[middleware]) as client,
                client.get(server.url + SHIPMENT) as response,
            ):
                return response.status

        assert [run(asking()) for _ in range(3)] == [200] * 3
        assert len(server.logins) == 1
