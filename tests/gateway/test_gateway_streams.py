"""Long bodies pass in both directions without being kept: the memory of a gateway does not grow with them."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from hashlib import blake2b

import httpx2
import pytest
from gateway_upstream import CREDENTIALS, Received, Upstream, answer

from recoup.gateway import running

PIECE = bytes(range(256)) * 256  # 64 KiB
PIECES = 512  # 32 MiB
LIMIT = 8 << 20  # bytes: far less than what passes, far more than what two connections hold


def pieces() -> Iterator[bytes]:
    for number in range(PIECES):
        yield number.to_bytes(4, "big") + PIECE[4:]


def digest(parts: Iterator[bytes]) -> str:
    found = blake2b()
    for part in parts:
        found.update(part)
    return found.hexdigest()


WHOLE = digest(pieces())


class Both:
    """Swallows what is sent to it, and sends as much; keeps nothing of either."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def __call__(self, asked: Received) -> bytes | None:
        if asked.method == "POST":
            self.seen.append(digest(asked.parts()))
            return answer(201, b"{}")
        length = "" if asked.target.endswith("chunked") else f"Content-Length: {PIECES * len(PIECE)}\r\n"
        coding = "Transfer-Encoding: chunked\r\n" if not length else ""
        asked.send(f"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n{length}{coding}\r\n".encode())
        for piece in pieces():
            asked.send(b"%x\r\n%s\r\n" % (len(piece), piece) if coding else piece)
        return b"0\r\n\r\n" if coding else b""


@pytest.fixture
def peak() -> Iterator[list[int]]:
    """What the block allocates at most is in it afterwards."""
    found: list[int] = []
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        yield found
        found.append(tracemalloc.get_traced_memory()[1] - before)
    finally:
        tracemalloc.stop()
    assert found[0] < LIMIT


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_a_long_answer_arrives_whole_and_is_not_kept(framing: str, peak: list[int]) -> None:
    with Upstream(Both()) as upstream, running(upstream=upstream.url, **CREDENTIALS) as it:
        with httpx2.stream("GET", f"{it.url}/document/{framing}", timeout=60) as response:
            assert response.status_code == 200
            assert digest(response.iter_raw(1 << 16)) == WHOLE
        assert it.status()["answers"] == {"2xx": 1}


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_a_long_request_arrives_whole_and_is_not_kept(framing: str, peak: list[int]) -> None:
    both = Both()
    fields = {"x-stream": "1"} | ({"content-length": str(PIECES * len(PIECE))} if framing == "length" else {})
    with Upstream(both) as upstream, running(upstream=upstream.url, **CREDENTIALS) as it:
        response = httpx2.post(it.url + "/upload", content=pieces(), headers=fields, timeout=60)
        assert response.status_code == 201
        assert both.seen == [WHOLE]
        assert len(upstream.calls) == 1


def test_a_slow_reader_holds_up_the_sender_and_not_the_memory(peak: list[int]) -> None:
    with Upstream(Both()) as upstream, running(upstream=upstream.url, **CREDENTIALS) as it:
        with httpx2.stream("GET", it.url + "/document/length", timeout=60) as response:
            first = next(response.iter_raw(1000))
            assert len(first) == 1000
            assert httpx2.get(it.url + "/-/health").status_code == 200  # others are served meanwhile
        assert httpx2.get(it.url + "/-/health").status_code == 200
