"""httpx2 and httpx behind the seam of `recoup.transports.library`. Neither is imported before it is needed."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import Any

from recoup.errors import SettingsError
from recoup.exchange import Headers, NoResponse, NoResponseKind, Request
from recoup.redaction import redact_text
from recoup.transports.library import Look, Prefix, Target
from recoup.transports.outcome import KEY, Outcome
from recoup.transports.recording import Tap

__all__ = ["HttpxLibrary", "library_of"]

_NAMES = ("httpx2", "httpx")
_SLICE = 1 << 16  # bytes that are decoded at a time
_LONGEST_DECODED = 32 << 20  # bytes of a decoded body that are looked at: a short one can unpack to anything

# What an exception of the library says of the exchange, and whether the request may have left; looked up along the
# exception's own bases, so that subclasses of users count too. Those without a meaning are mistakes in the request
# itself.
_MEANING: Mapping[str, tuple[NoResponseKind, bool] | None] = MappingProxyType(
    {
        "ConnectTimeout": (NoResponseKind.CONNECT, False),
        "PoolTimeout": (NoResponseKind.TIMEOUT, False),
        "ReadTimeout": (NoResponseKind.TIMEOUT, True),
        "WriteTimeout": (NoResponseKind.TIMEOUT, True),
        "ConnectError": (NoResponseKind.CONNECT, False),
        "ProxyError": (NoResponseKind.CONNECT, False),
        "ReadError": (NoResponseKind.RESET, True),
        "WriteError": (NoResponseKind.RESET, True),
        "CloseError": (NoResponseKind.RESET, True),
        "LocalProtocolError": None,
        "UnsupportedProtocol": None,
        "RemoteProtocolError": (NoResponseKind.PROTOCOL, True),
        "TransportError": (NoResponseKind.OTHER, True),
    }
)


class HttpxLibrary:
    """httpx2 or httpx: a `recoup.transports.library.Library`, and the library's own transports."""

    def __init__(self, name: str) -> None:
        module = import_module(name)
        self.name = name
        self.errors: tuple[type[Exception], ...] = (module.TransportError,)
        self._request: type[Any] = module.Request
        self._stream: type[Any] = module.ByteStream
        self._module = module
        self._slices, self._resumed, self._resumed_async = _streams(module)

    def inner(self) -> Any:
        """The library's own synchronous transport."""
        return self._module.HTTPTransport()

    def async_inner(self) -> Any:
        """The library's own asynchronous transport."""
        return self._module.AsyncHTTPTransport()

    def target(self, request: Any) -> Target:
        """Where the request goes."""
        url = request.url
        path = url.raw_path.decode("ascii")
        if "?" in path:
            path = path.partition("?")[0]
        return Target(request.method, url.scheme, url.netloc.decode("ascii"), path)

    def header(self, request: Any, name: str) -> str | None:
        """The value of this header field of the request."""
        return _field(request.headers, name)

    def replayable(self, request: Any) -> bool:
        """Whether the body can be sent twice: bytes can, a generator cannot."""
        return isinstance(request.stream, self._stream)

    def tap(self, request: Any, tap: Tap) -> Any:
        """The same request, which tells `tap` what goes out: for `recoup.record`."""
        from recoup.transports.httpx_tap import tapped  # late: hardly anybody records

        return tapped(request, tap)

    def token_request(self, asked: Request, *, like: Any) -> Any:
        """A request of the library. It keeps the time limits of `like`, the call on whose behalf it is sent."""
        limits = {name: value for name, value in like.extensions.items() if name == "timeout"}
        return self._request(
            asked.method, asked.url, headers=list(asked.headers), content=asked.body, extensions=limits
        )

    def with_header(self, request: Any, name: str, value: str) -> Any:
        """The same request with this header field: a copy, so that the caller's own never holds our token.

        A redirect, a log line or a traceback would carry it further.
        """
        copy = _with_own_headers(request)
        copy.headers[name] = value
        return copy

    def without_header(self, request: Any, name: str) -> Any:
        """The same request without this header field: a copy."""
        copy = _with_own_headers(request)
        del copy.headers[name]
        return copy

    def body(self, request: Any) -> bytes | None:
        """The body of the request where it can be sent twice, else None. That of a redirected one was not read yet."""
        read: bytes | None = getattr(request, "_content", None)
        return read if read is not None or not self.replayable(request) else b"".join(request.stream)

    def value(self, request: Any) -> Request:
        """The whole request as a value."""
        return Request(
            method=request.method,
            url=str(request.url),
            headers=Headers(request.headers.raw),
            body=self.body(request),
        )

    def look(self, response: Any) -> Look:
        """What every answer is first judged by."""
        headers = response.headers
        items = getattr(headers, "_list", None)  # three times faster than to ask three times
        if items is None:
            field = headers.get
            return response.status_code, field("content-type"), field("content-length"), field("x-amzn-ratelimit-limit")
        get = {key: found for _, key, found in reversed(items)}.get
        kind, length, rate = get(b"content-type"), get(b"content-length"), get(b"x-amzn-ratelimit-limit")
        return (
            response.status_code,
            None if kind is None else str(kind, "latin-1"),
            None if length is None else str(length, "latin-1"),
            None if rate is None else str(rate, "latin-1"),
        )

    def response_header(self, response: Any, name: str) -> str | None:
        """The value of this header field of the response."""
        return _field(response.headers, name)

    def response_headers(self, response: Any) -> Headers:
        """All header fields."""
        return Headers(response.headers.raw)

    def attach(self, response: Any, outcome: Outcome) -> None:
        """Put the outcome into the response's extensions."""
        response.extensions[KEY] = outcome

    def give_back(self, response: Any, read: bytes | Prefix) -> Any:
        """Let the response be read as if nobody had read it yet: `read` is its body as it came."""
        if isinstance(read, bytes):
            response.stream = self._stream(read)
        else:
            resumed = self._resumed_async if hasattr(read.rest, "__anext__") else self._resumed
            response.stream = resumed(read, response.stream)
        return response

    def decoded(self, response: Any, raw: bytes) -> bytes:
        """The body with its Content-Encoding undone; as it came where that fails."""
        encoding = response.headers.get("content-encoding")
        if not encoding or not raw:
            return raw
        copy = type(response)(response.status_code, headers=response.headers, stream=self._slices(raw))
        parts: list[bytes] = []
        size = 0
        try:
            for part in copy.iter_bytes():
                parts.append(part)
                size += len(part)
                if size > _LONGEST_DECODED:
                    break
        except self._module.DecodingError:
            return raw
        return b"".join(parts)

    def no_response(self, error: Exception) -> NoResponse | None:
        """What the client saw in place of a response; None where the request itself is at fault and was not sent."""
        for base in type(error).__mro__:
            if base.__name__ not in _MEANING:
                continue
            meaning = _MEANING[base.__name__]
            if meaning is None:
                return None
            kind, sent = meaning
            text = f"{type(error).__name__}: {redact_text(str(error))}"
            if kind is NoResponseKind.CONNECT and _handshake(error):
                kind = NoResponseKind.TLS
            elif kind is NoResponseKind.PROTOCOL:
                kind = _protocol_kind(str(error))
            return NoResponse(kind=kind, sent=sent, text=text)
        return NoResponse(kind=NoResponseKind.OTHER, sent=True, text=type(error).__name__)

    def broken_off(self, error: Exception) -> NoResponse:
        """What the client saw where the head of an answer had come and its body did not."""
        late = any(base.__name__ == "ReadTimeout" for base in type(error).__mro__)
        kind = NoResponseKind.TIMEOUT if late else NoResponseKind.TRUNCATED
        return NoResponse(kind=kind, sent=True, text=f"{type(error).__name__}: {redact_text(str(error))}")


def _field(headers: Any, name: str) -> str | None:
    """`headers.get(name)`, five times faster: a call asks for four fields, and `get` decodes and joins."""
    items = getattr(headers, "_list", None)
    if items is None:
        value: str | None = headers.get(name)
        return value
    wanted = name.encode("ascii")
    for _, key, found in items:
        if key == wanted:
            return str(found, "latin-1")
    return None


def _with_own_headers(request: Any) -> Any:
    copy = object.__new__(type(request))
    copy.__dict__.update(request.__dict__)
    copy.headers = request.headers.copy()
    return copy


def _streams(module: Any) -> tuple[type[Any], type[Any], type[Any]]:
    """Streams of that library: one body in slices; and the rest of a body whose beginning was read, sync and async."""

    class Slices(module.SyncByteStream):  # type: ignore[misc]
        def __init__(self, raw: bytes) -> None:
            self._raw = raw

        def __iter__(self) -> Iterator[bytes]:
            for start in range(0, len(self._raw), _SLICE):
                yield self._raw[start : start + _SLICE]

    class Resumed(module.SyncByteStream):  # type: ignore[misc]
        def __init__(self, prefix: Prefix, stream: Any) -> None:
            self._prefix, self._stream = prefix, stream

        def __iter__(self) -> Iterator[bytes]:
            yield self._prefix.read
            yield from self._prefix.rest

        def close(self) -> None:
            self._stream.close()

    class ResumedAsync(module.AsyncByteStream):  # type: ignore[misc]
        def __init__(self, prefix: Prefix, stream: Any) -> None:
            self._prefix, self._stream = prefix, stream

        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield self._prefix.read
            async for chunk in self._prefix.rest:
                yield chunk

        async def aclose(self) -> None:
            if isinstance(self._prefix.rest, AsyncGenerator):
                await self._prefix.rest.aclose()
            await self._stream.aclose()

    return Slices, Resumed, ResumedAsync


@cache
def _library(name: str) -> HttpxLibrary:
    return HttpxLibrary(name)


def library_of(request: Any) -> HttpxLibrary:
    """The library that this request belongs to. Raises SettingsError where it is neither httpx2's nor httpx's."""
    for base in type(request).__mro__:
        name = base.__module__.partition(".")[0]
        if name in _NAMES:
            return _library(name)
    raise SettingsError(
        f"this transport works under httpx2 and httpx; {type(request).__module__}.{type(request).__name__} is neither's"
    )


def _handshake(error: BaseException) -> bool:
    text = str(error).upper()
    return "SSL" in text or "TLS" in text or "CERTIFICATE" in text


def _protocol_kind(text: str) -> NoResponseKind:
    lowered = text.lower()
    if "complete" in lowered:
        return NoResponseKind.TRUNCATED
    if "without sending" in lowered:
        return NoResponseKind.RESET
    return NoResponseKind.PROTOCOL
