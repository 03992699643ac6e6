"""A line that drops connections for a while, and passes on what comes later, byte by byte."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from recoup.drill.broken_line import BrokenLine

PATIENCE = 10.0  # seconds


@pytest.fixture
def echo() -> Iterator[str]:
    """A server that says everything twice, once the other side has said all."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                near, _ = server.accept()
            except OSError:
                return
            with near:
                with near.makefile("rb") as stream:
                    said = stream.read()
                near.sendall(said + said)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.getsockname()[1]}"
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join(PATIENCE)


def say(url: str, data: bytes) -> bytes:
    """What comes back; raises ConnectionResetError where the connection was dropped."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), timeout=PATIENCE) as near:
        near.sendall(data)
        near.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: near.recv(65_536), b""))


def test_before_its_instant_every_connection_is_dropped_and_later_ones_are_passed_on(echo: str) -> None:
    now = 100.0
    line = BrokenLine(echo, lambda: now, until=101.0)
    try:
        for expected in (1, 2):
            with pytest.raises(OSError, match=r"reset|Broken pipe|not connected"):
                say(line.url, b"hello")
            assert line.dropped == expected
        now = 101.0
        long = bytes(range(256)) * 4096
        assert say(line.url, long) == long + long
        assert say(line.url, b"again") == b"againagain"
        assert line.dropped == 2
    finally:
        line.close()


def test_a_line_that_ended_takes_nothing_more(echo: str) -> None:
    line = BrokenLine(echo, lambda: 0.0, until=-1.0)
    url = line.url
    assert say(url, b"a") == b"aa"
    line.close()
    with pytest.raises(OSError, match="refused"):
        say(url, b"a")
