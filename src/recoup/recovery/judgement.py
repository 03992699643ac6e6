"""A diagnosis with its judgement: the decision as plain data, and whether the very same request can work again.

Pure data in and out, and without the diagnosis engine, so that a call that succeeds never pays for loading it.
"""

from __future__ import annotations

import msgspec

from recoup.catalogue.fault import RetryClass
from recoup.diagnosis.diagnosis import Diagnosis
from recoup.exchange import Exchange
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
from recoup.recovery.history import EMPTY, Attempt, History
from recoup.recovery.lookup import lookup_for
from recoup.recovery.parts import is_part
from recoup.recovery.policy import DOCUMENTED, Policy
from recoup.recovery.situation import by_status, situate
from recoup.recovery.stated import answered_at

__all__ = ["advise", "judged", "led_by_strictest", "retry_class", "retryable"]

_LATER_REASONS = frozenset({StopReason.ATTEMPTS, StopReason.QUOTA, StopReason.DEADLINE, StopReason.NOT_REPLAYABLE})


def advise(diagnosis: Diagnosis, *, policy: Policy | None = None, now: float | None = None) -> Diagnosis:
    """The diagnosis with `decision` and `retryable` filled in, its further failures too. Of several parts of a request
    that failed, the one leads whose decision is the strictest.
    """
    policy = policy if policy is not None else DOCUMENTED
    if now is None:
        now = _answered_at(diagnosis.exchange)
    diagnosis = led_by_strictest(diagnosis, policy, now)
    others = tuple(_advised(other, policy, now, ()) for other in diagnosis.others)
    return _advised(diagnosis, policy, now, others)


def _advised(diagnosis: Diagnosis, policy: Policy, now: float | None, others: tuple[Diagnosis, ...]) -> Diagnosis:
    decision, unknown = _first_decision(diagnosis, policy, now)
    return _with(diagnosis, decision, others, policy, now, unknown=unknown)


def _first_decision(diagnosis: Diagnosis, policy: Policy, now: float | None) -> tuple[Decision, bool]:
    """What would be decided had this been the first answer, and whether the call may have taken effect."""
    situation = situate(diagnosis, now=now)
    history = _FIRST_UNKNOWN if situation.unknown else _FIRST
    return policy.decide(diagnosis, history, situation, _longest).decision, situation.unknown


def led_by_strictest(diagnosis: Diagnosis, policy: Policy, now: float | None) -> Diagnosis:
    """The same failures, led by the one that forbids most, where they are of several parts of one request.

    So nobody who follows the leading decision sends again what must be read or mended first. Remarks beside parts that
    succeeded never lead.
    """
    if not diagnosis.others or not is_part(diagnosis):
        return diagnosis
    parts = [msgspec.structs.replace(diagnosis, others=()), *diagnosis.others]
    lead = max(parts, key=lambda part: _strictness(part, policy, now))  # of equals the first
    if lead is parts[0]:
        return diagnosis
    return msgspec.structs.replace(lead, others=tuple(part for part in parts if part is not lead))


def _strictness(part: Diagnosis, policy: Policy, now: float | None) -> tuple[bool, int, float]:
    failed = part.status is None or part.status >= 400
    match _first_decision(part, policy, now)[0]:
        case GiveUp(stop_order=True):
            return failed, 5, 0.0
        case Resync():
            return failed, 4, 0.0
        case GiveUp() | RenewToken():
            return failed, 3, 0.0
        case Wait(after=after, poll=poll):
            return failed, 2, float("inf") if after is None or poll else after
        case Retry(after=after):
            return failed, 1, after
        case Done():
            return failed, 0, 0.0


def _answered_at(exchange: Exchange | None) -> float | None:
    if exchange is None:
        return None
    if exchange.at is not None:
        return exchange.at.timestamp() + (exchange.elapsed or 0.0)
    return answered_at(exchange.response.headers) if exchange.response is not None else None


def _first(*, unknown: bool) -> History:
    return EMPTY.with_attempt(Attempt(number=1, sent_at=0.0, ended_at=0.0, unknown=unknown))


def _longest() -> float:
    return 1.0


_FIRST = _first(unknown=False)
_FIRST_UNKNOWN = _first(unknown=True)


def judged(diagnosis: Diagnosis, decision: Decision, policy: Policy, now: float, *, unknown: bool = False) -> Diagnosis:
    """The diagnosis with the decision that a whole call came to; further failures of the response as for a first
    attempt. `unknown`: some attempt of the call may have taken effect.
    """
    others = tuple(_advised(other, policy, now, ()) for other in diagnosis.others)
    return _with(diagnosis, decision, others, policy, now, unknown=unknown)


def _with(
    diagnosis: Diagnosis,
    decision: Decision,
    others: tuple[Diagnosis, ...],
    policy: Policy,
    now: float | None,
    *,
    unknown: bool,
) -> Diagnosis:
    again = retryable(decision, diagnosis)
    if diagnosis.tied and again is not None and not _rivals_agree(diagnosis, again, policy, now):
        again = None
    request = diagnosis.exchange.request if diagnosis.exchange is not None else None
    found = lookup_for(decision, diagnosis.operation, request, unknown=unknown)
    return msgspec.structs.replace(
        diagnosis,
        decision=decision_as_dict(decision),
        retryable=again,
        read_back=None if found is None else found.as_dict(),
        others=others,
    )


def _rivals_agree(diagnosis: Diagnosis, again: bool, policy: Policy, now: float | None) -> bool:
    """Whether each of the faults that cannot be told apart would say the same of this request."""
    for match in diagnosis.faults[1:]:
        if match.id in diagnosis.tied:
            alone = msgspec.structs.replace(diagnosis, faults=(match,), tied=())
            if retryable(_first_decision(alone, policy, now)[0], alone) is not again:
                return False
    return True


def retry_class(diagnosis: Diagnosis) -> RetryClass:
    """The retry class that a failure is judged by: its best match's, else that of its status alone."""
    best = diagnosis.best
    return best.recovery.retry if best is not None else by_status(diagnosis).retry


def retryable(decision: Decision, diagnosis: Diagnosis) -> bool | None:
    """Whether this very request, byte for byte, can work: now or at a later time. None where that is not known.

    A refused token makes it False: the repeat carries another one. A wire `retryable` that contradicts makes it None.
    """
    if not diagnosis.failed:
        return None
    answer = _by_decision(decision, diagnosis)
    if diagnosis.retryable_field is True and answer is False:
        return None
    return False if diagnosis.retryable_field is False else answer


def _by_decision(decision: Decision, diagnosis: Diagnosis) -> bool | None:
    match decision:
        case Retry():
            return True
        case Wait():
            return None if retry_class(diagnosis) is RetryClass.FIX_OR_WAIT else True
        case Resync():
            again = retry_class(diagnosis) in (RetryClass.BACKOFF, RetryClass.BACKOFF_SERIAL, RetryClass.RATE)
            return None if again else False  # may have worked already: only reading tells
        case GiveUp(reason=reason):
            if reason is StopReason.UNKNOWN:
                return False if diagnosis.status is not None and 300 <= diagnosis.status < 500 else None
            return reason in _LATER_REASONS
        case RenewToken():
            return False
        case Done():
            return None
