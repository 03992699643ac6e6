"""A call's turn: whether it may be sent now, how long it waits for its place, and what its answer teaches.

The governor knows; here it is asked, directly where it keeps everything in memory, and through `Consult` where its
store may block. A place that a call does not come to use is given back: somebody else may have it.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable

from recoup.catalogue.fault import RetryClass, WaitSubject
from recoup.diagnosis.diagnosis import Diagnosis
from recoup.governor.governor import Changed, Governor
from recoup.governor.hold import Hold
from recoup.governor.stores import Granted, TooLate
from recoup.recovery.call import Call
from recoup.recovery.decision import Decision, StopReason, Wait
from recoup.recovery.policy import Policy
from recoup.telemetry.events import Why
from recoup.transports.attempt import Job
from recoup.transports.course import Course
from recoup.transports.effects import Consult, Flow, SleepFor
from recoup.transports.telling import Telling
from recoup.transports.usual import stated_rate

__all__ = ["Pacing", "Place"]

_HOLDING = (RetryClass.LOCKOUT, RetryClass.SCHEDULE)


class Pacing:
    """The turns of one client's calls."""

    def __init__(self, governor: Governor, policy: Policy, now: Callable[[], float]) -> None:
        self._governor = governor
        self._blocking = governor.blocking
        self._patience = policy.patience
        self._policy = policy
        self._now = now

    def ask(self, course: Course, job: Job, call: Call, now: float) -> Place | None:
        """None where the request may be sent at once, its place taken: the usual case, and no flow is needed for it.
        Else what `turn` goes on with.
        """
        longest = self._patience if call.deadline is None else max(0.0, min(self._patience, call.deadline - now))
        governor, again = self._governor, call.repeats
        if self._blocking or governor.holding or (job.telling is not None and not job.telling.quiet):
            return Place(governor, course, job.target.path, self._now, longest, again)
        found = governor.reserve(course.bucket, course.operation, now=now, longest=longest, again=again)
        if found is None or (type(found) is Granted and found.wait <= 0):
            return None
        place = Place(governor, course, job.target.path, self._now, longest)
        place.found = found
        return place

    def turn(self, place: Place, course: Course, job: Job, call: Call) -> Flow[Decision | Hold | None]:
        """Wait until the request may be sent. Ends with None where it may; else with the hold that it met, or with
        what is to be done because its place would come too late.
        """
        telling = job.telling
        if place.found is None:
            if self._governor.blocking:
                try:
                    yield Consult(place.take)
                except GeneratorExit:  # cancelled while a thread asks
                    place.abandon()
                    raise
            else:
                place.take()
        found = place.found
        if found is None:
            return None
        if isinstance(found, Hold):
            return self._met(found, telling)
        if telling is not None and isinstance(found, Granted):
            telling.paced(found)
        if isinstance(found, Granted) and found.wait <= 0:
            return None
        advice = self._exceeded(course, job)
        if isinstance(found, TooLate):
            return self._too_late(found, call, advice)
        return (yield from self._wait(found, place, call, telling))

    def _wait(
        self, granted: Granted, place: Place, call: Call, telling: Telling | None
    ) -> Flow[Decision | Hold | None]:
        if telling is not None:
            telling.waited(granted.wait, Why.PACE)
        try:
            yield SleepFor(granted.wait)
        except BaseException:  # a cancelled task, an interrupted thread
            place.abandon()
            raise
        call.paced(granted.wait, self._now())
        hold: Hold | None = (yield Consult(place.held)) if self._governor.blocking else place.held()
        if hold is None:
            return None
        place.abandon()  # an answer that came meanwhile holds this back too
        return self._met(hold, telling)

    def _met(self, hold: Hold, telling: Telling | None) -> Hold:
        if telling is not None:
            telling.held(hold, begun=False)
        return hold

    def _exceeded(self, course: Course, job: Job) -> str:
        exceeded = self._governor.exceeded(course.bucket, course.operation, now=self._now())
        if exceeded is None:
            return ""
        voice = job.voice(self._now)
        if voice is not None:
            voice.plan_exceeded(exceeded)
        return exceeded.advice

    def _too_late(self, late: TooLate, call: Call, advice: str) -> Decision:
        wait = f"{late.wait:.3g}" if late.wait < 100 else f"{late.wait:.0f}"
        text = f"the usage plan ({late.plan.rate:g} a second, burst {late.plan.burst}) has its next place in {wait} s"
        advised = f"; {advice}" if advice else ""
        if call.deadline is not None and self._now() + late.wait > call.deadline:
            return self._policy.stopped(StopReason.DEADLINE, late.wait, f"{text}, after the deadline{advised}")
        return Wait(subject=WaitSubject.CALL, after=late.wait, reason=f"{text}{advised}")

    def paces(self, course: Course) -> bool:
        """Whether a 429 makes the next request wait for its turn: then the backoff need not reckon with the plan."""
        return self._governor.plan(course.bucket, course.operation) is not None

    # --- what answers teach ------------------------------------------------------------------------------------------

    def news(self, course: Course, job: Job, now: float) -> bool:
        """Whether the answer tells anything that the governor has not known."""
        return self._governor.news(course.bucket, status=job.status, rate=_rate(job), now=now)

    def seen(self, course: Course, job: Job, now: float) -> Flow[None]:
        """Tell the governor of the answer."""
        governor, rate = self._governor, _rate(job)

        def tell() -> Changed | None:
            return governor.seen(course.bucket, course.operation, status=job.status, rate=rate, now=now)

        changed: Changed | None = (yield Consult(tell)) if governor.blocking else tell()
        if changed is not None and job.telling is not None:
            job.telling.plan_learned(changed)

    def rest(self, course: Course, diagnosis: Diagnosis, decision: Decision, job: Job) -> Flow[None]:
        """Hold an order's operation back where an answer named a time before which nothing may be sent for it.

        Only what names its time is held. Whatever one may mend oneself meanwhile (dimensions, a full carrier) is not.
        """
        if not isinstance(decision, Wait) or decision.subject is not WaitSubject.ORDER_OPERATION or not decision.after:
            return
        best, key = diagnosis.best, course.hold_key(job.target.path)
        if best is None or best.recovery.retry not in _HOLDING or not key.entity:
            return
        now = self._now()
        hold = Hold(
            key=key,
            until=now + decision.after,
            since=now,
            fault=best.id,
            reason=decision.reason,
            who=str(best.who),
            remedy=best.remedy.text,
        )
        if self._governor.blocking:
            yield Consult(lambda: self._governor.hold(hold))
        else:
            self._governor.hold(hold)
        voice = job.voice(self._now)
        if voice is not None:
            voice.held(hold, begun=True)


class Place:
    """One call's place in the queue, taken in whichever thread, given back if the call is over before it came.

    `found` is the hold that is in the way, or a place, or that it would come too late. None: not asked yet, or nothing
    is known that would have to be waited for.
    """

    __slots__ = ("_abandoned", "_again", "_course", "_governor", "_lock", "_longest", "_now", "_path", "found")

    def __init__(
        self,
        governor: Governor,
        course: Course,
        path: str,
        now: Callable[[], float],
        longest: float,
        again: bool = False,
    ) -> None:
        self._governor = governor
        self._course = course
        self._path = path
        self._longest = longest
        self._again = again
        self._abandoned = False
        self._lock = threading.Lock()
        self._now = now
        self.found: Granted | TooLate | Hold | None = None

    def take(self) -> None:
        """Find out."""
        course = self._course
        found: Granted | TooLate | Hold | None = self.held()
        if found is None:
            found = self._governor.reserve(
                course.bucket, course.operation, now=self._now(), longest=self._longest, again=self._again
            )
        with self._lock:
            self.found = found
            abandoned = self._abandoned
        if abandoned and isinstance(found, Granted):
            self._give_back(found)

    def held(self) -> Hold | None:
        """The hold that is in the way now."""
        if not self._governor.holding:
            return None
        return self._governor.held(self._course.hold_key(self._path), now=self._now())

    def abandon(self) -> None:
        """Give the place back, or have `take` do so as soon as it has it. Does not hold up an event loop."""
        with self._lock:
            self._abandoned = True
            found = self.found
        if not isinstance(found, Granted):
            return
        if self._governor.blocking:
            _aside(lambda: self._give_back(found))
        else:
            self._give_back(found)

    def _give_back(self, granted: Granted) -> None:
        self._governor.give_back(self._course.bucket, granted, now=self._now())


def _aside(function: Callable[[], None]) -> None:
    """Call it without holding up an event loop: in a thread where one runs in this thread, else here."""
    asyncio = sys.modules.get("asyncio")  # where nobody has imported it, no loop of its runs
    try:
        loop = asyncio.get_running_loop() if asyncio is not None else None
    except RuntimeError:
        loop = None
    if loop is None:
        function()
    else:
        loop.run_in_executor(None, function)


def _rate(job: Job) -> float | None:
    if job.response is None:
        return None
    return stated_rate(job.library.response_header(job.response, "x-amzn-ratelimit-limit"))
