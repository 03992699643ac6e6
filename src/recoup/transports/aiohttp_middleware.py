"""recoup under aiohttp: a client middleware whose calls are recovered as documented.

    login = recoup.Login(client_id=…, client_secret=…, refresh_token=…)
    async with aiohttp.ClientSession(middlewares=[recoup.aiohttp_middleware(login=login)]) as session:
        async with session.get("https://sellingpartnerapi-na.amazon.com/orders/v0/orders", params={…}) as response:
            recoup.raise_for_fault(response)

aiohttp sends GET, PUT and DELETE again by itself when a connection drops, outside of its middlewares: it runs them once
more. Such a second run is recognised here, and ends with the exception of the first one: nothing is sent.

aiohttp's `total` time limit (five minutes unless you set another) is for the whole call with all its attempts and
waits; `connect`, `sock_connect` and `sock_read` are for each attempt.
"""

from __future__ import annotations

import asyncio
import copy
import warnings
import zlib
from typing import TYPE_CHECKING, Any, NamedTuple, Unpack
from weakref import WeakKeyDictionary

import aiohttp
import msgspec
from aiohttp import hdrs
from aiohttp.base_protocol import BaseProtocol
from aiohttp.payload import BytesPayload, IOBasePayload
from multidict import istr
from yarl import URL

from recoup.exchange import Exchange, Headers, NoResponse, NoResponseKind, Request
from recoup.login.token import TOKEN_HEADER
from recoup.recovery.call import Call, Finish, Sleep
from recoup.redaction import redact_text
from recoup.transports.aiohttp_tap import show
from recoup.transports.caller import Caller, Options, caller_of
from recoup.transports.library import Look, Prefix, Target
from recoup.transports.outcome import KEY, Outcome
from recoup.transports.recording import here

if TYPE_CHECKING:
    from aiohttp.client_middlewares import ClientHandlerType, ClientMiddlewareType

__all__ = ["aiohttp_middleware"]

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_REPEATED_BY_AIOHTTP = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})
_REPEATED_FOR = (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError)
_KIND, _LENGTH, _RATE = hdrs.CONTENT_TYPE, hdrs.CONTENT_LENGTH, istr("x-amzn-RateLimit-Limit")
_GZIP = b"\x1f\x8b"
_LONGEST_DECODED = 32 << 20  # bytes of a decoded body that are looked at: a short one can unpack to anything
_LEAST_BUFFER = 1 << 16  # bytes

# What an exception says of the exchange, and whether the request may have left. The first that fits.
_MEANINGS: tuple[tuple[type[Exception], tuple[NoResponseKind, bool] | None], ...] = (
    (aiohttp.ClientSSLError, (NoResponseKind.TLS, False)),
    (aiohttp.ServerFingerprintMismatch, (NoResponseKind.TLS, False)),
    (aiohttp.ClientConnectorError, (NoResponseKind.CONNECT, False)),
    (aiohttp.ConnectionTimeoutError, (NoResponseKind.CONNECT, False)),
    (aiohttp.ClientHttpProxyError, (NoResponseKind.CONNECT, False)),
    (aiohttp.ServerTimeoutError, (NoResponseKind.TIMEOUT, True)),
    (aiohttp.ServerDisconnectedError, (NoResponseKind.RESET, True)),
    (aiohttp.ClientOSError, (NoResponseKind.RESET, True)),
    (aiohttp.ClientConnectionError, (NoResponseKind.RESET, True)),
    (aiohttp.ClientPayloadError, (NoResponseKind.TRUNCATED, True)),
    (aiohttp.InvalidURL, None),
    (aiohttp.ClientResponseError, (NoResponseKind.PROTOCOL, True)),
    (aiohttp.ClientError, (NoResponseKind.OTHER, True)),
)


class _Asked(msgspec.Struct, frozen=True):
    """One request: aiohttp's own, and the header field that it carries for us while it is sent."""

    request: aiohttp.ClientRequest
    name: str | None = None
    value: str = ""

    def __repr__(self) -> str:
        """Without the value: tools that report exceptions show the local variables of their frames."""
        return f"_Asked({self.request.method} {self.request.url.raw_path}, {self.name})"


class _Exchange:
    """One call: what `recoup.transports.library` asks of a library and of a wire. `handler` sends."""

    __slots__ = ("_handler", "_under_way", "original")

    errors: tuple[type[Exception], ...] = (aiohttp.ClientError,)

    def __init__(self, handler: ClientHandlerType, original: aiohttp.ClientRequest) -> None:
        self._handler = handler
        self.original = original
        self._under_way: bool | None = None  # None: nothing sent yet; False: the latest has ended

    @property
    def under_way(self) -> bool:
        """Whether the original request was sent and no answer has come."""
        return self._under_way is True

    # --- requests

    def target(self, request: _Asked) -> Target:
        asked, url = request.request, request.request.url
        return Target(asked.method, url.scheme, (url.host_port_subcomponent or "").lower(), url.raw_path)

    def header(self, request: _Asked, name: str) -> str | None:
        return request.value if request.name == name else request.request.headers.get(name)

    def with_header(self, request: _Asked, name: str, value: str) -> _Asked:
        return _Asked(request.request, name, value)

    def replayable(self, request: _Asked) -> bool:
        body = request.request.body
        if type(body) is bytes:
            return True
        if isinstance(body, IOBasePayload):  # newer ones are rewound by aiohttp, and know `consumed`
            return not getattr(body, "consumed", True) and bool(body._value.seekable())  # noqa: SLF001
        return isinstance(body, BytesPayload)

    def body(self, request: _Asked) -> bytes | None:
        body = request.request.body
        if isinstance(body, BytesPayload):
            return bytes(body._value)  # noqa: SLF001  its public readers are asynchronous, or decode it
        return body if isinstance(body, bytes) else None

    def value(self, request: _Asked) -> Request:
        fields = list(request.request.headers.items())
        if request.name is not None:
            fields = [(name, value) for name, value in fields if name.lower() != request.name]
            fields.append((request.name, request.value))
        return Request(
            method=request.request.method,
            url=str(request.request.url),
            headers=Headers(fields),
            body=self.body(request),
        )

    def token_request(self, asked: Request, *, like: _Asked) -> _Asked:
        near = like.request
        return _Asked(
            type(near)(
                asked.method,
                URL(asked.url),
                headers=dict(asked.headers),
                data=asked.body,
                loop=near.loop,
                response_class=near.response_class,
                proxy=near.proxy,
                proxy_auth=near.proxy_auth,
                proxy_headers=near.proxy_headers,
                timer=_timer(near),
                session=near.session,
                ssl=near.ssl,
            )
        )

    # --- sending and reading

    async def send(self, request: _Asked) -> aiohttp.ClientResponse:
        asked = request.request
        own = asked is self.original
        if own:
            if self._under_way is not None:
                await asked.close()  # the body of the attempt before this one may still be going out
            self._under_way = True
        before = asked.headers.get(request.name) if request.name is not None else None
        if request.name is not None:
            asked.headers[request.name] = request.value
        try:
            return await self._handler(asked)
        except (aiohttp.ClientError, TimeoutError):
            raise
        except OSError as error:  # as aiohttp does further up, where it would be too late
            raise aiohttp.ClientOSError(*error.args) from error
        finally:
            if here() is not None:
                show(asked)
            if request.name is not None:  # what aiohttp shows of its request must not hold our token
                asked.headers.popall(request.name, None)
                if before is not None:
                    asked.headers[request.name] = before

    async def read(self, response: aiohttp.ClientResponse, limit: int) -> bytes | Prefix:
        content = response.content
        length = response.content_length
        try:
            if length is not None and length <= limit and "content-encoding" not in response.headers:
                return await content.read()
            parts: list[bytes] = []
            size = 0
            while chunk := await content.readany():
                parts.append(chunk)
                size += len(chunk)
                if size > limit:
                    return Prefix(b"".join(parts), None)
            return b"".join(parts)
        except BaseException as error:
            response.close()
            if isinstance(error.__cause__, aiohttp.http_exceptions.ContentEncodingError):
                return b""  # it is not what its encoding says: who reads it is told so, as without recoup
            raise

    async def complete(self, response: aiohttp.ClientResponse, limit: int) -> aiohttp.ClientResponse:
        content = response.content
        if content.is_eof() and content.exception() is None:
            return response  # it came together with its head: nothing to wait for, and nothing to give back
        length = response.content_length
        if (
            length is None
            or length > content.get_read_buffer_limits()[0]  # it would stop to come before it is whole
            or content.exception() is not None
            or "content-encoding" in response.headers
        ):
            return self.give_back(response, await self.read(response, limit))
        try:
            await content.wait_eof()
        except BaseException:
            response.close()
            raise
        return response

    async def close(self, response: aiohttp.ClientResponse) -> None:
        response.close()

    # --- responses

    def look(self, response: aiohttp.ClientResponse) -> Look:
        self._under_way = False
        get = response.headers.get
        return response.status, get(_KIND), get(_LENGTH), get(_RATE)

    def response_header(self, response: aiohttp.ClientResponse, name: str) -> str | None:
        return response.headers.get(name)

    def response_headers(self, response: aiohttp.ClientResponse) -> Headers:
        return Headers(list(response.headers.items()))

    def decoded(self, response: aiohttp.ClientResponse, raw: bytes) -> bytes:
        if raw[:2] != _GZIP or response.headers.get("content-encoding") != "gzip":
            return raw  # aiohttp undoes the encoding while it reads, unless it was told not to
        try:
            return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(raw, _LONGEST_DECODED)
        except zlib.error:
            return raw

    def give_back(self, response: aiohttp.ClientResponse, read: bytes | Prefix) -> aiohttp.ClientResponse:
        content = response.content
        if content.exception() is not None:
            return response
        if isinstance(read, Prefix):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                content.unread_data(read.read)
            return response
        loop = asyncio.get_running_loop()
        again = aiohttp.StreamReader(BaseProtocol(loop), max(len(read), _LEAST_BUFFER), loop=loop)
        again.feed_data(read)
        again.feed_eof()
        response.content = again
        return response

    def attach(self, response: aiohttp.ClientResponse, outcome: Outcome) -> None:
        setattr(response, KEY, outcome)
        if response.status >= 400:
            _attach_to_what_it_raises(response, outcome)

    # --- exceptions

    def no_response(self, error: Exception) -> NoResponse | None:
        self._under_way = False
        for kind, meaning in _MEANINGS:
            if isinstance(error, kind):
                return None if meaning is None else _told(error, *meaning)
        return _told(error, NoResponseKind.OTHER, True)

    def broken_off(self, error: Exception) -> NoResponse:
        late = isinstance(error, TimeoutError)
        return _told(error, NoResponseKind.TIMEOUT if late else NoResponseKind.TRUNCATED, True)


class _Ended(NamedTuple):
    """How the latest run of the middleware in a task ended, if aiohttp may run it again for the same call.

    `timer` is aiohttp's timer of the call: one for all the runs that it makes for it.
    """

    timer: Any
    error: Exception | None  # to raise in the second run
    https: bool = False  # redirected from there


class _Middleware:
    """What `aiohttp_middleware` returns."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._ended: WeakKeyDictionary[asyncio.Task[Any], _Ended] = WeakKeyDictionary()
        self._any: Any = getattr(self._ended, "data", self._ended)  # to see in no time that there are none

    async def __call__(self, request: aiohttp.ClientRequest, handler: ClientHandlerType) -> aiohttp.ClientResponse:
        ended = self._before(request) if self._any else None
        exchange = _Exchange(handler, request)
        asked = _Asked(request)
        target = exchange.target(asked)
        place = self._caller.place(target)
        if place is None or (ended is not None and ended.https and target.scheme != "https"):
            if ended is not None:
                self._end(ended)
                request.headers.popall(TOKEN_HEADER, None)
            return await handler(request)
        try:
            response: aiohttp.ClientResponse = await self._caller.call_async(asked, exchange, exchange, target, place)
        except aiohttp.ClientError as error:
            if request.method in _REPEATED_BY_AIOHTTP and isinstance(error, _REPEATED_FOR):
                self._end(_Ended(_timer(request), _without_traceback(error)))
            raise
        except asyncio.CancelledError as error:
            if not _is_late(request):
                raise
            late = TimeoutError()
            _attach_lateness(late, exchange, asked, target)
            raise late from error
        except TimeoutError as error:  # aiohttp's limit for the whole call, noticed while it waited for nothing
            _attach_lateness(error, exchange, asked, target)
            raise
        if response.status in _REDIRECTS:
            self._end(_Ended(_timer(request), None, target.scheme == "https"))
        return response

    def _before(self, request: aiohttp.ClientRequest) -> _Ended | None:
        """How the run before this one ended, if it was for the same call. Raises what it raised."""
        task: Any = asyncio.current_task()
        ended = self._ended.pop(task, None)
        if ended is None or ended.timer is not _timer(request):
            return None
        if ended.error is not None:
            raise ended.error
        return ended

    def _end(self, ended: _Ended) -> None:
        task: Any = asyncio.current_task()
        self._ended[task] = ended


def aiohttp_middleware(**options: Unpack[Options]) -> ClientMiddlewareType:
    """A middleware for `aiohttp.ClientSession(middlewares=[…])`. Takes `recoup.transports.caller.Options`.

    One serves any number of sessions. What aiohttp raises in the end carries `.recoup`. A call raises a FaultError
    where no access token can be had. Raises SettingsError where a host is none.
    """
    return _Middleware(caller_of("recoup.aiohttp_middleware", options))


def _timer(request: aiohttp.ClientRequest) -> Any:
    return getattr(request, "_timer", None)


def _is_late(request: aiohttp.ClientRequest) -> bool:
    """Whether the task was cancelled by aiohttp's timer and by nobody else. Then it is not cancelled any more: aiohttp
    turns that into a TimeoutError where it began the call, and here the same is done, to say what is known.
    """
    timer, task = _timer(request), asyncio.current_task()
    if task is None or not getattr(timer, "_cancelled", False):
        return False
    if task.cancelling() - 1 > getattr(timer, "_cancelling", 0):
        return False  # by somebody else too: aiohttp lets that pass
    task.uncancel()
    return True


def _without_traceback(error: Exception) -> Exception:
    """A copy to keep: a traceback would keep frames, and the task itself, alive."""
    again = copy.copy(error)
    again.__cause__ = error.__cause__
    return again


def _attach_to_what_it_raises(response: Any, outcome: Outcome) -> None:
    plain = response.raise_for_status

    def raise_for_status() -> None:
        try:
            plain()
        except aiohttp.ClientResponseError as error:
            setattr(error, KEY, outcome)
            raise

    response.raise_for_status = raise_for_status


def _attach_lateness(error: Exception, exchange: _Exchange, asked: _Asked, target: Target) -> None:
    """The time for the whole call is over. A write that was under way then may have taken effect."""
    missing = _told(error, NoResponseKind.TIMEOUT, exchange.under_way)
    call = Call(random=lambda: 0.0, deadline=0.0, method=target.method, replayable=exchange.replayable(asked))
    call.begin(0.0)
    step = call.answered(Exchange(request=exchange.value(asked), no_response=missing), 0.0)
    if isinstance(step, Sleep):
        step = call.rested(1.0)  # too late
    if isinstance(step, Finish):
        made = Outcome(decision=step.decision, history=step.history, diagnosis=step.diagnosis)
        setattr(error, KEY, made)


def _told(error: Exception, kind: NoResponseKind, sent: bool) -> NoResponse:
    return NoResponse(kind=kind, sent=sent, text=f"{type(error).__name__}: {redact_text(str(error))}")
