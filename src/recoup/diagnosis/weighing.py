"""Rivals weighed: what the answer alone says, and every clue beside it, added up to one probability each.

The ranking of the answer gives the odds to begin with; a clue multiplies them. What remains for causes that nobody
thought of is kept apart, so that the scores of all rivals never add up to one. A tie is broken by clues, never by how
frequent its members are: rivals stay tied until what speaks for the first outweighs what speaks for them clearly.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import msgspec

from recoup.catalogue.fault import Fault, Where
from recoup.diagnosis.clue import Clue
from recoup.diagnosis.diagnosis import Match
from recoup.diagnosis.evidence import Area, Ranking
from recoup.diagnosis.index import Index

__all__ = ["weighed"]

_UNTHOUGHT = 0.05  # the share of what nobody thought of, beside odds that add up to one
_NEWCOMER = 0.02  # the odds of a fault that only a clue brought in
_CLEAR = 1.2  # by so much more must the first be spoken for, to leave the others behind: about three times as likely
_AGAINST = -0.5  # from here on a clue is told as speaking against
_HIGHEST, _LOWEST = 6.0, -6.0  # however many clues say the same


def weighed(ranking: Ranking, clues: Iterable[Clue], index: Index, area: Area = Area.UNKNOWN) -> Ranking:
    """The ranking with the clues in it; the ranking itself where none concerns its rivals.

    A fault of another place than `area`, the one that answered, does not join them.
    """
    weights: dict[str, float] = {}
    said: dict[str, list[tuple[float, str]]] = {}
    denied: dict[str, list[str]] = {}
    known = {match.fault.id: match for match in ranking.matches}
    for clue in clues:
        for name, weight in clue.weights.items():
            if name not in known:
                if name not in clue.introduces or weight <= 0:
                    continue
                fault = index.get(name)
                if fault is None or not _may_join(fault, area):
                    continue
                check = fault.check.text if fault.check is not None else ""
                known[name] = Match(fault=fault, score=_NEWCOMER, basis="context", check=check)
            weights[name] = min(_HIGHEST, max(_LOWEST, weights.get(name, 0.0) + weight))
            if weight > 0:
                said.setdefault(name, []).append((weight, clue.text))
            elif weight <= _AGAINST:
                denied.setdefault(name, []).append(clue.text)
    if not weights:
        return ranking
    odds = {name: match.score * math.exp(weights.get(name, 0.0)) for name, match in known.items()}
    whole = sum(odds.values()) + _UNTHOUGHT
    place = {name: at for at, name in enumerate(known)}
    order = sorted(known, key=lambda name: (-odds[name], place[name]))
    first = order[0]
    alone = ranking.matches[0].fault.id if ranking.matches and not ranking.tied else None  # the answer decided it
    matches = tuple(
        _told(
            known[name],
            odds[name] / whole,
            0.0 if name == alone else weights.get(name, 0.0),
            said.get(name, []),
            denied.get(name, ()),
        )
        for name in order
    )
    return msgspec.structs.replace(ranking, matches=matches, tied=_tied(ranking, order, odds, weights, first))


def _may_join(fault: Fault, area: Area) -> bool:
    if area is Area.STORAGE:
        return Where.DOCUMENT_STORAGE in fault.where
    if area is Area.LOGIN:
        return Where.FRONT_DOOR not in fault.where or Where.LOGIN in fault.where
    return True


def _told(match: Match, score: float, weight: float, said: list[tuple[float, str]], denied: Iterable[str]) -> Match:
    lines = [text for _, text in sorted(said, key=lambda each: -each[0])]
    new = tuple(line for line in dict.fromkeys(lines) if line not in match.evidence)
    basis = "context" if weight >= _CLEAR and match.basis in ("status", "code") else match.basis
    return msgspec.structs.replace(
        match,
        score=min(score, 0.99),
        basis=basis,
        evidence=(*new, *match.evidence),
        against=tuple(dict.fromkeys(denied)),
    )


def _tied(
    ranking: Ranking, order: list[str], odds: dict[str, float], weights: dict[str, float], first: str
) -> tuple[str, ...]:
    alone = ranking.matches[0].fault.id if ranking.matches and not ranking.tied else None
    group = set(ranking.tied) | ({alone} if alone is not None else set())
    lead = weights.get(first, 0.0)
    tied = []
    for name in order:
        if name == first:
            tied.append(name)
        elif name in group and first in group:
            if weights.get(name, 0.0) > lead - _CLEAR:
                tied.append(name)
        elif odds[name] * math.exp(_CLEAR) > odds[first]:
            tied.append(name)
    return tuple(tied) if len(tied) > 1 else ()
