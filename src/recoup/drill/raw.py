"""A client that sends bytes as they are: what no HTTP library would let a program send."""

from __future__ import annotations

import socket
from typing import IO
from urllib.parse import urlsplit

from recoup.exchange import Exchange, Headers, Request, Response
from recoup.lint.wire.head import Head

__all__ = ["as_request", "send"]


def as_request(base_url: str, data: bytes) -> Request:
    """The request that these bytes are, as far as they can be read as one."""
    head = Head.read(data)
    target = head.text(head.target).decode("latin-1")
    return Request(
        method=head.text(head.method).decode("latin-1"),
        url=base_url + target if target.startswith("/") else base_url,
        headers=Headers([(field.name, field.value) for field in head.fields]),
        body=data[head.end :],
        raw=data,
    )


def send(base_url: str, data: bytes, *, answers: int, timeout: float) -> tuple[Exchange, str]:
    """Send the bytes over a connection of their own. The exchange has the last of so many answers, or the last that
    came; beside it stands the address that the connection has on this side.
    """
    request = as_request(base_url, data)
    where = urlsplit(base_url)
    response: Response | None = None
    with socket.create_connection((where.hostname or "", where.port or 80), timeout=timeout) as sock:
        host, port = sock.getsockname()[:2]
        sock.sendall(data)
        with sock.makefile("rb") as stream:
            for _ in range(answers):
                response = _read(stream, request.method) or response
    return Exchange(request=request, response=response), f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _read(stream: IO[bytes], method: str) -> Response | None:
    status = stream.readline()
    if not status:
        return None
    fields = []
    while (line := stream.readline().rstrip(b"\r\n")) != b"":
        name, _, value = line.partition(b":")
        fields.append((name, value.strip(b" ")))
    headers = Headers(fields)
    size = 0 if method == "HEAD" else int(headers.get("content-length") or 0)
    return Response(status=int(status.split(b" ")[1]), headers=headers, body=stream.read(size))
