"""What is counted while an input is read: a summary, and what the other calls did, always of the same exchanges."""

from __future__ import annotations

from recoup.traces.feeding import Feed
from recoup.traces.summary import Summary

__all__ = ["Tally"]


class Tally:
    """A summary and a feed that is told of the same. `begin` lays both aside and starts with empty ones."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Start anew."""
        self.feed = Feed()
        self.summary = Summary(self.feed.counted)

    def passed(
        self, status: int, operation: str | None, at: float | None, seller: str | None, method: str, url: str
    ) -> None:
        """A success in which no failure can hide. `operation` is `api/version/id`, `at` epoch seconds, `url` as it
        stands in the trace, without its query.
        """
        self.summary.passed(status, operation, at, seller)
        feed = self.feed
        if method == "POST" or url in feed.awaited:
            feed.passed(at, seller, method, url)
