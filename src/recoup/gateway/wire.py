"""The last step out: the gateway's connections to the other side, which keep a call's deadline also in mid-answer."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar

import httpx2

from recoup.transports.origins import TOKEN_PATH, is_loopback

__all__ = ["TRIP", "Trip", "Wire"]

_SLACK = 0.1  # seconds: the library's own time limits say more exactly what was under way, and come first
_LIMITS = httpx2.Limits(max_connections=1000, max_keepalive_connections=100, keepalive_expiry=30.0)


class Trip:
    """One call on its way: when it must be over (on the event loop's clock, None: whenever), how often it left."""

    __slots__ = ("ends", "sent")

    def __init__(self, ends: float | None) -> None:
        self.ends = ends
        self.sent = 0


TRIP: ContextVar[Trip | None] = ContextVar("TRIP", default=None)
"""The call of this task. Its end holds for fetching a token too."""


class Wire(httpx2.AsyncBaseTransport):
    """httpx2's own transport, and no more time for a request than its call has left. With a `proxy` (its URL) all go by
    it but those to this machine.
    """

    def __init__(self, proxy: str | None = None) -> None:
        self._near = self._far = httpx2.AsyncHTTPTransport(limits=_LIMITS)
        if proxy is not None:
            self._far = httpx2.AsyncHTTPTransport(limits=_LIMITS, proxy=proxy)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send once. Raises httpx2's timeouts where the deadline comes first."""
        trip = TRIP.get()
        inner = self._near if self._near is self._far or is_loopback(request.url.host) else self._far
        if trip is None:
            return await inner.handle_async_request(request)
        left = None if trip.ends is None else trip.ends - asyncio.get_running_loop().time()
        if left is not None:
            if left <= 0:
                raise httpx2.ConnectTimeout("the deadline came before this could be sent", request=request)
            limits = {name: min(left, limit) for name, limit in request.extensions.get("timeout", {}).items()}
            request.extensions = {**request.extensions, "timeout": limits}
            left += _SLACK
        if request.url.path != TOKEN_PATH:
            trip.sent += 1
        try:
            async with asyncio.timeout(left):
                return await inner.handle_async_request(request)
        except TimeoutError:
            raise httpx2.ReadTimeout("the deadline came before an answer", request=request) from None

    async def aclose(self) -> None:
        """Close all connections."""
        for each in {self._near, self._far}:
            await each.aclose()
