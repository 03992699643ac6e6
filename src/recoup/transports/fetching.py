"""Fetching one access token: what the first of many callers does on behalf of all of them.

Look whether the credentials are parked; look whether another process has fetched a token already, or is about to; ask
Login with Amazon, with the other client secret where the first one is refused; keep what came, or park what was
refused. Whatever a store has to say is asked for by `Consult` where it may block.
"""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec

from recoup.catalogue.fault import Action, Who
from recoup.diagnosis.diagnosis import Diagnosis
from recoup.errors import FaultError, FixRequest, RecoupError, TryLater
from recoup.exchange import Exchange, Request
from recoup.governor.hold import Hold
from recoup.login.credentials import Credentials
from recoup.login.grant import token_request
from recoup.login.identity import TokenKey, token_key
from recoup.login.keeping import Tokens
from recoup.login.token import AccessToken, read_token
from recoup.recovery.decision import Decision, GiveUp, StopReason, decision_as_dict
from recoup.recovery.history import History
from recoup.redaction import redact_url
from recoup.telemetry.events import Event, Held, TokenAttemptEnded, TokenFetched, TokenRefused
from recoup.transports.effects import Consult, Flow, SleepFor
from recoup.transports.ending import Endings
from recoup.transports.outcome import fault_error
from recoup.transports.parking import Parks, refused_secret, why_parked

__all__ = ["Ask", "Errand", "LoginFailed", "Obtained", "Tell", "obtain"]

LEASE = 10.0
"""Seconds for which other processes wait for the one that fetches. Then they fetch for themselves."""

_LOG = logging.getLogger("recoup.login")
_FIRST_LOOK, _LONGEST_LOOK = 0.05, 0.5  # seconds between two looks at what another process fetches
T = TypeVar("T")
Ask = Callable[[Request], Flow[tuple[Exchange, Diagnosis | None, Decision, History]]]
"""A flow that sends a token request and ends with its exchange, its diagnosis, the decision about it, its attempts."""
Tell = Callable[[Event], object]
"""Is told what happens."""


class LoginFailed(RecoupError):
    """Inside the transports: the token could not be had. `error` is what the caller gets to see.

    `final` says that no repeat can heal it, as long as the credentials stay what they are. `parked` is the hold that
    remembers it for all who share the store, where it is a matter of one.
    """

    def __init__(self, error: FaultError, decision: Decision, *, final: bool, parked: Hold | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.decision = decision
        self.final = final
        self.parked = parked

    def again(self) -> LoginFailed:
        """A copy to raise. One instance raised by many calls would gather all their tracebacks, and never let go."""
        return LoginFailed(copy.copy(self.error), self.decision, final=self.final, parked=self.parked)


class Obtained(msgspec.Struct, frozen=True):
    """A token, and the version of the credentials that it was had with."""

    token: AccessToken
    version: Credentials


class Errand(msgspec.Struct, frozen=True, kw_only=True):
    """What a token is fetched with. `versions` are the credentials with each secret that is known, the likeliest first.

    `stale` is the token that was refused, `known` the refusal that this process remembers, `first` whether these
    credentials have not worked yet, `deadline` the instant (epoch seconds) at which the call that fetches must be over.
    """

    versions: tuple[Credentials, ...]
    token_url: str
    seller: str
    parks: Parks
    tokens: Tokens | None
    endings: Endings
    owner: str
    stale: str | None
    known: LoginFailed | None
    first: bool
    deadline: float | None = None


class _Seen(msgspec.Struct, frozen=True):
    """What the store said: a park, a token of another process, or the versions that may ask after `wait` seconds."""

    hold: Hold | None = None
    token: AccessToken | None = None
    versions: tuple[Credentials, ...] = ()
    wait: float = 0.0


def obtain(errand: Errand, now: Callable[[], float], ask: Ask, tell: Tell | None) -> Flow[Obtained | LoginFailed]:
    """The flow. Ends with the token or the refusal; raises what `ask` raises, and LoginFailed where the deadline comes
    while another process fetches: then it is over for this call, and not for those that wait for it.
    """
    began = now()
    waited, pause = 0.0, _FIRST_LOOK
    while True:
        patient = waited < LEASE
        seen = yield from _careful(errand, lambda: _look(errand, now(), patient))  # noqa: B023  called at once
        if seen is None:  # the store cannot be reached: what this process knows itself counts
            known = errand.known
            seen = _Seen(hold=known.parked if known is not None else None, versions=errand.versions)
        if seen.hold is not None:
            return _still_parked(errand, seen.hold, now(), tell)
        if seen.token is not None:
            if tell is not None:
                lasts = seen.token.expires_at - now()
                tell(TokenFetched(at=now(), seller=errand.seller, lasts=lasts, seconds=now() - began, shared=True))
            return Obtained(seen.token, seen.versions[0])
        if not seen.wait:
            break
        pause = min(pause, seen.wait)
        if errand.deadline is not None:
            left = errand.deadline - now()
            if left <= 0:
                raise _too_late(seen.wait)
            pause = min(pause, left)
        yield SleepFor(pause)
        waited += pause
        pause = min(2 * pause, _LONGEST_LOOK)
    found = yield from _asked(errand, seen.versions, now, ask, tell)
    yield from _careful(errand, lambda: _settle(errand, seen.versions[0], found, now()))
    if isinstance(found, Obtained):
        errand.endings.announce(now(), tell)
        if tell is not None:
            lasts = found.token.expires_at - now()
            tell(TokenFetched(at=now(), seller=errand.seller, lasts=lasts, seconds=now() - began))
    elif tell is not None:
        hold = found.parked
        tell(TokenRefused(at=now(), seller=errand.seller, fault=found.error.fault, parked=hold is not None))
        if hold is not None:
            begun = Held(
                at=now(), seller=errand.seller, until=hold.until, fault=hold.fault, reason=hold.reason, begun=True
            )
            tell(begun)
    return found


def _too_late(wait: float) -> LoginFailed:
    text = "another process is about to fetch the access token, and the deadline came first"
    decision = GiveUp(reason=StopReason.DEADLINE, fix=Action.RETRY, who=Who.NOBODY, after=wait, text=text)
    error = TryLater(f"nothing was sent: {text}", decision=decision_as_dict(decision))
    error.after = wait
    return LoginFailed(error, decision, final=False)


def _look(errand: Errand, now: float, patient: bool) -> _Seen:
    standing = errand.parks.standing(errand.versions, now)
    if isinstance(standing, Hold):
        return _Seen(hold=standing)
    versions = tuple(standing)
    tokens = errand.tokens
    if tokens is None or not tokens.keeps:
        return _Seen(versions=versions)
    key = token_key(versions[0], errand.seller)
    kept = _kept(errand, tokens, key, now)
    wait = 0.0
    if kept is None and patient:
        wait = tokens.lease(key, errand.owner, now=now, seconds=LEASE)
        if not wait:  # whoever had it may have kept a token and freed it since we looked
            kept = _kept(errand, tokens, key, now)
            if kept is not None:
                tokens.free(key, errand.owner)
    return _Seen(token=kept, versions=versions, wait=wait)


def _kept(errand: Errand, tokens: Tokens, key: TokenKey, now: float) -> AccessToken | None:
    """A token of somebody else that helps: not the one that was refused, and good for a minute more."""
    found = tokens.read(key, now=now)
    return found if found is not None and found.value != errand.stale and found.usable(now) else None


def _still_parked(errand: Errand, hold: Hold, now: float, tell: Tell | None) -> LoginFailed:
    if tell is not None:
        tell(Held(at=now, seller=errand.seller, until=hold.until, fault=hold.fault, reason=hold.reason))
    known = errand.known
    if known is not None and known.parked is not None and known.parked.key == hold.key:
        return known
    error, decision = why_parked(hold)
    return LoginFailed(error, decision, final=True, parked=hold)


def _asked(
    errand: Errand, versions: Sequence[Credentials], now: Callable[[], float], ask: Ask, tell: Tell | None
) -> Flow[Obtained | LoginFailed]:
    """Ask Login with Amazon: with the next secret only where the one before is refused as one."""
    refused: list[Credentials] = []
    while True:
        version = versions[len(refused)]
        sent_at = now()
        exchange, diagnosis, decision, history = yield from ask(token_request(version, errand.token_url))
        if tell is not None:
            _tell_attempts(errand, history, tell)
        found = _read(exchange, sent_at, diagnosis, decision)
        if isinstance(found, AccessToken):
            return Obtained(found, version)
        refused.append(version)
        another = found.final and refused_secret(found.error.fault)
        if not another or len(refused) == len(versions):
            break
    if found.final and diagnosis is not None:
        parks, seen = errand.parks, diagnosis
        about = refused if another else refused[-1:]
        found.parked = yield from _careful(errand, lambda: parks.park(seen, about, now()))
    return found


def _tell_attempts(errand: Errand, history: History, tell: Tell) -> None:
    for each in history.attempts:
        event = TokenAttemptEnded(
            at=each.ended_at,
            seller=errand.seller,
            attempt=each.number,
            seconds=each.ended_at - each.sent_at,
            status=each.status,
            fault=each.fault,
            decision=each.decision,
        )
        tell(event)


def _settle(errand: Errand, asked: Credentials, found: Obtained | LoginFailed, now: float) -> None:
    tokens = errand.tokens
    if isinstance(found, Obtained):
        if errand.first:
            errand.parks.healed(found.version, now)
        if tokens is not None:
            errand.endings.remember(tokens)
            if tokens.keeps:
                tokens.keep(token_key(found.version, errand.seller), found.token, now=now)
    if tokens is not None and tokens.keeps:
        tokens.free(token_key(asked, errand.seller), errand.owner)


def _careful(errand: Errand, function: Callable[[], T]) -> Flow[T | None]:
    """What the store says, or None where it cannot be reached: then this process goes on by what it knows itself."""
    try:
        if errand.parks.blocking:
            found: T = yield Consult(function)
            return found
        return function()
    except RecoupError as error:
        _LOG.warning("the store of tokens and parks cannot be used, and is done without this time: %s", error)
        return None


def _read(
    exchange: Exchange, sent_at: float, diagnosis: Diagnosis | None, decision: Decision
) -> AccessToken | LoginFailed:
    if diagnosis is not None and diagnosis.failed:
        # Only what Login with Amazon says itself is final: a page or a bare status may come from anything on the way.
        said = diagnosis.best is not None and diagnosis.best.basis in ("message", "code")
        final = said and isinstance(decision, GiveUp) and decision.reason is StopReason.PERMANENT
        return LoginFailed(fault_error(diagnosis, decision, "no access token: "), decision, final=final)
    token = read_token(exchange, sent_at)
    if isinstance(token, AccessToken):
        return token
    decision = GiveUp(reason=StopReason.UNKNOWN, text=token.reason)
    url = exchange.request.url if exchange.request is not None else "the token URL"
    return LoginFailed(
        FixRequest(f"no access token came from {redact_url(url)}: {token.reason}"), decision, final=False
    )
