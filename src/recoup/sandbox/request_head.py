"""From the bytes of one head to a request: the quick way for a good one, and the thorough way for a strange one.

The quick way looks each header line up among those that were seen before, since a client sends the same ones again and
again, and takes nothing that needs thought. What it does not take is judged by the wire rules first.
"""

from __future__ import annotations

import re
from functools import lru_cache

import msgspec

from recoup.lint.wire.head import Head
from recoup.lint.wire.transfer_coding import is_chunked

__all__ = ["Announced", "Received", "plain", "strangely_good", "text"]

_TOKEN = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]++"
_LINE = re.compile(rf"({_TOKEN}) (/[\x21-\x7e\x80-\xff]*+) HTTP/1\.([01])")
_FIELD = re.compile(rf"({_TOKEN}):[ \t]*+([\x21-\x7e\x80-\xff][\t\x20-\x7e\x80-\xff]*+)")
_HOST = re.compile(r"[A-Za-z0-9.\-]++(?::[0-9]++)?")
_DIGITS = re.compile(r"[0-9]{1,18}")
_SPECIAL = frozenset({"host", "content-length", "transfer-encoding", "connection", "expect"})
_MOST_LINES = 4096  # well-formed header lines that are remembered, since a client sends the same ones again and again
_LONGEST_LINE = 600  # characters of such a line


class Received(msgspec.Struct):
    """One complete request off the wire. `size` counts also the bytes of a body that was too large to be kept."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes
    size: int
    keep_alive: bool
    version: str  # 1.0 or 1.1


# A request without its body; the length that is announced; whether the body comes in chunks; whether the client waits
# to be told that it may send it.
Announced = tuple[Received, int, bool, bool]

_LINES: dict[str, tuple[tuple[str, str], str]] = {}  # shared by all connections


def _field(line: str) -> tuple[tuple[str, str], str] | None:
    """Name and value of a header line, and the name in lower case where it matters here; None where it is not plain."""
    good = _FIELD.fullmatch(line)
    if good is None:
        return None
    name, value = good.groups()
    key = name.lower()
    if key == "host" and _HOST.fullmatch(value.rstrip(" \t")) is None:
        return None
    found = ((name, value.rstrip(" \t")), key if key in _SPECIAL else "")
    if len(line) <= _LONGEST_LINE:
        if len(_LINES) >= _MOST_LINES:
            _LINES.clear()
        _LINES[line] = found
    return found


def plain(head: str) -> Announced | None:
    """The request of a head that is well-formed in every line; None where anything needs a closer look."""
    lines = head.split("\r\n")
    good = _LINE.fullmatch(lines[0])
    if good is None:
        return None
    method, target, minor = good.groups()
    fields: list[tuple[str, str]] = []
    hosts, length, chunked, connection, asks = 0, -1, False, "", False
    for line in lines[1:]:
        known = _LINES.get(line) or _field(line)
        if known is None:
            return None
        field, key = known
        fields.append(field)
        if not key:
            continue
        value = field[1]
        if key == "host":
            hosts += 1
        elif key == "content-length":
            if length >= 0 or _DIGITS.fullmatch(value) is None:
                return None
            length = int(value)
        elif key == "transfer-encoding":
            if chunked or value.lower() != "chunked":
                return None
            chunked = True
        elif key == "connection":
            connection = f"{connection},{value}" if connection else value
        else:
            asks = value.lower() == "100-continue"
    if hosts != 1 or (chunked and length >= 0) or ((chunked or length >= 0) and method in ("GET", "HEAD")):
        return None
    version = f"1.{minor}"
    received = Received(method, target, fields, b"", max(length, 0), _stays(version, connection), version)
    return received, received.size, chunked, asks and version != "1.0" and (chunked or length > 0)


@lru_cache(maxsize=256)
def _stays(version: str, connection: str) -> bool:
    """Whether the connection is kept for another request."""
    if not connection:
        return version != "1.0"
    options = {option.strip(" \t").lower() for option in connection.split(",")}
    return "close" not in options if version != "1.0" else "keep-alive" in options


def strangely_good(head: Head) -> Announced:
    """The request of a head that the wire rules have nothing against."""
    version = "1.0" if head.text(head.version) == b"HTTP/1.0" else "1.1"
    lengths = head.named(b"content-length")
    length, chunked = int(lengths[0].value) if lengths else 0, is_chunked(head)
    connection = ",".join(text(field.value) for field in head.named(b"connection"))
    received = Received(
        text(head.text(head.method)),
        text(head.text(head.target)),
        [(text(field.name), text(field.value)) for field in head.fields],
        b"",
        length,
        _stays(version, connection),
        version,
    )
    asks = any(field.value.lower() == b"100-continue" for field in head.named(b"expect"))
    return received, length, chunked, asks and version != "1.0" and (chunked or length > 0)


def text(data: bytes) -> str:
    """Bytes of a head as HTTP reads them."""
    return data.decode("latin-1")
