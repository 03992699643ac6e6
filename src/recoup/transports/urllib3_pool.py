"""recoup under urllib3: a PoolManager whose calls are recovered as documented.

    pool = recoup.PoolManager(login=recoup.Login(client_id=…, client_secret=…, refresh_token=…))
    response = pool.request("GET", "https://sellingpartnerapi-na.amazon.com/orders/v0/orders", fields={…})
    recoup.raise_for_fault(response)

urllib3 sends PUT, DELETE and GET again by itself when a connection drops, and then reports the second answer as if it
was the only one. Here it sends once; what is repeated is recoup's to decide.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

import msgspec
import urllib3
from urllib3.exceptions import HTTPError, MaxRetryError
from urllib3.util import Retry

from recoup.exchange import Headers, NoResponse, Request
from recoup.login.token import TOKEN_HEADER
from recoup.transports import urllib3_family as family
from recoup.transports.caller import Caller, Options
from recoup.transports.library import Look, Prefix, Target
from recoup.transports.outcome import KEY, Outcome
from recoup.transports.urllib3_tap import tap_connections

if TYPE_CHECKING:
    from urllib3.response import BaseHTTPResponse

__all__ = ["PoolManager"]

_ONCE = Retry(total=0, respect_retry_after_header=False)  # its exceptions are those of a user whose retries are used up
_OF_BODY = frozenset(
    {
        "content-encoding",
        "content-language",
        "content-length",
        "content-location",
        "content-type",
        "digest",
        "last-modified",
        "transfer-encoding",
    }
)
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_OPTIONS = tuple(Options.__annotations__)
_KEPT = ("timeout", "pool_timeout")  # of the call's arguments, for the token request on its behalf


class _Asked(msgspec.Struct, frozen=True):
    """One request, as `urlopen` was asked for it."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: Any
    position: int | None
    arguments: dict[str, Any]

    def __repr__(self) -> str:
        """Without the fields: tools that report exceptions show the local variables of their frames."""
        return f"_Asked({self.method})"


class _Exchange:
    """One call: what `recoup.transports.library` asks of a library and of a wire.

    `send_with` sends a request once, with `retries`, which allow for none. `preload` is what the caller asked for.
    """

    __slots__ = ("_preload", "_retries", "_send")

    errors: tuple[type[Exception], ...] = (HTTPError,)

    def __init__(self, send_with: Any, preload: bool, retries: Any) -> None:
        self._send = send_with
        self._preload = preload
        self._retries = retries

    # --- requests

    def target(self, request: _Asked) -> Target:
        return family.target_of(request.method, request.url)

    def header(self, request: _Asked, name: str) -> str | None:
        return family.field(request.headers, name)

    def with_header(self, request: _Asked, name: str, value: str) -> _Asked:
        return _Asked(
            request.method,
            request.url,
            _set(request.headers, name, value),
            request.body,
            request.position,
            request.arguments,
        )

    def replayable(self, request: _Asked) -> bool:
        return family.can_repeat(request.body, request.position)

    def body(self, request: _Asked) -> bytes | None:
        return family.whole(request.body)

    def value(self, request: _Asked) -> Request:
        return Request(
            method=request.method.upper(),
            url=request.url,
            headers=Headers([(key, str(value)) for key, value in request.headers.items()]),
            body=self.body(request),
        )

    def token_request(self, asked: Request, *, like: _Asked) -> _Asked:
        kept = {name: like.arguments[name] for name in _KEPT if name in like.arguments}
        return _Asked(asked.method, asked.url, dict(asked.headers), asked.body, None, kept)

    # --- sending and reading

    def send(self, request: _Asked) -> BaseHTTPResponse:
        response: BaseHTTPResponse = self._send(
            request.method,
            request.url,
            redirect=False,
            body=request.body,
            body_pos=request.position,
            headers=request.headers,
            retries=self._retries,
            preload_content=False,
            **request.arguments,
        )
        return response

    def read(self, response: BaseHTTPResponse, limit: int) -> bytes | Prefix:
        return family.read_raw(response, limit, cache=self._preload and "content-encoding" not in response.headers)

    def complete(self, response: BaseHTTPResponse, limit: int) -> BaseHTTPResponse:
        length, headers = getattr(response, "length_remaining", None), response.headers
        if (
            self._preload
            and length is not None
            and length <= limit
            and "content-encoding" not in getattr(headers, "_container", headers)  # its keys are in lower case
        ):
            response.read(decode_content=False, cache_content=True)  # it is loaded now, as the caller wants it
            return response
        return self.give_back(response, self.read(response, limit))

    def close(self, response: BaseHTTPResponse) -> None:
        response.close()

    # --- responses

    def look(self, response: BaseHTTPResponse) -> Look:
        headers = response.headers
        fields = getattr(headers, "_container", None)  # faster than to ask the mapping, which joins what is there twice
        if fields is None:
            get = headers.get
            return response.status, get("content-type"), get("content-length"), get("x-amzn-ratelimit-limit")
        kind, length = fields.get("content-type"), fields.get("content-length")
        rate = fields.get("x-amzn-ratelimit-limit")
        return (
            response.status,
            None if kind is None else kind[1] if len(kind) == 2 else ", ".join(kind[1:]),
            None if length is None else length[1] if len(length) == 2 else ", ".join(length[1:]),
            None if rate is None else rate[1] if len(rate) == 2 else ", ".join(rate[1:]),
        )

    def response_header(self, response: BaseHTTPResponse, name: str) -> str | None:
        return response.headers.get(name)

    def response_headers(self, response: BaseHTTPResponse) -> Headers:
        return family.response_headers(response)

    def decoded(self, response: BaseHTTPResponse, raw: bytes) -> bytes:
        return family.decoded(response, raw)

    def give_back(self, response: BaseHTTPResponse, read: bytes | Prefix) -> BaseHTTPResponse:
        plain = isinstance(read, bytes) and "content-encoding" not in response.headers
        if plain and self._preload and response.data == read:
            return response  # it is loaded, as the caller wants it
        return family.replayed(response, read)

    def attach(self, response: BaseHTTPResponse, outcome: Outcome) -> None:
        setattr(response, KEY, outcome)

    # --- exceptions

    def no_response(self, error: Exception) -> NoResponse | None:
        return family.missing(error)

    def broken_off(self, error: Exception) -> NoResponse:
        return family.broken_off(error)


class PoolManager(urllib3.PoolManager):
    """urllib3's PoolManager, with recoup under its calls.

    Takes what urllib3's takes, and `recoup.transports.caller.Options` by keyword. `inner` is another manager that
    really sends: a `urllib3.ProxyManager`, for instance. Raises SettingsError where a host is none.

    `retries=` of a call counts redirects only, as urllib3 counts them; `retries=False` asks for the plain exceptions
    (`NewConnectionError` in place of `MaxRetryError`) and for redirects unfollowed. Its other numbers have no effect on
    calls to the Selling Partner API: no request is sent again below recoup.

    Calls go by `request` and `urlopen`. What is sent by a pool of a single host, as `connection_from_url` and its
    siblings give it, goes past recoup.
    """

    def __init__(
        self,
        num_pools: int = 10,
        headers: Mapping[str, str] | None = None,
        *,
        inner: urllib3.PoolManager | None = None,
        **arguments: Any,
    ) -> None:
        options: Options = {name: arguments.pop(name) for name in _OPTIONS if name in arguments}  # type: ignore[assignment]
        super().__init__(num_pools, headers, **arguments)
        tap_connections(self)
        self._inner = inner
        self._caller = Caller(**options)

    def urlopen(  # type: ignore[override]
        self,
        method: str,
        url: str,
        redirect: bool = True,
        *,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        retries: Any = None,
        body_pos: Any = None,
        preload_content: bool = True,
        **kw: Any,
    ) -> BaseHTTPResponse:
        """Send one call with all its attempts, and follow its redirects. The arguments are urllib3's.

        What urllib3 raises in the end is raised here, with `.recoup`. Raises a FaultError where no access token can be
        had.
        """
        if headers is None:
            headers = self.headers
        caller = self._caller
        target = family.target_of(method, url)
        place = caller.place(target)
        if place is None:
            kw.update(body=body, headers=headers, body_pos=body_pos, preload_content=preload_content)
            if retries is not None:
                kw["retries"] = retries
            return self._plain(method, url, redirect, kw)
        if body is not None and not isinstance(body_pos, int):
            body_pos = family.position_of(body)
        asked = _Asked(method, url, headers, body, body_pos, kw)
        send = super().urlopen if self._inner is None else self._inner.urlopen
        exchange = _Exchange(send, preload_content, False if retries is False else _ONCE)
        response: BaseHTTPResponse = caller.call(asked, exchange, exchange, target, place)
        if redirect and response.status in _REDIRECTS and (location := response.get_redirect_location()):
            return self._redirected(response, location, asked, retries, preload_content)
        if preload_content:
            _ = response.data  # read now, and kept
        return response

    def clear(self) -> None:
        """Close all pooled connections."""
        super().clear()
        if getattr(self, "_inner", None) is not None:  # urllib3 clears already while it is made
            self._inner.clear()  # type: ignore[union-attr]

    def _plain(self, method: str, url: str, redirect: bool, kw: dict[str, Any]) -> BaseHTTPResponse:
        """Send what is none of recoup's business, as urllib3 does. Its redirects come back to `urlopen`."""
        if self._inner is not None:
            return self._inner.urlopen(method, url, redirect=redirect, **kw)
        return super().urlopen(method, url, redirect=redirect, **kw)

    def _redirected(
        self, response: BaseHTTPResponse, location: str, asked: _Asked, retries: Any, preload: bool
    ) -> BaseHTTPResponse:
        """Follow a redirect of one of our hosts as urllib3 does, without the access token where it leads to another."""
        url = urljoin(asked.url, location)
        pool = self.connection_from_url(asked.url)
        left = retries if isinstance(retries, Retry) else Retry.from_int(retries, redirect=True)
        try:
            left = left.increment(asked.method, asked.url, response=response, _pool=pool)
        except MaxRetryError:
            if left.raise_on_redirect:
                response.drain_conn()
                raise
            return response
        response.drain_conn()
        method, headers = asked.method, asked.headers
        body: dict[str, Any] = {"body": asked.body, "body_pos": asked.position}
        kw = dict(asked.arguments)
        if response.status == 303:
            method, body = "GET", {}
            headers = _without(headers, _OF_BODY)
            kw.pop("chunked", None)
        if not pool.is_same_host(url):
            headers = _without(headers, left.remove_headers_on_redirect | {TOKEN_HEADER})
        kw.update(body, headers=headers, retries=left, preload_content=preload)
        if asked.url.lower().startswith("https:") and not url.lower().startswith("https:"):
            return self._plain(method, url, True, kw)  # nothing of ours goes on in the clear
        return self.urlopen(method, url, redirect=True, **kw)


def _set(headers: Mapping[str, str], name: str, value: str) -> Mapping[str, str]:
    if isinstance(headers, urllib3.HTTPHeaderDict):
        changed = headers.copy()
        changed[name] = value
        return changed
    return {**{key: held for key, held in headers.items() if key.lower() != name}, name: value}


def _without(headers: Mapping[str, str], names: frozenset[str]) -> Mapping[str, str]:
    changed = urllib3.HTTPHeaderDict(headers)
    for name in names:
        changed.discard(name)
    return changed
