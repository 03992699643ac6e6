"""The body of a program's request: kept where it is small, so that the call can be repeated; streamed where it is not.

A streamed body is gone once it was sent. Whatever then fails is handed up with the decision `give_up` and the reason
`not_replayable`, and the program has to send it again itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx2

from recoup.gateway.asked import Asked, Refused

__all__ = ["BODY_SECONDS", "Gone", "Inbox", "body_of"]

BODY_SECONDS = 60.0  # without a byte of the request's body


class Gone(Exception):
    """The program closed the connection: nobody waits for the answer."""


class Inbox:
    """What comes from the program: its body, and the news that it has gone. Has to be read by one task at a time."""

    def __init__(self, receive: Callable[[], Awaitable[Any]]) -> None:
        self._receive = receive
        self.more = True
        """Whether more of the body is to come."""

    async def part(self) -> bytes:
        """The next part of the body; `more` says whether it was the last. Raises Gone, and Refused where none came."""
        try:
            async with asyncio.timeout(BODY_SECONDS):
                message = await self._receive()
        except TimeoutError:
            raise Refused(408, "The body of the request did not arrive in time.") from None
        if message["type"] == "http.disconnect":
            raise Gone
        self.more = message["more_body"]
        body: bytes = message["body"]
        return body

    async def gone(self) -> None:
        """Return when the program has gone. Call it when the whole body was read."""
        while (await self._receive())["type"] != "http.disconnect":
            pass


class _Rest(httpx2.AsyncByteStream):
    """A body of which a part was read already."""

    def __init__(self, head: bytes, inbox: Inbox, length: int | None) -> None:
        self._head, self._inbox, self._left = head, inbox, length

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._head:
            yield self._head
        while self._inbox.more:
            part = await self._inbox.part()
            if part:
                yield part


async def body_of(
    asked: Asked, inbox: Inbox, buffer: int
) -> tuple[bytes | httpx2.AsyncByteStream, list[tuple[bytes, bytes]]]:
    """The body and the fields that frame it. Up to `buffer` bytes are read first; a longer body is streamed.

    A body that came in chunks and is short goes on with its length.
    """
    framed = [(name, value) for name, value in asked.headers if name == b"content-length"]
    if not asked.has_body:
        return b"", []
    if asked.length is not None and asked.length > buffer:
        return _Rest(b"", inbox, asked.length), framed
    parts: list[bytes] = []
    size = 0
    while inbox.more and size <= buffer:
        parts.append(await inbox.part())
        size += len(parts[-1])
    read = b"".join(parts)
    if inbox.more:
        return _Rest(read, inbox, None), [(b"transfer-encoding", b"chunked")]
    return read, framed or [(b"content-length", b"%d" % len(read))]
