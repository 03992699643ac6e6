"""What urllib3 has in common with requests, which stands on it: URLs, exceptions, bodies that were read already."""

from __future__ import annotations

import io
import re
from collections.abc import Generator, Iterable
from http.client import BadStatusLine, IncompleteRead, LineTooLong, RemoteDisconnected
from typing import Any, NamedTuple

import urllib3
from urllib3 import exceptions
from urllib3.util import parse_url

from recoup.exchange import Headers, NoResponse, NoResponseKind
from recoup.redaction import redact_text
from recoup.transports.library import Prefix, Target

__all__ = [
    "broken_off",
    "can_repeat",
    "decoded",
    "field",
    "missing",
    "position_of",
    "read_raw",
    "replayed",
    "response_headers",
    "target_of",
    "whole",
]

_CHUNK = 1 << 16  # bytes read at a time
_LONGEST_DECODED = 32 << 20  # bytes of a decoded body that are looked at: a short one can unpack to anything
# A URL that all readers of URLs read alike. What is anything else is left to the reader that the sender uses itself.
_PLAIN = re.compile(r"(https?)://([a-z0-9.-]+(?::[0-9]{1,5})?)(/[\w\-.~%!$&'()*+,;=:@/]*)?(?:[?#].*)?", re.ASCII)
# How OpenSSL and Python word that no TLS connection came about. Other TLS errors may hit a request under way.
_NO_HANDSHAKE = re.compile(
    r"CERTIFICATE|HANDSHAKE|WRONG_VERSION|UNKNOWN_CA|PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|HOSTNAME", re.IGNORECASE
)


def target_of(method: str, url: str) -> Target:
    """Where urllib3 sends a request for this URL. Raises urllib3's LocationParseError where it is none."""
    plain = _PLAIN.fullmatch(url)
    if plain is not None and "/." not in (plain[3] or ""):
        scheme, authority, path = plain.groups()
        return Target(method.upper(), scheme, authority, path or "/")
    parts = parse_url(url)
    return Target(method.upper(), parts.scheme or "http", (parts.netloc or "").lower(), parts.path or "/")


def field(headers: Any, name: str) -> str | None:
    """The value of a header field in a plain mapping, whatever its case. `name` is in lower case."""
    for key, value in headers.items():
        if key.lower() == name:
            return value if isinstance(value, str) else str(value)
    return None


def response_headers(response: Any) -> Headers:
    """All header fields of a response of urllib3, duplicates kept."""
    return Headers(list(response.headers.items()))


def position_of(body: Any) -> int | None:
    """Where a file stands that can be rewound to that place; None for everything else."""
    if not hasattr(body, "seek") or not hasattr(body, "tell"):
        return None
    try:
        if not getattr(body, "seekable", lambda: True)():
            return None
        position = body.tell()
    except (OSError, ValueError):
        return None
    return position if isinstance(position, int) else None


def can_repeat(body: Any, position: int | None) -> bool:
    """Whether a body can be sent twice: nothing, bytes, text, a list of them, or a file that can be rewound."""
    return body is None or position is not None or isinstance(body, bytes | str | bytearray | memoryview | list | tuple)


def whole(body: Any) -> bytes | None:
    """The body where it is known without reading a stream up."""
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode("utf-8", "replace")
    if isinstance(body, bytes | bytearray | memoryview):
        return bytes(body)
    return None


# --- bodies of responses ---------------------------------------------------------------------------------------------


def read_raw(response: Any, limit: int, *, cache: bool = False) -> bytes | Prefix:
    """The body of urllib3's response as it came, or its beginning. With `cache`, a whole one stays its `data`.

    The connection goes back to its pool, or is closed where the body breaks off.
    """
    length = response.headers.get("content-length")
    if length is not None and length.isdecimal() and len(length) < 16 and int(length) <= limit:
        read: bytes = response.read(decode_content=False, cache_content=cache)
        return read
    parts: list[bytes] = []
    size = 0
    while chunk := response.read(_CHUNK, decode_content=False):
        parts.append(chunk)
        size += len(chunk)
        if size > limit:
            return Prefix(b"".join(parts), None)
    return b"".join(parts)


def replayed(response: Any, read: bytes | Prefix) -> urllib3.HTTPResponse:
    """A response of urllib3 that can be read as if nobody had read `response` yet."""
    if isinstance(read, bytes):
        return _copy(_Replayed, response, io.BytesIO(read))
    return _copy(_Resumed, response, _Rest(read.read, response))


def decoded(response: Any, raw: bytes) -> bytes:
    """The body with its Content-Encoding undone; as it came where that fails."""
    if not raw or not response.headers.get("content-encoding"):
        return raw
    copy = _copy(urllib3.HTTPResponse, response, io.BytesIO(raw))
    parts: list[bytes] = []
    size = 0
    try:
        for part in copy.stream(_CHUNK, decode_content=True):
            parts.append(part)
            size += len(part)
            if size > _LONGEST_DECODED:
                break
    except exceptions.DecodeError:
        return raw
    return b"".join(parts)


def _copy(kind: type[urllib3.HTTPResponse], response: Any, body: Any) -> urllib3.HTTPResponse:
    return kind(
        body=body,
        headers=response.headers,
        status=response.status,
        version=response.version,
        reason=response.reason,
        preload_content=False,
        decode_content=response.decode_content,
        original_response=getattr(response, "_original_response", None),  # its fields hold what cookies are read from
        msg=getattr(response, "msg", None),
        retries=response.retries,
        enforce_content_length=False,  # its length was checked when it was read, and HEAD has one without a body
        request_url=response.url,
    )


class _Rest(io.RawIOBase):
    """The rest of a long body, its beginning put back before it."""

    def __init__(self, beginning: bytes, response: Any) -> None:
        self._beginning = io.BytesIO(beginning)
        self.response = response

    def read(self, size: int | None = -1) -> bytes:
        amount = None if size is None or size < 0 else size
        if part := self._beginning.read(amount):
            return part if amount is not None else part + self._more(None)
        return self._more(amount)

    def _more(self, amount: int | None) -> bytes:
        rest: bytes = self.response.read(amount, decode_content=False)
        return rest

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        if not self.closed:
            self.response.close()
        super().close()


class _Replayed(urllib3.HTTPResponse):
    """A response whose body was read already. Streamed chunks are decoded where the caller says so, as by urllib3."""

    def stream(self, amt: int | None = _CHUNK, decode_content: bool | None = None) -> Generator[bytes]:
        yield from super().stream(amt, bool(decode_content) if self.chunked else decode_content)

    def read_chunked(self, amt: int | None = None, decode_content: bool | None = None) -> Generator[bytes]:
        yield from super().stream(_CHUNK if amt is None else amt, bool(decode_content))


class _Resumed(_Replayed):
    """A response over the rest of a long body; to let go of its connection is to let go of the first one's."""

    def release_conn(self) -> None:
        rest: Any = self._fp
        rest.response.release_conn()

    def drain_conn(self) -> None:
        rest: Any = self._fp
        rest.response.drain_conn()


# --- exceptions ------------------------------------------------------------------------------------------------------


class _Meaning(NamedTuple):
    """What an exception says of the exchange, and whether the request may have left."""

    kind: NoResponseKind
    sent: bool


_CONNECT = _Meaning(NoResponseKind.CONNECT, False)
# The first that fits. Those without a meaning are mistakes in the request itself.
_MEANINGS: tuple[tuple[type[BaseException], _Meaning | None], ...] = (
    (exceptions.NewConnectionError, _CONNECT),
    (exceptions.ConnectTimeoutError, _CONNECT),
    (exceptions.ProxyError, _CONNECT),
    (exceptions.EmptyPoolError, _Meaning(NoResponseKind.TIMEOUT, False)),
    (exceptions.ClosedPoolError, None),
    (exceptions.ReadTimeoutError, _Meaning(NoResponseKind.TIMEOUT, True)),
    (exceptions.TimeoutError, _Meaning(NoResponseKind.TIMEOUT, True)),
    (TimeoutError, _Meaning(NoResponseKind.TIMEOUT, True)),
    (RemoteDisconnected, _Meaning(NoResponseKind.RESET, True)),
    (ConnectionError, _Meaning(NoResponseKind.RESET, True)),
    (exceptions.InvalidChunkLength, _Meaning(NoResponseKind.TRUNCATED, True)),
    (IncompleteRead, _Meaning(NoResponseKind.TRUNCATED, True)),
    (BadStatusLine, _Meaning(NoResponseKind.PROTOCOL, True)),
    (LineTooLong, _Meaning(NoResponseKind.PROTOCOL, True)),
    (exceptions.ProtocolError, _Meaning(NoResponseKind.PROTOCOL, True)),
    (exceptions.LocationValueError, None),
    (exceptions.InvalidHeader, None),
    (exceptions.HTTPError, _Meaning(NoResponseKind.OTHER, True)),
)


def missing(error: BaseException) -> NoResponse | None:
    """What an exception of urllib3, or of requests around it, says in place of a response.

    None where the request itself is at fault and was not sent.
    """
    for inner in _layers(error):
        if isinstance(inner, exceptions.SSLError):
            early = _NO_HANDSHAKE.search(str(inner)) is not None
            return _told(error, _Meaning(NoResponseKind.TLS, not early))
        for kind, meaning in _MEANINGS:
            if isinstance(inner, kind) and not _wraps(inner):
                return None if meaning is None else _told(error, meaning)
    return _told(error, _Meaning(NoResponseKind.OTHER, True))


def broken_off(error: BaseException) -> NoResponse:
    """What an exception says where the head of an answer had come and its body did not."""
    late = any(isinstance(inner, exceptions.TimeoutError | TimeoutError) for inner in _layers(error))
    return _told(error, _Meaning(NoResponseKind.TIMEOUT if late else NoResponseKind.TRUNCATED, True))


def _told(error: BaseException, meaning: _Meaning) -> NoResponse:
    return NoResponse(kind=meaning.kind, sent=meaning.sent, text=f"{type(error).__name__}: {redact_text(str(error))}")


def _layers(error: BaseException) -> Iterable[BaseException]:
    """The exception and those that it wraps, the outermost first."""
    seen: BaseException | None = error
    for _ in range(5):
        if seen is None:
            return
        yield seen
        seen = _wrapped(seen)


def _wrapped(error: BaseException) -> BaseException | None:
    reason = getattr(error, "reason", None)
    if isinstance(reason, BaseException):
        return reason
    return next((each for each in reversed(error.args) if isinstance(each, BaseException)), None)


def _wraps(error: BaseException) -> bool:
    """Whether it only says that something broke, and what it wraps says what."""
    return type(error) in (exceptions.ProtocolError, exceptions.MaxRetryError) and _wrapped(error) is not None
