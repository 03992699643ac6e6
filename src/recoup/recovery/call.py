"""One logical request with all its attempts, without doing any input or output.

A driver feeds a `Call` what happened and does what it is told; it needs to be able to send, to sleep, and to fetch a token:

    step = call.begin(now)
    while True:
        match step:
            case Send():    exchange = ...; step = call.answered(exchange, now)   # or call.succeeded(now)
            case Sleep():   sleep(step.seconds); step = call.rested(now)
            case Renew():   ok = ...; step = call.renewed(ok, now)
            case Finish():  break

`now` is always epoch seconds. Everything that decides lives in `Policy`; here is only the order of events. A call that
succeeds at once costs next to nothing: neither an Exchange nor a Diagnosis is built, and the catalogue is not loaded.
"""

from __future__ import annotations

import msgspec

from recoup.catalogue.facts.operations import Operation
from recoup.diagnosis.diagnosis import Diagnosis
from recoup.exchange import Exchange
from recoup.recovery.backoff import Random
from recoup.recovery.decision import Decision, Done, GiveUp, RenewToken, Retry, StopReason, decision_as_dict
from recoup.recovery.history import EMPTY, Attempt, History
from recoup.recovery.policy import Policy, Situation, retryable
from recoup.recovery.quota import QuotaAccess
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
    """Fetch a new access token, then call `renewed`.

    `stale_token` is the one that was refused, as the request carried it: where the token holder has another one by now,
    that one is new enough and nothing need be fetched.
    """

    stale_token: str | None

    def __repr__(self) -> str:
        return f"Renew({mask(self.stale_token) if self.stale_token else None})"


class Finish(msgspec.Struct, frozen=True):
    """The call is over: hand the last response (or exception) up, with these.

    `diagnosis` is None only where nothing was diagnosed: a success that the driver reported with `succeeded`, or a deadline
    that had passed before anything was sent. Its `decision` and `retryable` are filled in.
    """

    diagnosis: Diagnosis | None
    decision: Decision
    history: History


Step = Send | Sleep | Renew | Finish

_DONE = Done()


class Call:
    """One call: created for each logical request, fed by its driver, and thrown away.

    `method` and `operation` (where known) tell whether the request writes; `safe` overrides what they say about repeating
    it when the outcome is unknown (the token request of Login with Amazon is a POST and safe). `replayable` False: the body
    is a stream that is gone once sent. `can_renew` False: the driver has no way to fetch a token, so that a refusal is
    handed up as `RenewToken`. `deadline` (epoch seconds) is the caller's; the policy's own, counted from `begin`, is
    observed too. `random` gives numbers in [0, 1). `quota` is shared with the other calls of the same client.
    """

    __slots__ = (
        "_cost",
        "_deadline",
        "_history",
        "_method",
        "_number",
        "_operation",
        "_policy",
        "_quota",
        "_random",
        "_renewable",
        "_replayable",
        "_safe",
        "_sent_at",
        "_waiting",
        "_verdict",
        "_state",
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
    ) -> None: ...

    @property
    def history(self) -> History:
        """The attempts that have ended so far."""

    def begin(self, now: float) -> Step:
        """Start: `Send`, or `Finish` where the deadline has passed already."""

    def answered(self, exchange: Exchange, now: float, diagnosis: Diagnosis | None = None) -> Step:
        """The attempt ended with this exchange: a response whose body is read, or no response.

        Diagnoses it unless the driver has done so. An exchange in which nothing failed ends the call with `Done`.
        """

    def succeeded(self, now: float, status: int | None = None) -> Step:
        """The attempt ended with a response in which no failure can hide (see `recoup.diagnosis.may_hide_failure`)."""

    def rested(self, now: float) -> Step:
        """The sleep is over: `Send`, or `Finish` where it took so long that the deadline has passed."""

    def renewed(self, ok: bool, now: float, reason: str = "", decision: Decision | None = None) -> Step:
        """The token was fetched (`Send`), or could not be (`Finish`).

        After a failure `decision` is what the login's own failure was judged to need, and is handed up as it is; without
        one the call gives up and asks for credentials. `reason` goes into the text and must hold no secret.
        """
