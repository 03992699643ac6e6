"""The concepts in words: their tables are sound, their patterns cannot run away, and what is denied is not said."""

from __future__ import annotations

import faulthandler
import re
from collections.abc import Iterator
from re import _constants as constants  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recoup.catalogue.loader import catalogue
from recoup.diagnosis import contradicting, dates, told, transport
from recoup.diagnosis.clue import Symptom
from recoup.diagnosis.cues import Concept, clues_of_words, cues
from recoup.diagnosis.engine import diagnose
from recoup.diagnosis.told import LONGEST

KNOWN = set(catalogue())
PATTERNS = {
    f"{concept.cue.text} ({field})": pattern
    for concept in cues()
    for field, pattern in (("find", concept.find), ("unless", concept.unless))
    if pattern is not None
}
PATTERNS |= {
    f"{module.__name__}.{name}": value
    for module in (told, dates, contradicting, transport)
    for name, value in vars(module).items()
    if isinstance(value, re.Pattern)
}


@pytest.mark.parametrize("concept", cues(), ids=lambda concept: concept.cue.text[:60])
def test_a_concept_names_causes_of_the_catalogue_and_weighs_within_reason(concept: Concept) -> None:
    cue = concept.cue
    assert set(cue.weights) <= KNOWN
    assert cue.weights
    assert all(0.2 <= abs(weight) <= 6.0 for weight in cue.weights.values())
    assert (
        any(weight > 0 for weight in cue.weights.values())
        or " not " in cue.text
        or "in order" in cue.text
        or "fresh" in cue.text
    )
    assert cue.text[0].islower() or cue.text.startswith(("AWS", "OAuth", "GET", "Amazon"))
    assert not (cue.own and not cue.answer)


def _unbounded(tree: Any, inside: bool = False) -> Iterator[str]:
    """The repeats without an end that stand inside another repeat: what may run away."""
    for operation, argument in tree:
        if operation in (constants.MAX_REPEAT, constants.MIN_REPEAT, constants.POSSESSIVE_REPEAT):
            low, high, body = argument
            endless = high is constants.MAXREPEAT
            if endless and inside:
                yield f"{operation} {low}.. inside a repeat"
            yield from _unbounded(body, inside or endless or high > 80)
        elif operation is constants.SUBPATTERN:
            yield from _unbounded(argument[-1], inside)
        elif operation is constants.BRANCH:
            for branch in argument[1]:
                yield from _unbounded(branch, inside)
        elif operation in (constants.ASSERT, constants.ASSERT_NOT):
            yield from _unbounded(argument[1], inside)


@pytest.mark.parametrize("name", PATTERNS)
def test_no_pattern_repeats_a_repeat_without_end(name: str) -> None:
    pattern = PATTERNS[name]
    assert list(_unbounded(parser.parse(pattern.pattern, pattern.flags & ~re.DEBUG))) == []


HOSTILE = {
    "blanks": " ",
    "letters": "a",
    "words": "works ",
    "works in": "works in in in ",
    "other": "other other ",
    "tokens": "token token ",
    "accounts": "our account account ",
    "quotes": "'\"",
    "skus": "sku=' ",
    "paths": "/orders/v0",
    "slashes": "/",
    "dots": "a.b.",
    "nothing of a kind": "no not without the ",
    "ids": "A1B2C3D4E5",
    "header": "x-amz-access-token: ",
    "dates": "2026-01-01 ",
    "frames": "at a.b(",
    "urls": "https://sellingpartnerapi-na.amazon.com/",
    "percent": "%25",
    "brackets": "[{(",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hundred_thousand_characters_are_read_and_the_reading_ends(name: str) -> None:
    unit = HOSTILE[name]
    text = "403 Access to requested resource is denied " + unit * (100_000 // len(unit))
    faulthandler.dump_traceback_later(60, exit=True)  # a bound for what runs away, not a measure
    try:
        for symptom in (Symptom.DENIED, Symptom.INVALID, Symptom.CONSENT, Symptom.NOTHING):
            list(clues_of_words(text, symptom, ()))
        told.told(text)
        list(dates.clues_of_days(text))
        told.without_noise(text[:LONGEST])
    finally:
        faulthandler.cancel_dump_traceback_later()


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=400))
def test_any_words_around_an_answer_give_an_answer(words: str) -> None:
    text = f"{words} 403 Access to requested resource is denied. {words}"
    diagnosis = diagnose(text)
    scores = [match.score for match in diagnosis.faults]
    assert scores == sorted(scores, reverse=True)
    assert sum(scores) <= 1.0 + 1e-6
    assert diagnosis.as_dict() == diagnose(text).as_dict()


@pytest.mark.parametrize(
    ("words", "symptom", "found"),
    [
        ("the app is a draft", Symptom.DENIED, True),
        ("the app is not a draft", Symptom.DENIED, False),
        ("there is no draft", Symptom.DENIED, False),
        ("the app is a draft", Symptom.INVALID, False),  # it means nothing there
        ("a draft", Symptom.NOTHING, False),
    ],
)
def test_what_is_denied_is_not_said(words: str, symptom: Symptom, found: bool) -> None:
    named = {name for clue in clues_of_words(words, symptom, ()) for name in clue.weights}
    assert ("other-dev-account-pending" in named) is found
