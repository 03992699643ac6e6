"""The head of a request as somebody saw it on the wire: a dump, a wire log, a string in code with its escapes.

Where an answer is the page that all malformed requests get, only the bytes tell what is wrong with them. What a paste
cannot carry (how the lines of a plain dump ended) is put in properly; a wire log and a string with escapes say it.
"""

from __future__ import annotations

import re

__all__ = ["head_in"]

_METHODS = rb"(?:[A-Z][A-Z@!]{1,11}|get|post|put|patch|delete|head)"
_FIRST = re.compile(rb"(?:^|(?<=[\"'`> ]))(" + _METHODS + rb" (?:\S{1,2000} )?HTTP/1\.[01])", re.MULTILINE)
_WIRED = re.compile(r"\[\\r\]|\[\\n\]|\[CR\]|\[LF\]|<CR>|<LF>", re.IGNORECASE)
_ENDS = {"r": b"\r", "n": b"\n", "c": b"\r", "l": b"\n"}
_WIRE_LINE = re.compile(r"(?:>>|->|>)\s*\"([^\n]*)\"\s*$")
_ESCAPE = re.compile(r"\\(r|n|t|0|x[0-9A-Fa-f]{2}|u00[0-9A-Fa-f]{2})")
_ESCAPED = {"r": "\r", "n": "\n", "t": "\t", "0": "\0"}
_FIELD = re.compile(rb"[A-Za-z][A-Za-z0-9_\-]{0,60}[ \t]*:")
_COLONLESS = re.compile(rb"(?:x-amz-[a-z\-]+|user-agent|accept|host|content-[a-z]+|connection)[ \t=]+\S+[ \t]*$", re.I)
_FOLDED = re.compile(rb"[ \t]{1,8}\S[^\r\n]{0,200}$")
_SECRET = re.compile(rb"(?:x-amz-access-token|authorization|cookie)[ \t]*:[ \t]*$", re.I)
_LEFT_OUT = re.compile(rb"\.{3}|\xe2\x80\xa6")
_LONGEST = 16_384
_MOST_LINES = 60


def head_in(text: str) -> bytes | None:
    """The first head of a request in `text`, as bytes that end with an empty line; None where there is none."""
    text = text[:_LONGEST]
    if "HTTP/1" not in text:
        return None
    return _of_wire_log(text) or _of_string(text) or _of_dump(text)


def _of_wire_log(text: str) -> bytes | None:
    """Lines of a log that show the ends of lines by a mark: what went out, joined."""
    sent: list[str] = []
    for line in text.splitlines():
        found = _WIRE_LINE.search(line) if _WIRED.search(line) is not None else None
        if found is not None and "<<" not in line[: found.start() + 2]:
            sent.append(found[1])
    if not sent or "HTTP/1" not in sent[0]:
        return None
    joined = "".join(sent)
    data, at = b"", 0
    for mark in _WIRED.finditer(joined):
        end = mark[0][1:].lstrip("\\").lower()[0]
        data += joined[at : mark.start()].encode() + _ENDS[end]
        at = mark.end()
    return _ended(data + joined[at:].encode())


def _of_string(text: str) -> bytes | None:
    """A head in one string of code, its line ends written as escapes."""
    for line in text.splitlines():
        if "HTTP/1" not in line or "\\n" not in line:
            continue
        plain = _ESCAPE.sub(lambda found: _ESCAPED.get(found[1]) or chr(int(found[1][1:], 16)), line).encode()
        first = _FIRST.search(plain)
        if first is None or plain.find(b"\n", first.end()) < 0:
            continue
        stop = re.compile(rb"\n\r?\n").search(plain, first.end())
        rest = plain[first.start(1) : stop.end() if stop is not None else len(plain)]
        if stop is None:
            return None  # where it ends is not told
        return rest
    return None


def _of_dump(text: str) -> bytes | None:
    """Lines of their own: the first one and the fields below it, whatever ended them."""
    data = text.encode("utf-8", "replace")
    for first in _FIRST.finditer(data):
        stop = data.find(b"\n", first.end())
        if stop < 0 or data[first.end() : stop].strip():
            continue
        lines = [first[1]]
        for line in data[stop + 1 :].split(b"\n")[:_MOST_LINES]:
            line = line.removesuffix(b"\r").removeprefix(b"> ")
            if not _belongs(line):
                break
            lines.append(line)
        if len(lines) > 1:
            return b"\r\n".join(lines) + b"\r\n\r\n"
    return None


def _belongs(line: bytes) -> bool:
    if not line.strip() or line.startswith(b"HTTP/") or _LEFT_OUT.fullmatch(line.strip()):
        return False
    if _SECRET.match(line):
        return True
    if _FIELD.match(line):
        return True
    return _COLONLESS.match(line) is not None or _FOLDED.match(line) is not None


def _ended(data: bytes) -> bytes:
    return data if data.endswith((b"\n\r\n", b"\n\n")) else data + b"\r\n"
