"""What curl writes of a transfer, as plain HTTP messages: `-v` with its marks, `--trace-ascii`, `--trace`.

`-v` puts `>` before what is sent, `<` before what comes, `*` before its own words, and notes like `{ [141 bytes
data]` and a progress meter between them. A trace has a heading for each piece and the bytes with their offsets. The
bytes of the messages are given back in their order; curl's own words are left out.
"""

from __future__ import annotations

import re

__all__ = ["MARKED", "TRACED", "plain_messages"]

MARKED = re.compile(rb"^(?:\d\d:\d\d:\d\d\.\d{3,6} )?[<>] (?:HTTP/\d|[A-Z]{3,7} \S+ HTTP/\d)", re.MULTILINE)
TRACED = re.compile(
    rb"^(?:\d\d:\d\d:\d\d\.\d{3,6} )?(?:\[[\d\-]{1,9}\] )?(?:=>|<=) (?:Send|Recv) (?:header|data)", re.MULTILINE
)
_HEADING = re.compile(
    rb"(?:\d\d:\d\d:\d\d\.\d{3,6} )?(?:\[[\d\-]{1,9}\] )?(=>|<=|==) (Send header|Recv header|Send data|Recv data"
    rb"|Send SSL data|Recv SSL data|Info:)"
)
_NUMBERED = re.compile(rb"([0-9a-f]{4,8}): ?")
_TAKEN = (b"Send header", b"Recv header", b"Send data", b"Recv data")
_SIZE = re.compile(rb", (\d{1,12}) bytes")
# Line breaks within data are printed as dots: those that stand where JSON has its line breaks.
_DOTTED = re.compile(rb"(?<=[{\[,}\]\"0-9el])\.(?=[\s\"}\]{]|\Z)")
_HEXED = re.compile(rb"((?:[0-9a-f]{2} ){1,16}) {0,45}")
# Lines of curl itself between those of the messages.
_OWN = re.compile(
    rb"(?:\d\d:\d\d:\d\d\.\d{3,6} )?(?:\* [^\n]*|[{}] \[\d{1,12} bytes data\]|  % Total    % Received[^\n]*|[ "
    rb"]{20,40}Dload  Upload[^\n]*"
    rb"|\r?[ ]{0,4}\d{1,3}(?: +[\d.]{1,8}[kMG]?){3,}(?: +[\d\-:]{7,9}){1,3}[^\n]*)\r?\n?"
)
_STAMP = re.compile(rb"\d\d:\d\d:\d\d\.\d{3,6} ")
_MARK = re.compile(rb"(?:\d\d:\d\d:\d\d\.\d{3,6} )?([<>])(?: ([^\n]*)|\r?)(?:\n|\Z)")
_LEFT = re.compile(rb"\* (?:Connection #\d{1,6} to host|Closing connection|TLSv|Curl_)[^\n]*\n?")


def plain_messages(data: bytes) -> bytes:
    """The HTTP messages that curl shows; the same bytes where this is no output of curl."""
    if TRACED.search(data) is not None:
        return _from_trace(data)
    if MARKED.search(data) is not None:
        return _from_marks(data)
    return data


def _from_marks(data: bytes) -> bytes:
    out: list[bytes] = []
    side = b""
    for line in data.splitlines(keepends=True):
        marked = _MARK.fullmatch(line)
        if marked is not None:
            if side and marked[1] != side:
                out.append(b"\n")
            side = marked[1]
            out.append((marked[2] or b"").rstrip(b"\r") + b"\n")
        elif _OWN.fullmatch(line) is None:
            left = _LEFT.search(line)  # curl's last words stand behind a body that ends without a line's end
            out.append(line if left is None or left.start() == 0 else line[: left.start()])
    return b"".join(out)


def _from_trace(data: bytes) -> bytes:
    out: list[bytes] = []
    piece: list[bytes] = []
    taking = b""
    declared = end = 0

    def close() -> None:
        if taking:
            if taking.endswith(b"header") and end < declared:
                piece.append(b"\r\n")  # what ends a line is counted and not printed
            whole = b"".join(piece)
            out.append(_DOTTED.sub(b"\n", whole) if taking.endswith(b"data") else whole)
        piece.clear()

    for line in data.splitlines():
        heading = _HEADING.match(line)
        if heading is not None:
            close()
            taking = heading[2] if heading[2] in _TAKEN else b""
            if taking == b"Recv header" and out and not out[-1].endswith(b"\n"):
                out.append(b"\r\n")
            told = _SIZE.search(line)
            declared, end = (int(told[1]) if told is not None else 0), 0
            continue
        numbered = _NUMBERED.match(line) if taking else None
        if numbered is None:
            continue
        at = int(numbered[1], 16)
        if at > end and piece:
            piece.append(b"\r\n")
        rest = line[numbered.end() :]
        pairs = _HEXED.fullmatch(rest[:48])
        if pairs is not None and len(rest) > 48 and len(pairs[1]) == 3 * (len(rest) - 48):
            rest = bytes.fromhex(pairs[1].decode())  # `--trace`: in hexadecimal, then the same bytes as characters
        piece.append(rest)
        end = at + len(rest)
    close()
    return b"".join(out)
