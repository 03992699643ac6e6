"""JSON as somebody wrote it: the values, where each of them stands, and everything that is no JSON, read on past it.

A strict decoder stops at the first wrong character and keeps no places. A rule needs the place of a value that is JSON
and wrong all the same, and a person wants every comma that is too many at once. What other languages write for JSON is
understood (single quotes, bare names, `None`, comments, a comma behind the last element), and noted as a flaw.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from recoup.lint.mapped import Mapped

__all__ = ["Flaw", "JsonText", "Member", "Node", "mapped_string", "read_json"]

_DEEPEST = 64
_MOST = 200_000  # values
_SKIPPED = frozenset(" \t\r\n/#")
_BLANK = re.compile(r"[ \t\r\n]*")
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?")
_WORD = re.compile(r"[A-Za-z_$][\w$.\-]*", re.ASCII)
_COMMENT = re.compile(r"//[^\n]*|#[^\n]*|/\*.*?\*/", re.DOTALL)
# A pair of surrogates is one character.
_UNICODE = re.compile(r"\\u(?:([Dd][89ABab][0-9A-Fa-f]{2})\\u([Dd][C-Fc-f][0-9A-Fa-f]{2})|([0-9A-Fa-f]{4}))")
_PLAIN = re.compile(r'[^"\\\x00-\x1f]*')
_WORDS: dict[str, tuple[str, object, str | None]] = {
    "true": ("boolean", True, None),
    "false": ("boolean", False, None),
    "null": ("null", None, None),
    "True": ("boolean", True, "true"),
    "False": ("boolean", False, "false"),
    "None": ("null", None, "null"),
    "nil": ("null", None, "null"),
    "undefined": ("null", None, "null"),
    "NaN": ("null", None, "null"),
}
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})(?:\\u([Dd][C-Fc-f][0-9A-Fa-f]{2}))?|(.))", re.DOTALL)
_ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


class Node:
    """One value: `kind` is object, array, string, number, boolean or null; it stands at `start` to `end` of the text.

    `value` is a string's text (decoded, so that it may be compared), a number's as written, a boolean; else None.
    """

    __slots__ = ("elements", "end", "kind", "members", "start", "value")

    def __init__(self, kind: str, start: int, end: int, value: object = None) -> None:
        self.kind = kind
        self.start = start
        self.end = end
        self.value = value
        self.members: list[Member] = []
        self.elements: list[Node] = []

    def get(self, name: str) -> Node | None:
        """The value of the member called `name`, the last where it stands twice; None for anything but an object."""
        return next((member.node for member in reversed(self.members) if member.name == name), None)

    @property
    def text(self) -> str:
        """The text of a string or number; empty for other kinds."""
        return self.value if isinstance(self.value, str) else ""


class Member:
    """One name and value of an object; the name stands, with its quotes, at `start` to `end`."""

    __slots__ = ("end", "name", "node", "start")

    def __init__(self, name: str, start: int, end: int, node: Node) -> None:
        self.name = name
        self.start = start
        self.end = end
        self.node = node


class Flaw:
    """What is no JSON at `start` to `end`; `instead` may stand there. `cut`: the text ends before the value does."""

    __slots__ = ("cut", "end", "instead", "start", "text")

    def __init__(self, start: int, end: int, text: str, instead: str | None = None, *, cut: bool = False) -> None:
        self.start = start
        self.end = end
        self.text = text
        self.instead = instead
        self.cut = cut


class JsonText:
    """The value (None where nothing could be read), and every flaw. `whole`: reading came to its end."""

    __slots__ = ("flaws", "root", "whole")

    def __init__(self, root: Node | None, flaws: list[Flaw], whole: bool) -> None:
        self.root = root
        self.flaws = flaws
        self.whole = whole

    def nodes(self) -> Iterator[tuple[str, Node]]:
        """Every value below the root with the name of the member that holds it, or that holds its array."""
        if self.root is None:
            return
        stack = [("", self.root)]
        while stack:
            name, node = stack.pop()
            yield name, node
            stack += [(member.name, member.node) for member in reversed(node.members)]
            stack += [(name, element) for element in reversed(node.elements)]


class _Stop(Exception):
    """Reading cannot go on."""


def read_json(text: str, start: int = 0, end: int | None = None) -> JsonText:
    """Reads a text whose characters are bytes (ISO 8859-1), from `start` to `end`; places are those of the whole text.
    Never raises.
    """
    if end is not None and end < len(text):
        text = text[:end]
    reader = _Reader(text, start)
    root: Node | None = None
    try:
        root = reader.value(0)
        reader.blank()
        if reader.at < len(text):
            reader.note(reader.at, len(text), "Something follows behind the end of the JSON")
        whole = True
    except _Stop:
        root, whole = root or reader.first, False
    return JsonText(root, reader.flaws, whole)


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
            said = _ESCAPES.get(simple, simple)
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


class _Reader:
    def __init__(self, text: str, at: int = 0) -> None:
        self.text = text
        self.at = at
        self.flaws: list[Flaw] = []
        self.first: Node | None = None
        self.count = 0
        if text.startswith("\xef\xbb\xbf", at):
            self.note(at, at + 3, "The body begins with a byte order mark", "")
            self.at = at + 3

    def note(self, start: int, end: int, text: str, instead: str | None = None) -> None:
        self.flaws.append(Flaw(start, end, text, instead))

    def stop(self, text: str) -> _Stop:
        if self.at >= len(self.text):
            self.flaws.append(Flaw(len(self.text), len(self.text), "The JSON ends before it is complete", cut=True))
        else:
            self.note(self.at, self.at + 1, text)
        return _Stop()

    def blank(self) -> None:
        if self.text[self.at : self.at + 1] not in _SKIPPED:
            return
        while True:
            match = _BLANK.match(self.text, self.at)
            self.at = match.end() if match is not None else self.at
            if self.text[self.at : self.at + 1] not in ("/", "#"):
                return
            comment = _COMMENT.match(self.text, self.at)
            if comment is None:
                return
            self.note(comment.start(), comment.end(), "JSON has no comments", "")
            self.at = comment.end()

    def peek(self) -> str:
        self.blank()
        return self.text[self.at : self.at + 1]

    def value(self, depth: int) -> Node:
        char = self.peek()
        self.count += 1
        if depth > _DEEPEST or self.count > _MOST:
            raise _Stop
        start = self.at
        if char == "{":
            return self.object(depth)
        if char == "[":
            return self.array(depth)
        if char == '"' or char == "'":
            return self.keep(Node("string", start, self.at, self.string(char)), start)
        number = _NUMBER.match(self.text, start)
        if number is not None:
            self.at = number.end()
            extra = _WORD.match(self.text, self.at) or re.compile(r"[\d.]+").match(self.text, self.at)
            if extra is not None:
                self.note(start, extra.end(), "This is neither a number nor a quoted text")
                self.at = extra.end()
                return self.keep(Node("string", start, self.at, self.text[start : self.at]), start)
            return self.keep(Node("number", start, self.at, number[0]), start)
        word = _WORD.match(self.text, start)
        if word is None:
            raise self.stop("No JSON value begins with this character")
        self.at = word.end()
        known = _WORDS.get(word[0])
        if known is None:
            self.note(start, self.at, "A text stands here without quotes", f'"{word[0]}"')
            return self.keep(Node("string", start, self.at, word[0]), start)
        kind, value, instead = known
        if instead is not None:
            self.note(start, self.at, f"{word[0]} is no word of JSON", instead)
        return self.keep(Node(kind, start, self.at, value), start)

    def keep(self, node: Node, start: int) -> Node:
        node.start, node.end = start, self.at
        return node

    def string(self, quote: str) -> str:
        """The text of the string that begins here; a single quote is noted at both ends."""
        start = self.at
        self.at += 1
        parts: list[str] = []
        plain = _PLAIN if quote == '"' else re.compile(r"[^'\\\x00-\x1f]*")
        while True:
            match = plain.match(self.text, self.at)
            if match is not None:
                parts.append(match[0])
                self.at = match.end()
            char = self.text[self.at : self.at + 1]
            if char == quote:
                self.at += 1
                break
            if char == "\\":
                parts.append(self.escape())
            elif char == "":
                raise self.stop("")
            else:
                self.note(self.at, self.at + 1, "A control character stands unescaped inside a text")
                self.at += 1
        if quote == "'":
            self.note(start, start + 1, "JSON takes double quotes only", '"')
            self.note(self.at - 1, self.at, "JSON takes double quotes only", '"')
        return "".join(parts).encode("latin-1", "replace").decode("utf-8", "replace")

    def escape(self) -> str:
        following = self.text[self.at + 1 : self.at + 2]
        unicode = _UNICODE.match(self.text, self.at)
        if unicode is not None:
            self.at = unicode.end()
            if unicode[2]:
                high, low = int(unicode[1], 16), int(unicode[2], 16)
                char = chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))
            else:
                char = chr(int(unicode[1] or unicode[3], 16))
            return char.encode("utf-8", "replace").decode("latin-1")
        known = _ESCAPES.get(following)
        if known is None and following:
            self.note(self.at, self.at + 2, "JSON has no such escape")
        self.at += 2
        return known if known is not None else following

    def array(self, depth: int) -> Node:
        node = Node("array", self.at, len(self.text))
        self.first = self.first or node
        self.at += 1
        comma = -1
        while True:
            char = self.peek()
            if char == "]":
                break
            node.elements.append(self.value(depth + 1))
            comma = self.separator("]", node.elements[-1].end)
            if comma < 0:
                break
        return self.closed(node, comma)

    def object(self, depth: int) -> Node:
        node = Node("object", self.at, len(self.text))
        self.first = self.first or node
        self.at += 1
        comma = -1
        while True:
            char = self.peek()
            if char == "}":
                break
            start = self.at
            name = self.name(char)
            end = self.at
            if self.peek() == "=" and self.text.startswith("=>", self.at):
                self.note(self.at, self.at + 2, "A colon separates name and value", ":")
                self.at += 2
            elif self.peek() == ":":
                self.at += 1
            else:
                raise self.stop("A colon belongs between name and value")
            member = Member(name, start, end, Node("null", self.at, self.at))
            member.node = self.value(depth + 1)
            if any(other.name == name for other in node.members[-50:]):
                self.note(start, end, "This name stands twice in one object; which value counts is left to chance")
            node.members.append(member)
            comma = self.separator("}", member.node.end)
            if comma < 0:
                break
        return self.closed(node, comma)

    def name(self, char: str) -> str:
        if char == '"' or char == "'":
            return self.string(char)
        word = _WORD.match(self.text, self.at)
        if word is None:
            raise self.stop("A name in double quotes belongs here")
        self.at = word.end()
        self.note(word.start(), word.end(), "A name stands here without quotes", f'"{word[0]}"')
        return word[0]

    def separator(self, close: str, end: int) -> int:
        """Where the comma stands that was read; -1 where the end of the array or object comes next."""
        char = self.peek()
        if char == ",":
            self.at += 1
            return self.at - 1
        if char == close:
            return -1
        if char and (char in '"{[-tfn' or char.isdigit()):
            self.note(end, end, "A comma is missing here", ",")
            return end
        raise self.stop(f"A comma or {close} belongs here")

    def closed(self, node: Node, comma: int) -> Node:
        if comma >= 0 and self.text[comma : comma + 1] == ",":
            self.note(comma, comma + 1, "A comma stands behind the last element", "")
        self.at += 1
        node.end = self.at
        return node
