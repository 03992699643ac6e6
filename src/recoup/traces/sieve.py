"""Lines of a log that are plain successes, counted as fast as they are decoded.

A plain success is one of which careful reading would find nothing else than that: its shape is known, its operation
cannot hide a failure, its body, where it has one, is no page and proves to hold no value that is newer than its model.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import inf
from typing import Any

import msgspec

from recoup.diagnosis.shapes.known import Proof
from recoup.traces.paths import names
from recoup.traces.shape import Shape
from recoup.traces.tally import Tally
from recoup.traces.traced import name_of, operation_named
from recoup.traces.values import epoch_of, text_of

__all__ = ["Sieve"]

_PLAIN = {status: status for status in range(200, 300) if status != 207} | {
    str(status): status for status in range(200, 300) if status != 207
}


class Sieve:
    """Counts the plain successes among lines of one shape."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.misfit = False
        """Whether the line at which it stopped has another shape."""
        self._named: dict[str, str] = {}  # operations by the names that a log has for them

    def __call__(self, lines: Iterator[bytes], tally: Tally) -> bytes | None:
        """Count the next plain successes; the first line that is none, or None where there is no such line.

        Millions of lines come through here, so it is one loop that calls little: what it takes from a line is looked up
        in tables, and what is rare stands elsewhere.
        """
        shape, table = self.shape, names()
        decode, pick, texts = shape.decode, shape.pick, shape.texts
        literals, look = table.literals, table.look
        summary, feed = tally.summary, tally.feed
        loose, awaited = summary.loose, feed.awaited
        used, ways, posting = "", table.ways(""), False
        first, last, end = inf, 0.0, 0.0  # end: of the minute of `last`
        latest: int | None = None  # the minute of `last`
        self.misfit = False
        for data in lines:
            try:
                record = decode(data)
                status, method, url, time, seller, operation, body = pick(record)
                if texts is not None and _holds_record(texts(record)):
                    break
            except (msgspec.MsgspecError, AttributeError, UnicodeError, RecursionError):
                self.misfit = True
                break
            if status != 200:
                status = _PLAIN.get(status)
                if status is None:
                    break
            if url is not None:
                if method != used:
                    used, ways = method, table.ways(method)
                    posting = ways.method == "POST"
                url = url.partition("?")[0]
                before, _, tail = url.rpartition("/")
                way = ways.last.get(before)
                if way is not None:
                    found = way.get(tail)
                    if found is None and tail not in literals and "%" not in tail and tail[-1:] > " ":
                        found = way.get(None)
                else:
                    around, _, inner = before.rpartition("/")
                    found = ways.around.get((around, tail))
                    if found is not None and (inner in literals or "%" in inner):
                        found = None
                if found is None:
                    if not _is_address(url):
                        break
                    found = look(method, url)
                name, may_hide, _, proof = found
                if may_hide or (body is not None and not _is_harmless(bytes(body), proof)):
                    break
            else:
                name = None
                if body is not None and not _is_nothing(bytes(body)):
                    break
            try:
                at = time.timestamp()
            except AttributeError:
                at = None if time is None else epoch_of(time)
            if at is None:
                minute = None
            elif last <= at < end:
                minute, last = latest, at
            else:
                if at <= 0:
                    break
                minute = int(at // 60)
                if at < first:
                    first = at
                if at > last:
                    latest, last, end = minute, at, minute * 60 + 60.0
            if name is None and operation is not None:
                name = self._named.get(operation) or self._name(operation)
            if seller.__class__ is not str:
                seller = text_of(seller)
            kind = (name, seller, minute, status, False)
            cell = loose.get(kind)
            if cell is None:
                cell = summary.cell(kind)
            cell[0] += 1
            if (posting or awaited) and url is not None and (posting or url in awaited):
                feed.passed(at, seller, ways.method, url)
        else:
            data = None
        if last > 0:
            summary.spread(first, last)
        return data

    def _name(self, operation: str) -> str:
        """The operation as `api/version/id`, where there is only one of that name, else as the log calls it."""
        found = name_of(operation_named(operation)) or operation
        if len(self._named) < 1000:
            self._named[operation] = found
        return found


def _holds_record(texts: tuple[Any, ...]) -> bool:
    """Whether one of these texts is an object itself: what containers and log services wrap."""
    return any(type(text) is str and "{" in text and text.lstrip()[:1] == "{" for text in texts)


def _is_address(url: str) -> bool:
    """Whether it is one as it stands: neither a whole request line nor without what it begins with."""
    return url == url.strip() and len(url) < 10_000 and (url[:1] == "/" or "://" in url[:12])


def _is_nothing(body: bytes) -> bool:
    return body == b"null" or body == b'""'


def _is_harmless(body: bytes, proof: Proof | None) -> bool:
    """Whether nothing hides in the body of a success, as it stands in the line."""
    if body[:1] != b'"':
        return proof is None or body == b"null" or proof(body)
    if body[1:2] in (b" ", b"<", b"\\"):  # a page, perhaps after blanks
        return False
    if proof is None or body == b'""':
        return True
    try:
        return proof(msgspec.json.decode(body, type=str))
    except (msgspec.MsgspecError, UnicodeError):
        return False
