"""What other calls of the same trace say about one failure, as clues.

Other operations of the same seller work: a role or the path. All calls of one seller fail while others' work: that
authorization or account. The same operation works for other sellers: not the path, not a removal. All sellers since one
minute: Amazon. A token that was first seen more than an hour before: it is over. What was not found was made a moment
before, or is found later: it was asked for too soon.
"""

from __future__ import annotations

from collections.abc import Iterator

from recoup.diagnosis.clue import Clue, Symptom
from recoup.diagnosis.context import Calls, Context, fingerprint
from recoup.exchange import Exchange

__all__ = ["clues_of_context"]

_LIFE = 3600.0  # seconds of an access token
_SOON = 180.0  # seconds between making a thing and asking for it
_ENOUGH = 3  # calls or sellers that make a pattern
_AROUND = 5  # minutes before and after that are compared

_ENCODING = "400-wrong-url-encoding"
_ROLE, _PATH, _GONE = "403-missing-role", "403-wrong-path-or-version", "403-deprecated-endpoint"
_EXPIRED, _MISSING, _SUSPENDED = "403-expired-token", "403-missing-token", "403-account-suspended"
_REGION, _MARKET, _CARD = "403-region-mismatch", "403-unsupported-marketplace", "400-inactive-account"
_OUTAGE, _PENDING, _RDT = "other-amazon-side-outage", "other-dev-account-pending", "other-rdt-required"
_SOONER, _UNAVAILABLE, _MISTYPED = "404-premature-poll", "404-unavailable-id", "404-mistyped-id"


def clues_of_context(
    context: Context, exchange: Exchange, symptom: Symptom, *, seller: str | None, operation: str | None
) -> Iterator[Clue]:
    """The clues of a trace for one exchange in it; `operation` is `api/version/id`."""
    at = None if exchange.at is None else exchange.at.timestamp()
    if symptom in (Symptom.DENIED, Symptom.SERVER):
        yield from _of_everybody(context, at)
    if symptom is Symptom.DENIED:
        yield from _of_token(context, exchange, at)
        yield from _of_seller(context, seller or "", operation)
        yield from _of_others(context, seller or "", operation)
    elif symptom is Symptom.NOT_FOUND:
        yield from _of_path(context, exchange, seller or "", at)


def _of_seller(context: Context, seller: str, operation: str | None) -> Iterator[Clue]:
    mine = context.sellers.get(seller)
    if mine is None:
        return
    here = context.pairs.get((seller, operation)) if operation is not None else None
    elsewhere = mine.worked - (here.worked if here is not None else 0)
    if here is not None and here.worked:
        yield _stopped(here)
    elif elsewhere:
        text = f"{elsewhere} other calls of this seller worked in the same trace"
        weights = {_ROLE: 1.5, _PATH: 1.2, _GONE: 0.9, _RDT: 0.5, _MISSING: -2.0, _EXPIRED: -1.5}
        yield Clue(text=text, weights={**weights, _SUSPENDED: -2.0, _CARD: -2.0, _REGION: -2.5, _PENDING: -1.5})
    elif mine.denied >= _ENOUGH and any(calls.worked for name, calls in context.sellers.items() if name != seller):
        text = f"all {mine.denied} calls of this seller were denied, and other sellers' calls worked"
        weights = {_SUSPENDED: 1.6, _EXPIRED: 1.5, _REGION: 1.2, _CARD: 0.8, _MARKET: 0.3}
        yield Clue(text=text, weights={**weights, _PATH: -2.0, _GONE: -2.0, _ROLE: -0.8, _OUTAGE: -2.0})


def _stopped(here: Calls) -> Clue:
    text = f"the same operation worked {here.worked} times for this seller in the same trace"
    weights = {_EXPIRED: 2.4, _SUSPENDED: 0.8, _OUTAGE: 0.6, _PATH: -2.5, _ROLE: -1.5, _REGION: -1.5, _MARKET: -1.0}
    if here.last_worked is not None and here.first_denied is not None and here.last_worked < here.first_denied:
        return Clue(
            text=f"{text}, and no more after it was denied first",
            weights={**weights, _GONE: 0.5},
            introduces=frozenset({_EXPIRED}),
        )
    # It works in between: neither the account nor the operation is what is refused, but something of these calls.
    between = {_GONE: -2.5, _SUSPENDED: -2.5, _CARD: -2.5, _EXPIRED: 1.0, _ENCODING: 1.2}
    return Clue(text=text, weights={**weights, **between}, introduces=frozenset({_EXPIRED}))


def _of_others(context: Context, seller: str, operation: str | None) -> Iterator[Clue]:
    if operation is None:
        return
    whole = context.operations.get(operation)
    mine = context.pairs.get((seller, operation))
    if whole is None:
        return
    worked = whole.worked - (mine.worked if mine is not None else 0)
    if worked:
        text = f"the same operation worked {worked} times for other sellers in the same trace"
        weights = {_MARKET: 1.0, _REGION: 0.8, _SUSPENDED: 0.8, _EXPIRED: 0.5}
        yield Clue(text=text, weights={**weights, _PATH: -3.0, _GONE: -3.0, _MISSING: -1.0})


def _of_everybody(context: Context, at: float | None) -> Iterator[Clue]:
    """Whether everybody is refused at one time who was served shortly before."""
    if at is None:
        return
    number = int(at // 60)
    now = [minute for each in range(number, number + _AROUND) if (minute := context.minutes.get(each)) is not None]
    refused = set().union(*(minute.refused for minute in now))
    served = set().union(*(minute.worked for minute in now))
    before = [context.minutes.get(each) for each in range(number - _AROUND, number)]
    had = set().union(*(minute.worked for minute in before if minute is not None))
    if len(refused) >= _ENOUGH and not served and len(had & refused) >= _ENOUGH - 1:
        text = f"{len(refused)} sellers are refused since the same minutes, and nobody is served"
        weights = {_OUTAGE: 4.6, _ROLE: -2.0, _PATH: -1.0, _SUSPENDED: -3.0, _REGION: -3.0, _EXPIRED: -0.5}
        yield Clue(text=text, weights=weights, introduces=frozenset({_OUTAGE}))


def _of_token(context: Context, exchange: Exchange, at: float | None) -> Iterator[Clue]:
    token = None if exchange.request is None else exchange.request.headers.get("x-amz-access-token")
    if not token or at is None:
        return
    span = context.tokens.get(fingerprint(token))
    if span is not None and at - span.first > _LIFE:
        minutes = round((at - span.first) / 60)
        text = f"the same token was sent {minutes} minutes before; it lives 60"
        yield Clue(text=text, weights={_EXPIRED: 6.0}, introduces=frozenset({_EXPIRED}))


def _of_path(context: Context, exchange: Exchange, seller: str, at: float | None) -> Iterator[Clue]:
    request = exchange.request
    if request is None or at is None or request.method != "GET":
        return
    path = request.path
    span = context.found.get((seller, path))
    if span is not None and span.last > at:
        text = f"the same path was found {_ago(span.last - at)} later"
        yield Clue(text=text, weights={_SOONER: 4.6, _MISTYPED: -3.0}, introduces=frozenset({_SOONER}))
        return
    if span is not None:
        yield Clue(text="the same path was found before", weights={_UNAVAILABLE: 2.0, _MISTYPED: -3.0, _SOONER: -2.0})
        return
    made = context.made.get((seller, path.rpartition("/")[0]))
    if made is not None and 0 <= at - made.last <= _SOON:
        text = f"something was made there {_ago(at - made.last)} before"
        yield Clue(text=text, weights={_SOONER: 2.6}, introduces=frozenset({_SOONER}))


def _ago(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} minutes"
