"""A forgiving reader of data in the forms in which people paste it.

JSON, and what programs print in its place: Python, Ruby, JavaScript and PHP literals (single quotes, `=>`, bare keys,
`None`, `nil`, `Array ( [key] => value )`), texts that were cut short, a last brace that is missing, and objects that
were put into a string without escaping their quotes. One pass over the text, depth and length bounded, never an
exception.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

__all__ = ["Literal", "parse_json", "read_literal"]

MAX_DEPTH = 60
MAX_LENGTH = 262_144  # characters that are read at most; an error body has some hundreds

_CLOSERS = {"{": "}", "[": "]", "(": ")"}
_BLANKS = re.compile(r"\s*")
_BARE = re.compile(r"[^\s,:=\[\]{}()\"'`>]+")
_BARE_VALUE = re.compile(r"(?:(?!\s\[\w{1,60}\]\s?=>)[^,\n\r\]})])*")
_STRING_STOP = {quote: re.compile(rf"[{quote}\\]") for quote in "\"'`"}
_INNER_OBJECT = {quote: re.compile(rf"\s*[{{\[]\s*{quote}[A-Za-z_]") for quote in "\"'`"}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "0": "\0"}
_WORDS: dict[str, Any] = {"null": None, "none": None, "nil": None, "undefined": None, "true": True, "false": False}
_INTEGER = re.compile(r"[+-]?\d{1,18}")
_DECIMAL = re.compile(r"[+-]?\d{1,18}\.\d{1,18}")
_BRACES = re.compile(r"[{}]")


class Literal(msgspec.Struct, frozen=True):
    """What was read: the value, the position after it, and whether it ended where it should."""

    value: Any
    end: int
    complete: bool


def parse_json(data: bytes | str) -> tuple[bool, Any]:
    """(True, value) where `data` is JSON as the standard has it, else (False, None)."""
    try:
        return True, msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        return False, None


def read_literal(text: str, start: int = 0, *, holes: bool = False) -> Literal | None:
    """The object, list or tuple that begins at `start`, however it is written; None where none begins there.

    With `holes` a value without quotes, which in code is a variable or an expression, is given as `{its words}`.
    """
    if start >= len(text) or text[start] not in _CLOSERS:
        return None
    reader = _Reader(text[: start + MAX_LENGTH], start, holes=holes)
    value = reader.container(0)
    return Literal(value, reader.at, reader.complete)


class _Reader:
    def __init__(self, text: str, at: int, *, holes: bool = False) -> None:
        self.text = text
        self.at = at
        self.holes = holes
        self.complete = True

    def blanks(self) -> None:
        found = _BLANKS.match(self.text, self.at)
        if found is not None:
            self.at = found.end()

    def container(self, depth: int) -> Any:
        close = _CLOSERS[self.text[self.at]]
        braces = close == "}"
        self.at += 1
        pairs: dict[str, Any] = {}
        items: list[Any] = []
        while True:
            self.blanks()
            if self.at >= len(self.text):
                self.complete = False
                break
            char = self.text[self.at]
            if char == close:
                self.at += 1
                break
            if char in "}])":  # the wrong end: take it for ours, the text is damaged
                self.complete = False
                if not braces or char == "}":
                    self.at += 1
                break
            if char in ",;:=>":
                self.at += 1
                continue
            before = self.at
            item = self.value(depth + 1, key=True)
            if self.separator():
                self.blanks()
                pairs[_key(item)] = self.value(depth + 1, key=False)
            else:
                items.append(item)
            if self.at == before:
                self.at += 1
        if pairs:
            numbered = all(key.isdigit() for key in pairs)  # PHP prints a list with its positions
            return list(pairs.values()) if numbered and not items else pairs
        return {} if braces and not items else items

    def separator(self) -> bool:
        self.blanks()
        text, at = self.text, self.at
        if text.startswith("=>", at):
            self.at += 2
            return True
        if at < len(text) and text[at] in ":=":
            self.at += 1
            return True
        return False

    def value(self, depth: int, *, key: bool) -> Any:
        self.blanks()
        if self.at >= len(self.text):
            self.complete = False
            return None
        char = self.text[self.at]
        if char in _CLOSERS:
            if depth > MAX_DEPTH:
                self.complete = False
                self.at = len(self.text)  # nothing that Amazon sends is this deep
                return None
            return self.container(depth)
        if char in _STRING_STOP:
            return self.string(char, depth)
        return self.bare(depth, key=key)

    def string(self, quote: str, depth: int) -> Any:
        if depth <= MAX_DEPTH and _INNER_OBJECT[quote].match(self.text, self.at + 1):
            self.at += 1  # "{ "errorCode": ... }": an object in a string whose quotes were not escaped
            self.blanks()
            inner = self.container(depth + 1)
            self.blanks()
            if self.text.startswith(quote, self.at):
                self.at += 1
            return inner
        parts: list[str] = []
        at = self.at + 1
        stop = _STRING_STOP[quote]
        text = self.text
        while True:
            found = stop.search(text, at)
            if found is None:
                parts.append(text[at:])
                self.at = len(text)
                self.complete = False
                break
            parts.append(text[at : found.start()])
            at = found.end()
            if found[0] == quote:
                self.at = at
                break
            escaped = text[at : at + 1]
            if escaped == "u":
                try:
                    parts.append(chr(int(text[at + 1 : at + 5], 16)))
                    at += 5
                except ValueError:
                    parts.append("u")
                    at += 1
            else:
                parts.append(_ESCAPES.get(escaped, escaped))
                at += 1
        return _paired("".join(parts))

    def bare(self, depth: int, *, key: bool) -> Any:
        found = _BARE.match(self.text, self.at)
        if found is None:
            self.at += 1
            return None
        start, self.at = self.at, found.end()
        word = found[0]
        if not key:
            mark = self.at
            self.blanks()
            if self.text.startswith("(", self.at) and depth <= MAX_DEPTH:
                return self.container(depth)  # Array ( ... ), Issue ( ... ), OrderedDict([...])
            self.at = mark
            rest = _BARE_VALUE.match(self.text, self.at)
            if rest is not None and rest[0].strip():
                self.at = rest.end()
                word = self.text[start : self.at].strip()
        lowered = word.lower()
        if lowered in _WORDS:
            return _WORDS[lowered]
        if _INTEGER.fullmatch(word):
            return int(word)
        if self.holes and not key:
            return float(word) if _DECIMAL.fullmatch(word) else "{" + _BRACES.sub("", word)[:80] + "}"
        return word


def _paired(text: str) -> str:
    """`text` with pairs of surrogates joined, and those that stand alone replaced: they cannot be written as UTF-8."""
    if text.isascii() or not any("\ud800" <= char <= "\udfff" for char in text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _key(item: Any) -> str:
    if isinstance(item, list) and len(item) == 1:  # PHP's [key] => value
        item = item[0]
    return item if isinstance(item, str) else str(item)[:200] if not isinstance(item, dict | list) else ""
