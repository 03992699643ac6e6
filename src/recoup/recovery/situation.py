"""What a decision needs to know beside the diagnosis: about the request, about time, and about what may have happened.

Also the fallback for failures that no entry of the catalogue fits: their retry class by HTTP status alone, which the
documents allow for that case only ("never rely solely on the HTTP status").
"""

from __future__ import annotations

import msgspec

from recoup.catalogue.facts.operations import Operation
from recoup.catalogue.fault import Action, RetryClass, Where, Who
from recoup.diagnosis.diagnosis import Diagnosis
from recoup.exchange import Exchange, NoResponseKind
from recoup.recovery.repeatable import repeatable
from recoup.recovery.stated import answered_at, rate_limit, retry_after

__all__ = ["ByStatus", "Situation", "by_status", "may_have_taken_effect", "situate"]

_READS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_NOTHING_SENT = frozenset({NoResponseKind.CONNECT, NoResponseKind.TLS})


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """The circumstances of one failed attempt. Instants are epoch seconds, durations seconds.

    `now` is None where nobody knows when it happened (pasted text). `writes` is whether the request changes anything:
    False where neither method nor operation is known, because then only general advice can be given. `repeatable` is
    whether it may be sent again although its outcome is unknown. `stated` is the wait that the response asked for,
    `theirs` what the other side's clock showed when it answered (where the failure names a time), `rate` the usage
    plan's (a second). `unknown` says that this attempt may have taken effect.
    """

    now: float | None = None
    deadline: float | None = None
    writes: bool = False
    repeatable: bool = True
    replayable: bool = True
    stated: float | None = None
    theirs: float | None = None
    rate: float | None = None
    unknown: bool = False


def situate(
    diagnosis: Diagnosis,
    exchange: Exchange | None = None,
    *,
    now: float | None = None,
    deadline: float | None = None,
    method: str | None = None,
    operation: Operation | None = None,
    safe: bool | None = None,
    replayable: bool = True,
) -> Situation:
    """The situation of this failure. What is not given is taken from the diagnosis and the exchange, where they know
    it.
    """
    operation = operation if operation is not None else diagnosis.operation
    method = method if method is not None else diagnosis.method
    exchange = exchange if exchange is not None else diagnosis.exchange
    if operation is not None:
        writes = operation.writes
        again = repeatable(operation, exchange.request if exchange is not None else None)
    else:
        writes = method is not None and method.upper() not in _READS
        again = not writes
    rate = operation.rate if operation is not None else None
    stated = theirs = None
    if exchange is not None and exchange.response is not None and len(exchange.response.headers):
        headers = exchange.response.headers
        rate = rate_limit(headers) or rate
        stated = retry_after(headers, now)
        best = diagnosis.best
        if best is not None and best.recovery.until is not None:  # else nobody asks
            theirs = answered_at(headers)
    return Situation(
        now=now,
        deadline=deadline,
        writes=writes,
        repeatable=again if safe is None else safe,
        replayable=replayable,
        stated=stated,
        theirs=theirs,
        rate=rate,
        unknown=may_have_taken_effect(diagnosis, writes=writes, once=safe is False),
    )


def may_have_taken_effect(diagnosis: Diagnosis, *, writes: bool, once: bool = False) -> bool:
    """Whether this failed attempt may have changed something without our knowing.

    An answer below 500 says that nothing happened, and so do External Fulfillment's ServiceUnavailable and any 503
    that names this code, for it was refused before any work. A 500, 502 or 504, an empty or HTML 503, a timeout, a
    broken connection and a cut answer leave it open. `once` says that the request is good for one use even at Login
    with Amazon, as an authorization code is.
    """
    if not writes:
        return False
    if diagnosis.no_response is not None:
        return diagnosis.no_response.sent and diagnosis.no_response.kind not in _NOTHING_SENT
    if diagnosis.status is None or diagnosis.status < 500:
        return False
    if diagnosis.status == 503 and "serviceunavailable" in (diagnosis.code or "").replace(" ", "").lower():
        return False
    best = diagnosis.best
    if best is None:
        return True
    if Where.LOGIN in best.fault.where:
        return once  # else Login with Amazon changes nothing: a token that is not used is no harm
    refused = (
        best.recovery.retry is RetryClass.BACKOFF and diagnosis.status == 503 and best.basis in ("message", "code")
    )
    return not (refused and Where.EXTERNAL_FULFILLMENT in best.fault.where)


class ByStatus(msgspec.Struct, frozen=True):
    """How to recover from a failure of which only the status is known, what would have to change, and who must act."""

    retry: RetryClass
    fix: Action
    who: Who


_RETRY = ByStatus(RetryClass.BACKOFF, Action.RETRY, Who.NOBODY)
_FORM = ByStatus(RetryClass.FIX_REQUEST, Action.FIX_REQUEST, Who.DEVELOPER)
_VALUE = ByStatus(RetryClass.FIX_INPUT, Action.FIX_VALUE, Who.DEVELOPER)
_AMAZON = ByStatus(RetryClass.NEVER, Action.CONTACT_AMAZON, Who.AMAZON)
_BY_STATUS = {
    401: ByStatus(RetryClass.REAUTH, Action.RENEW_TOKEN, Who.NOBODY),
    403: ByStatus(RetryClass.HUMAN, Action.CHANGE_CREDENTIALS, Who.OPERATOR),
    404: _VALUE,
    408: _RETRY,
    409: ByStatus(RetryClass.FIX_STATE, Action.READ_BACK, Who.DEVELOPER),
    410: ByStatus(RetryClass.FIX_REQUEST, Action.MIGRATE, Who.DEVELOPER),
    412: ByStatus(RetryClass.RESYNC, Action.READ_BACK, Who.DEVELOPER),
    422: _VALUE,
    429: ByStatus(RetryClass.RATE, Action.SLOW_DOWN, Who.NOBODY),
    500: _RETRY,
    502: _RETRY,
    503: _RETRY,
    504: _RETRY,
}


def by_status(diagnosis: Diagnosis) -> ByStatus:
    """The fallback for a failure that no entry of the catalogue fits."""
    status = diagnosis.status
    if diagnosis.no_response is not None:
        return _RETRY
    if status is None or status < 300:
        return _AMAZON
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if status >= 520:
        return _RETRY  # statuses of an edge before Amazon: it did not reach the service
    return _AMAZON if status >= 500 else _FORM
