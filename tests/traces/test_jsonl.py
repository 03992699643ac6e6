"""Logs of JSON lines, in the forms in which loggers write them."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import recoup
from recoup.errors import UnreadableInput
from recoup.exchange import NoResponseKind
from recoup.telemetry import JsonLines
from recoup.telemetry.events import AttemptEnded, CallEnded, CallStarted, TokenRefused
from recoup.traces.fields import parsed
from recoup.traces.reading import items, read
from recoup.traces.summary import Summary
from recoup.traces.tally import Tally
from recoup.traces.traced import Skipped, Traced, Unread

BODY = '{"errors":[{"code":"Unauthorized","message":"Access to requested resource is denied.","details":""}]}'
URL = "https://sellingpartnerapi-eu.amazon.com/orders/v0/orders?MarketplaceIds=A1"
AT = datetime(2026, 11, 23, 9, 14, 7, 250_000, tzinfo=UTC)

STRUCTLOG = {
    "timestamp": "2026-11-23T09:14:07.250Z",
    "level": "error",
    "event": "response",
    "method": "GET",
    "url": URL,
    "status": 403,
    "body": BODY,
    "request_id": "r1",
}
PINO = {
    "level": 50,
    "time": 1795425247250,
    "pid": 1,
    "hostname": "h",
    "req": {"method": "GET", "url": URL, "headers": {"host": "x"}},
    "res": {"statusCode": 403, "headers": {"x-amzn-requestid": "r1"}, "body": json.loads(BODY)},
    "responseTime": 41,
    "msg": "request completed",
}
BUNYAN = {
    "name": "app",
    "level": 40,
    "time": "2026-11-23T09:14:07.250Z",
    "v": 0,
    "msg": "denied",
    "req": {"method": "GET", "url": "/orders/v0/orders?MarketplaceIds=A1"},
    "res": {"statusCode": 403, "header": "HTTP/1.1 403 Forbidden\r\nx-amzn-RequestId: r1\r\n", "body": BODY},
}
ECS = {
    "@timestamp": "2026-11-23T09:14:07.250Z",
    "event": {"duration": 41_000_000},
    "url": {"full": URL},
    "http": {
        "request": {"method": "GET"},
        "response": {"status_code": 403, "body": {"content": BODY}, "headers": {"x-amzn-RequestId": ["r1"]}},
    },
}
ECS_FLAT = {
    "@timestamp": "2026-11-23T09:14:07.250Z",
    "url.full": URL,
    "http.request.method": "GET",
    "http.response.status_code": 403,
    "http.response.body.content": BODY,
    "request_id": "r1",
}
PARTS = {
    "time": 1795425247.25,
    "request": {"method": "get", "url": URL},
    "response": {"status": "403 Forbidden", "headers": [["x-amzn-RequestId", "r1"]], "body": BODY},
}
AXIOS = {
    "time": "Mon, 23 Nov 2026 09:14:07 GMT",
    "level": "error",
    "error": {
        "message": "Request failed with status code 403",
        "config": {"method": "get", "url": URL},
        "response": {"status": 403, "headers": {"x-amzn-requestid": "r1"}, "data": json.loads(BODY)},
    },
}
NGINX = {
    "time": "23/Nov/2026:09:14:07 +0000",
    "request": "GET /orders/v0/orders HTTP/1.1",
    "status": "403",
    "body": BODY,
}
DOCKER = {"log": json.dumps(STRUCTLOG) + "\n", "stream": "stdout", "time": "2026-11-23T09:14:08.000000001Z"}
PYTHON = {
    "asctime": "2026-11-23 09:14:07,250",
    "levelname": "WARNING",
    "status_code": 403,
    "http_method": "GET",
    "path": "/orders/v0/orders",
    "host": "sellingpartnerapi-eu.amazon.com",
    "params": {"MarketplaceIds": "A1"},
    "response_text": BODY,
}
FORMS: dict[str, Mapping[str, Any]] = {
    "structlog": STRUCTLOG,
    "pino": PINO,
    "bunyan": BUNYAN,
    "ecs": ECS,
    "ecs-flat": ECS_FLAT,
    "parts": PARTS,
    "axios": AXIOS,
    "nginx": NGINX,
    "docker": DOCKER,
    "python": PYTHON,
}


def lines(*records: Mapping[str, Any] | str) -> bytes:
    return "".join((each if isinstance(each, str) else json.dumps(each)) + "\n" for each in records).encode()


@pytest.mark.parametrize("form", FORMS)
def test_each_form_tells_the_same_exchange(form: str) -> None:
    (traced,) = read(lines(FORMS[form]))
    exchange = traced.exchange
    assert exchange.request is not None
    assert exchange.response is not None
    assert (exchange.request.method, exchange.request.path) == ("GET", "/orders/v0/orders")
    assert (exchange.response.status, json.loads(exchange.response.body)) == (403, json.loads(BODY))
    assert exchange.at is not None
    assert exchange.at.replace(microsecond=0) == AT.replace(microsecond=0)
    if form not in ("nginx", "python"):
        assert exchange.response.headers.get("x-amzn-requestid") == "r1"
    assert recoup.diagnose(exchange).status == 403


@pytest.mark.parametrize("form", FORMS)
def test_a_success_is_counted_by_the_quick_look_as_by_the_careful_one(form: str) -> None:
    ok = json.dumps(FORMS[form]).replace("403", "200").replace(json.dumps(BODY), '""')
    tally, careful = Tally(), Summary()
    quick = tally.summary
    for item in items((ok + "\n").encode() * 3, form="jsonl", tally=tally):
        assert isinstance(item, Traced)
        quick.add(item, recoup.diagnose(item.exchange))
    for traced in read((ok + "\n").encode() * 3, "jsonl"):
        careful.add(traced, recoup.diagnose(traced.exchange))
    assert quick.as_dict() == careful.as_dict()
    assert (quick.exchanges, quick.failures) == (3, 0)
    assert set(quick.operations) == {"orders/v0/getOrders"}


def test_places_are_those_of_the_file() -> None:
    data = lines(STRUCTLOG, {"level": "info", "event": "started"}, STRUCTLOG, "é" * 10, STRUCTLOG)
    found = list(items(data, form="jsonl"))
    assert [type(item) for item in found] == [Traced, Skipped, Traced, Unread, Traced]
    for item in found:
        if isinstance(item, Traced):
            assert data[item.place.offset :].startswith(b'{"timestamp"')
            assert data[: item.place.offset].count(b"\n") + 1 == item.place.line
    assert isinstance(found[3], Unread)
    assert (found[3].place.line, found[3].reason) == (4, "the line is not a JSON object")


def test_nothing_unreadable_is_lost_silently() -> None:
    data = lines(STRUCTLOG, '{"status": 403, "url"')
    with pytest.raises(UnreadableInput, match="input:2: the line is not a JSON object"):
        list(read(data, "jsonl"))
    told: list[Unread] = []
    assert len(list(read(data, "jsonl", unread=told.append))) == 1
    assert len(told) == 1


def test_names_of_ones_own_come_first() -> None:
    record = {"status": 200, "outcome": {"http": 429}, "verb": "GET", "where": "/orders/v0/orders", "who": "S1"}
    fields = parsed(["status=outcome.http", "url=where", "seller=who"])
    for tally in (None, Tally()):
        (item,) = items(lines(record), form="jsonl", fields=fields, tally=tally)
        assert isinstance(item, Traced)
        assert item.exchange.response is not None
        assert (item.exchange.response.status, item.seller) == (429, "S1")


@pytest.mark.parametrize("option", ["status", "status=", "colour=x", "=x"])
def test_a_field_option_that_is_none_is_refused_with_the_names_there_are(option: str) -> None:
    with pytest.raises(UnreadableInput, match="response_body"):
        parsed([option])


@pytest.mark.parametrize(
    ("words", "kind", "sent"),
    [
        ("connect ECONNREFUSED 127.0.0.1:443", NoResponseKind.CONNECT, False),
        ("getaddrinfo ENOTFOUND sellingpartnerapi-eu.amazon.com", NoResponseKind.CONNECT, False),
        ("Read timed out. (read timeout=30)", NoResponseKind.TIMEOUT, True),
        ("socket hang up", NoResponseKind.RESET, True),
        ("certificate verify failed: unable to get local issuer", NoResponseKind.TLS, False),
    ],
)
def test_an_error_without_a_status_is_an_exchange_without_a_response(
    words: str, kind: NoResponseKind, sent: bool
) -> None:
    record = {"level": "error", "time": 1795425247, "method": "POST", "url": URL, "error": words}
    (traced,) = read(lines(record), "jsonl")
    assert traced.exchange.no_response is not None
    assert (traced.exchange.no_response.kind, traced.exchange.no_response.sent) == (kind, sent)


def test_an_error_in_words_is_read_as_words() -> None:
    words = (
        "SellingApiForbiddenException: [{'code': 'Unauthorized', 'message': 'Access to requested resource is denied.'}]"
    )
    (traced,) = read(lines({"level": "ERROR", "timestamp": "2026-11-23T09:14:07Z", "message": words}), "jsonl")
    assert traced.text is not None
    assert recoup.diagnose(traced.text).failed


@pytest.mark.parametrize(
    "record",
    [
        {"level": "info", "message": "started", "time": 1},
        {"status": "ok", "time": 1, "method": "GET"},
        {"status": True, "method": "GET"},
        {"status": 99999},
        {},
        {"status": None, "url": None, "time": None},
    ],
)
def test_a_line_about_something_else_is_passed_over(record: Mapping[str, Any]) -> None:
    assert [type(item) for item in items(lines(record), form="jsonl")] == [Skipped]


def test_recoups_own_events_are_read_once_an_attempt_with_what_it_knew() -> None:
    out = io.StringIO()
    write = JsonLines(out)
    name = "orders/v0/getOrders"
    write(CallStarted(at=1e9, call=1, operation=name, seller="S", method="GET", host="h"))
    write(AttemptEnded(at=1e9 + 1, call=1, operation=name, seller="S", attempt=1, seconds=0.2, status=200))
    write(
        AttemptEnded(
            at=1e9 + 2,
            call=1,
            operation=name,
            seller="S",
            attempt=1,
            seconds=0.2,
            status=403,
            fault="403-expired-token",
            decision="renew_token",
            request_id="r9",
        )
    )
    write(CallEnded(at=1e9 + 3, call=1, operation=name, seller="S", attempts=2, seconds=1, waited=0, decision="done"))
    write(TokenRefused(at=1e9 + 4, seller="S", fault="login-invalid-grant", parked=True))
    tally = Tally()
    summary = tally.summary
    found = list(items(out.getvalue().encode(), tally=tally))
    traced = [item for item in found if isinstance(item, Traced)]
    assert summary.exchanges == 1
    assert set(summary.operations) == {name}
    assert [each.told.fault for each in traced if each.told] == ["403-expired-token", "login-invalid-grant"]
    assert (traced[0].operation, traced[0].seller) == (name, "S")
    assert traced[0].exchange.response is not None
    assert traced[0].exchange.response.headers.get("x-amzn-requestid") == "r9"


def test_a_success_that_may_hide_a_failure_is_never_passed_by() -> None:
    for status, method, path in ((207, "POST", "/x"), (200, "PUT", "/listings/2021-08-01/items/S/K")):
        record = {**STRUCTLOG, "status": status, "method": method, "url": path}
        tally = Tally()
        assert len(list(items(lines(record), form="jsonl", tally=tally))) == 1
        assert tally.summary.exchanges == 0


@pytest.mark.parametrize(
    ("written", "means"),
    [
        (b'{"status": 403, "took": NaN, "url": "/x", "method": "GET"}', "/x"),
        (b'{"status": 403, "url": "/x\\ud83d", "method": "GET"}', "/x\ufffd"),
        (b'{"status": 403, "url": "/x\\ud83d\\ude00", "method": "GET"}', "/x\U0001f600"),
        (b'{"status": 403, "url": "/x\xe9", "method": "GET"}', "/x\ufffd"),
        (b'{"status": 403, "url": "/x", "method": "GET", "msg": "a\tb\x01"}', "/x"),
        (b'2026-11-23 [app] {"status": 403, "url": "/x", "method": "GET"}', "/x"),
    ],
    ids="nan half pair latin-1 control prefix".split(),
)
def test_what_programs_write_that_is_nearly_json_is_read(written: bytes, means: str) -> None:
    for tally in (None, Tally(remembering=True)):
        (item,) = items(written + b"\n", form="jsonl", tally=tally)
        assert isinstance(item, Traced)
        assert item.exchange.request is not None
        assert item.exchange.request.url == means
        assert recoup.diagnose(item.exchange).status == 403


def test_a_line_without_an_end_takes_no_memory() -> None:
    class Endless:
        left = 40

        def read(self, _: int) -> bytes:
            self.left -= 1
            return b'{"a":"' + b"x" * (1 << 20) if self.left > 0 else b""

    (item,) = items(Endless(), form="jsonl")  # type: ignore[arg-type]
    assert isinstance(item, Unread)
    assert "longer than 16 MiB" in item.reason


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(list("ab") + list(PINO)), inner),
    max_leaves=8,
)
NAMES = st.sampled_from(
    [*STRUCTLOG, *PINO, *ECS, *ECS_FLAT, *AXIOS, *PYTHON, "response", "request", "errors", "error", "seller", "\\", '"']
)


@settings(max_examples=300)
@given(st.lists(st.dictionaries(NAMES, VALUES), min_size=1, max_size=4))
def test_any_objects_are_read_without_an_exception(records: list[dict[str, Any]]) -> None:
    data = b"\n".join(msgspec.json.encode(each) for each in records)
    for tally in (None, Tally()):
        for item in items(data, form="jsonl", tally=tally):
            if isinstance(item, Traced):
                recoup.diagnose(item.exchange if item.text is None else item.text)
