"""What to do now: a closed set of six decisions.

A transport carries out `Retry` and `RenewToken` by itself and hands the others up with the diagnosis. Matched
exhaustively wherever they are carried out, so that a seventh cannot be added and forgotten. Durations are seconds.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec

from recoup.catalogue.fault import Action, ResyncTarget, WaitSubject, Who

__all__ = [
    "Decision",
    "Done",
    "GiveUp",
    "RenewToken",
    "Resync",
    "Retry",
    "StopReason",
    "Wait",
    "action_of",
    "decision_as_dict",
]


class _Decision(msgspec.Struct, frozen=True, kw_only=True, tag_field="action"):
    """Base of all decisions: tagged by `action` in JSON."""


class Retry(_Decision, frozen=True, kw_only=True, tag="retry"):
    """Send the same request again, not before `after` seconds from now."""

    after: float


class RenewToken(_Decision, frozen=True, kw_only=True, tag="renew_token"):
    """Fetch a new access token and repeat the request once. Happens once a call and is no attempt of its own."""


class Wait(_Decision, frozen=True, kw_only=True, tag="wait"):
    """Send nothing for what `subject` names before the time has come.

    `after` is seconds from now; `poll` lists the growing intervals (seconds) at which to read `entity` meanwhile, after
    which the request may be sent at most `resends` times more and only where reading shows that nothing happened.
    """

    subject: WaitSubject
    after: float | None = None
    entity: str | None = None
    poll: tuple[float, ...] = ()
    resends: int = 0
    reason: str = ""


class Resync(_Decision, frozen=True, kw_only=True, tag="resync"):
    """Read `target` again after `after` seconds, then decide anew: an effect that is found there is `Done`."""

    target: ResyncTarget
    after: float = 0.0
    reason: str = ""


class Done(_Decision, frozen=True, kw_only=True, tag="done"):
    """Nothing is left to do: the call succeeded, or its effect was found."""

    reason: str = ""


class StopReason(StrEnum):
    """Why nothing is tried any more."""

    PERMANENT = "permanent"  # this request never works as it is
    ATTEMPTS = "attempts"  # it may work later, and all attempts of this call are used up
    QUOTA = "quota"  # it may work later, and the retry quota is used up
    DEADLINE = "deadline"  # the next attempt would come after the caller's deadline
    NOT_REPLAYABLE = "not_replayable"  # the body was a stream that is gone
    UNKNOWN = "unknown"  # nothing is known about this failure


class GiveUp(_Decision, frozen=True, kw_only=True, tag="give_up"):
    """Do not send this request again. `fix` says what would have to change, `who` must act; `stop_order` ends the
    order. Where the reason passes by itself (`deadline`, `attempts`, `quota`, `not_replayable`), `after` says in how
    many seconds the request may be made anew.
    """

    reason: StopReason
    fix: Action | None = None
    who: Who = Who.DEVELOPER
    stop_order: bool = False
    after: float | None = None
    text: str = ""


Decision = Retry | RenewToken | Wait | Resync | Done | GiveUp


_ACTIONS: dict[type, str] = {
    kind: str(kind.__struct_config__.tag) for kind in (Retry, RenewToken, Wait, Resync, Done, GiveUp)
}


def action_of(decision: Decision) -> str:
    """The name of the decision: `retry`, `renew_token`, `wait`, `resync`, `done` or `give_up`."""
    return _ACTIONS[type(decision)]


def decision_as_dict(decision: Decision) -> dict[str, Any]:
    """The decision as plain data, `action` first, empty fields left out."""
    data = msgspec.to_builtins(decision)
    return {key: value for key, value in data.items() if value not in (None, "", (), [])}
