"""Writing down what goes through a wire: between the flow and the wire of a library, while somebody records."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from recoup.exchange import Exchange, Headers, NoResponse, NoResponseKind, Request, Response
from recoup.redaction import redact_headers, redact_text, redact_url
from recoup.telemetry.events import AttemptEnded, Event
from recoup.transports.library import AsyncWire, Library, Prefix, SyncWire
from recoup.transports.masking import masked_body, masked_head
from recoup.transports.recording import Recorded, Recording, Seen, Tap

__all__ = ["AsyncRecordingWire", "RecordingWire"]


class _Recorder:
    """Writes the sendings of one call into the open records. It is a listener too: so it learns what was decided."""

    def __init__(
        self, into: tuple[Recording, ...], wire: Any, library: Library, now: Callable[[], float], *, is_async: bool
    ) -> None:
        self._into = into
        self._wire = wire
        self._library = library
        self._now = now
        self._is_async = is_async
        self._tap = Tap(is_async=is_async)
        self._began = 0.0
        self._entries: list[Recorded] = []  # the latest attempt, as each of the records has it

    def __call__(self, event: Event) -> None:
        """Note with the latest attempt what was decided upon it."""
        if isinstance(event, AttemptEnded):
            self._change(
                call=event.call or 0,
                attempt=event.attempt,
                fault=event.fault,
                tied=event.tied,
                decision=event.decision,
            )

    def _begin(self, request: Any) -> Any:
        self._tap = tap = Tap(is_async=self._is_async)
        self._began = self._now()
        self._entries = []
        tapped = getattr(self._library, "tap", None)
        return request if tapped is None else tapped(request, tap)

    def _failed(self, request: Any, error: BaseException) -> None:
        missing = None
        if isinstance(error, self._library.errors):
            missing = self._library.no_response(error)
        if missing is None:  # the caller's own mistake, or a cancelled task
            missing = NoResponse(kind=NoResponseKind.OTHER, text=type(error).__name__)
        self._note(request, no_response=missing)

    def _answered(self, request: Any, response: Any) -> None:
        library = self._library
        version, reason = _status_line(response)
        headers = Headers(redact_headers(library.response_headers(response)))
        received = Response(status=library.look(response)[0], headers=headers)
        self._note(request, response=received, version=version, reason=redact_text(reason), streamed=True)

    def _read(self, response: Any, read: bytes | Prefix) -> None:
        raw = read if isinstance(read, bytes) else read.read
        body = self._library.decoded(response, raw)
        for index, into in enumerate(self._into[: len(self._entries)]):
            exchange = self._entries[index].exchange
            answer = msgspec.structs.replace(_there(exchange.response), body=masked_body(body, into.bodies))
            exchange = msgspec.structs.replace(exchange, response=answer, elapsed=self._now() - self._began)
            self._put(index, exchange=exchange, streamed=not isinstance(read, bytes))

    def _broke_off(self, error: BaseException) -> None:
        broken = None
        if isinstance(error, self._library.errors):
            broken = self._library.broken_off(error)
        missing = broken if broken is not None else NoResponse(kind=NoResponseKind.OTHER, text=type(error).__name__)
        for index, entry in enumerate(self._entries):
            exchange = msgspec.structs.replace(entry.exchange, no_response=missing, elapsed=self._now() - self._began)
            self._put(index, exchange=exchange, streamed=False)

    def _note(
        self,
        request: Any,
        *,
        response: Response | None = None,
        no_response: NoResponse | None = None,
        **more: Any,
    ) -> None:
        elapsed = self._now() - self._began
        never_left = no_response is not None and not no_response.sent
        for into in self._into:
            sent, head, seen = self._sent(request, into.bodies, never_left=never_left)
            exchange = Exchange(
                request=sent,
                response=response,
                no_response=no_response,
                at=_instant(self._began),
                elapsed=elapsed,
            )
            entry = Recorded(exchange=exchange, head=head, seen=seen, **more)
            self._entries.append(entry)
            into.add(entry)

    def _change(self, **fields: Any) -> None:
        for index in range(len(self._entries)):
            self._put(index, **fields)

    def _put(self, index: int, **fields: Any) -> None:
        old = self._entries[index]
        self._entries[index] = new = msgspec.structs.replace(old, **fields)
        self._into[index].replace(old, new)

    def _sent(self, request: Any, bodies: int, *, never_left: bool) -> tuple[Request, str, Seen]:
        value, tap = self._library.value(request), self._tap
        seen = tap.seen if tap.seen is not None else Seen.REQUEST
        if never_left:
            seen = Seen.NOTHING
        head = masked_head(tap.bytes or _head_of(value))
        body = None if value.body is None else masked_body(value.body, bodies)
        raw = None
        if tap.bytes and seen is Seen.BYTES and value.body is not None:
            # What a rule says of lengths must stay true where the mask has another length than the secret.
            raw = head.encode("latin-1") + (body if body == value.body else b"." * len(value.body))
        fields = (line.partition(":") for line in head.split("\r\n")[1:] if line)
        headers = Headers([(name, text.strip(" \t")) for name, _, text in fields])
        url = redact_url(value.url)
        return Request(method=value.method, url=url, headers=headers, body=body, raw=raw), head, seen


def _there(response: Response | None) -> Response:
    if response is None:
        raise RuntimeError("the driver of this wire is out of step: it reads a body where no answer came")
    return response


def _head_of(request: Request) -> bytes:
    """The head of a request whose bytes nobody saw, as it was given to the library."""
    _, slash, rest = request.url.partition("://")[2].partition("/")
    lines = [f"{request.method} {slash or '/'}{rest} HTTP/1.1", *(f"{name}: {text}" for name, text in request.headers)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")


_VERSIONS = {9: "HTTP/0.9", 10: "HTTP/1.0", 11: "HTTP/1.1", 20: "HTTP/2"}


def _status_line(response: Any) -> tuple[str, str]:
    """HTTP version and reason phrase, where the library's response tells them; each of them does in its own way."""
    extensions = getattr(response, "extensions", None)
    if isinstance(extensions, Mapping):  # httpx2, httpx
        version, reason = extensions.get("http_version", b""), extensions.get("reason_phrase", b"")
        return _latin(version), _latin(reason)
    version = getattr(response, "version", None)
    if version is None:
        version = getattr(getattr(response, "raw", None), "version", None)  # requests has urllib3's response within
    if isinstance(version, tuple) and len(version) == 2:  # aiohttp
        version = f"HTTP/{version[0]}.{version[1]}"
    return _VERSIONS.get(version, "") if isinstance(version, int) else str(version or ""), str(
        getattr(response, "reason", None) or ""
    )


def _latin(value: object) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _instant(at: float) -> datetime | None:
    try:
        return datetime.fromtimestamp(at, UTC)
    except (ValueError, OverflowError, OSError):  # a clock of somebody's tests, out of every calendar
        return None


class RecordingWire(_Recorder):
    """A `SyncWire` that writes down what goes through it."""

    _wire: SyncWire

    def send(self, request: Any) -> Any:
        """Send the request once, and write it down."""
        request = self._begin(request)
        try:
            with self._tap:
                response = self._wire.send(request)
        except BaseException as error:
            self._failed(request, error)
            raise
        self._answered(request, response)
        return response

    def read(self, response: Any, limit: int) -> bytes | Prefix:
        """Read the body, and write it down."""
        try:
            read = self._wire.read(response, limit)
        except BaseException as error:
            self._broke_off(error)
            raise
        self._read(response, read)
        return read

    def complete(self, response: Any, limit: int) -> Any:
        """Read the body, write it down, and give it back."""
        return self._library.give_back(response, self.read(response, limit))

    def close(self, response: Any) -> None:
        """Let go of the response."""
        self._wire.close(response)


class AsyncRecordingWire(_Recorder):
    """An `AsyncWire` that writes down what goes through it."""

    _wire: AsyncWire

    async def send(self, request: Any) -> Any:
        """Send the request once, and write it down."""
        request = self._begin(request)
        try:
            with self._tap:
                response = await self._wire.send(request)
        except BaseException as error:
            self._failed(request, error)
            raise
        self._answered(request, response)
        return response

    async def read(self, response: Any, limit: int) -> bytes | Prefix:
        """Read the body, and write it down."""
        try:
            read = await self._wire.read(response, limit)
        except BaseException as error:
            self._broke_off(error)
            raise
        self._read(response, read)
        return read

    async def complete(self, response: Any, limit: int) -> Any:
        """Read the body, write it down, and give it back."""
        return self._library.give_back(response, await self.read(response, limit))

    async def close(self, response: Any) -> None:
        """Let go of the response."""
        await self._wire.close(response)
