"""Every operation of the Selling Partner API that is known: how it is called, how often it may be, what it answers.

The data stand in operations.jsonl, one operation a line, sorted by path and method, fields at their default left out.
They come from Amazon's Swagger files, from the published client library where it is newer than these, and from what was
written by hand (see `recoup.catalogue.facts.derive`); `source` says which.
"""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from pathlib import Path

import msgspec

from recoup.catalogue.facts.routes import Routes

__all__ = [
    "Batch",
    "Body",
    "Operation",
    "OperationTable",
    "Parts",
    "PartsBy",
    "Party",
    "PartyBasis",
    "RateBasis",
    "ReadBack",
    "RepeatableIf",
    "decode_operations",
    "operations",
]


class RateBasis(StrEnum):
    """Who says what the usage plan is."""

    MODEL = "model"  # the plan table in the description of the operation in Amazon's model
    DOCUMENTED = "documented"  # another page of Amazon's
    THIRD_PARTY = "third-party"  # the documentation of a client library, which quotes a page that could not be read
    PLACEHOLDER = "placeholder"  # the model has a plan table, and it says "n"
    UNKNOWN = "unknown"  # no plan was found anywhere


class Body(StrEnum):
    """Whether a request carries a body."""

    NONE = "none"
    OPTIONAL = "optional"
    REQUIRED = "required"


class Party(StrEnum):
    """Whose authorisation an operation needs."""

    SELLER = "seller"
    VENDOR = "vendor"
    BOTH = "both"


class PartyBasis(StrEnum):
    """How `party` is known."""

    ASSUMED = "assumed"  # nothing says otherwise, and the path does not begin with /vendor
    PATH = "path"  # the path begins with /vendor
    DOCUMENTED = "documented"  # a page of Amazon's or the words of its model say so
    RECALLED = "recalled"  # from memory of Amazon's availability tables: likely, not verified


class ReadBack(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How to learn whether a write took effect, when its answer was lost.

    `operation` is the id of the operation that reads (of the same API and version where there is one), `see` says in
    our words what shows the effect. What it needs in path and query is taken from the write: what has the same name in
    its path, required parameters of the same name in its query, and by `fill` the rest. There a value is `path:NAME`,
    `query:NAME` or `body:PLACE` of the write (`a.b`, `a[].b`; more than one value is joined with commas), or
    `=VALUE`.
    """

    operation: str
    see: str
    fill: dict[str, str] = {}


class RepeatableIf(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What makes one request of an operation safe to send again, although others of it are not.

    `any_header`: one of these header fields stands in it, with a value. `list` and `has`: every element of that list in
    the body holds this field, and no null there, save those whose `uri` begins with one of `reads`, which change
    nothing. Places are written `a.b`.
    """

    any_header: tuple[str, ...] = ()
    list: str = ""
    has: str = ""
    reads: tuple[str, ...] = ()


class PartsBy(StrEnum):
    """What joins a part of the answer to its part of the request."""

    INDEX = "index"  # the answer lists the parts in the order of the request
    NAME = "name"  # the answer names the part, and the request lists names
    MENTION = "mention"  # the answer names the part, and one element of the request's list holds that name


class Parts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a request that asks for many things is cut down to some of them.

    `list` is the place of the list in the body (`requests`), empty where the body is the list.
    """

    list: str
    by: PartsBy = PartsBy.INDEX


class Batch(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How to ask for many things with one request.

    `operation` is the `api/version/id` of the operation that does it, which may be the same one. `items` is how many go
    into one request, None where no maximum is stated; `by` the parameter or list that takes them, empty where a listing
    gives them by time or state.
    """

    operation: str
    items: int | None = None
    by: str = ""


class Operation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One operation. Ids are not unique (`getShipment` belongs to several APIs); method and path together are.

    Absence has a meaning that differs by field:

    - `rate`, `burst` None: not known (`rate_basis` says whether a placeholder stands there). Never "unlimited".
    - `success`, `errors` empty: not known; a status that is missing from a non-empty `errors` is merely not declared.
    - `roles` None: not known which roles open it (known for fewer than half). Never "needs no role".
    - `grantless` None: needs a selling partner's authorisation, as far as the models say.
    - `read_back` None: nothing was written down about how to read the effect; a read needs none.
    - query, date, array, header and page-token names empty: the source lists none. For the routes that no model
      describes (`source` does not begin with "model:") the lists may be short of what the service takes.
    """

    id: str
    api: str
    version: str
    method: str
    path: str
    source: str
    rate: float | None = None  # requests a second that refill the bucket
    burst: int | None = None  # size of the bucket
    rate_basis: RateBasis = RateBasis.UNKNOWN
    query: tuple[str, ...] = ()
    required_query: tuple[str, ...] = ()
    date_query: tuple[str, ...] = ()  # query parameters that take an ISO 8601 instant or date
    csv_query: tuple[str, ...] = ()  # arrays, sent as one comma-separated value
    multi_query: tuple[str, ...] = ()  # arrays, sent as a repeated parameter
    max_items: dict[str, int] = {}  # of those arrays, where a maximum is stated
    headers: tuple[str, ...] = ()  # header fields of the operation's own
    body: Body = Body.NONE
    body_dates: tuple[str, ...] = ()  # places in the body that hold an instant or date; [] stands for every element
    page_token: tuple[str, ...] = ()  # query parameters that take the token of the next page
    marketplace: tuple[str, ...] = ()  # query parameters that take marketplace ids
    party: Party = Party.SELLER
    party_basis: PartyBasis = PartyBasis.ASSUMED
    grantless: str | None = None  # the scope of a grantless token that opens it
    success: tuple[int, ...] = ()
    errors: tuple[int, ...] = ()
    deprecated: bool = False  # the model's own mark; dates are in deprecations.json
    sandbox_only: bool = False
    roles: tuple[str, ...] | None = None
    roles_basis: str | None = None
    greedy: bool = False  # the last parameter takes the rest of the path, slashes included
    effect: bool | None = None  # whether a call changes anything, where the method misleads; None: the method tells
    repeatable: bool | None = None  # an identical call can be sent again without a second effect; None: not known
    repeatable_if: RepeatableIf | None = None  # the same, for requests that carry this
    read_back: ReadBack | None = None
    parts: Parts | None = None  # how to ask again for some of what was asked; None: the request cannot be cut
    batch: Batch | None = None  # what asks for many of the same in one request; None: nothing is known to
    note: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """api, version and id: unique, but for External Fulfillment of 2021, which made invoices in two ways."""
        return (self.api, self.version, self.id)

    @property
    def writes(self) -> bool:
        """Whether a call changes anything at Amazon: by its method, save where the overlay knows better."""
        return self.method not in ("GET", "HEAD") if self.effect is None else self.effect

    @property
    def safe(self) -> bool:
        """Whether an identical call may be sent again when the outcome of the first is unknown.

        Reads are. Writes are only where that is known, as of the operation that answers the same again. Not known
        counts as not safe, and so does what depends on the request (`repeatable_if`; `recoup.recovery.repeatable`
        looks at it).
        """
        return not self.writes if self.repeatable is None else self.repeatable


_DEPRECATED = 0.06  # how much less near an operation is that is on its way out


class OperationTable:
    """All operations, found by what was sent, by id, or by likeness. Build it through `operations()`."""

    def __init__(self, items: tuple[Operation, ...]) -> None:
        self.items = items
        self._routes: Routes[Operation] = Routes()
        self._ids: dict[str, list[Operation]] = {}
        for item in items:
            handicap = _DEPRECATED if item.deprecated else 0.0
            self._routes.add(item.method, item.path, item, greedy=item.greedy, handicap=handicap)
            self._ids.setdefault(item.id, []).append(item)

    def __len__(self) -> int:
        return len(self.items)

    def find(self, method: str, path: str) -> Operation | None:
        """The operation that a request with this method and path reaches, or None.

        `path` is as sent: percent-encoded, a query is ignored. A literal segment beats a parameter; an empty segment
        (a doubled or trailing slash) matches nothing. Never raises.
        """
        return self._routes.find(method, path)

    def find_any_method(self, path: str) -> list[Operation]:
        """The operations of that path, whatever the method, sorted by method."""
        return [item for _, item in sorted(self._routes.find_methods(path).items())]

    def parameters(self, operation: Operation, path: str) -> dict[str, str]:
        """The values of the path parameters, decoded once; empty where `path` is not one of `operation`'s."""
        return self._routes.parameters(operation.path, path, greedy=operation.greedy)

    def nearest(self, method: str, path: str, limit: int = 3) -> list[Operation]:
        """The known operations that were most likely meant, likeliest first; empty where nothing comes near.

        The same path under another method comes first, then paths that differ by a version, by a misspelt or missing
        segment, by case, by a slash too many. A path that is known as it is comes back alone.
        """
        exact = self.find(method, path)
        return [exact] if exact is not None else self._routes.nearest(method, path, limit)

    def by_id(self, operation_id: str) -> list[Operation]:
        """Every operation of that id, newest version first (a date, or v0, v1, v2); empty for an unknown id."""
        return sorted(self._ids.get(operation_id, ()), key=_age)

    def get(self, operation_id: str, api: str, version: str | None = None) -> Operation | None:
        """The operation of that id in `api`; without a version the newest one."""
        for item in self.by_id(operation_id):
            if item.api == api and version in (None, item.version):
                return item
        return None

    def read_back(self, operation: Operation) -> Operation | None:
        """The operation that shows whether `operation` took effect, or None where that was not written down."""
        if operation.read_back is None:
            return None
        wanted = operation.read_back.operation
        near = [item for item in self.by_id(wanted) if item.api == operation.api]
        # The same version first, then the route that takes the same parameters.
        near.sort(key=lambda item: (item.version != operation.version, len(_names(item.path) ^ _names(operation.path))))
        return near[0] if near else None


def _age(item: Operation) -> tuple[bool, tuple[int, ...], str]:
    dated = item.version[:1].isdigit()
    digits = int("".join(c for c in item.version if c.isdigit()) or 0)
    return (not dated, (-digits,), item.path)


def _names(path: str) -> set[str]:
    return {part for part in path.split("/") if part.startswith("{")}


def decode_operations(data: bytes) -> tuple[Operation, ...]:
    """The operations in the bytes of a .jsonl file. Raises `msgspec.DecodeError` for anything else."""
    return tuple(msgspec.json.Decoder(Operation).decode_lines(data))


@cache
def operations() -> OperationTable:
    """The table that comes with recoup, read on first use (a few milliseconds) and kept."""
    return OperationTable(decode_operations(Path(__file__).with_name("operations.jsonl").read_bytes()))
