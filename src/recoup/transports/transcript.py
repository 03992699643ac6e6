"""A record as text and as HAR: what `recoup.record` kept, for people, for `recoup diagnose`, for other tools."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from recoup.exchange import Exchange, Headers, Request, Response
from recoup.transports.recording import Recorded, Seen

__all__ = ["har", "transcript"]

_REMARKS = {
    Seen.BYTES: "",
    Seen.FIELDS: "HTTP/2: these fields, packed",
    Seen.REQUEST: "as the library was given it; what it added is not known",
    Seen.NOTHING: "nothing went out",
}


def transcript(attempts: Sequence[Recorded], dropped: int = 0) -> str:
    """A list of the attempts in lines that begin with `#`, then their messages as raw HTTP."""
    lines = [f"# recoup: {len(attempts)} requests, secrets masked"]
    if dropped:
        lines.append(f"# {dropped} older ones were not kept")
    lines += [f"# {number:3} {_summary(each)}" for number, each in enumerate(attempts, 1)]
    messages = "".join(_messages(attempts))
    return "\n".join(lines) + "\n\n" + messages


def _summary(each: Recorded) -> str:
    exchange = each.exchange
    request = exchange.request
    at = exchange.at.isoformat(timespec="milliseconds") if exchange.at is not None else ""
    came = "no response" if exchange.response is None else str(exchange.response.status)
    if exchange.no_response is not None:
        came += f" ({exchange.no_response.kind}: {exchange.no_response.text})"
    parts = [
        at,
        f"call {each.call} attempt {each.attempt}" if each.attempt else "",
        f"{request.method} {request.url.partition('?')[0]}" if request is not None else "",
        came,
        f"{exchange.elapsed or 0.0:.3f} s",
        each.fault or "",
        f"(one of {each.tied})" if each.tied else "",
        each.decision,
        _REMARKS[each.seen] and f"[{_REMARKS[each.seen]}]",
    ]
    return " ".join(" ".join(part for part in parts if part).split())


def _messages(attempts: Sequence[Recorded]) -> Iterator[str]:
    for each in attempts:
        request, response = each.exchange.request, each.exchange.response
        yield each.head
        yield _text(request.body) if request is not None and request.body is not None else "<body not recorded>"
        yield "\n\n"
        if response is not None:
            yield f"{each.version or 'HTTP/1.1'} {response.status} {each.reason}".rstrip() + "\r\n"
            yield "".join(f"{name}: {value}\r\n" for name, value in response.headers)
            yield "\r\n" + _text(response.body)
            if each.streamed and not response.body and _may_have_body(response):
                yield "<body streamed to the caller, not recorded>"
            yield "\n\n"


def _text(body: bytes) -> str:
    return body.decode("utf-8", "replace")


def _may_have_body(response: Response) -> bool:
    return response.status not in (204, 304) and response.headers.get("content-length") != "0"


def har(attempts: Sequence[Recorded]) -> dict[str, Any]:
    """The attempts as HAR 1.2. Sizes that nobody knows are -1, as the format has it."""
    return {
        "log": {
            "version": "1.2",
            "creator": {"name": "recoup", "version": ""},
            "entries": [_entry(each) for each in attempts],
        }
    }


def _entry(each: Recorded) -> dict[str, Any]:
    exchange = each.exchange
    milliseconds = (exchange.elapsed or 0.0) * 1000
    at = exchange.at if exchange.at is not None else datetime.fromtimestamp(0, UTC)
    return {
        "startedDateTime": at.isoformat(timespec="milliseconds"),
        "time": milliseconds,
        "request": _request(exchange.request or Request(method="", url=""), each.head),
        "response": _response(exchange, each),
        "cache": {},
        "timings": {"send": 0, "wait": milliseconds, "receive": 0},
        "_recoup": {
            "call": each.call,
            "attempt": each.attempt,
            "fault": each.fault,
            "tied": each.tied,
            "decision": each.decision,
            "seen": str(each.seen),
            "no_response": None if exchange.no_response is None else str(exchange.no_response.kind),
        },
    }


def _request(request: Request, head: str) -> dict[str, Any]:
    data: dict[str, Any] = {
        "method": request.method,
        "url": request.url,
        "httpVersion": head.partition("\r\n")[0].rpartition(" ")[2],
        "cookies": [],
        "headers": _fields(request.headers),
        "queryString": [
            {"name": name, "value": value}
            for name, value in parse_qsl(urlsplit(request.url).query, keep_blank_values=True)
        ],
        "headersSize": -1,
        "bodySize": -1,
    }
    if request.body:
        data["postData"] = {"mimeType": request.headers.get("content-type") or "", "text": _text(request.body)}
    return data


def _response(exchange: Exchange, each: Recorded) -> dict[str, Any]:
    response = exchange.response
    found = response if response is not None else Response(status=0)
    return {
        "status": found.status,
        "statusText": each.reason,
        "httpVersion": each.version,
        "cookies": [],
        "headers": _fields(found.headers),
        "content": {
            "size": len(found.body),
            "mimeType": found.headers.get("content-type") or "",
            "text": _text(found.body),
        },
        "redirectURL": found.headers.get("location") or "",
        "headersSize": -1,
        "bodySize": -1,
    }


def _fields(headers: Headers) -> list[dict[str, str]]:
    return [{"name": str(name), "value": str(value)} for name, value in headers]  # aiohttp's names are a kind of str
