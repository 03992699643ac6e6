"""Subjects from what people have: raw HTTP bytes, a request written as text, a curl command line, a HAR file, a URL, a
request as a value.
"""

from __future__ import annotations

import re

from recoup.catalogue.facts.marketplaces import Endpoint
from recoup.exchange import Request
from recoup.lint.curl import from_curl, read_curl
from recoup.lint.har import from_har, read_har
from recoup.lint.mapped import Mapped, Place, as_bytes
from recoup.lint.subject import Form, Pair, Subject
from recoup.lint.wire.head import Head, Span

__all__ = ["from_curl", "from_har", "from_http", "from_request", "from_text", "from_url", "read_curl", "read_har"]

_REQUEST_LINE = re.compile(rb"[A-Za-z]{1,20} \S+ HTTP/\d(?:\.\d)?[ \t]*\r?$", re.MULTILINE)


def from_text(raw: bytes) -> Subject | None:
    """A request that somebody wrote down or saved from an editor, from its request line on; None where there is none.

    The endings of lines and the number of bytes that Content-Length tells say nothing there.
    """
    found = _REQUEST_LINE.search(raw)
    if found is None:
        return None
    return _read(raw, found.start(), Form.TEXT)


def from_http(raw: bytes, *, endpoint: Endpoint | None = None) -> Subject:
    """The request in these bytes, head and body, however broken; its places are those of `raw`.

    `endpoint` says which of Amazon's the host stands for, where its name does not.
    """
    return _read(raw, 2 if raw[:2] == b"\r\n" else 0, Form.HTTP, endpoint)


def _read(raw: bytes, start: int, form: Form, endpoint: Endpoint | None = None) -> Subject:
    head = Head.read(raw, start)

    def mapped(span: Span) -> Mapped:
        return Mapped(raw[span.start : span.end].decode("latin-1"), span.start)

    fields = tuple(
        Pair(
            Mapped(field.name.decode("latin-1"), field.line.start),
            Mapped(field.value.decode("latin-1"), field.at.start),
            Place(field.line.start, field.line.stop),
        )
        for field in head.fields
    )
    ended = head.blank is not None or form is Form.TEXT
    return Subject(
        source=raw,
        form=form,
        method=mapped(head.method),
        target=mapped(head.target),
        fields=fields,
        body=_body(head, form) if ended else None,
        complete=ended if form is Form.HTTP else bool(head.named(b"host")),
        endpoint=endpoint,
    )


def _body(head: Head, form: Form) -> Mapped | None:
    """What follows the head, as far as Content-Length says; None where it comes in chunks, which are no body yet."""
    if head.named(b"transfer-encoding"):
        return None
    end = len(head.raw)
    lengths = head.named(b"content-length")
    if form is Form.TEXT:
        end = head.end + len(head.raw[head.end :].rstrip(b"\r\n"))
    elif lengths and lengths[0].value.isdigit() and len(lengths[0].value) < 16:
        end = min(end, head.end + int(lengths[0].value))
    elif head.is_read:
        end = head.end  # what follows is the next request, or none, which the wire rules say
    return Mapped(head.raw[head.end : end].decode("latin-1"), head.end)


def from_url(url: str | bytes) -> Subject:
    """A URL alone, taken for what a GET request would call."""
    source = as_bytes(url) if isinstance(url, str) else url
    return Subject(source=source, form=Form.URL, method=Mapped("", 0), target=Mapped(source.decode("latin-1"), 0))


def from_request(
    request: Request,
    *,
    endpoint: Endpoint | None = None,
    stands_for_api: bool = False,
    complete: bool | None = None,
) -> Subject:
    """A request as a value. Where it holds the bytes of the wire they count; else its places are those of a
    rendering.

    `endpoint` says which of Amazon's the host stands for, where its name does not; `stands_for_api` that it is one of
    them. `complete` says whether all header fields are known: without it, they are where Host and User-Agent are there.
    """
    if request.raw is not None:
        return from_http(request.raw, endpoint=endpoint)
    parts: list[str] = []  # each character a byte
    put = parts.append
    method = Mapped(_plain(request.method), 0)
    put(f"{method.text} ")
    at = len(method) + 1
    target = Mapped(_plain(request.url), at)
    put(f"{target.text}\n")
    at += len(target) + 1
    fields = []
    for name, value in request.headers:
        written, holds = Mapped(_plain(name), at), _plain(value)
        middle = at + len(written) + 2
        end = middle + len(holds) + 1
        put(f"{written.text}: {holds}\n")
        fields.append(Pair(written, Mapped(holds, middle), Place(at, end)))
        at = end
    put("\n")
    body = None if request.body is None else Mapped(request.body.decode("latin-1"), at + 1)
    if body is not None:
        put(body.text)
    return Subject(
        source="".join(parts).encode("latin-1"),
        form=Form.VALUE,
        method=method,
        target=target,
        fields=tuple(fields),
        body=body,
        complete="host" in request.headers and "user-agent" in request.headers if complete is None else complete,
        endpoint=endpoint,
        stands_for_api=stands_for_api,
    )


def _plain(text: str) -> str:
    """A text with one character for each byte that it has as it is sent."""
    return text if text.isascii() else as_bytes(text).decode("latin-1")
