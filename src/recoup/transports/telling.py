"""Telling listeners what happens in a call: made for each call, and only where somebody listens."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from itertools import count

import msgspec

from recoup.diagnosis.diagnosis import Diagnosis
from recoup.errors import SettingsError
from recoup.governor.demand import Exceeded
from recoup.governor.governor import Changed
from recoup.governor.hold import Hold
from recoup.governor.stores import Granted
from recoup.recovery.decision import Decision, Done, GiveUp, Resync, Wait, action_of
from recoup.recovery.history import Attempt
from recoup.redaction import redact_text
from recoup.telemetry.events import (
    AttemptEnded,
    CallEnded,
    CallStarted,
    Event,
    Held,
    Listener,
    Paced,
    PlanExceeded,
    PlanLearned,
    Waited,
    Why,
)
from recoup.telemetry.log import LOGGER, LogEvents, log_events
from recoup.transports.library import Target
from recoup.transports.outcome import Outcome

__all__ = ["Audience", "Telling"]

_numbers = count(1)
_log = logging.getLogger("recoup")


class Audience:
    """Who is told what happens in a client's calls: its listeners, and the log, which needs no configuration.

    The log is the logger `recoup`, unless one of the listeners is a log already. Where its level is WARNING, as it is
    by default, a call that succeeds tells it nothing and makes no events: that costs about a microsecond.

    Raises SettingsError where a listener cannot be called.
    """

    __slots__ = ("_log", "listeners", "wants")

    def __init__(self, listeners: Iterable[Listener] | None) -> None:
        if callable(listeners):
            raise SettingsError(f"listeners: {listeners!r} is one function; give a list of them")
        self.listeners = tuple(listeners or ())
        for listener in self.listeners:
            if not callable(listener):
                raise SettingsError(f"listeners: {listener!r} is not valid; give functions that take one event")
        self._log = None if any(isinstance(each, LogEvents) for each in self.listeners) else log_events()
        self.wants: Callable[[int], bool] = logging.getLogger(LOGGER).isEnabledFor
        """Whether the log wants to know of events of this level."""

    def telling(
        self,
        also: Listener | None,
        now: Callable[[], float],
        target: Target,
        operation: str | None,
        seller: str | None,
    ) -> Telling | None:
        """What tells the events of one call, None where nobody wants to know them all. `also` hears this call only."""
        listeners, log = self.listeners, self._log
        if also is not None:
            listeners = (*listeners, also)
        if log is not None and log.wants(logging.INFO if not listeners else logging.WARNING):
            listeners = (*listeners, log)
        return Telling(listeners, now, target, operation, seller, None) if listeners else None

    def of_trouble(
        self, now: Callable[[], float], target: Target, operation: str | None, seller: str | None, began: float
    ) -> Telling | None:
        """What tells of the trouble in a call of which nobody wants to know more; None where nobody wants even that."""
        if self._log is None or not self._log.wants(logging.WARNING):
            return None
        return Telling((self._log,), now, target, operation, seller, began)


class Telling:
    """The events of one call. Beginning it tells CallStarted. A `quiet` one begins when there is trouble, in a call
    that `began` earlier, and tells only what somebody has to look at: what has the level WARNING or a higher one in the
    table of `recoup.telemetry.log`.
    """

    __slots__ = ("_began", "_call", "_listeners", "_now", "_operation", "_seller", "quiet")

    def __init__(
        self,
        listeners: tuple[Listener, ...],
        now: Callable[[], float],
        target: Target,
        operation: str | None,
        seller: str | None,
        began: float | None,
    ) -> None:
        self.quiet = began is not None
        self._listeners = listeners
        self._now = now
        self._call = next(_numbers)
        self._operation = operation
        self._seller = seller
        self._began = now() if began is None else began
        if self.quiet:
            return
        self._say(
            CallStarted(
                at=self._began,
                call=self._call,
                operation=operation,
                seller=seller,
                method=target.method,
                host=target.authority,
            )
        )

    def waited(self, seconds: float, why: Why) -> None:
        """The call is about to wait."""
        if self.quiet:
            return
        self._say(
            Waited(
                at=self._now(),
                call=self._call,
                operation=self._operation,
                seller=self._seller,
                seconds=seconds,
                why=why,
            )
        )

    def attempt_ended(self, attempt: Attempt, diagnosis: Diagnosis | None, request_id: str | None) -> None:
        """A request was sent and came to an end."""
        if self.quiet:
            return
        self._say(
            AttemptEnded(
                at=attempt.ended_at,
                call=self._call,
                operation=self._operation,
                seller=self._seller,
                attempt=attempt.number,
                seconds=attempt.ended_at - attempt.sent_at,
                status=attempt.status,
                fault=attempt.fault,
                variant=_variant(diagnosis),
                tied=0 if diagnosis is None else len(diagnosis.tied),
                decision=attempt.decision,
                request_id=request_id,
            )
        )

    def ended(self, made: Outcome | None, status: int | None) -> None:
        """The call is over: handed up with this outcome; without one it was broken off before it had any."""
        if self.quiet and (made is None or isinstance(made.decision, Done)):
            return
        now = self._now()
        if made is None:
            self._say(
                CallEnded(
                    at=now,
                    call=self._call,
                    operation=self._operation,
                    seller=self._seller,
                    attempts=0,
                    seconds=now - self._began,
                    waited=0.0,
                    decision="",
                )
            )
            return
        self._say(
            CallEnded(
                at=now,
                call=self._call,
                operation=self._operation,
                seller=self._seller,
                attempts=made.attempts,
                seconds=now - self._began,
                waited=made.history.waited,
                decision=action_of(made.decision),
                status=status,
                fault=None if made.diagnosis is None else made.diagnosis.id,
                variant=_variant(made.diagnosis),
                unknown=made.history.outcome_unknown,
                failed_items=0 if made.diagnosis is None else len(made.failed_items),
                reason="" if made.attempts else _why(made.decision),
            )
        )

    def paced(self, granted: Granted) -> None:
        """The governor gave a place."""
        if self.quiet:
            return
        self._say(
            Paced(
                at=self._now(),
                call=self._call,
                operation=self._operation,
                seller=self._seller,
                wait=granted.wait,
                rate=granted.plan.rate,
                burst=granted.plan.burst,
            )
        )

    def plan_learned(self, changed: Changed) -> None:
        """An answer taught something about the usage plan."""
        if self.quiet:
            return
        self._say(
            PlanLearned(
                at=self._now(),
                call=self._call,
                operation=self._operation,
                seller=self._seller,
                rate=changed.rate,
                before=changed.before,
                throttled=changed.throttled,
            )
        )

    def plan_exceeded(self, exceeded: Exceeded) -> None:
        """More is asked than the plan can give."""
        self._say(
            PlanExceeded(
                at=self._now(),
                call=self._call,
                operation=self._operation,
                seller=self._seller,
                asked=exceeded.asked,
                allowed=exceeded.allowed,
                advice=exceeded.advice,
            )
        )

    def held(self, hold: Hold, *, begun: bool) -> None:
        """A hold began, or the call met one and is not sent."""
        self._say(
            Held(
                at=self._now(),
                call=self._call,
                operation=self._operation,
                seller=self._seller,
                until=hold.until,
                fault=hold.fault,
                reason=hold.reason,
                begun=begun,
            )
        )

    def passed_on(self, event: Event) -> None:
        """An event of the login's, which does not know whose call it is."""
        self._say(msgspec.structs.replace(event, call=self._call))

    def _say(self, event: Event) -> None:
        for listener in self._listeners:
            try:
                listener(event)
            except Exception:  # noqa: BLE001  whoever watches cannot break a call
                _log.exception("a listener failed at %s", type(event).__name__)


def _variant(diagnosis: Diagnosis | None) -> str | None:
    best = None if diagnosis is None else diagnosis.best
    return None if best is None or best.variant is None else best.variant.name


def _why(decision: Decision) -> str:
    if isinstance(decision, GiveUp):
        return redact_text(decision.text or decision.reason)
    return redact_text(decision.reason) if isinstance(decision, Wait | Resync) else ""
