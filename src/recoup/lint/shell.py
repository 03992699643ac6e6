"""A command line taken apart as a POSIX shell does it, every character with its place.

Single and double quotes, `$'...'`, backslashes, continued lines (also those of Windows: `^` or a backtick at the end),
comments, and the operators that end a command. Variables are not replaced: nobody knows their values.
"""

from __future__ import annotations

import re

import msgspec

from recoup.lint.mapped import Mapped, Place

__all__ = ["Command", "commands"]

_ANSI = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "e": "\x1b"}
_CODED = re.compile(r"\\(?:x([0-9A-Fa-f]{1,2})|u([0-9A-Fa-f]{1,4})|U([0-9A-Fa-f]{1,8})|([0-7]{1,3}))")
_CONTINUED = re.compile(r"[\\^`][ \t]*\r?\n[ \t]*")
# The next line goes on with the command although nothing at the end of this one says so: a paste that lost its signs.
_GOES_ON = re.compile(r"\r?\n[ \t]*(?=-{1,2}[A-Za-z]|['\"]?https?://)")
_OPERATOR = re.compile(r"&&|\|\||[&|;<>()]")
_LARGEST_WORD = 1 << 20


class Command(msgspec.Struct, frozen=True):
    """The words of one command. `end` is the operator that ended it, and `glued` whether no blank stands before it."""

    words: tuple[Mapped, ...]
    end: Place | None = None
    operator: str = ""
    glued: bool = False


class _Word:
    """The word that is being read: its characters, where each begins and ends, and whether a quote opened it."""

    def __init__(self) -> None:
        self.chars: list[str] = []
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.began: int | None = None

    def put(self, text: str, start: int, end: int) -> None:
        self.chars.extend(text)
        self.starts.extend([start] * len(text))
        self.ends.extend([end] * len(text))
        self.begin(start)

    def begin(self, at: int) -> None:
        if self.began is None:
            self.began = at

    def done(self) -> Mapped:
        stop = self.ends[-1] if self.ends else (self.began or 0) + 1
        return Mapped("".join(self.chars), self.starts, self.ends, stop)


def commands(text: str) -> list[Command]:
    """The commands in a text, each character of which is one byte. Never raises; an open quote ends with the text."""
    found: list[Command] = []
    words: list[Mapped] = []
    word = _Word()
    at = 0

    def close() -> None:
        nonlocal word
        if word.began is not None:
            words.append(word.done())
            word = _Word()

    def finish(end: Place | None = None, operator: str = "", *, glued: bool = False) -> None:
        if words:
            found.append(Command(tuple(words), end, operator, glued))
            words.clear()

    while at < len(text):
        char = text[at]
        if char == "'" or (char == '"'):
            word.begin(at)
            at = _single(text, at + 1, word) if char == "'" else _double(text, at + 1, word)
        elif char == "$" and text.startswith("$'", at):
            word.begin(at)
            at = _dollar(text, at + 2, word)
        elif (continued := _CONTINUED.match(text, at)) is not None:
            if continued[0][-1] in " \t\n" and (continued.end() >= len(text) or _blank_before(text, at)):
                close()
            at = continued.end()
        elif char == "\\" and at + 1 < len(text):
            word.put(text[at + 1], at, at + 2)
            at += 2
        elif char in "\r\n":
            goes_on = _GOES_ON.match(text, at)
            close()
            if goes_on is None:
                finish()
            at = goes_on.end() if goes_on is not None else at + 1
        elif char.isspace():
            close()
            at += 1
        elif char == "#" and word.began is None:
            end = text.find("\n", at)
            at = end if end >= 0 else len(text)
        elif (operator := _OPERATOR.match(text, at)) is not None:
            glued = word.began is not None
            close()
            if operator[0] in "<>":  # a redirection: the command goes on behind it
                at = operator.end()
                continue
            finish(Place(at, operator.end()), operator[0], glued=glued)
            at = operator.end()
        else:
            word.put(char, at, at + 1)
            at += 1
    close()
    finish()
    return found


def _blank_before(text: str, at: int) -> bool:
    return at > 0 and text[at - 1] in " \t"


def _single(text: str, at: int, word: _Word) -> int:
    end = text.find("'", at)
    end = end if end >= 0 else len(text)
    for index in range(at, min(end, at + _LARGEST_WORD)):
        word.put(text[index], index, index + 1)
    return end + 1


def _double(text: str, at: int, word: _Word) -> int:
    while at < len(text) and text[at] != '"':
        if text[at] == "\\" and at + 1 < len(text):
            following = text[at + 1]
            if following in '"\\$`':
                word.put(following, at, at + 2)
            elif following != "\n":
                word.put("\\", at, at + 1)
                word.put(following, at + 1, at + 2)
            at += 2
        else:
            word.put(text[at], at, at + 1)
            at += 1
    return at + 1


def _dollar(text: str, at: int, word: _Word) -> int:
    while at < len(text) and text[at] != "'":
        coded = _CODED.match(text, at)
        if coded is not None:
            byte, short, long, octal = coded.groups()
            if byte or octal:
                said = chr((int(byte, 16) if byte else int(octal, 8)) & 0xFF)
            else:
                code = int(short or long, 16)
                said = _bytes_of(chr(code)) if code < 0x110000 else "?"
            word.put(said, at, coded.end())
            at = coded.end()
        elif text[at] == "\\" and at + 1 < len(text):
            word.put(_ANSI.get(text[at + 1], text[at + 1]), at, at + 2)
            at += 2
        else:
            word.put(text[at], at, at + 1)
            at += 1
    return at + 1


def _bytes_of(char: str) -> str:
    return char.encode("utf-8", "surrogatepass").decode("latin-1")
