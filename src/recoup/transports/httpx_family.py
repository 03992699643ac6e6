"""Transports for httpx2 and httpx: put one under a client, and its calls are recovered as documented.

client = httpx2.Client(transport=recoup.Transport(login=recoup.Login(client_id=…, client_secret=…, refresh_token=…)))
response = client.get("https://sellingpartnerapi-na.amazon.com/orders/v0/orders", params={…})
recoup.raise_for_fault(response)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self, Unpack

from recoup.errors import SettingsError
from recoup.login.token import TOKEN_HEADER
from recoup.storage.forks import ProcessLock
from recoup.transports.caller import Options, caller_of
from recoup.transports.foreign import HttpxLibrary, library_of
from recoup.transports.hosts import Place
from recoup.transports.httpx_wires import AsyncHttpxWire, HttpxWire
from recoup.transports.library import Target

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


DEADLINE = "recoup.deadline"
"""In a request's extensions: how many seconds this call may take in all, in place of the transport's `deadline`."""

_MARK = "recoup.from"
"""In a request's extensions: this request, or the one that was redirected to it, was one of ours, by this scheme."""


def _without_token(request: Any, library: HttpxLibrary) -> Any:
    """The request without the access token that the caller gave it, where a redirect leads it to somebody else.

    Both libraries take an Authorization field away then, and know nothing of Amazon's.
    """
    if _MARK not in request.extensions or TOKEN_HEADER not in request.headers:
        return request
    return library.without_header(request, TOKEN_HEADER)


class _Base:
    """What both transports are made of.

    `inner` is the transport that really sends; without one the client's own library provides it. All the rest are
    `recoup.transports.caller.Options`. Raises SettingsError where one of them cannot be what it should be. Safe to
    share between threads and tasks.
    """

    _sends: str
    """The method by which an inner transport sends."""

    def __init__(self, inner: Any = None, **options: Unpack[Options]) -> None:
        if inner is not None and not callable(getattr(inner, self._sends, None)):
            raise SettingsError(
                f"inner: is a {type(inner).__name__}, which has no {self._sends}; give a transport, such as "
                f"httpx2.{'Async' if 'async' in self._sends else ''}HTTPTransport()"
            )
        self._inner = inner
        self._own: dict[str, Any] = {}  # by library: a response must be of the class that its client expects
        self._wires: dict[str, Any] = {}
        self._lock = ProcessLock()
        self._caller = caller_of(f"recoup.{type(self).__name__}", options)

    def _wire(self, library: HttpxLibrary, make_inner: Callable[[], Any], make_wire: Callable[..., Any]) -> Any:
        """The wire for clients of that library, made when it is first needed."""
        name = library.name
        with self._lock:
            wire = self._wires.get(name)
            if wire is None:
                inner = self._inner if self._inner is not None else make_inner()
                wire = self._wires[name] = make_wire(inner, library.give_back)
                self._own[name] = inner
        return wire

    def _admitted(self, request: Any, target: Target) -> Place | None:
        """The place that the request goes to, None where recoup does not work on it.

        If it does, the request is marked, and a redirect carries the mark on.
        """
        place = self._caller.place(target)
        if place is None or (target.scheme != "https" and request.extensions.get(_MARK) == "https"):
            return None
        request.extensions[_MARK] = target.scheme
        return place

    def _opened(self) -> list[Any]:
        return [self._inner] if self._inner is not None else list(self._own.values())


class Transport(_Base, _SyncFace):
    """Under a synchronous client of httpx2 or httpx. See the module for an example, `Options` for the arguments."""

    _sends = "handle_request"

    def handle_request(self, request: Any) -> Any:
        """Send one call with all its attempts.

        What the client's library raises in the end is raised here, with `.recoup`. Raises a FaultError where no access
        token can be had.
        """
        library = library_of(request)
        wire = self._wires.get(library.name) or self._wire(library, library.inner, HttpxWire)
        target = library.target(request)
        place = self._admitted(request, target)
        if place is None:
            return wire.send(_without_token(request, library))
        return self._caller.call(request, library, wire, target, place, request.extensions.get(DEADLINE))

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

    _sends = "handle_async_request"

    async def handle_async_request(self, request: Any) -> Any:
        """Send one call with all its attempts.

        What the client's library raises in the end is raised here, with `.recoup`. Raises a FaultError where no access
        token can be had.
        """
        library = library_of(request)
        wire = self._wires.get(library.name)
        if wire is None:
            _on_asyncio()
            wire = self._wire(library, library.async_inner, AsyncHttpxWire)
        target = library.target(request)
        place = self._admitted(request, target)
        if place is None:
            return await wire.send(_without_token(request, library))
        return await self._caller.call_async(request, library, wire, target, place, request.extensions.get(DEADLINE))

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


def _on_asyncio() -> None:
    """Refuse to work under trio before anything is sent: waits, stores and shared tokens need asyncio's loop."""
    import asyncio  # late: synchronous clients do not pay for it

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        raise RuntimeError("recoup.AsyncTransport works on asyncio only, and no loop of it runs here") from None
