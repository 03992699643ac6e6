"""The raw caller of the drill: bytes out as they are, and what of them can be read as a request."""

from __future__ import annotations

import pytest

from recoup.drill.raw import as_request
from recoup.drill.stage import stage

BASE = "http://127.0.0.1:1"


@pytest.mark.parametrize(
    ("raw", "method", "url", "body"),
    [
        (b"GET /a?b HTTP/1.1\r\nHost: x\r\n\r\n", "GET", f"{BASE}/a?b", b""),
        (b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}", "POST", f"{BASE}/a", b"{}"),
        (b"GET HTTP/1.1\r\nHost: x\r\n\r\n", "GET", BASE, b""),
        (b'"GET" / HTTP/1.1\r\n\r\n', '"GET"', f"{BASE}/", b""),
        (b"\0", "\0", BASE, b""),
        (b"", "", BASE, b""),
    ],
)
def test_bytes_are_read_as_far_as_they_go(raw: bytes, method: str, url: str, body: bytes) -> None:
    request = as_request(BASE, raw)
    assert (request.method, request.url, request.body, request.raw) == (method, url, body, raw)


def test_a_raw_call_is_seen_by_recoup_where_it_is_under_the_client() -> None:
    for under in (False, True):
        with stage(seed=1, recoup_under=under) as scene:
            reply = scene.caller.raw(b"GET / HTTP/1.1\r\nHost: x\r\nA:\r\n\r\n")
            assert reply.status == 400
            assert scene.caller.sends("GET", "/") == 1
            told = scene.sandbox.why(reply.connection)
            assert told is not None
            assert told["fault"] == "400-malformed-http-empty-header"
            if under:
                assert reply.outcome is not None
                assert reply.outcome.diagnosis is not None
                assert reply.outcome.diagnosis.id == "400-malformed-http-empty-header"
            else:
                assert reply.outcome is None


def test_of_several_answers_the_last_one_counts() -> None:
    with stage(seed=1, recoup_under=False) as scene:
        two = b"GET /unknown HTTP/1.1\r\nHost: x\r\n\r\n\r\n"
        assert scene.caller.raw(two).status == 403
        assert scene.caller.raw(two, answers=2).status == 400
        head = b"HEAD /unknown HTTP/1.1\r\nHost: x\r\nA:\r\n\r\n"
        assert (scene.caller.raw(head, answers=2).status, scene.caller.raw(head).body) == (400, b"")
