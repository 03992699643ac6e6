"""What `recoup.record` keeps is what went over the wire, byte for byte but for the secrets; for every client."""

from __future__ import annotations

import asyncio
import contextvars
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpcore2
import httpx2
import pytest
import requests
from every_client import EVERY, Client, Httpx2, Urllib3
from transport_clients import CONFIRM, LABELS, SECRETS, SHIPMENT, login
from transport_server import EXPIRED, HTML, INTERNAL, NO_CONTENT, OK, Answer, Server, _read, errors

import recoup
from recoup.testing import Timing
from recoup.transports.httpx_tap import tapped
from recoup.transports.recording import Recording, Seen, Tap

PER_CLIENT = pytest.mark.parametrize("kind", EVERY, ids=lambda kind: kind.name)
MASKS = {
    b"Atza|one": b"<access token, 8 characters>",
    b"Atza|two": b"<access token, 8 characters>",
    b"buyer%40example.com": b"<e-mail address>",
    b"buyer@example.com": b"<e-mail address>",
}
LEAKY = errors("InvalidInput", "Invalid input 'Atza|one' for parameter 'buyer@example.com'", "Atzr|refresh")


class RawServer(Server):
    """Keeps the bytes of every request as well."""

    raw: list[bytes]

    def __init__(self, *calls: Answer, **arguments: Any) -> None:
        super().__init__(*calls, **arguments)
        self.raw = []

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError, ValueError), connection.makefile("rb") as stream:
            while True:
                seen: list[bytes] = []

                def line(seen: list[bytes] = seen) -> bytes:
                    seen.append(stream.readline())
                    return seen[-1]

                def read(size: int, seen: list[bytes] = seen) -> bytes:
                    seen.append(stream.read(size))
                    return seen[-1]

                request = _read(line, read)
                if request is None:
                    return
                self.raw.append(b"".join(seen))
                answer = self._answer(request)
                if answer.silent:
                    self._stop.wait(30)
                    return
                if answer.reset:
                    return
                connection.sendall(answer.wire())
                if answer.cut is not None:
                    return

    @property
    def heads(self) -> list[str]:
        """The heads that came, secrets masked by another hand than recoup's."""
        found = []
        for raw in self.raw:
            head, end, _ = raw.partition(b"\r\n\r\n")
            for secret, mask in MASKS.items():
                head = head.replace(secret, mask)
            found.append((head + end).decode("latin-1"))
        return found


def heads(wire: Recording) -> list[str]:
    return [each.head for each in wire.attempts]


@PER_CLIENT
def test_every_head_is_recorded_as_the_server_received_it(kind: type[Client]) -> None:
    with (
        RawServer(EXPIRED, INTERNAL, OK, NO_CONTENT, OK) as server,
        recoup.record() as wire,
        kind(server, login=login(server)) as client,
    ):
        client.call("GET", SHIPMENT + "?BuyerEmail=buyer%40example.com&a=b%20c", headers={"X-Own-Field": "a  b"})
        client.call("POST", CONFIRM, body=b'{"a": 1}', headers={"content-type": "application/json"})
        client.call("PUT", LABELS, body=b"{}", headers={"Content-Type": "application/json"})
        assert heads(wire) == server.heads
        assert len(wire) == 7
        assert {each.seen for each in wire.attempts} == {Seen.BYTES}


@PER_CLIENT
def test_every_attempt_is_recorded_with_what_recoup_made_of_it(kind: type[Client]) -> None:
    with (
        RawServer(EXPIRED, INTERNAL, OK, LEAKY) as server,
        recoup.record() as wire,
        kind(server, login=login(server)) as client,
    ):
        client.call("GET", SHIPMENT)
        client.call("POST", CONFIRM, body=b"{}")
        calls = {each.call for each in wire.attempts if each.call}
        assert len(calls) == 2
        assert [(each.attempt, each.fault, each.decision) for each in wire.attempts if each.call] == [
            (1, "403-expired-token", "renew_token"),
            (1, "other-500-internal", "retry"),
            (2, None, "done"),
            (1, "sc-00002-invalid-value", "give_up"),
        ]
        assert f"call {max(calls)} attempt 1 POST" in wire.as_text()


@PER_CLIENT
def test_answers_are_recorded_as_they_came(kind: type[Client]) -> None:
    raw = b"HTTP/1.1 503 Slow  Down\r\nX-Odd-CASE: a  b\r\nx-twice: 1\r\nx-twice: 2\r\nContent-Length: 2\r\n\r\n{}"
    with (
        RawServer(Answer(raw=raw), OK) as server,
        recoup.record() as wire,
        kind(server, login=login(server)) as client,
    ):
        client.call("GET", SHIPMENT)
        busy = wire.attempts[1]
        assert busy.exchange.response is not None
        assert busy.exchange.response.headers.items() == (
            ("X-Odd-CASE", "a  b"),
            ("x-twice", "1"),
            ("x-twice", "2"),
            ("Content-Length", "2"),
        )
        assert (busy.version, busy.exchange.response.status, busy.reason) == ("HTTP/1.1", 503, "Slow  Down")
        assert busy.exchange.response.body == b"{}"


@PER_CLIENT
def test_bodies_are_recorded_with_their_secrets_masked(kind: type[Client]) -> None:
    with RawServer(LEAKY) as server, recoup.record() as wire, kind(server, login=login(server)) as client:
        client.call("POST", CONFIRM, body=b'{"note": "for buyer@example.com"}')
        asked, called = wire.exchanges
        assert asked.request is not None
        assert called.request is not None
        assert called.response is not None
        assert asked.request.body == (
            b"grant_type=refresh_token&refresh_token=<refresh token, 14 characters>"
            b"&client_id=amzn1.application-oa2-client.1&client_secret=<client secret, 22 characters>"
        )
        assert called.request.body == b'{"note": "for <e-mail address>"}'
        assert json.loads(called.response.body)["errors"][0] == {
            "code": "InvalidInput",
            "message": "Invalid input '<access token, 8 characters>' for parameter '<e-mail address>'",
            "details": "<refresh token, 12 characters>",
        }
        shown = f"{wire}{wire!r}{wire.attempts!r}{wire.as_har()}"
        for secret in (*SECRETS, "buyer@example.com"):
            assert secret not in shown


@PER_CLIENT
def test_the_transcript_is_read_by_diagnose(kind: type[Client]) -> None:
    with (
        RawServer(LEAKY, EXPIRED, OK) as server,
        recoup.record() as wire,
        kind(server, login=login(server)) as client,
    ):
        client.call("POST", CONFIRM, body=b"{}")
        found = recoup.diagnose(wire.as_text())
        assert found.id == "sc-00002-invalid-value"
        assert [recoup.diagnose(exchange).id for exchange in wire.exchanges] == [None, "sc-00002-invalid-value"]


@PER_CLIENT
def test_the_record_of_every_client_is_saved_as_text_and_as_har(kind: type[Client], tmp_path: Path) -> None:
    with RawServer(OK) as server, recoup.record() as wire, kind(server) as client:
        client.call("GET", SHIPMENT)
        wire.save(tmp_path / "wire.txt")
        wire.save(tmp_path / "wire.har")
        (entry,) = json.loads((tmp_path / "wire.har").read_text())["log"]["entries"]
        assert [field["name"].lower() for field in entry["response"]["headers"]].count("content-type") == 1
        assert recoup.diagnose((tmp_path / "wire.txt").read_text()).id is None


@PER_CLIENT
def test_an_answer_that_never_comes_is_recorded_too(kind: type[Client]) -> None:
    with (
        RawServer(Answer(reset=True), Answer(cut=1, body=b'{"a": 1}'), OK) as server,
        recoup.record() as wire,
        kind(server, login=login(server)) as client,
    ):
        client.call("GET", SHIPMENT)
        assert heads(wire) == server.heads
        _, reset, cut, fine = wire.exchanges
        assert reset.no_response is not None
        assert (reset.no_response.sent, reset.response) == (True, None)
        assert cut.no_response is not None
        assert cut.response is not None
        assert cut.response.status == 200
        assert fine.response is not None
        assert fine.response.body == b'{"id": "1"}'


@PER_CLIENT
def test_where_nothing_went_out_the_record_says_so(kind: type[Client]) -> None:
    with RawServer() as server:
        pass
    with recoup.record() as wire, kind(server) as client:
        with pytest.raises(client.kinds["connect"]):
            client.call("GET", SHIPMENT)
        assert {each.seen for each in wire.attempts} == {Seen.NOTHING}
        assert "nothing went out" in wire.as_text()


@PER_CLIENT
def test_a_streamed_answer_reaches_the_caller_and_the_record_says_that_it_was_streamed(kind: type[Client]) -> None:
    pdf = Answer(200, b"%PDF" + b"x" * 9000, {"Content-Type": "application/pdf"})
    with RawServer(pdf) as server, recoup.record() as wire, kind(server, login=login(server)) as client:
        assert client.stream(SHIPMENT) == pdf.body
        assert wire.attempts[-1].streamed
        assert "<body streamed to the caller, not recorded>" in wire.as_text()


@PER_CLIENT
def test_after_the_block_nothing_is_recorded(kind: type[Client]) -> None:
    with RawServer(OK) as server, kind(server) as client:
        client.call("GET", SHIPMENT)
        with recoup.record() as wire:
            pass
        client.call("GET", SHIPMENT)
        assert len(wire) == 0


@pytest.fixture
def server() -> Iterator[RawServer]:
    with RawServer(OK) as running:
        yield running


def test_a_thread_records_its_own_calls_only(server: RawServer) -> None:
    def calling(times: int, wires: list[Recording]) -> None:
        with recoup.record() as wire:
            for _ in range(times):
                client.call("GET", SHIPMENT)
        wires.append(wire)

    with Httpx2(server) as client:
        wires: list[Recording] = []
        threads = [threading.Thread(target=calling, args=(times, wires)) for times in (1, 2, 3, 4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    assert sorted(len(wire) for wire in wires) == [1, 2, 3, 4]


def test_a_thread_can_take_the_record_along(server: RawServer) -> None:
    with Httpx2(server) as client, recoup.record() as wire:
        context = contextvars.copy_context()
        thread = threading.Thread(target=context.run, args=(client.call, "GET", SHIPMENT))
        thread.start()
        thread.join(30)
    assert len(wire) == 1


def test_tasks_that_are_started_within_the_block_are_recorded_and_others_are_not(server: RawServer) -> None:
    async def calling() -> tuple[int, int]:
        transport = recoup.AsyncTransport(hosts=[server.url])
        async with httpx2.AsyncClient(transport=transport, base_url=server.url) as client:
            go = asyncio.Event()

            async def one() -> None:
                await go.wait()
                await client.get(SHIPMENT)

            outside = asyncio.create_task(one())
            with recoup.record() as wire:
                inside = [asyncio.create_task(one()) for _ in range(3)]
                go.set()
                await asyncio.gather(outside, *inside)
                with recoup.record() as inner:
                    await client.get(SHIPMENT)
            await client.get(SHIPMENT)
            return len(wire), len(inner)

    assert asyncio.run(calling()) == (4, 1)


def test_a_cancelled_call_is_recorded_as_unanswered() -> None:
    async def calling() -> Recording:
        with RawServer(Answer(silent=True)) as server:
            transport = recoup.AsyncTransport(hosts=[server.url])
            async with httpx2.AsyncClient(transport=transport, base_url=server.url) as client:
                with recoup.record() as wire:
                    task = asyncio.create_task(client.get(SHIPMENT))
                    while not server.received:
                        await asyncio.sleep(0.01)
                    task.cancel()
                    with suppress(asyncio.CancelledError):
                        await task
                assert heads(wire) == server.heads
                return wire

    (exchange,) = asyncio.run(calling()).exchanges
    assert exchange.no_response is not None
    assert exchange.no_response.text == "CancelledError"


def test_the_oldest_go_where_there_are_too_many(server: RawServer) -> None:
    with Httpx2(server) as client, recoup.record(most=2) as wire:
        for number in range(5):
            client.call("GET", f"{SHIPMENT}?n={number}")
    assert [each.exchange.request.query for each in wire.attempts if each.exchange.request] == [{"n": "3"}, {"n": "4"}]
    assert wire.dropped == 3
    assert "# 3 older ones were not kept" in str(wire)


@pytest.mark.parametrize(
    ("body", "limit", "kept"),
    [
        (b"abc", 100, b"abc"),
        (b"abc", 0, b"<3 bytes>"),
        (b"", 0, b""),
        (b"\xff\xfe\x00", 100, b"<3 bytes, not text>"),
        (b"a\x00b", 100, b"<3 bytes, not text>"),
        (b"x" * 5000, 10, b"x" * 10 + b"<and more, 5000 bytes in all>"),
        ("ä".encode() * 3000, 11, "ä".encode() * 5 + b"<and more, 6000 bytes in all>"),
    ],
)
def test_bodies_are_kept_up_to_a_limit(body: bytes, limit: int, kept: bytes) -> None:
    answer = errors("InvalidInput", "x", status=400)
    with RawServer(answer) as server, Httpx2(server) as client, recoup.record(bodies=limit) as wire:
        client.call("POST", CONFIRM, body=body)
    (exchange,) = wire.exchanges
    assert exchange.request is not None
    assert exchange.request.body == kept


@pytest.mark.parametrize("before", range(980, 1060))
def test_no_part_of_a_secret_is_kept_where_a_body_is_cut(before: int) -> None:
    body = b"x " * (before // 2) + b"secretive.buyer@example.com Atza|planted-in-the-middle" + b" x" * 4000
    with RawServer(HTML) as server, Httpx2(server) as client, recoup.record(bodies=40) as wire:
        client.call("POST", CONFIRM, body=body)
    assert "secretive" not in str(wire)
    assert "planted" not in str(wire)


def test_of_an_html_400_the_record_names_the_malformed_element() -> None:
    """The documents' "inspect your wire logs": the request that a proxy refused is held against RFC 7230."""
    with RawServer(HTML) as server, Urllib3(server) as client, recoup.record() as wire:
        client.call("GET", SHIPMENT, headers={"X-Empty": " "})
    found = recoup.diagnose(wire.exchanges[0])
    assert found.best is not None
    assert found.best.basis == "request"
    assert found.id == "400-malformed-http-empty-header"


def test_it_is_saved_as_text_and_as_har(server: RawServer, tmp_path: Path) -> None:
    with Httpx2(server, timing=Timing.without_waiting(start=1_800_000_000.0)) as client, recoup.record() as wire:
        client.call("GET", SHIPMENT + "?a=1")
    wire.save(tmp_path / "wire.txt")
    wire.save(tmp_path / "wire.har")
    assert (tmp_path / "wire.txt").read_bytes().decode() == str(wire)
    entry = json.loads((tmp_path / "wire.har").read_text())["log"]["entries"][0]
    assert entry["startedDateTime"] == "2027-01-15T08:00:00.000+00:00"
    assert entry["request"]["queryString"] == [{"name": "a", "value": "1"}]
    assert entry["request"]["httpVersion"] == "HTTP/1.1"
    assert (entry["response"]["status"], entry["response"]["statusText"]) == (200, "Status")
    assert entry["response"]["content"]["text"] == '{"id": "1"}'
    assert entry["_recoup"]["seen"] == "bytes"


def test_another_inner_transport_is_recorded_as_it_was_handed_the_request() -> None:
    mock = httpx2.MockTransport(lambda _: httpx2.Response(200, json={}))
    with httpx2.Client(transport=recoup.Transport(mock)) as client, recoup.record() as wire:
        client.get("https://sellingpartnerapi-na.amazon.com/orders/v0/orders?x=1")
    assert wire.attempts[0].seen is Seen.REQUEST
    assert wire.attempts[0].head.startswith("GET /orders/v0/orders?x=1 HTTP/1.1\r\nHost: ")
    assert "what it added is not known" in str(wire)


def test_a_trace_of_the_callers_own_is_still_told(server: RawServer) -> None:
    told: list[str] = []
    with httpx2.Client(transport=recoup.Transport(hosts=[server.url])) as client, recoup.record() as wire:
        client.get(server.url + SHIPMENT, extensions={"trace": lambda name, _: told.append(name)})
    assert "http11.send_request_headers.started" in told
    assert wire.attempts[0].seen is Seen.BYTES


def test_a_request_that_the_library_refuses_is_recorded_and_its_own_exception_stays(server: RawServer) -> None:
    with Httpx2(server) as client, recoup.record() as wire, pytest.raises(httpx2.LocalProtocolError):
        client.call("GET", SHIPMENT, headers={"X-Empty": " "})
    assert not server.raw
    assert wire.exchanges[0].no_response is not None
    assert wire.exchanges[0].no_response.text == "LocalProtocolError"


def test_through_a_proxy_the_head_is_the_one_that_the_proxy_received(server: RawServer) -> None:
    """A proxy for plain HTTP is sent the absolute URL."""
    target = "http://sandbox.example" + SHIPMENT
    hosts = ["sandbox.example"]
    with recoup.record() as wire:
        inner = httpx2.HTTPTransport(proxy=httpx2.Proxy(server.url))
        with httpx2.Client(transport=recoup.Transport(inner, hosts=hosts)) as client:
            client.get(target)
        with requests.Session() as session:
            session.trust_env = False
            session.mount("http://", recoup.RequestsAdapter(hosts=hosts))
            session.get(target, proxies={"http": server.url})
    assert heads(wire) == server.heads
    assert all(head.startswith(f"GET {target} HTTP/1.1\r\n") for head in heads(wire))
    assert {each.seen for each in wire.attempts} == {Seen.BYTES}


def test_of_http_2_the_fields_are_recorded(server: RawServer) -> None:
    """What the trace of httpcore tells of it; the library that packs them need not be there for that."""
    asked = httpcore2.Request(
        "GET", "https://h/path?x=1", headers=[("Host", "h"), ("Accept", "*/*"), ("Transfer-Encoding", "chunked")]
    )
    tap = Tap(is_async=False)
    own = httpx2.Request("GET", "https://h/path")
    tapped(own, tap).extensions["trace"]("http2.send_request_headers.started", {"request": asked, "stream_id": 1})
    assert tap.seen is Seen.FIELDS
    assert tap.bytes == b"GET /path?x=1 HTTP/2\r\nhost: h\r\naccept: */*\r\n\r\n"
    assert "trace" not in own.extensions
