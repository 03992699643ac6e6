"""Events as plain data and as text: one line that a person reads, or one JSON object a line for a program."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Protocol, assert_never

import msgspec

from recoup.redaction import redact_text
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
    Why,
)
from recoup.telemetry.forking import ForkLock

__all__ = ["JsonLines", "as_dict", "describe"]


def as_dict(event: Event) -> dict[str, Any]:
    """The event as plain data: `event` names it, fields that say nothing are left out."""
    data: dict[str, Any] = msgspec.to_builtins(event)
    return data


def describe(event: Event) -> str:
    """The event in one line: whose it is, what happened, what follows. No secrets, no line breaks."""
    return " ".join(redact_text(f"{_whose(event)}{_what(event)}").split())


def _whose(event: Event) -> str:
    parts = [part for part in (event.operation, f"call {event.call}" if event.call is not None else None) if part]
    seller = f" for {event.seller}" if event.seller else ""
    return f"{' '.join(parts)}{seller}: " if parts or seller else ""


def _what(event: Event) -> str:
    match event:
        case CallStarted():
            return f"{event.method} to {event.host}"
        case Waited(why=Why.PACE):
            return f"waits {_seconds(event.seconds)}, in its place of the queue"
        case Waited():
            return f"waits {_seconds(event.seconds)} before the next attempt"
        case AttemptEnded():
            follows = f"; {event.decision}" if event.decision not in ("", "done") else ""
            what = _came(event.status, event.fault, event.variant)
            came = f"attempt {event.attempt} after {_seconds(event.seconds)}: {what}"
            tied = f" (one of {event.tied} causes with this answer)" if event.tied else ""
            request = f" [request {event.request_id}]" if event.request_id and event.fault else ""
            return f"{came}{tied}{follows}{request}"
        case CallEnded():
            return _ended(event)
        case TokenAttemptEnded():
            follows = f"; {event.decision}" if event.decision not in ("", "done") else ""
            came = _came(event.status, event.fault, None)
            return f"attempt {event.attempt} to get a token, after {_seconds(event.seconds)}: {came}{follows}"
        case TokenFetched():
            whence = "another process had fetched it" if event.shared else f"after {_seconds(event.seconds)}"
            return f"got an access token that lasts {_seconds(event.lasts)}, {whence}"
        case TokenRefused():
            parked = "; nobody asks again before somebody acts" if event.parked else ""
            return f"no access token: {event.fault or 'no known fault'}{parked}"
        case PlanLearned():
            how = "after a 429" if event.throttled else "as x-amzn-RateLimit-Limit says"
            return f"the usage plan is {event.rate:g} a second, not {event.before:g}, {how}"
        case Paced():
            when = f"in {_seconds(event.wait)}" if event.wait > 0 else "at once"
            return f"has a place {when}, in a plan of {event.rate:g} a second and a burst of {event.burst}"
        case PlanExceeded():
            return event.advice or f"{event.asked:g} a minute asked of a plan of {event.allowed:g} a minute"
        case Held():
            until = "somebody resumes it" if event.until is None else _instant(event.until)
            why = ": " + ", ".join(part for part in (event.fault, event.reason) if part)
            begun = "held back from now on" if event.begun else "not sent: held back"
            return f"{begun} until {until}{why if why != ': ' else ''}"
        case ExpiryNear():
            return f"the {event.what} ends on {_instant(event.expires_at)}: {event.remedy}"
        case _:
            assert_never(event)


def _ended(event: CallEnded) -> str:
    if not event.decision:
        return f"broken off after {_seconds(event.seconds)}, before anything was decided"
    if not event.attempts and event.status is None:
        return f"not sent: {', '.join(part for part in (event.fault, event.reason) if part)}; {event.decision}"
    times = "1 attempt" if event.attempts == 1 else f"{event.attempts} attempts"
    waited = f", {_seconds(event.waited)} of it waiting" if event.waited else ""
    text = (
        f"ended after {times} in {_seconds(event.seconds)}{waited}: {_came(event.status, event.fault, event.variant)}"
    )
    if event.decision != "done":
        text += f"; {event.decision}"
    if event.failed_items:
        text += f"; {event.failed_items} failed item{'s' if event.failed_items > 1 else ''}"
    if event.unknown:
        text += "; it may have taken effect: read back before repeating it"
    return text


def _came(status: int | None, fault: str | None, variant: str | None) -> str:
    came = "no response" if status is None else f"HTTP {status}"
    if not fault:
        return came
    return f"{came}, {fault}, {variant}" if variant else f"{came}, {fault}"


def _seconds(seconds: float) -> str:
    if 0 < seconds < 0.001:
        return "less than 1 ms"
    return f"{seconds:.3g} s" if seconds < 100 else f"{seconds:.0f} s"


def _instant(at: float) -> str:
    try:
        return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError, OSError):  # an instant that no calendar has
        return f"{at:g}"


class _Text(Protocol):
    def write(self, text: str, /) -> object: ...


class JsonLines:
    """A listener that writes each event as one line of JSON to a text stream, flushed where the stream can be.

    Threads may share it, and processes that are forked: lines are never mixed nor written twice. The stream stays the
    caller's, who closes it.
    """

    def __init__(self, stream: _Text) -> None:
        self._stream = stream
        self._flush = getattr(stream, "flush", None)
        self._lock = ForkLock()

    def __call__(self, event: Event) -> None:
        """Write the event."""
        line = msgspec.json.encode(event).decode() + "\n"
        with self._lock:
            self._stream.write(line)
            if self._flush is not None:
                self._flush()
