"""Days told in a text, held against the days on which versions of the API came and went.

Two causes of a bare 403 can be seen so: a version that was not released yet on the day of the report, and one that was
removed shortly before it. Days in query parameters and bodies are data, not the day on which something happened.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache

from recoup.catalogue.facts import deprecations
from recoup.catalogue.facts.operations import operations
from recoup.diagnosis.clue import Clue

__all__ = ["clues_of_days", "days_told"]

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ISO = re.compile(r"(?:^|(?<=[\s(\[]))(\d{4})-(\d\d)-(\d\d)(?!\d)(?!\s+(?:version|api))", re.MULTILINE | re.IGNORECASE)
_DAY_MONTH = re.compile(
    rf"\b(\d{{1,2}})(?:st|nd|rd|th)?\s(?:of\s)?({'|'.join(_MONTHS)})[a-z]*\.?,?\s(\d{{4}})\b", re.IGNORECASE
)
_MONTH_DAY = re.compile(rf"\b({'|'.join(_MONTHS)})[a-z]*\.?\s(\d{{1,2}})(?:st|nd|rd|th)?,?\s(\d{{4}})\b", re.IGNORECASE)
_VERSION = re.compile(r"/(\d{4}-\d\d-\d\d)(?=[/\s\"'?]|$)|\b(\d{4}-\d\d-\d\d)\s+(?:version|api)\b", re.IGNORECASE)
_SOON = timedelta(days=60)
_LONGEST = 16_384


def days_told(text: str) -> list[date]:
    """The days that a text names in its own words, in their order, without those that name a version."""
    found = [(each.start(), int(each[1]), int(each[2]), int(each[3])) for each in _ISO.finditer(text)]
    found += [(each.start(), int(each[3]), _month(each[2]), int(each[1])) for each in _DAY_MONTH.finditer(text)]
    found += [(each.start(), int(each[3]), _month(each[1]), int(each[2])) for each in _MONTH_DAY.finditer(text)]
    versions = _versions()
    days = []
    for _, year, month, day in sorted(found):
        try:
            told = date(year, month, day)
        except ValueError:
            continue
        if told not in versions:
            days.append(told)
    return days


@cache
def _versions() -> frozenset[date]:
    """The days that are names of versions."""
    names = {item.version for item in operations().items}
    names |= {item.prefix.strip("/").rpartition("/")[2] for item in deprecations.deprecations()}
    return frozenset(day for name in names if (day := _day(name)) is not None)


def _month(name: str) -> int:
    return _MONTHS.index(name[:3].lower()) + 1


def clues_of_days(text: str) -> Iterator[Clue]:
    """What the days of a text say about the versions that it names."""
    text = text[:_LONGEST]
    days = days_told(text)
    if not days:
        return
    told = max(days)
    versions = [day for match in _VERSION.finditer(text) if (day := _day(match[1] or match[2])) is not None]
    early = [day for day in versions if told < day]
    if early:
        yield Clue(
            text=f"version {early[0].isoformat()} is called, and the text is of {told.isoformat()}, before its release",
            weights={"403-wrong-path-or-version": 4.0, "404-wrong-path": 1.0},
        )
    for item in deprecations.deprecations():
        if item.removed is None or not item.removed - timedelta(days=3) <= told <= item.removed + _SOON:
            continue
        if _named(item, text):
            yield Clue(
                text=f"{item.item} was removed on {item.removed.isoformat()}, and the text is of {told.isoformat()}",
                weights={"403-deprecated-endpoint": 3.0},
            )
            return


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _named(item: deprecations.Deprecation, text: str) -> bool:
    """Whether the text speaks of that API: by its path, one of its operations, or its name before the word API."""
    lowered = text.lower()
    if item.prefix and item.prefix.lower().rstrip("/") in lowered:
        return True
    if any(name.lower() in lowered for name in item.operations):
        return True
    stem = item.prefix.strip("/").partition("/")[0].rstrip("s").lower()
    return len(stem) > 3 and re.search(rf"\b{re.escape(stem)}\w{{0,4}} apis?\b", lowered) is not None
