"""What the drill says of one fault: four judgements and everything that a person needs to believe them."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec

__all__ = ["COLUMNS", "Event", "Judgement", "Row", "Summary", "summarise"]

COLUMNS = ("raised", "recognised", "handled", "explained")


class Judgement(StrEnum):
    """How one column of a row came out."""

    GREEN = "green"
    DECIDED = "decided"  # the right decision was handed up; the connector that carries it out is not part of recoup yet
    TIED = "tied"  # several faults share this exchange and nothing settled which
    RED = "red"
    MISSING = "missing"  # there is no recipe


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the timeline: `at` is in seconds of virtual time since the call began."""

    at: float
    kind: str  # sent | answered | waited | renewed | decided | checked
    text: str


class Row(msgspec.Struct, frozen=True, kw_only=True, rename={"decision_data": "decision"}):
    """One fault in the drill."""

    id: str
    title: str
    raised: Judgement
    recognised: Judgement
    handled: Judgement
    explained: Judgement
    documented: bool = True  # False: real, and in neither of the two documents
    cause: str = ""
    status: int | None = None
    http_status: int | None = None
    code: str | None = None
    message: str | None = None
    decision_data: dict[str, Any] = {}
    attempts: int = 0
    note: str = ""
    request: str = ""
    response: str = ""
    explanation: str = ""
    timeline: tuple[Event, ...] = ()

    @property
    def judgements(self) -> tuple[Judgement, ...]:
        """The four columns in order."""
        return (self.raised, self.recognised, self.handled, self.explained)

    @property
    def missing(self) -> bool:
        """True where there is no recipe for the fault."""
        return Judgement.MISSING in self.judgements

    @property
    def green(self) -> bool:
        """True where every column came out right; `decided` counts, since it is the right decision, `tied` does not."""
        return all(judgement in (Judgement.GREEN, Judgement.DECIDED) for judgement in self.judgements)


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """The drill in numbers. `beyond` counts the faults that stand in neither document; `seconds` is wall time."""

    faults: int
    beyond: int
    green: int
    decided: int
    tied: int
    red: int
    missing: int
    seed: int
    seconds: float


def summarise(rows: list[Row], *, seed: int, seconds: float) -> Summary:
    """Count the rows: each stands in one of green, tied, red and missing; `decided` says how many green ones hold
    one.
    """
    green = [row for row in rows if row.green]
    missing = [row for row in rows if row.missing]
    red = [row for row in rows if Judgement.RED in row.judgements and not row.missing]
    return Summary(
        faults=len(rows),
        beyond=sum(not row.documented for row in rows),
        green=len(green),
        decided=sum(Judgement.DECIDED in row.judgements for row in green),
        tied=len(rows) - len(green) - len(missing) - len(red),
        red=len(red),
        missing=len(missing),
        seed=seed,
        seconds=round(seconds, 3),
    )
