"""One attempt of a call: the request is sent once, and what came back is kept for the judgement."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import msgspec

from recoup.diagnosis.hiding import may_hide_failure
from recoup.exchange import Exchange, Request, Response
from recoup.login.token import TOKEN_HEADER
from recoup.redaction import mask, redact_text
from recoup.transports.course import Course
from recoup.transports.effects import CloseBody, CompleteBody, Flow, ReadBody, SendRequest
from recoup.transports.library import Library, Target
from recoup.transports.login import Login
from recoup.transports.telling import Audience, Telling

__all__ = ["LARGEST_BODY", "Job", "attempt", "hides_nothing", "let_go", "worth_waiting_for"]

LARGEST_BODY = 32 << 20
"""Bytes. What is longer is left to stream, and judged by its beginning."""


class Job(msgspec.Struct):
    """One logical request, and the latest of what came of it: a response of the client's library, or its exception."""

    request: Any
    library: Library
    target: Target
    asks_for_token: bool
    deadline: float | None = None  # epoch seconds
    course: Course | None = None  # None: the path is no operation's
    placed: bool = False  # the place of the first attempt is taken already
    telling: Telling | None = None  # None: nobody listens, or only the log, which hears of nothing but trouble
    began: float = 0.0  # epoch seconds
    quiet: Audience | None = None  # who would hear of trouble
    login: Login | None = None
    token: str | None = None  # the login's, as the request carries it
    response: Any = None
    status: int | None = None  # of the response
    unread: bool = False  # more of the response's body is to come
    error: BaseException | None = None
    exchange: Exchange | None = None
    fault: str | None = None  # of the hold that the call met

    def __repr__(self) -> str:
        """No token and no body: tools that report exceptions show the local variables of their frames."""
        return f"Job({self.target.method} {redact_text(self.target.path)}, status={self.status})"

    def voice(self, now: Callable[[], float]) -> Telling | None:
        """What tells of trouble, also where nobody listens to anything else."""
        if self.telling is None and self.quiet is not None:
            operation, seller = (None, None) if self.course is None else (self.course.name, self.course.bucket.seller)
            self.telling = self.quiet.of_trouble(now, self.target, operation, seller, self.began)
        return self.telling

    def carry(self, token: str) -> None:
        """Put the login's token into the request."""
        self.request = self.library.with_header(self.request, TOKEN_HEADER, token)
        self.token = token


def attempt(job: Job) -> Flow[bool]:
    """Send once and note what was seen; True where nothing can have failed."""
    library, request = job.library, job.request
    job.response = job.status = job.error = job.exchange = None
    job.unread = False
    try:
        response = yield SendRequest(request)
    except library.errors as error:
        missing = library.no_response(error)
        if missing is None:  # a mistake in the request itself: no attempt to recover from
            raise
        job.error, job.exchange = error, Exchange(request=_request(job), no_response=missing)
        return False
    status, kind, length, _ = library.look(response)
    try:
        if hides_nothing(status, job.target) and not job.asks_for_token:
            if worth_waiting_for(kind, length):
                response = yield CompleteBody(response, LARGEST_BODY)
            job.response, job.status = response, status
            return True
        read = yield ReadBody(response, LARGEST_BODY)
    except library.errors as error:
        job.error, job.exchange = error, Exchange(request=_request(job), no_response=library.broken_off(error))
        return False
    response = job.response = library.give_back(response, read)
    job.status = status
    job.unread = not isinstance(read, bytes)
    body = library.decoded(response, read.read if job.unread else read)
    received = Response(status=status, headers=library.response_headers(response), body=body)
    job.exchange = Exchange(request=_request(job), response=received)
    return False


def let_go(job: Job) -> Flow[None]:
    """Free the connection of a response that nobody is going to see."""
    if job.unread:
        job.unread = False
        with suppress(*job.library.errors):  # it is thrown away in any case
            yield CloseBody(job.response)


def hides_nothing(status: int, target: Target) -> bool:
    """Whether nothing can have failed where the answer to this request has that status, whatever its body says."""
    return status < 400 and not may_hide_failure(status, target.method, target.path)


def worth_waiting_for(kind: str | None, length: str | None) -> bool:
    """Whether a success is waited for here, so that one that breaks off is noticed while it can still be repeated.

    JSON is, unless it is very long. Documents, and whatever else is meant to be streamed, are not. `kind` and `length`
    are its Content-Type and Content-Length.
    """
    if kind != "application/json" and (kind is None or not kind.lower().startswith("application/json")):
        return False
    return length is None or (length.isdecimal() and len(length) < 16 and int(length) <= LARGEST_BODY)


def _request(job: Job) -> Request:
    """The request as a value. A token that the login gave is masked: the caller never sees it."""
    value = job.library.value(job.request)
    if job.token is None:
        return value
    return msgspec.structs.replace(value, headers=value.headers.set(TOKEN_HEADER, mask(job.token)))
