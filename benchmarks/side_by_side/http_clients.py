"""The HTTP clients themselves: httpx2, requests, urllib3 and aiohttp, each as it comes and with its own retries."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, NamedTuple

__all__ = [
    "BY_STATUS",
    "TIMEOUT",
    "Aiohttp",
    "Answer",
    "Client",
    "Httpx2",
    "Lost",
    "Requests",
    "RequestsRetry",
    "Urllib3",
    "Urllib3Off",
    "Urllib3Retry",
]

TIMEOUT = 0.4  # seconds, everybody's
BY_STATUS = frozenset({429, 500, 502, 503, 504})


class Answer(NamedTuple):
    """An answer, read to its end."""

    status: int
    body: bytes


class Lost(Exception):
    """No answer, or half of one."""


class Client(ABC):
    """One HTTP client: `send` gives an Answer or raises Lost."""

    @abstractmethod
    def send(self, method: str, url: str, body: bytes | None, fields: dict[str, str]) -> Answer:
        """Send one request as the client does it."""

    @abstractmethod
    def close(self) -> None:
        """Let go of connections."""


class Httpx2(Client):
    def __init__(self) -> None:
        import httpx2

        self._error = httpx2.TransportError
        self._client = httpx2.Client(timeout=TIMEOUT)

    def send(self, method: str, url: str, body: bytes | None, fields: dict[str, str]) -> Answer:
        try:
            response = self._client.request(method, url, content=body, headers=fields)
        except self._error as error:
            raise Lost(type(error).__name__) from error
        return Answer(response.status_code, response.content)

    def close(self) -> None:
        self._client.close()


class Requests(Client):
    """requests; `retries` is what people give to its HTTPAdapter."""

    retries: Any = None

    def __init__(self) -> None:
        import requests
        import requests.adapters

        self._error = requests.RequestException
        self._session = requests.Session()
        if self.retries is not None:
            self._session.mount("http://", requests.adapters.HTTPAdapter(max_retries=self.retries()))

    def send(self, method: str, url: str, body: bytes | None, fields: dict[str, str]) -> Answer:
        try:
            response = self._session.request(method, url, data=body, headers=fields, timeout=TIMEOUT)
        except self._error as error:
            raise Lost(type(error).__name__) from error
        return Answer(response.status_code, response.content)

    def close(self) -> None:
        self._session.close()


def _retries(**more: Any) -> Callable[[], Any]:
    """urllib3's own Retry, as people write it; the last answer is handed up instead of an exception."""

    def make() -> Any:
        import urllib3

        chosen = {"backoff_factor": 1, "status_forcelist": sorted(BY_STATUS), "raise_on_status": False, **more}
        return urllib3.Retry(total=3, **chosen)

    return make


class RequestsRetry(Requests):
    retries = staticmethod(_retries())


class Urllib3(Client):
    """urllib3 as it comes: it re-sends by itself what it holds to be idempotent."""

    retries: Any = None

    def __init__(self) -> None:
        import urllib3

        self._error = urllib3.exceptions.HTTPError
        self._pool = urllib3.PoolManager(retries=self.retries() if self.retries is not None else None, timeout=TIMEOUT)

    def send(self, method: str, url: str, body: bytes | None, fields: dict[str, str]) -> Answer:
        try:
            response = self._pool.request(method, url, body=body, headers=fields)
        except self._error as error:
            raise Lost(type(error).__name__) from error
        return Answer(response.status, response.data)

    def close(self) -> None:
        self._pool.clear()


class Urllib3Retry(Urllib3):
    retries = staticmethod(_retries(allowed_methods=None))


class Urllib3Off(Urllib3):
    """Nothing is sent again by urllib3."""

    retries = staticmethod(bool)


class Aiohttp(Client):
    """aiohttp: it re-sends by itself, too, when a kept connection turns out to be closed."""

    def __init__(self) -> None:
        import aiohttp

        self._library = aiohttp
        self._runner = asyncio.Runner()
        self._session: Any = self._runner.run(self._open())

    async def _open(self) -> Any:
        return self._library.ClientSession(timeout=self._library.ClientTimeout(sock_read=TIMEOUT))

    def send(self, method: str, url: str, body: bytes | None, fields: dict[str, str]) -> Answer:
        return self._runner.run(self._send(method, url, body, fields))

    async def _send(self, method: str, url: str, body: bytes | None, fields: dict[str, str]) -> Answer:
        try:
            async with self._session.request(method, url, data=body, headers=fields) as response:
                return Answer(response.status, await response.read())
        except (self._library.ClientError, TimeoutError) as error:
            raise Lost(type(error).__name__) from error

    def close(self) -> None:
        self._runner.run(self._session.close())
        self._runner.close()
