"""Small ways of writing things that every form of the report shares: instants, spans, shares, numbers."""

from __future__ import annotations

from datetime import UTC, datetime

__all__ = ["day_and_time", "number", "percent", "span", "times"]


def day_and_time(at: float | None) -> str:
    """An instant (epoch seconds) as people read it, in UTC; the word unknown for none."""
    if at is None:
        return "unknown"
    try:
        return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")
    except (OverflowError, OSError, ValueError):
        return "unknown"


def number(count: int) -> str:
    """A count with its thousands apart."""
    return f"{count:,}"


def times(count: int) -> str:
    """How often: "once", "3 times"."""
    return "once" if count == 1 else f"{number(count)} times"


def percent(share: float) -> str:
    """A share of one as a percentage; small ones are not rounded to nothing."""
    if 0 < share < 0.001:
        return "<0.1 %"
    return f"{share * 100:.1f} %"


def span(first: float | None, last: float | None) -> str:
    """From when to when, in UTC."""
    if first is None or last is None:
        return "at unknown times"
    if int(first) == int(last):
        return f"at {day_and_time(first)} UTC"
    return f"from {day_and_time(first)} to {day_and_time(last)} UTC"
