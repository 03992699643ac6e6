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
_MANIFOLD = math.exp(_CLEAR)
_AGAINST = -0.5  # from here on a clue is told as speaking against
_HIGHEST, _LOWEST = 6.0, -6.0  # however many clues say the same
_MOST_REMEMBERED = 512  # rankings


def weighed(ranking: Ranking, clues: Iterable[Clue], index: Index, area: Area = Area.UNKNOWN) -> Ranking:
    """The ranking with the clues in it; the ranking itself where none concerns its rivals.

    A fault of another place than `area`, the one that answered, does not join them. What the same clues made of the
    same ranking before is remembered: a call that is refused is seldom refused once.
    """
    heard = tuple(clues)
    if not heard:
        return ranking
    # By identity, which is exact as long as the values are held: the entry holds them.
    key = (id(ranking), area, *map(id, heard))
    known = index.weighings.get(key)
    if known is None:
        if len(index.weighings) >= _MOST_REMEMBERED:
            index.weighings.clear()
        known = index.weighings[key] = (_added_up(ranking, heard, index, area), ranking, heard)
    return known[0]


def _added_up(ranking: Ranking, clues: tuple[Clue, ...], index: Index, area: Area) -> Ranking:
    weights: dict[str, float] = {}
    said: dict[str, list[tuple[float, str]]] = {}
    denied: dict[str, list[str]] = {}
    shown: set[str] = set()  # of which faults something in the request is said to be the cause
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
                if clue.request and weight >= _CLEAR:
                    shown.add(name)
            elif weight <= _AGAINST:
                denied.setdefault(name, []).append(clue.text)
    if not weights:
        return ranking
    odds = {
        name: match.score * math.exp(weights[name]) if name in weights else match.score for name, match in known.items()
    }
    whole = sum(odds.values()) + _UNTHOUGHT
    order = sorted(known, key=odds.__getitem__, reverse=True)  # of equals the one that was first stays so
    alone = ranking.matches[0].fault.id if ranking.matches and not ranking.tied else None  # the answer decided it
    matches = []
    for name in order:
        match, score = known[name], min(odds[name] / whole, 0.99)
        if name not in weights:
            matches.append(msgspec.structs.replace(match, score=score))
            continue
        basis = match.basis
        if name != alone and weights[name] >= _CLEAR:
            if name in shown:
                basis = "request"
            elif basis in ("status", "code"):
                basis = "context"
        lines = [text for _, text in sorted(said.get(name, ()), key=_by_weight)]
        new = (line for line in dict.fromkeys(lines) if line not in match.evidence)
        against = tuple(dict.fromkeys(denied.get(name, ())))
        evidence = (*new, *match.evidence)
        matches.append(msgspec.structs.replace(match, score=score, basis=basis, evidence=evidence, against=against))
    tied = _tied(ranking, order, odds, weights, alone)
    return Ranking(matches=tuple(matches), tied=tied, parameters=ranking.parameters)


def _by_weight(each: tuple[float, str]) -> float:
    return -each[0]


def _may_join(fault: Fault, area: Area) -> bool:
    if area is Area.STORAGE:
        return Where.DOCUMENT_STORAGE in fault.where
    if area is Area.LOGIN:
        return Where.FRONT_DOOR not in fault.where or Where.LOGIN in fault.where
    return True


def _tied(
    ranking: Ranking, order: list[str], odds: dict[str, float], weights: dict[str, float], alone: str | None
) -> tuple[str, ...]:
    first = order[0]
    group = set(ranking.tied) if alone is None else {alone}
    far, near = weights.get(first, 0.0) - _CLEAR, odds[first] / _MANIFOLD
    among = first in group
    tied = [first]
    tied += [
        name for name in order[1:] if (weights.get(name, 0.0) > far if among and name in group else odds[name] > near)
    ]
    return tuple(tied) if len(tied) > 1 else ()
