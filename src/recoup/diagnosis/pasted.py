"""What people paste: raw HTTP messages, curl's output, log lines, exception texts, prose with a body in it.

`read` finds whole HTTP messages. `digest` takes anything else apart: the request, the status, header lines and values
that can be found in it, and the pieces of text that are worth holding against the catalogue. Any bytes are read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

import msgspec

from recoup.diagnosis.body import decode, values_in
from recoup.diagnosis.excerpts.curl_output import plain_messages
from recoup.diagnosis.excerpts.dumped import head_in
from recoup.diagnosis.excerpts.fields import fields_in, of_request, of_response
from recoup.diagnosis.excerpts.pages import tells_of_page
from recoup.diagnosis.excerpts.requested import curl_request, request_in
from recoup.diagnosis.excerpts.statuses import status_in
from recoup.diagnosis.excerpts.surrounding import prose_of, rest_of_body
from recoup.exchange import Exchange, Headers, Request, Response

__all__ = ["Digest", "digest", "pieces", "read", "read_with_words"]

MAX_BYTES = 2 * 1024 * 1024
MAX_TEXT = 65_536
MAX_MESSAGES = 1000
_REFUSED = 400  # what is no HTTP is refused so, with a page

_STATUS_LINE = re.compile(r"^[<*\s]{0,8}HTTP/\d(?:\.\d)?[ \t]+(\d{3})(?!\d)", re.MULTILINE)
_REQUEST_LINE = re.compile(
    r"^[>\s]{0,8}(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS)[ \t]+((?:https?://|/)[^\s\"'`]{0,4000})"
    r"(?:[ \t]+HTTP/\d(?:\.\d)?)?[ \t]*\r?$",
    re.MULTILINE,
)
_HEADER = re.compile(
    r"[<>]?[ \t]{0,4}(?P<quote>[\"']?)([A-Za-z0-9][A-Za-z0-9\-]{0,80})(?P=quote)(?:[ \t]{0,4}:[ \t]?|\t)([^\r\n]*)\r?$"
)
# A body begins so; a line of prose behind a request is none of its body.
_BODY_BEGINS = re.compile(r"\s*(?:[{\[<\"]|[\w.%\-]{1,80}=|--)")
_MASKED = re.compile(
    rb"<[^<>\n]{3,60}, \d{1,9} characters>|<(?:e-mail address|phone number|street address|personal data)>|<redacted>@"
)
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,7})[^\r\n]{0,100}\r?\n")

_AFTER_STATUS = re.compile(r"(?<![\w.])[45]\d\d[ :,\-\u2013]{1,3}(?=[A-Z'\"])")
_QUOTED = re.compile(r"\"([^\"\r\n]{6,500})\"|'([^'\r\n]{6,500})'|`([^`\r\n]{6,500})`")


class Digest(msgspec.Struct, frozen=True, kw_only=True):
    """What could be found in a text: each part may be missing. `values` are objects and lists that stand in it."""

    text: str
    request: Request | None = None
    status: int | None = None
    headers: Headers = Headers()
    values: tuple[Any, ...] = ()
    complete: bool = True


def read(data: bytes | str, form: str = "auto") -> list[Exchange]:
    """The HTTP exchanges in `data`: each response with the request before it, where there is one.

    `form` is "http" or "auto" to look for them, "text" to take everything as prose (then the list is empty). A list is
    also empty where there is no status line. Interim responses (1xx) are passed over.
    """
    return [] if form == "text" else read_with_words(data)[0]


def read_with_words(data: bytes | str) -> tuple[list[Exchange], str | None]:
    """The HTTP exchanges in `data`, and the words around them, where somebody tells something."""
    raw = (data if isinstance(data, bytes) else data.encode("utf-8", "replace"))[:MAX_BYTES]
    if b"HTTP/" not in raw:
        return [], None
    if b"\x00" in raw[:64] or raw[:2] == b"\x1f\x8b":
        raw = decode(raw).encode("utf-8", "replace")
    raw = plain_messages(raw.removeprefix(b"\xef\xbb\xbf"))
    text = raw.decode("latin-1")  # every byte keeps its place, also in a packed body
    statuses = list(islice(_STATUS_LINE.finditer(text), MAX_MESSAGES))
    requests = list(islice(_REQUEST_LINE.finditer(text), MAX_MESSAGES))
    exchanges: list[Exchange] = []
    around: list[str] = []
    previous = 0
    for position, found in enumerate(statuses):
        status = int(found[1])
        if status < 200 or status > 599:
            continue
        before = [each for each in requests if previous <= each.start() < found.start()]
        following = [each.start() for each in requests if each.start() > found.start()][:1]
        following += [each.start() for each in statuses[position + 1 : position + 2]]
        end = min(following, default=len(text))
        headers, body = _message(text, found.end(), end)
        request = (
            _request(text, before[-1], found.start())
            if before
            else curl_request(raw[previous : found.start()].decode("utf-8", "replace"))
        )
        if not body.strip():
            body = _behind(text, found.end())
        if status == _REFUSED and tells_of_page(body or headers.get("content-type") or ""):
            request = _with_bytes(request, text[previous : found.start()])
        response = Response(status=status, headers=headers, body=_content(headers, body.encode("latin-1")))
        exchanges.append(Exchange(request=request, response=response))
        begins = before[-1].start() if before else found.start()
        around.append(text[previous:begins])
        if before and (request is None or not request.body):
            around.append(text[before[-1].end() : found.start()])
        around.append(rest_of_body(body))
        previous = end
    words = prose_of(around)
    return exchanges, None if words is None else words.encode("latin-1").decode("utf-8", "replace")


def _behind(text: str, at: int) -> str:
    """A body that somebody wrote on the line of the status."""
    line = text[at : text.find("\n", at) if "\n" in text[at:] else len(text)]
    starts = [place for place in (line.find("<"), line.find("{")) if place >= 0]
    return line[min(starts) :] if starts else ""


def _request(text: str, found: re.Match[str], end: int) -> Request:
    headers, body = _message(text, found.end(), end)
    framed = "content-length" in headers or "transfer-encoding" in headers
    if not framed and not len(headers):
        # Somebody wrote fields as a list of their own, apart from the first line.
        again, rest = _message(text, text.find("\n", found.end(), end), end)
        if len(again) > 1:
            headers, body = again, rest
    if not framed and _BODY_BEGINS.match(body) is None:
        body = ""
    return Request(method=found[1], url=found[2], headers=headers, body=body.encode("latin-1").strip() or None)


def _message(text: str, at: int, end: int) -> tuple[Headers, str]:
    """The header lines after a first line, and what follows the blank line (or the last line that looks like one)."""
    items: list[tuple[str, str]] = []
    at = text.find("\n", at, end) + 1 or end
    while at < end:
        stop = text.find("\n", at, end)
        stop = end if stop < 0 else stop
        line = text[at:stop]
        if line.strip("\r <>") == "":
            at = stop + 1
            break
        found = _HEADER.match(line)
        if found is None:
            break
        value = found[3].strip()
        if found["quote"]:
            value = value.removesuffix(",").strip(found["quote"])
        items.append((found[2], value))
        at = stop + 1
    return Headers(items), text[at:end] if at < end else ""


def _content(headers: Headers, body: bytes) -> bytes:
    if "chunked" not in (headers.get("transfer-encoding") or "").lower():
        length = headers.get("content-length") or ""
        if not (
            length.isascii() and length.isdigit() and len(length) < 16
        ):  # thousands of digits are no int for Python
            return body
        if _MASKED.search(body):  # the length is that of what stood there before
            return body
        return body[: int(length)] if 0 < int(length) < len(body) else body
    parts: list[bytes] = []
    at = 0
    while (found := _CHUNK.match(body, at)) is not None:
        size = int(found[1], 16)
        if size == 0:
            return b"".join(parts)
        parts.append(body[found.end() : found.end() + size])
        at = found.end() + size
        at += 2 if body[at : at + 2] == b"\r\n" else 1
    return b"".join(parts) or body


def digest(data: bytes | str) -> Digest:
    """A text taken apart. Never raises."""
    text = (decode(data[:MAX_BYTES]) if isinstance(data, bytes) else data)[:MAX_TEXT]
    text = text.encode("utf-8", "replace").decode()  # what cannot be written is not read either
    values, complete = values_in(text)
    fields = fields_in(text)
    status = status_in(text)
    request = request_in(text, Headers(of_request(fields)), None if status is None else status.start)
    if status is not None and status.status == _REFUSED and tells_of_page(text):
        request = _with_bytes(request, text)
    return Digest(
        text=text,
        request=request,
        status=None if status is None else status.status,
        headers=Headers(of_response(fields)),
        values=tuple(values),
        complete=complete,
    )


def _with_bytes(request: Request | None, text: str) -> Request | None:
    """The request with its head as bytes, where the text shows them: under a page they say what is wrong."""
    head = head_in(text)
    if head is None:
        return request
    known = request if request is not None else Request(method="", url="")
    return msgspec.structs.replace(known, raw=head)


def pieces(text: str, limit: int = 500) -> Iterator[str]:
    """The parts of a text that may be a message: its lines, what follows a colon, what is quoted, its sentences."""
    seen: set[str] = set()
    for line in text.splitlines():
        for piece in _pieces_of(line.strip()):
            if len(piece) >= 8 and piece not in seen:
                seen.add(piece)
                yield piece
                if len(seen) >= limit:
                    return


def _pieces_of(line: str) -> Iterator[str]:
    if not line:
        return
    line = line[:2000]
    yield line
    for numbered in _AFTER_STATUS.finditer(line):
        yield line[numbered.end() :]
    at = line.find(": ")
    for _ in range(4):
        if at < 0:
            break
        yield line[at + 2 :]
        at = line.find(": ", at + 2)
    for found in _QUOTED.finditer(line):
        yield found[1] or found[2] or found[3]
    if ". " in line:
        yield from line.split(". ")[:20]
    if " - " in line:
        yield from line.split(" - ")[1:5]
    if " (" in line:
        yield line.partition(" (")[0]
