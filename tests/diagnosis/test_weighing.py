"""Clues added up: odds multiply, a tie is broken by what speaks for its first, newcomers join only where they may."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recoup.catalogue.loader import catalogue
from recoup.diagnosis.clue import Clue
from recoup.diagnosis.diagnosis import Match
from recoup.diagnosis.evidence import Area, Ranking
from recoup.diagnosis.index import Index
from recoup.diagnosis.weighing import weighed

INDEX = Index(catalogue().values())
ROLE, PATH, ENCODED = "403-missing-role", "403-wrong-path-or-version", "400-wrong-url-encoding"


def _ranking(**scores: float) -> Ranking:
    matches = tuple(
        Match(fault=INDEX.by_id(name.replace("_", "-").removeprefix("x")), score=score, basis="message")
        for name, score in scores.items()
    )
    return Ranking(matches=matches, tied=tuple(match.id for match in matches))


TIE = _ranking(x403_missing_role=0.4, x403_wrong_path_or_version=0.3)


def _clue(introduces: str = "", **weights: float) -> Clue:
    named = {name.replace("_", "-").removeprefix("x"): weight for name, weight in weights.items()}
    return Clue(text="seen", weights=named, introduces=frozenset({introduces} - {""}))


@pytest.mark.parametrize(
    ("clue", "first", "tied"),
    [
        (_clue(x403_missing_role=0.5), ROLE, (ROLE, PATH)),  # too little to decide
        (_clue(x403_missing_role=2.0), ROLE, ()),
        (_clue(x403_wrong_path_or_version=2.0), PATH, ()),
        (_clue(x403_wrong_path_or_version=-2.0), ROLE, ()),
        (_clue(x400_wrong_url_encoding=5.0), ROLE, (ROLE, PATH)),  # it is no rival, and may not become one
        (_clue(ENCODED, x400_wrong_url_encoding=5.0), ENCODED, ()),
        (_clue(ENCODED, x400_wrong_url_encoding=-5.0), ROLE, (ROLE, PATH)),
        (_clue("no-such-fault", no_such_fault=5.0), ROLE, (ROLE, PATH)),
    ],
)
def test_what_a_clue_does(clue: Clue, first: str, tied: tuple[str, ...]) -> None:
    ranking = weighed(TIE, [clue], INDEX)
    assert ranking.matches[0].id == first
    assert ranking.tied == tied


def test_a_fault_of_another_place_does_not_join() -> None:
    clue = _clue(ENCODED, x400_wrong_url_encoding=5.0)
    assert weighed(TIE, [clue], INDEX, Area.STORAGE).matches[0].id == ROLE
    assert weighed(TIE, [clue], INDEX, Area.GENERAL).matches[0].id == ENCODED


def test_evidence_is_told_in_the_order_of_its_weight_and_once() -> None:
    clues = [
        Clue(text="little", weights={ROLE: 0.5}),
        Clue(text="much", weights={ROLE: 3.0}),
        Clue(text="much", weights={ROLE: 3.0}),
        Clue(text="against", weights={PATH: -1.0}),
    ]
    ranking = weighed(TIE, clues, INDEX)
    assert ranking.matches[0].evidence == ("much", "little")
    assert next(match for match in ranking.matches if match.id == PATH).against == ("against",)


@given(st.lists(st.tuples(st.sampled_from([ROLE, PATH, ENCODED]), st.floats(-8, 8)), max_size=12))
def test_scores_are_probabilities_whatever_is_said(said: list[tuple[str, float]]) -> None:
    clues = [Clue(text=f"clue {at}", weights={name: weight}) for at, (name, weight) in enumerate(said)]
    ranking = weighed(TIE, clues, INDEX)
    scores = [match.score for match in ranking.matches]
    assert scores == sorted(scores, reverse=True)
    assert all(0.0 < score <= 0.99 for score in scores)
    assert sum(scores) < 1.0
    backwards = weighed(TIE, reversed(clues), INDEX)
    if all(abs(weight) <= 0.5 for _, weight in said):  # sums that stay within their bounds do not depend on the order
        assert [match.id for match in backwards.matches] == [match.id for match in ranking.matches]
