"""What was really sent: a record of requests and answers as they stood on the wire, secrets masked.

    with recoup.record() as wire:
        client.get(…)
    print(wire)                        # raw HTTP messages, which `recoup diagnose` reads
    recoup.diagnose(wire.exchanges[0])

A record holds what recoup sent within the block: by this thread or task, and by the tasks that were started from it
(`contextvars`). A thread has a context of its own; `contextvars.copy_context().run` takes the record along. Every
attempt is recorded, token requests too. Secrets are masked before anything is kept: what is in a record was never more.
"""

from __future__ import annotations

from contextlib import suppress
from contextvars import ContextVar, Token
from enum import StrEnum
from os import PathLike
from typing import Any, Self

import msgspec

from recoup.exchange import Exchange
from recoup.storage.forks import ProcessLock

__all__ = ["Recorded", "Recording", "Seen", "Tap", "here", "record", "recorded", "recordings"]

_BODIES = 65_536  # bytes
_MOST = 1000


class Seen(StrEnum):
    """How much of a request's head was seen."""

    BYTES = "bytes"  # the very bytes that went out, but for what is masked
    FIELDS = "fields"  # the header fields that went out, packed by HTTP/2
    REQUEST = "request"  # the request as the library was given it: what it added on the way is not known
    NOTHING = "nothing"  # nothing went out: there was no connection


class Tap:
    """What is told of one sending, by whoever knows it.

    A library with a method `tap(request, tap)` returns the request to send in its place, one that calls `head` with
    what goes out. What sends far below finds the tap of its thread or task by `here()`. Where nobody tells anything
    the request is recorded as the library was given it.
    """

    def __init__(self, *, is_async: bool) -> None:
        self.is_async = is_async
        self.seen: Seen | None = None
        self.bytes = b""
        self._before: Token[Tap | None] | None = None

    def head(self, head: bytes, seen: Seen = Seen.BYTES) -> None:
        """The request line and header lines, up to the blank line and with it."""
        self.bytes, self.seen = head, seen

    def nothing(self) -> None:
        """Until `head` is called nothing went out."""
        self.seen = Seen.NOTHING

    def __enter__(self) -> Self:
        self._before = _sending.set(self)
        return self

    def __exit__(self, *exc: object) -> None:
        if self._before is not None:
            _sending.reset(self._before)


_sending: ContextVar[Tap | None] = ContextVar("recoup.sending", default=None)
here = _sending.get
"""The tap of what is being sent here now; nearly always none."""


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """One request that was sent, and what came of it, secrets masked.

    `exchange.request.raw` holds the head as it went out, with the body where it is known. `seen` says how much of
    the head is certain. `call` and `attempt` are those of the events; 0 where none was told. `fault`, `tied` and
    `decision` are what recoup made of the answer: None, 0 and empty where it had no reason to look.
    """

    exchange: Exchange
    head: str
    seen: Seen
    version: str = ""
    reason: str = ""
    streamed: bool = False
    call: int = 0
    attempt: int = 0
    fault: str | None = None
    tied: int = 0
    decision: str = ""


class Recording:
    """What `record` gives. Safe to read at any time, also while calls are under way."""

    def __init__(self, *, bodies: int, most: int) -> None:
        self.bodies = bodies
        self._most = most
        self._lock = ProcessLock()
        self._entries: list[Recorded] = []
        self._token: Token[tuple[Recording, ...]] | None = None
        self.open = False
        self.dropped = 0
        """How many attempts were not kept because there were more than `most`: the oldest."""

    @property
    def attempts(self) -> tuple[Recorded, ...]:
        """What was sent, oldest first."""
        with self._lock:
            return tuple(self._entries)

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """The same as exchanges, for `recoup.diagnose`."""
        return tuple(each.exchange for each in self.attempts)

    def as_text(self) -> str:
        """All messages as raw HTTP, after a list of them in lines that begin with `#`. `recoup diagnose` reads it."""
        from recoup.transports.transcript import transcript  # late: who only counts exchanges needs no text

        return transcript(self.attempts, self.dropped)

    def as_har(self) -> dict[str, Any]:
        """The record as plain data in the HAR 1.2 format, which browsers and proxies read. What recoup adds stands
        under `_recoup`.
        """
        from recoup.transports.transcript import har

        return har(self.attempts)

    def save(self, path: str | PathLike[str]) -> None:
        """Write it as text, or as HAR where the name ends so."""
        from pathlib import Path  # late, as above

        target = Path(path)
        if target.suffix.lower() == ".har":
            target.write_bytes(msgspec.json.format(msgspec.json.encode(self.as_har()), indent=2))
        else:
            target.write_text(self.as_text(), encoding="utf-8", newline="")

    def __len__(self) -> int:
        return len(self._entries)

    def __str__(self) -> str:
        return self.as_text()

    def __repr__(self) -> str:
        return f"<Recording of {len(self)} exchange{'' if len(self) == 1 else 's'}>"

    def __enter__(self) -> Self:
        self.open = True
        self._token = _current.set((*_current.get(), self))
        return self

    def __exit__(self, *exc: object) -> None:
        self.open = False  # tasks that were started within the block may go on: they are not recorded any more
        if self._token is not None:
            with suppress(ValueError):  # left in another context than it was entered in; closed is closed there too
                _current.reset(self._token)
            self._token = None

    def add(self, entry: Recorded) -> None:
        """Keep one more attempt; the oldest goes where there are too many. Does nothing after the block."""
        if not self.open:
            return
        with self._lock:
            self._entries.append(entry)
            if len(self._entries) > self._most:
                del self._entries[0]
                self.dropped += 1

    def replace(self, old: Recorded, new: Recorded) -> None:
        """Keep `new` in the place of `old`, where that is still kept."""
        with self._lock:
            for index in range(len(self._entries) - 1, -1, -1):
                if self._entries[index] is old:
                    self._entries[index] = new
                    return


_current: ContextVar[tuple[Recording, ...]] = ContextVar("recoup.recordings", default=())
recorded = _current.get
"""The records that were begun here, also those that are closed by now; nearly always none."""


def record(*, bodies: int = _BODIES, most: int = _MOST) -> Recording:
    """Record what recoup sends within the `with` block, secrets masked.

    At most `bodies` bytes of each body are kept; with 0 only their length, which is for whoever may not keep buyers'
    names and addresses: these are no secrets to recoup, and stand in the bodies of orders. At most `most` attempts are
    kept, the newest. Records can be nested; each has everything.
    """
    return Recording(bodies=bodies, most=most)


def recordings() -> tuple[Recording, ...]:
    """The records that are open here; nearly always none. Costs some 50 ns then."""
    current = _current.get()
    return tuple(each for each in current if each.open) if current else current
