"""Counts over time in bins that widen as the time grows, so that a day and a year take the same memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

__all__ = ["FINEST", "MOST", "Series"]

FINEST = 60  # seconds
MOST = 360  # bins


class Series:
    """How many happened in each bin of time. A bin begins at a multiple of its width in epoch seconds.

    Bins are a minute wide at first; whenever more than `MOST` of them hold something, they become twice as wide. So two
    series can always be added up, and the sum does not depend on the order.
    """

    __slots__ = ("bins", "width")

    def __init__(self) -> None:
        self.width = FINEST
        """Seconds."""
        self.bins: dict[int, int] = {}
        """From the number of the bin (its beginning divided by the width) to the count."""

    def add(self, at: float, times: int = 1) -> None:
        """Count `times` more at the instant `at` (epoch seconds)."""
        number = int(at // self.width)
        bins = self.bins
        if number in bins:
            bins[number] += times
            return
        bins[number] = times
        if len(bins) > MOST:
            self._widen(self.width * 2)

    def add_minutes(self, minutes: Mapping[int, int]) -> None:
        """Count so many more in each of these minutes (epoch seconds / 60)."""
        bins, ratio = self.bins, self.width // FINEST
        for minute, times in minutes.items():
            number = minute // ratio
            bins[number] = bins.get(number, 0) + times
        if len(bins) > MOST:
            self._widen(self.width * 2)

    def merge(self, other: Series) -> None:
        """Count what `other` has counted too."""
        if other.width > self.width:
            self._widen(other.width)
        ratio = self.width // other.width
        for number, count in other.bins.items():
            coarse = number // ratio
            self.bins[coarse] = self.bins.get(coarse, 0) + count
        if len(self.bins) > MOST:
            self._widen(self.width * 2)

    def items(self) -> Iterator[tuple[int, int]]:
        """(beginning of the bin in epoch seconds, count) for each bin that holds something, the earliest first."""
        for number in sorted(self.bins):
            yield number * self.width, self.bins[number]

    @property
    def total(self) -> int:
        """How many were counted."""
        return sum(self.bins.values())

    @property
    def peak(self) -> tuple[int, int] | None:
        """(beginning in epoch seconds, count) of the fullest bin, of equals the earliest; None for an empty series."""
        if not self.bins:
            return None
        number = max(self.bins, key=lambda each: (self.bins[each], -each))
        return number * self.width, self.bins[number]

    def as_dict(self) -> dict[str, object]:
        """`width` in seconds and `bins`, a list of [beginning, count]."""
        return {"width": self.width, "bins": [list(each) for each in self.items()]}

    def _widen(self, width: int) -> None:
        while True:
            ratio = width // self.width
            wider: dict[int, int] = {}
            for number, count in self.bins.items():
                coarse = number // ratio
                wider[coarse] = wider.get(coarse, 0) + count
            self.width, self.bins = width, wider
            if len(wider) <= MOST:
                return
            width *= 2
