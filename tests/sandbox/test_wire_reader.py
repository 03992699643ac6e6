"""The reader of the front door: the same requests and the same refusal however the bytes were cut, in little memory."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recoup.lint.wire import cause
from recoup.sandbox.wire import ASK, Ask, Reader, Received, Refused

H = b"Host: x\r\n"
GET = b"GET /a HTTP/1.1\r\n" + H + b"\r\n"
POST = b"POST /b HTTP/1.1\r\n" + H
HELLO = POST + b"Content-Length: 5\r\n\r\nhello"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n"
FIELD, HEAD, BODY = 60, 300, 20


def drained(reader: Reader) -> list[Received | Refused | Ask]:
    found = []
    while (item := reader.next()) is not None:
        found.append(item)
    return found


def read(pieces: Sequence[bytes], *, ended: bool = False) -> list[Received | Refused | Ask]:
    """What a reader with small limits makes of these pieces."""
    reader = Reader(largest_body=BODY, largest_head=HEAD, largest_field=FIELD)
    found = []
    for piece in pieces:
        reader.feed(piece)
        found.extend(drained(reader))
    if ended:
        reader.end()
        found.extend(drained(reader))
    return found


def only(raw: bytes) -> Received:
    (found,) = read([raw])
    assert isinstance(found, Received)
    return found


def refused(raw: bytes, *, ended: bool = False) -> Refused:
    found = read([raw], ended=ended)[-1]
    assert isinstance(found, Refused)
    return found


# ---------------------------------------------------------------- what is received


def test_a_request_is_taken_apart() -> None:
    found = only(b"PUT /c?d=%20e HTTP/1.1\r\nHost: x\r\nX-Id:  f g \t\r\nContent-Length: 2\r\n\r\n{}")
    assert (found.method, found.target, found.body, found.size) == ("PUT", "/c?d=%20e", b"{}", 2)
    assert found.headers == [("Host", "x"), ("X-Id", "f g"), ("Content-Length", "2")]
    assert (found.version, found.keep_alive) == ("1.1", True)


def test_pipelined_requests_come_one_by_one() -> None:
    assert [item.target for item in read([GET + HELLO + GET]) if isinstance(item, Received)] == ["/a", "/b", "/a"]


@pytest.mark.parametrize(
    ("version", "connection", "stays"),
    [
        ("1.1", None, True),
        ("1.1", "close", False),
        ("1.1", "Keep-Alive, CLOSE", False),
        ("1.1", "keep-alive", True),
        ("1.0", None, False),
        ("1.0", "keep-alive", True),
        ("1.0", "Keep-Alive, x", True),
        ("1.9", None, True),
    ],
)
def test_whether_the_connection_stays(version: str, connection: str | None, stays: bool) -> None:
    line = f"Connection: {connection}\r\n" if connection else ""
    assert only(f"GET /a HTTP/{version}\r\nHost: x\r\n{line}\r\n".encode()).keep_alive is stays


@pytest.mark.parametrize(
    ("body", "content"),
    [
        (b"0\r\n\r\n", b""),
        (b"5\r\nhello\r\n0\r\n\r\n", b"hello"),
        (b'1\r\nh\r\n004;a=b;c="d;\\"e"\r\nello\r\n00\r\nT: u\r\nV: w\r\n\r\n', b"hello"),
        (b"A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n", b"0123456789" * 2),
    ],
)
def test_chunks_are_put_together(body: bytes, content: bytes) -> None:
    found = only(CHUNKED + b"\r\n" + body)
    assert (found.body, found.size) == (content, len(content))


def test_an_upgrade_that_is_offered_is_an_ordinary_request() -> None:
    raw = b"GET /a HTTP/1.1\r\n" + H + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n"
    assert len(read([raw + GET])) == 2


@pytest.mark.parametrize(
    ("head", "asks"),
    [
        (POST + b"Content-Length: 5\r\nExpect: 100-continue\r\n\r\n", True),
        (CHUNKED + b"expect: 100-Continue\r\n\r\n", True),
        (POST + b"Content-Length: 0\r\nExpect: 100-continue\r\n\r\n", False),
        (b"GET /a HTTP/1.1\r\n" + H + b"Expect: 100-continue\r\n\r\n", False),
        (b"POST /b HTTP/1.0\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n", False),
    ],
)
def test_a_client_that_waits_is_heard(head: bytes, asks: bool) -> None:
    assert (ASK in read([head])) is asks


def test_a_body_that_is_too_large_is_counted_and_not_kept() -> None:
    large = only(POST + b"Content-Length: 1000\r\n\r\n" + b"x" * 1000)
    assert (large.body, large.size) == (b"", 1000)
    chunked = only(CHUNKED + b"\r\n3E8\r\n" + b"x" * 1000 + b"\r\n0\r\n\r\n")
    assert (len(chunked.body), chunked.size) == (BODY, 1000)


def test_a_body_beyond_measure_is_answered_unread() -> None:
    found = read([POST + b"Content-Length: 9000000000\r\n\r\n", b"x" * 100, GET])
    assert [(item.size, item.keep_alive) for item in found if isinstance(item, Received)] == [(9_000_000_000, False)]
    assert len(found) == 1


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("raw", "method"),
    [
        (b"GET /a HTTP/1.1\r\n" + H + b"A: " + b"b" * FIELD + b"\r\n\r\n", "GET"),
        (b"GET /" + b"a" * FIELD + b" HTTP/1.1\r\n" + H + b"\r\n", "GET"),
        (b"HEAD /" + b"a" * 9000, "HEAD"),
        (b"GET /a HTTP/1.1\r\n" + H + b"A: b\r\n" * 60, "GET"),
        (b"GET /a HTTP/1.1\r\n" + H + b"A: b\r\n" * 60 + b"\r\n", "GET"),
        (b"x" * 9000, ""),
    ],
)
def test_a_head_that_is_too_large_is_refused_before_it_ends(raw: bytes, method: str) -> None:
    found = refused(raw)
    assert not found.findings
    assert found.method == method


def test_limits_are_the_largest_that_passes() -> None:
    line = b"A: " + b"b" * (FIELD - 3) + b"\r\n"
    assert len(read([b"GET /a HTTP/1.1\r\n" + H + line + b"\r\n"])) == 1
    target = b"/" + b"a" * (FIELD - len(b"GET / HTTP/1.1"))
    assert isinstance(only(b"GET " + target + b" HTTP/1.1\r\n" + H + b"\r\n"), Received)
    refused(b"GET " + target + b"a HTTP/1.1\r\n" + H + b"\r\n")


def test_a_stray_empty_line_is_refused_after_the_request_before_was_read() -> None:
    for first in (GET, HELLO, CHUNKED + b"\r\n0\r\n\r\n"):
        for stray in (b"\r\n", b"\n", b"\r\n" + GET):
            request, refusal = read([first + stray])
            assert isinstance(request, Received)
            assert isinstance(refusal, Refused)
            assert refusal.fault == "400-malformed-http-trailing-empty-line"


def test_an_empty_line_before_the_first_request_is_ignored() -> None:
    assert only(b"\r\n" + GET).target == "/a"
    assert refused(b"\r\n\r\n" + GET).fault == "400-malformed-http-method"


def test_bytes_after_a_get_that_begin_no_request_are_its_body() -> None:
    assert refused(GET + b'{"a": 1}').fault == "400-malformed-http-body-in-get-or-head"
    assert refused(HELLO + b'{"a": 1}').fault == "400-malformed-http-method"


def test_what_is_hopeless_is_refused_at_its_first_byte() -> None:
    for raw in (b"\x16\x03\x01", b"\0", b"{", b"G@"):
        assert refused(raw).fault == "400-malformed-http-method"
    assert refused(b"GET /a HTTP/1.1\nHost").fault == "400-malformed-http-header-termination"
    assert refused(b"GET /a\rb").fault == "400-malformed-http-control-character"


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        (b"GET /a HTTP/1.1\r\nHost: x\r\n", "400-malformed-http-header-termination"),
        (b"GET /a HTTP/1.1", "400-malformed-http-header-termination"),
        (b"GET", "400-malformed-http-no-uri"),
        (b"\r", "400-malformed-http-method"),
    ],
)
def test_a_head_that_stops_is_refused_when_the_client_sends_no_more(raw: bytes, fault: str) -> None:
    assert read([raw]) == []
    assert refused(raw, ended=True).fault == fault


def test_a_body_that_stops_is_nobodys_request() -> None:
    assert read([HELLO[:-1]], ended=True) == []
    assert read([CHUNKED + b"\r\n5\r\nhel"], ended=True) == []


def test_what_is_wrong_with_a_request_that_comes_to_a_standstill() -> None:
    def after(raw: bytes) -> Refused | None:
        reader = Reader(largest_body=BODY)
        reader.feed(raw)
        assert reader.next() is None
        assert reader.waiting
        return reader.give_up()

    told = after(b"GET /a HTTP/1.1\r\nno colon\r\n")
    assert told is not None
    assert told.fault == "400-malformed-http-missing-colon"
    assert after(b"GET /a HTTP/1.1\r\nHost: x\r\n") is None
    assert after(b"GET /unk") is None
    assert after(HELLO[:-1]) is None


def test_nothing_is_read_after_a_refusal() -> None:
    reader = Reader(largest_body=BODY)
    reader.feed(b"\0")
    assert isinstance(reader.next(), Refused)
    for _ in range(100):
        reader.feed(GET)
        assert reader.next() is None
    assert reader.buffered == 0
    assert not reader.waiting


# ---------------------------------------------------------------- however it is cut

PARTS = [
    b"GET ",
    b"POST ",
    b"HEAD ",
    b"/a",
    b" HTTP/1.1\r\n",
    b" HTTP/1.0\r\n",
    H,
    b"Host: y z\r\n",
    b"Content-Length: 5\r\n",
    b"Content-Length: x\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"X: y\r\n",
    b" fold\r\n",
    b"E:\r\n",
    b"no colon\r\n",
    b"L: " + b"y" * FIELD + b"\r\n",
    b"Connection: close\r\n",
    b"Expect: 100-continue\r\n",
    b"\r\n",
    b"5\r\nhello\r\n0\r\n\r\n",
    b"5;a=b\r\nhello\r\n0\r\nA: b\r\n\r\n",
    b"hello",
    b"\0",
    b"\n",
    b"\r",
    b"\xff",
    GET,
    HELLO,
]
NEARLY = st.lists(st.sampled_from(PARTS) | st.binary(max_size=4), max_size=14).map(b"".join)
BEGINNINGS = st.sampled_from([b"", b"GET /a HTTP/1.1\r\n" + H, POST, HELLO])


@given(BEGINNINGS, NEARLY, st.lists(st.integers(0, 400), max_size=6), st.booleans())
def test_the_verdict_does_not_hang_on_how_the_bytes_are_cut(
    beginning: bytes, rest: bytes, cuts: list[int], ended: bool
) -> None:
    raw = beginning + rest
    places = sorted({0, len(raw), *(cut for cut in cuts if cut < len(raw))})
    pieces = [raw[left:right] for left, right in pairwise(places)]
    whole = read([raw], ended=ended)
    assert _same(read(pieces, ended=ended), whole)
    assert _same(read([raw[at : at + 1] for at in range(len(raw))], ended=ended), whole)


def _same(left: Sequence[object], right: Sequence[object]) -> bool:
    """Alike in all that is answered, and in the cause: where in the bytes it stood hangs on how many had come."""

    def plain(item: object) -> object:
        return (item.fault, item.method, item.target, item.because) if isinstance(item, Refused) else item

    return [plain(item) for item in left] == [plain(item) for item in right]


@given(BEGINNINGS, NEARLY)
def test_the_reader_refuses_for_what_the_wire_rules_say(beginning: bytes, rest: bytes) -> None:
    raw = beginning + rest
    reader = Reader(largest_body=BODY)
    reader.feed(raw)
    reader.end()
    found = [item for item in drained(reader) if isinstance(item, Refused)]
    expected = cause(raw)
    assert [item.fault for item in found] == ([] if expected is None else [expected.fault])


@pytest.mark.parametrize(
    "endless",
    [
        b"GET /a HTTP/1.1\r\n" + b"A: b\r\n" * 100_000,
        b"GET /" + b"a" * 1_000_000,
        CHUNKED + b"\r\n" + b"0" * 1_000_000,
        CHUNKED + b"\r\n5;" + b"a" * 1_000_000,
        CHUNKED + b"\r\n0\r\n" + b"T: u\r\n" * 100_000,
        POST + b"Content-Length: 1000000\r\n\r\n" + b"x" * 999_999,
        CHUNKED + b"\r\n" + b"1\r\nx\r\n" * 100_000,
    ],
)
def test_what_does_not_end_is_not_kept(endless: bytes) -> None:
    reader = Reader(largest_body=1000, largest_head=20_000, largest_field=8190)
    most = 0
    for at in range(0, len(endless), 1000):
        reader.feed(endless[at : at + 1000])
        drained(reader)
        most = max(most, reader.buffered)
    assert most <= 21_000
