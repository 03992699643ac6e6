"""The public answer to "what is this, and what now": a diagnosis together with the decision for a first attempt.

Where a whole call is at hand, with its history, `recoup.recovery.call` decides; here is one exchange, or pasted text,
and the decision is what a client would do had this been the first answer. Delays are given as the most that the
backoff would draw, so that the same input always gives the same output.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from recoup.diagnosis.diagnosis import Diagnosis
from recoup.diagnosis.engine import diagnose as recognise
from recoup.exchange import Exchange, Response
from recoup.recovery.decision import decision_as_dict
from recoup.recovery.history import EMPTY, Attempt, History
from recoup.recovery.policy import DOCUMENTED, Policy, retryable
from recoup.recovery.situation import situate
from recoup.recovery.stated import answered_at

__all__ = ["advise", "diagnose", "diagnose_all"]


def diagnose(
    x: str | bytes | Exchange | Response, *, policy: Policy | None = None, now: float | None = None
) -> Diagnosis:
    """What failed in `x` (pasted text, bytes, a response or an exchange), and what to do about it.

    `now` (epoch seconds) is when the answer came, for waits until a date; where it is None, the exchange's own time
    or the response's Date field stands for it. Never raises on account of what `x` holds.
    """
    return advise(recognise(x), policy=policy, now=now)


def diagnose_all(
    exchanges: Iterable[str | bytes | Exchange | Response], *, policy: Policy | None = None
) -> Iterator[Diagnosis]:
    """`diagnose` for each of them, in their order, one at a time."""
    return (diagnose(x, policy=policy) for x in exchanges)


def advise(diagnosis: Diagnosis, *, policy: Policy | None = None, now: float | None = None) -> Diagnosis:
    """The diagnosis with `decision` and `retryable` filled in, its further failures too."""
    policy = policy if policy is not None else DOCUMENTED
    if now is None:
        now = _answered_at(diagnosis.exchange)
    others = tuple(_advised(other, policy, now, ()) for other in diagnosis.others)
    return _advised(diagnosis, policy, now, others)


def _advised(diagnosis: Diagnosis, policy: Policy, now: float | None, others: tuple[Diagnosis, ...]) -> Diagnosis:
    situation = situate(diagnosis, now=now)
    history = _FIRST_UNKNOWN if situation.unknown else _FIRST
    decision = policy.decide(diagnosis, history, situation, _longest).decision
    return msgspec.structs.replace(
        diagnosis,
        decision=decision_as_dict(decision),
        retryable=retryable(decision, diagnosis),
        others=others,
    )


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
