"""One decoded log line as an exchange, in whatever names and forms a logger gives to things."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from recoup.exchange import Exchange, Request, Response
from recoup.traces.fields import PARTS, Fields, first_held, held
from recoup.traces.traced import SKIPPED, Item, Place, Told, Traced
from recoup.traces.values import (
    address_of,
    body_of,
    headers_of,
    instant_of,
    no_response_of,
    seconds_of,
    status_of,
    text_of,
)

__all__ = ["INNER", "NO_EXCHANGES", "decoded", "exchange_in", "is_record"]

NO_EXCHANGES = frozenset(
    {
        "call_started",
        "waited",
        "call_ended",
        "token_fetched",
        "plan_learned",
        "paced",
        "plan_exceeded",
        "held",
        "expiry_near",
    }
)
"""Of recoup's own events those that are no exchange."""
_decode = msgspec.json.Decoder().decode
_HALVES = re.compile(r"\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[dD][89a-fA-F][0-9a-fA-F]{2}")
_TROUBLE = re.compile(rb"[Ee]rror|ERROR|[Ee]xception|FATAL|fatal|\bdenied|[^\d][45]\d\d[^\d]")
_BAD_LEVELS = frozenset({"error", "err", "critical", "fatal", "severe", "emergency", "alert", "crit", "panic"})
_TEXT = 65_536
INNER = ("log", "message", "msg", "@message", "short_message", "line", "textPayload")
"""Texts in which containers and log services put the whole record of somebody else."""


def decoded(data: bytes) -> dict[str, Any] | None:
    """The JSON object of a line, or None. What a container or syslog writes before it is passed over, and what programs
    write that is nearly JSON is read: NaN, halves of surrogate pairs, bytes that are no UTF-8, control characters.
    """
    inner = data.find(b"{", 1, 400)
    begun = 0 if data[:1] == b"{" else inner
    for at, read in ((0, _decode), (inner, _decode), (begun, _leniently)):
        if at < 0:
            continue
        try:
            found = read(data[at:] if at else data)
        except (ValueError, RecursionError):  # all errors of msgspec, json and of encodings are ValueErrors
            continue
        if isinstance(found, dict):
            return found
    return None


def _leniently(data: bytes) -> Any:
    text = _HALVES.sub(_whole_pair, data.decode("utf-8", "replace"))
    return json.loads(text, strict=False)


def _whole_pair(found: re.Match[str]) -> str:
    """A surrogate pair as it is, half of one as the sign for what cannot be read."""
    return found[0] if len(found[0]) != 6 else r"\ufffd"


def is_record(line: bytes, fields: Fields = PARTS) -> bool:
    """Whether the line is an object that tells of an exchange, as far as names can say."""
    record = decoded(line)
    if record is None:
        return False
    if "event" in record and "at" in record:
        return True
    if any(isinstance(record.get(name), str) and record[name].lstrip()[:1] == "{" for name in INNER):
        return True
    told = sum(first_held(record, fields[name]) is not None for name in ("method", "url", "time", "level", "operation"))
    return told > (0 if first_held(record, fields["status"]) is not None else 1)


def exchange_in(record: Mapping[str, Any], place: Place, fields: Fields = PARTS, data: bytes = b"") -> Item:
    """The exchange that a decoded line tells of. `SKIPPED` where it tells of none."""
    inner = _inner(record)
    if inner is not None:
        record = {**record, **inner}
    fields = _standing(fields, tuple(record))
    event = record.get("event")
    if isinstance(event, str) and event in NO_EXCHANGES and "at" in record:
        return SKIPPED
    status = None
    for each in fields["status"]:
        status = status_of(held(record, each))
        if status is not None:
            break
    error = _words(first_held(record, fields["error"]))
    at = instant_of(first_held(record, fields["time"]))
    whose = text_of(first_held(record, fields["seller"]))
    application = text_of(first_held(record, fields["application"]))
    operation = _operation(first_held(record, fields["operation"]))
    request = _request(record, fields, operation)
    told = _told(record) if event in ("attempt_ended", "token_refused") and "at" in record else None
    if status is None and told is not None:
        status = 0
    if status is None:
        return _without_status(record, place, fields, data, request, error, Exchange(at=at), whose, application)
    elapsed = None
    for name in fields["elapsed"]:
        elapsed = seconds_of(held(record, name), name)
        if elapsed is not None:
            break
    response, missing = None, None
    if status:
        response = _response(record, fields, status, request)
    else:
        missing = no_response_of(error or "") or no_response_of("reset")
    return Traced(
        exchange=Exchange(request=request, response=response, no_response=missing, at=at, elapsed=elapsed),
        place=place,
        seller=whose,
        application=application,
        operation=operation,
        told=told,
    )


_standing_known: dict[tuple[int, tuple[str, ...]], tuple[Fields, Fields]] = {}


def _standing(fields: Fields, keys: tuple[str, ...]) -> Fields:
    """The table cut down to the places that objects with these keys can have: few of some two hundred."""
    found = _standing_known.get((id(fields), keys))
    if found is not None:
        return found[1]
    there = frozenset(keys)
    cut = {
        part: tuple(place for place in places if place in there or place.partition(".")[0] in there)
        for part, places in fields.items()
    }
    if len(_standing_known) > 500:
        _standing_known.clear()
    _standing_known[id(fields), keys] = (fields, cut)  # the table itself too, so that no other one gets its id
    return cut


def _request(record: Mapping[str, Any], fields: Fields, operation: str | None) -> Request | None:
    url = None
    for name in fields["url"]:
        url = held(record, name)
        if isinstance(url, str) and url:
            break
        url = None
    if url is None and isinstance(record.get("request"), str):
        url = record["request"]
    address = address_of(url, first_held(record, fields["host"]), first_held(record, fields["query"]))
    if address is None:
        return None
    method = text_of(first_held(record, fields["method"])) or address[0]
    return Request(
        method=method.upper()[:32],
        url=address[1],
        headers=headers_of(first_held(record, fields["request_headers"])),
        body=body_of(first_held(record, fields["request_body"])),
    )


def _response(record: Mapping[str, Any], fields: Fields, status: int, request: Request | None) -> Response:
    headers = headers_of(first_held(record, fields["response_headers"]))
    if fields["request_id"]:
        request_id = text_of(first_held(record, fields["request_id"]))
        if request_id is not None and "x-amzn-requestid" not in headers:
            headers = headers.set("x-amzn-RequestId", request_id)
    return Response(status=status, headers=headers, body=_response_body(record, fields, status))


def _response_body(record: Mapping[str, Any], fields: Fields, status: int) -> bytes:
    for name in fields["response_body"]:
        found = held(record, name)
        if found is None or found == "" or (name == "response" and isinstance(found, dict) and _is_parts(found)):
            continue
        if name == "errors" and isinstance(found, list):
            return msgspec.json.encode({"errors": found})
        return body_of(found) or b""
    if status < 400:
        return b""
    for name in (*fields["error"], *fields["message"]):  # where only the error's own text has it
        words = held(record, name)
        if isinstance(words, dict):
            inner = {key: words[key] for key in ("code", "message", "details") if isinstance(words.get(key), str)}
            if "message" in inner and "code" in inner:
                return msgspec.json.encode({"errors": [inner]})
            words = words.get("message")
        if isinstance(words, str) and len(words) > 8:
            return words[:_TEXT].encode("utf-8", "replace")
    return b""


def _is_parts(response: Mapping[str, Any]) -> bool:
    return any(name in response for name in ("status", "statusCode", "status_code", "headers", "body", "data"))


def _without_status(
    record: Mapping[str, Any],
    place: Place,
    fields: Fields,
    data: bytes,
    request: Request | None,
    error: str | None,
    exchange: Exchange,
    seller: str | None,
    application: str | None,
) -> Item:
    """A line without a status: an error in words, a request without an answer, or nothing of ours."""
    level = first_held(record, fields["level"])
    bad = (isinstance(level, str) and level.lower() in _BAD_LEVELS) or (
        isinstance(level, int) and not isinstance(level, bool) and level >= 50  # pino and bunyan count so
    )
    if not (error or bad) or (data and _TROUBLE.search(data) is None):
        return SKIPPED
    missing = no_response_of(error) if error is not None and request is not None else None
    if missing is not None:
        exchange = Exchange(request=request, no_response=missing, at=exchange.at)
        return Traced(exchange=exchange, place=place, seller=seller, application=application)
    words = [error, _words(first_held(record, fields["message"]))]
    text = "\n".join(dict.fromkeys(each for each in words if each))[:_TEXT]
    if not text:
        return SKIPPED
    return Traced(exchange=exchange, place=place, seller=seller, application=application, text=text)


def _words(value: Any) -> str | None:
    """The words of an error, whether it is a text or an object with a message and a stack."""
    if isinstance(value, str):
        return value[:_TEXT] or None
    if isinstance(value, dict):
        parts = [value.get(name) for name in ("type", "name", "code", "message", "stack_trace", "stack", "details")]
        found = "\n".join(each for each in parts if isinstance(each, str))
        return found[:_TEXT] or None
    return None


def _inner(record: Mapping[str, Any]) -> dict[str, Any] | None:
    """The record in the record: what containers and log services wrap."""
    for name in INNER:
        text = record.get(name)
        if isinstance(text, str) and text.lstrip()[:1] == "{":
            try:
                found = _decode(text)
            except (msgspec.DecodeError, RecursionError, UnicodeError):
                continue
            if isinstance(found, dict) and "errors" not in found:
                return found
    return None


def _operation(value: Any) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= 200 else None


def _told(record: Mapping[str, Any]) -> Told | None:
    fault, tied, decision = record.get("fault"), record.get("tied"), record.get("decision")
    if not isinstance(fault, str) or not fault:
        return None
    return Told(fault[:100], tied if isinstance(tied, int) else 0, decision if isinstance(decision, str) else "")
