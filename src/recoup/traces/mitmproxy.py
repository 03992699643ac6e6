"""Flow files of mitmproxy (`mitmdump -w`), read without mitmproxy: a row of tnetstrings, one for each flow.

A tnetstring is a length, a colon, so many bytes, and a letter for what they are. Memory grows with one flow, not with
the file; what is no HTTP flow is passed over, and a damaged one is said to be unread.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from recoup.exchange import Exchange, Headers, NoResponse, NoResponseKind, Request, Response
from recoup.traces.opening import BLOCK, Stream
from recoup.traces.traced import Item, Place, Traced, Unread

__all__ = ["begins", "read"]

MAX_FLOW = 64 << 20  # bytes of one flow
MAX_BODY = 8 << 20  # of an unpacked body
_DEPTH = 30


class _Damaged(ValueError):
    """These bytes are no tnetstring."""


def begins(head: bytes) -> bool:
    """Whether an input begins as a flow file does: a tnetstring of a mapping, whose first key is text."""
    length, colon, rest = head[:12].partition(b":")
    if not colon or not _is_length(length):
        return False
    inner, colon, _ = rest.partition(b":")
    return bool(colon) and _is_length(inner) and int(length) > 20


def read(stream: Stream, file: str) -> Iterator[Item]:
    """Every HTTP flow of a file, in its order. Never raises on account of what stands in it."""
    offset = 0
    while True:
        head = stream.peek(16)
        if not head:
            break
        digits = head.partition(b":")[0]
        place = Place(file, 0, offset)
        if len(digits) == len(head) or not _is_length(digits) or int(digits) > MAX_FLOW:
            yield Unread(place, "this is no flow of mitmproxy")
            return
        size = len(digits) + int(digits) + 2
        data = _taken(stream, size)
        offset += len(data)
        if len(data) < size:
            yield Unread(place, "the flow is cut off")
            return
        yield from _flow(data, place)
    if stream.broken:
        yield Unread(Place(file, 0, 0), stream.broken)


def _is_length(digits: bytes) -> bool:
    return 0 < len(digits) <= 10 and digits.isdigit()


def _taken(stream: Stream, size: int) -> bytes:
    parts: list[bytes] = []
    while size > 0 and (part := stream.read(min(size, BLOCK))):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _flow(data: bytes, place: Place) -> Iterator[Item]:
    try:
        flow, end = _value(data, 0, len(data), 0)
    except _Damaged:
        yield Unread(place, "the flow is damaged")
        return
    if not isinstance(flow, dict) or end != len(data) or not isinstance(flow.get("request"), dict):
        return
    asked, answered, error = flow["request"], flow.get("response"), flow.get("error")
    started = asked.get("timestamp_start")
    request = _request(asked)
    response = failure = None
    if isinstance(answered, dict) and isinstance(answered.get("status_code"), int):
        headers = _headers(answered)
        response = Response(status=answered["status_code"], headers=headers, body=_body(answered, headers) or b"")
    elif isinstance(error, dict):
        failure = NoResponse(kind=NoResponseKind.OTHER, text=_text(error.get("msg"))[:500])
    if response is None and failure is None:
        yield Unread(place, "a request without an answer")
        return
    ended = answered.get("timestamp_end") if isinstance(answered, dict) else None
    elapsed = ended - started if isinstance(ended, float) and isinstance(started, float) else None
    yield Traced(
        exchange=Exchange(
            request=request, response=response, no_response=failure, at=_instant(started), elapsed=elapsed
        ),
        place=place,
    )


def _request(asked: dict[str, Any]) -> Request:
    headers = _headers(asked)
    scheme, host, path = _text(asked.get("scheme")), _text(asked.get("host")), _text(asked.get("path"))
    named = (
        headers.get("host") or headers.get(":authority") or host
    )  # a proxy that is no browser's sees an address only
    port = asked.get("port")
    usual = {"http": 80, "https": 443}.get(scheme)
    where = named if ":" in named or not isinstance(port, int) or port == usual else f"{named}:{port}"
    url = path if path.startswith(("http://", "https://")) or not where else f"{scheme or 'https'}://{where}{path}"
    return Request(method=_text(asked.get("method")), url=url, headers=headers, body=_body(asked, headers) or None)


def _headers(message: dict[str, Any]) -> Headers:
    fields = message.get("headers")
    if not isinstance(fields, list):
        return Headers()
    pairs = [(_text(each[0]), _text(each[1])) for each in fields if isinstance(each, list) and len(each) == 2]
    return Headers([pair for pair in pairs if pair[0] and (pair[0][0] != ":" or pair[0] == ":authority")])


def _body(message: dict[str, Any], headers: Headers) -> bytes | None:
    content = message.get("content")
    if not isinstance(content, bytes):
        return None
    coding = (headers.get("content-encoding") or "").strip().lower()
    windows = {"gzip": 31, "x-gzip": 31, "deflate": 15}.get(coding)
    if windows is None:
        return content
    for bits in (windows, -15):  # some send a deflate stream without its frame
        try:
            return zlib.decompressobj(wbits=bits).decompress(content, MAX_BODY)
        except zlib.error:
            continue
    return content


def _instant(started: Any) -> datetime | None:
    if not isinstance(started, int | float) or isinstance(started, bool):
        return None
    try:
        return datetime.fromtimestamp(started, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return value if isinstance(value, str) else ""


# -- tnetstrings ------------------------------------------------------------------------------------------------------


def _value(data: bytes, at: int, end: int, depth: int) -> tuple[Any, int]:
    """The value at `at` and where the next begins; raises _Damaged."""
    colon = data.find(b":", at, min(at + 12, end))
    if colon < 0 or depth > _DEPTH or not _is_length(data[at:colon]):
        raise _Damaged
    start = colon + 1
    stop = start + int(data[at:colon])
    if stop >= end:
        raise _Damaged
    kind = data[stop : stop + 1]
    if kind == b"}" or kind == b"]":
        return _container(data, start, stop, depth, mapping=kind == b"}"), stop + 1
    return _scalar(kind, data[start:stop]), stop + 1


def _scalar(kind: bytes, raw: bytes) -> Any:
    if kind == b",":
        return raw
    if kind == b";":
        return raw.decode("utf-8", "replace")
    try:
        if kind == b"#" and len(raw) < 40:
            return int(raw)
        if kind == b"^":
            return float(raw)
    except ValueError as error:
        raise _Damaged from error
    if kind == b"!":
        return raw == b"true"
    if kind == b"~":
        return None
    raise _Damaged


def _container(data: bytes, at: int, end: int, depth: int, *, mapping: bool) -> Any:
    items: list[Any] = []
    while at < end:
        item, at = _value(data, at, end + 1, depth + 1)
        items.append(item)
    if not mapping:
        return items
    if len(items) % 2:
        raise _Damaged
    return {_text(key): value for key, value in zip(items[::2], items[1::2], strict=True)}
