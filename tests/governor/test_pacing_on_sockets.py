"""Pacing against the sandbox's own token bucket, over real sockets: no 429, however late the first request arrives."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread

import httpx2
import pytest

import recoup
from recoup.telemetry.events import AttemptEnded, Event

PATH = "/externalFulfillment/2024-09-11/shipments"  # 5 a second, burst 10


def pump(source: socket.socket, sink: socket.socket) -> None:
    """Carry bytes until either end is closed."""
    with suppress(OSError):
        while data := source.recv(65_536):
            sink.sendall(data)
    for each in (source, sink):
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)


@contextmanager
def slow_to_connect(endpoint: str, seconds: float) -> Iterator[str]:
    """A way to `endpoint` on which every new connection takes so long before its first byte goes through."""
    host, port = endpoint.removeprefix("http://").split(":")
    listener = socket.create_server(("127.0.0.1", 0))
    opened: list[socket.socket] = [listener]
    threads: list[Thread] = []

    def serve() -> None:
        with suppress(OSError):  # closed: it is over
            while True:
                near, _ = listener.accept()
                time.sleep(seconds)
                far = socket.create_connection((host, int(port)))
                opened.extend((near, far))
                for one, other in ((near, far), (far, near)):
                    threads.append(Thread(target=pump, args=(one, other)))
                    threads[-1].start()

    threads.append(Thread(target=serve))
    threads[0].start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        threads[0].join(10)
        for each in opened[1:]:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join(10)
        for each in opened:
            each.close()


@pytest.mark.parametrize("seconds", [0.0, 0.3])
def test_nothing_is_refused(seconds: float) -> None:
    told: list[Event] = []
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
        told: list[Event] = []
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
