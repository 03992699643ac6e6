"""The front door over real sockets: each condition of malformed HTTP gets the page, and is told afterwards."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from wire import Wire, call, fetch_token, head

from recoup.sandbox import Sandbox, SandboxSettings, running

EPOCH = 1_800_000_000.0
PAGE = b"<!DOCTYPE html><html><head><title>x</title></head><body></body></html>"
H = "Host: 127.0.0.1\r\n"
GOOD = head("GET", "/unknown")
POST = f"POST /unknown HTTP/1.1\r\n{H}"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with running(seed=1, epoch=EPOCH, clock="frozen") as running_sandbox:
        yield running_sandbox


def raw_call(sandbox: Sandbox, data: bytes) -> tuple[bytes, str]:
    """All that comes back until the sandbox closes, and the address of the connection."""
    where = urlsplit(sandbox.endpoint)
    with socket.create_connection((where.hostname, where.port or 0), timeout=10) as sock:
        name = "{}:{}".format(*sock.getsockname())
        sock.sendall(data)
        answer = b""
        while more := sock.recv(65536):
            answer += more
    return answer, name


CONDITIONS = {
    "body-in-get-or-head": f"GET /unknown HTTP/1.1\r\n{H}Content-Length: 2\r\n\r\n{{}}",
    "content-length-unparseable": POST + "Content-Length: 5 bytes\r\n\r\nhello",
    "multiple-content-length": POST + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
    "content-length-and-transfer-encoding": POST + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "host-header": f"GET /unknown HTTP/1.1\r\n{H}{H}\r\n",
    "empty-header": f"GET /unknown HTTP/1.1\r\n{H}X-Id: \r\n\r\n",
    "multiline-header": f"GET /unknown HTTP/1.1\r\n{H}A: b\r\n c\r\n\r\n",
    "header-termination": f"GET /unknown HTTP/1.1\r\n{H}A: b\nC: d\r\n\r\n",
    "missing-colon": f"GET /unknown HTTP/1.1\r\n{H}x-amz-access-token Atza|1\r\n\r\n",
    "control-character": f"GET /unknown HTTP/1.1\r\n{H}A: b\0\r\n\r\n",
    "no-uri": f"GET HTTP/1.1\r\n{H}\r\n",
    "method": f"G@T /unknown HTTP/1.1\r\n{H}\r\n",
}


@pytest.mark.parametrize("condition", CONDITIONS)
def test_a_condition_gets_the_page_and_is_told_by_its_connection(sandbox: Sandbox, condition: str) -> None:
    answer, name = raw_call(sandbox, CONDITIONS[condition].encode("latin-1"))
    lines, _, body = answer.partition(b"\r\n\r\n")
    assert lines.split(b"\r\n") == [
        b"HTTP/1.1 400 Bad Request",
        b"Content-Type: text/html",
        b"Date: Fri, 15 Jan 2027 08:00:00 GMT",
        b"Content-Length: 70",
        b"Connection: close",
    ]
    assert body == PAGE
    told = sandbox.why(name)
    assert told is not None
    assert told["fault"] == f"400-malformed-http-{condition}"
    assert told["because"]
    assert "Atza" not in str(told)


@pytest.mark.parametrize("line", [b"\r\n", b"\n", b"\r\n\r\n"])
@pytest.mark.parametrize("first", [GOOD, (POST + "Content-Length: 5\r\n\r\nhello").encode()])
def test_a_stray_line_is_refused_when_the_request_was_answered(sandbox: Sandbox, first: bytes, line: bytes) -> None:
    together, name = raw_call(sandbox, first + line)
    assert [part[:12] for part in (together[: -len(PAGE)], together[together.rfind(b"HTTP/1.1") :])] == [
        b"HTTP/1.1 403",
        b"HTTP/1.1 400",
    ]
    assert together.endswith(PAGE)
    told = sandbox.why(name)
    assert told is not None
    assert told["fault"] == "400-malformed-http-trailing-empty-line"
    with Wire(sandbox.endpoint) as wire:  # the same where the line comes later
        wire.send(first)
        assert wire.receive().status == 403
        wire.send(line[:1])
        wire.send(line[1:] or b"")
        assert wire.receive().status == 400
        assert wire.closed()


@pytest.mark.parametrize("condition", ["body-in-get-or-head", "host-header", "empty-header", "control-character"])
def test_a_refused_head_gets_status_and_headers_only(sandbox: Sandbox, condition: str) -> None:
    data = CONDITIONS[condition].replace("GET ", "HEAD ", 1).encode("latin-1")
    answer, _ = raw_call(sandbox, data)
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert answer.endswith(b"\r\nContent-Length: 70\r\nConnection: close\r\n\r\n")


def test_a_head_that_is_too_large_has_its_own_page(sandbox: Sandbox) -> None:
    answer, name = raw_call(sandbox, head("GET", "/unknown", None, "X-Long: " + "x" * 9000))
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b"<h1>Bad Request</h1>" in answer
    assert b"Size of a request header field exceeds server limit." in answer
    told = sandbox.why(name)
    assert told is not None
    assert told["rule"] == "wire.too-large"


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (f"GET /a b HTTP/1.1\r\n{H}\r\n", "wire.request-target"),
        (f"GET /a HTTP/2.0\r\n{H}\r\n", "wire.http-version"),
        (f"GET /a HTTP/1.1\r\n{H}A : b\r\n\r\n", "wire.field-name"),
        (POST + "Transfer-Encoding: gzip\r\n\r\n", "wire.transfer-coding"),
        (POST + "Transfer-Encoding: chunked\r\n\r\nx\r\n", "wire.chunked-body"),
    ],
)
def test_what_no_document_names_is_refused_and_says_so(sandbox: Sandbox, data: str, rule: str) -> None:
    answer, name = raw_call(sandbox, data.encode())
    assert answer.endswith(PAGE)
    told = sandbox.why(name)
    assert told is not None
    assert (told["fault"], told["rule"]) == ("malformed HTTP", rule)


def test_a_large_body_that_is_refused_does_not_take_the_answer_away(sandbox: Sandbox) -> None:
    body = b"x" * 3_000_000
    data = f"GET /unknown HTTP/1.1\r\n{H}Content-Length: {len(body)}\r\n\r\n".encode() + body
    with Wire(sandbox.endpoint) as wire:
        wire.send(data)
        assert wire.receive().body == PAGE
        assert wire.closed()


def test_absolute_and_other_forms_of_the_uri_reach_the_route(sandbox: Sandbox) -> None:
    token = fetch_token(sandbox)
    target = "/externalFulfillment/2024-09-11/shipments?status=ACCEPTED"
    for form in (target, f"http://127.0.0.1{target}", f"HTTPS://other.example:443{target}"):
        assert call(sandbox.endpoint, head("GET", form, token)).status == 200
    assert call(sandbox.endpoint, head("OPTIONS", "*", token)).status == 403
    assert call(sandbox.endpoint, head("CONNECT", "example.com:443", token)).status == 403
    control = call(sandbox.endpoint, head("GET", f"{sandbox.control_url}clock"))
    assert control.status == 200


def test_a_request_that_comes_to_a_standstill_is_given_up() -> None:
    with running(seed=1, settings=SandboxSettings(request_patience=0.05)) as sandbox:
        for begun, page in (
            (b"GET /unknown HTTP/1.1\r\nHost: x\r\n", b""),
            (b"GET /unknown HTTP/1.1\r\nno colon\r\n", PAGE),
            (f"{POST}Content-Length: 5\r\n\r\nhel".encode(), b""),
            (f"{POST}Transfer-Encoding: chunked\r\n\r\n5\r\nhel".encode(), b""),
        ):
            answer, _ = raw_call(sandbox, begun)
            assert answer.endswith(page)
            assert bool(answer) is bool(page)
        with Wire(sandbox.endpoint) as wire:  # between requests there is no hurry
            wire.send(GOOD)
            assert wire.receive().status == 403
            assert wire.quiet()
            assert wire.quiet()
            wire.send(GOOD)
            assert wire.receive().status == 403


def test_a_request_that_began_behind_a_slow_answer_is_given_up_too() -> None:
    with running(seed=1, epoch=EPOCH, clock="frozen", settings=SandboxSettings(request_patience=0.05)) as sandbox:
        token = fetch_token(sandbox)
        shipment = sandbox.stage.add_shipment(location_id=sandbox.location_ids["MFN"])
        sandbox.stage.take_time("processShipment", 20)
        target = f"/externalFulfillment/2024-09-11/shipments/{shipment}?operation=CONFIRM"
        with Wire(sandbox.endpoint) as wire:
            wire.send(head("POST", target, token, "Content-Length: 0") + b"GET /unk")
            assert wire.quiet()  # nobody loses patience with a client that waits for an answer
            assert wire.quiet()
            sandbox.clock.advance(20)
            assert wire.receive().status == 204
            assert wire.closed()


def test_the_refused_ones_are_listed(sandbox: Sandbox) -> None:
    _, name = raw_call(sandbox, b"G@T / HTTP/1.1\r\n\r\n")
    newest = sandbox.refusals(1)[0]
    assert newest["request_id"] == name
    assert newest["region"] == "NA"
    answer = call(sandbox.endpoint, head("GET", f"/_sandbox/why/{name}"))
    assert answer.status == 200


PARTS = [
    b"GET ",
    b"POST ",
    b"/auth/o2/token",
    b"/externalFulfillment/2024-09-11/shipments",
    b"?status=%zz",
    b" HTTP/1.1\r\n",
    b"Host: x\r\n",
    b"Content-Length: 5\r\n",
    b"Content-Length: 99\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"x-amz-access-token: Atza|1\r\n",
    b"Content-Type: application/json\r\n",
    b"Expect: 100-continue\r\n",
    b"A:\r\n",
    b" fold\r\n",
    b"no colon\r\n",
    b"\r\n",
    b"\r\n",
    b"5\r\nhello\r\n0\r\n\r\n",
    b'{"packages":[null]}',
    b"\0",
    b"\n",
    b"\r",
    b"\xff",
    GOOD,
]


def test_ten_thousand_random_requests_leave_it_as_it_was(sandbox: Sandbox) -> None:
    chance = random.Random(20_261_123)
    where = urlsplit(sandbox.endpoint)
    begun = 0
    for _ in range(200):
        open_ones = []
        for _ in range(50):
            begun += 1
            data = b"".join(
                chance.choice(PARTS) if chance.random() < 0.95 else chance.randbytes(chance.randrange(1, 40))
                for _ in range(chance.randrange(1, 14))
            )
            sock = socket.create_connection((where.hostname, where.port or 0), timeout=10)
            open_ones.append(sock)
            cut = chance.randrange(len(data) + 1)
            sock.sendall(data[:cut])
            sock.sendall(data[cut:])
            sock.shutdown(socket.SHUT_WR)
        for sock in open_ones:
            answer = b""
            while more := sock.recv(65536):
                answer += more
            sock.close()
            assert answer == b"" or answer.startswith(b"HTTP/1.1 ")
            assert b" 500 " not in answer.partition(b"\r\n")[0]
    assert begun == 10_000
    assert call(sandbox.endpoint, GOOD).status == 403
