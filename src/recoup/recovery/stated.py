"""What the other side states about time: headers and message parameters, read as seconds from now.

Amazon documents no Retry-After for the Selling Partner API; it is honoured where something on the way sends one.
`x-amz-retry-after` (milliseconds) is what AWS services send. `x-amzn-RateLimit-Limit` is the rate (a second) of the
usage plan, sent on successes and on 400 and 404, never on a throttled answer. Whatever cannot be read is None, never
an error.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cache

from recoup.exchange import Headers

__all__ = ["answered_at", "instant", "rate_limit", "retry_after", "seconds"]

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NUMBER = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,9})?", re.ASCII)
# Sun, 06 Nov 1994 08:49:37 GMT, and the older Sunday, 06-Nov-94 08:49:37 GMT
_HTTP_DATE = (
    r"(?:[A-Za-z]{3,9},?\s+)?(?P<day>[0-9]{1,2})[ -](?P<month>[A-Z][a-z]{2})[ -](?P<year>[0-9]{4}|[0-9]{2})\s+"
    r"(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})\s*(?:GMT|UTC)?"
)
# Sun Nov  6 08:49:37 1994, as C prints it, and Sun Nov 06 08:49:37 UTC 1994, as Java does
_C_DATE = (
    r"[A-Z][a-z]{2}\s+(?P<month>[A-Z][a-z]{2})\s+(?P<day>[0-9]{1,2})\s+"
    r"(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})\s+(?:GMT\s+|UTC\s+)?(?P<year>[0-9]{4})"
)
_MILLISECONDS_FROM = 100_000_000_000  # as seconds this would be the year 5138: such a number counts milliseconds


def retry_after(headers: Headers, now: float | None) -> float | None:
    """The wait (seconds) that a response asks for: `x-amz-retry-after`, else `Retry-After` as seconds or as a date.

    A date counts from the response's own Date, so that a clock of ours that is wrong does no harm; without one from
    `now` (epoch seconds).
    """
    milliseconds = seconds(headers.get("x-amz-retry-after"))
    if milliseconds is not None:
        return milliseconds / 1000
    text = headers.get("retry-after")
    if text is None:
        return None
    stated = seconds(text)
    if stated is not None:
        return stated
    date = _http_date(text.strip())
    theirs = answered_at(headers)
    since = theirs if theirs is not None else now
    return None if date is None or since is None else max(0.0, date - since)


def rate_limit(headers: Headers) -> float | None:
    """The rate (requests a second) that a response states, where it is one."""
    rate = seconds(headers.get("x-amzn-ratelimit-limit"))
    return rate if rate else None


def seconds(text: str | None) -> float | None:
    """A non-negative decimal number, or None."""
    if text is None:
        return None
    text = text.strip()
    return float(text) if _NUMBER.fullmatch(text) else None


def answered_at(headers: Headers) -> float | None:
    """The instant (epoch seconds) at which the other side answered, by its Date field."""
    return _http_date((headers.get("date") or "").strip())


def instant(text: str | None) -> float | None:
    """The instant (epoch seconds) that a message names, or None.

    Read are ISO 8601 with `T` or a blank, where no zone means UTC; HTTP dates; dates as C and Java print them; and
    epoch seconds or milliseconds.
    """
    if text is None:
        return None
    text = text.strip().strip("'\"")
    number = seconds(text)
    if number is not None:
        return number / 1000 if number >= _MILLISECONDS_FROM else number if number >= 1_000_000_000 else None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return _http_date(text)
    try:
        return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()
    except OverflowError:  # the first and last hours of the calendar, in a zone that pushes them over its edge
        return None


@cache
def _dates() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Compiled where a date is first met: most answers state none."""
    return re.compile(_HTTP_DATE, re.ASCII), re.compile(_C_DATE, re.ASCII)


def _http_date(text: str) -> float | None:
    http, c = _dates()
    found = http.fullmatch(text) or c.fullmatch(text)
    if found is None or found["month"] not in _MONTHS:
        return None
    year = int(found["year"])
    if year < 100:  # RFC 9110: two digits mean this century unless that is far ahead
        year += 2000 if year < 70 else 1900
    try:
        moment = datetime(
            year,
            _MONTHS.index(found["month"]) + 1,
            int(found["day"]),
            int(found["hour"]),
            int(found["minute"]),
            int(found["second"]),
            tzinfo=UTC,
        )
    except ValueError:  # the 30th of February
        return None
    return moment.timestamp()
