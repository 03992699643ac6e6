"""The seam between the call flow and the HTTP libraries: what a library must be able to say and do.

The flow (`recoup.transports.flow`) never looks into a request, a response or an exception of a library; it asks a
`Library`. What sends, reads and closes is a `SyncWire` or an `AsyncWire`, bound to one client's inner transport or to
one call's arguments, as the library needs it. A face under a new library is these two classes, and a few lines that
call `Caller.place` and `Caller.call` (or `call_async`):

    target = LIBRARY.target(request)
    place = caller.place(target)
    if place is None:
        return ...                                   # none of ours: send it as if recoup was not there
    return caller.call(request, LIBRARY, wire, target, place)

What a face promises beside:

- One `wire.send` is one request on the wire. Whatever the library re-sends, redirects or retries by itself below is
  switched off: a write that is sent twice in silence cannot be counted, nor judged.
- `wire.send` returns as soon as the head of the answer is there, its body unread where the library can do that; it
  raises for no status.
- Requests and responses are passed through: the flow hands up an object of the library's own, never one of ours.

Requests and responses are `Any` here, on purpose: only the library's own implementation knows their types.
"""

from __future__ import annotations

from typing import Any, Protocol

import msgspec

from recoup.exchange import Headers, NoResponse, Request
from recoup.transports.outcome import Outcome

__all__ = ["AsyncWire", "Library", "Look", "Prefix", "SyncWire", "Target"]

Look = tuple[int, str | None, str | None, str | None]
"""The HTTP status, and the fields Content-Type, Content-Length and x-amzn-RateLimit-Limit."""


class Target(msgspec.Struct, frozen=True, gc=False):
    """Where a request goes: `method` in upper case, `scheme` and `authority` (host, or host:port, without user and
    password; IPv6 in brackets) in lower case, international names as they travel (`xn--`), and `path` as sent, still
    percent-encoded, without the query.
    """

    method: str
    scheme: str
    authority: str
    path: str


class Prefix(msgspec.Struct, frozen=True):
    """The first part of a body that is longer than what the flow wants to read, and what brings the rest.

    `rest` is known to the wire that made it and to its library's `give_back`, and to nobody else.
    """

    read: bytes
    rest: Any


class Library(Protocol):
    """What the flow asks about requests, responses and exceptions. Nothing here sends or waits.

    One instance serves all calls, from all threads. `target`, `header`, `look` and `attach` are asked in every
    call; all the others where something went wrong, or where a token is put into the request.
    """

    errors: tuple[type[Exception], ...]
    """What `send` and `read` of the wire may raise on account of the network or the other side. Whatever else they
    raise (a mistake in the caller's own code, a cancelled task) passes through the flow untouched."""

    # --- requests ---------------------------------------------------------------------------------------------------

    def target(self, request: Any) -> Target:
        """Where the request goes."""

    def header(self, request: Any, name: str) -> str | None:
        """The value of this header field of the request, None or empty where it has none. `name` is in lower case."""

    def with_header(self, request: Any, name: str, value: str) -> Any:
        """The same request with this field and no other of its name: a copy, or an object that only this call sees.

        The caller's own request never holds our token: a redirect, a log line or a traceback would carry it further.
        """

    def replayable(self, request: Any) -> bool:
        """Whether the body can be sent twice: bytes can, a generator or a file that cannot be rewound cannot."""

    def body(self, request: Any) -> bytes | None:
        """The body where it can be sent twice and is known without reading a stream up; b"" where there is none."""

    def value(self, request: Any) -> Request:
        """The whole request as a value for the diagnosis: method, URL, all header fields in their order, body."""

    def token_request(self, asked: Request, *, like: Any) -> Any:
        """A request of the library, or whatever the same wire's `send` takes for one, for `asked`.

        It keeps the time limits of `like`, the call on whose behalf it is sent, and nothing else of it: no cookies, no
        header fields, no query.
        """

    # --- responses --------------------------------------------------------------------------------------------------

    def look(self, response: Any) -> Look:
        """What every answer is first judged by, in one look."""

    def response_header(self, response: Any, name: str) -> str | None:
        """The value of this header field of the response, or None. `name` is in lower case."""

    def response_headers(self, response: Any) -> Headers:
        """All header fields in their order, duplicates kept."""

    def decoded(self, response: Any, raw: bytes) -> bytes:
        """`raw`, as the wire read it, with its Content-Encoding undone; as it is where that fails, or where the
        library has done so already. At most some 32 MB of it: a short body can unpack to anything.
        """

    def give_back(self, response: Any, read: bytes | Prefix) -> Any:
        """A response that can be read as if nobody had read it yet: `read` is what the wire returned for its body.

        The same object where the library allows it. It must be readable by every means that the library offers
        (at once, in chunks, raw), count as fully read only where the caller reads it, and let go of its connection.
        """

    def attach(self, response: Any, outcome: Outcome) -> None:
        """Put the outcome where `recoup.outcome(response)` finds it: in `response.extensions["recoup"]` or as the
        attribute `recoup`.
        """

    # --- exceptions -------------------------------------------------------------------------------------------------

    def no_response(self, error: Exception) -> NoResponse | None:
        """What an exception of `send` says: there was no answer, for this reason. None where the request itself is at
        fault and was not sent; such an exception is raised again. Texts are redacted, `sent` is False only where the
        request surely never left: a write is repeated then.
        """

    def broken_off(self, error: Exception) -> NoResponse:
        """What an exception of `read` says: the head of an answer had come, and its body did not (all of it)."""


class SyncWire(Protocol):
    """What does input and output for one synchronous call, or for all calls through one inner transport."""

    def send(self, request: Any) -> Any:
        """Send the request once and return the response, its body unread."""

    def read(self, response: Any, limit: int) -> bytes | Prefix:
        """The body of the response as it came: whole, or a `Prefix` where there is more than `limit` bytes of it.

        Lets go of the connection where the body ended, or broke off with an exception.
        """

    def complete(self, response: Any, limit: int) -> Any:
        """Wait until the body is there, or more than `limit` bytes of it; the response to hand up.

        Nobody looks into the body here. The response counts as unread afterwards, and raises no less than `read` does
        where the body breaks off. The same as `give_back` of what was read, if there is nothing that costs less.
        """

    def close(self, response: Any) -> None:
        """Let go of a response that nobody is going to see, wherever its reading has got to."""


class AsyncWire(Protocol):
    """The same for asynchronous calls, on asyncio. A cancelled `send` or `read` leaves no connection half used."""

    async def send(self, request: Any) -> Any:
        """Send the request once and return the response, its body unread."""

    async def read(self, response: Any, limit: int) -> bytes | Prefix:
        """The body of the response as it came: whole, or a `Prefix` where there is more than `limit` bytes of it.

        Lets go of the connection where the body ended, or broke off with an exception.
        """

    async def complete(self, response: Any, limit: int) -> Any:
        """Wait until the body is there, or more than `limit` bytes of it; the response to hand up. As above."""

    async def close(self, response: Any) -> None:
        """Let go of a response that nobody is going to see, wherever its reading has got to."""
