"""The public answer to "what is this, and what now": a diagnosis together with the decision for a first attempt.

Where a whole call is at hand, with its history, `recoup.recovery.call` decides; here is one exchange, or pasted text,
and the decision is what a client would do had this been the first answer. Delays are given as the most that the
backoff would draw, so that the same input always gives the same output.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from recoup.diagnosis.context import Context
from recoup.diagnosis.diagnosis import Diagnosis
from recoup.diagnosis.engine import Engine
from recoup.diagnosis.engine import diagnose as recognise
from recoup.exchange import Exchange, Response
from recoup.recovery.judgement import advise
from recoup.recovery.policy import Policy

__all__ = ["advise", "diagnose", "diagnose_all"]


def diagnose(
    x: str | bytes | Exchange | Response,
    *,
    policy: Policy | None = None,
    now: float | None = None,
    engine: Engine | None = None,
    context: Context | None = None,
    seller: str | None = None,
) -> Diagnosis:
    """What failed in `x` (pasted text, bytes, a response or an exchange), and what to do about it.

    `engine` is one with a catalogue of your own: `Engine(catalogue().overlaid(path).values())`. `now` (epoch seconds)
    is when the answer came, for waits until a date; where it is None, the exchange's own time or the response's Date
    field stands for it. `context` is what the other calls of the same trace did, `seller` what the trace calls the
    seller of this one. Never raises on account of what `x` holds.
    """
    recognised = recognise if engine is None else engine.diagnose
    return advise(recognised(x, context, seller), policy=policy, now=now)


def diagnose_all(
    exchanges: Iterable[str | bytes | Exchange | Response], *, policy: Policy | None = None
) -> Iterator[Diagnosis]:
    """`diagnose` for each of them, in their order, one at a time."""
    return (diagnose(x, policy=policy) for x in exchanges)
