"""Raw HTTP messages one after the other."""

from __future__ import annotations

import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recoup.traces.detect import form_of
from recoup.traces.reading import items, read
from recoup.traces.traced import Traced, Unread


def exchange(number: int, status: int = 403, pad: int = 0) -> bytes:
    body = b'{"n": %d}' % number + b" " * pad
    return (
        (
            b"GET /orders/v0/orders?n=%d HTTP/1.1\r\nHost: x\r\n\r\n"
            b"HTTP/1.1 %d Forbidden\r\nx-amzn-RequestId: r%d\r\nContent-Length: %d\r\n\r\n"
            % (number, status, number, len(body))
        )
        + body
        + b"\r\n\r\n"
    )


def numbers(data: bytes) -> list[tuple[int, int]]:
    """(number in the request, number in the response) of each exchange."""
    out = []
    for traced in read(data, "http"):
        request, response = traced.exchange.request, traced.exchange.response
        assert request is not None
        assert response is not None
        found = re.search(rb"\d+", response.body)
        assert found is not None
        out.append((int(request.query["n"]), int(found[0])))
        assert data[traced.place.offset :].startswith(b"GET /orders/v0/orders?n=%s " % request.query["n"].encode())
        assert traced.place.line == data[: traced.place.offset].count(b"\n") + 1
    return out


@pytest.mark.parametrize("pad", [0, 3000])
def test_many_exchanges_are_read_each_with_its_request_and_place(pad: int) -> None:
    data = b"# a list of them\n# and more\n\n" + b"".join(exchange(n, pad=pad) for n in range(1500))
    assert numbers(data) == [(n, n) for n in range(1500)]


def test_blocks_may_be_cut_anywhere() -> None:
    data = b"".join(exchange(n) for n in range(40))

    class Slow(io.BytesIO):
        def read(self, _: int | None = -1, /) -> bytes:
            return super().read(13)

    whole = [traced.exchange for traced in read(data, "http")]
    assert [traced.exchange for traced in read(Slow(data), "http")] == whole


def test_answers_without_requests_are_exchanges_too() -> None:
    data = b"HTTP/1.1 400 Bad\r\n\r\n{}\r\nHTTP/1.1 403 No\r\n\r\n{}\r\n"
    found = [traced.exchange.response for traced in read(data, "http")]
    assert [each.status for each in found if each is not None] == [400, 403]


def test_a_request_without_an_answer_at_the_end_is_said() -> None:
    found = list(items(exchange(1) + b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n", form="http"))
    assert isinstance(found[0], Traced)
    assert len(found) == 1 or isinstance(found[1], Unread)


def test_a_body_of_many_megabytes_takes_no_more_memory_than_is_read_of_one() -> None:
    data = exchange(1, pad=9_000_000) + exchange(2)
    found = list(items(data, form="http"))
    last = found[-1]
    assert isinstance(last, Traced)
    assert last.place.offset == data.rindex(b"GET /orders")
    assert last.place.line == data[: last.place.offset].count(b"\n") + 1


@given(st.binary(max_size=300))
def test_any_bytes_are_read(data: bytes) -> None:
    list(items(exchange(1) + data + exchange(2), form="http"))


@pytest.mark.parametrize(
    ("head", "form"),
    [
        (b"HTTP/1.1 403 Forbidden\r\n\r\n{}", "http"),
        (b"GET /x HTTP/1.1\r\nHost: y\r\n\r\n", "http"),
        (b"> GET /x HTTP/1.1\n< HTTP/2 403 \n", "http"),
        (b'{"errors":[{"code":"Unauthorized","message":"m","details":""}]}', "text"),
        (b'{\n "errors": [\n  {"code": "Unauthorized"}\n ]\n}', "text"),
        (b"Traceback (most recent call last):\n  x: 403 {'errors': []}", "text"),
        (b"403 Client Error: Forbidden for url: https://x/y", "text"),
        (b"", "text"),
        (b"\x00\xff", "text"),
        (b'{"log":{"version":"1.2","entries":[', "har"),
        (b'{"log": {"version": "1.2", "creator": {}}', "har"),
        (b'{"log":"{\\"status\\":403,\\"method\\":\\"GET\\"}\\n","stream":"stdout"}\n', "jsonl"),
        (b'{"status":403,"method":"GET","url":"/x"}\n{"status":200,"method":"GET","url":"/x"}\n', "jsonl"),
        (b'{"time":1,"level":30,"msg":"started"}\n{"time":1,"level":30,"msg":"done"}\n', "jsonl"),
        (b'2026-11-23T09:14:07Z app[1]: {"status":403,"method":"GET","url":"/x"}\n' * 2, "jsonl"),
        (b'{"status":403,"method":"GET","url":"/x"}', "jsonl"),
    ],
)
def test_an_input_is_recognised_by_how_it_begins(head: bytes, form: str) -> None:
    assert form_of(head) == form
    assert form_of(b"\xef\xbb\xbf" + head) == form
