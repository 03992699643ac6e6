"""From bytes to requests: an incremental reader for the front door, strict where the documents are.

    reader.feed(data)      bytes as they come, in any pieces
    reader.next()          the next complete request, a refusal, ASK (the client waits for 100 Continue), or None

What it says hangs on the bytes alone, never on how they were cut. The way of a good request is short: one search for
the end of the head, one pattern for each of its lines (`request_head`). Whatever those do not take is judged by the
wire rules (`recoup.lint.wire`), which say what is wrong, and where.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import Final

import msgspec

from recoup.lint.finding import Finding
from recoup.lint.wire import body_in_get_or_head, malformed_method, trailing_empty_line
from recoup.lint.wire.chunks import Chunks, broken
from recoup.lint.wire.head import Head, request_line_stop
from recoup.lint.wire.inspection import check_head, check_trailer, gravest
from recoup.sandbox.request_head import Announced, Received, plain, strangely_good, text

__all__ = ["ASK", "Ask", "Reader", "Received", "Refused"]

_HEAD_END = re.compile(rb"\n\r?\n")
_MOST_DISCARDED = 64 * 1_048_576  # bytes of a body that is too large anyway; beyond them it is answered unread
_COMPACT = 65_536  # bytes that were read and are still in the buffer


class Ask(Enum):
    """The client waits to be told that it may send the body."""

    CONTINUE = auto()


ASK: Final = Ask.CONTINUE


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """Why the bytes are no request, or one whose head is too large. Nothing that follows is read.

    `findings` are what the wire rules say, the cause first; empty where the head is too large. `method` and `target`
    are as sent, as far as they can be told.
    """

    findings: tuple[Finding, ...] = ()
    method: str = ""
    target: str = ""
    because: str

    @property
    def fault(self) -> str | None:
        """The fault that the documents have for it; None where they name none."""
        return self.findings[0].fault if self.findings else None


class _Open(msgspec.Struct):
    """A request whose head is complete and whose body is not."""

    received: Received
    left: int
    chunks: Chunks | None
    parts: list[bytes]


class Reader:
    """Reads the requests of one connection. Sizes are in bytes; it holds one head and one body at most."""

    def __init__(self, *, largest_body: int, largest_head: int = 65_536, largest_field: int = 8190) -> None:
        self._largest_body = largest_body
        self._largest_head = largest_head
        self._largest_field = largest_field
        self._buffer = bytearray()
        self._at = 0  # what stands before it was read
        self._searched = 0  # where the search for the end of the head goes on
        self._line_from = 0  # the line of the head that is not complete
        self._line_is_good = False  # the request line of the head that is not complete was judged
        self._fresh = True  # no byte was read yet: one empty line may come first
        self._before = ""  # the method of the request before
        self._open: _Open | None = None
        self._ended = False
        self._over = False  # refused, or answered without reading all of it: nothing more is read

    @property
    def waiting(self) -> bool:
        """True in the middle of a request."""
        return not self._over and (self._open is not None or self._at < len(self._buffer))

    @property
    def buffered(self) -> int:
        """How many bytes came and were not read yet."""
        return len(self._buffer) - self._at

    def feed(self, data: bytes) -> None:
        """Take bytes off the wire."""
        if not self._over:
            self._buffer += data

    def end(self) -> None:
        """The client sends no more."""
        self._ended = True

    def next(self) -> Received | Refused | Ask | None:
        """The next thing to be answered; None where more bytes are needed (or nothing is read any more)."""
        if self._over:
            return None
        found = self._head() if self._open is None else self._body(self._open)
        if isinstance(found, Refused):
            self._over = True
            self._buffer.clear()
            self._at = 0
        elif self._at == len(self._buffer):
            self._buffer.clear()
            self._at = self._searched = self._line_from = 0
        elif self._at > _COMPACT:
            del self._buffer[: self._at]
            self._searched = max(0, self._searched - self._at)
            self._line_from = max(0, self._line_from - self._at)
            self._at = 0
        return found

    def give_up(self) -> Refused | None:
        """No more bytes come in time: what is wrong with the lines that are there, if anything but that they stop."""
        if self._over or self._open is not None or request_line_stop(self._buffer, self._at) is None:
            return None
        return self._judge(Head.read(bytes(self._buffer[self._at :]), whole=False))

    # --- the head

    def _head(self) -> Received | Refused | Ask | None:
        buffer = self._buffer
        if self._at >= len(buffer):
            return None
        if buffer[self._at] in b"\r\n":
            stray = self._empty_line()
            if stray is not None or self._at >= len(buffer):
                return stray
            if buffer[self._at :] == b"\r" and not self._ended:
                return None
        at = self._at
        end = buffer.find(b"\r\n\r\n", max(at, self._searched))
        if 0 <= end <= at + self._largest_field:
            announced = plain(buffer[at:end].decode("latin-1"))
            if announced is not None:
                return self._begin(announced, end + 4)
        return self._strange(at)

    def _empty_line(self) -> Refused | None:
        """A line break where a request should begin: allowed once before the first request, refused after one."""
        buffer, at = self._buffer, self._at
        if self._before:
            found = trailing_empty_line.check(bytes(buffer[at : at + 2]), 0)
            return None if found is None else _refused([found])
        if self._fresh and buffer[at : at + 2] == b"\r\n":
            self._at = self._searched = at + 2
            self._fresh = False
        return None

    def _begin(self, announced: Announced, end: int) -> Received | Refused | Ask | None:
        """The head is complete and ends at `end`: go on with its body, if any."""
        received, length, chunked, asks = announced
        self._at = self._searched = end
        self._line_is_good = self._fresh = False
        self._before = received.method
        if not chunked and not asks and length <= min(self._largest_body, len(self._buffer) - end):
            if length:
                self._at = self._searched = end + length
                received.body = bytes(self._buffer[end : self._at])
            return received
        self._open = _Open(received, length, Chunks(self._largest_body) if chunked else None, [])
        if length > _MOST_DISCARDED:
            return self._unread(self._open, length)
        return ASK if asks else self._body(self._open)

    def _strange(self, at: int) -> Received | Refused | Ask | None:
        """What is not plainly good: judged line by line, as soon as it is plain that it is not."""
        buffer = self._buffer
        if not self._line_is_good:
            longest = self._largest_field + 2  # its ending included
            if malformed_method.is_hopeless(buffer, at, at + longest):
                return self._no_method(at)
            stop = request_line_stop(buffer, at)
            if (stop or len(buffer)) - at > longest:
                return self._too_large(at)
            if stop is None:
                if not self._ended:
                    return None
                last = bytes(buffer[at:])
                return self._judge(Head.read(last, whole=False)) or self._judge(Head.read(last))
            refused = self._judge(Head.read(bytes(buffer[at:stop]), whole=False))
            if refused is not None:
                return refused
            self._line_is_good = True
            self._searched, self._line_from = stop - 1, stop
        found = _HEAD_END.search(buffer, max(at, self._searched))
        end = found.end() if found is not None else len(buffer)
        self._searched = max(at, len(buffer) - 3)
        if end - at > self._largest_head or self._is_long_line(end):
            return self._too_large(at)
        if found is None and not self._ended:
            return None
        head = Head.read(bytes(buffer[at:end]))
        return self._judge(head) or self._begin(strangely_good(head), end)

    def _is_long_line(self, end: int) -> bool:
        """True where a line that was not measured yet is longer than a field may be."""
        while self._line_from < end:
            feed = self._buffer.find(b"\n", self._line_from, end)
            if (feed if feed >= 0 else end) - self._line_from > self._largest_field + 1:
                return True
            if feed < 0:
                return False
            self._line_from = feed + 1
        return False

    # --- the body

    def _body(self, opened: _Open) -> Received | Refused | None:
        buffer, received, chunks = self._buffer, opened.received, opened.chunks
        if chunks is None:
            end = min(self._at + opened.left, len(buffer))
            if received.size <= self._largest_body:
                opened.parts.append(bytes(buffer[self._at : end]))
            opened.left -= end - self._at
            self._at = end
            if opened.left:
                return None
            received.body = opened.parts[0] if len(opened.parts) == 1 else b"".join(opened.parts)
        else:
            self._at = chunks.take(buffer, self._at)
            received.size = chunks.size
            if chunks.fault_at is not None:
                return _refused([broken(chunks.why, 0, 0)], received.method, received.target)
            if chunks.size > _MOST_DISCARDED:
                return self._unread(opened, chunks.size)
            if not chunks.done:
                return None
            if len(chunks.trailer) > len(b"\r\n"):
                findings = check_trailer(Head.of_trailer(chunks.trailer))
                if findings:
                    return _refused(findings, received.method, received.target)
            received.body = chunks.content
        self._open = None
        self._searched = self._at
        return received

    def _unread(self, opened: _Open, size: int) -> Received:
        """A body so large that not even discarding it is worth while: its request is answered as it is."""
        self._over = True
        self._buffer.clear()
        self._at = 0
        opened.received.size, opened.received.keep_alive = size, False
        return opened.received

    # --- refusals

    def _judge(self, head: Head) -> Refused | None:
        if self._before in ("GET", "HEAD") and not head.text(head.version):
            return _refused([body_in_get_or_head.unannounced(0, len(head.raw))])
        findings = check_head(head)
        if not findings:
            return None
        method = "" if findings[0].rule == malformed_method.RULE else text(head.text(head.method))
        return _refused(findings, method, text(head.text(head.target)))

    def _no_method(self, at: int) -> Refused:
        """What never becomes a request: only that is said, since what else is seen hangs on how much has come."""
        data = bytes(self._buffer[at : at + self._largest_field])
        if self._before in ("GET", "HEAD"):
            return _refused([body_in_get_or_head.unannounced(0, len(data))])
        return _refused(list(malformed_method.check(Head.read(data, whole=False))))

    def _too_large(self, at: int) -> Refused:
        head = Head.read(bytes(self._buffer[at : at + self._largest_field]), whole=False)
        method = text(head.text(head.method))
        return Refused(method=method if len(method) <= 32 else "", because="a field, or the whole head, is too large")


def _refused(findings: list[Finding], method: str = "", target: str = "") -> Refused:
    first = gravest(findings)
    ordered = sorted(findings, key=lambda finding: finding is not first)
    return Refused(
        findings=tuple(ordered),
        method=method[:32],
        target=target[:2000],
        because=" ".join(finding.text for finding in ordered[:5]),
    )
