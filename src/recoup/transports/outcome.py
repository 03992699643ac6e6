"""What a transport made of a call, attached to its response; and exceptions for those who want them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, assert_never

import msgspec

from recoup.catalogue.facts.operations import Operation
from recoup.catalogue.fault import Action, ResyncTarget, Who
from recoup.errors import AskPerson, FaultError, FixRequest, OrderOver, ReadBack, TryLater
from recoup.exchange import Exchange, Headers, Request, Response
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
from recoup.redaction import redact_data, redact_text

if TYPE_CHECKING:  # what a success has no use for is imported where it is asked
    from recoup.diagnosis.diagnosis import Diagnosis
    from recoup.recovery.lookup import Lookup
    from recoup.recovery.parts import AskAgain, FailedItem
else:
    Diagnosis = Any  # help() and inspect look up the types of the fields below

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
    def read_back(self) -> Lookup | None:
        """How to learn whether the request took effect, where the decision asks for it or an attempt may have done so
        unseen; None elsewhere, and where no way is known.
        """
        if self.diagnosis is None:
            return None
        from recoup.recovery.lookup import lookup_for

        exchange = self.diagnosis.exchange
        request = exchange.request if exchange is not None else None
        return lookup_for(self.decision, self._called, request, unknown=self.history.outcome_unknown)

    @property
    def failed_items(self) -> tuple[FailedItem, ...]:
        """The parts of the request that failed while others did not, in the order of the answer: the refused items of a
        batch, the packages without a label. Empty where the call succeeded, or failed as a whole.
        """
        if self.diagnosis is None:
            return ()
        from recoup.recovery.parts import failed_items

        return failed_items(self.diagnosis)

    def repeat_failed(self, within: float | None = None) -> AskAgain | None:
        """A body that asks again for the failed parts that may be repeated as they are, and for no others.

        `within`: parts that must rest for longer than so many seconds are left out. False where none may be repeated;
        None where nothing failed in part, or this operation's request cannot be cut.
        """
        from recoup.recovery.parts import ask_again

        return ask_again(self.diagnosis, self._called, within)

    @property
    def _called(self) -> Operation | None:
        if self.operation is not None or self.diagnosis is None:
            return self.operation
        found: Operation | None = self.diagnosis.operation
        return found

    @property
    def attempts(self) -> int:
        """How often the request was sent; the repeat after a renewed token is not counted."""
        return self.history.count

    def as_dict(self) -> dict[str, Any]:
        """Plain data, secrets masked."""
        look = self.read_back
        return {
            "decision": decision_as_dict(self.decision),
            "attempts": self.attempts,
            "operation": None if self._called is None else "/".join(self._called.key),
            "waited": self.history.waited,
            "token_renewed": self.history.token_renewed,
            "outcome_unknown": self.history.outcome_unknown,
            "read_back": None if look is None else redact_data(look.as_dict()),
            "failed_items": [item.as_dict() for item in self.failed_items],
            "diagnosis": None if self.diagnosis is None else self.diagnosis.as_dict(),
        }


def outcome(response: Any) -> Outcome | None:
    """What recoup made of this response (or of this exception), or None where recoup was not under its client.

    Also takes the answers and the exceptions of clients that keep no more of a response than itself, its header fields
    or the exception that it caused.
    """
    for thing in (response, getattr(response, "response", None), getattr(response, "headers", None)):
        extensions = getattr(thing, "extensions", None)
        found = extensions.get(KEY) if isinstance(extensions, Mapping) else getattr(thing, KEY, None)
        if isinstance(found, Outcome):
            return found
    cause = response.__cause__ if isinstance(response, BaseException) else None
    return None if cause is None else outcome(cause)


def raise_for_fault(response: Any) -> None:
    """Raise where the response shows a fault, also where its status is a success; return where nothing failed.

    Takes responses of httpx2, httpx, requests, urllib3 and whatever looks like them, their body read; where recoup was
    under the client the body may still be unread, and an exception that carries an outcome will do. Raises TryLater,
    ReadBack, FixRequest, AskPerson or OrderOver (see `recoup.errors`); TypeError where `response` is no response, or
    one whose body was not read.

    A response that was pickled has lost its outcome: `outcome` gives None for it, and here it is diagnosed anew, as if
    it was the answer to a first attempt.
    """
    made = outcome(response)
    if made is not None:
        if made.diagnosis is None:  # nothing was wrong, and nothing needed a closer look
            return
        diagnosis, decision = made.diagnosis, made.decision
    else:
        from recoup.recovery import advice  # late: under a client nobody pays for the catalogue before a call fails

        diagnosis = advice.diagnose(_exchange(response))
        decision = msgspec.convert(dict(diagnosis.decision or {"action": "done"}), type=Decision)
    if diagnosis.failed and not isinstance(decision, Done):
        raise fault_error(diagnosis, decision)


def fault_error(diagnosis: Diagnosis, decision: Decision, doing: str = "") -> FaultError:
    """The exception that is named for what the caller does next. `doing` begins its text: what did not come about.

    Where parts of a request failed it is named for the strictest of their decisions: TryLater only where every one of
    them can be tried again.
    """
    from recoup.recovery.parts import failed_items

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
    if diagnosis.read_back is not None:
        error.read_back = redact_data(dict(diagnosis.read_back))
    error.failed_items = tuple(item.as_dict() for item in failed_items(diagnosis))
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
        case GiveUp(
            reason=StopReason.ATTEMPTS | StopReason.QUOTA | StopReason.DEADLINE | StopReason.NOT_REPLAYABLE, after=after
        ):
            return TryLater, after, None
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
    part = _part_failed(diagnosis)
    seen = f"HTTP {status}" if status is not None else "no response"
    if best is None:
        look = f" First: {_look(diagnosis)}" if _in_doubt(decision) else ""
        return f"{part}{seen}{said} (no known fault){'.' if look else ''}{look}"
    # The steps of a fault are for any call; this one may have taken effect, which comes before all of them.
    first = _look(diagnosis) if _in_doubt(decision) else best.remedy.steps[0]
    tied = f" One of {len(diagnosis.tied)} causes with this answer." if diagnosis.tied else ""
    told = f"{part}{best.title} ({best.id}, {seen}){said}.{tied} Cause: {best.cause}"
    if isinstance(decision, GiveUp) and _tried(decision, best.remedy.action):
        todo = f" To do: {decision.fix} ({decision.who})." if decision.fix is not None else ""
        return f"{told} This time: {redact_text(decision.text).rstrip('.')}.{todo}"
    return f"{told} First: {first}"


def _tried(decision: GiveUp, action: Action) -> bool:
    """Whether the fault's own first step cannot help any more: it was taken, or the answer rules it out."""
    return decision.reason is StopReason.PERMANENT and decision.fix is not action and bool(decision.text)


def _in_doubt(decision: Decision) -> bool:
    return isinstance(decision, Resync) and decision.target is ResyncTarget.EFFECT


def _look(diagnosis: Diagnosis) -> str:
    look = diagnosis.look
    return f"Read whether it took effect, before anything is sent again{': ' if look else '.'}{look}"


def _part_failed(diagnosis: Diagnosis) -> str:
    """How a text begins where some parts of a request failed: how many, and which of them the rest speaks of."""
    from recoup.recovery.parts import count_of_items, failed_items, is_part

    if diagnosis.item is None or not is_part(diagnosis):
        return ""
    count, total, kind = len(failed_items(diagnosis)), count_of_items(diagnosis), diagnosis.item.kind
    of = f"{count} of {total}" if total is not None else f"{count}"
    name = f" ({redact_text(diagnosis.item.name)})" if diagnosis.item.name else ""
    return f"{of} {kind}s failed. {kind.capitalize()} {diagnosis.item.index}{name}: "


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
