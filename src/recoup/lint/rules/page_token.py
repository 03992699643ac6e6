"""The token of the next page was altered on its way, or comes together with what it may not come with.

A token goes back exactly as it came, encoded once: its `+`, `/` and `=` as %2B, %2F and %3D. Reports and feeds take it
as the only parameter; elsewhere the arguments of the first call are repeated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from recoup.lint.asked import fault_of, is_hole, reached
from recoup.lint.finding import Finding, FixKind
from recoup.lint.rule import Around, found
from recoup.lint.subject import Pair, Subject

__all__ = ["FAULTS", "RULE", "check"]

RULE = "page-token"
FAULTS = ("400-invalid-next-token", "sc-00002-invalid-value")

_ALONE = frozenset({"GET /reports/2021-06-30/reports", "GET /feeds/2021-06-30/feeds"})
_NOTHING = frozenset({"", "null", "none", "undefined", "nil", "nan", "true", "false", "0"})
_ODD = re.compile(r"[\"'\s<>{}\\]")


def check(subject: Subject, around: Around) -> Iterator[Finding]:
    """A finding at the token, at the character that was altered, or at the parameter beside it."""
    operation = reached(subject)
    if operation is None:
        return
    fault = fault_of(operation, FAULTS[0], FAULTS[1])
    for name in operation.page_token:
        pair = subject.parameter(name)
        if pair is None:
            continue
        if pair.decoded.strip().lower() in _NOTHING:
            said = f"{name} holds no token."
            yield found(RULE, fault, pair.whole, said, "Leave it out for the first page.", FixKind.SAFE, b"")
            continue
        if not is_hole(pair.value.text):
            yield from _altered(fault, pair)
        if f"{operation.method} {operation.path}" in _ALONE:
            for other in subject.parameters:
                if other is not pair:
                    said = f"{operation.id} takes {name} alone."
                    yield found(RULE, fault, other.whole, said, "Leave it out.", FixKind.SAFE, b"")


def _altered(fault: str, pair: Pair) -> Iterator[Finding]:
    text = pair.value.text
    fix = "Encode the token once, with a function for query values."
    for at, char in enumerate(text):
        if char == "+":
            said = "The plus sign of the token is read as a blank."
            yield found(RULE, fault, pair.value.place(at, at + 1), said, fix, FixKind.SAFE, b"%2B")
    odd = _ODD.search(pair.decoded.replace(" ", "")) if "%25" not in text else None
    if odd is not None:
        said = "The token holds a quote, bracket or line break that no token has."
        yield found(RULE, fault, pair.value.place(), said, "Send the token exactly as it came.", FixKind.NEEDS_VALUE)
    elif "%20" in text:
        at = text.index("%20")
        said = "A blank stands in the token: a plus sign was decoded once too often."
        yield found(RULE, fault, pair.value.place(at, at + 3), said, fix, FixKind.GUESS, b"%2B")
