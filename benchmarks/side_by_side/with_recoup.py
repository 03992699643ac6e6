"""recoup under every client that it works under, set up as the documentation shows.

The caller's side is `recoup.raise_for_fault` and what it raises; what a client raises by itself, for want of an answer,
carries an outcome. What was lost is read back as the outcome says. Nothing here looks at a status.
"""

from __future__ import annotations

import asyncio
import json
from abc import abstractmethod
from collections.abc import Callable
from importlib import import_module
from typing import Any
from urllib.parse import urlencode

import recoup
from side_by_side.bare import LOGIN, effect_seen
from side_by_side.caller import Contestant, Ended, Said
from side_by_side.http_clients import TIMEOUT
from side_by_side.plan import Planned

__all__ = ["WITH_RECOUP", "parts"]

FIELDS = {"user-agent": "contest/1.0 (Language=Python)", "content-type": "application/json"}


def parts(address: str) -> dict[str, Any]:
    """What every face is given: credentials, the server as a host of ours, and no usage plans to keep."""
    credentials: Any = {**LOGIN, "token_url": address + "/auth/o2/token"}
    login = recoup.Login(**credentials)
    return {"login": login, "hosts": [address], "governor": recoup.Governor.unlimited()}


class WithRecoup(Contestant):
    """One client with recoup under it. `lost` is what the client raises for want of an answer."""

    lost: tuple[type[Exception], ...]

    def __init__(self, name: str, address: str) -> None:
        self.name = name
        self._address = address
        self._looks: dict[str, Any] = {}  # by marker: how to read a write back, as recoup said

    @abstractmethod
    def send(self, method: str, url: str, body: bytes | None) -> tuple[Any, bytes]:
        """The client's response, and its body."""

    def call(self, planned: Planned) -> Ended:
        operation, marker = planned.operation, planned.marker
        sent = operation.body(marker)
        try:
            url = self._address + operation.target(marker)
            response, body = self.send(operation.method, url, None if sent is None else json.dumps(sent).encode())
        except (recoup.FaultError, *self.lost) as error:  # type: ignore[misc]
            return self._failed(marker, error, error)
        try:
            recoup.raise_for_fault(response)
        except recoup.FaultError as error:
            return self._failed(marker, error, response)
        return Ended(Said.WORKED, json.loads(body) if body else None)

    def _failed(self, marker: str, said: BaseException, thing: Any) -> Ended:
        """What the caller makes of an exception: `thing` is the response that it speaks of, or itself."""
        made = recoup.outcome(thing)
        if made is None:
            return Ended(Said.FAILED, why=type(said).__name__)
        if isinstance(made.decision, recoup.Resync) and made.history.outcome_unknown:
            self._looks[marker] = made.read_back
            return Ended(Said.LOST, why=f"{made.decision!r}"[:100])
        return Ended(Said.FAILED, why=f"{made.decision!r}"[:100])

    def effect(self, planned: Planned) -> bool:
        look = self._looks.pop(planned.marker)
        assert look is not None, f"recoup knows no way to read {planned.operation.name} back"
        assert not look.missing, f"recoup does not know {look.missing} of {planned.operation.name}"
        url = self._address + look.path + (f"?{urlencode(look.query)}" if look.query else "")
        _, body = self.send(look.method, url, look.body)
        return effect_seen(planned, json.loads(body))


class Httpx2(WithRecoup):
    library = "httpx2"

    def __init__(self, name: str, address: str) -> None:
        super().__init__(name, address)
        library = import_module(self.library)
        self.lost = (library.TransportError,)
        self._client = library.Client(transport=recoup.Transport(**parts(address)), timeout=TIMEOUT)

    def send(self, method: str, url: str, body: bytes | None) -> tuple[Any, bytes]:
        response = self._client.request(method, url, content=body, headers=FIELDS)
        return response, response.content

    def close(self) -> None:
        self._client.close()


class Httpx(Httpx2):
    library = "httpx"


class AsyncHttpx2(WithRecoup):
    def __init__(self, name: str, address: str) -> None:
        import httpx2

        super().__init__(name, address)
        self.lost = (httpx2.TransportError,)
        self._runner = asyncio.Runner()
        self._client = httpx2.AsyncClient(transport=recoup.AsyncTransport(**parts(address)), timeout=TIMEOUT)

    def send(self, method: str, url: str, body: bytes | None) -> tuple[Any, bytes]:
        async def sending() -> Any:
            return await self._client.request(method, url, content=body, headers=FIELDS)

        response = self._runner.run(sending())
        return response, response.content

    def close(self) -> None:
        self._runner.run(self._client.aclose())
        self._runner.close()


class Requests(WithRecoup):
    def __init__(self, name: str, address: str) -> None:
        import requests

        super().__init__(name, address)
        self.lost = (requests.RequestException,)
        self._session = requests.Session()
        self._session.mount("http://", recoup.RequestsAdapter(**parts(address)))

    def send(self, method: str, url: str, body: bytes | None) -> tuple[Any, bytes]:
        response = self._session.request(method, url, data=body, headers=FIELDS, timeout=TIMEOUT)
        return response, response.content

    def close(self) -> None:
        self._session.close()


class Urllib3(WithRecoup):
    def __init__(self, name: str, address: str) -> None:
        import urllib3

        super().__init__(name, address)
        self.lost = (urllib3.exceptions.HTTPError,)
        self._pool = recoup.PoolManager(timeout=TIMEOUT, **parts(address))

    def send(self, method: str, url: str, body: bytes | None) -> tuple[Any, bytes]:
        response = self._pool.request(method, url, body=body, headers=FIELDS)
        return response, response.data

    def close(self) -> None:
        self._pool.clear()


class Aiohttp(WithRecoup):
    def __init__(self, name: str, address: str) -> None:
        import aiohttp

        super().__init__(name, address)
        self.lost = (aiohttp.ClientError,)
        self._runner = asyncio.Runner()

        async def opened() -> Any:
            limits = aiohttp.ClientTimeout(sock_read=TIMEOUT)
            return aiohttp.ClientSession(middlewares=[recoup.aiohttp_middleware(**parts(address))], timeout=limits)

        self._session = self._runner.run(opened())

    def send(self, method: str, url: str, body: bytes | None) -> tuple[Any, bytes]:
        async def sending() -> tuple[Any, bytes]:
            async with self._session.request(method, url, data=body, headers=FIELDS) as response:
                return response, await response.read()

        return self._runner.run(sending())

    def close(self) -> None:
        self._runner.run(self._session.close())
        self._runner.close()


def _make(name: str, kind: type[WithRecoup]) -> Callable[[str], Contestant]:
    return lambda address: kind(name, address)


WITH_RECOUP: dict[str, Callable[[str], Contestant]] = {
    f"recoup under {name}": _make(f"recoup under {name}", kind)
    for name, kind in (
        ("httpx2", Httpx2),
        ("httpx2, async", AsyncHttpx2),
        ("httpx", Httpx),
        ("requests", Requests),
        ("urllib3", Urllib3),
        ("aiohttp", Aiohttp),
    )
}
