"""The gateway's end of a connection: uvicorn's protocol over httptools, and stricter.

It hands the request target on as it came (ASGI splits and decodes it, and loses the host of an absolute one), answers
what is no HTTP in the form of the gateway's other answers, bounds the head in size and time, and lets the application
break a connection off: an answer that cannot be finished must not look finished. Fields behind a body in chunks go no
further, and an offer to speak another protocol (HTTP/2 in the clear, as Java's client makes it by itself) is not taken.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from recoup.gateway.answers import ORIGIN, REFUSED, error_body
from recoup.redaction import redact_text

__all__ = ["HEAD_SECONDS", "LARGEST_HEAD", "GatewayProtocol"]

LARGEST_HEAD = 64 << 10  # bytes, in which a head must end
HEAD_SECONDS = 30.0  # for a head to arrive, from the connection on or from its first byte on

_LOGGER = logging.getLogger("recoup.gateway.http")
_NO_TARGET = b"/"


class GatewayProtocol(HttpToolsProtocol):
    """One connection of a program."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.logger = _LOGGER
        self.access_log = False
        self._head = 0  # bytes of the head that came so far; meaningless while a body comes
        self._in_head = True
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin, and wait for a first request for so long only."""
        super().connection_made(transport)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """The other end has gone."""
        self._unwatch()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read what came; refuse a head that does not end."""
        if self.transport.is_closing():
            return
        if self._in_head:
            if self._head == 0:
                self._watch()
            self._head += len(data)
        self._unset_keepalive_if_required()
        self._feed(data)
        if self._in_head and self._head > LARGEST_HEAD and not self.transport.is_closing():
            self._refuse(431, "The head of the request is too large.")

    def _feed(self, data: bytes) -> None:
        while data:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as offer:
                data = self._without_offer() + data[offer.args[0] :] if self._offered else b""
            except httptools.HttpParserError as error:
                self.logger.warning("what came is no HTTP: %s", redact_text(str(error)))
                self.send_400_response("")
                return
            else:
                return

    @property
    def _offered(self) -> bool:
        """Whether the head that was just read offers to go on in another protocol; the parser takes it for agreed."""
        return bool(self.parser.should_upgrade()) and self.parser.get_method() != b"CONNECT"

    def _without_offer(self) -> bytes:
        """The same head once more for a new parser, which then reads the body that comes behind it."""
        lines = [b"%b %b HTTP/%b" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())]
        lines += [name + b": " + value for name, value in self.headers if name != b"upgrade"]
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn has it
        return b"\r\n".join([*lines, b"", b""])

    def on_headers_complete(self) -> None:
        """Take the target as it came; uvicorn's own reading of it is given nothing that it could misread."""
        if self._offered:
            return
        self._in_head, self._head = False, 0
        self._unwatch()
        extensions: Any = {"recoup.target": self.url, "recoup.abort": self.transport.abort}
        self.scope["extensions"] = extensions
        self.url = _NO_TARGET
        super().on_headers_complete()
        self.headers = []  # the request has its own list; what follows a body in chunks is none of its head

    def on_message_complete(self) -> None:
        """The next byte begins another head."""
        if self._offered:
            return
        self._in_head = True
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP."""
        self._refuse(400, "This is no HTTP request that can be passed on.")

    def _refuse(self, status: int, message: str) -> None:
        self._unwatch()
        cycle: RequestResponseCycle | None = self.cycle  # None before the first request, whatever its type says
        if cycle is not None and not cycle.response_complete:
            if cycle.response_started or self.pipeline:
                self.transport.abort()  # an answer is under way, and must not be mixed with this one
                return
            cycle.disconnected = True  # the body is what is wrong: nobody waits for the answer any more
            cycle.message_event.set()
        body = error_body("RefusedByGateway", message, "Nothing was sent to Amazon.")
        fields = [(b"content-type", b"application/json"), ORIGIN, *REFUSED, (b"connection", b"close")]
        fields.append((b"content-length", b"%d" % len(body)))
        head = b"".join(b"%b: %b\r\n" % item for item in fields)
        self.transport.write(STATUS_LINE[status] + head + b"\r\n" + body)
        self.transport.close()

    def _watch(self) -> None:
        self._unwatch()
        self._timer = self.loop.call_later(HEAD_SECONDS, self._too_slow)

    def _unwatch(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _too_slow(self) -> None:
        self._timer = None
        if not self.transport.is_closing():
            if self._head:
                self._refuse(408, "The head of the request did not arrive in time.")
            else:
                self.transport.close()
