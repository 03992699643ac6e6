"""Real sockets: HTTP/1.1 in, `World.handle` in the middle, one write out.

The protocol is our own over `recoup.sandbox.wire`, because the front door must see and say what no stock server lets
it: the names of headers as Amazon writes them, an HTML page for a malformed request, nothing at all after a 204. The
region is known from the socket that a connection arrived at.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from email.utils import formatdate
from http import HTTPStatus
from typing import Any

from recoup.exchange import Headers, Request, Response
from recoup.sandbox.meddling import Cut, meddle, reset
from recoup.sandbox.parts import Pending
from recoup.sandbox.plans import Met, Plans
from recoup.sandbox.wire import Ask, Reader, Received, Refused
from recoup.sandbox.world import World

__all__ = ["Connection", "Handler", "Site"]

Handler = Callable[[Request, str], Response]  # a page beside the API: the request and the peer's address

_STATUS_LINE = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n" for status in HTTPStatus}
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_NO_BODY = frozenset({204, 304})
_JSON = Headers([("Content-Type", "application/json")])
_FAILED = (
    b'{"errors":[{"code":"SandboxFailure","message":"The sandbox itself failed, which is a mistake in recoup; '
    b'its log has the traceback."}]}'
)
_LOG = logging.getLogger("recoup.sandbox")
_MOST_WAITING = 262_144  # bytes that wait behind an answer that is due; reading pauses beyond
_LINGER = 2.0  # seconds of real time for which what still comes is taken and dropped after the last answer


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

    def answer(self, received: Received, region: str, peer: str) -> Response | Pending:
        """The response, or a Pending where the operation takes virtual time."""
        request = _request(received)
        for prefix, page in self.pages.items():
            if request.url.startswith(prefix):
                try:
                    return page(request, peer)
                except Exception as error:  # noqa: BLE001  a mistake of ours: said in the log, and no connection dies of it
                    _LOG.error("the sandbox failed at a page below %s", prefix, exc_info=error)
                    return Response(status=500, headers=_JSON, body=_FAILED)
        return self.world.handle(request, region, body_size=received.size)

    def date(self) -> str:
        """The Date of a response, by the virtual clock."""
        now = int(self.world.clock.now())
        if self._date[0] != now:
            self._date = (now, formatdate(now, usegmt=True))
        return self._date[1]

    def spawn(self, work: Coroutine[Any, Any, None], connection: Connection) -> None:
        """Run a task and keep it alive until it is done. Should it fail, `connection` does not wait for it for ever."""
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)

        def done(task: asyncio.Task[None]) -> None:
            self.tasks.discard(task)
            if not task.cancelled() and (error := task.exception()) is not None:
                _LOG.error("the sandbox failed at an answer that was due later", exc_info=error)
                connection.abort()

        task.add_done_callback(done)

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
        settings = site.world.settings
        self._site = site
        self._region = region
        self._transport: asyncio.Transport | None = None
        self._peer = ""
        self._name = ""  # the peer's address with its port: what the trail of a malformed request is found by
        self._reader = Reader(
            largest_body=settings.largest_body, largest_head=settings.largest_head, largest_field=settings.largest_field
        )
        self._timer: asyncio.TimerHandle | None = None
        self._until = 0.0  # when patience with a request that has begun is lost, by the loop's clock
        self._waiting = False  # an answer is due later
        self._ended = False  # the client will send no more
        self._gone: asyncio.Event | None = None  # tells a fault plan that nobody waits for its answer any more
        self._full = False  # too much has come behind an answer that is due: reading pauses
        self._choked = False  # the client does not read its answers: neither read nor answer more
        self._leaving = False  # the last answer is written, or nobody is there any more

    # --- asyncio

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client connected."""
        if not isinstance(transport, asyncio.Transport):
            raise TypeError("the sandbox speaks over streams")
        self._transport = transport
        peer = transport.get_extra_info("peername")
        if isinstance(peer, tuple):
            self._peer = peer[0]
            self._name = f"[{peer[0]}]:{peer[1]}" if ":" in peer[0] else f"{peer[0]}:{peer[1]}"
        self._site.connections.add(self)
        if self._site.closing:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone; operations that are under way go on without it."""
        self._site.connections.discard(self)
        self._transport = None
        self._leaving = True
        self._unwatch()
        if self._gone is not None:
            self._gone.set()

    def eof_received(self) -> bool:
        """The client sends no more: stay open only while it still waits for an answer."""
        self._ended = True
        if self._gone is not None:
            self._gone.set()
        self._reader.end()
        self._work()
        return not self._leaving and (self._waiting or self._choked)

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
        """Bytes came in: answer every request that is complete."""
        if self._leaving:
            return  # taken and dropped, so that the client gets to read its last answer
        self._reader.feed(data)
        self._work()

    def abort(self) -> None:
        """Drop the connection at once."""
        if self._transport is not None:
            self._transport.abort()

    # --- real time

    def _watch(self) -> None:
        """Have patience from now on with a request that has begun, and no hurry between requests."""
        if not self._reader.waiting or self._waiting or self._choked:
            self._unwatch()
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # driven by hand, without a loop: whoever does that has no patience to lose
            return
        self._until = loop.time() + self._site.world.settings.request_patience
        if self._timer is None:
            self._timer = loop.call_at(self._until, self._lose_patience, loop)

    def _unwatch(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _lose_patience(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        if self._transport is None or self._leaving:
            return
        if loop.time() < self._until:  # bytes came meanwhile
            self._timer = loop.call_at(self._until, self._lose_patience, loop)
            return
        refused = self._reader.give_up()
        if refused is not None:
            self._turn_away(refused)
        else:
            self._leaving = True
            self._transport.close()

    # --- answering

    def _work(self) -> None:
        while not self._waiting and not self._choked and not self._leaving:
            found = self._reader.next()
            if found is None:
                break
            if isinstance(found, Received):
                met = self._site.plans.meet(found.method, _path_and_query(found.target), self._region)
                if met is not None:
                    self._waiting = True
                    self._site.spawn(self._meddled(found, met), self)
                    break
                result = self._site.answer(found, self._region, self._peer)
                if isinstance(result, Pending):
                    self._waiting = True
                    self._site.spawn(self._later(found, result), self)
                    break
                self._write(found, result)
            elif isinstance(found, Refused):
                self._turn_away(found)
            elif self._transport is not None and found is Ask.CONTINUE:
                self._transport.write(_CONTINUE)
        transport = self._transport
        if transport is None or self._leaving:
            return
        if self._waiting or self._choked:
            if not self._full and self._reader.buffered > _MOST_WAITING:
                self._full = True
                transport.pause_reading()
        elif self._ended:
            self._leaving = True
            transport.close()
        elif self._full:
            self._full = False
            transport.resume_reading()
        if self._timer is not None or self._reader.waiting:
            self._watch()

    async def _later(self, received: Received, pending: Pending) -> None:
        response = await self._settled(pending)
        self._waiting = False
        self._write(received, response)
        self._work()

    async def _settled(self, pending: Pending) -> Response:
        world = self._site.world
        resets = world.clock.resets  # read before the response: a reset between the two is noticed
        while pending.response is None:
            await world.clock.sleep_until(pending.due, resets)
            world.settled(pending)
        return pending.response

    async def _meddled(self, received: Received, met: Met) -> None:
        """Answer a request as a fault plan will have it."""

        async def serve() -> Response:
            result = self._site.answer(received, self._region, self._peer)
            return await self._settled(result) if isinstance(result, Pending) else result

        site, gone = self._site, asyncio.Event()
        self._gone = gone
        if self._ended:
            gone.set()
        try:
            response = await meddle(site.world, site.plans, met, _request(received), self._region, serve, gone)
        except Cut as cut:
            if cut.response is not None:
                self._write(received, cut.response, keep=cut.kept)
            elif self._transport is not None:
                reset(self._transport)
            return
        self._waiting = False
        self._write(received, response)
        self._work()

    def _write(self, received: Received, response: Response, *, keep: int | None = None) -> None:
        """Write an answer; with `keep` no more than that many bytes of its body, and then the connection ends."""
        if self._transport is None:
            return
        close = not received.keep_alive or response.headers.get("connection") == "close"
        head = [_STATUS_LINE.get(response.status) or f"HTTP/1.1 {response.status} \r\n"]
        head.extend(f"{name}: {value}\r\n" for name, value in response.headers)
        head.append(f"Date: {self._site.date()}\r\n")
        if response.status not in _NO_BODY:
            head.append(f"Content-Length: {len(response.body)}\r\n")
        if close and "connection" not in response.headers:
            head.append("Connection: close\r\n")
        elif not close and received.version == "1.0":
            head.append("Connection: keep-alive\r\n")
        head.append("\r\n")
        data = "".join(head).encode("latin-1")
        if received.method != "HEAD" and response.status not in _NO_BODY:
            data += response.body[:keep]
        self._transport.write(data)
        if close or keep is not None:
            self._leave()

    def _turn_away(self, refused: Refused) -> None:
        """Answer what is no request with a page, or a HEAD with the head of it; then close."""
        if self._transport is None:
            return
        page = self._site.world.turned_away(refused, self._region, self._name)
        head = (
            f"{_STATUS_LINE[page.status]}Content-Type: {page.content_type}\r\nDate: {self._site.date()}\r\n"
            f"Content-Length: {len(page.body)}\r\nConnection: close\r\n\r\n"
        ).encode("latin-1")
        self._transport.write(head if refused.method == "HEAD" else head + page.body)
        self._leave()

    def _leave(self) -> None:
        """Send no more, and drop what still comes for a moment: a closed socket with unread bytes in it would take the
        answer away from a client that is still sending (RFC 7230, 6.6).
        """
        transport = self._transport
        self._leaving = True
        self._unwatch()
        if transport is None:
            return
        if self._ended or not transport.can_write_eof():
            transport.close()
            return
        transport.write_eof()
        transport.resume_reading()
        self._timer = asyncio.get_running_loop().call_later(_LINGER, transport.abort)


def _request(received: Received) -> Request:
    target = _path_and_query(received.target)
    return Request(method=received.method, url=target, headers=Headers(received.headers), body=received.body)


def _path_and_query(target: str) -> str:
    """Of an absolute URL too; of `*` and of CONNECT's host with a port, which name no path, a slash."""
    if target[0] == "/":
        return target
    _, _, rest = target.partition("://")
    slash = min((place for mark in "/?" if (place := rest.find(mark)) >= 0), default=-1)
    if slash < 0:
        return "/"
    return rest[slash:] if rest[slash] == "/" else "/" + rest[slash:]
