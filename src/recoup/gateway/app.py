"""The gateway itself, as an ASGI application: a request in, the same request out by recoup, the answer back.

Path, query, body and header fields go through as they are, apart from those of one connection, the access token where
the request brings none, and the fields that begin with `x-recoup-`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from recoup.errors import StoreError
from recoup.gateway.answers import Answer, field, own, refusal
from recoup.gateway.asked import LOCAL, Refused, read
from recoup.gateway.bodies import Inbox
from recoup.gateway.doors import Doors
from recoup.gateway.options import GatewayOptions
from recoup.gateway.passage import Passage
from recoup.gateway.reply import Reply
from recoup.gateway.tally import LOGGER, Line, Tally, name_of, operation_of
from recoup.redaction import redact_text

__all__ = ["App"]

_MOST_SHOWN = 500
_JSON = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]


class App:
    """The application. `aclose` it when nothing runs any more."""

    def __init__(self, options: GatewayOptions, store: Any) -> None:
        self._options = options
        self._store = store
        self._doors = Doors(options, store)
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
            await self._mistake(reply, line, asked.method)
        finally:
            reply.ending()

    async def _mistake(self, reply: Reply, line: Line, method: str) -> None:
        if reply.started:
            await reply.break_off()
            return
        line.status = 500
        line.fields = [field("decision", "give_up"), field("who", "developer")]
        if method not in ("GET", "HEAD"):
            line.fields.append(field("unknown-outcome", "true"))
        said = "A mistake of the gateway, not of Amazon's; its log says which."
        answer = own(500, "GatewayError", said, "The call may have been sent to Amazon.", line.fields)
        await reply.whole(answer, close=True)

    async def _page(self, path: bytes, method: str, reply: Reply) -> None:
        pages: dict[bytes, Callable[[], Any]] = {LOCAL + b"health": _healthy, LOCAL + b"status": self.status}
        if path not in pages or method not in ("GET", "HEAD"):
            known = ", ".join(page.decode() for page in pages)
            await reply.whole(refusal(404, "The gateway has no such page.", f"There are {known}."), close=True)
            return
        page = pages[path]
        shown = await asyncio.to_thread(page) if self._store.blocking else page()
        body = msgspec.json.encode(shown)
        fields = [*_JSON, (b"content-length", b"%d" % len(body))]
        await reply.whole(Answer(status=200, headers=fields, body=body))

    def status(self) -> dict[str, Any]:
        """What the status page shows: plain data without secrets. May be called from any thread."""
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
            **_kept(self._store),
        }

    async def aclose(self) -> None:
        """Close the connections to the other side."""
        await self._doors.aclose()


def _healthy() -> dict[str, str]:
    return {"status": "ok"}


def _kept(store: Any) -> dict[str, Any]:
    """What the store holds back and paces, without the entities: an order is nobody's business here."""
    now = time.time()
    try:
        holds, buckets = store.holds(now=now), store.buckets(now=now)
    except StoreError as error:
        return {"store": redact_text(str(error))}
    return {
        "holds": [
            {
                "seller": hold.key.seller,
                "operation": hold.key.operation,
                "since": hold.since,
                "until": hold.until,
                "fault": hold.fault,
                "who": hold.who,
            }
            for hold in holds[:_MOST_SHOWN]
        ],
        "buckets": [
            {
                "seller": state.key.seller,
                "region": state.key.region,
                "operation": state.key.operation,
                "rate": state.plan.rate,
                "burst": state.plan.burst,
                "wait": round(state.wait, 3),
                "throttled": state.throttled,
            }
            for state in buckets[:_MOST_SHOWN]
        ],
    }


def _has_body(scope: Mapping[str, Any]) -> bool:
    return any(name in (b"content-length", b"transfer-encoding") for name, _ in scope["headers"])
