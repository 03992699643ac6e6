"""Subjects from what people have: raw HTTP bytes, a curl command line, a URL, a request as a value."""

from __future__ import annotations

import re

from recoup.exchange import Request
from recoup.lint.mapped import Mapped, Place
from recoup.lint.subject import Form, Pair, Subject
from recoup.lint.wire.head import Head, Span

__all__ = ["from_curl", "from_http", "from_request", "from_url"]


def from_http(raw: bytes) -> Subject:
    """The request in these bytes, head and body, however broken; its places are those of `raw`."""
    head = Head.read(raw, 2 if raw[:2] == b"\r\n" else 0)

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
    body = Mapped(raw[head.end :].decode("latin-1"), head.end) if head.blank is not None else None
    return Subject(
        source=raw,
        form=Form.HTTP,
        method=mapped(head.method),
        target=mapped(head.target),
        fields=fields,
        body=body,
        complete=head.blank is not None,
    )


def from_url(url: str | bytes) -> Subject:
    """A URL alone, taken for what a GET request would call."""
    source = url.encode() if isinstance(url, str) else url
    return Subject(source=source, form=Form.URL, method=Mapped("", 0), target=Mapped(source.decode("latin-1"), 0))


def from_request(request: Request) -> Subject:
    """A request as a value. Where it holds the bytes of the wire they count; else its places are those of a
    rendering.
    """
    if request.raw is not None:
        return from_http(request.raw)
    parts: list[bytes] = []
    size = 0

    def put(text: str | bytes) -> Mapped:
        nonlocal size
        data = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text
        start, size = size, size + len(data)
        parts.append(data)
        return Mapped(data.decode("latin-1"), start)

    method = put(request.method)
    put(" ")
    target = put(request.url)
    put("\n")
    fields = []
    for name, value in request.headers:
        start = size
        written = put(name)
        put(": ")
        holds = put(value)
        put("\n")
        fields.append(Pair(written, holds, Place(start, size)))
    put("\n")
    body = None if request.body is None else put(request.body)
    return Subject(
        source=b"".join(parts),
        form=Form.VALUE,
        method=method,
        target=target,
        fields=tuple(fields),
        body=body,
        complete=len(request.headers) > 1,
    )


# -- curl ------------------------------------------------------------------------------------------------------------

_WITH_VALUE = frozenset(
    [
        "-A",
        "--user-agent",
        "-b",
        "--cookie",
        "-c",
        "--cookie-jar",
        "--cacert",
        "--cert",
        "-E",
        "--key",
        "--connect-timeout",
        "-m",
        "--max-time",
        "-o",
        "--output",
        "-e",
        "--referer",
        "-x",
        "--proxy",
        "-T",
        "--upload-file",
        "-w",
        "--write-out",
        "--retry",
        "--resolve",
        "-u",
        "--user",
        "--interface",
        "--ciphers",
        "--trace",
        "--trace-ascii",
        "-F",
        "--form",
        "--form-string",
        "--limit-rate",
        "-D",
        "--dump-header",
        "--stderr",
        "--tlsv1",
        "--tls-max",
        "--proxy-user",
    ]
)
_DATA = frozenset({"-d", "--data", "--data-raw", "--data-binary", "--data-ascii", "--json", "--data-urlencode"})
_ANSI = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "e": "\x1b"}


def from_curl(command: str | bytes) -> Subject | None:
    """The request that a curl command line would send; None where it is none. Quotes are understood as a shell does.

    What curl adds by itself (Host, User-Agent, Accept, the form's Content-Type) is not in it: `complete` is False.
    """
    source = command.encode("utf-8", "surrogateescape") if isinstance(command, str) else command
    words = shell_words(source.decode("latin-1"))
    if not words or not re.fullmatch(r"(?:.*[/\\])?curl(?:\.exe)?", words[0].text):
        return None
    method: Mapped | None = None
    target: Mapped | None = None
    fields: list[Pair] = []
    data: list[Mapped] = []
    to_query = False
    at = 1
    while at < len(words):
        word = words[at]
        name, value = word.text, None
        if name.startswith("--") and "=" in name and not name.startswith("--data"):
            name, _, _ = name.partition("=")
            value = word.cut(len(name) + 1)
        elif re.fullmatch(r"-[XHdAbouemw].+", name):
            name, value = name[:2], word.cut(2)
        if name in ("-X", "--request", "-H", "--header", "--url") or name in _DATA or name in _WITH_VALUE:
            if value is None:
                at += 1
                value = words[at] if at < len(words) else Mapped("", len(source))
            if name in ("-X", "--request"):
                method = value
            elif name in ("-H", "--header"):
                fields.append(_pair(value))
            elif name == "--url":
                target = value
            elif name in _DATA:
                data.append(value)
            elif name in ("-A", "--user-agent"):
                fields.append(Pair(Mapped("User-Agent", [word.place().start] * 10), value, value.place()))
        elif name in ("-G", "--get"):
            to_query = True
        elif name in ("-I", "--head"):
            method = Mapped("HEAD", [word.place().start] * 4)
        elif not name.startswith("-"):
            target = word
        at += 1
    if target is None:
        return None
    if method is None:
        verb = "POST" if data and not to_query else "GET"
        method = Mapped(verb, [target.place().start] * len(verb))
    body = data[0] if data and not to_query else None
    return Subject(source=source, form=Form.CURL, method=method, target=target, fields=tuple(fields), body=body)


def _pair(line: Mapped) -> Pair:
    colon = line.text.find(":")
    if colon < 0:
        return Pair(line, line.cut(len(line)), line.place())
    start = colon + 1
    while start < len(line) and line.text[start] in " \t":
        start += 1
    return Pair(line.cut(0, colon), line.cut(start), line.place())


def shell_words(text: str) -> list[Mapped]:
    """The words of a command line as a POSIX shell splits it, with `$'...'` and continued lines; each with its
    places.
    """
    words: list[Mapped] = []
    chars: list[str] = []
    offsets: list[int] = []
    open_word = False
    at, stop, quote = 0, 0, ""  # `stop` is where the latest character of the word ends, without a closing quote
    while at < len(text):
        before = len(chars)
        char = text[at]
        if quote == "'":
            if char == "'":
                quote = ""
            else:
                chars.append(char)
                offsets.append(at)
        elif quote == "$" or quote == '"':
            if char == ("'" if quote == "$" else '"'):
                quote = ""
            elif char == "\\" and at + 1 < len(text):
                following = text[at + 1]
                if quote == "$":
                    chars.append(_ANSI.get(following, following))
                    offsets.append(at)
                elif following in '"\\$`':
                    chars.append(following)
                    offsets.append(at)
                elif following != "\n":
                    chars += [char, following]
                    offsets += [at, at + 1]
                at += 1
            else:
                chars.append(char)
                offsets.append(at)
        elif char in "'\"":
            quote, open_word = char, True
        elif char == "$" and text.startswith("$'", at):
            quote, open_word = "$", True
            at += 1
        elif char == "\\" and at + 1 < len(text):
            if text[at + 1] == "\n":
                at += 1
            elif text.startswith("\r\n", at + 1):
                at += 2
            else:
                chars.append(text[at + 1])
                offsets.append(at)
                open_word = True
                at += 1
        elif char.isspace():
            if open_word:
                words.append(Mapped("".join(chars), tuple(offsets), stop if chars else at))
            chars, offsets, open_word, before = [], [], False, 0
        else:
            chars.append(char)
            offsets.append(at)
            open_word = True
        at += 1
        if len(chars) > before:
            stop = at
    if open_word:
        words.append(Mapped("".join(chars), tuple(offsets), stop if chars else len(text)))
    return words
