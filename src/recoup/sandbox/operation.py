"""The wall between the front door and the services behind it: what a service is asked, and what it may answer.

The front door reads bytes, checks what every call passes, and hands an `OperationCall` to the service that owns the
operation. The service returns an `Outcome`, raises a `Refusal`, or returns `Working`: an operation that takes (virtual)
time, during which other calls meet it in flight.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from recoup.exchange import Headers

__all__ = ["OperationCall", "Outcome", "Refusal", "Working"]


class OperationCall(msgspec.Struct, frozen=True, kw_only=True):
    """One call that passed the front door.

    `operation` is the id in the operation table. `path` and `query` are decoded once. `body` is the decoded JSON, or
    None where there was none. `now` is the virtual instant in epoch seconds (UTC). `region` is NA, EU or FE.
    """

    operation: str
    merchant_id: str
    application_id: str
    region: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Any
    headers: Headers
    now: float


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """A proper answer: `body` becomes JSON; None makes an empty body.

    `parts` are the refusals of single parts where a call succeeded as a whole (an item of a batch, a label): for the
    causal trail only, since what travels of them stands in the body.
    """

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = {}
    parts: Sequence[Refusal] = ()


class Working(msgspec.Struct, frozen=True, kw_only=True):
    """The operation began and ends `seconds` of virtual time later, when `finish(now)` gives its outcome.

    `finish` may raise a `Refusal`. Until it was called the entity counts as being worked on.
    """

    seconds: float
    finish: Callable[[float], Outcome]


class Refusal(Exception):
    """A fault, raised by its cause. The wire answer is that of the catalogue's entry, filled with `parameters`.

    `because` is the causal trail for the control URL (rule, state before); it never travels to the caller.
    """

    def __init__(self, fault: str, *, because: str, **parameters: object) -> None:
        super().__init__(f"{fault}: {because}")
        self.fault = fault
        self.because = because
        self.parameters = parameters
