"""The course of a probe: which check is next, what it sends, what it told, and the ranking as it is then.

Everything that is known is weighed anew after each check, from the ranking of the diagnosis: the order of the checks
changes nothing of what comes out.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import msgspec

from recoup.catalogue.loader import catalogue
from recoup.diagnosis.engine import Engine
from recoup.diagnosis.evidence import Ranking
from recoup.diagnosis.index import Index
from recoup.diagnosis.separating import Separation, checks
from recoup.diagnosis.weighing import weighed
from recoup.doctor.checks import Send
from recoup.doctor.probing.asking import Ask
from recoup.doctor.probing.case import Case
from recoup.doctor.probing.concluding import concluded
from recoup.doctor.probing.conclusion import Conclusion
from recoup.doctor.probing.errands import ERRANDS
from recoup.doctor.probing.known import Known
from recoup.doctor.probing.looking import looked
from recoup.recovery.advice import advise
from recoup.redaction import redact_text

__all__ = ["ByHand", "Check", "Course", "Made"]

_MOST = 12  # checks of one course


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """A check that requests can make: of which fault it is, and what is sent for it, in order."""

    name: str
    separation: Separation
    asks: tuple[Ask, ...]


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """A check that was made. `sent` has a line a request with what came back; `told` what follows that was not known
    before; `tied` the rivals that are left.
    """

    check: Check
    sent: tuple[tuple[str, str], ...]
    told: tuple[Conclusion, ...]
    tied: tuple[str, ...]


class ByHand(msgspec.Struct, frozen=True, kw_only=True):
    """A check that somebody made by hand, and how it came out."""

    separation: Separation
    yes: bool

    def conclusion(self) -> Conclusion:
        """What follows from it."""
        ids = frozenset({self.separation.fault.id})
        if self.yes:
            return Conclusion(text=f"by hand: {self.separation.check.confirms.rstrip('.')}", proves=ids)
        return Conclusion(text=f"by hand: {self.separation.check.refutes.rstrip('.')}", disproves=ids)


class Course:
    """One case. `send` sends a request once; `now` gives epoch seconds; `sleep` waits so many seconds."""

    def __init__(
        self,
        case: Case,
        send: Send,
        *,
        now: Callable[[], float],
        sleep: Callable[[float], object],
        engine: Engine | None = None,
    ) -> None:
        self.case = case
        self.known = Known()
        self.made: list[Made] = []
        self.by_hand: list[ByHand] = []
        self.looked: tuple[Conclusion, ...] = ()
        self.first = case.diagnosis
        self._index = _index(engine)
        self._send, self._now, self._sleep = send, now, sleep
        self._done: set[str] = set()
        self._asked: set[str] = set()
        self.diagnosis = case.diagnosis
        if len(case.diagnosis.tied) > 1:
            rivals = frozenset(case.diagnosis.tied)
            self.looked = tuple(
                each for each in looked(case, now()) if each.disproves & rivals or each.proves or each.hints
            )
            self._weigh()

    @property
    def settled(self) -> bool:
        """Whether one cause is left."""
        return len(self.diagnosis.tied) < 2

    @property
    def conclusions(self) -> tuple[Conclusion, ...]:
        """Everything that follows from what was seen."""
        hands = tuple(each.conclusion() for each in self.by_hand)
        return (*self.looked, *concluded(self.case, self.known), *hands)

    def next(self) -> Check | None:
        """The cheapest check that requests can make and that was not made; None where there is none, or nothing is
        open.
        """
        if self.settled or self.known.login is not None or self.case.static_sandbox or len(self.made) >= _MOST:
            return None
        for separation in checks(self.diagnosis):
            for errand in ERRANDS:
                if separation.fault.id in errand.faults and errand.name not in self._done:
                    asks = errand.asks(self.case, self.known, self._now())
                    if asks:
                        return Check(name=errand.name, separation=separation, asks=asks)
        return None

    def left(self) -> tuple[Separation, ...]:
        """The checks of the rivals that are left, to be made by hand; none where it is settled."""
        return checks(self.diagnosis)

    def unanswered(self) -> Separation | None:
        """The first of them that nobody was asked about."""
        return next((each for each in self.left() if each.fault.id not in self._asked), None)

    def make(self, check: Check) -> Made:
        """Send what the check asks, and weigh what came back."""
        self._done.add(check.name)
        before = {each.text for each in self.conclusions}
        sent: list[tuple[str, str]] = []
        for ask in check.asks:
            if self.known.login is not None or not ask.when(self.known):
                continue
            request = ask.made(self.known)
            if request is None:
                continue
            if ask.pause:
                self._sleep(ask.pause)
            exchange = self._send(request)
            ask.note(self.known, exchange)
            status = "no answer" if exchange.response is None else str(exchange.response.status)
            sent.append((f"{request.method} {request.url}", status))
        self._weigh()
        told = tuple(each for each in self.conclusions if each.text not in before)
        made = Made(check=check, sent=tuple(sent), told=told, tied=self.diagnosis.tied)
        self.made.append(made)
        return made

    def skip(self, check: Check) -> None:
        """Leave a check out."""
        self._done.add(check.name)

    def answer(self, separation: Separation, yes: bool | None) -> None:
        """How a check came out that somebody made by hand; None where nobody knows."""
        self._asked.add(separation.fault.id)
        if yes is not None:
            self.by_hand.append(ByHand(separation=separation, yes=yes))
            self._weigh()

    def _weigh(self) -> None:
        first = self.first
        before = Ranking(matches=first.faults, tied=first.tied)
        ranking = weighed(before, [each.clue() for each in self.conclusions], self._index)
        if ranking is before:
            self.diagnosis = first
            return
        self.diagnosis = advise(
            msgspec.structs.replace(
                first, faults=ranking.matches, tied=ranking.tied, decision=None, retryable=None, read_back=None
            )
        )

    def evidence(self) -> str:
        """What settled it, in a line: what proves the cause, else everything that rules out its rivals."""
        best = self.diagnosis.id
        proving = [each.text for each in self.conclusions if best in each.proves]
        rivals = frozenset(self.first.tied)
        hinting = [each.text for each in self.conclusions if best is not None and each.hints.get(best, 0.0) > 0]
        return "; ".join(proving or hinting or [each.text for each in self.conclusions if each.disproves & rivals])

    def proved(self) -> tuple[str, ...]:
        """The ids that something proves."""
        return tuple(sorted({each for conclusion in self.conclusions for each in conclusion.proves}))

    def disproved(self) -> dict[str, str]:
        """The rivals that something disproves, each with the first evidence against it."""
        found: dict[str, str] = {}
        for conclusion in self.conclusions:
            for each in sorted(conclusion.disproves & frozenset(self.first.tied)):
                found.setdefault(each, conclusion.text)
        return found

    def as_dict(self) -> dict[str, Any]:
        """The whole course as plain data, secrets masked."""
        rivals = frozenset(self.first.tied)
        return {
            "settled": self.settled,
            "before": list(self.first.tied),
            "looked": [each.about(rivals) for each in self.looked],
            "checks": [
                {
                    "check": made.check.name,
                    "of": made.check.separation.fault.id,
                    "sends": [ask.as_dict(self.known) for ask in made.check.asks],
                    "sent": [{"request": redact_text(line), "status": status} for line, status in made.sent],
                    "told": [each.about(rivals) for each in made.told],
                    "tied": list(made.tied),
                }
                for made in self.made
            ],
            "login": None if self.known.login is None else self.known.login.as_dict(),
            "by_hand": [each.as_dict() for each in self.left()] if not self.settled else [],
            "not_repeated": self.case.why_not or None,
        }


def _index(engine: Engine | None) -> Index:
    """The index of the engine's catalogue, else of the one that ships with recoup: for what only a probe brings in."""
    return engine.index if engine is not None else _own_index()


@cache
def _own_index() -> Index:
    return Index(catalogue().values())
