"""What is counted while an input is read: a summary, and what the other calls did, always of the same exchanges."""

from __future__ import annotations

from recoup.diagnosis.diagnosis import Diagnosis
from recoup.traces.feeding import Feed
from recoup.traces.judging import form_of
from recoup.traces.summary import Summary
from recoup.traces.traced import Again, Alike

__all__ = ["Tally"]

_MOST = 5_000


class Tally:
    """A summary and a feed that is told of the same. `begin` lays both aside and starts with empty ones.

    With `remembering` a reader may tell failures too that are alike to one before. What it cannot tell it gives to be
    judged, and sets `met` to what that failure is known by; whoever judged it calls `learn`.
    """

    def __init__(self, *, remembering: bool = False) -> None:
        self.remembering = remembering
        self.met: Again | None = None
        self._settled: dict[Alike, Diagnosis] = {}
        self._open: set[Alike] = set()
        self.begin()

    def begin(self) -> None:
        """Start anew; what was learned stays."""
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

    def learn(self, diagnosis: Diagnosis | None) -> None:
        """Any failure that is like the one `met` has this diagnosis; None: it depends on the other calls."""
        if self.met is None:
            return
        if diagnosis is not None:
            if len(self._settled) >= _MOST:
                self._settled.clear()
            self._settled[self.met.alike] = diagnosis
        elif (form := form_of(self.met.request)) is not None:
            if len(self._open) >= _MOST:
                self._open.clear()
            self._open.add((self.met.alike, form))

    def failed(self, failure: Again) -> bool:
        """Count a failure that is alike to one that was judged. False where it was not counted, for no such one is
        known, or it is of use as an example.
        """
        diagnosis = self._settled.get(failure.alike)
        if diagnosis is None or not self.summary.add_again(failure, diagnosis):
            return False
        self.feed.refused(failure.request, failure.status, failure.operation, failure.at, failure.seller)
        return True

    def must_wait(self, failure: Again) -> bool:
        """Whether it is alike to one that depends on the other calls."""
        if not self._open or failure.alike in self._settled:
            return False
        return (failure.alike, form_of(failure.request)) in self._open
