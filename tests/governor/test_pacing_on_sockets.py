"""Pacing against the sandbox's own token bucket, over real sockets: no 429, however late the first request arrives."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

import httpx2
import pytest

import recoup
from recoup.telemetry.events import AttemptEnded
from recoup.telemetry.events import Event as Told

PATH = "/externalFulfillment/2024-09-11/shipments"  # 5 a second, burst 10


@contextmanager
def slow_to_connect(endpoint: str, seconds: float) -> Iterator[str]:
    """A way to `endpoint` on which every new connection takes so long before its first byte goes through."""
    host, port = endpoint.removeprefix("http://").split(":")
    ready, addresses, stop = Event(), list[str](), list[Any]()

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(seconds)
        onward_reader, onward_writer = await asyncio.open_connection(host, int(port))

        async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
            while data := await source.read(65_536):
                sink.write(data)
            sink.close()

        await asyncio.gather(pump(reader, onward_writer), pump(onward_reader, writer))

    async def serve() -> None:
        server = await asyncio.start_server(carry, "127.0.0.1", 0)
        stop.extend((asyncio.get_running_loop(), over := asyncio.Event()))
        addresses.append(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        ready.set()
        await over.wait()
        server.close()

    thread = Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    ready.wait(10)
    try:
        yield addresses[0]
    finally:
        stop[0].call_soon_threadsafe(stop[1].set)
        thread.join(10)


@pytest.mark.parametrize("seconds", [0.0, 0.3])
def test_nothing_is_refused(seconds: float) -> None:
    told: list[Told] = []
    with recoup.sandbox.running(seed=1) as sandbox, slow_to_connect(sandbox.endpoint, seconds) as endpoint:
        login = recoup.Login(
            client_id=sandbox.client_id,
            client_secret=sandbox.client_secret,
            refresh_token=sandbox.refresh_token,
            token_url=sandbox.token_url,
        )
        transport = recoup.Transport(login=login, hosts=[endpoint], listeners=[told.append])
        with httpx2.Client(transport=transport, base_url=endpoint) as client:
            statuses = [client.get(PATH, params={"status": "ACCEPTED"}).status_code for _ in range(14)]
    assert statuses == [200] * 14
    sent = [event.status for event in told if isinstance(event, AttemptEnded) and event.operation]
    assert sent == [200] * 14


def test_what_is_asked_by_many_threads_is_not_refused_either() -> None:
    with recoup.sandbox.running(seed=1) as sandbox:
        login = recoup.Login(
            client_id=sandbox.client_id,
            client_secret=sandbox.client_secret,
            refresh_token=sandbox.refresh_token,
            token_url=sandbox.token_url,
        )
        told: list[Told] = []
        transport = recoup.Transport(login=login, hosts=[sandbox.endpoint], listeners=[told.append])
        with httpx2.Client(transport=transport, base_url=sandbox.endpoint) as client:
            threads = [
                Thread(target=lambda: client.get(PATH, params={"status": "ACCEPTED"}), daemon=True) for _ in range(16)
            ]
            began = time.monotonic()
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(30 - (time.monotonic() - began))
    sent = [event.status for event in told if isinstance(event, AttemptEnded) and event.operation]
    assert sent == [200] * 16
