"""HAR files as browsers, proxies and recoup itself save them, read over a window."""

from __future__ import annotations

import base64
import gzip
import json
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import recoup
from recoup.exchange import Exchange, Headers, NoResponseKind, Request, Response
from recoup.traces.reading import items, read
from recoup.traces.tally import Tally
from recoup.traces.traced import Traced, Unread
from recoup.transports.recording import Recorded, Recording, Seen

URL = "https://sellingpartnerapi-eu.amazon.com/orders/v0/orders?MarketplaceIds=A1"
BODY = '{"errors":[{"code":"Unauthorized","message":"Access to requested resource is denied.","details":""}]}'


def entry(status: int = 403, body: str = BODY, **more: Any) -> dict[str, Any]:
    return {
        "startedDateTime": "2026-11-23T10:14:07.250+01:00",
        "time": 41.5,
        "request": {"method": "GET", "url": URL, "httpVersion": "HTTP/1.1", "headers": [{"name": "A", "value": "é"}]},
        "response": {
            "status": status,
            "statusText": "",
            "headers": [{"name": "x-amzn-RequestId", "value": "r1"}],
            "content": {"size": len(body), "mimeType": "application/json", "text": body},
        },
        **more,
    }


def har(*entries: Any, **beside: Any) -> bytes:
    log = {"version": "1.2", "creator": {"name": "x"}, "pages": [{"title": 'a "entries": ['}], **beside}
    return json.dumps({"log": {**log, "entries": list(entries)}}, indent=1, ensure_ascii=False).encode()


def test_an_entry_is_an_exchange_with_its_place() -> None:
    data = har(entry(), entry(429), comment="é at the end")
    first, second = read(data)
    exchange = first.exchange
    assert exchange.request is not None
    assert exchange.response is not None
    assert exchange.at is not None
    assert (exchange.request.method, exchange.request.path) == ("GET", "/orders/v0/orders")
    assert (exchange.response.status, exchange.response.body.decode()) == (403, BODY)
    assert (exchange.at.isoformat(), exchange.elapsed) == ("2026-11-23T09:14:07.250000+00:00", 0.0415)
    for traced in (first, second):
        assert data[traced.place.offset :].startswith(b'{\n    "startedDateTime"')
        assert data[: traced.place.offset].count(b"\n") + 1 == traced.place.line


@pytest.mark.parametrize(
    "data",
    [
        json.dumps([entry()]).encode(),
        json.dumps({"entries": [entry()]}).encode(),
        b"\xef\xbb\xbf" + har(entry()),
        json.dumps({"log": {"entries": [entry()], "version": "1.2", "browser": {}}}).encode(),
        json.dumps({"version": 1, "log": {"pages": [], "entries": [entry()]}, "x": 1}, separators=(",", ":")).encode(),
    ],
    ids="array entries-alone bom entries-first minified".split(),
)
def test_what_stands_around_the_entries_does_not_matter(data: bytes) -> None:
    (traced,) = read(data, "har")
    assert traced.exchange.response is not None
    assert [type(item) for item in items(data)] == [Traced]  # and it is recognised


def content(**fields: Any) -> dict[str, Any]:
    made = entry()
    made["response"]["content"] = {"size": 1, "mimeType": "application/json", **fields}
    return made


@pytest.mark.parametrize(
    "fields",
    [
        {"text": BODY},
        {"text": base64.b64encode(BODY.encode()).decode(), "encoding": "base64"},
        {"text": base64.b64encode(gzip.compress(BODY.encode())).decode(), "encoding": "base64"},
    ],
    ids="text base64 base64-of-gzip".split(),
)
def test_a_body_is_read_in_each_form(fields: dict[str, Any]) -> None:
    (traced,) = read(har(content(**fields)))
    assert traced.exchange.response is not None
    assert traced.exchange.response.body.decode() == BODY


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({"_error": "net::ERR_CONNECTION_REFUSED"}, NoResponseKind.CONNECT),
        ({"_error": "net::ERR_CERT_AUTHORITY_INVALID ssl"}, NoResponseKind.TLS),
        ({"comment": "x"}, NoResponseKind.OTHER),
        ({"_recoup": {"no_response": "timeout"}}, NoResponseKind.TIMEOUT),
    ],
)
def test_a_status_of_0_is_no_response(more: dict[str, Any], kind: NoResponseKind) -> None:
    (traced,) = read(har(entry(0, "", **more)))
    assert traced.exchange.response is None
    assert traced.exchange.no_response is not None
    assert traced.exchange.no_response.kind is kind


def test_pseudo_fields_of_http2_become_what_they_stand_for() -> None:
    made = entry()
    made["request"]["headers"] = [{"name": ":authority", "value": "h"}, {"name": ":path", "value": "/"}]
    (traced,) = read(har(made))
    assert traced.exchange.request is not None
    assert traced.exchange.request.headers.items() == (("Host", "h"),)


def test_half_a_character_is_no_obstacle() -> None:
    made = entry()
    made["request"]["url"] += "&x=\ud800"
    made["request"]["headers"] = [{"name": "A\udfff", "value": "\ud800"}]
    (traced,) = read(json.dumps({"log": {"entries": [made]}}).encode())
    assert recoup.diagnose(traced.exchange).status == 403
    assert json.dumps(recoup.diagnose(traced.exchange).as_dict(), ensure_ascii=False).encode()


def test_a_form_that_was_posted_is_a_body() -> None:
    made = entry()
    made["request"]["postData"] = {"mimeType": "x", "params": [{"name": "grant_type", "value": "a b"}]}
    (traced,) = read(har(made))
    assert traced.exchange.request is not None
    assert traced.exchange.request.body == b"grant_type=a+b"


def test_successes_are_told_and_not_given() -> None:
    tally = Tally()
    found = list(items(har(entry(200), entry(403), entry(207), entry(204)), tally=tally))
    assert tally.summary.exchanges == 2
    assert [item.exchange.response.status for item in found if isinstance(item, Traced) and item.exchange.response] == [
        403,
        207,
    ]


@pytest.mark.parametrize("cut", [0.3, 0.6, 0.95])
def test_a_file_that_is_cut_off_gives_what_stands_before_the_cut(cut: float) -> None:
    data = har(*[entry() for _ in range(50)])
    found = list(items(data[: int(len(data) * cut)], form="har"))
    assert all(isinstance(item, Traced) for item in found[:-1])
    assert len(found) > 50 * cut - 4
    assert isinstance(found[-1], Unread)
    assert "cut off" in found[-1].reason


@pytest.mark.parametrize("data", [b"{", b"[", b"{}", b'{"log": 3}', b'{"log": {"entries": {}}}', b"[3]", b"[{}]", b"x"])
def test_what_is_no_har_is_said(data: bytes) -> None:
    (item,) = items(data, form="har")
    assert isinstance(item, Unread)


def test_a_number_of_thousands_of_digits_ends_the_reading_and_is_said() -> None:
    data = har(entry(), entry()).replace(b"41.5", b"4" * 5000, 2)
    (item,) = items(data, form="har")
    assert isinstance(item, Unread)
    assert item.reason == "the entry is not JSON"


def test_a_page_or_a_newer_value_in_a_success_is_not_passed_by() -> None:
    known = '{"payload": {"Orders": [{"OrderStatus": "Shipped"}]}}'
    bodies = (known, known.replace("Shipped", "Beamed"), "<html>no</html>", "cut off: {", "")
    tally = Tally()
    found = list(items(har(*[entry(200, body) for body in bodies]), tally=tally))
    assert tally.summary.exchanges == 3
    assert next(recoup.diagnose(item.exchange).id for item in found if isinstance(item, Traced)) == "null-enum"
    assert len(found) == 2


def test_what_recoup_recorded_is_read_back() -> None:
    with Recording(bodies=1000, most=10) as recording:
        request = Request(method="GET", url=URL, headers=Headers([("A", "b")]))
        exchange = Exchange(request=request, response=Response(status=403, body=BODY.encode()))
        recording.add(Recorded(exchange=exchange, head="GET /orders/v0/orders HTTP/1.1\r\n\r\n", seen=Seen.BYTES))
    for data in (json.dumps(recording.as_har()).encode(), recording.as_text().encode()):
        (traced,) = read(data)
        assert recoup.diagnose(traced.exchange).id == recoup.diagnose(exchange).id
        assert traced.exchange.request is not None
        assert traced.exchange.request.path == "/orders/v0/orders"


def test_a_large_file_takes_little_memory() -> None:
    big = json.dumps(entry(200, "x" * 20_000)).encode()

    class Long:
        def __init__(self) -> None:
            self.parts = self._parts()
            self.rest = b""

        def _parts(self) -> Iterator[bytes]:
            yield b'{"log":{"entries":['
            for _ in range(2_500):  # 50 MB
                yield big + b","
            yield big + b"]}}"

        def read(self, size: int) -> bytes:
            self.rest = self.rest or next(self.parts, b"")
            taken, self.rest = self.rest[:size], self.rest[size:]
            return taken

    tally = Tally()
    tracemalloc.start()
    try:
        assert list(items(Long(), form="har", tally=tally)) == []  # type: ignore[arg-type]
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()
    assert tally.summary.exchanges == 2_501


@given(st.binary(max_size=200), st.integers(0, 400))
def test_any_damage_is_survived(noise: bytes, at: int) -> None:
    data = har(entry(), entry())
    for item in items(data[:at] + noise + data[at + 7 :], form="har"):
        assert isinstance(item, Traced | Unread)
