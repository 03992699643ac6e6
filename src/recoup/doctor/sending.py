"""Sends the doctor's requests, each once, over httpx2: no retries, no redirects, a time limit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from recoup.doctor.checks import Send
from recoup.exchange import Exchange, Headers, NoResponse, NoResponseKind, Request, Response
from recoup.transports.foreign import HttpxLibrary

__all__ = ["over_httpx2"]


@contextmanager
def over_httpx2(timeout: float = 20.0) -> Iterator[Send]:
    """A way to send that lasts as long as the block. `timeout` is seconds without a byte."""
    import httpx2  # late: `recoup doctor --dry-run` needs none

    library = HttpxLibrary("httpx2")
    with httpx2.Client(timeout=timeout, follow_redirects=False) as client:

        def send(request: Request) -> Exchange:
            at = datetime.now(UTC)
            try:
                answer = client.request(
                    request.method, request.url, headers=list(request.headers), content=request.body
                )
            except httpx2.TransportError as error:
                missing = library.no_response(error) or NoResponse(kind=NoResponseKind.OTHER, text=type(error).__name__)
                return Exchange(request=request, no_response=missing, at=at)
            response = Response(status=answer.status_code, headers=Headers(answer.headers.raw), body=answer.content)
            return Exchange(request=request, response=response, at=at)

        yield send
