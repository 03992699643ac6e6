"""The answer to a program, on its way: begun at most once, finished or visibly broken off."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from recoup.gateway.answers import Answer

__all__ = ["Reply"]

Fields = list[tuple[bytes, bytes]]


def _nothing() -> None:
    """Nobody wants to know."""


class Reply:
    """Over ASGI's `send`, and the connection's own way to be broken off."""

    def __init__(self, send: Callable[[Any], Awaitable[None]], abort: Callable[[], None]) -> None:
        self._send = send
        self._abort = abort
        self.started = False
        """Whether the head has been sent: nothing else can be answered then."""
        self.ending: Callable[[], None] = _nothing
        """Called before the last byte: who has the answer finds it in the counts."""

    async def start(self, status: int, headers: Fields) -> None:
        """Send the head."""
        self.started = True
        await self._send({"type": "http.response.start", "status": status, "headers": headers})

    async def part(self, body: bytes) -> None:
        """Send a part of the body. Returns when there is room for the next one."""
        await self._send({"type": "http.response.body", "body": body, "more_body": True})

    async def end(self) -> None:
        """The body is over."""
        self.ending()
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def whole(self, answer: Answer, *, close: bool = False) -> None:
        """Send an answer of our own. `close` ends the connection with it: more of the request is to come, unread."""
        self.ending()
        await self.start(answer.status, [*answer.headers, (b"connection", b"close")] if close else answer.headers)
        await self._send({"type": "http.response.body", "body": answer.body, "more_body": False})

    async def break_off(self) -> None:
        """Cut the connection, so that what was sent cannot be taken for the whole answer."""
        self.started = True
        self._abort()
        await asyncio.sleep(0)  # the protocol hears of it in the next turn of the loop
