"""The gateway itself, as an ASGI application: a request in, the same request out by recoup, the answer back.

Path, query, body and header fields go through as they are, apart from those of one connection, the access token where
the request brings none, and the fields that begin with `x-recoup-`.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from recoup.gateway.answers import Answer, own, refusal
from recoup.gateway.asked import LOCAL, Refused, read
from recoup.gateway.bodies import Inbox
from recoup.gateway.doors import Doors
from recoup.gateway.options import GatewayOptions
from recoup.gateway.passage import Passage
from recoup.gateway.reply import Reply
from recoup.gateway.tally import LOGGER, Line, Tally, name_of, operation_of
from recoup.redaction import redact_text

__all__ = ["App"]

_JSON = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]


class App:
    """The application. `aclose` it when nothing runs any more."""

    def __init__(self, options: GatewayOptions) -> None:
        self._options = options
        self._doors = Doors(options)
        self._tally = Tally()

    async def __call__(
        self,
        scope: Mapping[str, Any],
        receive: Callable[[], Awaitable[Any]],
        send: Callable[[Any], Awaitable[None]],
    ) -> None:
        """One request."""
        reply = Reply(send, scope["extensions"]["recoup.abort"])
        try:
            asked = read(scope, self._options)
        except Refused as refused:
            self._tally.refused += 1
            LOGGER.warning("refused with %d: %s", refused.status, redact_text(refused.message))
            await reply.whole(refusal(refused.status, refused.message, refused.details), close=_has_body(scope))
            return
        if isinstance(asked, bytes):
            await self._page(asked, scope["method"], reply)
            return
        operation = operation_of(asked)
        line = Line(name=name_of(asked, operation), began=time.monotonic())
        line.seller = None if asked.seller is None else asked.seller.name
        reply.ending = self._tally.begin(line)
        try:
            door = self._doors.door(asked, operation)
            passage = Passage(asked, operation, Inbox(receive), reply, line, timeout=self._options.timeout)
            await passage.run(door, self._options.buffer)
        except Refused as refused:
            line.status, line.note = refused.status, refused.message
            await reply.whole(refusal(refused.status, refused.message, refused.details), close=True)
        except Exception as error:  # noqa: BLE001  told to the program and to the log; others are served on
            line.note = "a mistake of the gateway"
            LOGGER.error("%s failed: %s: %s", line.name, type(error).__name__, redact_text(str(error)))
            await self._mistake(reply, line)
        finally:
            reply.ending()

    async def _mistake(self, reply: Reply, line: Line) -> None:
        if reply.started:
            await reply.break_off()
            return
        line.status = 500
        said = "A mistake of the gateway, not of Amazon's; its log says which."
        await reply.whole(own(500, "GatewayError", said, "The call may have been sent to Amazon."), close=True)

    async def _page(self, path: bytes, method: str, reply: Reply) -> None:
        pages: dict[bytes, Callable[[], Any]] = {
            LOCAL + b"health": lambda: {"status": "ok"},
            LOCAL + b"status": self.status,
        }
        if path not in pages or method not in ("GET", "HEAD"):
            known = ", ".join(page.decode() for page in pages)
            await reply.whole(refusal(404, "The gateway has no such page.", f"There are {known}."), close=True)
            return
        body = msgspec.json.encode(pages[path]())
        fields = [*_JSON, (b"content-length", b"%d" % len(body))]
        await reply.whole(Answer(status=200, headers=fields, body=body))

    def status(self) -> dict[str, Any]:
        """What the status page shows: plain data without secrets."""
        options = self._options
        sellers = [
            {"name": seller.name, "upstream": options.upstream_for(seller).url} for seller in options.sellers.values()
        ]
        return {
            "upstream": options.upstream_for(None).url,
            "token_url": options.token_address,
            "brings_tokens": options.client_id is not None,
            "sellers": sellers,
            **self._tally.as_dict(),
        }

    async def aclose(self) -> None:
        """Close the connections to the other side."""
        await self._doors.aclose()


def _has_body(scope: Mapping[str, Any]) -> bool:
    return any(name in (b"content-length", b"transfer-encoding") for name, _ in scope["headers"])
