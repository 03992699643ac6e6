"""What a world is put together from: the services behind its front door, and whoever writes down what changes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import msgspec

from recoup.exchange import Request, Response
from recoup.sandbox.operation import OperationCall, Outcome, Working

__all__ = ["Answered", "Mounted", "Pending", "Recorder", "Service"]


class Service(Protocol):
    """What stands behind the front door: External Fulfillment, and others after it."""

    def handle(self, call: OperationCall) -> Outcome | Working:
        """Carry out one operation. Raises Refusal."""
        ...


class Mounted(msgspec.Struct, frozen=True):
    """A service, the path prefix of its operations, and the ids of those that it simulates.

    `reads` are the operations that never change anything, not even by chance: what is called of the others is kept by
    whoever records the world. `before` tells the state of what a call is about, for its causal trail.
    """

    prefix: str
    operations: frozenset[str]
    service: Service
    reads: frozenset[str] = frozenset()
    before: Callable[[OperationCall], dict[str, str]] | None = None


class Recorder(Protocol):
    """Who writes down what changes the world, in its order and under its lock, so that it can be made again."""

    def request(
        self, request: Request, region: str, body_size: int | None, at: float, ids: int, answer: Answered
    ) -> None:
        """A call that changed something, or began to. Raises OSError where it cannot be written down."""
        ...

    def action(self, name: str, arguments: Mapping[str, Any], at: float, run: Callable[[], Any]) -> Any:
        """Let the stage act, and write it down. Raises ValueError where the arguments cannot be."""
        ...

    def page(self, request: Request, at: float, response: Response) -> None:
        """A page beside the API was asked for."""
        ...

    def clock(self) -> None:
        """Time was moved, frozen or let go."""
        ...

    def reset(self) -> None:
        """The world began anew."""
        ...


class Pending(msgspec.Struct, kw_only=True):
    """An operation in flight: `due` is the instant at which its answer is ready (epoch seconds)."""

    due: float
    response: Response | None = None


Answered = Response | Pending
