"""What other programs write: flows of mitmproxy, output of curl, logs with several failures; each with its place."""

from __future__ import annotations

import gzip
import io
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from recoup.diagnosis.engine import diagnose
from recoup.traces import curl, mitmproxy, mixture
from recoup.traces.opening import opened
from recoup.traces.traced import Item, Traced, Unread

DENIED = b'{"errors":[{"code":"Unauthorized","message":"Access to requested resource is denied.","details":""}]}'
HOST = "sellingpartnerapi-eu.amazon.com"


def tnet(value: Any, text: bytes = b";") -> bytes:
    """A tnetstring, as its inventor and mitmproxy write it; `text` is the letter for texts."""
    if isinstance(value, dict):
        body, kind = b"".join(tnet(key, text) + tnet(item, text) for key, item in value.items()), b"}"
    elif isinstance(value, list | tuple):
        body, kind = b"".join(tnet(item, text) for item in value), b"]"
    elif isinstance(value, bool):
        body, kind = (b"true" if value else b"false"), b"!"
    elif isinstance(value, int):
        body, kind = str(value).encode(), b"#"
    elif isinstance(value, float):
        body, kind = repr(value).encode(), b"^"
    elif value is None:
        body, kind = b"", b"~"
    elif isinstance(value, bytes):
        body, kind = value, b","
    else:
        body, kind = value.encode(), text
    return str(len(body)).encode() + b":" + body + kind


def flow(**changes: Any) -> dict[str, Any]:
    made = {
        "type": "http",
        "version": 20,
        "request": {
            "method": b"GET", "scheme": b"https", "host": "203.0.113.9", "port": 443, "path": b"/orders/v0/orders?a=1",
            "http_version": b"HTTP/1.1", "headers": [(b"Host", HOST.encode()), (b"x-amz-access-token", b"Atza|x")],
            "content": b"", "timestamp_start": 1764000000.5, "timestamp_end": 1764000000.6,
        },
        "response": {
            "status_code": 403, "reason": b"Forbidden", "headers": [(b"x-amzn-RequestId", b"R-1")], "content": DENIED,
            "timestamp_start": 1764000000.7, "timestamp_end": 1764000000.75,
        },
        "error": None,
    }  # fmt: skip
    return made | changes


def items(reader: Any, data: bytes) -> list[Item]:
    return list(reader.read(opened(io.BytesIO(data), "t"), "t"))


@pytest.mark.parametrize("text", [b";", b","])
def test_flows_of_mitmproxy(text: bytes) -> None:
    data = tnet(flow(), text) * 2
    assert mitmproxy.begins(data)
    first, second = items(mitmproxy, data)
    assert isinstance(first, Traced)
    assert isinstance(second, Traced)
    assert (first.place.offset, second.place.offset) == (0, len(data) // 2)
    request, response = first.exchange.request, first.exchange.response
    assert request is not None
    assert response is not None
    assert (request.method, request.url) == ("GET", f"https://{HOST}/orders/v0/orders?a=1")
    assert (response.status, response.headers.get("x-amzn-requestid"), response.body) == (403, "R-1", DENIED)
    assert first.exchange.elapsed == pytest.approx(0.25)
    assert first.exchange.at is not None
    assert first.exchange.at.year == 2025


def test_a_packed_body_and_a_broken_connection_in_a_flow() -> None:
    packed = flow()
    packed["response"] = packed["response"] | {
        "headers": [(b"Content-Encoding", b"gzip")],
        "content": gzip.compress(DENIED),
    }
    broken = flow(response=None, error={"msg": "Connection killed.", "timestamp": 1.0})
    first, second = items(mitmproxy, tnet(packed) + tnet(broken))
    assert isinstance(first, Traced)
    assert first.exchange.response is not None
    assert first.exchange.response.body == DENIED
    assert isinstance(second, Traced)
    assert second.exchange.no_response is not None


@pytest.mark.parametrize(
    ("data", "reasons"),
    [
        (tnet(flow(response=None)), ["a request without an answer"]),
        (tnet({"type": "tcp", "messages": []}), []),
        (tnet(flow())[:-30], ["the flow is cut off"]),
        (b"20:xxxxxxxxxxxxxxxxxxxx}", ["the flow is damaged"]),
        (b"99999999999999:x", ["this is no flow of mitmproxy"]),
        (b"no flow at all", ["this is no flow of mitmproxy"]),
        (b"", []),
    ],
)
def test_what_is_no_whole_flow(data: bytes, reasons: list[str]) -> None:
    assert [item.reason for item in items(mitmproxy, data) if isinstance(item, Unread)] == reasons


@pytest.mark.parametrize("data", [b"", b"{}", b"12:34", b"GET / HTTP/1.1", b"2026-11-23 09:14:07 x", b"1:2:3"])
def test_what_does_not_begin_as_flows_do(data: bytes) -> None:
    assert not mitmproxy.begins(data)


MARKED = f"""* Connected to {HOST}
> GET /orders/v0/orders?a=1 HTTP/2
> Host: {HOST}
> x-amz-access-token: Atza|x
>
< HTTP/2 403
< x-amzn-requestid: R-1
<
{{ [102 bytes data]
{DENIED.decode()}* Connection #0 to host {HOST} left intact
"""
TRACE = f"""== Info: Connected to {HOST}
=> Send header, 78 bytes (0x4e)
0000: GET /orders/v0/orders?a=1 HTTP/1.1
0024: Host: {HOST}
004b:{" "}
<= Recv header, 24 bytes (0x18)
0000: HTTP/1.1 403 Forbidden
<= Recv header, 23 bytes (0x17)
0000: x-amzn-RequestId: R-1
<= Recv header, 2 bytes (0x2)
0000:{" "}
<= Recv data, 102 bytes (0x66)
0000: {DENIED.decode()[:64]}
0040: {DENIED.decode()[64:]}
== Info: Connection #0 to host {HOST} left intact
"""
COMMAND = f"""$ curl -i 'https://{HOST}/orders/v0/orders?a=1' -H 'x-amz-access-token: Atza|x'
HTTP/2 403
x-amzn-requestid: R-1

{DENIED.decode()}

"""


@pytest.mark.parametrize("text", [MARKED, TRACE, COMMAND], ids=["-v", "--trace-ascii", "a command line"])
def test_transfers_of_curl(text: str) -> None:
    data = (text + text).encode()
    assert curl.begins(data)
    found = items(curl, data)
    assert len(found) == 2
    for item in found:
        assert isinstance(item, Traced)
        request, response = item.exchange.request, item.exchange.response
        assert request is not None
        assert response is not None
        assert (request.method, request.path, request.query) == ("GET", "/orders/v0/orders", {"a": "1"})
        assert (response.status, response.headers.get("x-amzn-requestid")) == (403, "R-1")
        assert diagnose(item.exchange).message == "Access to requested resource is denied."
    second = found[1]
    assert isinstance(second, Traced)
    assert data[second.place.offset :].startswith((b"> GET", b"=> Send", b"$ curl"))
    assert data.count(b"\n", 0, second.place.offset) + 1 == second.place.line


LOG = f"""2026-11-23 09:14:07 INFO started
2026-11-23 09:14:08 ERROR GET https://{HOST}/orders/v0/orders -> 403
{DENIED.decode()}
2026-11-23 09:14:09 INFO all is well
2026-11-23 09:14:10 ERROR failed
Traceback (most recent call last):
  File "x.py", line 1, in <module>
sp_api.base.exceptions.SellingApiRequestThrottledException: [{{'code': 'QuotaExceeded', 'message': 'You exceeded your \
quota for the requested resource.', 'details': ''}}]
"""


def test_a_log_with_several_failures() -> None:
    found = items(mixture, LOG.encode())
    assert all(isinstance(item, Traced) for item in found)
    texts = [item.text for item in found if isinstance(item, Traced) and item.text is not None]
    assert [diagnose(text).id for text in texts] == ["403-missing-role", "429-rate-limit"]
    assert [item.place.line for item in found if isinstance(item, Traced)] == [2, 5]


def test_a_text_without_times_is_one_record() -> None:
    (only,) = items(mixture, b"it fails with 403\n\nand again\n" + DENIED)
    assert isinstance(only, Traced)
    assert only.text is not None
    assert "again" in only.text


@given(st.binary(max_size=300))
def test_any_bytes_are_read(data: bytes) -> None:
    assume(not data.startswith(b"\x28\xb5\x2f\xfd"))  # Zstandard: that nothing here can unpack it is said
    for reader in (mitmproxy, curl, mixture):
        for prefix in (b"", b"> GET / HTTP/1.1\n< HTTP/1.1 403\n", b"2026-11-23 09:14:07 x\n2026-11-23 09:14:07 "):
            list(items(reader, prefix + data))


@given(st.integers(0, 10_000), st.binary(min_size=1, max_size=3))
def test_a_damaged_flow_is_no_exception(at: int, put: bytes) -> None:
    data = tnet(flow())
    at %= len(data)
    list(items(mitmproxy, data[:at] + put + data[at + len(put) :]))


@pytest.mark.parametrize(
    "piece",
    [
        b"> GET / HTTP/1.1\n",
        b"curl x\n",
        b"=> Send header\n",
        b"2026-11-23 09:14:07 error\n",
        b"9:",
        b"0:}",
        b"\n",
        b"1",
    ],
)
def test_hostile_inputs_are_read_in_bounded_time(piece: bytes) -> None:
    data = piece * (1_000_000 // len(piece))
    for reader in (mitmproxy, curl, mixture):
        list(items(reader, data))
