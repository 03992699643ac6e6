"""HTTP clients without recoup, from bare to as good as a careful programmer makes them by looking at statuses.

Four ways to use a client, from what its documentation shows to what a good programmer writes around it:

    bare       the client as it is; a status of 400 or more is an error, a token lasts as long as it says
    by status  three tries with exponential delays upon 429, 500, 502, 503, 504 and upon lost connections
    blunt      three tries whatever went wrong, a new token with each after a 403; looks for failed items in a success
    careful    by status, but writes are not repeated when their answer was lost; 409 is tried again, a 403 renews the
               token once, and one looks for failed items in a success

The delays are `tenacity.wait_random_exponential(multiplier=1)` or the defaults of stamina, each in one line.
"""

from __future__ import annotations

import json
import random
import time
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple
from urllib.parse import urlencode

from side_by_side.caller import Contestant, Ended, Said
from side_by_side.http_clients import (
    BY_STATUS,
    Aiohttp,
    Answer,
    Client,
    Httpx2,
    Lost,
    Requests,
    RequestsRetry,
    Urllib3,
    Urllib3Off,
    Urllib3Retry,
)
from side_by_side.plan import INVENTORY, SHIPMENTS, Planned, fetch

__all__ = ["BARE", "LOGIN", "Tokens", "careful", "effect_seen", "hidden_failure", "tenacity_delay"]

LOGIN = {
    "client_id": "amzn1.application-oa2-client.1",
    "client_secret": "amzn1.oa2-cs.v1.secret",
    "refresh_token": "Atzr|refresh",
}
TRIES = 3


Delays = Callable[[int], float]


def tenacity_delay(tries: int) -> float:
    """Full jitter under a ceiling of 1, 2, 4 ... seconds."""
    return random.uniform(0, 2.0 ** (tries - 1))


def stamina_delay(tries: int) -> float:
    """0.1, 0.2, 0.4 ... seconds and up to one second of jitter."""
    return min(5.0, 0.1 * 2.0 ** (tries - 1) + random.uniform(0, 1))


class Tokens:
    """An access token, fetched anew a minute before it ends."""

    def __init__(self, address: str) -> None:
        self._url = address + "/auth/o2/token"
        self._token, self._until = "", 0.0

    def get(self) -> str:
        """The token."""
        if time.time() > self._until - 60:
            self.renew()
        return self._token

    def renew(self) -> None:
        """Fetch another."""
        form = urlencode({"grant_type": "refresh_token", **LOGIN}).encode()
        with urllib.request.urlopen(self._url, form) as answer:
            told = json.load(answer)
        self._token, self._until = told["access_token"], time.time() + told["expires_in"]


def hidden_failure(body: Any) -> bool:
    """Whether a success holds items that failed."""
    if not isinstance(body, dict):
        return False
    items = [each["status"]["statusCode"] >= 400 for each in body.get("responses") or ()]
    return any(items) or any(each.get("status") == "FAILURE" for each in body.get("packageShipLabelList") or ())


def effect_seen(planned: Planned, body: dict[str, Any]) -> bool:
    """Whether what was read back shows the effect of this call."""
    if planned.operation.name == "stock":
        return all(each["body"].get("clientSequenceNumber", 0) >= 7 for each in body["responses"])
    return "document" in body or body.get("status") == planned.operation.done


class Setup(NamedTuple):
    """A client, the way in which it is used, and the delays of that way."""

    way: str
    client: type[Client]
    delays: Delays = tenacity_delay


class Http(Contestant):
    """One of the HTTP clients, in one of the ways."""

    def __init__(self, name: str, setup: Setup, address: str) -> None:
        self.name = name
        self._way, self._delays = setup.way, setup.delays
        self._client = setup.client()
        self._address = address
        self._tokens = Tokens(address)

    def call(self, planned: Planned) -> Ended:
        operation, marker = planned.operation, planned.marker
        body = operation.body(marker)
        send = {"bare": self._send, "by status": self._by_status, "blunt": self._blunt, "careful": self._careful}[
            self._way
        ]
        try:
            answer = send(operation.method, operation.target(marker), body)
        except Lost as lost:
            return Ended(Said.LOST, why=str(lost))
        if answer.status >= 500 and self._way == "careful" and operation.writes:
            return Ended(Said.LOST, why=str(answer.status))
        return ended(answer, look_inside=self._way in ("blunt", "careful"))

    def effect(self, planned: Planned) -> bool:
        marker = planned.marker
        if planned.operation.name == "stock":
            answer = self._send("POST", INVENTORY, fetch(marker))
        else:
            answer = self._send("GET", f"{SHIPMENTS}/{marker}", None)
        return effect_seen(planned, json.loads(answer.body))

    def close(self) -> None:
        self._client.close()

    def _send(self, method: str, target: str, body: dict[str, Any] | None) -> Answer:
        fields = {"x-amz-access-token": self._tokens.get(), "user-agent": "contest/1.0 (Language=Python)"}
        if body is not None:
            fields["content-type"] = "application/json"
        return self._client.send(
            method, self._address + target, None if body is None else json.dumps(body).encode(), fields
        )

    def _by_status(self, method: str, target: str, body: dict[str, Any] | None) -> Answer:
        for tries in range(1, TRIES):
            with suppress(Lost):
                answer = self._send(method, target, body)
                if answer.status not in BY_STATUS:
                    return answer
            time.sleep(self._delays(tries))
        return self._send(method, target, body)

    def _blunt(self, method: str, target: str, body: dict[str, Any] | None) -> Answer:
        for tries in range(1, TRIES):
            with suppress(Lost):
                answer = self._send(method, target, body)
                if answer.status < 400:
                    return answer
                if answer.status == 403:
                    self._tokens.renew()
            time.sleep(self._delays(tries))
        return self._send(method, target, body)

    def _careful(self, method: str, target: str, body: dict[str, Any] | None) -> Answer:
        return careful(lambda: self._send(method, target, body), method, self._tokens.renew, self._delays)


def careful(send: Callable[[], Answer], method: str, renew: Callable[[], None], delays: Delays) -> Answer:
    """A good programmer's loop: by status, and nothing that may have worked is repeated."""
    again = BY_STATUS | {409} if method == "GET" else {409, 429, 503}
    renewed, tries = False, 1
    while True:
        try:
            answer = send()
        except Lost:
            if method != "GET" or tries == TRIES:
                raise
        else:
            if answer.status == 403 and not renewed:
                renewed = True
                renew()
                continue
            if answer.status not in again or tries == TRIES:
                return answer
        time.sleep(delays(tries))
        tries += 1


def ended(answer: Answer, *, look_inside: bool) -> Ended:
    """What a caller is told by an answer."""
    if answer.status >= 400:
        return Ended(Said.FAILED, why=str(answer.status))
    body = json.loads(answer.body) if answer.body else None
    failed = look_inside and hidden_failure(body)
    return Ended(Said.FAILED if failed else Said.WORKED, body)


def _make(name: str, setup: Setup) -> Callable[[str], Contestant]:
    return lambda address: Http(name, setup, address)


_SETUPS = {
    "httpx2": Setup("bare", Httpx2),
    "requests": Setup("bare", Requests),
    "urllib3": Setup("bare", Urllib3),
    "aiohttp": Setup("bare", Aiohttp),
    "requests, Retry(3)": Setup("bare", RequestsRetry),
    "urllib3, Retry(3) of all methods": Setup("bare", Urllib3Retry),
    "httpx2, by status like tenacity": Setup("by status", Httpx2),
    "aiohttp, by status like stamina": Setup("by status", Aiohttp, stamina_delay),
    "httpx2, blunt like tenacity": Setup("blunt", Httpx2),
    "httpx2, blunt like stamina": Setup("blunt", Httpx2, stamina_delay),
    "httpx2, careful like tenacity": Setup("careful", Httpx2),
    "httpx2, careful like stamina": Setup("careful", Httpx2, stamina_delay),
    "urllib3, careful like stamina": Setup("careful", Urllib3Off, stamina_delay),
}
BARE = {name: _make(name, setup) for name, setup in _SETUPS.items()}
