"""Values as programs write them down, read as what they mean: statuses, instants, headers, bodies, addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import msgspec

from recoup.exchange import Headers, NoResponse, NoResponseKind

__all__ = [
    "address_of",
    "body_of",
    "epoch_of",
    "headers_of",
    "instant_of",
    "no_response_of",
    "plain",
    "seconds_of",
    "status_of",
    "text_of",
]

_STATUS = re.compile(r"\s{0,9}([1-5]\d\d)(?!\d)")
_PYTHON_TIME = re.compile(r"(\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d),(\d{1,6})")
_NUMBER = re.compile(r"\d{9,20}(?:\.\d{0,9})?")
_LINE = re.compile(r"(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) (\S{1,8000})(?: HTTP/\d(?:\.\d)?)?")
_FINE = 28  # characters of an instant with a zone and more than six digits after the second, at least
_LATEST = 253_402_300_799.0  # the last second that a datetime can hold
_NO_HEADERS = Headers()
_KINDS = (
    (NoResponseKind.TLS, re.compile(r"certificate|\bssl|\btls|handshake", re.IGNORECASE)),
    (
        NoResponseKind.CONNECT,
        re.compile(
            r"refused|ENOTFOUND|EAI_AGAIN|getaddrinfo|name[_ ]not[_ ]resolved|unreachable|resolve|"
            r"connect(?:ion)? ?time|ConnectTimeout|ConnectError|max retries exceeded.*NewConnection|no route",
            re.IGNORECASE,
        ),
    ),
    (NoResponseKind.TIMEOUT, re.compile(r"time[d ]{0,2}-? ?out|ETIMEDOUT|ESOCKETTIMEDOUT|deadline", re.IGNORECASE)),
    (
        NoResponseKind.RESET,
        re.compile(r"reset|broken pipe|EPIPE|hang up|aborted|RemoteDisconnected|connection[_ ]closed", re.IGNORECASE),
    ),
    (NoResponseKind.TRUNCATED, re.compile(r"IncompleteRead|incomplete|truncated|premature", re.IGNORECASE)),
)


def status_of(value: Any) -> int | None:
    """An HTTP status from a number or from words that begin with one; 0 where the log says that there was none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return int(value) if value == 0 or 100 <= value <= 599 else None
    if isinstance(value, str):
        found = _STATUS.match(value)
        return int(found[1]) if found is not None else 0 if value.strip() == "0" else None
    return None


def epoch_of(value: Any) -> float | None:
    """Epoch seconds from an ISO 8601 instant, a date as HTTP, Python's logging or nginx write it, or a number of
    seconds, milli-, micro- or nanoseconds. An instant without a zone counts as UTC. None for anything else.
    """
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return _scaled(float(value)) if value == value and abs(value) < 1e20 else None
    if not isinstance(value, str) or not 8 <= len(value) <= 64:
        return None
    text = value.strip()
    if len(text) >= _FINE and (moment := _exactly(text)) is not None:
        return _stamp(moment)  # more digits than Python's own reading rounds
    try:
        return _stamp(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        if (moment := _exactly(text)) is not None:
            return _stamp(moment)
    if _NUMBER.fullmatch(text):
        return _scaled(float(text))
    found = _PYTHON_TIME.match(text)
    try:
        if found is not None:
            return _stamp(datetime.fromisoformat(f"{found[1]}.{found[2].ljust(6, '0')}"))
        if "/" in text[:8]:
            return _stamp(datetime.strptime(text, "%d/%b/%Y:%H:%M:%S %z"))
        from email.utils import parsedate_to_datetime  # late: few logs write dates so

        return _stamp(parsedate_to_datetime(text))
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def _exactly(text: str) -> datetime | None:
    """An instant as RFC 3339 has it, rounded to microseconds."""
    try:
        return msgspec.convert(text, datetime) if text[-1:] in "Zz" or text[-6:-5] in "+-" else None
    except (msgspec.ValidationError, UnicodeEncodeError):  # the latter for half a surrogate
        return None


def _scaled(number: float) -> float | None:
    for limit, divisor in ((1e11, 1.0), (1e14, 1e3), (1e17, 1e6), (1e20, 1e9)):
        if number < limit:
            seconds = number / divisor
            return round(seconds, 6) if 0 < seconds <= _LATEST else None
    return None


def _stamp(moment: datetime) -> float | None:
    seconds = (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()
    return seconds if 0 < seconds <= _LATEST else None


def instant_of(value: Any) -> datetime | None:
    """As `epoch_of`, as an instant."""
    if isinstance(value, str) and value[-1:] == "Z" and 20 <= len(value) < _FINE:
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            moment = None
        if moment is not None and moment.tzinfo is UTC and moment.year > 1970:
            return moment
    seconds = epoch_of(value)
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def seconds_of(value: Any, place: str = "") -> float | None:
    """A duration in seconds. The name of its place tells the unit where it ends in `_ms` or is one that counts so."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e18:
        return None
    name = place.rpartition(".")[2].lower()
    if place == "event.duration":  # ECS counts nanoseconds
        return value / 1e9
    if name.endswith(("ms", "responsetime")) or (name == "response_time" and value > 60):
        return value / 1e3
    return float(value)


def text_of(value: Any) -> str | None:
    """A name from a text or a number; None for anything else and for nothing."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, str):
        return value[:500] or None
    return str(value) if isinstance(value, int) else None


def plain(text: str) -> str:
    """`text` without halves of surrogate pairs, which JSON can write and no encoding can."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text


def headers_of(value: Any) -> Headers:
    """Header fields from a mapping, pairs, `{"name": …, "value": …}` objects, or the text of a head."""
    if value is None:
        return _NO_HEADERS
    return Headers([(plain(name), plain(held)) for name, held in _fields(value)])


def _fields(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, held in value.items():
            for each in held if isinstance(held, list) else (held,):
                if isinstance(each, str | int | float):
                    yield str(name), str(each)
    elif isinstance(value, list):
        for each in value:
            if isinstance(each, dict):
                name, held = each.get("name", each.get("key")), each.get("value")
                if isinstance(name, str) and isinstance(held, str | int | float):
                    yield name, str(held)
            elif isinstance(each, list) and len(each) == 2 and isinstance(each[0], str):
                yield each[0], str(each[1])
    elif isinstance(value, str):
        if value.lstrip()[:1] in "{[" and value.strip():
            try:
                yield from _fields(msgspec.json.decode(value))
            except (msgspec.DecodeError, RecursionError):
                return
            return
        for line in value.splitlines():
            name, colon, held = line.partition(":")
            if colon and name and not name.isspace() and " " not in name.strip():
                yield name.strip(), held.strip()


def body_of(value: Any) -> bytes | None:
    """A body from its text, or from the value that a logger decoded it to."""
    if value is None:
        return None
    if isinstance(value, str):
        return value.encode("utf-8", "replace")
    try:
        return msgspec.json.encode(value)
    except (TypeError, ValueError, OverflowError, RecursionError):
        return None


def address_of(url: Any, host: Any, query: Any) -> tuple[str, str] | None:
    """(method or "", URL) from an address as logged: a URL, a path, a request line; `host` and `query` apart."""
    if not isinstance(url, str) or not url.strip() or len(url) > 100_000:
        return None
    method, text = "", url.strip()
    found = _LINE.fullmatch(text)
    if found is not None:
        method, text = found[1], found[2]
    if "://" not in text[:12]:
        if not text.startswith("/"):
            text = "/" + text if "." not in text.partition("/")[0] else "https://" + text
        if text.startswith("/") and isinstance(host, str) and host and "/" not in host and len(host) < 300:
            text = f"https://{host}{text}"
    if "?" not in text:
        if isinstance(query, dict):
            try:
                query = urlencode({str(key): held for key, held in query.items()}, doseq=True)
            except (TypeError, ValueError):
                query = ""
        if isinstance(query, str) and query:
            text += "?" + query.removeprefix("?")
    return method, text


def no_response_of(text: str) -> NoResponse | None:
    """Why there is no response, by the words of an error; None where they do not say."""
    sample = plain(text[:4000])
    for kind, words in _KINDS:
        if words.search(sample) is not None:
            sent = kind not in (NoResponseKind.TLS, NoResponseKind.CONNECT)
            return NoResponse(kind=kind, sent=sent, text=sample[:500])
    return None
