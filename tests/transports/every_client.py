"""The seven clients that one contract holds for, each with recoup under it, or bare, to compare with.

Each makes the same calls by its own means, and shows what it got in the same form.
"""

from __future__ import annotations

import asyncio
import ssl
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from types import ModuleType
from typing import Any, ClassVar, NamedTuple, Self

import aiohttp
import httpx
import httpx2
import requests
import urllib3
from transport_clients import START
from transport_server import Server

import recoup
from recoup.testing import Timing

Fields = Mapping[str, str]


class Seen(NamedTuple):
    """A response as its caller reads it. `body` is decoded."""

    status: int
    headers: dict[str, str]
    body: bytes
    response: Any


class Client(ABC):
    """One client. `arguments` go to recoup; `bare` leaves it out. `timeout` is in seconds."""

    name: str
    library: ModuleType
    errors: tuple[type[BaseException], ...]
    """What the library raises where there is no answer."""
    kinds: ClassVar[Mapping[str, type[BaseException]]]
    """Its own exceptions, by what happened."""

    def __init__(
        self,
        server: Server,
        *,
        timeout: float = 10.0,
        bare: bool = False,
        tls: ssl.SSLContext | None = None,
        **arguments: Any,
    ) -> None:
        self.slept: list[float] = []
        self.url = server.url
        self.timeout = timeout
        self.tls = tls
        self.arguments = None if bare else {**self._usual(server), **arguments}
        self.open()

    def _usual(self, server: Server) -> dict[str, Any]:
        return {
            "timing": Timing.without_waiting(self.slept, START),
            "random": lambda: 0.5,
            "hosts": [server.url],
            "governor": recoup.Governor.unlimited(),
        }

    @abstractmethod
    def open(self) -> None: ...

    @abstractmethod
    def close(self) -> None: ...

    @abstractmethod
    def call(self, method: str, target: str, *, headers: Fields | None = None, body: Any = None) -> Seen:
        """Make the call and read its answer."""

    @abstractmethod
    def stream(self, target: str, see: Callable[[Any], object] = lambda _: None) -> bytes:
        """GET in chunks; `see` is shown the response before its body is read."""

    def generator(self, chunks: Iterable[bytes]) -> Any:
        """A request body that can be read once only."""
        return iter(list(chunks))

    def absolute(self, target: str) -> str:
        return target if "://" in target else self.url + target

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


class _Httpx(Client):
    def open(self) -> None:
        transport = self.library.HTTPTransport(verify=self.tls or True)
        if self.arguments is not None:
            transport = recoup.Transport(transport, **self.arguments)
        self.client = self.library.Client(transport=transport, timeout=self.timeout, follow_redirects=True)

    def close(self) -> None:
        self.client.close()

    def call(self, method: str, target: str, *, headers: Fields | None = None, body: Any = None) -> Seen:
        response = self.client.request(method, self.absolute(target), headers=headers, content=body)
        return Seen(response.status_code, dict(response.headers), response.content, response)

    def stream(self, target: str, see: Callable[[Any], object] = lambda _: None) -> bytes:
        with self.client.stream("GET", self.absolute(target)) as response:
            see(response)
            return b"".join(response.iter_bytes(1000))


class _AsyncHttpx(Client):
    def open(self) -> None:
        self.runner = asyncio.Runner()
        transport = self.library.AsyncHTTPTransport(verify=self.tls or True)
        if self.arguments is not None:
            transport = recoup.AsyncTransport(transport, **self.arguments)
        self.client = self.library.AsyncClient(transport=transport, timeout=self.timeout, follow_redirects=True)

    def close(self) -> None:
        self.runner.run(self.client.aclose())
        self.runner.close()

    def call(self, method: str, target: str, *, headers: Fields | None = None, body: Any = None) -> Seen:
        response = self.runner.run(self.client.request(method, self.absolute(target), headers=headers, content=body))
        return Seen(response.status_code, dict(response.headers), response.content, response)

    def stream(self, target: str, see: Callable[[Any], object] = lambda _: None) -> bytes:
        async def streaming() -> bytes:
            async with self.client.stream("GET", self.absolute(target)) as response:
                see(response)
                return b"".join([chunk async for chunk in response.aiter_bytes(1000)])

        return self.runner.run(streaming())

    def generator(self, chunks: Iterable[bytes]) -> Any:
        return _async_chunks(chunks)


def _of_httpx(library: ModuleType) -> dict[str, type[BaseException]]:
    return {
        "connect": library.ConnectError,
        "reset": library.RemoteProtocolError,
        "timeout": library.ReadTimeout,
        "cut": library.RemoteProtocolError,
        "not http": library.RemoteProtocolError,
        "tls": library.ConnectError,
        "decoding": library.DecodingError,
    }


class Httpx2(_Httpx):
    name, library, errors, kinds = "httpx2", httpx2, (httpx2.TransportError,), _of_httpx(httpx2)


class Httpx2Async(_AsyncHttpx):
    name, library, errors, kinds = "httpx2-async", httpx2, (httpx2.TransportError,), _of_httpx(httpx2)


class Httpx(_Httpx):
    name, library, errors, kinds = "httpx", httpx, (httpx.TransportError,), _of_httpx(httpx)


class HttpxAsync(_AsyncHttpx):
    name, library, errors, kinds = "httpx-async", httpx, (httpx.TransportError,), _of_httpx(httpx)


class Requests(Client):
    name, library, errors = "requests", requests, (requests.RequestException,)
    kinds: ClassVar[Mapping[str, type[BaseException]]] = {
        "connect": requests.ConnectionError,
        "reset": requests.ConnectionError,
        "timeout": requests.ReadTimeout,
        "cut": requests.exceptions.ChunkedEncodingError,
        "not http": requests.ConnectionError,
        "tls": requests.exceptions.SSLError,
        "decoding": requests.exceptions.ContentDecodingError,
    }

    def open(self) -> None:
        self.session = requests.Session()
        self.session.trust_env = False
        if self.arguments is not None:
            adapter = recoup.RequestsAdapter(**self.arguments)
            self.session.mount("http://", adapter)
            self.session.mount("https://", adapter)
            if self.tls is not None:
                adapter.init_poolmanager(10, 10, ssl_context=self.tls)

    def close(self) -> None:
        self.session.close()

    def call(self, method: str, target: str, *, headers: Fields | None = None, body: Any = None) -> Seen:
        response = self.session.request(method, self.absolute(target), headers=headers, data=body, timeout=self.timeout)
        return Seen(response.status_code, _lower(response.headers), response.content, response)

    def stream(self, target: str, see: Callable[[Any], object] = lambda _: None) -> bytes:
        with self.session.get(self.absolute(target), stream=True, timeout=self.timeout) as response:
            see(response)
            return b"".join(response.iter_content(1000))


class Urllib3(Client):
    name, library, errors = "urllib3", urllib3, (urllib3.exceptions.HTTPError,)
    kinds: ClassVar[Mapping[str, type[BaseException]]] = {
        "connect": urllib3.exceptions.MaxRetryError,
        "reset": urllib3.exceptions.HTTPError,
        "timeout": urllib3.exceptions.HTTPError,
        "cut": urllib3.exceptions.ProtocolError,
        "not http": urllib3.exceptions.HTTPError,
        "tls": urllib3.exceptions.MaxRetryError,
        "decoding": urllib3.exceptions.DecodeError,
    }

    def open(self) -> None:
        more: dict[str, Any] = {} if self.tls is None else {"ssl_context": self.tls}
        self.pool: urllib3.PoolManager
        if self.arguments is None:
            self.pool = urllib3.PoolManager(timeout=self.timeout, **more)
        else:
            self.pool = recoup.PoolManager(timeout=self.timeout, **more, **self.arguments)

    def close(self) -> None:
        self.pool.clear()

    def call(self, method: str, target: str, *, headers: Fields | None = None, body: Any = None) -> Seen:
        response = self.pool.request(method, self.absolute(target), headers=headers, body=body)
        return Seen(response.status, _lower(response.headers), response.data, response)

    def stream(self, target: str, see: Callable[[Any], object] = lambda _: None) -> bytes:
        response = self.pool.request("GET", self.absolute(target), preload_content=False)
        see(response)
        try:
            return b"".join(response.stream(1000))
        finally:
            response.release_conn()


class Aiohttp(Client):
    name, library, errors = "aiohttp", aiohttp, (aiohttp.ClientError, asyncio.TimeoutError)
    kinds: ClassVar[Mapping[str, type[BaseException]]] = {
        "connect": aiohttp.ClientConnectorError,
        "reset": aiohttp.ServerDisconnectedError,
        "timeout": aiohttp.SocketTimeoutError,
        "cut": aiohttp.ClientPayloadError,
        "not http": aiohttp.ClientResponseError,
        "tls": aiohttp.ClientSSLError,
        "decoding": aiohttp.ClientPayloadError,
    }

    def open(self) -> None:
        self.runner = asyncio.Runner()
        self.runner.run(self._open())

    async def _open(self) -> None:
        middlewares = () if self.arguments is None else (recoup.aiohttp_middleware(**self.arguments),)
        self.session = aiohttp.ClientSession(
            middlewares=middlewares,
            timeout=aiohttp.ClientTimeout(total=60, sock_read=self.timeout),
            connector=aiohttp.TCPConnector(ssl=self.tls or True),
        )

    def close(self) -> None:
        self.runner.run(self.session.close())
        self.runner.run(asyncio.sleep(0))
        self.runner.close()

    def run(self, awaitable: Any) -> Any:
        async def awaited() -> Any:
            return await awaitable

        return self.runner.run(awaited())

    def call(self, method: str, target: str, *, headers: Fields | None = None, body: Any = None) -> Seen:
        async def calling() -> Seen:
            async with self.session.request(method, self.absolute(target), headers=headers, data=body) as response:
                return Seen(response.status, _lower(response.headers), await response.read(), response)

        seen: Seen = self.runner.run(calling())
        return seen

    def stream(self, target: str, see: Callable[[Any], object] = lambda _: None) -> bytes:
        async def streaming() -> bytes:
            async with self.session.get(self.absolute(target)) as response:
                see(response)
                return b"".join([chunk async for chunk in response.content.iter_chunked(1000)])

        return self.runner.run(streaming())

    def generator(self, chunks: Iterable[bytes]) -> Any:
        return _async_chunks(chunks)


EVERY: tuple[type[Client], ...] = (Httpx2, Httpx2Async, Httpx, HttpxAsync, Requests, Urllib3, Aiohttp)


def handed_up(client: Client, method: str, target: str, **arguments: Any) -> Any:
    """The response, or the library's exception in its place."""
    try:
        return client.call(method, target, **arguments).response
    except client.errors as error:
        return error


def status_of(seen: Any) -> int:
    """The status of a response; 0 for an exception."""
    if isinstance(seen, BaseException):
        return 0
    status: int = getattr(seen, "status_code", None) or seen.status
    return status


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


async def _async_chunks(chunks: Iterable[bytes]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


def chunks_of(size: int) -> Iterator[bytes]:
    """So many bytes, in pieces."""
    while size > 0:
        yield b"x" * min(size, 1000)
        size -= 1000
