"""The wire rules over a subject, whatever it was read from.

Raw bytes are given to the rules as they are. A request that was written down as text is judged by its head, the endings
of its lines left out, which an editor chose. Any other is put into the bytes that it would be on the wire, and what the
rules find there is shown where it stands in the source.
"""

from __future__ import annotations

import re

import msgspec

from recoup.lint import wire
from recoup.lint.finding import Finding
from recoup.lint.mapped import Mapped, Place
from recoup.lint.subject import Form, Subject
from recoup.lint.wire.head import Head
from recoup.lint.wire.inspection import check_head

__all__ = ["wire_findings"]

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_METHOD = re.compile(r"[A-Z]{1,20}")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_HOST = re.compile(r"[A-Za-z0-9.\-]+(?::\d+)?")
_FRAMING = frozenset({"content-length", "transfer-encoding"})
# What only shows on the wire itself, or is said of these forms by a rule of its own.
_NOT_HERE = frozenset({"wrong-line-ending", "folded-header", "http-version", "request-target", "no-uri"})


def wire_findings(subject: Subject) -> list[Finding]:
    """What breaks the rules of HTTP, in the order of the rules' gravity."""
    if subject.form is Form.HTTP:
        return wire.check(subject.source)
    if subject.form is Form.TEXT:
        return _of_text(subject)
    if subject.form is Form.URL or not _is_suspicious(subject):
        return []
    return _of_parts(subject)


def _is_suspicious(subject: Subject) -> bool:
    """Whether a rule could find anything: most requests need not be written out for that."""
    if not _METHOD.fullmatch(subject.method.text or "GET") or _CONTROL.search(subject.target.text):
        return True
    hosts = 0
    for field in subject.fields:
        key, value = field.key, field.value.text
        if key in _FRAMING or not value.strip() or _CONTROL.search(value) or not _TOKEN.fullmatch(field.name.text):
            return True
        if key == "host":
            hosts += 1
            if hosts > 1 or not _HOST.fullmatch(value):
                return True
    return False


def _of_text(subject: Subject) -> list[Finding]:
    """The head with proper endings, and every place counted back to the source."""
    head = Head.read(subject.source, subject.method.place(0, 0).start)
    data = bytearray()
    starts: list[int] = []
    ends: list[int] = []
    for line in (head.first, *head.lines):
        data.extend(subject.source[line.start : line.end] + b"\r\n")
        starts.extend((*range(line.start, line.end), line.end, line.end))
        ends.extend((*range(line.start + 1, line.end + 1), line.stop, line.stop))
    data.extend(b"\r\n")
    starts.extend((head.end, head.end))
    ends.extend((head.end, head.end))
    return _shown(bytes(data), starts, ends)


def _of_parts(subject: Subject) -> list[Finding]:
    data = bytearray()
    starts: list[int] = []
    ends: list[int] = []

    def put(part: Mapped) -> None:
        data.extend(part.text.encode("latin-1", "replace"))
        for index in range(len(part)):
            place = part.place(index, index + 1)
            starts.append(place.start)
            ends.append(place.end)

    def mark(text: str, at: int) -> None:
        put(Mapped.at(text, Place(at, at)))

    put(subject.method if subject.method else Mapped.at("GET", subject.target.place(0, 0)))
    at = subject.target.place(0, 0).start
    mark(" ", at)
    path = subject.target.cut(subject.target_start)
    put(path if path.text[:1] == "/" else Mapped.join([Mapped.at("/", path.place(0, 0)), path]))
    at = subject.target.place().end
    mark(" HTTP/1.1\r\n", at)
    if subject.field("host") is None:
        mark("Host: host\r\n", at)
    for field in subject.fields:
        put(field.name)
        mark(": ", field.value.place(0, 0).start)
        put(field.value)
        at = field.value.place().end
        mark("\r\n", at)
    mark("\r\n", at)
    found = _shown(bytes(data), starts, ends)
    # A line of our own has no bytes to be taken out by a program: there a fix is something to be done by hand.
    return [
        finding if finding.replacement != b"" else msgspec.structs.replace(finding, replacement=None)
        for finding in found
    ]


def _shown(data: bytes, starts: list[int], ends: list[int]) -> list[Finding]:
    found = []
    for finding in check_head(Head.read(data)):
        if finding.rule in _NOT_HERE:
            continue
        start = starts[finding.start] if finding.start < len(starts) else ends[-1]
        end = ends[finding.end - 1] if finding.start < finding.end <= len(ends) else start
        found.append(msgspec.structs.replace(finding, start=start, end=max(start, end)))
    return found
