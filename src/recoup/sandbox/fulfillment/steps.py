"""The shape of an operation on a shipment: read the request, then plan its effect.

`read` checks the syntax and says what is asked. `plan` makes every further check and returns the effect, which is then
certain to succeed; planning changes nothing. An operation that takes time is planned when it begins and again when it
ends, because an outside force may have changed the shipment meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from recoup.sandbox.fulfillment.store import Fulfillment, Shipment
from recoup.sandbox.operation import OperationCall, Outcome

__all__ = ["NO_CONTENT", "Asked", "Effect", "Step"]

Effect = Callable[[], Outcome]
NO_CONTENT = Outcome(status=204)


class Asked(msgspec.Struct, frozen=True):
    """What a call asks for: the action, by which two calls are the same, and the operation's own data."""

    action: str
    data: Any = None


class Step(msgspec.Struct, frozen=True):
    """An operation on one shipment. `changes` is False where it only reads: then nothing in flight is in its way."""

    read: Callable[[Fulfillment, OperationCall], Asked]
    plan: Callable[[Fulfillment, Shipment, Asked, float], Effect]
    changes: bool = True
