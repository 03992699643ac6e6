"""OpenTelemetry: one span a call with a child span for each time it was sent, and metrics. Needs `opentelemetry-api`.

What a span or metric is called, and its attributes, stands in docs/reference/telemetry.md. Where the stable semantic
conventions for HTTP have a name, it is used; what is recoup's own begins with `recoup.`. The span of a call is INTERNAL
and holds its waiting too; those of its attempts are CLIENT, so that a service map shows how long Amazon took. Without
an SDK that the program sets up nothing is collected.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import msgspec

from recoup.errors import SettingsError
from recoup.telemetry.events import (
    AttemptEnded,
    CallEnded,
    CallStarted,
    Event,
    ExpiryNear,
    Held,
    Paced,
    PlanExceeded,
    PlanLearned,
    TokenAttemptEnded,
    TokenFetched,
    TokenRefused,
    Waited,
)
from recoup.telemetry.forking import ForkLock

try:
    from opentelemetry.context import Context, get_current
    from opentelemetry.metrics import MeterProvider, get_meter
    from opentelemetry.trace import Span, SpanKind, Status, StatusCode, TracerProvider, get_tracer, set_span_in_context
except ImportError as missing:
    raise SettingsError(
        "recoup.telemetry.OpenTelemetry needs opentelemetry-api: pip install 'recoup[telemetry]'"
    ) from missing

__all__ = ["OpenTelemetry"]

_SCHEMA = "https://opentelemetry.io/schemas/1.27.0"
_CALL_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
_WAIT_SECONDS = (0.01, 0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 3600.0)
_MOST_OPEN = 10_000

Attributes = dict[str, str | bool | int | float]


class _OpenCall(msgspec.Struct):
    """A call under way: its span, the context for its children, and what its attempts need to know."""

    span: Span
    context: Context
    method: str
    server: Attributes
    sent: int = 0
    last: float = 0.0  # when it was last heard of


class OpenTelemetry:
    """A listener that makes spans and metrics, with the global providers where none are given.

    Threads and tasks may share it. The span of a call is a child of the span that is current where the call begins. A
    call that was broken off, as by a cancelled task, ends with `recoup.abandoned`. Should the end of calls never be
    told, at most `most_open` spans stay open, and the oldest is ended so; `close` ends all. Raises SettingsError, on
    import, where opentelemetry-api is missing.
    """

    def __init__(
        self,
        tracer_provider: TracerProvider | None = None,
        meter_provider: MeterProvider | None = None,
        *,
        most_open: int = _MOST_OPEN,
    ) -> None:
        own = version("recoup")
        self._tracer = get_tracer("recoup", own, tracer_provider, _SCHEMA)
        meter = get_meter("recoup", own, meter_provider, _SCHEMA)
        self._most_open = most_open
        self._lock = ForkLock()  # guards the next line
        self._open: dict[int, _OpenCall] = {}
        self._duration = meter.create_histogram(
            "recoup.call.duration",
            "s",
            "How long calls took, waiting included",
            explicit_bucket_boundaries_advisory=_CALL_SECONDS,
        )
        self._waits = meter.create_histogram(
            "recoup.wait.duration",
            "s",
            "How long calls waited, and why",
            explicit_bucket_boundaries_advisory=_WAIT_SECONDS,
        )
        self._attempts = meter.create_counter("recoup.attempts", "{attempt}", "Requests that were sent")
        self._faults = meter.create_counter("recoup.faults", "{fault}", "Attempts that failed, by fault")
        self._throttled = meter.create_counter("recoup.throttled", "{attempt}", "Attempts that were answered with 429")
        self._asked = meter.create_counter("recoup.token.attempts", "{attempt}", "Requests for tokens that were sent")
        self._tokens = meter.create_counter("recoup.token.fetches", "{token}", "Access tokens that were had")
        self._refusals = meter.create_counter("recoup.token.refusals", "{refusal}", "Access tokens that were not")
        self._held = meter.create_counter("recoup.held", "{call}", "Calls that were not sent because of a hold")
        self._grants = meter.create_counter("recoup.quota.grants", "{request}", "Places that the governor gave")
        self._queue = meter.create_gauge("recoup.quota.wait", "s", "How far away the place was that was given last")
        self._rate = meter.create_gauge("recoup.quota.rate", "{request}/s", "Requests a second that the plan allows")

    def __call__(self, event: Event) -> None:
        """Take note of the event."""
        match event:
            case CallStarted():
                self._started(event)
            case AttemptEnded():
                self._attempt(event)
            case CallEnded():
                self._ended(event)
            case Waited():
                self._waits.record(event.seconds, {**_operation(event), "recoup.why": str(event.why)})
                self._note(event, "recoup.wait", {"recoup.seconds": event.seconds, "recoup.why": str(event.why)})
            case TokenAttemptEnded():
                attributes = _known(
                    {
                        "http.response.status_code": event.status,
                        "error.type": _error_type(event.status, event.fault),
                        "recoup.fault": event.fault,
                    }
                )
                self._asked.add(1, attributes)
                self._note(event, "recoup.token_attempt", {**attributes, "recoup.seconds": event.seconds})
            case TokenFetched():
                self._tokens.add(1, {"recoup.shared": event.shared})
                self._note(
                    event, "recoup.token_fetched", {"recoup.seconds": event.seconds, "recoup.shared": event.shared}
                )
            case TokenRefused():
                attributes = _known({"recoup.fault": event.fault, "recoup.parked": event.parked})
                self._refusals.add(1, attributes)
                self._note(event, "recoup.token_refused", attributes)
            case Paced():
                self._grants.add(1, _operation(event))
                self._queue.set(event.wait, _operation(event))
                self._rate.set(event.rate, _operation(event))
            case PlanLearned():
                self._rate.set(event.rate, _operation(event))
                self._note(
                    event, "recoup.plan_learned", {"recoup.rate": event.rate, "recoup.rate_before": event.before}
                )
            case PlanExceeded():
                self._note(
                    event, "recoup.plan_exceeded", {"recoup.asked": event.asked, "recoup.allowed": event.allowed}
                )
            case Held():
                attributes = _known({"recoup.fault": event.fault})
                if not event.begun:
                    self._held.add(1, {**_operation(event), **attributes})
                self._note(event, "recoup.held", {**attributes, "recoup.begun": event.begun})
            case ExpiryNear():
                self._note(event, "recoup.expiry_near", {"recoup.what": event.what})

    def close(self) -> None:
        """End the spans of all calls whose end was not told."""
        with self._lock:
            left, self._open = list(self._open.values()), {}
        for call in left:
            _abandon(call)

    def _started(self, event: CallStarted) -> None:
        server = _server(event.host)
        attributes = {"http.request.method": event.method, **server, **_operation(event)}
        if event.seller:
            attributes["recoup.seller"] = event.seller
        context = get_current()
        span = self._tracer.start_span(
            event.operation or event.method,
            context,
            SpanKind.INTERNAL,
            attributes,
            start_time=_nanoseconds(event.at),
        )
        if event.call is None:
            return
        call = _OpenCall(span, set_span_in_context(span, context), event.method, server, last=event.at)
        oldest = None
        with self._lock:
            self._open[event.call] = call
            if len(self._open) > self._most_open:
                oldest = self._open.pop(next(iter(self._open)))
        if oldest is not None:
            _abandon(oldest)

    def _attempt(self, event: AttemptEnded) -> None:
        outcome = _known(
            {"http.response.status_code": event.status, "error.type": _error_type(event.status, event.fault)}
        )
        self._attempts.add(1, {**_operation(event), **outcome})
        if event.status == 429:
            self._throttled.add(1, _operation(event))
        if event.fault is not None:
            known = _known({"recoup.fault": event.fault, "recoup.variant": event.variant})
            self._faults.add(1, {**_operation(event), **known, "recoup.decision": event.decision})
        call = self._find(event)
        if call is None:
            return
        attributes: Attributes = {
            "http.request.method": call.method,
            **call.server,
            **outcome,
            **_known(
                {
                    "http.request.resend_count": call.sent or None,
                    "recoup.attempt": event.attempt,
                    "recoup.fault": event.fault,
                    "recoup.variant": event.variant,
                    "recoup.tied": event.tied or None,
                    "recoup.decision": event.decision or None,
                    "recoup.request_id": event.request_id,
                }
            ),
        }
        call.sent += 1
        call.last = event.at
        span = self._tracer.start_span(
            call.method, call.context, SpanKind.CLIENT, attributes, start_time=_nanoseconds(event.at - event.seconds)
        )
        if "error.type" in outcome:
            span.set_status(Status(StatusCode.ERROR, event.fault))
        span.end(_nanoseconds(event.at))

    def _ended(self, event: CallEnded) -> None:
        if not event.decision:
            self._broken_off(event)
            return
        failed = event.decision != "done"
        outcome = _known(
            {
                "http.response.status_code": event.status,
                "recoup.decision": event.decision or None,
                "recoup.fault": event.fault,
                "recoup.variant": event.variant,
                "error.type": _error_type(event.status, event.fault) if failed else None,
            }
        )
        self._duration.record(event.seconds, {**_operation(event), **outcome})
        with self._lock:
            call = self._open.pop(event.call, None) if event.call is not None else None
        if call is None:
            return
        call.span.set_attributes(
            {
                **outcome,
                **_known(
                    {
                        "http.request.resend_count": max(call.sent - 1, 0) or None,
                        "recoup.attempts": event.attempts,
                        "recoup.waited": event.waited,
                        "recoup.unknown": event.unknown,
                        "recoup.failed_items": event.failed_items or None,
                    }
                ),
            }
        )
        if failed:
            call.span.set_status(Status(StatusCode.ERROR, event.fault or event.decision))
        call.span.end(_nanoseconds(event.at))

    def _broken_off(self, event: CallEnded) -> None:
        with self._lock:
            call = self._open.pop(event.call, None) if event.call is not None else None
        if call is not None:
            call.last = event.at
            _abandon(call)

    def _find(self, event: Event) -> _OpenCall | None:
        return self._open.get(event.call) if event.call is not None else None

    def _note(self, event: Event, name: str, attributes: Mapping[str, str | bool | int | float]) -> None:
        call = self._find(event)
        if call is not None:
            call.last = event.at
            call.span.add_event(name, attributes, _nanoseconds(event.at))


def _abandon(call: _OpenCall) -> None:
    call.span.set_attribute("recoup.abandoned", True)
    call.span.end(_nanoseconds(call.last))


def _server(host: str) -> Attributes:
    """Address and port, as the conventions have them apart."""
    address, colon, port = host.rpartition(":")
    if not colon or not port.isdecimal() or (":" in address and not address.endswith("]")):
        return {"server.address": host}
    return {"server.address": address, "server.port": int(port)}


def _operation(event: Event) -> dict[str, Any]:
    return {"recoup.operation": event.operation} if event.operation else {}


def _known(attributes: Mapping[str, str | bool | float | None]) -> dict[str, Any]:
    return {name: value for name, value in attributes.items() if value is not None}


def _error_type(status: int | None, fault: str | None) -> str | None:
    """As the conventions ask: the status where that says it, or a name from a small set."""
    if status is None:
        return "no_response"
    return str(status) if status >= 400 else fault


def _nanoseconds(at: float) -> int:
    return int(at * 1_000_000) * 1000  # a float of epoch seconds is good for microseconds
