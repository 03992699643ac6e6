"""How httpx2 and httpx tell what goes out: their `trace` extension, which is called just before the head is sent."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine
from typing import Any

from recoup.transports.recording import Seen, Tap

__all__ = ["tapped"]

_HEAD = ".send_request_headers.started"


def tapped(request: Any, tap: Tap) -> Any:
    """The same request, which tells `tap` of its head: a copy. A trace that the caller asked for is still told."""
    copy = object.__new__(type(request))
    copy.__dict__.update(request.__dict__)
    own = request.extensions.get("trace")
    trace = _async_trace(tap, own) if tap.is_async else _trace(tap, own)
    copy.extensions = {**request.extensions, "trace": trace}
    return copy


def _trace(tap: Tap, own: Any) -> Callable[[str, dict[str, Any]], None]:
    def told(name: str, info: dict[str, Any]) -> None:
        _note(tap, name, info)
        if own is not None:
            own(name, info)

    return told


def _async_trace(tap: Tap, own: Any) -> Callable[[str, dict[str, Any]], Coroutine[Any, Any, None]]:
    async def told(name: str, info: dict[str, Any]) -> None:
        _note(tap, name, info)
        if own is not None:
            result = own(name, info)
            if inspect.isawaitable(result):
                await result

    return told


def _note(tap: Tap, name: str, info: dict[str, Any]) -> None:
    if name.startswith("connection.") and not tap.bytes:  # a transport that traces: so its head will be told, if sent
        tap.nothing()
    if not name.endswith(_HEAD):
        return
    request = info["request"]
    if name.startswith("http2"):
        tap.head(_fields(request), Seen.FIELDS)
    elif head := _bytes(request):
        tap.head(head)


def _bytes(request: Any) -> bytes:
    """The head as h11 writes it for both libraries; h11 is asked itself, so that nothing is imitated."""
    import h11  # late, and there: both libraries stand on it

    try:
        head = h11.Request(method=request.method, target=request.url.target, headers=request.headers)
        return h11.Connection(h11.CLIENT).send(head) or b""
    except h11.LocalProtocolError:  # the library is about to raise the same, and sends nothing
        return b""


def _fields(request: Any) -> bytes:
    """HTTP/2 packs the fields; here they are unpacked, `:authority` as the Host that it stands for."""
    host = [b"host: " + value for name, value in request.headers if name.lower() == b"host"]
    rest = [
        name.lower() + b": " + value
        for name, value in request.headers
        if name.lower() not in (b"host", b"transfer-encoding")
    ]
    first = request.method + b" " + request.url.target + b" HTTP/2"
    return b"\r\n".join([first, *host, *rest, b"", b""])
