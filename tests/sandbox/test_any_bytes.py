"""The invariant: whatever bytes come in, in whatever pieces, the connection answers whole responses or closes; it never
raises, and what was answered does not hang on how the bytes were cut."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sandbox_world import SHIPMENTS, Hall

from properties import examples
from recoup.sandbox.server import Connection, Site


class Paper(asyncio.Transport):
    """A transport that keeps what is written to it."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 1)})
        self.written = b""
        self.shut = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert not self.shut, "written to after closing"
        self.written += bytes(data)

    def can_write_eof(self) -> bool:
        return False

    def close(self) -> None:
        self.shut = True

    def abort(self) -> None:
        self.shut = True

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


def answer(pieces: Sequence[bytes]) -> tuple[bytes, bool]:
    """What a fresh sandbox writes when these pieces come in, and whether it closes then."""
    connection, paper = Connection(Site(Hall().world), "NA"), Paper()
    connection.connection_made(paper)
    for piece in pieces:
        if paper.shut:
            break
        connection.data_received(piece)
    connection.connection_lost(None)
    return paper.written, paper.shut


GOOD = b"GET /unknown HTTP/1.1\r\nHost: x\r\n\r\n"
TOKENS = [
    b"GET ",
    b"POST ",
    b"HEAD ",
    SHIPMENTS.encode(),
    b"/auth/o2/token",
    b"?status=%",
    b" HTTP/1.1\r\n",
    b" HTTP/1.0\r\n",
    b"Host: x\r\n",
    b"Content-Length: 5\r\n",
    b"Content-Length: x\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"x-amz-access-token: Atza|1\r\n",
    b"Content-Type: application/json\r\n",
    b"Connection: close\r\n",
    b"Expect: 100-continue\r\n",
    b"Connection: Upgrade\r\nUpgrade: h2c\r\n",
    b"\r\n",
    b"5\r\nhello\r\n0\r\n\r\n",
    b"\x00",
    b"\n",
    b"\xff\xfe",
    GOOD,
]
NEARLY_HTTP = st.lists(st.sampled_from(TOKENS) | st.binary(max_size=6), max_size=14).map(b"".join)


@settings(max_examples=examples(150), deadline=None)
@given(st.binary(max_size=200) | NEARLY_HTTP)
def test_any_bytes_give_whole_responses_or_none(data: bytes) -> None:
    written, _ = answer([data])
    assert written == b"" or written.startswith(b"HTTP/1.1 ")


@settings(max_examples=examples(100), deadline=None)
@given(NEARLY_HTTP, st.lists(st.integers(min_value=1, max_value=40), min_size=1, max_size=20))
def test_the_answer_does_not_hang_on_how_the_bytes_are_cut(data: bytes, sizes: list[int]) -> None:
    pieces, at = [], 0
    for size in sizes * (len(data) // sum(sizes) + 1):
        pieces.append(data[at : at + size])
        at += size
    assert answer([piece for piece in pieces if piece]) == answer([data] if data else [])


@pytest.mark.parametrize("cut", range(1, len(GOOD)))
def test_a_good_request_is_answered_wherever_it_is_cut(cut: int) -> None:
    assert answer([GOOD[:cut], GOOD[cut:]]) == answer([GOOD])


def test_thousands_of_requests_in_one_piece_are_all_answered() -> None:
    for request in (GOOD, GOOD[:-2] + b"Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n"):
        written, closes = answer([request * 3000])
        assert written.count(b"HTTP/1.1 403") == 3000
        assert not closes


def test_nothing_follows_a_connection_that_was_to_close() -> None:
    closing = GOOD[:-2] + b"Connection: close\r\n\r\n"
    for follower in (GOOD, b"\x00"):
        assert answer([closing + follower]) == answer([closing])


def test_a_client_that_does_not_read_is_not_answered_further() -> None:
    connection, paper = Connection(Site(Hall().world), "NA"), Paper()
    connection.connection_made(paper)
    connection.pause_writing()
    connection.data_received(GOOD * 5)
    assert paper.written == b""
    connection.resume_writing()
    assert paper.written.count(b"HTTP/1.1 403") == 5
    connection.connection_lost(None)
