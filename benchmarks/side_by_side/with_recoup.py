"""recoup under every client that it works under, set up as the documentation shows.

The caller's side is `recoup.raise_for_fault` and what it raises; what a client raises by itself, for want of an answer,
carries an outcome. Nothing here looks at a status.
"""

from __future__ import annotations

import asyncio
import json
from abc import abstractmethod
from collections.abc import Callable
from typing import Any

import recoup
from side_by_side.bare import LOGIN, effect_seen
from side_by_side.caller import Contestant, Ended, Said
from side_by_side.http_clients import TIMEOUT
from side_by_side.plan import INVENTORY, SHIPMENTS, Planned, fetch

__all__ = ["WITH_RECOUP", "parts"]

FIELDS = {"user-agent": "contest/1.0 (Language=Python)", "content-type": "application/json"}


def parts(address: str) -> dict[str, Any]:
    """What every face is given: credentials, the server as a host of ours, and no usage plans to keep."""
    credentials: Any = {**LOGIN, "token_url": address + "/auth/o2/token"}
    login = recoup.Login(**credentials)
    more = {"governor": recoup.Governor.unlimited()} if "Governor" in recoup.__all__ else {}
    return {"login": login, "hosts": [address], **more}


def failed(said: BaseException, thing: Any) -> Ended:
    """What the caller makes of an exception: `thing` is the response that it speaks of, or itself."""
    made = recoup.outcome(thing)
    if made is None:
        return Ended(Said.FAILED, why=type(said).__name__)
    lost = isinstance(made.decision, recoup.Resync) and made.history.outcome_unknown
    return Ended(Said.LOST if lost else Said.FAILED, why=f"{made.decision!r}"[:100])


class WithRecoup(Contestant):
    """One client with recoup under it. `lost` is what the client raises for want of an answer."""

    lost: type[Exception]

    def __init__(self, name: str, address: str) -> None:
        self.name = name
        self._address = address

    @abstractmethod
    def send(self, method: str, url: str, body: bytes | None) -> tuple[Any, bytes]:
        """The client's response, and its body."""

    def call(self, planned: Planned) -> Ended:
        operation, marker = planned.operation, planned.marker
        try:
            response, body = self._send(operation.method, operation.target(marker), operation.body(marker))
        except (recoup.FaultError, self.lost) as error:
            return failed(error, error)
        try:
            recoup.raise_for_fault(response)
        except recoup.FaultError as error:
            return failed(error, response)
        return Ended(Said.WORKED, json.loads(body) if body else None)

    def effect(self, planned: Planned) -> bool:
        marker = planned.marker
        if planned.operation.name == "stock":
            _, body = self._send("POST", INVENTORY, fetch(marker))
        else:
            _, body = self._send("GET", f"{SHIPMENTS}/{marker}", None)
        return effect_seen(planned, json.loads(body))

    def _send(self, method: str, target: str, body: dict[str, Any] | None) -> tuple[Any, bytes]:
        return self.send(method, self._address + target, None if body is None else json.dumps(body).encode())


class Httpx2(WithRecoup):
    library = "httpx2"

    def __init__(self, name: str, address: str) -> None:
        super().__init__(name, address)
        library = __import__(self.library)
        self.lost = library.TransportError
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
        self.lost = httpx2.TransportError
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


def _make(name: str, kind: type[WithRecoup]) -> Callable[[str], Contestant]:
    return lambda address: kind(name, address)


WITH_RECOUP: dict[str, Callable[[str], Contestant]] = {
    f"recoup under {name}": _make(f"recoup under {name}", kind)
    for name, kind in (("httpx2", Httpx2), ("httpx2, async", AsyncHttpx2), ("httpx", Httpx))
}
