"""Subjects from curl command lines: what the command would send, each part with its place in the command.

What curl adds by itself (Host, User-Agent, Accept) is not in a subject, so that `complete` is False. What it adds on
account of an option (`-u`, `--json`, `-G`, `--data-urlencode`) is, at the place of that option's value.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from urllib.parse import quote

from recoup.lint.mapped import Mapped, Place, as_bytes
from recoup.lint.shell import Command, commands
from recoup.lint.subject import Form, Pair, Subject

__all__ = ["from_curl", "read_curl"]

_CURL = re.compile(r"(?:.*[/\\])?curl(?:\.exe)?")
_BEFORE = re.compile(r"[$>%]|[A-Za-z_]\w*=.*|sudo|time|exec|command|!|then|do", re.DOTALL)
_SHORT = frozenset("AbcCdDeEFHKmoPQrtTuUwxXyYz")  # of the short options, those that take a value
_LONG_WORDS = (  # the long options that take a value
    "abstract-unix-socket alt-svc aws-sigv4 cacert capath cert cert-type ciphers config connect-timeout "
    "connect-to continue-at cookie cookie-jar create-file-mode crlfile curves data data-ascii data-binary "
    "data-raw data-urlencode delegation dns-interface dns-ipv4-addr dns-servers doh-url dump-header "
    "engine expect100-timeout form form-string happy-eyeballs-timeout-ms header hsts interface "
    "ipfs-gateway json keepalive-time key key-type limit-rate local-port max-filesize max-redirs max-time "
    "netrc-file noproxy oauth2-bearer output output-dir parallel-max pass pinnedpubkey preproxy proto "
    "proto-default proxy proxy-cacert proxy-cert proxy-header proxy-key proxy-user pubkey quote range "
    "rate referer request request-target resolve retry retry-delay retry-max-time service-name socks5 "
    "socks5-hostname speed-limit speed-time stderr time-cond tls-max tls13-ciphers trace trace-ascii "
    "trace-config unix-socket upload-file url url-query user user-agent variable write-out "
)
_LONG = frozenset(_LONG_WORDS.split())
_NAMES = {
    "X": "request", "H": "header", "d": "data", "A": "user-agent", "u": "user", "G": "get", "I": "head", "F": "form",
    "e": "referer", "b": "cookie", "T": "upload-file", ":": "next",
}  # fmt: skip
_DATA = frozenset({"data", "data-ascii", "data-binary", "data-raw", "data-urlencode", "json"})


def read_curl(source: bytes) -> Iterator[Subject]:
    """Every request that the curl commands in a text would send, in their order."""
    for command in commands(source.decode("latin-1")):
        for at, word in enumerate(command.words[:6]):
            if _CURL.fullmatch(word.text):
                subject = _Reading(source, command).subject(command.words[at + 1 :])
                if subject is not None:
                    yield subject
                break
            if not _BEFORE.fullmatch(word.text):
                break


def from_curl(command: str | bytes) -> Subject | None:
    """The first request that a curl command line would send; None where there is none. Quotes count as in a shell."""
    source = as_bytes(command) if isinstance(command, str) else command
    return next(read_curl(source), None)


class _Reading:
    """One command, option by option."""

    def __init__(self, source: bytes, command: Command) -> None:
        self.source = source
        self.command = command
        self.method: Mapped | None = None
        self.targets: list[Mapped] = []
        self.fields: list[Pair] = []
        self.data: list[Mapped] = []
        self.query: list[Mapped] = []
        self.unread = False  # a body that stands in a file
        self.to_query = False
        self.form = False

    def subject(self, words: tuple[Mapped, ...]) -> Subject | None:
        at = 0
        while at < len(words):
            word = words[at]
            at += 1
            if word.text in ("-:", "--next"):
                break
            name, value = _option(word)
            if name is None:
                self.targets.append(word)
                continue
            if value is None and _takes_value(name):
                value = words[at] if at < len(words) else Mapped("", len(self.source))
                at += 1
            self._take(name, value, word)
        return self._made()

    def _take(self, name: str, value: Mapped | None, word: Mapped) -> None:
        place = word.place()
        if name == "get":
            self.to_query = True
        elif name == "head":
            self.method = Mapped.at("HEAD", place)
        elif value is None:
            return
        elif name == "request":
            self.method = value
        elif name == "url":
            self.targets.append(value)
        elif name == "header":
            self._header(value)
        elif name in _DATA:
            self._data(name, value)
        elif name == "url-query":
            self.query.append(value.cut(1) if value.text[:1] == "+" else _encoded(value))
        elif name == "form" or name == "form-string":
            self.form = self.unread = True
        elif name == "upload-file":
            self.unread, self.method = True, self.method or Mapped.at("PUT", place)
        elif name in ("user-agent", "referer", "cookie") and value.text:
            self.fields.append(Pair(Mapped.at(name.title(), place), value, value.place()))
        elif name == "user":
            basic = "Basic " + base64.b64encode(value.text.encode("latin-1", "replace")).decode()
            self._added("Authorization", basic, value.place())
        elif name == "oauth2-bearer":
            self._added("Authorization", f"Bearer {value.text}", value.place())

    def _added(self, name: str, value: str, place: Place) -> None:
        self.fields.append(Pair(Mapped.at(name, place), Mapped.at(value, place), place))

    def _header(self, line: Mapped) -> None:
        text = line.text
        colon = text.find(":")
        if text.startswith("@") or (colon >= 0 and not text[colon + 1 :].strip()):
            return  # read from a file, or a field of curl's own that is to be left out
        if colon < 0 and text.endswith(";"):
            self.fields.append(Pair(line.cut(0, len(line) - 1), line.cut(len(line)), line.place()))
            return
        if colon < 0:
            return  # curl sends no such line
        start = colon + 1
        while text[start] in " \t":
            start += 1
        self.fields.append(Pair(line.cut(0, colon), line.cut(start), line.place()))

    def _data(self, name: str, value: Mapped) -> None:
        if name == "json":
            for field in ("Content-Type", "Accept"):
                self._added(field, "application/json", value.place())
        if name == "data-urlencode":
            value, read = _encoded(value), "@" not in value.text.partition("=")[0]
        else:
            read = name == "data-raw" or not value.text.startswith("@")
        if read:
            self.data.append(value)
        else:
            self.unread = True

    def _made(self) -> Subject | None:
        target = next((word for word in self.targets if "://" in word.text), None)
        if target is None:
            target = next((word for word in self.targets if re.match(r"[\w.\-]+\.\w|\$|\{", word.text)), None)
        if target is None:
            return None
        body: Mapped | None = None
        if self.to_query:
            self.query += self.data
        elif self.data:
            body = None if self.unread else _joined(self.data, "&")
        if self.query:
            first = "&" if "?" in target.text else "?"
            target = Mapped.join([target, *_with_marks(self.query, first, "&")])
        sends = (bool(self.data) or self.unread) and not self.to_query
        method = self.method or Mapped.at("POST" if sends else "GET", target.place(0, 0))
        last = self.command.words[-1]
        cut = (
            self.command.end
            if self.command.operator == "&" and self.command.glued and last in self.targets and "?" in last.text
            else None
        )
        if sends and not any(pair.key == "content-type" for pair in self.fields):
            place = self.data[0].place(0, 0) if self.data else target.place(0, 0)
            kind = "multipart/form-data" if self.form else "application/x-www-form-urlencoded"
            if self.form or self.data:
                self._added("Content-Type", kind, place)
        return Subject(
            source=self.source,
            form=Form.CURL,
            method=method,
            target=target,
            fields=tuple(self.fields),
            body=body if sends else None,
            cut=cut,
        )


def _option(word: Mapped) -> tuple[str | None, Mapped | None]:
    """The long name of an option and, where it stands in the same word, its value; no name for what is no option.

    Of several short options in one word the last is given; those before it take no value and change nothing here, save
    -G and -I, which are never written so.
    """
    text = word.text
    if text.startswith("--") and len(text) > 2:
        name, equals, _ = text[2:].partition("=")
        return name, word.cut(len(name) + 3) if equals else None
    if not text.startswith("-") or len(text) < 2:
        return None, None
    for index in range(1, len(text)):
        letter = text[index]
        if letter in _SHORT:
            return _NAMES.get(letter, letter), word.cut(index + 1) if index + 1 < len(text) else None
    special = next((letter for letter in text[1:] if letter in "GI"), text[-1])
    return _NAMES.get(special, special), None


def _takes_value(name: str) -> bool:
    return name in _LONG or name in _SHORT


def _encoded(value: Mapped) -> Mapped:
    """What `--data-urlencode` makes of its value: `name=content`, the content percent-encoded."""
    equals = value.text.find("=")
    if equals == 0:
        value, equals = value.cut(1), -1
    pieces = [value.cut(0, equals + 1)] if equals >= 0 else []
    for index in range(equals + 1, len(value)):
        char = value.text[index]
        pieces.append(Mapped.at(quote(char.encode("latin-1"), safe=""), value.place(index, index + 1)))
    return Mapped.join(pieces)


def _joined(parts: list[Mapped], mark: str) -> Mapped:
    return parts[0] if len(parts) == 1 else Mapped.join([parts[0], *_with_marks(parts[1:], mark, mark)])


def _with_marks(parts: list[Mapped], first: str, other: str) -> Iterator[Mapped]:
    for number, part in enumerate(parts):
        yield Mapped.at(other if number else first, part.place(0, 0))
        yield part
