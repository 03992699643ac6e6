"""Spans and metrics, as an SDK of OpenTelemetry collects them."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

import recoup
from recoup.telemetry import (
    AttemptEnded,
    CallEnded,
    CallStarted,
    Event,
    ExpiryNear,
    Held,
    OpenTelemetry,
    Paced,
    PlanExceeded,
    PlanLearned,
    TokenAttemptEnded,
    TokenFetched,
    TokenRefused,
    Waited,
    Why,
)

AT = 1_800_000_000.0
NS = 1_000_000_000


def of(call: int = 1, at: float = 0.0) -> dict[str, Any]:
    return {"at": AT + at, "call": call, "operation": "orders/v0/getOrders", "seller": "shop"}


class Collected:
    """A listener and what came of it."""

    def __init__(self, **arguments: Any) -> None:
        self.exporter = InMemorySpanExporter()
        self.tracers = TracerProvider()
        self.tracers.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.reader = InMemoryMetricReader()
        self.meters = MeterProvider([self.reader])
        self.listener = OpenTelemetry(self.tracers, self.meters, **arguments)

    def tell(self, *events: Event) -> None:
        for event in events:
            self.listener(event)

    @property
    def spans(self) -> dict[str, ReadableSpan]:
        return {span.name: span for span in self.exporter.get_finished_spans()}

    def metric(self, name: str) -> list[tuple[dict[str, Any], Any]]:
        """(attributes, value) of each point; of a histogram its sum."""
        data = self.reader.get_metrics_data()
        points = [
            (dict(point.attributes or {}), getattr(point, "sum", getattr(point, "value", None)))
            for resource in (data.resource_metrics if data is not None else ())
            for scope in resource.scope_metrics
            for metric in scope.metrics
            if metric.name == name
            for point in metric.data.data_points
        ]
        return sorted(points, key=repr)


@pytest.fixture
def collected() -> Iterator[Collected]:
    found = Collected()
    yield found
    found.tracers.shutdown()
    found.meters.shutdown()


SAVED: tuple[Event, ...] = (
    CallStarted(**of(), method="GET", host="h"),
    Paced(**of(), wait=0.5, rate=0.5, burst=2),
    Waited(**of(), seconds=0.5, why=Why.PACE),
    AttemptEnded(
        **of(at=1.0),
        attempt=1,
        seconds=0.25,
        status=503,
        fault="other-503-unavailable",
        decision="retry",
        request_id="r",
    ),
    Waited(**of(at=1.0), seconds=2.0, why=Why.BACKOFF),
    AttemptEnded(**of(at=3.5), attempt=2, seconds=0.5, status=200, decision="done"),
    CallEnded(**of(at=3.5), attempts=2, seconds=3.5, waited=2.5, decision="done", status=200),
)


def test_a_call_is_a_span_and_each_attempt_a_child_of_it_with_its_own_times(collected: Collected) -> None:
    collected.tell(*SAVED)
    first, second, call = collected.exporter.get_finished_spans()
    assert (call.name, call.kind) == ("orders/v0/getOrders", SpanKind.INTERNAL)
    assert (call.start_time, call.end_time) == (int(AT) * NS, int(AT) * NS + 3_500_000_000)
    assert [(each.name, each.kind) for each in (first, second)] == [("GET", SpanKind.CLIENT)] * 2
    assert all(each.parent is not None and each.parent.span_id == call.context.span_id for each in (first, second))
    assert (first.start_time, first.end_time) == (int(AT) * NS + 750_000_000, int(AT) * NS + 1_000_000_000)
    assert (second.start_time, second.end_time) == (int(AT) * NS + 3_000_000_000, int(AT) * NS + 3_500_000_000)


def test_the_attributes_of_a_saved_call(collected: Collected) -> None:
    collected.tell(*SAVED)
    first, second, call = collected.exporter.get_finished_spans()
    assert dict(call.attributes or {}) == {
        "http.request.method": "GET",
        "http.request.resend_count": 1,
        "http.response.status_code": 200,
        "server.address": "h",
        "recoup.attempts": 2,
        "recoup.decision": "done",
        "recoup.operation": "orders/v0/getOrders",
        "recoup.seller": "shop",
        "recoup.unknown": False,
        "recoup.waited": 2.5,
    }
    assert dict(first.attributes or {}) == {
        "error.type": "503",
        "http.request.method": "GET",
        "http.response.status_code": 503,
        "server.address": "h",
        "recoup.attempt": 1,
        "recoup.decision": "retry",
        "recoup.fault": "other-503-unavailable",
        "recoup.request_id": "r",
    }
    assert dict(second.attributes or {}) == {
        "http.request.method": "GET",
        "http.request.resend_count": 1,
        "http.response.status_code": 200,
        "server.address": "h",
        "recoup.attempt": 2,
        "recoup.decision": "done",
    }
    assert [each.status.status_code for each in (first, second, call)] == [
        StatusCode.ERROR,
        StatusCode.UNSET,
        StatusCode.UNSET,
    ]


def test_waits_are_events_of_the_span(collected: Collected) -> None:
    collected.tell(*SAVED)
    call = collected.spans["orders/v0/getOrders"]
    assert [(event.name, dict(event.attributes or {}), event.timestamp) for event in call.events] == [
        ("recoup.wait", {"recoup.seconds": 0.5, "recoup.why": "pace"}, int(AT) * NS),
        ("recoup.wait", {"recoup.seconds": 2.0, "recoup.why": "backoff"}, int(AT + 1) * NS),
    ]


@pytest.mark.parametrize(
    ("fields", "attributes", "said"),
    [
        (
            {"decision": "give_up", "status": 400, "fault": "sc-1"},
            {"error.type": "400", "http.response.status_code": 400, "recoup.fault": "sc-1"},
            "sc-1",
        ),
        ({"decision": "resync", "unknown": True}, {"error.type": "no_response", "recoup.unknown": True}, "resync"),
        (
            {"decision": "wait", "status": 207, "fault": "sc-2", "failed_items": 3},
            {"error.type": "sc-2", "recoup.failed_items": 3},
            "sc-2",
        ),
    ],
)
def test_a_failed_call_is_an_error(
    collected: Collected, fields: dict[str, Any], attributes: dict[str, Any], said: str
) -> None:
    collected.tell(
        CallStarted(**of(), method="POST", host="h"),
        CallEnded(**of(at=1.0), attempts=1, seconds=1.0, waited=0.0, **fields),
    )
    (span,) = collected.exporter.get_finished_spans()
    assert attributes.items() <= dict(span.attributes or {}).items()
    assert (span.status.status_code, span.status.description) == (StatusCode.ERROR, said)


def test_the_span_is_a_child_of_the_one_that_is_current_where_the_call_begins(collected: Collected) -> None:
    tracer = trace.get_tracer("own", tracer_provider=collected.tracers)
    with tracer.start_as_current_span("own") as own:
        collected.tell(SAVED[0])
    collected.tell(*SAVED[1:])
    parent = collected.spans["orders/v0/getOrders"].parent
    assert parent is not None
    assert parent.span_id == own.get_span_context().span_id


def test_calls_at_the_same_time_keep_apart(collected: Collected) -> None:
    def calling(call: int) -> None:
        collected.tell(
            CallStarted(**of(call), method="GET", host=f"h{call}"),
            AttemptEnded(**of(call, 1.0), attempt=1, seconds=0.5, status=200),
            CallEnded(**of(call, 1.0), attempts=1, seconds=1.0, waited=0.0, decision="done", status=200),
        )

    def thread_of(number: int) -> None:
        for each in range(50):
            calling(number * 100 + each)

    threads = [threading.Thread(target=thread_of, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    spans = collected.exporter.get_finished_spans()
    hosts = {span.context.span_id: span.attributes["server.address"] for span in spans if span.attributes}
    attempts = [span for span in spans if span.kind is SpanKind.CLIENT]
    assert len(attempts) == 400
    assert all(span.parent and span.attributes for span in attempts)
    assert all(hosts[span.parent.span_id] == hosts[span.context.span_id] for span in attempts if span.parent)


def test_a_call_that_was_broken_off_ends_as_abandoned(collected: Collected) -> None:
    collected.tell(SAVED[0], CallEnded(**of(at=2.0), attempts=0, seconds=2.0, waited=0.0, decision=""))
    (span,) = collected.exporter.get_finished_spans()
    assert (span.attributes or {})["recoup.abandoned"] is True
    assert span.end_time == int(AT + 2) * NS
    assert collected.metric("recoup.call.duration") == []


def test_calls_whose_end_is_never_told_do_not_pile_up() -> None:
    collected = Collected(most_open=3)
    for call in range(10):
        collected.tell(CallStarted(**of(call), method="GET", host=f"h{call}"))
    ended = collected.exporter.get_finished_spans()
    assert [(span.attributes or {})["server.address"] for span in ended] == [f"h{call}" for call in range(7)]
    collected.listener.close()
    assert len(collected.exporter.get_finished_spans()) == 10
    assert all((span.attributes or {})["recoup.abandoned"] for span in collected.exporter.get_finished_spans())
    collected.tell(*SAVED[1:])  # an end whose beginning nobody heard makes no span
    assert len(collected.exporter.get_finished_spans()) == 10


def test_the_metrics_of_a_saved_call(collected: Collected) -> None:
    collected.tell(*SAVED)
    operation = {"recoup.operation": "orders/v0/getOrders"}
    done = {**operation, "recoup.decision": "done", "http.response.status_code": 200}
    assert collected.metric("recoup.call.duration") == [(done, 3.5)]
    assert collected.metric("recoup.wait.duration") == [
        ({**operation, "recoup.why": "backoff"}, 2.0),
        ({**operation, "recoup.why": "pace"}, 0.5),
    ]
    assert collected.metric("recoup.attempts") == [
        ({**operation, "http.response.status_code": 200}, 1),
        ({**operation, "http.response.status_code": 503, "error.type": "503"}, 1),
    ]
    assert collected.metric("recoup.faults") == [
        ({**operation, "recoup.fault": "other-503-unavailable", "recoup.decision": "retry"}, 1)
    ]
    assert collected.metric("recoup.quota.grants") == [(operation, 1)]
    assert collected.metric("recoup.quota.wait") == [(operation, 0.5)]
    assert collected.metric("recoup.quota.rate") == [(operation, 0.5)]
    assert collected.metric("recoup.throttled") == []


OPERATION = {"recoup.operation": "orders/v0/getOrders"}


@pytest.mark.parametrize(
    ("event", "metric", "attributes", "value", "noted"),
    [
        (
            TokenFetched(**of(), lasts=3600, seconds=0.2),
            "recoup.token.fetches",
            {"recoup.shared": False},
            1,
            "recoup.token_fetched",
        ),
        (
            TokenAttemptEnded(**of(), attempt=1, seconds=0.2, status=503, fault="lwa-unavailable", decision="retry"),
            "recoup.token.attempts",
            {"http.response.status_code": 503, "error.type": "503", "recoup.fault": "lwa-unavailable"},
            1,
            "recoup.token_attempt",
        ),
        (
            TokenRefused(**of(), fault="lwa-invalid-grant", parked=True),
            "recoup.token.refusals",
            {"recoup.fault": "lwa-invalid-grant", "recoup.parked": True},
            1,
            "recoup.token_refused",
        ),
        (PlanLearned(**of(), rate=2.0, before=0.5), "recoup.quota.rate", OPERATION, 2.0, "recoup.plan_learned"),
        (Held(**of(), until=None, fault="f"), "recoup.held", {**OPERATION, "recoup.fault": "f"}, 1, "recoup.held"),
        (PlanExceeded(**of(), asked=40, allowed=1, advice="x"), "recoup.held", None, None, "recoup.plan_exceeded"),
        (
            ExpiryNear(**of(), what="client secret", expires_at=AT, remedy="x"),
            "recoup.held",
            None,
            None,
            "recoup.expiry_near",
        ),
    ],
    ids=lambda value: type(value).__name__ if hasattr(value, "at") else "",
)
def test_what_else_happens_is_noted_on_the_span_and_counted(
    collected: Collected,
    event: Event,
    metric: str,
    attributes: dict[str, Any] | None,
    value: object,
    noted: str,
) -> None:
    collected.tell(SAVED[0], event, SAVED[-1])
    assert [each.name for each in collected.spans["orders/v0/getOrders"].events] == [noted]
    assert collected.metric(metric) == ([] if attributes is None else [(attributes, value)])


@pytest.mark.parametrize(
    ("host", "address", "port"),
    [
        ("sellingpartnerapi-na.amazon.com", "sellingpartnerapi-na.amazon.com", None),
        ("127.0.0.1:8080", "127.0.0.1", 8080),
        ("[::1]:8080", "[::1]", 8080),
        ("[::1]", "[::1]", None),
    ],
)
def test_address_and_port_are_apart(collected: Collected, host: str, address: str, port: int | None) -> None:
    collected.tell(CallStarted(**of(), method="GET", host=host), SAVED[-1])
    attributes = collected.exporter.get_finished_spans()[0].attributes or {}
    assert (attributes["server.address"], attributes.get("server.port")) == (address, port)


def test_an_answer_of_429_counts_as_throttled(collected: Collected) -> None:
    collected.tell(AttemptEnded(**of(), attempt=1, seconds=0.1, status=429, fault="f", decision="retry"))
    assert collected.metric("recoup.throttled") == [(OPERATION, 1)]


def test_without_opentelemetry_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "opentelemetry"]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delitem(sys.modules, "recoup.telemetry.open_telemetry")
    monkeypatch.delitem(vars(recoup.telemetry), "OpenTelemetry", raising=False)
    with pytest.raises(recoup.SettingsError, match=r"pip install 'recoup\[telemetry\]'"):
        _ = recoup.telemetry.OpenTelemetry
