"""What is counted while an input is read: a summary, and what the other calls did, always of the same exchanges."""

from __future__ import annotations

from recoup.diagnosis.diagnosis import Diagnosis
from recoup.exchange import Request
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
        self.waits = False
        """Whether the one `met` is alike to one that depends on the other calls: nobody needs to look at it now."""
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
        if self.met is None:
            return
        key = self.met.alike if settled else _with_form(self.met.alike, self.met.request)
        if key is not None:
            if len(self._known) >= _MOST:
                self._known.clear()
            self._known[key] = diagnosis

    def failed(
        self,
        alike: Alike,
        request: Request,
        status: int,
        operation: str,
        at: float | None,
        seller: str | None,
        *,
        traceable: bool,
    ) -> bool:
        """Count a failure that is `alike` to one that was judged. False where it was not counted, for no such one is
        known, or it `waits`, or it is of use as an example; `traceable` is one with a request id.
        """
        diagnosis = self._known.get(alike)
        if diagnosis is None:
            key = _with_form(alike, request)
            diagnosis = _UNKNOWN if key is None else self._known.get(key, _UNKNOWN)
            self.waits = diagnosis is None
            if diagnosis is None or diagnosis is _UNKNOWN:
                return False
        self.waits = False
        if not self.summary.add_again(diagnosis, request, status, operation, at, seller, traceable=traceable):
            return False
        self.feed.refused(request, status, operation, at, seller)
        return True


_UNKNOWN = Diagnosis()


def _with_form(alike: Alike, request: Request) -> Alike | None:
    form = form_of(request)
    return None if form is None else (alike, form)
