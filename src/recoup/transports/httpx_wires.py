"""Sending, reading and closing through an inner transport of httpx2 or httpx: the wires of that family."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any, Protocol

from recoup.transports.library import Prefix

GiveBack = Callable[[Any, bytes | Prefix], Any]
"""The library's own, as in `recoup.transports.library.Library`."""

__all__ = ["AsyncHttpxWire", "AsyncInner", "HttpxWire", "SyncInner"]


class SyncInner(Protocol):
    """The inner transport of a synchronous client."""

    def handle_request(self, request: Any) -> Any:
        """Send one request."""


class AsyncInner(Protocol):
    """The inner transport of an asynchronous client."""

    def handle_async_request(self, request: Any) -> Awaitable[Any]:
        """Send one request."""


class HttpxWire:
    """A `recoup.transports.library.SyncWire` over an inner transport. One serves all calls."""

    def __init__(self, inner: SyncInner, give_back: GiveBack) -> None:
        self.send = inner.handle_request
        self._give_back = give_back

    def complete(self, response: Any, limit: int) -> Any:
        """Wait for the body, and leave it unread."""
        return self._give_back(response, self.read(response, limit))

    def read(self, response: Any, limit: int) -> bytes | Prefix:
        """The body as it came, or its beginning."""
        stream = response.stream
        parts: list[bytes] = []
        size, chunks = 0, iter(stream)
        try:
            for chunk in chunks:
                parts.append(chunk)
                size += len(chunk)
                if size > limit:
                    return Prefix(b"".join(parts), chunks)
            return parts[0] if len(parts) == 1 else b"".join(parts)
        finally:
            if size <= limit:  # read to its end, or broken off; the rest of a longer one is read by somebody else
                stream.close()

    def close(self, response: Any) -> None:
        """Let go of the connection."""
        response.stream.close()


class AsyncHttpxWire:
    """A `recoup.transports.library.AsyncWire` over an inner transport. One serves all calls."""

    def __init__(self, inner: AsyncInner, give_back: GiveBack) -> None:
        self.send = inner.handle_async_request
        self._give_back = give_back

    async def complete(self, response: Any, limit: int) -> Any:
        """Wait for the body, and leave it unread."""
        return self._give_back(response, await self.read(response, limit))

    async def read(self, response: Any, limit: int) -> bytes | Prefix:
        """The body as it came, or its beginning."""
        stream = response.stream
        parts: list[bytes] = []
        size, chunks = 0, aiter(stream)
        try:
            async for chunk in chunks:
                parts.append(chunk)
                size += len(chunk)
                if size > limit:
                    return Prefix(b"".join(parts), chunks)
            return parts[0] if len(parts) == 1 else b"".join(parts)
        finally:
            if size <= limit:  # read to its end, or broken off; the rest of a longer one is read by somebody else
                if isinstance(chunks, AsyncGenerator):
                    await chunks.aclose()
                await stream.aclose()

    async def close(self, response: Any) -> None:
        """Let go of the connection."""
        await response.stream.aclose()
