"""Transports for httpx2 and httpx: put one under a client, and its calls are recovered as documented.

client = httpx2.Client(transport=recoup.Transport(login=recoup.Login(client_id=…, client_secret=…, refresh_token=…)))
response = client.get("https://sellingpartnerapi-na.amazon.com/orders/v0/orders", params={…})
recoup.raise_for_fault(response)
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Self

from recoup.login.token import TOKEN_HEADER
from recoup.recovery.policy import Policy
from recoup.recovery.quota import RetryQuota, SharedQuota
from recoup.transports import timing as timings
from recoup.transports.effects import carry_out, carry_out_async
from recoup.transports.flow import Caller
from recoup.transports.foreign import Library, library_of
from recoup.transports.hosts import Hosts
from recoup.transports.login import Login
from recoup.transports.timing import Timing

__all__ = ["AsyncTransport", "Transport"]

if TYPE_CHECKING:  # both libraries' clients take these transports; neither library has to be there for that
    import httpx
    import httpx2

    class _SyncFace(httpx2.BaseTransport, httpx.BaseTransport):
        """What the type checker of a caller sees."""

        def handle_request(self, request: Any) -> Any: ...

    class _AsyncFace(httpx2.AsyncBaseTransport, httpx.AsyncBaseTransport):
        """The same, asynchronous."""

        async def handle_async_request(self, request: Any) -> Any: ...

else:
    _SyncFace = _AsyncFace = object


_MARK = "recoup.from"
"""In a request's extensions: this request, or the one that was redirected to it, was one of ours, by this scheme."""


def _without_token(request: Any, library: Library) -> Any:
    """The request without the access token that the caller gave it, where a redirect leads it to somebody else.

    Both libraries take an Authorization field away then, and know nothing of Amazon's.
    """
    if _MARK not in request.extensions or TOKEN_HEADER not in request.headers:
        return request
    return library.without_header(request, TOKEN_HEADER)


class _Base:
    """What both transports are made of.

    `inner` is the transport that really sends; without one the client's own library provides it. `login` fetches and
    renews access tokens for requests that carry none; a request that carries one already keeps it, and a refusal of it
    is handed up. `policy` holds the numbers of recovery, `timing` the clock, `random` the source of jitter in [0, 1).
    `hosts` names further hosts that count as the Selling Partner API, such as a sandbox's `127.0.0.1`. Raises
    SettingsError where a host is none. Safe to share between threads and tasks.
    """

    def __init__(
        self,
        inner: Any = None,
        *,
        login: Login | None = None,
        policy: Policy | None = None,
        timing: Timing | None = None,
        random: Callable[[], float] | None = None,
        hosts: Iterable[str] | None = None,
    ) -> None:
        self._inner = inner
        self._own: dict[str, Any] = {}  # by library: a response must be of the class that its client expects
        self._timing = timing
        self._lock = threading.Lock()
        self._hosts = Hosts(hosts)
        policy = policy if policy is not None else Policy.documented()
        self._caller = Caller(
            login=login,
            policy=policy,
            now=self._now,
            random=random,
            quota=SharedQuota(RetryQuota.full(policy.quota_capacity), threading.Lock()),
        )

    def _current(self) -> Timing:
        return self._timing if self._timing is not None else timings.current()

    def _now(self) -> float:
        return self._current().now()

    def _open(self, name: str, make: Callable[[], Any]) -> Any:
        if self._inner is not None:
            return self._inner
        own = self._own.get(name)
        if own is None:
            with self._lock:
                own = self._own.get(name)
                if own is None:
                    own = self._own[name] = make()
        return own

    def _admitted(self, request: Any) -> bool:
        """Whether recoup works on this request. If so it is marked, and a redirect carries the mark on."""
        if not self._hosts.ours(request.url):
            return False
        scheme = request.url.scheme
        if request.extensions.get(_MARK) == "https" and scheme != "https":
            return False
        request.extensions[_MARK] = scheme
        return True

    def _opened(self) -> list[Any]:
        return [self._inner] if self._inner is not None else list(self._own.values())


class Transport(_Base, _SyncFace):
    """Under a synchronous client of httpx2 or httpx. See the module for an example, `_Base` for the arguments."""

    def handle_request(self, request: Any) -> Any:
        """Send one call with all its attempts.

        What the client's library raises in the end is raised here, with `.recoup`. Raises a FaultError where no access
        token can be had.
        """
        library = library_of(request)
        inner = self._open(library.name, library.inner)
        if not self._admitted(request):
            return inner.handle_request(_without_token(request, library))
        return carry_out(self._caller.flow(request, library), inner, self._current())

    def close(self) -> None:
        """Close the inner transport."""
        for inner in self._opened():
            inner.close()

    def __enter__(self) -> Self:
        if self._inner is not None:
            self._inner.__enter__()
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


class AsyncTransport(_Base, _AsyncFace):
    """Under an asynchronous client of httpx2 or httpx, on asyncio. The same, awaited."""

    async def handle_async_request(self, request: Any) -> Any:
        """Send one call with all its attempts.

        What the client's library raises in the end is raised here, with `.recoup`. Raises a FaultError where no access
        token can be had.
        """
        library = library_of(request)
        inner = self._open(library.name, library.async_inner)
        if not self._admitted(request):
            return await inner.handle_async_request(_without_token(request, library))
        return await carry_out_async(self._caller.flow(request, library), inner, self._current())

    async def aclose(self) -> None:
        """Close the inner transport."""
        for inner in self._opened():
            await inner.aclose()

    async def __aenter__(self) -> Self:
        if self._inner is not None:
            await self._inner.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.aclose()
