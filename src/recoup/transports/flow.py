"""One call from its first byte to its outcome, written once for all clients of the httpx family, sync and async.

A flow yields effects (see `recoup.transports.effects`) and ends with the response to hand up. What to do next is
decided by `recoup.recovery.call.Call`; here the request gets its token, answers become exchanges, and the outcome gets
attached.
"""

from __future__ import annotations

import random as _random
import re
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from recoup.catalogue.facts.operations import Operation, operations
from recoup.diagnosis import may_hide_failure
from recoup.diagnosis.diagnosis import Diagnosis
from recoup.exchange import Exchange, Headers, Request, Response
from recoup.login.token import TOKEN_HEADER
from recoup.recovery.call import Call, Finish, Renew, Send, Sleep
from recoup.recovery.decision import Decision
from recoup.recovery.policy import Policy
from recoup.recovery.quota import SharedQuota
from recoup.transports.effects import Flow, ReadBody, SendRequest, SleepFor
from recoup.transports.foreign import Library, broken_off, no_response
from recoup.transports.login import Login, LoginFailed
from recoup.transports.outcome import KEY, Outcome

__all__ = ["Caller"]

_OWN_HOST = re.compile(r"(?:sandbox\.)?sellingpartnerapi-(?:na|eu|fe)\.amazon\.com")
_LOGIN_HOST = re.compile(r"api\.amazon\.(?:com|co\.uk|co\.jp)")
_TOKEN_PATH = "/auth/o2/token"  # noqa: S105  a path
_LARGEST_BODY = 32 << 20  # bytes; a longer success is left to stream
_NO_BODY = frozenset({204, 304})


class _Seen(msgspec.Struct):
    """The latest of what a call saw: a response of the client's library, or the exception in its place."""

    response: Any = None
    error: BaseException | None = None
    exchange: Exchange | None = None


class Caller:
    """What all calls of one transport share: policy, quota, login, and the hosts that may get a token.

    `hosts` names further hosts (with or without a port) that count as the Selling Partner API: a sandbox, a proxy of
    one's own. Any other host is passed through untouched: a presigned link must neither get a token nor be judged by
    these tables.
    """

    def __init__(
        self,
        *,
        login: Login | None,
        policy: Policy | None,
        now: Callable[[], float],
        random: Callable[[], float] | None,
        hosts: Iterable[str] | None,
        quota: SharedQuota,
    ) -> None:
        self._login = login
        self._policy = policy if policy is not None else Policy.documented()
        self._now = now
        self._random = random if random is not None else _random.random
        self._hosts = frozenset(host.lower() for host in hosts or ())
        self._quota = quota

    def ours(self, request: Any) -> bool:
        """Whether recoup works on this request at all."""
        host = request.url.host
        if _OWN_HOST.fullmatch(host) or _LOGIN_HOST.fullmatch(host):
            return True
        return host in self._hosts or f"{host}:{request.url.port}" in self._hosts

    def flow(self, request: Any, library: Library) -> Flow[Any]:
        """The flow of one call. Ends with the last response, or raises the last exception of the client's library."""
        asks_for_token = request.url.path == _TOKEN_PATH
        login = None if asks_for_token else self._login
        carried = request.headers.get(TOKEN_HEADER)
        if login is not None and carried is None:
            token = login.cached(self._now())
            if token is None:
                try:
                    token = yield from self._token(login, None, request, library)
                except LoginFailed as failed:
                    raise failed.error from None
            request.headers[TOKEN_HEADER] = token
        can_renew = login is not None and (carried is None or login.issued(carried))
        path = request.url.raw_path.partition(b"?")[0].decode("ascii")
        operation = None if asks_for_token else operations().find(request.method, path)
        seen = _Seen()
        call = self._call(
            request,
            operation,
            can_renew=can_renew,
            asks_for_token=asks_for_token,
            replayable=library.replayable(request),
        )
        finish = yield from self._attempts(call, request, path, login if can_renew else None, library, seen)
        return self._hand_up(seen, finish)

    def _call(
        self, request: Any, operation: Operation | None, *, can_renew: bool, asks_for_token: bool, replayable: bool
    ) -> Call:
        safe: bool | None = None
        if asks_for_token:  # asking twice harms nobody, except with a code that is good for one use
            safe = replayable and b"authorization_code" not in request.content
        return Call(
            random=self._random,
            policy=self._policy,
            replayable=replayable,
            can_renew=can_renew,
            method=request.method,
            operation=operation,
            safe=safe,
            quota=self._quota,
        )

    def _attempts(
        self, call: Call, request: Any, path: str, login: Login | None, library: Library, seen: _Seen
    ) -> Flow[Finish]:
        now = self._now
        step = call.begin(now())
        while True:
            match step:
                case Send():
                    clean = yield from self._attempt(request, path, library, seen)
                    if clean:
                        step = call.succeeded(now(), seen.response.status_code)
                    else:
                        assert seen.exchange is not None  # noqa: S101  set by every attempt that is not clean
                        step = call.answered(seen.exchange, now())
                case Sleep():
                    yield SleepFor(step.seconds)
                    step = call.rested(now())
                case Renew():
                    assert login is not None  # noqa: S101  the call was told that it can renew only where there is one
                    try:
                        request.headers[TOKEN_HEADER] = yield from self._token(
                            login, step.stale_token, request, library
                        )
                    except LoginFailed as failed:
                        step = call.renewed(False, now(), str(failed), failed.decision)
                    else:
                        step = call.renewed(True, now())
                case Finish():
                    return step

    def _attempt(self, request: Any, path: str, library: Library, seen: _Seen) -> Flow[bool]:
        """Send once and note what was seen; True where nothing can have failed."""
        seen.response = seen.error = seen.exchange = None
        try:
            response = yield SendRequest(request)
        except library.errors as error:
            missing = no_response(error)
            if missing is None:  # a mistake in the request itself: no attempt to recover from
                raise
            seen.error, seen.exchange = error, Exchange(request=_request(request), no_response=missing)
            return False
        status: int = response.status_code
        if status < 400 and not may_hide_failure(status, request.method, path) and not _short(response):
            seen.response = response
            return True
        try:
            raw = b"" if status in _NO_BODY or request.method == "HEAD" else (yield ReadBody(response))
        except library.errors as error:
            seen.error, seen.exchange = error, Exchange(request=_request(request), no_response=broken_off(error))
            return False
        library.give_back(response, raw)
        seen.response = response
        if status < 400 and not may_hide_failure(status, request.method, path):
            return True
        received = Response(status=status, headers=Headers(response.headers.raw), body=library.decoded(response, raw))
        seen.exchange = Exchange(request=_request(request), response=received)
        return False

    def _token(self, login: Login, stale: str | None, request: Any, library: Library) -> Flow[str]:
        """An access token by the same road as the call itself: the same inner transport, policy and quota."""

        def ask(asked: Request) -> Flow[tuple[Exchange, Diagnosis | None, Decision]]:
            own = library.request(asked, like=request)
            seen = _Seen()
            call = self._call(own, None, can_renew=False, asks_for_token=True, replayable=True)
            finish = yield from self._attempts(call, own, _TOKEN_PATH, None, library, seen)
            exchange = seen.exchange
            if exchange is None:
                raw = yield ReadBody(seen.response)
                body = library.decoded(seen.response, raw)
                received = Response(
                    status=seen.response.status_code, headers=Headers(seen.response.headers.raw), body=body
                )
                exchange = Exchange(request=asked, response=received)
            return exchange, finish.diagnosis, finish.decision

        return (yield from login.fetch(stale=stale, now=self._now, ask=ask))

    def _hand_up(self, seen: _Seen, finish: Finish) -> Any:
        made = Outcome(decision=finish.decision, history=finish.history, diagnosis=finish.diagnosis)
        if seen.response is not None:
            seen.response.extensions[KEY] = made
            return seen.response
        assert seen.error is not None  # noqa: S101  an attempt leaves a response or an error
        seen.error.recoup = made  # type: ignore[attr-defined]
        seen.error.add_note(f"recoup: {_note(made)}")
        raise seen.error


def _note(made: Outcome) -> str:
    sent = f"sent {made.attempts} time{'s' if made.attempts != 1 else ''}"
    action = getattr(made.decision, "reason", "") or type(made.decision).__name__
    unknown = "; it may have taken effect: read back before repeating it" if made.history.outcome_unknown else ""
    return f"{sent}, {action}{unknown}"


def _short(response: Any) -> bool:
    """Whether a success is to be read here, so that an answer that breaks off is noticed while it can still be
    repeated.
    """
    headers = response.headers
    if not (headers.get("content-type") or "").startswith("application/json"):
        return False
    length = headers.get("content-length")
    return length is None or (length.isdigit() and int(length) <= _LARGEST_BODY)


def _request(request: Any) -> Request:
    return Request(
        method=request.method,
        url=str(request.url),
        headers=Headers(request.headers.raw),
        body=getattr(request, "_content", None),
    )
