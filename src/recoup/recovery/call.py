"""One logical request with all its attempts, without doing any input or output.

A driver feeds a `Call` what happened and does what it is told; it needs to be able to send, to sleep, and to fetch a
token:

    step = call.begin(now)
    while True:
        match step:
            case Send():    exchange = ...; step = call.answered(exchange, now)   # or call.succeeded(now), or, where
                            it is not to be sent at all, call.withheld(decision, now)
            case Sleep():   sleep(step.seconds); step = call.rested(now)
            case Renew():   ok = ...; step = call.renewed(ok, now)
            case Finish():  break

`now` is always epoch seconds. Everything that decides lives in `Policy`; here is only the order of events. A call that
succeeds at once costs next to nothing: neither an Exchange nor a Diagnosis is built, and the catalogue is not loaded.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from recoup.catalogue.facts.operations import Operation
from recoup.catalogue.fault import Action, Who
from recoup.diagnosis.diagnosis import Diagnosis
from recoup.exchange import Exchange
from recoup.recovery.backoff import Random
from recoup.recovery.decision import Decision, Done, GiveUp, RenewToken, Retry, StopReason, action_of
from recoup.recovery.history import EMPTY, Attempt, History
from recoup.recovery.judgement import judged, led_by_strictest
from recoup.recovery.policy import DOCUMENTED, Policy
from recoup.recovery.quota import QuotaAccess
from recoup.recovery.situation import situate
from recoup.redaction import mask

__all__ = ["Call", "Finish", "Renew", "Send", "Sleep", "Step"]


class Send(msgspec.Struct, frozen=True):
    """Send the request now. `attempt` counts from 1; `token_renewed` says that it must carry the new token."""

    attempt: int
    token_renewed: bool = False


class Sleep(msgspec.Struct, frozen=True):
    """Do nothing for so many seconds, then call `rested`."""

    seconds: float


class Renew(msgspec.Struct, frozen=True):
    """Fetch a new access token, then call `renewed`. Keep the answer until then: it may be the one to hand up.

    `stale_token` is the one that was refused, as the request carried it: where the token holder has another one by now,
    that one is new enough and nothing need be fetched.
    """

    stale_token: str | None

    def __repr__(self) -> str:
        return f"Renew({mask(self.stale_token) if self.stale_token else None})"


class Finish(msgspec.Struct, frozen=True):
    """The call is over: hand the last response (or exception) up, with these.

    `diagnosis` is None only where nothing was diagnosed: a success that the driver reported with `succeeded`, or a
    deadline that had passed before anything was sent. Its `decision` and `retryable` are filled in.
    """

    diagnosis: Diagnosis | None
    decision: Decision
    history: History


Step = Send | Sleep | Renew | Finish

TOKEN_HEADER = "x-amz-access-token"  # noqa: S105  the name of a header field
_DONE = Done()


class Call:
    """One call: created for each logical request, fed by its driver, and thrown away.

    `method` and `operation` (where known) tell whether the request writes; `safe` overrides what they say about
    repeating it when the outcome is unknown (the token request of Login with Amazon is a POST and safe). `replayable`
    False: the body is a stream that is gone once sent. `can_renew` False: the driver has no way to fetch a token, so
    that a refusal is handed up as `RenewToken`. `deadline` (epoch seconds) is the caller's; the policy's own, counted
    from `begin`, is observed too. `random` gives numbers in [0, 1). `quota` is shared with the other calls of the
    same client.
    """

    __slots__ = (
        "_can_renew",
        "_cost",
        "_deadline",
        "_failure",
        "_history",
        "_last",
        "_method",
        "_number",
        "_operation",
        "_policy",
        "_quota",
        "_random",
        "_replayable",
        "_safe",
        "_sent_at",
        "_state",
        "_waited",
    )

    def __init__(
        self,
        *,
        random: Random,
        policy: Policy | None = None,
        deadline: float | None = None,
        replayable: bool = True,
        can_renew: bool = True,
        method: str | None = None,
        operation: Operation | None = None,
        safe: bool | None = None,
        quota: QuotaAccess | None = None,
    ) -> None:
        self._random = random
        self._policy = policy if policy is not None else DOCUMENTED
        self._deadline = deadline
        self._replayable = replayable
        self._can_renew = can_renew
        self._method = method
        self._operation = operation
        self._safe = safe
        self._quota = quota
        self._history = EMPTY
        self._number = 1
        self._cost = 0  # of the latest retry: a success puts it back
        self._sent_at = 0.0
        self._waited = 0.0
        self._failure: Diagnosis | None = None  # of the latest attempt
        self._last: Decision | None = None  # what the call ends with once a token is there for the next one
        self._state = _State.NEW

    @property
    def deadline(self) -> float | None:
        """The earlier one of the caller's deadline and the policy's, in epoch seconds, once the call has begun."""
        return self._deadline

    @property
    def waited(self) -> float:
        """Seconds for which the call has waited since its latest attempt."""
        return self._waited

    @property
    def repeats(self) -> bool:
        """Whether an attempt has ended already."""
        return self._failure is not None

    @property
    def history(self) -> History:
        """The attempts that have ended so far."""
        return self._history

    def begin(self, now: float) -> Step:
        """Start: `Send`, or `Finish` where the deadline has passed already."""
        self._expect(_State.NEW)
        own = self._policy.deadline
        if own is not None:
            self._deadline = now + own if self._deadline is None else min(self._deadline, now + own)
        return self._send(now)

    def succeeded(self, now: float, status: int | None = None) -> Step:
        """The attempt ended with a response in which no failure can hide (see `recoup.diagnosis.may_hide_failure`)."""
        self._expect(_State.SENT)
        return self._done(None, now, status)

    def answered(
        self, exchange: Exchange, now: float, diagnosis: Diagnosis | None = None, *, paced: bool = False
    ) -> Step:
        """The attempt ended with this exchange: a response whose body is read, or no response.

        Diagnoses it unless the driver has done so. An exchange in which nothing failed ends the call with `Done`.
        `paced`: the driver keeps to the usage plan itself, so that a throttled attempt need not wait for it twice.
        """
        self._expect(_State.SENT)
        if diagnosis is None:
            from recoup.diagnosis.engine import diagnose  # late: a call that succeeds never pays for the catalogue

            diagnosis = diagnose(exchange)
        if not diagnosis.failed:
            return self._done(diagnosis, now, diagnosis.http_status)
        diagnosis = led_by_strictest(diagnosis, self._policy, now)
        situation = situate(
            diagnosis,
            exchange,
            now=now,
            deadline=self._deadline,
            method=self._method,
            operation=self._operation,
            safe=self._safe,
            replayable=self._replayable,
        )
        if paced:
            situation = msgspec.structs.replace(situation, rate=None)
        attempt = Attempt(
            number=self._number,
            sent_at=self._sent_at,
            ended_at=now,
            waited=self._waited,
            status=diagnosis.http_status,
            fault=diagnosis.id,
            unknown=situation.unknown,
        )
        history = self._history.with_attempt(attempt)
        verdict = self._policy.decide(diagnosis, history, situation, self._random)
        decision = verdict.decision
        if isinstance(decision, Retry) and self._quota is not None and not self._quota.take(verdict.cost):
            decision = self._policy.out_of_quota(decision.after)
        self._history = history.with_decision(action_of(decision))
        self._failure = diagnosis
        if self._can_renew and (verdict.renew or isinstance(decision, RenewToken)):
            self._last = decision if verdict.renew else None
            self._history = self._history.with_renewal()
            self._state = _State.RENEWING
            request = exchange.request
            return Renew(request.headers.get(TOKEN_HEADER) if request is not None else None)
        if isinstance(decision, Retry):
            self._cost = verdict.cost
            self._number += 1
            self._waited = decision.after
            self._state = _State.RESTING
            return Sleep(decision.after)
        return self._finish(diagnosis, decision, now)

    def paced(self, waited: float, now: float) -> None:
        """After `Send`: the driver waited for its turn, for so many seconds, and sends now. No answer is needed."""
        self._expect(_State.SENT)
        self._waited += waited
        self._sent_at = now

    def withheld(self, decision: Decision, now: float) -> Finish:
        """After `Send`: the driver does not send, because something holds the request back. `decision` says what."""
        self._expect(_State.SENT)
        return self._finish(self._failure, decision, now)

    def rested(self, now: float) -> Step:
        """The sleep is over: `Send`, or `Finish` where it took so long that the deadline has passed."""
        self._expect(_State.RESTING)
        return self._send(now)

    def renewed(self, ok: bool, now: float, reason: str = "", decision: Decision | None = None) -> Step:
        """The token was fetched (`Send`), or could not be (`Finish`).

        `Finish` too where the request cannot be sent again: then the new token is for the next one. After a failure
        `decision` is what the login's own failure was judged to need, and is handed up as it is; without one the call
        gives up and asks for credentials. `reason` goes into the text and must hold no secret.
        """
        self._expect(_State.RENEWING)
        if ok and self._last is not None:
            return self._finish(self._failure, self._last, now)
        if ok:
            self._waited = 0.0
            return self._send(now)
        if decision is None:
            decision = GiveUp(
                reason=StopReason.PERMANENT,
                fix=Action.CHANGE_CREDENTIALS,
                who=Who.OPERATOR,
                text=reason or "no new access token could be fetched",
            )
        return self._finish(self._failure, decision, now)

    def _expect(self, state: _State) -> None:
        if self._state is not state:
            raise RuntimeError(f"the driver of this call is out of step: it is {self._state}, not {state}")

    def _send(self, now: float) -> Step:
        if self._deadline is not None and now > self._deadline:
            late = self._policy.stopped(StopReason.DEADLINE, 0.0, "the deadline has passed")
            return self._finish(self._failure, late, now)
        self._sent_at = now
        self._state = _State.SENT
        return Send(self._number, self._history.token_renewed)

    def _done(self, diagnosis: Diagnosis | None, now: float, status: int | None) -> Finish:
        if self._quota is not None:
            self._quota.give(self._cost or self._policy.success_gain)
        attempt = Attempt(
            number=self._number,
            sent_at=self._sent_at,
            ended_at=now,
            waited=self._waited,
            status=status,
            decision="done",
        )
        self._history = self._history.with_attempt(attempt)
        self._state = _State.OVER
        return Finish(diagnosis, _DONE, self._history)

    def _finish(self, diagnosis: Diagnosis | None, decision: Decision, now: float) -> Finish:
        self._state = _State.OVER
        if diagnosis is not None:
            unknown = self._history.outcome_unknown
            diagnosis = judged(diagnosis, decision, self._policy, now, unknown=unknown)
        return Finish(diagnosis, decision, self._history)


class _State(StrEnum):
    """Where a call stands: what its driver must report next."""

    NEW = "new"
    SENT = "waiting for an answer"
    RESTING = "resting"
    RENEWING = "waiting for a token"
    OVER = "over"
