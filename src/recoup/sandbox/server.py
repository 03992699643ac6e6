"""Real sockets: HTTP/1.1 in, `World.handle` in the middle, one write out.

The protocol is our own over httptools (llhttp), because the front door must see and say what no stock server lets it:
the names of headers as Amazon writes them, an HTML page for a malformed request, nothing at all after a 204. The region
is known from the socket that a connection arrived at.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from email.utils import formatdate
from http import HTTPStatus
from typing import Any

import httptools
import msgspec

from recoup.exchange import Headers, Request, Response
from recoup.sandbox.meddling import Cut, meddle, reset
from recoup.sandbox.operation import Refusal
from recoup.sandbox.plans import Met, Plans
from recoup.sandbox.world import Pending, World

__all__ = ["CONTROL_PATH", "Connection", "Handler", "Site"]

CONTROL_PATH = "/_sandbox/"
Handler = Callable[[Request, str], Response]  # a page beside the API: the request and the peer's address

_STATUS_LINE = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n" for status in HTTPStatus}
_NO_BODY = frozenset({204, 304})
_MALFORMED = Refusal("400-malformed-http-method", because="not well-formed HTTP")  # all malformed requests get one page
_MOST_QUEUED = 64  # pipelined requests of one connection; reading pauses beyond
_MOST_DISCARDED = 64 * 1_048_576  # bytes of a body that is too large anyway; the connection closes beyond
_LARGEST_HEAD = 65_536
_LARGEST_FIELD = 8190


class _Arrived(msgspec.Struct):
    """One complete request off the wire."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes
    size: int
    keep_alive: bool
    version: str


class Site:
    """What all connections share: the world, the pages beside the API, and who is connected."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.pages: dict[str, Handler] = {}  # by path prefix
        self.plans = Plans(world.answers)
        self.connections: set[Connection] = set()
        self.tasks: set[asyncio.Task[None]] = set()
        self.closing = False
        self._date = (-1, "")

    def connection(self, region: str) -> Callable[[], Connection]:
        """What makes the protocol of a connection to the endpoint of `region`."""
        return lambda: Connection(self, region)

    def meet(self, arrived: _Arrived, region: str) -> Met | None:
        """What a fault plan does to this request; None where it goes through, as all of the control room's do."""
        return (
            None if arrived.target.startswith(CONTROL_PATH) else self.plans.meet(arrived.method, arrived.target, region)
        )

    def answer(self, arrived: _Arrived, region: str, peer: str) -> Response | Pending:
        """The response, or a Pending where the operation takes virtual time."""
        request = _request(arrived)
        for prefix, page in self.pages.items():
            if arrived.target.startswith(prefix):
                return page(request, peer)
        return self.world.handle(request, region, body_size=arrived.size)

    def date(self) -> str:
        """The Date of a response, by the virtual clock."""
        now = int(self.world.clock.now())
        if self._date[0] != now:
            self._date = (now, formatdate(now, usegmt=True))
        return self._date[1]

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a task and keep it alive until it is done."""
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def close(self) -> None:
        """Drop every connection and everything that waits, and whoever comes from now on."""
        self.closing = True
        for task in list(self.tasks):
            task.cancel()
        for connection in list(self.connections):
            connection.abort()


class Connection(asyncio.Protocol):
    """One client connection: requests are answered one after the other, in the order in which they came."""

    def __init__(self, site: Site, region: str) -> None:
        self._site = site
        self._region = region
        self._transport: asyncio.Transport | None = None
        self._peer = ""
        self._parser: Any = httptools.HttpRequestParser(self)
        self._queue: deque[_Arrived] = deque()
        self._waiting = False  # an answer is due later
        self._refusing = False  # the wire carries nonsense: answer what came before, then refuse and close
        self._ended = False  # the client will send no more
        self._full = False  # too many requests are queued: reading pauses
        self._choked = False  # the client does not read its answers: neither read nor answer more
        self._leaving = False  # the last answer is written, or nobody is there any more
        self._begin()

    # --- asyncio

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client connected."""
        if not isinstance(transport, asyncio.Transport):
            raise TypeError("the sandbox speaks over streams")
        self._transport = transport
        peer = transport.get_extra_info("peername")
        self._peer = peer[0] if isinstance(peer, tuple) else ""
        self._site.connections.add(self)
        if self._site.closing:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone; operations that are under way go on without it."""
        self._site.connections.discard(self)
        self._transport = self._parser = None
        self._leaving = True
        self._queue.clear()

    def eof_received(self) -> bool:
        """The client sends no more: stay open only while it still waits for an answer."""
        self._ended = True
        return self._waiting or bool(self._queue)

    def pause_writing(self) -> None:
        """The client does not read: read and answer no more."""
        self._choked = True
        if self._transport is not None:
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        """The client reads again."""
        self._choked = False
        if self._transport is not None and not self._full:
            self._transport.resume_reading()
        self._work()

    def data_received(self, data: bytes) -> None:
        """Bytes came in: parse them, then answer every request that is complete."""
        while data and not self._refusing and not self._leaving:
            try:
                self._parser.feed_data(data)
                data = b""
            except httptools.HttpParserUpgrade as upgrade:  # not offered: the request itself is answered as it is
                self._parser = httptools.HttpRequestParser(self)
                data = data[upgrade.args[0] :]
            except httptools.HttpParserError:
                self._refusing = True
            self._work()

    def abort(self) -> None:
        """Drop the connection at once."""
        if self._transport is not None:
            self._transport.abort()

    # --- httptools

    def _begin(self) -> None:
        self._target = b""
        self._headers: list[tuple[str, str]] = []
        self._head_size = 0
        self._body: list[bytes] = []
        self._size = 0

    def on_message_begin(self) -> None:
        """A request begins."""
        self._begin()

    def on_url(self, part: bytes) -> None:
        """A part of the request's target."""
        self._target += part
        self._measure(len(part), 0)

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header field."""
        self._measure(len(name) + len(value), len(value))
        self._headers.append((name.decode("latin-1"), value.decode("latin-1")))

    def _measure(self, more: int, field: int) -> None:
        self._head_size += more
        if self._head_size > _LARGEST_HEAD or field > _LARGEST_FIELD:
            raise ValueError("the head of the request is too large")

    def on_headers_complete(self) -> None:
        """The head is complete: tell a client that asks whether it may go on."""
        if self._transport is None or self._waiting or self._queue:
            return
        if any(name.lower() == "expect" and value.lower() == "100-continue" for name, value in self._headers):
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, part: bytes) -> None:
        """A part of the body; what is beyond the largest accepted is counted and not kept."""
        self._size += len(part)
        if self._size <= self._site.world.settings.largest_body:
            self._body.append(part)
        elif self._size > _MOST_DISCARDED:
            raise ValueError("the body does not end")

    def on_message_complete(self) -> None:
        """A request is complete."""
        self._queue.append(
            _Arrived(
                self._parser.get_method().decode("ascii"),
                self._target.decode("latin-1"),
                self._headers,
                b"".join(self._body),
                self._size,
                self._parser.should_keep_alive(),
                self._parser.get_http_version(),
            )
        )
        if len(self._queue) >= _MOST_QUEUED and self._transport is not None:
            self._full = True
            self._transport.pause_reading()

    # --- answering

    def _work(self) -> None:
        while self._queue and not self._waiting and not self._choked and not self._leaving:
            arrived = self._queue.popleft()
            met = self._site.meet(arrived, self._region)
            if met is not None:
                self._waiting = True
                self._site.spawn(self._meddled(arrived, met))
                return
            result = self._site.answer(arrived, self._region, self._peer)
            if isinstance(result, Pending):
                self._waiting = True
                self._site.spawn(self._later(arrived, result))
                return
            self._write(arrived, result)
        transport = self._transport
        if transport is None or self._queue or self._waiting or self._leaving:
            return
        if self._refusing:
            transport.write(self._page())
            self._leaving = True
            transport.close()
        elif self._ended:
            transport.close()
        elif self._full and not self._choked:
            self._full = False
            transport.resume_reading()

    async def _later(self, arrived: _Arrived, pending: Pending) -> None:
        response = await self._settled(pending)
        self._waiting = False
        self._write(arrived, response)
        self._work()

    async def _settled(self, pending: Pending) -> Response:
        world = self._site.world
        while pending.response is None:
            await world.clock.sleep_until(pending.due)
            world.settled(pending)
        return pending.response

    async def _meddled(self, arrived: _Arrived, met: Met) -> None:
        async def serve() -> Response:
            result = self._site.answer(arrived, self._region, self._peer)
            return await self._settled(result) if isinstance(result, Pending) else result

        site, transport = self._site, self._transport
        try:
            response = await meddle(site.world, site.plans, met, _request(arrived), self._region, serve)
        except Cut as cut:
            if cut.response is not None:
                self._write(arrived, cut.response, keep=cut.kept)
            elif transport is not None:
                reset(transport)
            return
        self._waiting = False
        self._write(arrived, response)
        self._work()

    def _write(self, arrived: _Arrived, response: Response, *, keep: int | None = None) -> None:
        """Write an answer. With `keep` no more than that many bytes of its body are sent, and the connection closes."""
        if self._transport is None:
            return
        close = not arrived.keep_alive or response.headers.get("connection") == "close"
        head = [_STATUS_LINE.get(response.status) or f"HTTP/1.1 {response.status} \r\n"]
        head.extend(f"{name}: {value}\r\n" for name, value in response.headers)
        head.append(f"Date: {self._site.date()}\r\n")
        if response.status not in _NO_BODY:
            head.append(f"Content-Length: {len(response.body)}\r\n")
        if close and "connection" not in response.headers:
            head.append("Connection: close\r\n")
        elif not close and arrived.version == "1.0":
            head.append("Connection: keep-alive\r\n")
        head.append("\r\n")
        data = "".join(head).encode("latin-1")
        if arrived.method != "HEAD" and response.status not in _NO_BODY:
            data += response.body[:keep]
        self._transport.write(data)
        if close or keep is not None:
            self._queue.clear()
            self._leaving = True
            self._transport.close()

    def _page(self) -> bytes:
        """The page that every malformed request gets, after which the connection closes."""
        answer = self._site.world.answers.fill(_MALFORMED)
        head = (
            f"{_STATUS_LINE[answer.status]}Content-Type: {answer.content_type}\r\nDate: {self._site.date()}\r\n"
            f"Content-Length: {len(answer.body)}\r\nConnection: close\r\n\r\n"
        )
        return head.encode("latin-1") + answer.body


def _request(arrived: _Arrived) -> Request:
    return Request(method=arrived.method, url=arrived.target, headers=Headers(arrived.headers), body=arrived.body)
