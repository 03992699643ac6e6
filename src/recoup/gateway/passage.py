"""One call through the gateway: sent by recoup's transport, its answer streamed back as it came.

Who asked may go away, the gateway may be stopped, the answer may break off: each of them ends the call without leaving
a connection half used, and none of them looks like a finished answer.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import lru_cache
from typing import Any

import httpx2

from recoup.catalogue.facts.operations import Operation
from recoup.errors import FaultError
from recoup.exchange import NoResponse, NoResponseKind
from recoup.gateway.answers import Answer, field, of_error, of_no_response, outcome_fields, own, refusal
from recoup.gateway.asked import Asked, passed_on
from recoup.gateway.bodies import Gone, Inbox, body_of
from recoup.gateway.reply import Reply
from recoup.gateway.tally import Line
from recoup.gateway.wire import TRIP, Trip
from recoup.recovery.decision import StopReason
from recoup.redaction import redact_text
from recoup.transports.foreign import library_of
from recoup.transports.httpx_family import DEADLINE, AsyncTransport
from recoup.transports.outcome import outcome

__all__ = ["Passage"]

_WITHOUT_LENGTH = (204, 304)
_GRACE = 1.0  # seconds: the call flow ends by itself at the deadline, unless it waits for what somebody else does


class Passage:
    """One call. `run` it; `line` is filled in with what is said of it."""

    def __init__(
        self, asked: Asked, operation: Operation | None, inbox: Inbox, reply: Reply, line: Line, *, timeout: float
    ) -> None:
        self._asked = asked
        self._operation = operation
        self._inbox = inbox
        self._reply = reply
        self._line = line
        self._timeout = timeout
        ends = None if asked.deadline is None else asyncio.get_running_loop().time() + asked.deadline
        self._trip = Trip(ends)

    async def run(self, door: AsyncTransport, buffer: int) -> None:
        """Carry it out. Raises Refused where the request's body does not arrive, before anything was answered."""
        inbox, line = self._inbox, self._line
        try:
            body, framing = await body_of(self._asked, inbox, buffer)
        except Gone:
            line.note = "the program has gone"
            return
        sending = asyncio.ensure_future(self._sent(door, body, framing))
        watching = asyncio.ensure_future(_watch(inbox, sending)) if isinstance(body, bytes) else None
        try:
            result = await sending
            if isinstance(result, Answer):
                await self._own(result)
            else:
                if watching is None and not inbox.more:
                    watching = asyncio.ensure_future(_watch(inbox, sending))
                await self._pass_back(result, watching)
        except Gone:
            line.note = "the program has gone"
        except asyncio.CancelledError:
            if watching is not None and watching.done():
                line.note = "the program has gone"
            else:
                await self._stopped()
        finally:
            for task in (sending, watching):
                if task is not None and not task.done():
                    task.cancel()
                    with suppress(asyncio.CancelledError, Gone):
                        await task

    async def _sent(
        self, door: AsyncTransport, body: bytes | httpx2.AsyncByteStream, framing: list[tuple[bytes, bytes]]
    ) -> httpx2.Response | Answer:
        """What came of the call: the other side's answer, or one of our own."""
        asked, trip = self._asked, self._trip
        TRIP.set(trip)
        fields = [item for item in asked.headers if item[0] != b"content-length"]
        extensions: dict[str, Any] = {
            "target": asked.target,  # as it came: an httpx2.URL would write some characters in another way
            "timeout": dict.fromkeys(("connect", "read", "write", "pool"), self._timeout),
        }
        if asked.deadline is not None:
            extensions[DEADLINE] = asked.deadline
        try:
            request = httpx2.Request(
                asked.method,
                _url(asked.upstream.url).copy_with(raw_path=asked.target),
                headers=[(b"host", asked.upstream.authority.encode("ascii")), *fields, *framing],
                stream=httpx2.ByteStream(body) if isinstance(body, bytes) else body,
                extensions=extensions,
            )
            async with asyncio.timeout_at(None if trip.ends is None else trip.ends + _GRACE):
                response: httpx2.Response = await door.handle_async_request(request)
        except FaultError as error:
            return of_error(error)
        except httpx2.TransportError as error:
            return self._unanswered(error)
        except httpx2.InvalidURL as error:
            return refusal(400, f"The request target is no URL: {error}")
        except TimeoutError:
            return self._late()
        if 200 <= response.status_code < 600:
            return response
        await response.aclose()
        missing = NoResponse(kind=NoResponseKind.PROTOCOL, text=f"The status {response.status_code} means nothing.")
        return of_no_response(outcome(response), missing)

    def _unanswered(self, error: httpx2.TransportError) -> Answer:
        missing = library_of(httpx2.Request("GET", self._asked.upstream.url)).no_response(error)
        if missing is None:
            return refusal(400, f"This cannot be sent as HTTP: {error}")
        return of_no_response(outcome(error), missing)

    def _late(self) -> Answer:
        """For a deadline that came while the call waited for what another call does, or for the rest of an answer."""
        said = "The deadline came before the call was over."
        fields = [field("reason", StopReason.DEADLINE), *self._fields()]
        return own(504 if self._trip.sent else 503, "NoAnswer" if self._trip.sent else "TryLater", said, "", fields)

    async def _stopped(self) -> None:
        self._line.note = "the gateway was stopped"
        if self._reply.started:
            await self._reply.break_off()
        else:
            await self._own(own(503, "Stopped", "The gateway was stopped.", "", self._fields()))

    def _fields(self) -> list[tuple[bytes, bytes]]:
        """For a call that was broken off from outside: how often it was sent, and whether it may have taken effect."""
        operation = self._operation
        safe = self._asked.method in ("GET", "HEAD") if operation is None else operation.safe
        unknown = self._trip.sent > 0 and not safe
        fields = [field("attempts", self._trip.sent), field("decision", "resync" if unknown else "give_up")]
        return [*fields, field("unknown-outcome", "true")] if unknown else fields

    async def _own(self, answer: Answer) -> None:
        self._line.status = answer.status
        self._line.fields = [item for item in answer.headers if item[0].startswith(b"x-recoup-")]
        await self._reply.whole(answer, close=self._more)

    @property
    def _more(self) -> bool:
        """Whether a part of the request's body was not read: the connection cannot be used for another request."""
        return self._asked.has_body and self._inbox.more

    def _head(self, response: httpx2.Response) -> list[tuple[bytes, bytes]]:
        """The fields of the answer, and what the log will say of it."""
        line = self._line
        made = outcome(response)
        line.fields = outcome_fields(made) if made is not None else []
        line.status = response.status_code
        request_id = response.headers.get("x-amzn-requestid")
        line.request_id = None if request_id is None else redact_text(request_id)
        fields = passed_on(response.headers.raw)
        if response.status_code in _WITHOUT_LENGTH:
            fields = [item for item in fields if item[0].lower() != b"content-length"]
        fields += line.fields
        if self._more:
            fields.append((b"connection", b"close"))
        return fields

    async def _pass_back(self, response: httpx2.Response, watching: asyncio.Future[None] | None) -> None:
        line, reply = self._line, self._reply
        stream: Any = response.stream
        chunks = aiter(stream)
        try:
            fields = self._head(response)
            bare = self._asked.method == "HEAD" or response.status_code in _WITHOUT_LENGTH
            left = 0 if bare else _length(response)
            if left == 0:
                reply.ending()
            await reply.start(response.status_code, fields)
            async for chunk in chunks:
                if left is not None:
                    left -= len(chunk)
                    if left == 0:  # with these bytes the program has its whole answer
                        reply.ending()
                await reply.part(chunk)
                if watching is not None and watching.done():
                    raise Gone
            await reply.end()
        except httpx2.TransportError as error:
            line.note = f"the answer broke off: {type(error).__name__}"
            await reply.break_off()
        finally:
            if hasattr(chunks, "aclose"):
                await chunks.aclose()
            await stream.aclose()


@lru_cache(16)
def _url(origin: str) -> httpx2.URL:
    """An upstream's origin, read once and not for each call."""
    return httpx2.URL(origin)


def _length(response: httpx2.Response) -> int | None:
    text = response.headers.get("content-length", "")
    return int(text) if text.isdecimal() else None


async def _watch(inbox: Inbox, sending: asyncio.Future[Any]) -> None:
    """Let go of the call when the program has gone: nobody waits for it."""
    await inbox.gone()
    sending.cancel()
