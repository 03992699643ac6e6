"""The wire rules held against two parsers that others wrote: h11, and llhttp (by httptools).

Where they differ, the difference stands here with its reason. Both parsers are lenient on purpose in places where the
document is strict, so that agreement alone would prove too little and disagreement alone too much.
"""

from __future__ import annotations

import h11
import httptools
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recoup.lint.wire import cause
from recoup.sandbox.wire import Reader, Received


def h11_refuses(raw: bytes) -> bool:
    connection = h11.Connection(h11.SERVER)
    try:
        connection.receive_data(raw)
        while True:
            event = connection.next_event()
            if event is h11.NEED_DATA:
                return False
            if event is h11.PAUSED:
                if connection.our_state is h11.SEND_RESPONSE:
                    connection.send(h11.Response(status_code=200, headers=[("content-length", "0")]))
                    connection.send(h11.EndOfMessage())
                if connection.our_state is not h11.DONE or connection.their_state is not h11.DONE:
                    return False  # the connection closes here, or becomes something else
                connection.start_next_cycle()
    except h11.RemoteProtocolError:
        return True


def llhttp_refuses(raw: bytes) -> bool:
    try:
        httptools.HttpRequestParser(object()).feed_data(raw)
    except httptools.HttpParserUpgrade:
        return False
    except httptools.HttpParserError:
        return True
    return False


H = b"Host: x\r\n"
GET = b"GET / HTTP/1.1\r\n" + H
POST = b"POST / HTTP/1.1\r\n" + H
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n"

# (request, we refuse, h11 refuses, llhttp refuses, why they differ)
TABLE = [
    (GET + b"\r\n", False, False, False, ""),
    (b"GET / HTTP/1.0\r\n\r\n", False, False, False, ""),
    (GET + b"A:  b\t\r\nC: \xe4\r\n\r\n", False, False, False, ""),
    (b"OPTIONS * HTTP/1.1\r\n" + H + b"\r\n", False, False, False, ""),
    (b"GET http://x/y HTTP/1.1\r\n" + H + b"\r\n", False, False, False, ""),
    (POST + b"Content-Length: 5\r\n\r\nhello", False, False, False, ""),
    (CHUNKED + b'\r\n5;a="b"\r\nhello\r\n0\r\nC: d\r\n\r\n', False, False, False, ""),
    (b"\r\n" + GET + b"\r\n", False, True, False, "RFC 7230, 3.5: one empty line first is to be ignored"),
    (GET + b"\r\n" + GET + b"\r\n", False, False, False, ""),
    (b"BREW / HTTP/1.1\r\n" + H + b"\r\n", False, False, True, "llhttp knows its methods only"),
    (b"GET / HTTP/1.2\r\n" + H + b"\r\n", False, False, True, "llhttp knows its versions only"),
    (b"GET /\xe4 HTTP/1.1\r\n" + H + b"\r\n", False, True, True, "left to whoever decodes the path (URL encoding)"),
    # -- refused by all
    (b"G@T / HTTP/1.1\r\n" + H + b"\r\n", True, True, True, ""),
    (b"GET HTTP/1.1\r\n" + H + b"\r\n", True, True, True, ""),
    (GET + b"A\r\n\r\n", True, True, True, ""),
    (GET + b": b\r\n\r\n", True, True, True, ""),
    (GET + b"A : b\r\n\r\n", True, True, True, ""),
    (GET + b"A: b\0\r\n\r\n", True, True, True, ""),
    (GET + b"A: b\rc\r\n\r\n", True, True, True, ""),
    (b"GET /\0 HTTP/1.1\r\n" + H + b"\r\n", True, True, True, ""),
    (b"GET /a b HTTP/1.1\r\n" + H + b"\r\n", True, True, True, ""),
    (POST + b"Content-Length: x\r\n\r\n", True, True, True, ""),
    (POST + b"Content-Length: -5\r\n\r\n", True, True, True, ""),
    (POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n", True, True, True, ""),
    (CHUNKED + b"\r\nx\r\n", True, True, True, ""),
    (CHUNKED + b"\r\n5\r\nhelloworld", True, True, True, ""),
    (b"\x16\x03\x01\x02\x00\r\n\r\n", True, True, True, ""),
    # -- where the document, or RFC 7230, is stricter than one of the parsers
    (b"GET / HTTP/1.1\r\n\r\n", True, True, False, "llhttp leaves Host to the program"),
    (GET + b"Host: x\r\n\r\n", True, True, False, "llhttp leaves Host to the program"),
    (b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", True, False, False, "neither reads Host"),
    (GET + b"A:\r\n\r\n", True, False, False, "an empty value is legal in RFC 7230; the document refuses it"),
    (GET + b"A: b\r\n c\r\n\r\n", True, False, True, "h11 unfolds"),
    (GET + b"A: b\n\r\n", True, False, True, "h11 takes a line feed alone"),
    (b"GET / HTTP/1.1\n" + H + b"\r\n", True, False, True, "h11 takes a line feed alone"),
    (POST + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", True, False, True, "h11 takes equal ones for one"),
    (POST + b"Content-Length: 5, 5\r\n\r\nhello", True, False, True, "h11 takes equal ones for one"),
    (CHUNKED + b"Content-Length: 5\r\n\r\n0\r\n\r\n", True, False, True, "h11 lets Transfer-Encoding win"),
    (GET + b"Content-Length: 0\r\n\r\n", True, False, False, "legal in RFC 7230; the document refuses it"),
    (GET + b"Content-Length: 5\r\n\r\nhello", True, False, False, "legal in RFC 7230; the document refuses it"),
    (GET + b"\r\n\r\n", True, True, False, "llhttp skips empty lines; h11 after a request does not"),
    (POST + b"Transfer-Encoding: gzip\r\n\r\n", True, True, True, ""),
    (
        POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        True,
        True,
        False,
        "RFC 7230 leaves it to the server",
    ),
    (b"GET * HTTP/1.1\r\n" + H + b"\r\n", True, False, False, "RFC 7230, 5.3.4: of OPTIONS only"),
    (b"GET  / HTTP/1.1\r\n" + H + b"\r\n", True, True, False, "llhttp skips blanks"),
    (b"GET /\r\n" + H + b"\r\n", True, True, False, "llhttp takes HTTP/0.9"),
]


@pytest.mark.parametrize(("raw", "ours", "h11s", "llhttps", "why"), TABLE)
def test_verdicts_side_by_side(raw: bytes, ours: bool, h11s: bool, llhttps: bool, why: str) -> None:
    assert (cause(raw) is not None, h11_refuses(raw), llhttp_refuses(raw)) == (ours, h11s, llhttps)
    assert bool(why) == (not ours == h11s == llhttps), "a difference has its reason, and an agreement needs none"


TOKENS = st.text("abcXYZ019!#$%&'*+-.^_`|~", min_size=1, max_size=8)
VALUES = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=12)
FIELDS = st.lists(
    st.tuples(TOKENS.map(lambda name: "X-" + name), VALUES, st.sampled_from(["", " ", "\t "])), max_size=4
)
PATHS = st.text("abc/.%20?=&+~-", max_size=12).map(lambda text: "/" + text)


@st.composite
def valid_requests(draw: st.DrawFn) -> tuple[bytes, str, str, list[tuple[str, str]], bytes]:
    method = draw(st.sampled_from(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]))
    path, body = draw(PATHS), b""
    fields = [("Host", "example.com"), *((name, value) for name, value, _ in draw(FIELDS))]
    lines = [f"{name}:{draw(st.sampled_from(['', ' ', '  ']))}{value}" for name, value in fields]
    payload = b""
    if method not in ("GET", "HEAD"):
        body = draw(st.binary(max_size=30))
        if draw(st.booleans()):
            fields.append(("Content-Length", str(len(body))))
            payload = body
        else:
            fields.append(("Transfer-Encoding", "chunked"))
            at, payload = 0, b""
            while at < len(body):
                size = draw(st.integers(1, len(body) - at))
                payload += f"{size:x}\r\n".encode() + body[at : at + size] + b"\r\n"
                at += size
            payload += b"0\r\n" + draw(st.sampled_from([b"", b"T: u\r\n"])) + b"\r\n"
        lines.append(": ".join(fields[-1]))
    raw = "\r\n".join([f"{method} {path} HTTP/1.1", *lines, "", ""]).encode("latin-1") + payload
    return raw, method, path, fields, body


@given(valid_requests())
def test_nobody_refuses_a_valid_request_and_it_is_read_as_h11_reads_it(
    made: tuple[bytes, str, str, list[tuple[str, str]], bytes],
) -> None:
    raw, method, path, fields, body = made
    assert cause(raw) is None
    assert not h11_refuses(raw)
    assert not llhttp_refuses(raw)
    reader = Reader(largest_body=100)
    reader.feed(raw)
    received = reader.next()
    assert isinstance(received, Received)
    assert (received.method, received.target, received.headers, received.body) == (method, path, fields, body)
    connection = h11.Connection(h11.SERVER)
    connection.receive_data(raw)
    request = connection.next_event()
    assert isinstance(request, h11.Request)
    assert (request.method.decode(), request.target.decode()) == (method, path)
    assert [(name.decode(), value.decode()) for name, value in request.headers.raw_items()] == fields
    seen = b""
    while isinstance(event := connection.next_event(), h11.Data):
        seen += event.data
    assert isinstance(event, h11.EndOfMessage)
    assert seen == body


@given(valid_requests(), st.integers(min_value=0), st.binary(max_size=2), st.integers(0, 2))
def test_what_both_refuse_is_refused(
    made: tuple[bytes, str, str, list[tuple[str, str]], bytes], place: int, more: bytes, less: int
) -> None:
    raw = made[0]
    at = place % (len(raw) + 1)
    spoilt = raw[:at] + more + raw[at + less :]
    line = spoilt.partition(b"\r\n")[0]
    if any(byte >= 0x80 for byte in line):
        return  # a difference of the table above
    if h11_refuses(spoilt) and llhttp_refuses(spoilt):
        assert cause(spoilt) is not None
