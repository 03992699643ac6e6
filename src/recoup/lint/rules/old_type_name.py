"""A report or feed type is written as MWS wrote it, with underscores at both ends."""

from __future__ import annotations

import re
from collections.abc import Iterator

from recoup.lint.asked import given, reached
from recoup.lint.finding import Finding, FixKind
from recoup.lint.rule import Around, found
from recoup.lint.subject import Subject

__all__ = ["FAULTS", "RULE", "check"]

RULE = "old-type-name"
FAULTS = ("other-feed-type-rejected",)

_OLD = re.compile(r"_((?:GET|POST)_[A-Z0-9_]+?)_", re.ASCII)
_NAMES = frozenset({"reporttype", "reporttypes", "feedtype", "feedtypes"})


def check(subject: Subject, around: Around) -> Iterator[Finding]:
    """A finding at the type, with the name without these underscores."""
    operation = reached(subject)
    if operation is None or operation.api not in ("reports", "feeds"):
        return
    for value in given(subject):
        match = _OLD.fullmatch(value.value) if value.name.lower() in _NAMES else None
        if match is not None:
            right = f'"{match[1]}"' if value.part == "body" else match[1]
            said = "The type is written as MWS wrote it."
            yield found(
                RULE, FAULTS[0], value.place, said, "Leave the outer underscores out.", FixKind.GUESS, right.encode()
            )
