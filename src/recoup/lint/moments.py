"""Instants and days as people write them: which are ISO 8601, and what is wrong with those that are not."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import msgspec

__all__ = ["Moment", "read_moment"]

_LONGEST = 80
_FORM = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)(?:(?P<sep>[Tt _]|%20)(?P<time>\d\d:\d\d(?::\d\d(?:[.,]\d{1,12})?)?)\s?"
    r"(?P<zone>[Zz]|UTC|GMT|[+-]\d\d(?::?\d\d)?)?)?",
    re.ASCII,
)
_BASIC = re.compile(r"\d{8}T\d{4,6}Z?", re.ASCII)
_LOCAL = re.compile(r"\d{1,2}[/.\-]\d{1,2}[/.\-]\d{2,4}.*|\d{4}[/.]\d{1,2}[/.]\d{1,2}.*", re.ASCII | re.DOTALL)
_LOOSE_DIGITS = re.compile(r"\d{4}-\d{1,2}-\d{1,2}.*", re.ASCII | re.DOTALL)


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """`at` is UTC (a time without a zone counts as UTC). `loose` says what is not quite ISO 8601, else empty."""

    at: datetime
    timed: bool
    zoned: bool
    loose: str = ""


def read_moment(text: str) -> Moment | str:
    """The instant or day, or what is wrong with it. Never raises."""
    value = text.strip()
    if len(value) > _LONGEST:
        return "it has another form"
    match = _FORM.fullmatch(value)
    if match is None:
        return _reason(value)
    day, time, zone = match["day"], match["time"], match["zone"]
    clock = (time or "00:00").replace(",", ".")
    if "." in clock:
        head, _, tail = clock.partition(".")
        clock = f"{head}.{tail[:6].ljust(6, '0')}"
    offset = "" if zone is None else "+00:00" if zone in ("Z", "z", "UTC", "GMT") else zone
    try:
        moment = datetime.fromisoformat(f"{day}T{clock}{offset}")
        at = (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return "there is no such day or time"
    loose = ""
    if match["sep"] not in (None, "T"):
        loose = "a T belongs between day and time"
    elif zone in ("UTC", "GMT", "z"):
        loose = "the zone is written Z"
    elif value != text:
        loose = "a blank stands beside it"
    return Moment(at=at, timed=time is not None, zoned=zone is not None, loose=loose)


def _reason(value: str) -> str:
    if value.isascii() and value.isdigit() and len(value) in (10, 13):
        return "it counts seconds or milliseconds"
    if _BASIC.fullmatch(value):
        return "day and time are written without - and :"
    if _LOCAL.fullmatch(value):
        return "the day is not written year-month-day with two digits each"
    if _LOOSE_DIGITS.fullmatch(value):
        return "what follows the year is not in its form"
    if not any(char.isdigit() for char in value):
        return "it is a word"
    return "it has another form"
