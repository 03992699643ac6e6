"""Calls that were not sent at all: the decision where a hold is in the way, and the exceptions for their callers."""

from __future__ import annotations

from datetime import UTC, datetime
from math import ceil

from recoup.catalogue.fault import WaitSubject, Who
from recoup.errors import AskPerson, FaultError, TryLater
from recoup.governor.hold import Hold
from recoup.recovery.decision import Decision, GiveUp, StopReason, Wait, decision_as_dict
from recoup.transports.outcome import Outcome

__all__ = ["not_sent", "of_hold"]


def of_hold(hold: Hold, now: float) -> Decision:
    """What is left to do for a call that met this hold at `now`: wait for its end, or for a person who acts."""
    remedy = "" if hold.remedy in hold.reason else hold.remedy  # some holds begin for what heals them
    said = " ".join(part for part in (hold.reason, remedy) if part)
    if hold.until is not None:
        after = max(0.0, hold.until - now)
        text = f"held back for {_seconds(after)} s more, until {_instant(hold.until)}"
        return Wait(subject=WaitSubject.ORDER_OPERATION, after=after, reason=f"{text}: {said}" if said else text)
    text = f"held back until somebody resumes it: {said}" if said else "held back until somebody resumes it"
    who = Who(hold.who) if hold.who in tuple(Who) else Who.OPERATOR
    return GiveUp(reason=StopReason.PERMANENT, who=Who.OPERATOR if who is Who.NOBODY else who, text=text)


def not_sent(made: Outcome, fault: str | None) -> FaultError:
    """What is raised where there is neither a response nor an exception of the library to hand up.

    `fault` is the id of what was diagnosed when the hold in the way began. TryLater, or AskPerson where a person must
    act first.
    """
    decision = made.decision
    why = decision.text if isinstance(decision, GiveUp) else getattr(decision, "reason", "")
    text, plain = f"nothing was sent: {why}", decision_as_dict(decision)
    if isinstance(decision, GiveUp) and decision.reason is StopReason.PERMANENT:
        asked = AskPerson(text, fault=fault, decision=plain)
        asked.who = str(decision.who)
        return asked
    error = TryLater(text, fault=fault, decision=plain)
    error.after = decision.after if isinstance(decision, Wait | GiveUp) else None
    return error


def _seconds(seconds: float) -> str:
    """Whole seconds, rounded up: nobody should come too early."""
    return str(ceil(seconds))


def _instant(at: float) -> str:
    try:
        return datetime.fromtimestamp(at, UTC).isoformat(" ", "seconds").removesuffix("+00:00") + " UTC"
    except (ValueError, OverflowError, OSError):  # an instant that no calendar has
        return f"{at:.0f} s after 1970"
