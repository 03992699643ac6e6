"""The four clients that one contract holds for: httpx2 and httpx, synchronous and asynchronous."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from types import ModuleType
from typing import Any, NamedTuple, Self

import httpx
import httpx2
from transport_server import Server

import recoup
from recoup.testing import Timing

START = 1_800_000_000.0  # epoch seconds at which every test begins
SHIPMENT = "/externalFulfillment/2024-09-11/shipments/S1"
CONFIRM = SHIPMENT + "?operation=CONFIRM"
LABELS = SHIPMENT + "/shipLabels?operation=GENERATE"
STOCK = "/externalFulfillment/inventory/2024-09-11/inventories"
SECRETS = ("Atza|one", "Atza|two", "Atzr|refresh", "amzn1.oa2-cs.v1.secret")


class Kind(NamedTuple):
    """A library, and which of its clients."""

    library: ModuleType
    is_async: bool

    @property
    def name(self) -> str:
        return f"{self.library.__name__}-{'async' if self.is_async else 'sync'}"


KINDS = tuple(Kind(library, is_async) for library in (httpx2, httpx) for is_async in (False, True))


def login(server: Server, **more: Any) -> recoup.Login:
    """The credentials of the tests."""
    fields: dict[str, Any] = {"client_id": "amzn1.application-oa2-client.1", "client_secret": SECRETS[3]}
    fields["refresh_token"] = SECRETS[2]
    return recoup.Login(**{**fields, "token_url": f"{server.url}/auth/o2/token", **more})


class Client:
    """One of the four, with recoup under it and no waiting; the same calls for all of them."""

    def __init__(
        self, kind: Kind, server: Server, *, inner: Any = None, timeout: float = 10.0, **arguments: Any
    ) -> None:
        self.kind = kind
        self.slept: list[float] = []
        arguments = {
            "timing": Timing.without_waiting(self.slept, START),
            "random": lambda: 0.5,
            "hosts": [server.url],
            **arguments,
        }
        self._url = server.url
        self._runner = asyncio.Runner() if kind.is_async else None
        self._client: Any
        if kind.is_async:
            self._client = kind.library.AsyncClient(
                transport=recoup.AsyncTransport(inner, **arguments), timeout=timeout, follow_redirects=True
            )
        else:
            self._client = kind.library.Client(
                transport=recoup.Transport(inner, **arguments), timeout=timeout, follow_redirects=True
            )

    def call(self, method: str, target: str, **arguments: Any) -> Any:
        """Make the call and read its answer."""
        url = target if "://" in target else self._url + target
        return self._wait(self._client.request(method, url, **arguments))

    def body(self, chunks: Iterable[bytes]) -> Any:
        """A request body that can be read once only."""
        return _async_chunks(chunks) if self.kind.is_async else _chunks(chunks)

    def stream(self, method: str, target: str, see: Callable[[Any], Any]) -> bytes:
        """Stream an answer: `see` is shown the response before its body is read."""
        if not self.kind.is_async:
            with self._client.stream(method, self._url + target) as response:
                see(response)
                return b"".join(response.iter_bytes())

        async def streaming() -> bytes:
            async with self._client.stream(method, self._url + target) as response:
                see(response)
                return b"".join([chunk async for chunk in response.aiter_bytes()])

        return bytes(self._wait(streaming()))

    def _wait(self, result: Any) -> Any:
        if self._runner is None:
            return result

        async def awaited(result: Awaitable[Any]) -> Any:
            return await result

        return self._runner.run(awaited(result))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        if self._runner is None:
            self._client.close()
        else:
            self._runner.run(self._client.aclose())
            self._runner.close()


def _chunks(chunks: Iterable[bytes]) -> Iterator[bytes]:
    yield from chunks


async def _async_chunks(chunks: Iterable[bytes]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk
