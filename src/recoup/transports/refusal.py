"""The exceptions of calls that were not sent at all."""

from __future__ import annotations

from recoup.errors import FaultError, TryLater
from recoup.recovery.decision import GiveUp, Wait, decision_as_dict
from recoup.transports.outcome import Outcome

__all__ = ["not_sent"]


def not_sent(made: Outcome) -> FaultError:
    """What is raised where there is neither a response nor an exception of the library to hand up."""
    decision = made.decision
    why = decision.text if isinstance(decision, GiveUp) else getattr(decision, "reason", "")
    error = TryLater(f"nothing was sent: {why}", decision=decision_as_dict(decision))
    error.after = decision.after if isinstance(decision, Wait) else None
    return error
