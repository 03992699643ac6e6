"""HAR, as browsers and proxies save it: read entry by entry over a window, so that gigabytes take little memory.

Chrome, Firefox, Charles, Fiddler, Insomnia and recoup's own records differ in small things: bodies in Base64, bodies
still packed, HTTP/2's pseudo fields, a status of 0 with a reason under a name of their own, an array of entries without
what belongs around it. All of them are read. A file that is cut off gives what stands before the cut.
"""

from __future__ import annotations

import binascii
import codecs
import json
import re
import zlib
from base64 import b64decode
from collections.abc import Iterator, Mapping
from typing import Any

from recoup.diagnosis.shapes.known import Proof
from recoup.exchange import Exchange, Headers, NoResponse, NoResponseKind, Request, Response
from recoup.traces.opening import BLOCK, Stream
from recoup.traces.paths import OperationNames, names
from recoup.traces.tally import Tally
from recoup.traces.traced import Item, Place, Traced, Unread
from recoup.traces.values import epoch_of, headers_of, instant_of, no_response_of, plain, status_of

__all__ = ["entry_of", "read"]

MAX_ENTRY = 256 << 20  # characters
MAX_BODY = 8 << 20
_SPACE = re.compile(r"[ \t\r\n,]*")
_decode = json.JSONDecoder().raw_decode


class _Window:
    """The text that was read and not yet left behind, and where it begins in the file."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.text = ""
        self.at = 0  # in `text`
        self.ended = False
        self._offset = 0  # of the beginning of `text`, in bytes
        self._line = 1
        self._told = 0  # up to where in `text` offset and line were counted

    def more(self) -> bool:
        """Read on; False where nothing is left. What stands before `at` is let go."""
        if self.ended:
            return False
        self._count(self.at)
        self.text = self.text[self.at :]
        self.at = self._told = 0
        wanted = max(BLOCK, len(self.text))  # ever more for one long entry: it is decoded anew each time
        parts = [self.text]
        while wanted > 0:
            block = self._stream.read(BLOCK)
            self.ended = not block
            parts.append(self._decoder.decode(block, final=self.ended))
            wanted -= len(block)
            if self.ended:
                break
        self.text = "".join(parts)
        return True

    def place(self, file: str) -> Place:
        """Where `at` is."""
        self._count(self.at)
        return Place(file, self._line, self._offset)

    def _count(self, upto: int) -> None:
        passed = self.text[self._told : upto]
        self._offset += len(passed) if passed.isascii() else len(passed.encode("utf-8", "replace"))
        self._line += passed.count("\n")
        self._told = upto

    def skip(self) -> str:
        """The next character that is no blank and no comma, "" at the end; `at` stands on it."""
        while True:
            found = _SPACE.match(self.text, self.at)
            self.at = found.end() if found is not None else self.at
            if self.at < len(self.text):
                return self.text[self.at]
            if not self.more():
                return ""

    def value(self) -> Any:
        """The JSON value that begins at `at`, which is left behind it. ValueError where it is broken or cut off."""
        while True:
            try:
                found, end = _decode(self.text, self.at)
            except ValueError:
                if len(self.text) - self.at > MAX_ENTRY or not self.more():
                    raise
                continue
            if end == len(self.text) and not isinstance(found, dict | list | str) and self.more():
                continue  # a number may go on
            self.at = end
            return found


def read(stream: Stream, file: str, *, tally: Tally | None = None) -> Iterator[Item]:
    """Every exchange of a HAR file; with `tally` a success in which nothing can hide is told to it and not given."""
    window, table = _Window(stream), names()
    window.more()
    window.text = window.text.removeprefix("\ufeff")
    try:
        found = _to_entries(window)
    except (ValueError, RecursionError):
        yield Unread(window.place(file), "this is not JSON from here on")
        return
    if not found:
        yield Unread(window.place(file), 'there is no list of "entries" in it')
        return
    while True:
        char = window.skip()
        if char == "]":
            return
        place = window.place(file)
        if not char:
            yield Unread(place, stream.broken or "the file is cut off")
            return
        try:
            entry = window.value()
        except (ValueError, RecursionError):
            cut = window.ended and _is_cut(window)
            yield Unread(place, stream.broken or ("the file is cut off" if cut else "the entry is not JSON"))
            return
        if tally is None or not _has_passed(entry, tally, table):
            yield _item(entry, place)


def _is_cut(window: _Window) -> bool:
    try:
        _decode(window.text, window.at)
    except json.JSONDecodeError as error:
        return error.pos >= len(window.text) - 1 or error.msg.startswith("Unterminated")
    except (ValueError, RecursionError):  # a number of thousands of digits
        return False
    return False


def _to_entries(window: _Window) -> bool:
    """Go to the first entry: into the array, or into `log` and its `entries`, whatever stands beside them."""
    if window.skip() == "[":
        window.at += 1
        return True
    if window.skip() != "{":
        return False
    window.at += 1
    while (char := window.skip()) == '"':
        key = window.value()
        if window.skip() != ":":
            raise ValueError
        window.at += 1
        char = window.skip()
        if (key == "log" and char == "{") or (key == "entries" and char == "["):
            window.at += 1
            if key == "entries":
                return True
            continue
        window.value()
    return False


def _item(entry: Any, place: Place) -> Item:
    if not isinstance(entry, dict):
        return Unread(place, "the entry is not an object")
    exchange = entry_of(entry)
    if exchange is None:
        return Unread(place, "the entry has no request and no response")
    return Traced(exchange=exchange, place=place)


def _has_passed(entry: Any, tally: Tally, table: OperationNames) -> bool:
    """Whether the entry is a success in which nothing can hide; then it is counted."""
    try:
        status, request = entry["response"]["status"], entry["request"]
        method, url = request["method"], request["url"]
        if type(status) is not int or not 200 <= status < 300 or status == 207 or "#" in url:
            return False
        url = plain(url.partition("?")[0])
        operation, may_hide, _, proof = table.look(method, url)
        if may_hide or not _is_harmless(entry["response"], proof):
            return False
        at = epoch_of(entry.get("startedDateTime"))
    except (KeyError, TypeError, AttributeError):
        return False
    tally.passed(status, operation, at, None, method.upper(), url)
    return True


def _is_harmless(answer: Mapping[str, Any], proof: Proof | None) -> bool:
    """Whether nothing hides in the content of a success: it is no page, and proves to hold no new value."""
    content = answer.get("content")
    if not isinstance(content, Mapping):
        return True
    text = content.get("text")
    if not text or not isinstance(text, str):
        return True
    if text[0] in "{[" and content.get("encoding") != "base64":
        return proof is None or proof(plain(text))
    body = _content(content)
    return body[:64].lstrip()[:1] != b"<" and (proof is None or proof(body))


def entry_of(entry: Mapping[str, Any]) -> Exchange | None:
    """The exchange of one decoded entry; None where it has neither a request nor a response."""
    asked, answered = entry.get("request"), entry.get("response")
    request = _request(asked) if isinstance(asked, Mapping) else None
    answer = answered if isinstance(answered, Mapping) else {}
    status = status_of(answer.get("status")) or 0
    if request is None and not status:
        return None
    response, missing = None, None
    if status:
        headers = _headers(answer.get("headers"))
        response = Response(status=status, headers=headers, body=_content(answer.get("content")))
    else:
        missing = _missing(entry, answer)
    time = entry.get("time")
    elapsed = time / 1000 if isinstance(time, int | float) and 0 < time < 1e12 else None
    at = instant_of(entry.get("startedDateTime"))
    return Exchange(request=request, response=response, no_response=missing, at=at, elapsed=elapsed)


def _request(asked: Mapping[str, Any]) -> Request | None:
    method, url = asked.get("method"), asked.get("url")
    if not isinstance(method, str) or not isinstance(url, str):
        return None
    body = None
    data = asked.get("postData")
    if isinstance(data, Mapping):
        body = _text(data)
        if body is None and isinstance(data.get("params"), list):
            from urllib.parse import urlencode  # late: few entries have a form

            forms = [each for each in data["params"] if isinstance(each, dict)]
            pairs = [(str(each.get("name", "")), str(each.get("value") or "")) for each in forms]
            body = urlencode(pairs).encode()
    return Request(method=plain(method[:32]), url=plain(url), headers=_headers(asked.get("headers")), body=body)


def _headers(value: Any) -> Headers:
    """The fields; HTTP/2's `:authority` is what Host was, its other pseudo fields stand elsewhere."""
    found = headers_of(value)
    if not any(name.startswith(":") for name, _ in found):
        return found
    out = []
    for name, held in found:
        if name == ":authority" and "host" not in found:
            out.append(("Host", held))
        elif not name.startswith(":"):
            out.append((name, held))
    return Headers(out)


def _content(content: Any) -> bytes:
    return (_text(content) or b"") if isinstance(content, Mapping) else b""


def _text(data: Mapping[str, Any]) -> bytes | None:
    text = data.get("text")
    if not isinstance(text, str):
        return None
    body = text.encode("utf-8", "replace")
    if data.get("encoding") == "base64":
        try:
            body = b64decode(body)
        except (binascii.Error, ValueError):
            return body
    if body[:2] == b"\x1f\x8b":
        try:
            return zlib.decompressobj(wbits=31).decompress(body, MAX_BODY)
        except zlib.error:
            return body
    return body


def _missing(entry: Mapping[str, Any], answer: Mapping[str, Any]) -> NoResponse:
    own = entry.get("_recoup")
    if isinstance(own, Mapping) and own.get("no_response") in set(NoResponseKind):
        kind = NoResponseKind(own["no_response"])
        return NoResponse(kind=kind, sent=kind not in (NoResponseKind.CONNECT, NoResponseKind.TLS))
    for told in (answer.get("_error"), entry.get("_error"), answer.get("statusText"), answer.get("comment")):
        if isinstance(told, str) and (found := no_response_of(told)) is not None:
            return found
    return NoResponse(kind=NoResponseKind.OTHER)
