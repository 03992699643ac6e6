"""Strict JSON with the place of every value, for files that may be large: recordings (HAR).

What a person wrote into a body is read by `recoup.lint.json_text`, which goes on past mistakes. Here the structure is
walked, strings are read by the standard library's scanner, which is fast. One character of the
text is one byte (ISO 8859-1); a string's `value` is the text that those bytes are in UTF-8.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from json.decoder import scanstring  # type: ignore[attr-defined]  # not in the stubs; public, by its name
from typing import Any

import msgspec

from recoup.lint.mapped import Mapped

__all__ = ["Broken", "Node", "mapped_string", "read"]

_BLANK = re.compile(r"[ \t\r\n]*")
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+\-]?\d+)?", re.ASCII)
_WORDS = {"true": True, "false": False, "null": None}
_WIDE = re.compile(r"[\x80-\xff]+")
_DEEPEST = 200
_SIMPLE = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})(?:\\u([Dd][C-Fc-f][0-9A-Fa-f]{2}))?|(.))", re.DOTALL)


class Broken(ValueError):
    """This is no JSON: `at` is the first character that does not belong there, `why` says what was expected."""

    def __init__(self, why: str, at: int) -> None:
        super().__init__(why)
        self.why = why
        self.at = at


class Node(msgspec.Struct, frozen=True):
    """One value: `start` to `end` of the text. `value` is a text, number, bool or None, or None for the two others:
    `members` of an object as (name, value), `items` of an array.
    """

    start: int
    end: int
    value: Any = None
    members: tuple[tuple[Node, Node], ...] | None = None
    items: tuple[Node, ...] | None = None

    def get(self, name: str) -> Node | None:
        """The last member of that name; None where there is none, or this is no object."""
        found = None
        for key, value in self.members or ():
            if key.value == name:
                found = value
        return found

    def walk(self) -> Iterator[Node]:
        """This value and all that stand in it, in their order."""
        yield self
        for _, value in self.members or ():
            yield from value.walk()
        for item in self.items or ():
            yield from item.walk()


def read(text: str, at: int = 0, *, whole: bool = True) -> Node:
    """The value that begins at `at`. Raises `Broken`, also for what follows it where it must be the `whole` text."""
    node = _value(text, _skip(text, at), 0)
    if whole and (rest := _skip(text, node.end)) < len(text):
        raise Broken("something follows the value", rest)
    return node


def mapped_string(text: str, node: Node) -> Mapped:
    """The inside of a string, unescaped, each of its bytes with its place."""
    start, end = node.start + 1, node.end - 1
    if "\\" not in text[start:end]:
        return Mapped(text[start:end], start, None, end)
    pieces: list[Mapped] = []
    at = start
    for escape in _ESCAPE.finditer(text, start, end):
        if escape.start() > at:
            pieces.append(Mapped(text[at : escape.start()], at))
        high, low, simple = escape.groups()
        stop = escape.end()
        if simple is not None:
            said = _SIMPLE.get(simple, simple)
        else:
            code = int(high, 16)
            if low is not None and 0xD800 <= code < 0xDC00:
                code = 0x10000 + ((code - 0xD800) << 10) + (int(low, 16) - 0xDC00)
            elif low is not None:
                stop = escape.start() + 6
            said = chr(code).encode("utf-8", "surrogatepass").decode("latin-1")
        pieces.append(Mapped(said, [escape.start()] * len(said), [stop] * len(said)))
        if low is not None and stop != escape.end():
            code = int(low, 16)
            said = chr(code).encode("utf-8", "surrogatepass").decode("latin-1")
            pieces.append(Mapped(said, [stop] * len(said), [escape.end()] * len(said)))
        at = escape.end()
    if at < end:
        pieces.append(Mapped(text[at:end], at))
    return Mapped.join([*pieces, Mapped("", end)])


def _skip(text: str, at: int) -> int:
    found = _BLANK.match(text, at)
    return found.end() if found is not None else at


def _value(text: str, at: int, depth: int) -> Node:
    char = text[at : at + 1]
    if char == '"':
        return _string(text, at)
    if char in "{[" and char:
        if depth >= _DEEPEST:
            raise Broken("the values are nested too deeply", at)
        return _object(text, at, depth) if char == "{" else _array(text, at, depth)
    number = _NUMBER.match(text, at)
    if number is not None:
        return Node(at, number.end(), json.loads(number[0]) if len(number[0]) < 400 else float("inf"))
    for word, value in _WORDS.items():
        if text.startswith(word, at):
            return Node(at, at + len(word), value)
    raise Broken("a value is expected" if char else "the text ends where a value is expected", at)


def _string(text: str, at: int) -> Node:
    try:
        value, end = scanstring(text, at + 1, True)
    except json.JSONDecodeError as error:
        raise Broken(error.msg[:1].lower() + error.msg[1:], min(error.pos, len(text))) from error
    if not value.isascii():
        # Bytes that stood there as they are come out as one character each; an escape gave its character already.
        value = _WIDE.sub(lambda found: found[0].encode("latin-1").decode("utf-8", "replace"), value)
    return Node(at, end, value)


def _object(text: str, at: int, depth: int) -> Node:
    members: list[tuple[Node, Node]] = []
    start, at = at, _skip(text, at + 1)
    if text[at : at + 1] == "}":
        return Node(start, at + 1, None, ())
    while True:
        if text[at : at + 1] != '"':
            raise Broken("a name in double quotes is expected", at)
        key = _string(text, at)
        at = _skip(text, key.end)
        if text[at : at + 1] != ":":
            raise Broken("a colon is expected behind a name", at)
        value = _value(text, _skip(text, at + 1), depth + 1)
        members.append((key, value))
        at = _skip(text, value.end)
        if text[at : at + 1] == "}":
            return Node(start, at + 1, None, tuple(members))
        if text[at : at + 1] != ",":
            raise Broken("a comma or the end of the object is expected", at)
        at = _skip(text, at + 1)


def _array(text: str, at: int, depth: int) -> Node:
    items: list[Node] = []
    start, at = at, _skip(text, at + 1)
    if text[at : at + 1] == "]":
        return Node(start, at + 1, None, None, ())
    while True:
        item = _value(text, at, depth + 1)
        items.append(item)
        at = _skip(text, item.end)
        if text[at : at + 1] == "]":
            return Node(start, at + 1, None, None, tuple(items))
        if text[at : at + 1] != ",":
            raise Broken("a comma or the end of the array is expected", at)
        at = _skip(text, at + 1)
