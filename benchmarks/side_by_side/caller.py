"""Who makes the calls: what a contestant tells about a call, what the caller does with it, and who was right.

The caller is the same for every contestant. Where a write ended without an answer, it does not believe that it failed:
it waits five seconds (the request may still be at work), reads the shipment or the stock back through the same client,
and repeats the call only if the effect is not there. Where it is not there after the third call, that is a failure.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from enum import StrEnum
from typing import Any, NamedTuple

from side_by_side.plan import Planned

__all__ = ["Caller", "Contestant", "Ended", "Said", "Tally"]

SETTLE = 5.0  # seconds between a write that was not answered and the look whether it took effect
ROUNDS = 3


class Said(StrEnum):
    """What the caller was told."""

    WORKED = "worked"
    FAILED = "failed"
    LOST = "no answer: it may or may not have worked"


class Ended(NamedTuple):
    """How a call ended, with the decoded body of the answer, where there is one."""

    said: Said
    body: Any = None
    why: str = ""


class Contestant(ABC):
    """A client as somebody has set it up."""

    name: str

    @abstractmethod
    def call(self, planned: Planned) -> Ended:
        """Make the call."""

    @abstractmethod
    def effect(self, planned: Planned) -> bool:
        """Read back whether the call took effect. Raises what the client raises."""

    @abstractmethod
    def close(self) -> None:
        """Let go of connections."""


class Tally(NamedTuple):
    """What a contestant made of all calls. `wrong` lists calls by fault and what the caller was told."""

    calls: int
    right: int
    delivered: int
    wasted: int
    twice: int
    sent: int
    wrong: dict[str, int]


class Caller:
    """Makes all calls, one after the other, and keeps what it was told."""

    def __init__(self, contestant: Contestant) -> None:
        self._contestant = contestant
        self._told: list[tuple[Planned, Ended]] = []

    def make(self, planned: Planned) -> None:
        """Make one call and see it through."""
        ended = self._contestant.call(planned)
        for round_ in range(1, ROUNDS + 1):
            if ended.said is not Said.LOST or not planned.operation.writes:
                break
            time.sleep(SETTLE)
            if self._contestant.effect(planned):
                ended = Ended(Said.WORKED, why="read back")
            elif round_ == ROUNDS:
                ended = Ended(Said.FAILED, why=f"{ended.why}, read back")
            else:
                ended = self._contestant.call(planned)
        self._told.append((planned, ended))

    def tally(self, books: dict[str, Any]) -> Tally:
        """Compare what was told with what the server knows."""
        right = delivered = wasted = twice = 0
        wrong: dict[str, int] = {}
        for planned, ended in self._told:
            sent, effects = books["sent"][planned.marker], books["effects"][planned.marker]
            twice += max(0, effects - 1)
            name = f"{planned.operation.name}, {planned.fault.name if planned.fault is not None else 'no fault'}"
            if not planned.works and sent > 1:
                wasted += sent - 1
                key = f"{name}: wasted {ended.why}"
                wrong[key] = wrong.get(key, 0) + sent - 1
            told = _true(planned, ended)
            delivered += told
            if told and effects == _due(planned):
                right += 1
            else:
                key = f"{name}: {ended.said.name.lower()}, done {effects} times {ended.why}".rstrip()
                wrong[key] = wrong.get(key, 0) + 1
        sent = sum(books["sent"].values())
        return Tally(len(self._told), right, delivered, wasted, twice, sent, wrong)


def _due(planned: Planned) -> int:
    """How often the call has to have been carried out, when all is over."""
    if not planned.operation.writes:
        return 0
    return int(planned.works or (planned.fault is not None and planned.fault.effect))


def _true(planned: Planned, ended: Ended) -> bool:
    """Whether the caller knows what is true: that it worked (and, of a read, what was read), or that it did not."""
    if not planned.works:
        return ended.said is Said.FAILED
    if ended.said is not Said.WORKED:
        return False
    if planned.operation.name == "read":
        return isinstance(ended.body, dict) and ended.body.get("id") == planned.marker
    return True
