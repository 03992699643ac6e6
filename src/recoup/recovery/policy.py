"""How a call is recovered: the numbers, in two presets, and the table from retry class to decision.

`Policy.documented()` is what the two documents ask for: fewer than four attempts, exponential backoff with full jitter,
a decision by the fault and not by the status. `Policy.aws_standard()` is the standard mode of the AWS SDKs.

The table (retry classes are those of the catalogue):

    BACKOFF, RATE, BACKOFF_SERIAL                          Retry; after the last attempt Wait for minutes
    REAUTH                                                 RenewToken once a call, then GiveUp
    WAIT_STATE                                             Wait: poll the entity, at most one resend
    SCHEDULE, LOCKOUT                                      Wait: nothing for this order and operation before a time
    FIX_OR_WAIT                                            Wait, one's own values being checked first
    VERIFY, RESYNC, RESELECT, RESTART_PAGING, FIX_STATE    Resync
    NEVER, TERMINAL, FIX_INPUT, FIX_REQUEST, HUMAN, CODE   GiveUp

Three rules stand above it. A write whose outcome is unknown is never repeated blindly: Resync(effect). Times that the
other side states, and the pace of the usage plan, beat the backoff's cap; a deadline beats both. A `retryable` on the
wire is evidence: False stops a Retry, True never starts one for a write.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from recoup.catalogue.fault import Action, Recovery, ResyncTarget, RetryClass, WaitSubject, Who
from recoup.diagnosis.diagnosis import Diagnosis
from recoup.errors import SettingsError
from recoup.recovery.backoff import Random, full_jitter
from recoup.recovery.decision import (
    Decision,
    Done,
    GiveUp,
    RenewToken,
    Resync,
    Retry,
    StopReason,
    Wait,
)
from recoup.recovery.history import History
from recoup.recovery.situation import Situation, by_status
from recoup.recovery.standard_mode import RetryKind, standard_kind
from recoup.recovery.stated import instant, seconds

__all__ = ["DOCUMENTED", "Policy", "Verdict"]


class Verdict(msgspec.Struct, frozen=True):
    """A decision, and what it costs of the retry quota (nothing unless it is a Retry).

    `renew` says that the call ends with the decision and that its token was refused all the same: another one has to
    be fetched, or the next call would meet the same refusal.
    """

    decision: Decision
    cost: int = 0
    renew: bool = False


_DONE = Verdict(Done())
_RENEW = Verdict(RenewToken())
_RESYNC_TARGETS = {
    RetryClass.VERIFY: ResyncTarget.EFFECT,
    RetryClass.RESYNC: ResyncTarget.VERSION,
    RetryClass.RESELECT: ResyncTarget.SHIPPING_OPTIONS,
    RetryClass.RESTART_PAGING: ResyncTarget.LISTING,
    RetryClass.FIX_STATE: ResyncTarget.STATE,
}


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of recovery. Durations are seconds; every field says where its default comes from.

    Raises SettingsError, naming the field, where a number makes no sense.
    """

    max_attempts: int = 3  # "<4 attempts", the first one included
    base: float = 1.0  # ceiling of the first delay
    rate_base: float = 1.0  # the same after a throttled attempt
    cap: float = 30.0  # ceiling of every delay
    pace_by_rate: bool = True  # after a throttled attempt wait 1/rate and the backoff
    deadline: float | None = None  # how long one call may take in all
    patience: float = 300.0  # a stated wait longer than this is not slept inside a call, but handed up as Wait
    stated_excess: float | None = None  # how far a stated wait may go beyond the backoff; None: as far as it says
    defer: float | None = 180.0  # "wait a few minutes": the Wait after the last attempt; None: GiveUp instead
    settle: float = 5.0  # how long a request that was not answered may still be at work: read back after that
    poll: tuple[float, ...] = (5.0, 10.0, 20.0, 40.0, 60.0)  # intervals between reads of an entity that is worked on
    capacity_wait: float = 900.0  # carrier or site capacity comes back in minutes or hours
    lockout: float = 3600.0  # where a lock-out does not say how long: the documented cooling period
    probe_internal_failure_once: bool = False  # try a permanent InternalFailure once more, where that cannot harm
    quota_capacity: int = 500  # the retry quota and its prices: AWS SDKs' standard mode
    retry_cost: int = 5
    timeout_cost: int = 10
    rate_cost: int = 5
    success_gain: int = 1  # what a success at the first attempt puts back
    standard_mode: bool = False  # what is retried is told by AWS's lists of statuses and codes first

    def __post_init__(self) -> None:
        for name in ("max_attempts", "quota_capacity", "retry_cost", "timeout_cost", "rate_cost", "success_gain"):
            if type(getattr(self, name)) is not int:
                raise SettingsError(f"{name}: {getattr(self, name)!r} is not valid; it must be a whole number")
        for name in ("base", "rate_base", "cap", "patience", "settle", "capacity_wait", "lockout"):
            if not _is_number(getattr(self, name)):
                raise SettingsError(f"{name}: {getattr(self, name)!r} is not valid; it must be a number of seconds")
        if not all(_is_number(pause) and pause >= 0 for pause in self.poll):
            raise SettingsError(f"poll: {self.poll!r} is not valid; it must be intervals of 0 seconds or more")
        for name in ("max_attempts", "cap", "settle", "lockout"):
            if not getattr(self, name) > 0:
                raise SettingsError(f"{name}: {getattr(self, name)!r} is not valid; it must be greater than 0")
        for name in ("base", "rate_base", "patience", "capacity_wait", "quota_capacity"):
            if not getattr(self, name) >= 0:
                raise SettingsError(f"{name}: {getattr(self, name)!r} is not valid; it must be 0 or greater")
        for name in ("retry_cost", "timeout_cost", "rate_cost", "success_gain"):
            if not getattr(self, name) >= 0:
                raise SettingsError(f"{name}: {getattr(self, name)!r} is not valid; it must be 0 or greater")
        for name in ("deadline", "defer", "stated_excess"):
            value = getattr(self, name)
            if value is not None and not (_is_number(value) and value >= 0):
                raise SettingsError(f"{name}: {value!r} is not valid; it must be 0 or greater, or None")

    @classmethod
    def documented(cls) -> Policy:
        """What "External Fulfillment, Error Handling" and "Resolve Common HTTP and Authorization Error Codes" ask
        for.
        """
        return cls()

    @classmethod
    def aws_standard(cls, generation: Literal["2.0", "2.1"] = "2.1") -> Policy:
        """The standard retry mode of the AWS SDKs, in its present generation (2.1) or the one before it."""
        common = cls(cap=20.0, pace_by_rate=False, stated_excess=5.0, defer=None, standard_mode=True)
        if generation == "2.0":
            return msgspec.structs.replace(common, retry_cost=5, timeout_cost=10, rate_cost=5)
        return msgspec.structs.replace(common, base=0.05, retry_cost=14, timeout_cost=14, rate_cost=5)

    # --- the table ---------------------------------------------------------------------------------------------------

    def decide(self, diagnosis: Diagnosis, history: History, situation: Situation, random: Random) -> Verdict:
        """What to do now. `history` includes the attempt that failed; `random` gives numbers in [0, 1)."""
        if not diagnosis.failed:
            return _DONE
        if self.standard_mode:
            kind = standard_kind(diagnosis)
            if kind is not None:
                return self._again(diagnosis, history, situation, random, kind)
        best = diagnosis.best
        if best is not None:
            recovery, fix, who, text = best.recovery, best.remedy.action, best.who, best.remedy.text
        else:
            fallback = by_status(diagnosis)
            recovery, fix, who, text = Recovery(retry=fallback.retry), fallback.fix, fallback.who, ""

        retry = recovery.retry
        match retry:
            case RetryClass.BACKOFF | RetryClass.BACKOFF_SERIAL:
                kind = RetryKind.TRANSIENT if diagnosis.no_response is None else RetryKind.TIMEOUT
                return self._again(diagnosis, history, situation, random, kind)
            case RetryClass.RATE:
                return self._again(diagnosis, history, situation, random, RetryKind.THROTTLING)
            case RetryClass.REAUTH:
                if situation.unknown and not situation.repeatable:  # a new token would repeat it as blindly
                    return self._read_back(situation)
                return self._renewal(diagnosis, history, situation, fix, who)
            case RetryClass.WAIT_STATE:
                return Verdict(self._poll(recovery, text))
            case RetryClass.SCHEDULE | RetryClass.LOCKOUT:
                return Verdict(self._schedule(diagnosis, recovery, situation, text))
            case RetryClass.FIX_OR_WAIT:
                return Verdict(self._capacity(recovery, text))
            case (
                RetryClass.VERIFY
                | RetryClass.RESYNC
                | RetryClass.RESELECT
                | RetryClass.RESTART_PAGING
                | RetryClass.FIX_STATE
            ):
                return Verdict(_resync(recovery, history, text))
            case RetryClass.NEVER:
                if self._may_probe(diagnosis, history, situation):
                    return self._again(diagnosis, history, situation, random, RetryKind.TRANSIENT)
                reason = StopReason.PERMANENT if best is not None else StopReason.UNKNOWN
                return Verdict(GiveUp(reason=reason, fix=fix, who=who, text=text))
            case RetryClass.TERMINAL:
                return Verdict(GiveUp(reason=StopReason.PERMANENT, fix=fix, who=who, stop_order=True, text=text))
            case RetryClass.FIX_INPUT | RetryClass.FIX_REQUEST | RetryClass.HUMAN | RetryClass.CODE:
                reason = StopReason.PERMANENT if best is not None else StopReason.UNKNOWN
                return Verdict(GiveUp(reason=reason, fix=fix, who=who, text=text))

    def stopped(self, reason: StopReason, after: float, text: str) -> Decision:
        """What remains where the request may work later but this call sends it no more.

        Used-up attempts and an empty quota become a Wait of minutes, at least `after` seconds, where the policy defers.
        """
        if self.defer is not None and reason in (StopReason.ATTEMPTS, StopReason.QUOTA):
            return Wait(subject=WaitSubject.CALL, after=max(self.defer, after), reason=text)
        return GiveUp(reason=reason, fix=Action.RETRY, who=Who.NOBODY, after=after, text=text)

    def out_of_quota(self, after: float) -> Decision:
        """What remains where the retry that was decided would cost more than the shared quota holds."""
        return self.stopped(StopReason.QUOTA, after, "the retry quota that all calls share is used up")

    # --- one builder a kind of decision ------------------------------------------------------------------------------

    def _again(
        self, diagnosis: Diagnosis, history: History, situation: Situation, random: Random, kind: RetryKind
    ) -> Verdict:
        if diagnosis.retryable_field is False:
            return Verdict(
                GiveUp(
                    reason=StopReason.PERMANENT,
                    fix=Action.CONTACT_AMAZON,
                    who=Who.AMAZON,
                    text="the answer itself says that it is not retryable",
                )
            )
        if situation.unknown and not situation.repeatable:
            return self._read_back(situation)
        delay = self._delay(history, situation, random, kind)
        if diagnosis.http_status is not None and diagnosis.http_status < 300:
            # Part of a batch failed: the same bytes would repeat what has worked as well.
            return Verdict(Wait(subject=WaitSubject.CALL, after=delay, reason="send again only the items that failed"))
        if not situation.replayable:
            return Verdict(
                self.stopped(StopReason.NOT_REPLAYABLE, delay, "the body was a stream and cannot be sent again")
            )
        if history.count >= self.max_attempts:
            return Verdict(self.stopped(StopReason.ATTEMPTS, delay, f"{history.count} attempts have failed"))
        if delay > self.patience:
            return Verdict(
                Wait(subject=WaitSubject.CALL, after=delay, reason="the stated wait is too long for one call")
            )
        if situation.deadline is not None and situation.now is not None and situation.now + delay > situation.deadline:
            return Verdict(self.stopped(StopReason.DEADLINE, delay, "the next attempt would come after the deadline"))
        return Verdict(Retry(after=delay), self._cost(kind))

    def _read_back(self, situation: Situation) -> Verdict:
        return Verdict(
            Resync(
                target=ResyncTarget.EFFECT,
                after=max(self.settle, situation.stated or 0.0),
                reason="the request may have taken effect: read before anything is sent again",
            )
        )

    def _delay(self, history: History, situation: Situation, random: Random, kind: RetryKind) -> float:
        throttled = kind is RetryKind.THROTTLING
        backoff = full_jitter(history.count - 1, self.rate_base if throttled else self.base, self.cap, random)
        delay = backoff
        if throttled and self.pace_by_rate and situation.rate:
            delay += 1.0 / situation.rate
        if situation.stated is not None:
            stated = situation.stated
            if self.stated_excess is not None:
                stated = min(stated, backoff + self.stated_excess)
            delay = max(delay, stated)
        return delay

    def _cost(self, kind: RetryKind) -> int:
        match kind:
            case RetryKind.TRANSIENT:
                return self.retry_cost
            case RetryKind.TIMEOUT:
                return self.timeout_cost
            case RetryKind.THROTTLING:
                return self.rate_cost

    def _renewal(self, diagnosis: Diagnosis, history: History, situation: Situation, fix: Action, who: Who) -> Verdict:
        # A 403 with empty details is a missing role, a wrong path, a suspended account: no new token changes that.
        # Unless its message says what details usually do, as where a library or a gateway wrote it anew.
        best = diagnosis.best
        told = best is not None and best.basis == "message" and not diagnosis.tied
        bare = diagnosis.status == 403 and not told and not (diagnosis.details or "").strip()
        if bare or history.token_renewed:
            text = "a new token would change nothing" if bare else "refused again with a new token"
            ask = fix
            if fix is Action.RENEW_TOKEN:
                ask = Action.CHANGE_CREDENTIALS if bare else Action.REAUTHORISE
            return Verdict(
                GiveUp(
                    reason=StopReason.PERMANENT,
                    fix=ask,
                    who=Who.OPERATOR if who in (Who.NOBODY, Who.DEVELOPER) else who,
                    text=text,
                )
            )
        if not situation.replayable:
            text = "the token was refused, and the body was a stream and cannot be sent again"
            return Verdict(self.stopped(StopReason.NOT_REPLAYABLE, 0.0, text), renew=True)
        if situation.deadline is not None and situation.now is not None and situation.now > situation.deadline:
            return Verdict(self.stopped(StopReason.DEADLINE, 0.0, "the deadline has passed"))
        return _RENEW

    def _poll(self, recovery: Recovery, text: str) -> Wait:
        return Wait(
            subject=recovery.wait or WaitSubject.ENTITY,
            after=self.poll[0] if self.poll else None,
            entity=recovery.poll,
            poll=self.poll,
            resends=1,
            reason=text,
        )

    def _schedule(self, diagnosis: Diagnosis, recovery: Recovery, situation: Situation, text: str) -> Wait:
        lockout = recovery.retry is RetryClass.LOCKOUT
        stated = diagnosis.parameters.get(recovery.until) if recovery.until is not None else None
        after = situation.stated
        moment = instant(stated)
        if moment is not None:
            # By the clock that will judge the next attempt: by ours, were it fast, every attempt would come too early.
            since = situation.theirs if situation.theirs is not None else situation.now
            after = max(0.0, moment - since) if since is not None else after
            text = f"not before {stated}: {text}"
        elif (duration := seconds(stated)) is not None:
            after = duration
        elif lockout and after is None:
            after = self.lockout
        return Wait(
            subject=recovery.wait or WaitSubject.ORDER_OPERATION,
            after=after,
            entity=recovery.poll,
            resends=1 if lockout else 0,
            reason=text,
        )

    def _capacity(self, recovery: Recovery, text: str) -> Wait:
        return Wait(
            subject=recovery.wait or WaitSubject.ORDER_OPERATION,
            after=self.capacity_wait,
            entity=recovery.poll,
            reason=text,
        )

    def _may_probe(self, diagnosis: Diagnosis, history: History, situation: Situation) -> bool:
        if diagnosis.retryable_field is True and not situation.writes:
            return True
        if not self.probe_internal_failure_once or diagnosis.status != 500 or history.count != 1:
            return False
        return situation.repeatable or not situation.unknown


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _resync(recovery: Recovery, history: History, text: str) -> Resync:
    if recovery.retry is RetryClass.VERIFY and history.outcome_unknown:
        text = f"an earlier attempt of this very call may have done it. {text}".rstrip()
    return Resync(target=recovery.resync or _RESYNC_TARGETS[recovery.retry], reason=text)


DOCUMENTED = Policy()
"""The default policy: what the two documents ask for."""
