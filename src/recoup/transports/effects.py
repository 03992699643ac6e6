"""What a call flow may ask of the outside, and the two ways to carry it out.

A flow is a generator: it yields effects and is sent their results, or has the transport's exceptions thrown into it. It
is written once, in `recoup.transports.flow`; only carrying out an effect differs between sync and async, and that is
here. What an effect means to an HTTP library is the business of its wire (`recoup.transports.library`).
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from concurrent.futures import Future
from contextlib import suppress
from threading import get_ident
from typing import Any, TypeVar

import msgspec

from recoup.transports.library import AsyncWire, SyncWire
from recoup.transports.timing import Timing

__all__ = [
    "CloseBody",
    "CompleteBody",
    "Consult",
    "Effect",
    "Flow",
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


class CompleteBody(msgspec.Struct, frozen=True):
    """Wait until the body of this response is there, or more than `limit` bytes of it, and leave it unread.

    The result is the response to hand up.
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


class Consult(msgspec.Struct, frozen=True):
    """Call this function, which may block for a moment (a database), and give back its result.

    Asynchronous carriers call it in a thread of asyncio's pool, so that nobody else on the loop waits for it. A flow
    calls directly what never blocks. Once begun the function runs to its end, also where the task is cancelled in the
    meantime; what it has brought about then is undone by the flow as it closes.
    """

    function: Callable[[], Any]


Effect = SendRequest | ReadBody | CompleteBody | CloseBody | SleepFor | WaitFor | Consult
Flow = Generator[Effect, Any, T]


class Shared(Future[Any]):
    """What one call finishes and others wait for. It remembers the thread in which it was begun."""

    def __init__(self) -> None:
        super().__init__()
        self.thread = get_ident()


def carry_out(flow: Flow[T], wire: SyncWire, timing: Timing, done: list[Any] | None = None) -> T:
    """Run the flow to its end and return its result. Whatever an effect raises is thrown into the flow.

    `done` are the results of its first effects, where these were carried out before; an exception among them is what an
    effect raised. It is emptied.
    """
    step: Callable[[Any], Effect] = flow.send
    argument: Any = None
    try:
        while done:
            step(argument)
            argument = done.pop(0)
            step = flow.throw if isinstance(argument, Exception) else flow.send
        while True:
            effect = step(argument)
            try:
                match effect:  # the first two are all that a call without trouble needs
                    case SendRequest():
                        argument = wire.send(effect.request)
                    case CompleteBody():
                        argument = wire.complete(effect.response, effect.limit)
                    case ReadBody():
                        argument = wire.read(effect.response, effect.limit)
                    case CloseBody():
                        argument = None
                        wire.close(effect.response)
                    case SleepFor():
                        argument = timing.sleep(effect.seconds)
                    case Consult():
                        argument = effect.function()
                    case WaitFor():
                        argument = _waited(effect.shared)
                step = flow.send
            except Exception as error:  # noqa: BLE001  not swallowed: the flow gets it, and raises it again if it has no answer
                step, argument = flow.throw, error
    except StopIteration as stop:
        result: T = stop.value
        return result
    finally:
        argument = None  # an error and the frame that holds it would keep each other alive
        flow.close()


async def carry_out_async(flow: Flow[T], wire: AsyncWire, timing: Timing, done: list[Any] | None = None) -> T:
    """The same for asynchronous clients on asyncio. A cancelled task closes the flow."""
    step: Callable[[Any], Effect] = flow.send
    argument: Any = None
    try:
        while done:
            step(argument)
            argument = done.pop(0)
            step = flow.throw if isinstance(argument, Exception) else flow.send
        while True:
            effect = step(argument)
            try:
                match effect:
                    case SendRequest():
                        argument = await wire.send(effect.request)
                    case CompleteBody():
                        argument = await wire.complete(effect.response, effect.limit)
                    case ReadBody():
                        argument = await wire.read(effect.response, effect.limit)
                    case CloseBody():
                        argument = None
                        await wire.close(effect.response)
                    case SleepFor():
                        argument = None
                        await timing.wait(effect.seconds)
                    case Consult():
                        import asyncio  # late: synchronous clients do not pay for it

                        argument = await asyncio.to_thread(effect.function)
                    case WaitFor():
                        argument = await _settled(effect.shared)
                step = flow.send
            except Exception as error:  # noqa: BLE001  as above
                step, argument = flow.throw, error
    except StopIteration as stop:
        result: T = stop.value
        return result
    finally:
        argument = None  # an error and the frame that holds it would keep each other alive
        flow.close()


def _waited(shared: Shared) -> bool:
    """Wait for it, if it can be waited for in this thread."""
    if shared.thread == get_ident() and not shared.done():
        return False
    shared.result()
    return True


async def _settled(shared: Shared) -> bool:
    """Wait for it without the power to cancel it, and without reading its outcome: its waiters may be gone by then."""
    import asyncio  # late, as above

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
    return True
