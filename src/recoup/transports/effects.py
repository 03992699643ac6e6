"""What a call flow may ask of the outside, and the two ways to carry it out.

A flow is a generator: it yields effects and is sent their results, or has the transport's exceptions thrown into it. It
is written once, in `recoup.transports.flow`; only carrying out an effect differs between sync and async, and that is
here.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from concurrent.futures import Future
from contextlib import suppress
from threading import get_ident
from typing import Any, Protocol, TypeVar

import msgspec

from recoup.transports.timing import Timing

__all__ = [
    "CloseBody",
    "Effect",
    "Flow",
    "Prefix",
    "ReadBody",
    "SendRequest",
    "Shared",
    "SleepFor",
    "WaitFor",
    "carry_out",
    "carry_out_async",
]

T = TypeVar("T")


class SendRequest(msgspec.Struct, frozen=True):
    """Send this request; the result is the library's own response, its body unread."""

    request: Any


class ReadBody(msgspec.Struct, frozen=True):
    """Read the body of this response as it came, still encoded.

    The result is bytes, or a `Prefix` where there is more than `limit` bytes of it.
    """

    response: Any
    limit: int


class CloseBody(msgspec.Struct, frozen=True):
    """Let go of a response whose body was not read to its end."""

    response: Any


class SleepFor(msgspec.Struct, frozen=True):
    """Wait for so many seconds."""

    seconds: float


class WaitFor(msgspec.Struct, frozen=True):
    """Wait until another call has finished what this one needs; the result is whether it was possible to wait.

    It is not where the other call can only go on in the very thread that would be blocked.
    """

    shared: Shared


Effect = SendRequest | ReadBody | CloseBody | SleepFor | WaitFor
Flow = Generator[Effect, Any, T]


class Prefix(msgspec.Struct, frozen=True):
    """The first part of a long body, and what brings the rest."""

    read: bytes
    rest: Any


class Shared(Future[Any]):
    """What one call finishes and others wait for. It remembers the thread in which it was begun."""

    def __init__(self) -> None:
        super().__init__()
        self.thread = get_ident()


class SyncInner(Protocol):
    """The inner transport of a synchronous client."""

    def handle_request(self, request: Any) -> Any:
        """Send one request."""


class AsyncInner(Protocol):
    """The inner transport of an asynchronous client."""

    def handle_async_request(self, request: Any) -> Awaitable[Any]:
        """Send one request."""


def carry_out(flow: Flow[T], inner: SyncInner, timing: Timing) -> T:
    """Run the flow to its end and return its result. Whatever an effect raises is thrown into the flow."""

    def do(effect: Effect) -> Any:
        match effect:
            case SendRequest():
                return inner.handle_request(effect.request)
            case ReadBody():
                return _read(effect.response.stream, effect.limit)
            case CloseBody():
                return effect.response.stream.close()
            case SleepFor():
                return timing.sleep(effect.seconds)
            case WaitFor():
                if effect.shared.thread == get_ident() and not effect.shared.done():
                    return False
                effect.shared.result()
                return True

    step: Callable[[Any], Effect] = flow.send
    argument: Any = None
    try:
        while True:
            effect = step(argument)
            try:
                step, argument = flow.send, do(effect)
            except Exception as error:  # noqa: BLE001  not swallowed: the flow gets it, and raises it again if it has no answer
                step, argument = flow.throw, error
    except StopIteration as stop:
        result: T = stop.value
        return result
    finally:
        argument = None  # an error and the frame that holds it would keep each other alive
        flow.close()


async def carry_out_async(flow: Flow[T], inner: AsyncInner, timing: Timing) -> T:
    """The same for asynchronous clients on asyncio. A cancelled task closes the flow."""

    async def do(effect: Effect) -> Any:
        match effect:
            case SendRequest():
                return await inner.handle_async_request(effect.request)
            case ReadBody():
                return await _read_async(effect.response.stream, effect.limit)
            case CloseBody():
                return await effect.response.stream.aclose()
            case SleepFor():
                return await timing.wait(effect.seconds)
            case WaitFor():
                await _settled(effect.shared)
                return True

    step: Callable[[Any], Effect] = flow.send
    argument: Any = None
    try:
        while True:
            effect = step(argument)
            try:
                step, argument = flow.send, await do(effect)
            except Exception as error:  # noqa: BLE001  as above
                step, argument = flow.throw, error
    except StopIteration as stop:
        result: T = stop.value
        return result
    finally:
        argument = None  # an error and the frame that holds it would keep each other alive
        flow.close()


def _read(stream: Any, limit: int) -> bytes | Prefix:
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


async def _read_async(stream: Any, limit: int) -> bytes | Prefix:
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


async def _settled(shared: Shared) -> None:
    """Wait for it without the power to cancel it, and without reading its outcome: its waiters may be gone by then."""
    loop = asyncio.get_running_loop()
    told = loop.create_future()

    def wake() -> None:
        if not told.done():
            told.set_result(None)

    def tell(_: object) -> None:
        with suppress(RuntimeError):  # that loop is closed: nobody waits there any more
            loop.call_soon_threadsafe(wake)

    shared.add_done_callback(tell)
    await told
