"""What people tell around an error, as clues: concepts found in the words, each with the causes it speaks for.

The tables are words/*.toml beside this file, read on first use. A block there is one concept:

    text      what was seen, in one line
    find      a pattern, in any case; <name> stands for an entry of words/terms.toml
    weights   natural logarithms of how much more often it is met with that cause than without it
    when      the symptoms under which it means anything; none: all
    unless    a pattern that must not stand in the words
    answer    look in the answer's own texts too, and not only in the words around them
    own       look in the answer's own texts only
    alone     it says what failed even where no answer stands in the text

A cause of weight 2 or more may join the rivals although the answer alone would not have named it. What is denied in the
words ("not a draft", "no sandbox") is not said. The concepts come from the causes, checks and remedies of the documents
and of the catalogue, not from single reports.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import msgspec

from recoup.diagnosis.clue import Clue, Symptom
from recoup.diagnosis.told import without_noise

__all__ = ["LONGEST", "Cue", "clues_of_answer", "clues_of_words", "cues"]

LONGEST = 8_192  # characters of a text in which concepts are looked for
_TELLING = frozenset({Symptom.CONSENT, Symptom.SIGNATURE})  # their own texts repeat what was asked
_JOINS = 2.0
_TRIES = 8  # finds of one concept that are looked at, where the first ones are denied
_DENIED = re.compile(
    r"\b(?:no|not|never|neither|nor|without|isn.t|aren.t|wasn.t|weren.t|don.t|doesn.t|didn.t|haven.t|hasn.t)"
    r"(?: (?:an?|the|any|in|our|my|is|been|at|on|using|about|due to|because of))?(?: the| an?)? ?$",
    re.IGNORECASE,
)
_TERM = re.compile(r"<([a-z]+)>")
_TABLES = ("denied", "invalid", "page", "answered", "elsewhere")


class Cue(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One concept; see the head of this file."""

    text: str
    find: str
    weights: dict[str, float]
    when: frozenset[Symptom] = frozenset()
    unless: str = ""
    answer: bool = False
    own: bool = False
    alone: bool = False


class Concept(msgspec.Struct, frozen=True):
    """A cue made ready: its patterns, and the clue that it gives."""

    cue: Cue
    find: re.Pattern[str]
    unless: re.Pattern[str] | None
    clue: Clue


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    cue: tuple[Cue, ...]


@cache
def cues() -> tuple[Concept, ...]:
    """Every concept, in the order of the tables."""
    folder = Path(__file__).with_name("words")
    terms = tomllib.loads((folder / "terms.toml").read_text(encoding="utf-8"))
    found: list[Concept] = []
    for name in _TABLES:
        table = msgspec.convert(tomllib.loads((folder / f"{name}.toml").read_text(encoding="utf-8")), type=_Table)
        found.extend(_ready(cue, terms) for cue in table.cue)
    return tuple(found)


def _ready(cue: Cue, terms: dict[str, str]) -> Concept:
    def pattern(text: str) -> re.Pattern[str]:
        for _ in range(2):  # a term may hold terms
            text = _TERM.sub(lambda name: terms[name[1]], text)
        return re.compile(text, re.IGNORECASE)

    joins = frozenset(name for name, weight in cue.weights.items() if weight >= _JOINS)
    clue = Clue(text=cue.text, weights=cue.weights, introduces=joins)
    return Concept(cue, pattern(cue.find), pattern(cue.unless) if cue.unless else None, clue)


def clues_of_words(text: str, symptom: Symptom, answer: Iterable[str | None]) -> Iterator[Clue]:
    """The clues in the words of `text`; `answer` are the answer's own texts, which are judged by the catalogue."""
    words = without_noise(text[:LONGEST])
    own = [each for each in answer if each]
    if symptom not in _TELLING:
        for each in own:
            if len(each) > 8:
                words = words.replace(each, " ")
    answered = "\n".join(own)
    said = f"{words}\n{answered}"
    for concept in cues():
        cue = concept.cue
        if symptom is Symptom.NOTHING:
            if not cue.alone:
                continue
        elif cue.when and symptom not in cue.when:
            continue
        where = answered if cue.own else said if cue.answer else words
        if _says(concept.find, where) and (concept.unless is None or concept.unless.search(where) is None):
            yield concept.clue


def clues_of_answer(symptom: Symptom, answer: Iterable[str | None]) -> Iterator[Clue]:
    """The clues in an answer's own texts, where the catalogue knows none of them."""
    said = "\n".join(each for each in answer if each)[:LONGEST]
    if not said:
        return
    for concept in cues():
        cue = concept.cue
        if cue.answer and (not cue.when or symptom in cue.when) and _says(concept.find, said):
            yield concept.clue


def _says(pattern: re.Pattern[str], words: str) -> bool:
    """Whether a concept stands in the words and is not denied there."""
    for found, _ in zip(pattern.finditer(words), range(_TRIES), strict=False):
        before = words[max(0, found.start() - 32) : found.start()]
        if _DENIED.search(before) is None:
            return True
    return False
