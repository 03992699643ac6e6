"""What is counted while an input is read: a summary, and what the other calls did, always of the same exchanges."""

from __future__ import annotations

from collections.abc import Iterator
from operator import length_hint

from recoup.diagnosis.diagnosis import Diagnosis
from recoup.traces.feeding import Feed
from recoup.traces.judging import form_of
from recoup.traces.summary import Summary
from recoup.traces.traced import Again, Alike

__all__ = ["Tally"]

_MOST = 5_000


class Tally:
    """A summary and a feed that is told of the same. `begin` lays both aside and starts with empty ones.

    While it is `remembering` a reader may tell failures too that are alike to one before. What it cannot tell it gives
    to be judged, and sets `met` to what that failure is known by; whoever judged it calls `learn`.
    """

    def __init__(self, *, remembering: bool = False) -> None:
        self.remembering = remembering
        self.met: Again | None = None
        self.noted: list[tuple[int, Again]] = []
        """Those that wait, each with the number of lines of its block that came after it; a reader passes them on."""
        self._known: dict[Alike, Diagnosis | None] = {}  # None: it depends on the other calls
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

    def learn(self, diagnosis: Diagnosis | None, *, settled: bool) -> None:
        """A failure that is like the one `met` has this diagnosis; None: it depends on the other calls. One that is not
        `settled` depends on the request too.
        """
        failure = self.met
        if failure is None:
            return
        key = failure.alike if settled else _with_form(failure)
        if key is not None:
            if len(self._known) >= _MOST:
                self._known.clear()
            self._known[key] = diagnosis

    def failed(self, failure: Again, left: Iterator[bytes]) -> bool:
        """Count a failure that is alike to one that was judged, or have it wait for the end where that one does. False
        where no such one is known, or this one is of use as an example. `left` are the lines of the block after it.
        """
        diagnosis = self._known.get(failure.alike)
        if diagnosis is None:
            key = _with_form(failure)
            diagnosis = _UNKNOWN if key is None else self._known.get(key, _UNKNOWN)
        if diagnosis is _UNKNOWN:
            return False
        if diagnosis is None:
            self.noted.append((length_hint(left), failure))
        elif not self.summary.add_again(diagnosis, failure):
            return False
        self.feed.refused_again(failure)
        return True


_UNKNOWN = Diagnosis()


def _with_form(failure: Again) -> Alike | None:
    form = failure.form = failure.form or form_of(failure.request)
    return None if form is None else (failure.alike, form)
