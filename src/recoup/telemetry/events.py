"""The events of a call's life, told to listeners as they happen.

Every event has `at` (epoch seconds, UTC) and, where it belongs to a call, `call`: a number that all events of one call
share, unique in the process. Durations are seconds. Tokens, secrets, bodies, query strings and what stands in the path
in the place of a parameter never enter an event; `operation` is `api/version/id` of the fact table, None where the path
is none of its. `seller` is a name that the user gave or a fingerprint, as in `recoup.governor.plan`.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

import msgspec

__all__ = [
    "AttemptEnded",
    "CallEnded",
    "CallStarted",
    "Event",
    "ExpiryNear",
    "Held",
    "Listener",
    "Paced",
    "PlanExceeded",
    "PlanLearned",
    "TokenAttemptEnded",
    "TokenFetched",
    "TokenRefused",
    "Waited",
    "Why",
]


class Why(StrEnum):
    """Why a call waits."""

    PACE = "pace"  # the governor spaces requests out
    BACKOFF = "backoff"  # before another attempt


class _Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", omit_defaults=True):
    """Base of all events: tagged by `event` in JSON."""

    at: float
    call: int | None = None
    operation: str | None = None
    seller: str | None = None


class CallStarted(_Event, frozen=True, kw_only=True, tag="call_started"):
    """A client asked for something. `host` is where it goes."""

    method: str
    host: str


class Waited(_Event, frozen=True, kw_only=True, tag="waited"):
    """The call is about to wait for `seconds`."""

    seconds: float
    why: Why


class AttemptEnded(_Event, frozen=True, kw_only=True, tag="attempt_ended"):
    """A request was sent and came to an end after `seconds`.

    `status` is None where there was no response; `fault` is the id of what was diagnosed, `variant` the case of it that
    is proved (of a missing answer: `name`, `refused`, `read-timeout`, ...), `decision` the action that follows (None or
    empty for a success that nobody had to look at). `tied` counts the rivals where the first of them is not certain.
    """

    attempt: int
    seconds: float
    status: int | None = None
    fault: str | None = None
    variant: str | None = None
    tied: int = 0
    decision: str = ""
    request_id: str | None = None


class CallEnded(_Event, frozen=True, kw_only=True, tag="call_ended"):
    """The call was handed up after `seconds`, `waited` of them asleep, with this decision.

    `unknown` says that it may have taken effect without our knowing; `failed_items` counts the parts of a batch that
    failed inside a success. `reason` says why nothing was sent, where nothing was.
    """

    attempts: int
    seconds: float
    waited: float
    decision: str
    status: int | None = None
    fault: str | None = None
    variant: str | None = None
    unknown: bool = False
    failed_items: int = 0
    reason: str = ""


class TokenAttemptEnded(_Event, frozen=True, kw_only=True, tag="token_attempt_ended"):
    """A request for an access token was sent and came to an end after `seconds`; told when its errand is over. What the
    fields mean is what they mean of an AttemptEnded.
    """

    attempt: int
    seconds: float
    status: int | None = None
    fault: str | None = None
    decision: str = ""


class TokenFetched(_Event, frozen=True, kw_only=True, tag="token_fetched"):
    """Login with Amazon gave an access token that lasts `lasts` seconds. `shared` says that another process had
    fetched it already."""

    lasts: float
    seconds: float = 0.0
    shared: bool = False


class TokenRefused(_Event, frozen=True, kw_only=True, tag="token_refused"):
    """No token could be had. `parked` says that nobody asks again before somebody acts."""

    fault: str | None
    parked: bool = False


class PlanLearned(_Event, frozen=True, kw_only=True, tag="plan_learned"):
    """The usage plan turned out to be another: `rate` a second where `before` was assumed."""

    rate: float
    before: float
    throttled: bool = False  # by a 429; else by x-amzn-RateLimit-Limit


class Paced(_Event, frozen=True, kw_only=True, tag="paced"):
    """The governor gave a place `wait` seconds from now in a bucket of `rate` and `burst`."""

    wait: float
    rate: float
    burst: int


class PlanExceeded(_Event, frozen=True, kw_only=True, tag="plan_exceeded"):
    """More is asked than the plan can ever give: `asked` a minute of a plan of `allowed` a minute. `advice` says so in
    words, and what would meet it."""

    asked: float
    allowed: float
    advice: str


class Held(_Event, frozen=True, kw_only=True, tag="held"):
    """A call was not sent because something is held back (`until` None: before somebody resumes it)."""

    until: float | None
    fault: str | None = None
    reason: str = ""
    begun: bool = False  # this event is the beginning of the hold, not a call that met it


class ExpiryNear(_Event, frozen=True, kw_only=True, tag="expiry_near"):
    """`what` (`client secret`, `authorization`) ends at `expires_at`."""

    what: str
    expires_at: float
    remedy: str


Event = (
    CallStarted
    | Waited
    | AttemptEnded
    | CallEnded
    | TokenAttemptEnded
    | TokenFetched
    | TokenRefused
    | PlanLearned
    | Paced
    | PlanExceeded
    | Held
    | ExpiryNear
)

Listener = Callable[[Event], object]
"""Is told every event, in the thread and at the moment in which it happens. What it raises is logged and goes no
further: nobody who watches can break a call."""
