"""What people tell around an error, as clues: concepts found in the words, each with the causes it speaks for.

The table is cues.toml beside this file, read on first use. Only words around the answer count: its own message and
details are taken out first, since they are judged by the catalogue.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import msgspec

from recoup.diagnosis.clue import Clue, Symptom

__all__ = ["Cue", "clues_of_words", "cues"]

_TELLING = frozenset({Symptom.CONSENT, Symptom.SIGNATURE})  # their own texts repeat what was asked
_LONGEST = 16_384  # characters of a text in which concepts are looked for


class Cue(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One concept. `when` empty: under every symptom. `answer`: looked for in the answer's own texts. See cues.toml."""

    text: str
    find: str
    weights: dict[str, float]
    when: frozenset[Symptom] = frozenset()
    introduces: frozenset[str] = frozenset()
    answer: bool = False


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    cue: tuple[Cue, ...]


@cache
def cues() -> tuple[tuple[Cue, re.Pattern[str], Clue], ...]:
    """Every cue with its pattern and the clue that it gives."""
    table = msgspec.convert(
        tomllib.loads(Path(__file__).with_name("cues.toml").read_text(encoding="utf-8")), type=_Table
    )
    return tuple(
        (
            cue,
            re.compile(cue.find, re.IGNORECASE),
            Clue(text=cue.text, weights=cue.weights, introduces=cue.introduces),
        )
        for cue in table.cue
    )


def clues_of_words(text: str, symptom: Symptom, answer: Iterable[str | None]) -> Iterator[Clue]:
    """The clues in the words of `text`; `answer` are the answer's own texts, in which nothing is looked for."""
    words = text[:_LONGEST]
    said = [own for own in answer if own]
    if symptom not in _TELLING:
        for own in said:
            if len(own) > 8:
                words = words.replace(own, " ")
    own_words = "\n".join(said)
    for cue, pattern, clue in cues():
        if (not cue.when or symptom in cue.when) and pattern.search(own_words if cue.answer else words) is not None:
            yield clue
