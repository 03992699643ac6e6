"""A value was never filled in: `undefined`, `null`, `None`, `[object Object]`, or the name of a template's parameter.

A program wrote into the path or the query what it had in place of a value. The answer is that the identifier or the
token is not valid, or that nothing was found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote

from recoup.lint.finding import Finding, FixKind
from recoup.lint.mapped import Place
from recoup.lint.rule import Around, found
from recoup.lint.subject import Subject

__all__ = ["FAULTS", "RULE", "check"]

RULE = "unfilled-value"
FAULTS = ("400-wrong-identifier", "400-invalid-next-token")

_EMPTY = re.compile(r"undefined|null|None|nil|NaN|\[object Object\]|<[\w.]+ object at 0x[0-9a-f]+>")
_ENCODED_HOLE = re.compile(r"%7[Bb]+\w+%7[Dd]")
_FIX = "Give the value itself; where there is none, leave the parameter out."


def check(subject: Subject, around: Around) -> Iterator[Finding]:
    """A finding at each segment and each query value that is no value."""
    if not subject.is_api:
        return
    at = 0
    for segment in subject.path.text.split("/"):
        if segment and _is_unfilled(segment):
            yield _found(subject.path.place(at, at + len(segment)), FAULTS[0])
        at += len(segment) + 1
    tokens = frozenset(subject.operation.page_token) if subject.operation is not None else frozenset()
    for pair in subject.parameters:
        if _is_unfilled(pair.value.text):
            yield _found(pair.value.place(), FAULTS[1] if pair.name.text in tokens else FAULTS[0])


def _is_unfilled(text: str) -> bool:
    return _EMPTY.fullmatch(unquote(text)) is not None or _ENCODED_HOLE.fullmatch(text) is not None


def _found(place: Place, fault: str) -> Finding:
    return found(RULE, fault, place, "A value was never filled in here.", _FIX, FixKind.NEEDS_VALUE, certain=False)
