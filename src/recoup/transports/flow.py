"""One call from its first byte to its outcome, written once for all HTTP libraries, sync and async.

A flow yields effects (see `recoup.transports.effects`) and ends with the response to hand up. What to do next is
decided by `recoup.recovery.call.Call`; here the request gets its token and its turn, answers are judged, and the
outcome gets attached. What a request, a response or an exception is, is known to the `Library` alone.
"""

from __future__ import annotations

from typing import Any

from recoup.catalogue.facts.operations import Operation
from recoup.diagnosis.diagnosis import Diagnosis
from recoup.errors import FaultError
from recoup.exchange import Exchange, Request
from recoup.governor.hold import Hold
from recoup.login.token import TOKEN_HEADER
from recoup.recovery.call import Call, Finish, Renew, Send, Sleep, Step
from recoup.recovery.decision import Decision, Done, GiveUp
from recoup.recovery.history import History
from recoup.redaction import redact_text
from recoup.telemetry.events import Listener, Why
from recoup.transports.attempt import Job, attempt, let_go
from recoup.transports.course import Course
from recoup.transports.effects import Flow, SleepFor
from recoup.transports.hosts import TOKEN_PATH, Place
from recoup.transports.library import Library, Target
from recoup.transports.login import Login, LoginFailed
from recoup.transports.outcome import Outcome
from recoup.transports.pacing import Pacing
from recoup.transports.pacing import Place as Queued
from recoup.transports.refusal import not_sent, of_hold
from recoup.transports.strictness import NotSent, insist
from recoup.transports.usual import Entered, Means

__all__ = ["Flows"]


class Flows:
    """The flows of one client's calls."""

    def __init__(self, means: Means) -> None:
        self._strict = means.strict
        self._login = means.login
        self._policy = means.policy
        self._pacing = Pacing(means.governor, means.policy, means.now)
        self._courses = means.courses
        self._audience = means.audience
        self._now = means.now
        self._random = means.random
        self._quota = means.quota

    def call(
        self,
        request: Any,
        library: Library,
        target: Target,
        place: Place,
        seconds: float | None = None,
        also: Listener | None = None,
        entered: Entered | None = None,
    ) -> Flow[Any]:
        """The flow of one call. Ends with the last response, or raises the last exception of the client's library.

        `seconds` is how long it may take in all; `also` is told its events. `entered`: all that comes before its first
        request was done already, and its first effect is to send that. Raises a FaultError where nothing was sent:
        no access token could be had, a strict client's request is surely wrong, the call is held back, or its turn
        would come too late. The request itself is left as it is; an empty `x-amz-access-token` counts as none.
        """
        job = Job(request=request, library=library, target=target, asks_for_token=target.path == TOKEN_PATH)
        job.began = self._now() if entered is None else entered.began
        if seconds is not None:
            job.deadline = job.began + seconds
        if entered is not None:
            job.request, job.token, job.course, job.placed = entered.request, entered.token, entered.course, True
            job.login = self._login if entered.token is not None else None
            job.quiet = self._audience
        else:
            self._open(job, place, also)
        made: Outcome | None = None
        try:
            if job.login is not None and job.token is None:
                yield from self._identify(job, job.login)
            if self._strict and not job.asks_for_token:
                insist(job.library.value(job.request), self._now())
            finish = yield from self._attempts(job)
            made = _outcome(job, finish)
            if job.course is not None and made.diagnosis is not None:
                yield from self._pacing.rest(job.course, made.diagnosis, made.decision, job)
        except (LoginFailed, NotSent) as failed:
            job.error = failed.error
            made = Outcome(decision=failed.decision, operation=_operation(job))
        finally:
            telling = job.telling
            if telling is None and made is not None and not isinstance(made.decision, Done):
                telling = job.voice(self._now)
            if telling is not None:
                telling.ended(made, job.status)
        return _hand_up(job, made)

    def _open(self, job: Job, place: Place, also: Listener | None) -> None:
        """Find out whose call it is, and who is told of it."""
        operation = seller = None
        if not job.asks_for_token:
            token = job.library.header(job.request, TOKEN_HEADER)
            job.course = course = self._courses.find(job.target, place, token)
            if not token:
                job.login = self._login
            if course is not None:
                operation, seller = course.name, course.bucket.seller
        job.telling = self._audience.telling(also, self._now, job.target, operation, seller)
        if job.telling is None:
            job.quiet = self._audience

    def _identify(self, job: Job, login: Login) -> Flow[None]:
        """See to it that the request carries a token that is good for a minute more."""
        token = login.cached(self._now())
        if token is None:
            token = yield from self._token(login, job)
        if token != job.token:
            job.carry(token)

    def _attempts(self, job: Job) -> Flow[Finish]:
        now, course = self._now, job.course
        began = job.began if job.placed else now()
        replayable = job.library.replayable(job.request)
        # Asking for a token twice harms nobody, except with an authorization code, which is good for one use.
        safe = None
        if job.asks_for_token:
            safe = replayable and b"authorization_code" not in (job.library.body(job.request) or b"")
        call = Call(
            random=self._random,
            policy=self._policy,
            deadline=job.deadline,
            replayable=replayable,
            can_renew=job.login is not None,
            method=job.target.method,
            operation=_operation(job),
            safe=safe,
            quota=self._quota,
        )
        step = call.begin(began)
        while True:
            match step:
                case Send():
                    queued = None
                    if course is not None and not job.placed:
                        queued = self._pacing.ask(course, job, call, began)
                    job.placed = False
                    if queued is not None and course is not None:
                        stopped = yield from self._turn(queued, course, call, job)
                        if stopped is not None:
                            step = stopped
                            continue
                    clean = yield from attempt(job)
                    step = self._judged(call, job, clean, ended := now())
                    if course is not None and self._pacing.news(course, job, ended):
                        yield from self._pacing.seen(course, job, ended)
                case Finish():
                    return step
                case Sleep():
                    yield from let_go(job)
                    if job.telling is not None:
                        job.telling.waited(step.seconds, Why.BACKOFF)
                    yield SleepFor(step.seconds)
                    step = call.rested(began := now())
                case Renew():
                    assert job.login is not None  # noqa: S101  the call was told that it can renew only where there is one
                    try:
                        token = yield from self._token(job.login, job)
                    except LoginFailed as failed:
                        step = call.renewed(False, now(), str(failed), failed.decision)
                    else:
                        step = call.renewed(True, began := now())
                        if not isinstance(step, Finish):  # which hands this answer up
                            yield from let_go(job)
                            job.carry(token)

    def _turn(self, queued: Queued, course: Course, call: Call, job: Job) -> Flow[Finish | None]:
        """Wait for the call's turn; ends with a Finish where it does not come."""
        before = call.waited
        refused = yield from self._pacing.turn(queued, course, job, call)
        if isinstance(refused, Hold):
            job.fault, refused = refused.fault, of_hold(refused, self._now())
        if refused is None and job.login is not None and call.waited > before:
            try:
                yield from self._identify(job, job.login)  # the token may have ended meanwhile
            except LoginFailed as failed:
                job.error, refused = job.error or failed.error, failed.decision
        return None if refused is None else call.withheld(refused, self._now())

    def _judged(self, call: Call, job: Job, clean: bool, ended: float) -> Step:
        """What follows from the attempt that has ended."""
        diagnosis: Diagnosis | None = None
        if clean:
            step = call.succeeded(ended, job.status)
        else:
            from recoup.diagnosis.engine import diagnose  # late: a call that succeeds never pays for the catalogue

            assert job.exchange is not None  # noqa: S101  set by every attempt that is not clean
            diagnosis = diagnose(job.exchange)
            paced = job.status == 429 and job.course is not None and self._pacing.paces(job.course)
            step = call.answered(job.exchange, ended, diagnosis, paced=paced)
        if job.telling is not None and not job.telling.quiet and call.history.last is not None:
            job.telling.attempt_ended(call.history.last, diagnosis, _request_id(job))
        return step

    def _token(self, login: Login, job: Job) -> Flow[str]:
        """An access token other than the job's, by the same road: the same wire, policy and quota."""

        def ask(asked: Request) -> Flow[tuple[Exchange, Diagnosis | None, Decision, History]]:
            own = job.library.token_request(asked, like=job.request)
            errand = Job(request=own, library=job.library, target=job.library.target(own), asks_for_token=True)
            finish = yield from self._attempts(errand)
            yield from let_go(errand)
            assert errand.exchange is not None  # noqa: S101  no answer to a token request is taken unread
            return errand.exchange, finish.diagnosis, finish.decision, finish.history

        voice = job.voice(self._now)
        tell = None if voice is None else voice.passed_on
        ends = job.deadline
        if self._policy.deadline is not None:
            own = job.began + self._policy.deadline
            ends = own if ends is None else min(ends, own)
        return (yield from login.fetch(stale=job.token, now=self._now, ask=ask, tell=tell, deadline=ends))


def _operation(job: Job) -> Operation | None:
    return None if job.course is None else job.course.operation


def _outcome(job: Job, finish: Finish) -> Outcome:
    return Outcome(
        decision=finish.decision, history=finish.history, diagnosis=finish.diagnosis, operation=_operation(job)
    )


def _hand_up(job: Job, made: Outcome) -> Any:
    if job.response is not None:
        job.library.attach(job.response, made)
        return job.response
    error, job.error = job.error, None
    if error is None:
        error = not_sent(made, job.fault)
    if not isinstance(error, FaultError):
        error.add_note(f"recoup: {_note(made)}")
    error.recoup = made  # type: ignore[attr-defined]
    try:
        raise error
    finally:
        del error  # it holds this frame, and must not be held by it


def _note(made: Outcome) -> str:
    sent = f"sent {made.attempts} time{'s' if made.attempts != 1 else ''}" if made.attempts else "not sent"
    decision = made.decision
    why = decision.text or decision.reason if isinstance(decision, GiveUp) else getattr(decision, "reason", "")
    said = redact_text(why or type(decision).__name__)
    if made.history.outcome_unknown and "may have taken effect" not in said:
        said += "; it may have taken effect: read back before repeating it"
    return f"{sent}: {said}"


def _request_id(job: Job) -> str | None:
    if job.response is None:
        return None
    found = job.library.response_header(job.response, "x-amzn-requestid")
    return None if found is None else redact_text(found)
