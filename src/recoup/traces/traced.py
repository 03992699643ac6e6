"""What a reader gives: an exchange with the place where it stands, or why a record could not be read.

All of them hold what stood there, secrets included; whatever is shown of them goes through a diagnosis or redaction.
"""

from __future__ import annotations

from typing import Any

import msgspec

from recoup.catalogue.facts.operations import Operation, operations
from recoup.exchange import Exchange, Request
from recoup.traces.paths import names

__all__ = [
    "SKIPPED",
    "Again",
    "Alike",
    "Item",
    "Place",
    "Skipped",
    "Told",
    "Traced",
    "Unread",
    "name_of",
    "operation_named",
    "operation_of",
]


class Place(msgspec.Struct, frozen=True, gc=False):
    """Where something stands: `file` as it was named, `line` from 1, `offset` in bytes from 0 (of the unpacked text).

    Formats that are not made of lines count the lines all the same; where that is not known `line` is 0.
    """

    file: str
    line: int = 0
    offset: int = 0

    def moved(self, lines: int) -> Place:
        """The same so many lines further down; `offset` stays, it counts from the beginning of the file."""
        return Place(self.file, self.line + lines, self.offset) if self.line and lines else self

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else f"{self.file}, byte {self.offset}"

    def as_dict(self) -> dict[str, Any]:
        """Plain data: `file`, `line` (null where it is not known), `offset`."""
        return {"file": self.file, "line": self.line or None, "offset": self.offset}


class Told(msgspec.Struct, frozen=True):
    """What recoup itself had made of the answer when it came, from a log that it wrote: the fault's id, how many rivals
    it was tied with (0: none), and the action that followed.
    """

    fault: str
    tied: int = 0
    decision: str = ""


class Traced(msgspec.Struct, frozen=True, kw_only=True):
    """One exchange of a trace and its place.

    `seller` and `application` are what the trace calls them, None where it does not say. `operation` is
    `api/version/id` where the trace names it and shows no path. `text` is what to read as pasted words where there is
    no more than that; then `exchange` is empty or holds what is known beside them (its instant). `told` is for recoup's
    own logs.
    """

    exchange: Exchange
    place: Place
    seller: str | None = None
    application: str | None = None
    operation: str | None = None
    text: str | None = None
    told: Told | None = None

    @property
    def at(self) -> float | None:
        """When the request was sent, in epoch seconds, where the trace says so."""
        return None if self.exchange.at is None else self.exchange.at.timestamp()


Alike = tuple[Any, ...]
"""All of a failure that its diagnosis depends on beside its request and the other calls, as it stands in a line."""


class Again(msgspec.Struct, kw_only=True):
    """A failure that is alike to one that was read before, so that its line need not be read until it is shown.

    `operation` is `api/version/id`, `at` epoch seconds; `traceable` is one with a request id; `form` is what of the
    request can decide, where somebody has asked for it.
    """

    alike: Alike
    request: Request
    status: int
    operation: str
    at: float | None
    seller: str | None
    traceable: bool
    line: bytes
    place: Place
    form: Alike | None = None


class Unread(msgspec.Struct, frozen=True):
    """A record that could not be read, and why in one sentence that holds nothing of its contents."""

    place: Place
    reason: str


class Skipped(msgspec.Struct, frozen=True):
    """A record that is well-formed and tells of no exchange: another line of the same log."""


SKIPPED = Skipped()

Item = Traced | Again | Unread | Skipped
"""What the readers give, one after the other; `Again` only where a tally may be told so."""


def operation_of(traced: Traced) -> Operation | None:
    """The operation that was called, where its path or the trace itself tells."""
    request = traced.exchange.request
    if request is not None and request.method:
        found = names().look(request.method, request.url.partition("?")[0])[2]
        if found is not None:
            return found
    return operation_named(traced.operation)


def name_of(operation: Operation | None) -> str | None:
    """The operation as `api/version/id`."""
    return None if operation is None else f"{operation.api}/{operation.version}/{operation.id}"


def operation_named(name: str | None) -> Operation | None:
    """The operation that is written `api/version/id`, or by its id alone where only one has it."""
    if not name or len(name) > 200:
        return None
    api, _, rest = name.partition("/")
    version, _, id_ = rest.partition("/")
    if id_:
        return operations().get(id_, api, version)
    known = operations().by_id(name)
    return known[0] if len(known) == 1 else None
