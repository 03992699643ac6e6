"""Subjects from HAR files: every recorded request, each part with its place in the file.

A file is read whole; a recording of gigabytes is split by its reader (`recoup.traces`) before it comes here, and one
entry alone is read as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from recoup.lint.mapped import Mapped, Place
from recoup.lint.placed_json import Node, mapped_string, read
from recoup.lint.subject import Form, Pair, Subject

__all__ = ["from_har"]

_MARK = b"\xef\xbb\xbf"


def from_har(source: bytes) -> Iterator[tuple[Subject, float | None]]:
    """Each request of a HAR file, or of one entry of it, and when it was sent (epoch seconds; None where not told).

    Raises `recoup.lint.placed_json.Broken` where the bytes are no JSON.
    """
    text = source.decode("latin-1")
    root = read(text, len(_MARK) if source.startswith(_MARK) else 0)
    log = root.get("log")
    entries = (log.get("entries") if log is not None else None) or root.get("entries")
    found = entries.items if entries is not None else (root,) if root.get("request") is not None else ()
    for entry in found or ():
        request = entry.get("request")
        subject = None if request is None else _subject(source, text, request)
        if subject is not None:
            yield subject, _instant(entry.get("startedDateTime"))


def _instant(node: Node | None) -> float | None:
    if node is None or not isinstance(node.value, str):
        return None
    try:
        moment = datetime.fromisoformat(node.value)
    except ValueError:
        return None
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()


def _subject(source: bytes, text: str, request: Node) -> Subject | None:
    method, url = request.get("method"), request.get("url")
    if url is None or not isinstance(url.value, str):
        return None
    headers = request.get("headers")
    fields: list[Pair] = []
    for item in (headers.items if headers is not None else None) or ():
        name, value = item.get("name"), item.get("value")
        if name is None or value is None or not isinstance(name.value, str) or not isinstance(value.value, str):
            continue
        if name.value[:1] != ":":  # what HTTP/2 has in the place of a request line
            fields.append(Pair(mapped_string(text, name), mapped_string(text, value), Place(item.start, item.end)))
    sent = request.get("postData")
    body = None if sent is None else sent.get("text")
    return Subject(
        source=source,
        form=Form.HAR,
        method=Mapped("", url.start)
        if method is None or not isinstance(method.value, str)
        else mapped_string(text, method),
        target=mapped_string(text, url),
        fields=tuple(fields),
        body=mapped_string(text, body) if body is not None and isinstance(body.value, str) else None,
        complete=any(field.key == "user-agent" for field in fields),
    )
