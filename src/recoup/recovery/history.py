"""What one call has been through so far: its attempts, its waiting, and whether the outcome of any is unknown.

Immutable: `with_attempt` and `with_renewal` return a new history, so that a decision can be judged, tested and shown
with exactly the history that led to it. Instants are epoch seconds, durations are seconds.
"""

from __future__ import annotations

import msgspec

__all__ = ["EMPTY", "Attempt", "History"]


class Attempt(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One request that was sent, and what came of it.

    `number` counts from 1; the repeat after a renewed token keeps the number of the attempt that was refused.
    `waited` is how long the call slept before it. `unknown` says that the request may have taken effect although it
    failed. `decision` is the action that was decided upon it.
    """

    number: int
    sent_at: float
    ended_at: float
    waited: float = 0.0
    status: int | None = None
    fault: str | None = None
    unknown: bool = False
    decision: str = ""


class History(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """All attempts of one call, oldest first.

    `waited` is the time spent sleeping between them; `token_renewed` that the call's one renewal is used up;
    `outcome_unknown` that at least one attempt may have taken effect without our knowing.
    """

    attempts: tuple[Attempt, ...] = ()
    waited: float = 0.0
    token_renewed: bool = False
    outcome_unknown: bool = False
    count: int = 0

    def with_attempt(self, attempt: Attempt) -> History:
        """This history and one attempt more."""
        if self is EMPTY:  # nearly always
            unknown, number = attempt.unknown, attempt.number
            return History(attempts=(attempt,), waited=attempt.waited, outcome_unknown=unknown, count=number)
        return History(
            attempts=(*self.attempts, attempt),
            waited=self.waited + attempt.waited,
            token_renewed=self.token_renewed,
            outcome_unknown=self.outcome_unknown or attempt.unknown,
            count=max(self.count, attempt.number),
        )

    def with_renewal(self) -> History:
        """This history, its one token renewal used up."""
        return msgspec.structs.replace(self, token_renewed=True)

    def with_decision(self, action: str) -> History:
        """This history, the latest attempt marked with what was decided upon it."""
        if not self.attempts:
            return self
        latest = msgspec.structs.replace(self.attempts[-1], decision=action)
        return msgspec.structs.replace(self, attempts=(*self.attempts[:-1], latest))

    @property
    def last(self) -> Attempt | None:
        """The latest attempt, or None before the first has ended."""
        return self.attempts[-1] if self.attempts else None


EMPTY = History()
"""The history of a call that has not been sent yet."""
