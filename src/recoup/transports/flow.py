"""One call from its first byte to its outcome, written once for all HTTP libraries, sync and async.

A flow yields effects (see `recoup.transports.effects`) and ends with the response to hand up. What to do next is
decided by `recoup.recovery.call.Call`; here the request gets its token, answers become exchanges, and the outcome gets
attached. What a request, a response or an exception is, is known to the `Library` alone.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import msgspec

from recoup.diagnosis.diagnosis import Diagnosis
from recoup.diagnosis.hiding import may_hide_failure
from recoup.exchange import Exchange, Request, Response
from recoup.login.token import TOKEN_HEADER
from recoup.recovery.call import Call, Finish, Renew, Send, Sleep
from recoup.recovery.decision import Decision
from recoup.recovery.policy import Policy
from recoup.recovery.quota import SharedQuota
from recoup.redaction import mask, redact_text
from recoup.transports.effects import CloseBody, Flow, ReadBody, SendRequest, SleepFor
from recoup.transports.hosts import TOKEN_PATH, Place
from recoup.transports.library import Library, Target
from recoup.transports.login import Login, LoginFailed
from recoup.transports.outcome import Outcome
from recoup.transports.refusal import not_sent

__all__ = ["Flows"]

_LARGEST_BODY = 32 << 20  # bytes; what is longer is left to stream, and judged by its beginning


class _Job(msgspec.Struct):
    """One logical request, and the latest of what came of it: a response of the client's library, or its exception."""

    request: Any
    library: Library
    target: Target
    asks_for_token: bool
    deadline: float | None = None  # epoch seconds
    login: Login | None = None
    token: str | None = None  # the login's, as the request carries it
    response: Any = None
    unread: bool = False  # more of the response's body is to come
    error: BaseException | None = None
    exchange: Exchange | None = None

    def carry(self, token: str) -> None:
        self.request = self.library.with_header(self.request, TOKEN_HEADER, token)
        self.token = token


class Flows:
    """The flows of one client's calls, and what they share: policy, quota, login, clock and chance."""

    def __init__(
        self,
        *,
        login: Login | None,
        policy: Policy,
        now: Callable[[], float],
        random: Callable[[], float],
        quota: SharedQuota,
    ) -> None:
        self._login = login
        self._policy = policy
        self._now = now
        self._random = random
        self._quota = quota

    def call(
        self, request: Any, library: Library, target: Target, place: Place, seconds: float | None = None
    ) -> Flow[Any]:
        """The flow of one call. Ends with the last response, or raises the last exception of the client's library.

        `seconds` is how long it may take in all.

        Raises a FaultError where the call needs a token and Login with Amazon gives none. The request itself is left
        as it is; an empty `x-amz-access-token` counts as none.
        """
        job = _Job(request=request, library=library, target=target, asks_for_token=target.path == TOKEN_PATH)
        if seconds is not None:
            job.deadline = self._now() + seconds
        login = self._login
        if login is not None and not job.asks_for_token and not library.header(request, TOKEN_HEADER):
            job.login = login
            token = login.cached(self._now())
            if token is None:
                try:
                    token = yield from self._token(login, job)
                except LoginFailed as failed:
                    raise failed.error from None
            job.carry(token)
        finish = yield from self._attempts(job)
        return _hand_up(job, finish)

    def _attempts(self, job: _Job) -> Flow[Finish]:
        now = self._now
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
            safe=safe,
            quota=self._quota,
        )
        step = call.begin(now())
        while True:
            match step:
                case Send():
                    clean = yield from _attempt(job)
                    if clean:
                        step = call.succeeded(now(), job.library.status(job.response))
                    else:
                        assert job.exchange is not None  # noqa: S101  set by every attempt that is not clean
                        step = call.answered(job.exchange, now())
                case Finish():
                    return step
                case Sleep():
                    yield from _let_go(job)
                    yield SleepFor(step.seconds)
                    step = call.rested(now())
                case Renew():
                    assert job.login is not None  # noqa: S101  the call was told that it can renew only where there is one
                    try:
                        token = yield from self._token(job.login, job)
                    except LoginFailed as failed:
                        step = call.renewed(False, now(), str(failed), failed.decision)
                    else:
                        yield from _let_go(job)
                        job.carry(token)
                        step = call.renewed(True, now())

    def _token(self, login: Login, job: _Job) -> Flow[str]:
        """An access token other than the job's, by the same road: the same inner transport, policy and quota."""

        def ask(asked: Request) -> Flow[tuple[Exchange, Diagnosis | None, Decision]]:
            own = job.library.token_request(asked, like=job.request)
            errand = _Job(request=own, library=job.library, target=job.library.target(own), asks_for_token=True)
            finish = yield from self._attempts(errand)
            yield from _let_go(errand)
            assert errand.exchange is not None  # noqa: S101  no answer to a token request is taken unread
            return errand.exchange, finish.diagnosis, finish.decision

        return (yield from login.fetch(stale=job.token, now=self._now, ask=ask))


def _attempt(job: _Job) -> Flow[bool]:
    """Send once and note what was seen; True where nothing can have failed."""
    library, request = job.library, job.request
    job.response = job.error = job.exchange = None
    job.unread = False
    try:
        response = yield SendRequest(request)
    except library.errors as error:
        missing = library.no_response(error)
        if missing is None:  # a mistake in the request itself: no attempt to recover from
            raise
        job.error, job.exchange = error, Exchange(request=_request(job), no_response=missing)
        return False
    status = library.status(response)
    suspect = status >= 400 or job.asks_for_token or may_hide_failure(status, job.target.method, job.target.path)
    if not suspect and not _worth_reading(library, response):
        job.response = response
        return True
    try:
        read = yield ReadBody(response, _LARGEST_BODY)
    except library.errors as error:
        job.error, job.exchange = error, Exchange(request=_request(job), no_response=library.broken_off(error))
        return False
    response = job.response = library.give_back(response, read)
    if not suspect:
        return True
    job.unread = not isinstance(read, bytes)
    body = library.decoded(response, read.read if job.unread else read)
    received = Response(status=status, headers=library.response_headers(response), body=body)
    job.exchange = Exchange(request=_request(job), response=received)
    return False


def _let_go(job: _Job) -> Flow[None]:
    """Free the connection of a response that nobody is going to see."""
    if job.unread:
        job.unread = False
        with suppress(*job.library.errors):  # it is thrown away in any case
            yield CloseBody(job.response)


def _hand_up(job: _Job, finish: Finish) -> Any:
    made = Outcome(decision=finish.decision, history=finish.history, diagnosis=finish.diagnosis)
    if job.response is not None:
        job.library.attach(job.response, made)
        return job.response
    error, job.error = job.error, None
    if error is None:  # nothing was sent
        error = not_sent(made)
    error.recoup = made  # type: ignore[attr-defined]
    error.add_note(f"recoup: {_note(made)}")
    try:
        raise error
    finally:
        del error  # it holds this frame, and must not be held by it


def _note(made: Outcome) -> str:
    sent = f"sent {made.attempts} time{'s' if made.attempts != 1 else ''}"
    action = redact_text(getattr(made.decision, "reason", "") or type(made.decision).__name__)
    unknown = "; it may have taken effect: read back before repeating it" if made.history.outcome_unknown else ""
    return f"{sent}, {action}{unknown}"


def _worth_reading(library: Library, response: Any) -> bool:
    """Whether a success is read here, so that an answer that breaks off is noticed while it can still be repeated.

    JSON is, unless it is very long. Documents, and whatever else is meant to be streamed, are not.
    """
    if not (library.response_header(response, "content-type") or "").lower().startswith("application/json"):
        return False
    length = library.response_header(response, "content-length")
    if length is None:
        return True
    return length.isdecimal() and len(length) < 16 and int(length) <= _LARGEST_BODY


def _request(job: _Job) -> Request:
    """The request as a value. A token that the login gave is masked: the caller never sees it."""
    value = job.library.value(job.request)
    if job.token is None:
        return value
    return msgspec.structs.replace(value, headers=value.headers.set(TOKEN_HEADER, mask(job.token)))
