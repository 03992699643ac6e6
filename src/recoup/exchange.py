"""The values that everything in recoup speaks: a request, a response, and what came of them.

All of them are immutable. Times are UTC instants, durations are seconds, bodies are bytes. Nothing here sends, parses
or judges: `recoup.diagnosis` does, from these values alone.

A `repr` of these values never shows a token, a secret or a body: they end up in logs and tracebacks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from enum import StrEnum

import msgspec

from recoup.redaction import redact_headers, redact_url

__all__ = ["Exchange", "Headers", "NoResponse", "NoResponseKind", "Request", "Response"]

HeaderItems = Iterable[tuple[str | bytes, str | bytes]]


class Headers:
    """HTTP header fields in the order in which they were sent, duplicates kept, names matched in any case.

    Values that are not text are read as ISO 8859-1, as HTTP does, so that any bytes make a `Headers`.
    """

    __slots__ = ("_index", "_items")

    def __init__(self, items: Headers | Mapping[str, str] | HeaderItems | None = None) -> None:
        pairs: HeaderItems
        if items is None:
            pairs = ()
        elif isinstance(items, Headers):
            pairs = items.items()
        elif isinstance(items, Mapping):
            pairs = tuple(items.items())
        else:
            pairs = items
        self._items: tuple[tuple[str, str], ...] = tuple((_text(name), _text(value)) for name, value in pairs)
        self._index: dict[str, list[str]] | None = None

    def _lookup(self) -> dict[str, list[str]]:
        if self._index is None:
            index: dict[str, list[str]] = {}
            for name, value in self._items:
                index.setdefault(name.lower(), []).append(value)
            self._index = index
        return self._index

    def get(self, name: str, default: str | None = None) -> str | None:
        """The first value of the field called `name`, or `default`."""
        values = self._lookup().get(name.lower())
        return values[0] if values else default

    def get_all(self, name: str) -> list[str]:
        """Every value of the field called `name`, in the order in which they were sent."""
        return list(self._lookup().get(name.lower(), ()))

    def items(self) -> tuple[tuple[str, str], ...]:
        """All fields as (name, value), as they were sent."""
        return self._items

    def set(self, name: str, value: str) -> Headers:
        """A copy in which the field called `name` has this value and no other; its place in the order is kept."""
        lowered, out, done = name.lower(), [], False
        for item_name, item_value in self._items:
            if item_name.lower() != lowered:
                out.append((item_name, item_value))
            elif not done:
                out.append((item_name, value))
                done = True
        if not done:
            out.append((name, value))
        return Headers(out)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._lookup()

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Headers) and self._items == other._items

    def __hash__(self) -> int:
        return hash(self._items)

    def __repr__(self) -> str:
        return f"Headers({list(redact_headers(self._items))!r})"


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("latin-1")


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One HTTP request: `url` is absolute where the sender knew the host; `body` is None where it is not known.

    `raw` holds the bytes as they stood on the wire, head and body, where somebody saw them there.
    """

    method: str
    url: str
    headers: Headers = Headers()
    body: bytes | None = None
    raw: bytes | None = None

    @property
    def host(self) -> str:
        """Host name in lower case, from the URL or else from the Host field; empty where neither tells."""
        return _split(self.url)[0] or _split(f"//{(self.headers.get('host') or '').strip()}")[0]

    @property
    def path(self) -> str:
        """Path as sent: still percent-encoded, without the query."""
        return _split(self.url)[1]

    @property
    def query(self) -> dict[str, str]:
        """Query parameters, decoded once; of a repeated name the last value counts."""
        from urllib.parse import parse_qsl  # late: an import that most programs' first call does not need

        return dict(parse_qsl(_split(self.url)[2], keep_blank_values=True))

    def __repr__(self) -> str:
        body = "None" if self.body is None else f"<{len(self.body)} bytes>"
        return f"Request({self.method[:32]!r}, {redact_url(self.url)!r}, {self.headers!r}, body={body})"


# What nearly every URL looks like; the rest (passwords, IPv6, fragments, blanks) is left to the library, which is slow.
_USUAL_URL = re.compile(
    r"(?:[a-z]{3,8}://(?P<host>[a-z0-9.\-]+)(?::[0-9]*)?)?(?P<path>/(?!/)[!-\"$->@-~]*)(?:\?(?P<query>[!-\"$-~]*))?"
)


def _split(url: str) -> tuple[str, str, str]:
    usual = _USUAL_URL.fullmatch(url)
    if usual is not None:
        return (usual["host"] or "", usual["path"], usual["query"] or "")
    from urllib.parse import urlsplit  # as above

    try:
        parts = urlsplit(url)
    except ValueError:  # an unfinished IPv6 literal and the like: the path is still worth having
        path, _, query = url.partition("?")
        return ("", path, query)
    return (parts.hostname or "", parts.path, parts.query)


class Response(msgspec.Struct, frozen=True, kw_only=True):
    """One HTTP response, its body whole and decoded from any Content-Encoding."""

    status: int
    headers: Headers = Headers()
    body: bytes = b""

    def __repr__(self) -> str:
        return f"Response({self.status}, {self.headers!r}, body=<{len(self.body)} bytes>)"


class NoResponseKind(StrEnum):
    """Why there is no response."""

    CONNECT = "connect"  # refused, unreachable, name not resolved: nothing was sent
    TLS = "tls"  # the handshake failed: nothing was sent
    TIMEOUT = "timeout"  # sent, or partly sent, and no answer in time
    RESET = "reset"  # the connection broke after sending began
    TRUNCATED = "truncated"  # the answer began and did not end
    PROTOCOL = "protocol"  # what came back is not HTTP
    OTHER = "other"


class NoResponse(msgspec.Struct, frozen=True, kw_only=True):
    """What the client saw in place of a response. `sent` is False only where the request surely never left."""

    kind: NoResponseKind
    sent: bool = True
    text: str = ""


class Exchange(msgspec.Struct, frozen=True, kw_only=True):
    """One request and what came of it: a response, or the reason why there was none.

    Every part may be missing: a pasted error body has no request, a log line may have a status and nothing else. `at`
    is the UTC instant at which the request was sent; `elapsed` is in seconds.
    """

    request: Request | None = None
    response: Response | None = None
    no_response: NoResponse | None = None
    at: datetime | None = None
    elapsed: float | None = None
