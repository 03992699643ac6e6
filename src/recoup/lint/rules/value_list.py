"""A list of values is not written as the operation reads it.

Lists are one parameter with commas between the values, save where a parameter is repeated. Brackets and quotes of JSON,
a semicolon, a blank behind the comma make one wrong value out of several right ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote

from recoup.lint.asked import fault_of, is_hole, reached, split
from recoup.lint.finding import Finding, FixKind
from recoup.lint.rule import Around, found
from recoup.lint.subject import Pair, Subject

__all__ = ["FAULTS", "RULE", "check"]

RULE = "value-list"
FAULTS = ("400-wrong-identifier", "sc-00002-invalid-value")

_BRACKETS = re.compile(r"\s*[\[(].*[\])]\s*|\s*['\"].*['\"]\s*", re.DOTALL)
_WORDS = re.compile(r"(?i:sku|keyword|name|title|brand|identifiers)")


def check(subject: Subject, around: Around) -> Iterator[Finding]:
    """A finding at each list that is written otherwise, and at the repetition of a parameter that is not repeated."""
    operation = reached(subject)
    if operation is None:
        return
    fault = fault_of(operation, FAULTS[0], FAULTS[1])
    seen: dict[str, Pair] = {}
    for pair in subject.parameters:
        name = pair.name.text
        if name not in operation.query:
            continue
        listed = name in operation.csv_query
        if name in seen and name not in operation.multi_query:
            more = "its values belong into one, with commas" if listed else "one of the two counts"
            said = f"{name} is given twice; {more}."
            yield found(RULE, fault, pair.whole, said, f"Give {name} once.", FixKind.GUESS, certain=False)
        seen.setdefault(name, pair)
        value = unquote(pair.value.text)
        if is_hole(value) and not value.startswith("["):
            continue
        if (listed or name in operation.multi_query) and _BRACKETS.fullmatch(value) and value[:1] != "(":
            said = f"{name} is written with the brackets or quotes of another notation."
            fix = f"Write {name}=first,second." if listed else f"Write {name}=first&{name}=second."
            yield found(RULE, fault, pair.value.place(), said, fix, FixKind.NEEDS_VALUE)
        elif listed and not _WORDS.search(name):
            yield from _pieces(fault, name, pair)


def _pieces(fault: str, name: str, pair: Pair) -> Iterator[Finding]:
    pieces = split(pair.value)
    if any(char in pair.value.text for char in (";", "|", "%3B", "%7C")):
        said = f"The values of {name} are separated by commas."
        yield found(RULE, fault, pair.value.place(), said, "Write commas between them.", FixKind.GUESS)
        return
    for value, piece in pieces:
        if value != value.strip():
            said = f"A blank stands beside a value of {name}, and belongs to it as sent."
            yield found(RULE, fault, piece.place(), said, "Leave the blank out.", FixKind.SAFE, value.strip().encode())
        elif not value and len(pieces) > 1:
            said = f"{name} has an empty value between its commas."
            yield found(RULE, fault, piece.place(), said, "Leave the comma out.", FixKind.GUESS, certain=False)
