"""Under a client that stands on httpx or httpx2: its own transports stay, with recoup between them and it."""
# ruff: noqa: SLF001  neither library has a public way to change the transports of a client

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from recoup.clients.sharing import Layer, scope_of
from recoup.errors import FaultError
from recoup.transports.httpx_family import AsyncTransport, Transport

__all__ = ["put_under"]

Convert = Callable[[FaultError, Any], Exception]


def put_under(client: Any, layer: Layer, convert: Convert, *, is_async: bool) -> None:
    """Put recoup under every transport of this httpx client: proxies, certificates and time limits stay as they are.

    Connections are no longer retried below. `convert` makes of a FaultError (no access token, a call that is held
    back), and of its request, what the client's users expect. Done twice, the later layer takes the earlier one's
    place.
    """
    kind = _AsyncUnder if is_async else _Under

    def make(transport: Any) -> Any:
        return kind(_bare(transport), layer, convert)

    client._transport = make(client._transport)
    for pattern, mounted in client._mounts.items():
        if mounted is not None:
            client._mounts[pattern] = make(mounted)


def _bare(transport: Any) -> Any:
    inner = transport.inner if isinstance(transport, _Base) else transport
    pool: Any = getattr(inner, "_pool", None)
    if getattr(pool, "_retries", None):
        pool._retries = 0
    return inner


class _Base(ABC):
    def __init__(self, inner: Any, layer: Layer, convert: Convert) -> None:
        self.inner = inner
        self._layer = layer
        self._convert = convert
        self._by_scope: dict[str | None, Any] = {}
        self._for(None)  # complains now of an option that is none

    @abstractmethod
    def _make(self, scope: str | None) -> Any:
        """The transport for calls of this scope; None: for those that have none."""

    def _for(self, scope: str | None) -> Any:
        found = self._by_scope.get(scope)
        if found is None:
            found = self._by_scope.setdefault(scope, self._make(scope))
        return found

    def _transport(self, request: Any) -> Any:
        return self._for(scope_of(request.method, request.url.raw_path.partition(b"?")[0].decode("ascii")))


class _Under(_Base):
    def _make(self, scope: str | None) -> Any:
        return Transport(self.inner, **self._layer.options(scope))

    def handle_request(self, request: Any) -> Any:
        try:
            return self._transport(request).handle_request(request)
        except FaultError as error:
            raise self._convert(error, request) from error

    def close(self) -> None:
        self.inner.close()

    def __enter__(self) -> _Under:
        self.inner.__enter__()
        return self

    def __exit__(self, *exc: Any) -> None:
        self.inner.__exit__(*exc)


class _AsyncUnder(_Base):
    def _make(self, scope: str | None) -> Any:
        return AsyncTransport(self.inner, **self._layer.options(scope))

    async def handle_async_request(self, request: Any) -> Any:
        try:
            return await self._transport(request).handle_async_request(request)
        except FaultError as error:
            raise self._convert(error, request) from error

    async def aclose(self) -> None:
        await self.inner.aclose()

    async def __aenter__(self) -> _AsyncUnder:
        await self.inner.__aenter__()
        return self

    async def __aexit__(self, *exc: Any) -> None:
        await self.inner.__aexit__(*exc)
