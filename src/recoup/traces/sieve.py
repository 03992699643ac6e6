"""Lines of a log that are plain successes, counted as fast as they are decoded.

A plain success is one of which careful reading would find nothing else than that: its shape is known, its operation
cannot hide a failure, its body, where it has one, is no page and proves to hold no value that is newer than its model.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from recoup.diagnosis.shapes.known import Proof
from recoup.exchange import Request
from recoup.traces.judging import REQUEST_IDS, TELLING
from recoup.traces.paths import names
from recoup.traces.record import NO_EXCHANGES
from recoup.traces.shape import Shape
from recoup.traces.tally import Tally
from recoup.traces.traced import Again, Place, name_of, operation_named
from recoup.traces.values import epoch_of, text_of

__all__ = ["Sieve"]

_PLAIN = {status: status for status in range(200, 300) if status != 207} | {
    str(status): status for status in range(200, 300) if status != 207
}
_EPOCH, _LATEST = datetime.fromtimestamp(0, UTC), datetime.max.replace(tzinfo=UTC)
_EMPTY = (b"null", b'""')
_NOWHERE = Place("")
_NOTHING_TOLD: tuple[tuple[str | None, ...], bool] = ((None,) * len(TELLING), False)
_TEXTS = msgspec.json.Decoder(dict[str, str]).decode


_Written = tuple[tuple[str | None, ...], tuple[str, ...]]
"""How the names of `TELLING` are written in one kind of header fields, and those of the request ids that are there."""


class Sieve:
    """Counts the plain successes among lines of one shape."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.misfit = False
        """Whether the line at which it stopped has another shape."""
        self._named: dict[str, str] = {}  # operations by the names that a log has for them
        self._written: dict[tuple[str, ...], _Written] = {}

    def __call__(self, lines: Iterator[bytes], tally: Tally, left: Iterator[bytes]) -> bytes | None:
        """Count the next plain successes; the first line that is none, or None where there is no such line. `left` are
        the lines of this block that nobody has taken yet, `lines` the same, perhaps after one more.

        Millions of lines come through here, so it is one loop that calls little: what it takes from a line is looked up
        in tables, and what is rare stands elsewhere.
        """
        shape, table = self.shape, names()
        decode, pick, texts, flat = shape.decode, shape.pick, shape.texts, shape.flat
        literals, look, instants = table.literals, table.look, shape.instants
        summary, feed = tally.summary, tally.feed
        loose, awaited, tails = summary.loose, feed.awaited, feed.tails
        method, used, ways, posting, tail = "", "", table.ways(""), False, ""
        first, last, end = _LATEST, _EPOCH, _EPOCH  # end: of the minute of `last`
        latest: int | None = None  # the minute of `last`
        self.misfit = False
        for data in lines:
            try:
                record = decode(data)
                if flat:
                    status, url, body = record.status, record.url, record.response_body
                    time, seller, operation = record.time, record.seller, record.operation
                else:
                    status, method, url, time, seller, operation, body = pick(record)
                if texts is not None and _says_more(texts(record)):
                    break
            except (msgspec.MsgspecError, AttributeError, UnicodeError, RecursionError):
                self.misfit = True
                break
            if status != 200:
                plain = _PLAIN.get(status)
                if plain is None:
                    if tally.remembering and self._was_met(record, data, tally, left):
                        continue
                    break
                status = plain
            if url is not None:
                if flat:
                    method = record.method
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
                name, tail, posting, used = None, "", False, ""
                if body is not None and not _is_nothing(bytes(body)):
                    break
            if not instants and time is not None:
                epoch = epoch_of(time)
                time = None if epoch is None else datetime.fromtimestamp(epoch, UTC)
            if time is None:
                minute = None
            elif last <= time < end:
                minute, last = latest, time
            else:
                if time <= _EPOCH:
                    break
                minute = int(time.timestamp() // 60)
                if time < first:
                    first = time
                if time > last:
                    latest, last, end = minute, time, datetime.fromtimestamp(minute * 60 + 60, UTC)
            if name is None and operation is not None:
                name = self._named.get(operation) or self._name(operation)
            if seller.__class__ is not str:
                seller = text_of(seller)
            kind = (name, seller, minute, status, False)
            cell = loose.get(kind)
            if cell is None:
                cell = summary.cell(kind)
            cell[0] += 1
            if posting or (tail in tails and url in awaited):
                feed.passed(None if time is None else time.timestamp(), seller, ways.method, url)
        else:
            data = None
        if last > _EPOCH:
            summary.spread(first.timestamp(), last.timestamp())
        return data

    def _was_met(self, record: Any, data: bytes, tally: Tally, left: Iterator[bytes]) -> bool:
        """Whether the line is a failure that is alike to one before, and is counted now or waits for the end. Where it
        is one that could be, `tally.met` is what it is known by.
        """
        shape = self.shape
        status, method, url, time, seller, _, body = shape.pick(record)
        if type(status) is not int or status < 400 or url is None or body is None or "://" not in url[:12]:
            return False
        name = names().look(method, url.partition("?")[0])[0]
        answer = bytes(body)
        if name is None or answer in _EMPTY or url != url.strip():
            return False
        try:
            if shape.asks and _only(shape.asked(record)) is not None:
                return False
            named = _only(shape.named(record))
            answered = _only(shape.answered(record))
            telling, identified = _NOTHING_TOLD if answered is None else self._told_in(answered)
        except (AttributeError, ValueError, msgspec.MsgspecError, UnicodeError):
            return False
        if time is not None:
            time = time.timestamp() if shape.instants else epoch_of(time)
            if time is not None and time <= 0:
                return False
        if seller.__class__ is not str:
            seller = text_of(seller)
        failure = Again(
            alike=(shape.body, status, method, name, answer, telling),
            request=Request(method=method.upper()[:32], url=url),
            status=status,
            operation=name,
            at=time,
            seller=seller,
            traceable=identified or named is not None,
            line=data,
            place=_NOWHERE,
        )
        if tally.failed(failure, left):
            return True
        tally.met = failure
        return False

    def _told_in(self, found: bytes) -> tuple[tuple[str | None, ...], bool]:
        """What header fields of an answer say on which its diagnosis can depend, and whether one of them is a request
        id. msgspec.ValidationError where they are written otherwise, ValueError where a name stands there twice.
        """
        fields = _TEXTS(found)
        written = tuple(fields)
        known = self._written.get(written)
        if known is None:
            lower = {name.lower(): name for name in written}
            if len(lower) < len(written):
                raise ValueError
            known = tuple(lower.get(name) for name in TELLING), tuple(lower[n] for n in REQUEST_IDS if n in lower)
            if len(self._written) < 1000:
                self._written[written] = known
        telling, ids = known
        identified = False
        for name in ids:
            if fields[name]:
                identified = True
        return tuple([None if name is None else fields[name] for name in telling]), identified

    def _name(self, operation: str) -> str:
        """The operation as `api/version/id`, where there is only one of that name, else as the log calls it."""
        found = name_of(operation_named(operation)) or operation
        if len(self._named) < 1000:
            self._named[operation] = found
        return found


def _says_more(texts: tuple[Any, ...]) -> bool:
    """Whether one of these texts is an object itself, as containers and log services wrap it, or says that the line is
    none of an exchange.
    """
    return any(type(text) is str and ("{" in text or text in NO_EXCHANGES) for text in texts)


def _is_address(url: str) -> bool:
    """Whether it is one as it stands: neither a whole request line nor without what it begins with."""
    return url == url.strip() and len(url) < 10_000 and (url[:1] == "/" or "://" in url[:12])


def _is_nothing(body: bytes) -> bool:
    return body in _EMPTY


def _only(values: tuple[Any, ...]) -> bytes | None:
    """The one value of these, None where there is none. ValueError where there are several."""
    found: bytes | None = None
    for value in values:
        if value is not None and (held := bytes(value)) not in _EMPTY:
            if found is not None:
                raise ValueError
            found = held
    return found


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
