"""recoup under requests: an adapter whose calls are recovered as documented.

session = requests.Session()
session.mount("https://", recoup.RequestsAdapter(login=recoup.Login(client_id=…, client_secret=…, refresh_token=…)))
response = session.get("https://sellingpartnerapi-na.amazon.com/orders/v0/orders", params={…})
recoup.raise_for_fault(response)
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, NoReturn, Unpack
from urllib.parse import urljoin

import requests
from requests import exceptions as raised
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3 import exceptions

from recoup.errors import SettingsError
from recoup.exchange import Headers, NoResponse, Request
from recoup.login.token import TOKEN_HEADER
from recoup.transports import urllib3_family as family
from recoup.transports.caller import Options, caller_of
from recoup.transports.library import Look, Prefix, Target
from recoup.transports.outcome import KEY, Outcome
from recoup.transports.urllib3_tap import tap_connections

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["RequestsAdapter"]

_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class _Left(threading.local):
    """Where the latest answer of this thread redirected to, if it came from one of our hosts."""

    url: str | None = None
    token: str | None = None  # the caller's own, that must not go there
    https: bool = False


class _Exchange:
    """One call: what `recoup.transports.library` asks of a library and of a wire.

    `send` is an adapter's, `original` the caller's request, `arguments` what else the adapter was called with.
    """

    __slots__ = ("_adapter", "_arguments", "_original", "_send", "_sent", "_stream")

    errors: tuple[type[Exception], ...] = (raised.ConnectionError, raised.Timeout, raised.ChunkedEncodingError)

    def __init__(self, adapter: BaseAdapter, send: Any, original: Any, stream: bool, arguments: dict[str, Any]) -> None:
        self._adapter = adapter
        self._send = send
        self._original = original
        self._stream = stream
        self._arguments = arguments
        self._sent = False  # the original's body, so that a file has to be rewound

    # --- requests

    def target(self, request: Any) -> Target:
        return family.target_of(request.method or "", request.url or "")

    def header(self, request: Any, name: str) -> str | None:
        value = request.headers.get(name)
        return None if value is None else _text(value)

    def with_header(self, request: Any, name: str, value: str) -> Any:
        copy = object.__new__(type(request))
        copy.__dict__.update(request.__dict__)
        copy.headers = request.headers.copy()
        copy.headers[name] = value
        return copy

    def replayable(self, request: Any) -> bool:
        return family.can_repeat(request.body, _position(request))

    def body(self, request: Any) -> bytes | None:
        return family.whole(request.body)

    def value(self, request: Any) -> Request:
        return Request(
            method=request.method or "",
            url=request.url or "",
            headers=Headers([(_text(name), _text(value)) for name, value in request.headers.items()]),
            body=self.body(request),
        )

    def token_request(self, asked: Request, *, like: Any) -> Any:
        return requests.Request(asked.method, asked.url, headers=dict(asked.headers), data=asked.body).prepare()

    # --- sending and reading

    def send(self, request: Any) -> Any:
        if request.body is self._original.body:
            if self._sent and (position := _position(request)) is not None:
                request.body.seek(position)
            self._sent = True
        try:
            response = self._send(request, stream=self._stream, **self._arguments)
        except raised.RequestException as error:
            if error.request is request:
                error.request = self._original  # the copy holds our token
            raise
        response.request = self._original
        response.connection = self._adapter
        return response

    def read(self, response: Any, limit: int) -> bytes | Prefix:
        if not self._stream and _short(response.headers, limit):
            read: bytes = response.content  # requests would read it next
            return read
        try:
            return family.read_raw(response.raw, limit)
        except (exceptions.HTTPError, OSError) as error:
            response.close()
            _raise_as_requests_does(error)

    def complete(self, response: Any, limit: int) -> Any:
        return self.give_back(response, self.read(response, limit))

    def close(self, response: Any) -> None:
        response.close()

    # --- responses

    def look(self, response: Any) -> Look:
        get = response.headers.get
        return response.status_code, get("content-type"), get("content-length"), get("x-amzn-ratelimit-limit")

    def response_header(self, response: Any, name: str) -> str | None:
        value: str | None = response.headers.get(name)
        return value

    def response_headers(self, response: Any) -> Headers:
        raw = getattr(response.raw, "headers", None)  # with duplicates, which requests' own joins
        return Headers(list((raw if raw is not None else response.headers).items()))

    def decoded(self, response: Any, raw: bytes) -> bytes:
        return family.decoded(response.raw, raw)

    def give_back(self, response: Any, read: bytes | Prefix) -> Any:
        if self._stream or isinstance(read, Prefix) or not _short(response.headers, len(read)):
            response.raw = family.replayed(response.raw, read)
        return response

    def attach(self, response: Any, outcome: Outcome) -> None:
        setattr(response, KEY, outcome)

    # --- exceptions

    def no_response(self, error: Exception) -> NoResponse | None:
        return family.missing(error)

    def broken_off(self, error: Exception) -> NoResponse:
        return family.broken_off(error)


class RequestsAdapter(HTTPAdapter):
    """Under a `requests.Session`: mount it for `https://`, and for `http://` where you use a sandbox.

    `inner` is another adapter that really sends (with certificates of yours, for instance); without one this adapter
    sends, with pools of the sizes that requests' own takes. All the rest are `recoup.transports.caller.Options`. Raises
    SettingsError where a host is none, or where `inner` has retries of its own: there is one owner of retries.

    It holds credentials and is therefore not pickled: make one in each process.
    """

    def __init__(
        self,
        inner: BaseAdapter | None = None,
        *,
        pool_connections: int = 10,
        pool_maxsize: int = 10,
        pool_block: bool = False,
        **options: Unpack[Options],
    ) -> None:
        retries = getattr(inner, "max_retries", None)
        if retries is not None and retries.total:
            raise SettingsError(
                f"inner: {type(inner).__name__} has max_retries of its own; give it none, there is one owner of retries"
            )
        super().__init__(pool_connections, pool_maxsize, max_retries=0, pool_block=pool_block)
        tap_connections(self.poolmanager)
        self._inner = inner
        self._left = _Left()
        self._caller = caller_of("recoup.RequestsAdapter", options)

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: float | tuple[float | None, float | None] | None = None,
        verify: bool | str = True,
        cert: bytes | str | tuple[bytes | str, bytes | str] | None = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Send one call with all its attempts.

        What requests raises in the end is raised here, with `.recoup`. Raises a FaultError where no access token can be
        had.
        """
        arguments: dict[str, Any] = {"timeout": timeout, "verify": verify, "cert": cert, "proxies": proxies}
        send = super().send if self._inner is None else self._inner.send
        exchange = _Exchange(self, send, request, stream, arguments)
        target = exchange.target(request)
        place = self._caller.place(target)
        left = self._left
        follows = left.url is not None
        if follows and left.https and target.scheme != "https" and left.url == request.url:
            place = None  # nothing of ours goes on in the clear
        if place is None:
            sent = request
            if follows and left.token is not None and exchange.header(request, TOKEN_HEADER) == left.token:
                sent = exchange.with_header(request, TOKEN_HEADER, "")
                del sent.headers[TOKEN_HEADER]
            response: requests.Response = exchange.send(sent)
        else:
            response = self._caller.call(request, exchange, exchange, target, place)
        if follows or (place is not None and response.status_code in _REDIRECTS):
            self._remember(response, target, place is not None)
        return response

    def proxy_manager_for(self, proxy: str, **arguments: Any) -> Any:
        """The manager for this proxy."""
        manager = super().proxy_manager_for(proxy, **arguments)
        tap_connections(manager)
        return manager

    def _remember(self, response: requests.Response, target: Target, ours: bool) -> None:
        """Note where the answer redirects to. Requests takes an Authorization field away then, and no other."""
        left, location = self._left, response.headers.get("location")
        if response.status_code not in _REDIRECTS or not location:
            left.url = left.token = None
            return
        left.url = urljoin(response.url, location)
        if ours:
            token: Any = response.request.headers.get(TOKEN_HEADER)
            left.token = None if token is None else _text(token)
            left.https = target.scheme == "https"

    def close(self) -> None:
        """Close all pooled connections."""
        super().close()
        if self._inner is not None:
            self._inner.close()

    def __getstate__(self) -> NoReturn:
        raise TypeError("a RequestsAdapter holds credentials and is not pickled; make one in each process")


def _position(request: Any) -> int | None:
    """Where the file that is the request's body stood when requests prepared it, if it can be rewound."""
    position = getattr(request, "_body_position", None)
    if not isinstance(position, int) or isinstance(position, bool) or family.position_of(request.body) is None:
        return None
    return position


def _short(headers: Any, limit: int) -> bool:
    """Whether the body has a known length within the limit, and needs no decoding: requests may load it at once."""
    length = headers.get("content-length")
    return (
        length is not None
        and length.isdecimal()
        and len(length) < 16
        and int(length) <= limit
        and "content-encoding" not in headers
    )


def _raise_as_requests_does(error: Exception) -> NoReturn:
    """The exception that requests raises where a body breaks off in this way."""
    if isinstance(error, exceptions.ReadTimeoutError):
        raise raised.ConnectionError(error) from error
    if isinstance(error, exceptions.SSLError):
        raise raised.SSLError(error) from error
    raise raised.ChunkedEncodingError(error) from error


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
