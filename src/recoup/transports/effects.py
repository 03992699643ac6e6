"""What a call flow may ask of the outside, and the two ways to carry it out.

A flow is a generator: it yields effects and is sent their results, or has the transport's exceptions thrown into it. It
is written once, in `recoup.transports.flow`; only carrying out an effect differs between sync and async, and that is
here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Generator
from concurrent.futures import Future
from typing import Any, Protocol, TypeVar

import msgspec

from recoup.transports.timing import Timing

__all__ = ["Effect", "Flow", "ReadBody", "SendRequest", "SleepFor", "WaitFor", "carry_out", "carry_out_async"]

T = TypeVar("T")


class SendRequest(msgspec.Struct, frozen=True):
    """Send this request; the result is the library's own response, its body unread."""

    request: Any


class ReadBody(msgspec.Struct, frozen=True):
    """Read the body of this response as it came, still encoded; the result is bytes."""

    response: Any


class SleepFor(msgspec.Struct, frozen=True):
    """Wait for so many seconds."""

    seconds: float


class WaitFor(msgspec.Struct, frozen=True):
    """Wait until another call has finished what this one needs; the result is the future's."""

    future: Future[Any]


Effect = SendRequest | ReadBody | SleepFor | WaitFor
Flow = Generator[Effect, Any, T]


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
                stream = effect.response.stream
                try:
                    return b"".join(stream)
                finally:
                    stream.close()
            case SleepFor():
                return timing.sleep(effect.seconds)
            case WaitFor():
                return effect.future.result()

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
        flow.close()


async def carry_out_async(flow: Flow[T], inner: AsyncInner, timing: Timing) -> T:
    """The same for asynchronous clients. A cancelled task closes the flow."""

    async def do(effect: Effect) -> Any:
        match effect:
            case SendRequest():
                return await inner.handle_async_request(effect.request)
            case ReadBody():
                stream = effect.response.stream
                try:
                    return b"".join([chunk async for chunk in stream])
                finally:
                    await stream.aclose()
            case SleepFor():
                return await timing.wait(effect.seconds)
            case WaitFor():
                return await asyncio.shield(asyncio.wrap_future(effect.future))

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
        flow.close()
