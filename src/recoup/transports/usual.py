"""The usual call, without a flow: it goes out at once, and comes back with an answer in which nothing can have failed.

A flow (`recoup.transports.flow`) is what decides; here is only recognised that there is nothing to decide. As soon as
anything is unusual the flow is entered after all, with what has happened so far (`Entered`, and the results of its
first effects: see `carry_out`), and goes on from there as if it had been there from the beginning. So there is one
policy and two entrances; `tests/transports/test_usual_calls.py` holds them against each other.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import msgspec

from recoup.governor.governor import Governor
from recoup.login.token import TOKEN_HEADER
from recoup.recovery.decision import Done
from recoup.recovery.history import Attempt, History
from recoup.recovery.policy import Policy
from recoup.recovery.quota import SharedQuota
from recoup.recovery.stated import seconds
from recoup.transports.course import Course, Courses
from recoup.transports.hosts import TOKEN_PATH, Place
from recoup.transports.library import Library, Look, Target
from recoup.transports.login import Login
from recoup.transports.outcome import Outcome
from recoup.transports.telling import Audience

__all__ = ["Entered", "Means", "Usual", "stated_rate"]

_DONE = Done()
_INFO = logging.INFO  # events of calls that succeed at once have no higher level


@lru_cache(maxsize=1000)
def stated_rate(text: str | None) -> float | None:
    """The rate (requests a second) in a field x-amzn-RateLimit-Limit, where it is one."""
    return seconds(text) or None


class Means(msgspec.Struct, frozen=True, kw_only=True):
    """What all calls of one client are made with. `now` gives epoch seconds, `random` numbers in [0, 1)."""

    login: Login | None
    policy: Policy
    governor: Governor
    courses: Courses
    audience: Audience
    now: Callable[[], float]
    random: Callable[[], float]
    quota: SharedQuota
    strict: bool


class Entered(msgspec.Struct, frozen=True):
    """A call whose first request may be sent now: `request`, which carries the login's `token` where it brought none
    itself. Its place is taken. `course` is None where the path is no operation's; `began` is in epoch seconds.
    """

    request: Any
    course: Course | None
    token: str | None
    began: float

    def __repr__(self) -> str:
        """No token: tools that report exceptions show the local variables of their frames."""
        return f"Entered(began={self.began})"


class Usual:
    """The usual calls of one client, made with the same means as its flows."""

    __slots__ = ("_courses", "_gain", "_governor", "_login", "_never", "_now", "_quota", "_wants")

    def __init__(self, means: Means) -> None:
        self._login = means.login
        self._governor = means.governor
        self._courses = means.courses
        self._now = means.now
        self._quota = means.quota
        self._gain = means.policy.success_gain
        # Every request is looked at, every event is told, or a store is asked that may block.
        self._never = means.strict or bool(means.audience.listeners) or means.governor.blocking
        self._wants = means.audience.wants

    def enter(self, request: Any, library: Library, target: Target, place: Place) -> Entered | None:
        """Everything that comes before the first request is sent; None, and nothing done, where that is a flow's
        business: somebody wants to hear of it, a token has to be fetched, something is held back, or the usage plan
        makes it wait.
        """
        if self._never or target.path == TOKEN_PATH or self._wants(_INFO):
            return None
        own = library.header(request, TOKEN_HEADER)
        course = self._courses.find(target, place, own)
        began = self._now()
        token: str | None = None
        if not own and self._login is not None:
            token = self._login.cached(began)
            if token is None:
                return None
            request = library.with_header(request, TOKEN_HEADER, token)
        if course is not None and not self._governor.at_once(course.bucket, course.operation, now=began):
            return None
        return Entered(request, course, token, began)

    def leave(self, entered: Entered, look: Look) -> Outcome:
        """The end of a call in whose answer nothing can have failed: what that taught, and the outcome to attach."""
        status, _, _, rate = look
        ended, course, operation = self._now(), entered.course, None
        if course is not None:
            operation, governor, stated = course.operation, self._governor, stated_rate(rate)
            if governor.news(course.bucket, status=status, rate=stated, now=ended):
                governor.seen(course.bucket, operation, status=status, rate=stated, now=ended)
        self._quota.give(self._gain)
        attempt = Attempt(number=1, sent_at=entered.began, ended_at=ended, status=status, decision="done")
        return Outcome(decision=_DONE, history=History(attempts=(attempt,), count=1), operation=operation)
