"""The sandbox over real sockets: what stands on the wire, and what several connections see of each other."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator

import msgspec
import pytest
from wire import Answer, Wire, call, fetch_token, head

from recoup.sandbox import Sandbox, SandboxSettings, running

EPOCH = 1_800_000_000.0
SHIPMENTS = "/externalFulfillment/2024-09-11/shipments"
PAGE = b"<!DOCTYPE html><html><head><title>x</title></head><body></body></html>"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running(seed=1, epoch=EPOCH, clock="frozen") as running_sandbox:
        yield running_sandbox


def order(sandbox: Sandbox) -> str:
    return str(sandbox.stage.add_shipment(location_id=sandbox.location_ids["MFN"]))


def confirm(shipment: str) -> str:
    return f"{SHIPMENTS}/{shipment}?operation=CONFIRM"


def empty_post(target: str, token: str) -> bytes:
    return head("POST", target, token, "Content-Length: 0")


def error(answer: Answer) -> dict[str, str]:
    found = msgspec.json.decode(answer.body)["errors"][0]
    assert isinstance(found, dict)
    return found


def test_header_names_are_written_as_amazon_writes_them(sandbox: Sandbox) -> None:
    answer = call(sandbox.endpoint, head("GET", SHIPMENTS + "?status=ACCEPTED", fetch_token(sandbox)))
    assert answer.status_line == "HTTP/1.1 200 OK"
    names = [line.partition(":")[0] for line in answer.lines]
    assert names == ["x-amzn-RequestId", "Content-Type", "x-amzn-RateLimit-Limit", "Date", "Content-Length"]
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", answer.header("x-amzn-requestid") or "")
    assert answer.header("date") == "Fri, 15 Jan 2027 08:00:00 GMT"
    refused = call(sandbox.endpoint, head("GET", SHIPMENTS))
    assert [line.partition(":")[0] for line in refused.lines] == [
        "x-amzn-RequestId",
        "Content-Type",
        "x-amzn-ErrorType",
        "Date",
        "Content-Length",
    ]


def test_one_connection_carries_many_requests_and_a_204_carries_no_length(sandbox: Sandbox) -> None:
    token, shipment = fetch_token(sandbox), order(sandbox)
    with Wire(sandbox.endpoint) as wire:
        wire.send(empty_post(confirm(shipment), token))
        answer = wire.receive()
        assert (answer.status_line, answer.header("content-length")) == ("HTTP/1.1 204 No Content", None)
        assert answer.header("transfer-encoding") is None
        wire.send(head("GET", f"{SHIPMENTS}/{shipment}", token))
        assert msgspec.json.decode(wire.receive().body)["status"] == "CONFIRMED"


def test_a_refused_head_has_the_length_and_no_body(sandbox: Sandbox) -> None:
    with Wire(sandbox.endpoint) as wire:
        wire.send(head("HEAD", SHIPMENTS) + head("GET", "/unknown"))
        first = wire.receive(head_only=True)
        assert first.status == 403
        assert int(first.header("content-length") or 0) > 0
        assert wire.receive().status == 403


def test_pipelined_requests_are_answered_in_order(sandbox: Sandbox) -> None:
    token = fetch_token(sandbox)
    shipments = [order(sandbox) for _ in range(5)]
    with Wire(sandbox.endpoint) as wire:
        wire.send(b"".join(head("GET", f"{SHIPMENTS}/{one}", token) for one in shipments))
        assert [msgspec.json.decode(wire.receive().body)["id"] for _ in shipments] == shipments


def test_a_request_may_come_byte_by_byte(sandbox: Sandbox) -> None:
    with Wire(sandbox.endpoint) as wire:
        for byte in head("GET", "/unknown"):
            wire.send(bytes([byte]))
        assert wire.receive().status == 403


@pytest.mark.parametrize(
    ("lines", "closes"),
    [((), False), (("Connection: close",), True), (("Connection: keep-alive",), False)],
)
def test_the_connection_closes_when_the_client_asks(sandbox: Sandbox, lines: tuple[str, ...], closes: bool) -> None:
    with Wire(sandbox.endpoint) as wire:
        wire.send(head("GET", "/unknown", None, *lines))
        answer = wire.receive()
        assert (answer.header("connection") == "close") is closes
        assert wire.closed() if closes else wire.quiet()


def test_http_1_0_closes_unless_it_asks_to_stay(sandbox: Sandbox) -> None:
    with Wire(sandbox.endpoint) as wire:
        wire.send(b"GET /unknown HTTP/1.0\r\n\r\n")
        assert wire.receive().status == 403
        assert wire.closed()
    with Wire(sandbox.endpoint) as wire:
        wire.send(b"GET /unknown HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        assert wire.receive().header("connection") == "keep-alive"
        assert wire.quiet()


@pytest.mark.parametrize(
    "raw", [b"GET / HTTP/1.1\r\nno colon\r\n\r\n", b"\x00\x01\x02\r\n\r\n", b"G@T / HTTP/1.1\r\n\r\n"]
)
def test_what_is_not_http_gets_the_page_and_is_closed(sandbox: Sandbox, raw: bytes) -> None:
    with Wire(sandbox.endpoint) as wire:
        wire.send(raw)
        answer = wire.receive()
        assert (answer.status, answer.body, answer.header("content-type")) == (400, PAGE, "text/html")
        assert answer.header("x-amzn-requestid") is None
        assert wire.closed()


def test_a_good_request_before_nonsense_is_answered_first(sandbox: Sandbox) -> None:
    with Wire(sandbox.endpoint) as wire:
        wire.send(head("GET", "/unknown") + b"\x00nonsense\r\n\r\n")
        assert wire.receive().status == 403
        assert wire.receive().body == PAGE
        assert wire.closed()


def test_a_get_with_a_content_length_gets_the_page(sandbox: Sandbox) -> None:
    with Wire(sandbox.endpoint) as wire:
        wire.send(head("GET", SHIPMENTS, fetch_token(sandbox), "Content-Length: 2") + b"{}")
        assert wire.receive().body == PAGE
        assert wire.closed()


def test_heads_and_fields_that_do_not_end_are_refused(sandbox: Sandbox) -> None:
    for lines in (["X-Long: " + "x" * 9000], [f"X-{n}: {'y' * 1000}" for n in range(80)]):
        answer = call(sandbox.endpoint, head("GET", "/unknown", None, *lines))
        assert answer.status == 400
        assert b"Size of a request header field exceeds server limit." in answer.body


def test_a_large_body_is_read_to_its_end_and_refused(sandbox: Sandbox) -> None:
    token = fetch_token(sandbox)
    body = b'"' + b"x" * 3_000_000 + b'"'
    lines = ("Content-Type: application/json", f"Content-Length: {len(body)}", "Expect: 100-continue")
    with Wire(sandbox.endpoint) as wire:
        wire.send(head("POST", f"{SHIPMENTS}/{order(sandbox)}/packages", token, *lines))
        assert wire.receive().status == 100
        wire.send(body)
        assert wire.receive().status == 413
        wire.send(head("GET", "/unknown"))
        assert wire.receive().status == 403


def test_a_chunked_body_is_put_together(sandbox: Sandbox) -> None:
    token = fetch_token(sandbox)
    lines = ("Content-Type: application/json", "Transfer-Encoding: chunked")
    data = head("POST", f"{SHIPMENTS}/{order(sandbox)}/packages", token, *lines) + b"2\r\n{}\r\n0\r\n\r\n"
    assert error(call(sandbox.endpoint, data))["details"] == "SC_00002"


def test_an_offered_upgrade_is_ignored(sandbox: Sandbox) -> None:
    with Wire(sandbox.endpoint) as wire:
        wire.send(head("GET", "/unknown", None, "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c"))
        assert wire.receive().status == 403


def test_each_region_has_an_endpoint_of_its_own(sandbox: Sandbox) -> None:
    assert len(set(sandbox.endpoints.values())) == 3
    token = fetch_token(sandbox)
    for region, status in (("NA", 200), ("EU", 403), ("FE", 403)):
        answer = call(sandbox.endpoints[region], head("GET", SHIPMENTS + "?status=ACCEPTED", token))
        assert answer.status == status, region


def test_an_operation_in_flight_is_met_by_others(sandbox: Sandbox) -> None:
    token, shipment = fetch_token(sandbox), order(sandbox)
    sandbox.stage.take_time("processShipment", 20)
    with Wire(sandbox.endpoint) as first:
        first.send(empty_post(confirm(shipment), token))
        assert first.quiet()
        same = call(sandbox.endpoint, empty_post(confirm(shipment), token))
        assert (same.status, error(same)["code"], error(same)["details"]) == (409, "DuplicateRequest", "SC_00004")
        other = call(sandbox.endpoint, empty_post(f"{SHIPMENTS}/{shipment}/invoice", token))
        assert (other.status, error(other)["code"], error(other)["details"]) == (409, "ServerBusy", "SC_10000")
        sandbox.clock.advance(19)
        assert first.quiet()
        sandbox.clock.advance(1)
        assert first.receive().status == 204
    state = call(sandbox.endpoint, head("GET", f"{SHIPMENTS}/{shipment}", token))
    assert msgspec.json.decode(state.body)["status"] == "CONFIRMED"


def test_an_operation_goes_on_when_its_client_is_gone(sandbox: Sandbox) -> None:
    token, shipment = fetch_token(sandbox), order(sandbox)
    sandbox.stage.take_time("processShipment", 20)
    with Wire(sandbox.endpoint) as wire:
        wire.send(empty_post(confirm(shipment), token))
        assert wire.quiet()
    sandbox.clock.advance(20)
    state = call(sandbox.endpoint, head("GET", f"{SHIPMENTS}/{shipment}", token))
    assert msgspec.json.decode(state.body)["status"] == "CONFIRMED"


def test_a_client_that_sends_no_more_still_gets_its_answer(sandbox: Sandbox) -> None:
    token, shipment = fetch_token(sandbox), order(sandbox)
    sandbox.stage.take_time("processShipment", 20)
    with Wire(sandbox.endpoint) as wire:
        wire.send(empty_post(confirm(shipment), token))
        wire.finish()
        assert wire.quiet()
        sandbox.clock.advance(20)
        assert wire.receive().status == 204
        assert wire.closed()


def test_the_same_seed_and_calls_give_the_same_bytes() -> None:
    def scene(seed: int) -> list[object]:
        with running(seed=seed, epoch=EPOCH, clock="frozen") as sandbox:
            token = fetch_token(sandbox)
            shipment = order(sandbox)
            sandbox.clock.advance(90)
            calls = [
                head("GET", SHIPMENTS + "?status=ACCEPTED", token),
                empty_post(confirm(shipment), token),
                empty_post(confirm(shipment), token),
                head("GET", f"{SHIPMENTS}/{shipment}", token),
                head("GET", "/unknown", token),
            ]
            answers = [call(sandbox.endpoint, data) for data in calls]
            return [token, shipment, *((a.status_line, a.lines, a.body) for a in answers)]

    assert scene(3) == scene(3)
    assert scene(3) != scene(4)


def test_no_secret_reaches_a_log(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG):
        token = fetch_token(sandbox)
        call(sandbox.endpoint, head("GET", f"{SHIPMENTS}?token={token}", token))
        call(sandbox.endpoint, head("GET", SHIPMENTS, token + "x"))
        call(sandbox.endpoint, b"GET / HTTP/1.1\r\nx-amz-access-token " + token.encode() + b"\r\n\r\n")
    output = capfd.readouterr()
    for secret in (token, sandbox.client_secret, sandbox.refresh_token):
        for place in (caplog.text, output.out, output.err, repr(sandbox)):
            assert secret not in place


def test_label_files_lie_behind_links_that_run_out(sandbox: Sandbox) -> None:
    answer = call(sandbox.endpoint, head("GET", "/documents/labels/000000?X-Amz-Signature=0"))
    assert answer.status == 403
    assert answer.body.startswith(b"<?xml")
    assert answer.header("x-amzn-requestid") is None


def test_settings_reach_both_rooms() -> None:
    with running(seed=1, settings=SandboxSettings(access_token_lifetime=60), clock="frozen") as sandbox:
        token = fetch_token(sandbox)
        sandbox.clock.advance(60)
        refused = call(sandbox.endpoint, head("GET", SHIPMENTS, token))
        assert error(refused)["details"] == "The access token you provided has expired."
