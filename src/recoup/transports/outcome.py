"""What a transport made of a call, attached to its response; and exceptions for those who want them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, assert_never

import msgspec

from recoup.catalogue.facts.operations import Operation
from recoup.catalogue.fault import ResyncTarget, Who
from recoup.diagnosis.diagnosis import Diagnosis
from recoup.errors import AskPerson, FaultError, FixRequest, OrderOver, ReadBack, TryLater
from recoup.exchange import Exchange, Headers, Request, Response
from recoup.recovery import advice
from recoup.recovery.decision import (
    Decision,
    Done,
    GiveUp,
    RenewToken,
    Resync,
    Retry,
    StopReason,
    Wait,
    decision_as_dict,
)
from recoup.recovery.history import EMPTY, History
from recoup.redaction import redact_text

__all__ = ["KEY", "Outcome", "fault_error", "outcome", "raise_for_fault"]

KEY = "recoup"
"""Where the outcome stands in `response.extensions`."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How a call ended: its diagnosis (None where nothing was wrong and nothing was looked at), the decision, its
    attempts. `operation` is what was called, None where the path is none of the fact table's. What more can be asked
    of it (`read_back`, `failed_items`) is worked out when it is asked, from the diagnosis.
    """

    decision: Decision
    history: History = EMPTY
    diagnosis: Diagnosis | None = None
    operation: Operation | None = None

    @property
    def attempts(self) -> int:
        """How often the request was sent; the repeat after a renewed token is not counted."""
        return self.history.count

    def as_dict(self) -> dict[str, Any]:
        """Plain data, secrets masked."""
        return {
            "decision": decision_as_dict(self.decision),
            "attempts": self.attempts,
            "operation": None if self.operation is None else "/".join(self.operation.key),
            "waited": self.history.waited,
            "token_renewed": self.history.token_renewed,
            "outcome_unknown": self.history.outcome_unknown,
            "diagnosis": None if self.diagnosis is None else self.diagnosis.as_dict(),
        }


def outcome(response: Any) -> Outcome | None:
    """What recoup made of this response (or of this exception), or None where recoup was not under its client."""
    extensions = getattr(response, "extensions", None)
    found = extensions.get(KEY) if isinstance(extensions, Mapping) else getattr(response, KEY, None)
    return found if isinstance(found, Outcome) else None


def raise_for_fault(response: Any) -> None:
    """Raise where the response shows a fault, also where its status is a success; return where nothing failed.

    Takes responses of httpx2, httpx, requests, urllib3 and whatever looks like them, their body read; where recoup was
    under the client the body may still be unread, and an exception that carries an outcome will do. Raises TryLater,
    ReadBack, FixRequest, AskPerson or OrderOver (see `recoup.errors`); TypeError where `response` is no response, or
    one whose body was not read.
    """
    made = outcome(response)
    if made is not None:
        if made.diagnosis is None:  # nothing was wrong, and nothing needed a closer look
            return
        diagnosis, decision = made.diagnosis, made.decision
    else:
        diagnosis = advice.diagnose(_exchange(response))
        decision = msgspec.convert(dict(diagnosis.decision or {"action": "done"}), type=Decision)
    if diagnosis.failed and not isinstance(decision, Done):
        raise fault_error(diagnosis, decision)


def fault_error(diagnosis: Diagnosis, decision: Decision, doing: str = "") -> FaultError:
    """The exception that is named for what the caller does next. `doing` begins its text: what did not come about."""
    kind, after, who = _kind(decision)
    error = kind(
        doing + _text(diagnosis, decision),
        fault=diagnosis.id,
        request_id=None if diagnosis.request_id is None else redact_text(diagnosis.request_id),
        diagnosis=diagnosis.as_dict(),
        decision={
            key: redact_text(value) if isinstance(value, str) else value
            for key, value in decision_as_dict(decision).items()
        },
    )
    if isinstance(error, TryLater):
        error.after = after
    if isinstance(error, AskPerson):
        error.who = who
    return error


def _kind(decision: Decision) -> tuple[type[FaultError], float | None, str | None]:
    match decision:
        case Retry(after=after) | Wait(after=after):
            return TryLater, after, None
        case Resync():
            return ReadBack, None, None
        case RenewToken():  # handed up only where the caller brings the token: the same request needs another one
            return FixRequest, None, None
        case GiveUp(stop_order=True):
            return OrderOver, None, None
        case GiveUp(reason=StopReason.ATTEMPTS | StopReason.QUOTA | StopReason.DEADLINE | StopReason.NOT_REPLAYABLE):
            return TryLater, None, None
        case GiveUp(who=who) if who in (Who.OPERATOR, Who.SELLER, Who.AMAZON):
            return AskPerson, None, str(who)
        case GiveUp():
            return FixRequest, None, None
        case Done():
            raise ValueError("there is nothing to raise: the decision is Done")
        case _:
            assert_never(decision)


def _text(diagnosis: Diagnosis, decision: Decision) -> str:
    best = diagnosis.best
    status = diagnosis.http_status if diagnosis.status is None else diagnosis.status
    said = f": {redact_text(diagnosis.message).rstrip('.')}" if diagnosis.message else ""
    if best is None:
        seen = f"HTTP {status}" if status is not None else "no response"
        return f"{seen}{said} (no known fault)"
    first = best.remedy.steps[0]
    if isinstance(decision, Resync) and decision.target is ResyncTarget.EFFECT:
        # The steps of a fault are for any call; this one may have taken effect, which comes before all of them.
        first = "Read whether it took effect, before anything is sent again."
    tied = f" One of {len(diagnosis.tied)} causes with this answer." if diagnosis.tied else ""
    return f"{best.title} ({best.id}, HTTP {status}){said}.{tied} Cause: {best.cause} First: {first}"


def _exchange(response: Any) -> Exchange:
    status = getattr(response, "status_code", getattr(response, "status", None))
    body = _get(response, "content")
    body = _get(response, "data") if body is None else body
    if not isinstance(status, int) or not isinstance(body, bytes):
        raise TypeError(
            f"{type(response).__name__} is no response whose body was read; give one with a status and its content"
        )
    headers = getattr(response, "headers", None)
    return Exchange(
        request=_request(_get(response, "request")),
        response=Response(status=status, headers=_headers(headers), body=body),
    )


def _get(response: Any, name: str) -> Any:
    try:
        return getattr(response, name, None)
    except RuntimeError:  # how httpx2 and httpx say that it is not there: the body not read, the request not known
        return None


def _request(request: Any) -> Request | None:
    method, url = getattr(request, "method", None), getattr(request, "url", None)
    if not isinstance(method, str) or url is None:
        return None
    return Request(method=method, url=str(url), headers=_headers(getattr(request, "headers", None)))


def _headers(headers: Any) -> Headers:
    raw: Iterable[tuple[str | bytes, str | bytes]] | None = getattr(headers, "raw", None)
    if isinstance(raw, list):
        return Headers(raw)
    return Headers(list(headers.items())) if hasattr(headers, "items") else Headers()
