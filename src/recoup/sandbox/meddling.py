"""What a fault plan does to one call on its connection."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import assert_never

from recoup.exchange import Request, Response
from recoup.sandbox.plans import Fault, Hang, Latency, Met, Pass, Plans, Reset, Status, Truncate
from recoup.sandbox.world import World

__all__ = ["Cut", "meddle", "reset"]

_NO_LINGER = struct.pack("ii", 1, 0)


class Cut(Exception):
    """The answer does not arrive whole: `response` is what is begun (None: nothing), `kept` how much of its body."""

    def __init__(self, response: Response | None = None, kept: int = 0) -> None:
        super().__init__("cut off by a fault plan")
        self.response = response
        self.kept = kept


async def meddle(
    world: World,
    plans: Plans,
    met: Met,
    request: Request,
    region: str,
    serve: Callable[[], Awaitable[Response]],
    gone: asyncio.Event,
) -> Response:
    """The response that goes to the client. `serve` lets the sandbox answer, `gone` is set when the client leaves.

    Raises Cut where the connection ends.
    """
    effect = met.effect
    match effect:
        case Pass():
            return await serve()
        case Status() | Fault():
            with world.lock:
                response = plans.answer(effect, request.url, world.clock.now(), world.request_id())
            _note(world, met, request, region, response)
            return response
        case Latency():
            await asyncio.sleep(effect.seconds)
            response = await serve()
            _note(world, met, request, region, response)
            return response
        case Reset():
            lost = await serve() if effect.when == "after" else None
            _note(world, met, request, region, lost)
            raise Cut
        case Truncate():
            response = await serve()
            _note(world, met, request, region, response)
            kept = len(response.body) // 2 if effect.keep is None else effect.keep
            raise Cut(response, kept)
        case Hang():
            _note(world, met, request, region, None)
            with suppress(TimeoutError):
                async with asyncio.timeout(effect.seconds):
                    await gone.wait()
            raise Cut
        case _:
            assert_never(effect)


def _note(world: World, met: Met, request: Request, region: str, response: Response | None) -> None:
    request_id = response.headers.get("x-amzn-requestid") if response is not None else None
    world.meddled(request_id, met.name, request, region, response.status if response is not None else 0)


def reset(transport: asyncio.Transport) -> None:
    """End a connection so that the other side meets a reset, not an orderly end."""
    sock = transport.get_extra_info("socket")
    if sock is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
    transport.abort()
