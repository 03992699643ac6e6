"""What a body is, whatever its Content-Type claims: bytes to text, to a value, to a kind.

Encodings, compression, markup and damage are told from the bytes themselves. Any bytes are read; time and memory are
bounded.
"""

from __future__ import annotations

import re
import zlib
from typing import Any

import msgspec

from recoup.diagnosis.codes import LOGIN_ERRORS
from recoup.diagnosis.literals import parse_json, read_literal

__all__ = ["Body", "decode", "read_body", "values_in"]

MAX_BYTES = 8 * 1024 * 1024  # of a JSON body that is read whole
MAX_TEXT = 65_536  # characters of anything else
MAX_ATTEMPTS = 40  # openings of a value that are tried in prose

_OPENING = re.compile(r"[{\[(]")
_TRUNCATED = re.compile(r"\(truncated\.{2,3}\)|\.{3}\s*$")


class Body(msgspec.Struct, frozen=True):
    """A body as it was read: its text, the values that stand in it, and whether these fill it and are whole."""

    text: str = ""
    values: tuple[Any, ...] = ()
    strict: bool = False  # JSON as the standard has it, and nothing beside it
    cut: bool = False
    markup: str = ""  # "html", "xml" or nothing


def decode(data: bytes) -> str:
    """The text of `data`: unpacked, by its byte order mark or by what its bytes look like, else ISO 8859-1."""
    if data[:2] in (b"\x1f\x8b",):
        data = _unpacked(data)
    if data[:3] == b"\xef\xbb\xbf":
        data = data[3:]
    elif data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace").lstrip("\ufeff")
    elif b"\x00" in data[:64]:
        sample = data[:64]
        even, odd = sample[0::2].count(0), sample[1::2].count(0)
        if max(even, odd) > len(sample) // 4:
            return data.decode("utf-16-be" if even > odd else "utf-16-le", "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _unpacked(data: bytes) -> bytes:
    unpacker = zlib.decompressobj(wbits=31)
    try:
        return unpacker.decompress(data, MAX_BYTES)
    except zlib.error:
        return data


def read_body(data: bytes) -> Body:
    """Everything that a body shows of itself. Never raises."""
    data = data[:MAX_BYTES]
    whole, value = parse_json(data)
    if whole:
        return Body(text="", values=(value,), strict=True)
    return read_text(decode(data))


def read_text(text: str) -> Body:
    """As `read_body`, from text."""
    stripped = text.strip().lstrip("\ufeff")
    if not stripped:
        return Body()
    whole, value = parse_json(stripped)
    if whole:
        return Body(text=stripped if not isinstance(value, dict | list) else "", values=(value,), strict=True)
    markup = _markup(stripped)
    if markup:
        return Body(text=stripped[:MAX_TEXT], markup=markup)
    values, complete = values_in(stripped)
    return Body(
        text=stripped[:MAX_TEXT],
        values=tuple(values),
        cut=bool(values) and (not complete or _TRUNCATED.search(stripped[-400:]) is not None),
    )


def _markup(text: str) -> str:
    head = text[:600].lower()
    if not head.startswith("<"):
        return ""
    if "<!doctype html" in head or "<html" in head or "<head" in head or "<body" in head:
        return "html"
    if head.startswith("<?xml") or "</" in text[:4000]:
        return "xml"
    return ""


def values_in(text: str) -> tuple[list[Any], bool]:
    """The objects, lists and tuples that stand in `text`, and whether all of them ended where they should."""
    text = _TRUNCATED.sub("", text[:MAX_TEXT])
    values: list[Any] = []
    complete = True
    at = 0
    for _ in range(MAX_ATTEMPTS):
        found = _OPENING.search(text, at)
        if found is None:
            break
        literal = read_literal(text, found.start())
        at = found.start() + 1
        if literal is None:
            continue
        if isinstance(literal.value, dict) or _is_data(literal.value):
            values.append(literal.value)
            complete = complete and literal.complete
            at = max(at, literal.end)
        elif literal.complete:
            at = max(at, literal.end)
    return values, complete


def _is_data(value: Any) -> bool:
    if not isinstance(value, list) or not value:
        return False
    return any(isinstance(item, dict) for item in value) or (isinstance(value[0], str) and value[0] in LOGIN_ERRORS)
