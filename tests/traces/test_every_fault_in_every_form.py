"""Every fault that the drill raises, seen from outside: written down in each form, read back, and named.

In a form that carries the whole exchange the right fault comes first, or stands in a tie whose check settles it. Where
a form carries less (the answer alone), it is among the causes, and what is missing is said. The writers here are the
tests' own: they share no line with recoup's.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from recoup.catalogue.loader import catalogue
from recoup.diagnosis.diagnosis import Diagnosis
from recoup.diagnosis.explanation import explain
from recoup.diagnosis.separating import wanting
from recoup.drill.recipe import RECIPES
from recoup.drill.runner import expected_faults
from recoup.drill.stage import stage
from recoup.exchange import Exchange, Request, Response
from recoup.recovery.advice import diagnose
from recoup.traces.bulk import examine
from recoup.traces.traced import Traced

pytestmark = pytest.mark.long

ALIKE = {"lwa-html-or-non-json": {"other-waf-html"}}  # a page does not say in front of whom it stands

IDS = [fault.id for fault in expected_faults() if fault.answer is not None]
UNANSWERED = [fault.id for fault in expected_faults() if fault.answer is None]


@cache
def raised(fault: str) -> Exchange:
    """The exchange in which a bare client meets the fault, by its real cause."""
    recipe = RECIPES[fault]
    with stage(seed=0, recoup_under=False, epoch=recipe.epoch) as scene:
        act = recipe.act(scene)
        try:
            exchange = act.send(scene.caller).exchange
            at = datetime.fromtimestamp(scene.sandbox.clock.now(), UTC)
        finally:
            if act.close is not None:
                act.close()
    return exchange if exchange.at is not None else structs.replace(exchange, at=at)


# ---------------------------------------------------------------- the forms


def text(data: bytes | None) -> str:
    return (data or b"").decode("utf-8", "replace")


def of(exchange: Exchange) -> tuple[Request, Response]:
    assert exchange.response is not None
    return exchange.request or Request(method="", url=""), exchange.response


def target(request: Request) -> str:
    return "/" + request.url.partition("://")[2].partition("/")[2] if "://" in request.url else request.url


def as_raw(exchange: Exchange) -> bytes:
    request, response = of(exchange)
    if request.raw is not None:
        asked = request.raw
    else:
        lines = [f"{request.method} {target(request)} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in request.headers]
        asked = "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n" + (request.body or b"")
    head = "\r\n".join([f"HTTP/1.1 {response.status} X", *(f"{name}: {value}" for name, value in response.headers)])
    return asked.rstrip(b"\r\n") + b"\r\n\r\n" + head.encode("latin-1") + b"\r\n\r\n" + response.body


def as_curl(exchange: Exchange) -> bytes:
    request, response = of(exchange)
    lines = ["*   Trying 10.0.0.1:443...", f"> {request.method} {target(request)} HTTP/1.1"]
    lines += [f"> {name}: {value}" for name, value in request.headers]
    lines += [">", f"< HTTP/1.1 {response.status} X"]
    lines += [f"< {name}: {value}" for name, value in response.headers]
    return ("\r\n".join([*lines, "<", ""])).encode("latin-1", "replace") + response.body


def as_har(exchange: Exchange) -> bytes:
    request, response = of(exchange)

    def fields(pairs: Any) -> list[dict[str, str]]:
        return [{"name": name, "value": value} for name, value in pairs]

    entry: dict[str, Any] = {
        "startedDateTime": started(exchange),
        "time": 12,
        "request": {"method": request.method, "url": request.url, "headers": fields(request.headers)},
        "response": {
            "status": response.status,
            "statusText": "",
            "headers": fields(response.headers),
            "content": {
                "mimeType": response.headers.get("content-type") or "",
                "text": base64.b64encode(response.body).decode(),
                "encoding": "base64",
            },
        },
    }
    if request.body is not None:
        entry["request"]["postData"] = {"mimeType": "application/json", "text": text(request.body)}
    return json.dumps({"log": {"version": "1.2", "entries": [entry]}}).encode()


def as_log(exchange: Exchange) -> bytes:
    request, response = of(exchange)
    line = {
        "timestamp": started(exchange),
        "level": "error",
        "request": {
            "method": request.method,
            "url": request.url,
            "headers": dict(request.headers),
            "body": text(request.body),
        },
        "response": {"status": response.status, "headers": dict(response.headers), "body": text(response.body)},
    }
    return json.dumps(line).encode() + b"\n"


def started(exchange: Exchange) -> str:
    return (exchange.at or datetime(2026, 11, 1, tzinfo=UTC)).isoformat()


WHOLE: dict[str, tuple[str, Callable[[Exchange], bytes]]] = {
    "raw": ("trace.http", as_raw),
    "curl": ("trace.txt", as_curl),
    "har": ("trace.har", as_har),
    "log": ("trace.jsonl", as_log),
}


APART = ("har", "log")
"""Forms that hold a request taken apart: bytes that are no HTTP cannot be written in them."""
BYTES = [fault for fault in IDS if fault.startswith("400-malformed-http-")]
CARRIED = [(fault, form) for fault in IDS for form in WHOLE if form not in APART or fault not in BYTES]


# ---------------------------------------------------------------- what is read


def read_back(folder: Path, form: str, exchange: Exchange) -> list[Diagnosis]:
    name, writer = WHOLE[form]
    path = folder / name
    path.write_bytes(writer(exchange))
    found: list[Diagnosis] = []

    def on_failure(traced: Traced, diagnosis: Diagnosis) -> None:
        found.extend(diagnosis.all)

    examine([path], on_failure=on_failure)
    return found


def names(fault: str) -> set[str]:
    return {fault, *catalogue()[fault].same_as}


@pytest.mark.parametrize(("fault", "form"), CARRIED)
def test_the_right_fault_comes_first_or_in_a_tie_that_a_check_settles(tmp_path: Path, fault: str, form: str) -> None:
    exchange = raised(fault)
    found = read_back(tmp_path, form, exchange)
    assert found, "no failure was recognised"
    right = names(fault)
    for diagnosis in found:
        if diagnosis.id in right:
            return
        tied = right.intersection(diagnosis.tied)
        if tied:
            match = next(match for match in diagnosis.faults if match.id in tied)
            assert match.check
            return
    pytest.fail(f"{[(each.id, each.tied) for each in found]}")


@pytest.mark.parametrize(("fault", "form"), [(fault, form) for fault in BYTES for form in APART])
def test_what_is_no_http_cannot_be_written_apart_and_the_request_is_asked_for(
    tmp_path: Path, fault: str, form: str
) -> None:
    found = read_back(tmp_path, form, structs.replace(raised(fault), request=None))
    ranked = {match.id for diagnosis in found for match in diagnosis.faults}
    assert names(fault) & ranked, sorted(ranked)
    assert any("the request" in text for diagnosis in found for text in wanting(diagnosis))


@pytest.mark.parametrize("fault", IDS)
def test_the_answer_alone_keeps_it_among_the_causes_and_says_what_is_missing(fault: str) -> None:
    _, response = of(raised(fault))
    diagnosis = diagnose(Exchange(response=Response(status=response.status, body=response.body)))
    if not diagnosis.failed:  # a success or a redirection that only its request shows to be a failure
        assert response.status < 400
        return
    ranked = {match.id for each in diagnosis.all for match in each.faults}
    assert (names(fault) | ALIKE.get(fault, set())) & ranked, sorted(ranked)
    if len(diagnosis.tied) > 1:
        said = explain(diagnosis)
        assert "cannot tell" in said or "tell" in said
        assert diagnosis.faults[0].check


@pytest.mark.parametrize("fault", UNANSWERED)
def test_what_nobody_answered_is_named_by_what_the_client_said(tmp_path: Path, fault: str) -> None:
    exchange = raised(fault)
    assert exchange.request is not None
    assert exchange.no_response is not None
    said = exchange.no_response.text
    assert diagnose(said).id in names(fault)
    request = {"method": exchange.request.method, "url": exchange.request.url}
    line = {"timestamp": started(exchange), "level": "error", "request": request, "error": said}
    path = tmp_path / "trace.jsonl"
    path.write_text(json.dumps(line) + "\n", encoding="utf-8")
    found: list[Diagnosis] = []
    examine([path], on_failure=lambda _, diagnosis: found.extend(diagnosis.all))
    assert [diagnosis.id for diagnosis in found] == [fault]
