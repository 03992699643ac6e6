"""Calls that a text tells of side by side with what came of each: what is different between them is the cause.

Lines of a log, a list of what was tried, two requests and two statuses. Bounded: the first calls of a text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from recoup.catalogue.facts import marketplaces
from recoup.catalogue.facts.operations import operations
from recoup.diagnosis.clue import Clue

__all__ = ["clues_of_calls", "clues_of_marketplaces"]

_LONGEST = 16_384
_MOST = 60
_STATUS = r"(?<![\w.:/=\-])([2-5]0[0-9]|4[12][0-9])(?![\w/%]|[.,:]\d)"
_MARKETPLACE = re.compile(r"(?<![A-Za-z0-9])(A[A-Z0-9]{9,14})(?![A-Za-z0-9])([^\n]{0,90}?)" + _STATUS)
_PATH = re.compile(
    r"(?:\b(GET|POST|PUT|PATCH|DELETE)\b[ \t]+)?(?:https://[\w.\-]+|\{\{?\w+\}?\}|(?<=\s))(/[a-z][A-Za-z]{2,24}/[^\s?\"']{2,160})"
    r"([^\n]{0,160}?)" + _STATUS
)
_NAMED = re.compile(r"(?<![A-Za-z0-9_/.])([a-z]{2,12}(?:[A-Z][a-z0-9]{1,20}){1,6})\b([^\n]{0,40}?)" + _STATUS)
_REGION = "403-region-mismatch"

_OTHERS_WORK = Clue(
    text="other operations are shown to work",
    weights={
        "403-missing-role": 1.2,
        "403-expired-token": -2.0,
        "403-missing-token": -2.0,
        "403-account-suspended": -1.5,
        "400-inactive-account": -1.5,
        "other-dev-account-pending": -1.0,
        _REGION: -1.0,
        "403-invalid-signature": -1.5,
    },
)


def clues_of_marketplaces(text: str) -> Iterator[Clue]:
    """Of marketplaces that are told with a status each: one works and another is refused."""
    good: set[str] = set()
    bad: set[str] = set()
    for found in islice(_MARKETPLACE.finditer(text[:_LONGEST]), _MOST):
        if marketplaces.by_id(found[1]) is not None:
            (good if found[3] < "300" else bad).add(found[1])
    good -= bad
    if not good or not bad:
        return
    where = {marketplaces.region_of(name) for name in good}
    there = {marketplaces.region_of(name) for name in bad}
    if there <= where:
        yield Clue(
            text="a marketplace of the same region is shown to work",
            weights={"403-unsupported-marketplace": 3.8, _REGION: -2.0, "403-missing-role": -1.0},
            introduces=frozenset({"403-unsupported-marketplace"}),
        )
    else:
        yield Clue(
            text="a marketplace of another region is shown to work",
            weights={_REGION: 3.0, "403-missing-role": -1.0},
            introduces=frozenset({_REGION}),
        )


def clues_of_calls(text: str) -> Iterator[Clue]:
    """Of operations that are told with a status each, by their paths or their ids: others work."""
    table = operations()
    good: set[str] = set()
    bad: set[str] = set()
    for found in islice(_PATH.finditer(text[:_LONGEST]), _MOST):
        for each in table.find_any_method(found[2].rstrip(".,;:"))[:1]:
            (good if found[4] < "300" else bad).add(each.id)
    for found in islice(_NAMED.finditer(text[:_LONGEST]), _MOST):
        if table.by_id(found[1]):
            (good if found[3] < "300" else bad).add(found[1])
    if bad and good - bad:
        yield _OTHERS_WORK
