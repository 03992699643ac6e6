"""Bytes through a running gateway, on real sockets: what goes in comes out, and what is no HTTP does not."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
import pytest
from gateway_upstream import (
    CREDENTIALS,
    DENIED,
    INTERNAL,
    TOKEN,
    Handler,
    Received,
    Upstream,
    answer,
    errors,
    patient,
    raw,
    script,
)

from recoup.gateway import Gateway, running


@contextmanager
def gateway(
    handler: Handler | bytes | None = None, *, credentials: bool = True, **options: Any
) -> Iterator[tuple[Upstream, Gateway]]:
    with Upstream(handler) as upstream:
        given = {"upstream": upstream.url, "transport": patient(), **(CREDENTIALS if credentials else {}), **options}
        with running(**given) as running_gateway:
            yield upstream, running_gateway


def head_of(data: bytes) -> tuple[int, dict[str, str], bytes]:
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    fields = dict(line.lower().split(": ", 1) for line in lines)
    return int(first.split(" ")[1]), fields, body


@pytest.mark.parametrize(
    "target",
    [
        "/orders/v0/orders?MarketplaceIds=A,B&CreatedAfter=2026-01-01T00%3A00%3A00%2B01%3A00",
        "/listings/2021-08-01/items/S/A%2fB%20%C3%a9?x=%7e~&y='|[]{}^`\"<>",
        "/a/../b/./%2e%2e/c//d",
        "/a?",
        "/a@b:c;d=,e",
    ],
)
def test_path_and_query_arrive_byte_by_byte(target: str) -> None:
    with gateway() as (upstream, it):
        data = raw(it.port, f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
        assert head_of(data)[0] == 200
        assert [call.target for call in upstream.calls] == [target]


def test_the_host_is_the_other_sides_and_the_token_is_brought() -> None:
    with gateway() as (upstream, it):
        httpx2.get(it.url + "/x", headers={"User-Agent": "mine/1", "X-Amz-Date": "20260101T000000Z"})
        (call,) = upstream.calls
        assert call.all("host") == [upstream.url.removeprefix("http://")]
        assert call.all("x-amz-access-token") == [TOKEN]
        assert (call.get("user-agent"), call.get("x-amz-date")) == ("mine/1", "20260101T000000Z")
        assert len(upstream.logins) == 1


def test_a_requests_own_token_is_kept() -> None:
    with gateway() as (upstream, it):
        httpx2.get(it.url + "/x", headers={"x-amz-access-token": "Atza|own"})
        assert upstream.calls[0].all("x-amz-access-token") == ["Atza|own"]
        assert upstream.logins == []


def test_without_credentials_nothing_is_brought() -> None:
    with gateway(credentials=False) as (upstream, it):
        httpx2.get(it.url + "/x")
        assert upstream.calls[0].get("x-amz-access-token") is None
        assert upstream.logins == []


def test_fields_of_the_answer_pass_duplicates_and_all_but_those_of_the_connection() -> None:
    fields = (
        "Content-Type: text/plain\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nConnection: X-Hop\r\nX-Hop: 1\r\n"
        "Keep-Alive: timeout=5\r\nx-recoup-fault: of somebody else\r\nx-amzn-RateLimit-Limit: 5.0\r\n"
    )
    with gateway(answer(200, b"hello", fields)) as (_, it):
        response = httpx2.get(it.url + "/x")
        assert response.text == "hello"
        assert response.headers.get_list("set-cookie") == ["a=1", "b=2"]
        assert response.headers["x-amzn-ratelimit-limit"] == "5.0"
        assert response.headers["x-recoup-decision"] == "done"
        assert {"x-hop", "keep-alive", "x-recoup-fault", "server"} & set(response.headers) == set()


def test_204_has_no_length_and_head_has_no_body() -> None:
    def handler(asked: Received) -> bytes:
        if asked.method == "HEAD":
            return b"HTTP/1.1 200 OK\r\nContent-Length: 1234\r\nContent-Type: text/plain\r\n\r\n"
        return b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n"

    with gateway(handler) as (_, it):
        close = "Host: 127.0.0.1\r\nConnection: close\r\n\r\n"
        status, fields, body = head_of(raw(it.port, f"DELETE /x HTTP/1.1\r\n{close}".encode()))
        assert (status, body) == (204, b"")
        assert {"content-length", "transfer-encoding"} & set(fields) == set()
        status, fields, body = head_of(raw(it.port, f"HEAD /x HTTP/1.1\r\n{close}".encode()))
        assert (status, body, fields["content-length"]) == (200, b"", "1234")


def test_one_connection_serves_many_calls_in_order() -> None:
    def echo(asked: Received) -> bytes:
        return answer(200, asked.target.encode() + b" " + asked.body, "Content-Type: text/plain\r\n")

    with gateway(echo) as (upstream, it):
        calls = b"".join(
            b"POST /%d HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\n\r\n%02d" % (n, n) for n in range(5)
        )
        last = b"GET /last HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
        data = raw(it.port, calls + last)
        assert data.count(b"HTTP/1.1 200") == 6
        assert [call.target for call in upstream.calls] == [*(f"/{n}" for n in range(5)), "/last"]
        assert all(b"/%d %02d" % (n, n) in data for n in range(5))


def test_bodies_in_chunks_and_those_with_a_length() -> None:
    with gateway() as (upstream, it):
        httpx2.post(it.url + "/x", content=iter([b"ab", b"cd"]))
        httpx2.post(it.url + "/x", content=b"abcd")
        httpx2.post(it.url + "/x", content=b"")
        httpx2.get(it.url + "/x")
        assert [(call.body, call.get("content-length"), call.get("transfer-encoding")) for call in upstream.calls] == [
            (b"abcd", "4", None),  # short enough to be kept, so that it can be repeated
            (b"abcd", "4", None),
            (b"", "0", None),
            (b"", None, None),
        ]


def test_a_long_body_is_streamed_with_its_framing_and_is_not_repeated() -> None:
    with gateway(INTERNAL, buffer=10) as (upstream, it):
        first = httpx2.put(it.url + "/x", content=b"a" * 11)
        second = httpx2.put(it.url + "/x", content=iter([b"a" * 100_000, b"b" * 100_000]))
        assert [(call.body, call.get("content-length"), call.get("transfer-encoding")) for call in upstream.calls] == [
            (b"a" * 11, "11", None),
            (b"a" * 100_000 + b"b" * 100_000, None, "chunked"),
        ]
        assert [response.status_code for response in (first, second)] == [500, 500]
        assert {response.headers["x-recoup-attempts"] for response in (first, second)} == {"1"}


def test_a_short_body_is_repeated_where_that_is_right() -> None:
    unavailable = errors(503, "ServiceUnavailable", "Service is temporarily unavailable. Please try again.")
    with gateway(script(unavailable, answer(200, b'{"a":1}'))) as (upstream, it):
        response = httpx2.post(it.url + "/x", content=b"abc")
        assert response.json() == {"a": 1}
        assert response.headers["x-recoup-attempts"] == "2"
        assert [call.body for call in upstream.calls] == [b"abc", b"abc"]


def test_an_answer_that_comes_before_the_body_was_read_arrives() -> None:
    said = "The request payload size is greater than maximum accepted size."

    def handler(asked: Received) -> bytes:
        asked.send(errors(413, "InvalidRequest", said))
        for _ in asked.parts():  # a server that lets the rest pass, as those in front of Amazon do
            pass
        return b""

    with gateway(handler, buffer=10) as (upstream, it):
        response = httpx2.post(it.url + "/x", content=b"x" * 3_000_000, headers={"x-stream": "1"})
        assert response.status_code == 413
        assert response.headers["x-recoup-fault"] == "other-413-too-large"
        assert response.headers["x-recoup-decision"] == "give_up"
        assert len(upstream.calls) == 1


def test_a_server_that_hangs_up_on_a_long_body_leaves_the_outcome_unknown() -> None:
    with gateway(lambda asked: asked.send(b"HTTP/1.1 413 Too Large\r\n\r\n"), buffer=10) as (upstream, it):
        response = httpx2.post(it.url + "/x", content=b"x" * 13_000_000, headers={"x-stream": "1"})
        assert response.status_code in (413, 502)
        if response.status_code == 502:
            assert response.headers["x-recoup-unknown-outcome"] == "true"
        assert len(upstream.calls) == 1


def test_expect_continue_is_answered_here() -> None:
    with gateway() as (upstream, it):
        head = b"POST /x HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n"
        with socket.create_connection(("127.0.0.1", it.port), timeout=20) as connection:
            connection.sendall(head)
            assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
            connection.sendall(b"abc")
            assert b"HTTP/1.1 200" in connection.recv(4096)
        assert [(call.body, call.get("expect")) for call in upstream.calls] == [(b"abc", None)]


def test_a_refusal_before_the_body_came_ends_the_connection() -> None:
    with gateway() as (upstream, it):
        head = b"POST //evil HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n"
        status, fields, _ = head_of(raw(it.port, head))
        assert (status, fields["connection"], upstream.calls) == (400, "close", [])


MALFORMED = {
    "no HTTP at all": b"hello\r\n\r\n",
    "a blank in the name": b"GET /x HTTP/1.1\r\nHost : 127.0.0.1\r\n\r\n",
    "no colon": b"GET /x HTTP/1.1\r\nHost\r\n\r\n",
    "two lengths": b"POST /x HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na",
    "no number": b"POST /x HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: x\r\n\r\n",
    "a minus": b"POST /x HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -1\r\n\r\n",
    "length and chunks": b"POST /x HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 3\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "an unknown coding": b"POST /x HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: gzip\r\n\r\n",
    "a null": b"GET /x HTTP/1.1\r\nHost: 127.0.0.1\r\nX: a\x00b\r\n\r\n",
    "a target with a blank": b"GET /x y HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "no target": b"GET HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/1.0": b"GET /x HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n",
    "HTTP/0.9": b"GET /x\r\n\r\n",
    "another host by CONNECT": b"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n",
    "Amazon by CONNECT": b"CONNECT sellingpartnerapi-na.amazon.com:443 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "another host by its URL": b"GET http://evil.example/x HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "another host by two slashes": b"GET //evil.example/x HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "another host by an at": b"GET @evil.example/x HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "another host by its field": b"GET /x HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    "two host fields": b"GET /x HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: 127.0.0.1\r\n\r\n",
    "no host field": b"GET /x HTTP/1.1\r\n\r\n",
    "a star": b"OPTIONS * HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "a preflight": b"OPTIONS /x HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: https://evil.example\r\n\r\n",
    "a page": b"POST /x HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: https://evil.example\r\nContent-Length: 0\r\n\r\n",
    "a head too large": b"GET /x HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"a" * 600_000,
}


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_no_request_reaches_nobody(name: str) -> None:
    with gateway() as (upstream, it):
        data = raw(it.port, MALFORMED[name], one=True)
        status, fields, body = head_of(data)
        assert status in (400, 403, 404, 405, 421, 431, 505)
        assert data.count(b"HTTP/1.1 ") == 1
        if status != 404 or body:
            (error,) = json.loads(body)["errors"]
            assert error["code"] == "RefusedByGateway"
            assert fields["x-recoup-origin"] == "gateway"
            assert (fields["x-recoup-decision"], fields["x-recoup-attempts"]) == ("give_up", "0")
        assert (upstream.calls, upstream.logins) == ([], [])
        assert httpx2.get(it.url + "/-/health").status_code == 200


def test_a_broken_chunk_is_not_sent_as_a_whole_body() -> None:
    with gateway() as (upstream, it):
        head = b"POST /x HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n"
        data = raw(it.port, head + b"5\r\nabcde\r\nzz\r\n")
        assert b"HTTP/1.1 200" not in data
        assert upstream.calls == []


def test_a_websocket_is_an_ordinary_call() -> None:
    with gateway() as (upstream, it):
        fields = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x\r\n"
        data = raw(it.port, f"GET /x HTTP/1.1\r\nHost: 127.0.0.1\r\n{fields}\r\n".encode(), one=True)
        assert b"HTTP/1.1 200" in data
        assert b"101" not in data.split(b"\r\n")[0]
        assert upstream.calls[0].get("upgrade") is None


# What Java's client sends by itself on its way to HTTP/2; curl does it with --http2.
OFFER = (
    b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAAB\r\nHost: 127.0.0.1\r\n"
)


@pytest.mark.parametrize(
    ("framing", "body"),
    [(b"", b""), (b"Content-Length: 3\r\n", b"abc"), (b"Transfer-Encoding: chunked\r\n", b"3\r\nabc\r\n0\r\n\r\n")],
)
@pytest.mark.parametrize("cut", [None, 1, 40, -1])
def test_an_offer_of_another_protocol_is_not_taken(
    framing: bytes, body: bytes, cut: int | None, caplog: pytest.LogCaptureFixture
) -> None:
    request = b"POST /x HTTP/1.1\r\n" + OFFER + framing + b"\r\n" + body
    with gateway() as (upstream, it), socket.create_connection(("127.0.0.1", it.port), timeout=20) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # the parts arrive as parts, mostly
        for _ in range(3):  # over one connection
            for part in (request,) if cut is None else (request[:cut], request[cut:]):
                connection.sendall(part)
            read = b""
            while b"\r\n\r\n{}" not in read:
                read += connection.recv(1 << 16)
            assert read.startswith(b"HTTP/1.1 200")
        assert [call.body for call in upstream.calls] == [b"abc" if body else b""] * 3
        assert all(call.get(name) is None for call in upstream.calls for name in ("upgrade", "http2-settings"))
    assert not [record for record in caplog.records if record.name == "recoup.gateway.http"]


def test_requests_with_and_without_an_offer_in_one_packet() -> None:
    plain = b"GET /%d HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    offering = b"PUT /%d HTTP/1.1\r\n" + OFFER + b"Content-Length: 1\r\n\r\nx"
    last = b"GET /5 HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    with gateway() as (upstream, it):
        data = raw(it.port, plain % 1 + offering % 2 + plain % 3 + offering % 4 + last)
        assert data.count(b"HTTP/1.1 200") == 5
        assert [(call.target, call.body) for call in upstream.calls] == [
            ("/1", b""),
            ("/2", b"x"),
            ("/3", b""),
            ("/4", b"x"),
            ("/5", b""),
        ]


def test_fields_behind_the_body_go_no_further() -> None:
    head = b"POST /x HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    with gateway() as (upstream, it):
        data = raw(it.port, head + b"3\r\nabc\r\n0\r\nExpires: 0\r\nx-amz-access-token: Atza|late\r\n\r\n")
        assert data.startswith(b"HTTP/1.1 200")
        (call,) = upstream.calls
        assert (call.body, call.all("content-length"), call.get("expires")) == (b"abc", ["3"], None)
        assert call.all("x-amz-access-token") == [TOKEN]


def test_a_refused_token_is_not_renewed_where_it_is_the_programs_own() -> None:
    with gateway(DENIED) as (upstream, it):
        response = httpx2.get(it.url + "/x", headers={"x-amz-access-token": "Atza|own"})
        assert response.status_code == 403
        assert (len(upstream.calls), len(upstream.logins)) == (1, 0)


def test_an_answer_in_chunks_stays_one_and_a_broken_one_stays_broken() -> None:
    def handler(asked: Received) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"
        asked.send(head + b"5\r\nhello\r\n" + (b"0\r\n\r\n" if asked.target == "/whole" else b""))

    with gateway(handler) as (_, it):
        assert httpx2.get(it.url + "/whole").text == "hello"
        with pytest.raises(httpx2.RemoteProtocolError):
            httpx2.get(it.url + "/broken")
        with pytest.raises(httpx2.HTTPError), httpx2.stream("GET", it.url + "/broken") as response:
            response.read()
