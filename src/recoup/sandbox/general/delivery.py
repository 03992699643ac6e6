"""Handing notifications to local endpoints: one POST each, in the background, to addresses of this machine only.

A queue's ARN names its endpoint, either because the stage connected one to it, or because its last part is an address:
`arn:aws:sqs:us-east-1:000000000000:http://127.0.0.1:8080/queue`. Standard queues deliver at least once and in any
order: how often a notification comes twice or late is a setting, drawn from the seed.
"""

from __future__ import annotations

import http.client
import ipaddress
import logging
import random
import threading
from collections import deque
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import msgspec

__all__ = ["Courier", "Delivery", "endpoint_of", "local_endpoint"]

_LOG = logging.getLogger("recoup.sandbox")
_KEPT = 1000  # deliveries that can be asked about


class Delivery(msgspec.Struct, frozen=True):
    """What came of one POST: its status, or 0 and the reason where there was no answer."""

    url: str
    notification_id: str
    status: int
    reason: str = ""


def local_endpoint(url: str) -> str:
    """The address, where it is one of this machine. Raises ValueError for any other: nothing leaves the machine."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        local = host == "localhost" or ipaddress.ip_address(host).is_loopback
        port = parts.port
    except ValueError:
        local, port = False, None
    if parts.scheme != "http" or not local or port == 0:
        raise ValueError(f"{url[:200]!r} is not an address of this machine, such as http://127.0.0.1:8080/queue")
    return url


def endpoint_of(arn: str) -> str | None:
    """The endpoint that the last part of an ARN names, or None where it names none."""
    last = arn.split(":", 5)[-1]
    return last if last.startswith("http://") else None


class Courier:
    """Delivers in the background, one after the other. A thread lives only while there is something to deliver.

    `muted` says when nothing may leave the sandbox, because its past is being made again.
    """

    def __init__(
        self,
        seed: int | str,
        *,
        duplicates: float,
        reordering: float,
        timeout: float,
        muted: Callable[[], bool] = lambda: False,
    ) -> None:
        self._muted = muted
        self._random = random.Random(f"{seed}:delivery")  # noqa: S311  which one comes twice must repeat
        self._duplicates = duplicates
        self._reordering = reordering
        self._timeout = timeout
        self._waiting: deque[tuple[str, str, bytes]] = deque()
        self._late: list[tuple[str, str, bytes]] = []
        self._working = False
        self._changed = threading.Condition()
        self.log: deque[Delivery] = deque(maxlen=_KEPT)

    def send(self, url: str, notification_id: str, notification: dict[str, Any]) -> None:
        """Deliver this notification soon."""
        parcel = (url, notification_id, msgspec.json.encode(notification))
        with self._changed:
            late, twice = self._random.random() < self._reordering, self._random.random() < self._duplicates
            if self._muted():
                return
            if late:
                self._late.append(parcel)  # goes out behind the next one
            else:
                self._waiting.append(parcel)
                self._waiting.extend(self._late)
                self._late.clear()
            if twice:
                self._waiting.append(parcel)
            self._begin()

    def set_chances(self, duplicates: float, reordering: float) -> None:
        """How often notifications come twice, and late, from now on."""
        with self._changed:
            self._duplicates, self._reordering = duplicates, reordering

    def flush(self) -> None:
        """Let out what still waits for a next one."""
        with self._changed:
            self._waiting.extend(self._late)
            self._late.clear()
            self._begin()

    def wait(self, timeout: float) -> bool:
        """Block until everything is delivered; False where that takes longer than `timeout` seconds of real time."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._working, timeout)

    def _begin(self) -> None:
        if self._waiting and not self._working:
            self._working = True
            threading.Thread(target=self._work, name="recoup-notifications", daemon=True).start()

    def _work(self) -> None:
        while True:
            with self._changed:
                if not self._waiting:
                    self._working = False
                    self._changed.notify_all()
                    return
                url, notification_id, body = self._waiting.popleft()
            delivery = self._post(url, notification_id, body)
            if not 200 <= delivery.status < 300:
                _LOG.warning("notification %s was not taken: %s", notification_id, delivery.reason or delivery.status)
            with self._changed:
                self.log.append(delivery)

    def _post(self, url: str, notification_id: str, body: bytes) -> Delivery:
        parts = urlsplit(url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=self._timeout)
        try:
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("POST", target, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            answer.read()
            return Delivery(url, notification_id, answer.status)
        except (OSError, http.client.HTTPException) as error:
            return Delivery(url, notification_id, 0, f"{type(error).__name__}: {error}")
        finally:
            connection.close()
