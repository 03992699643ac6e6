"""Header fields in a text, however a program wrote them down: lines, mappings of any language, lists of pairs, calls
that set them, fields of curl; and on which side of the exchange they were.

A value that is an expression of code (a variable, a concatenation) is given as `{expression}`: nobody knows it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

__all__ = ["Field", "fields_in", "of_request", "of_response"]

_MOST = 120
_REQUEST = (
    "x-amz-access-token|x-amzn-access-token|x-amz-date|x-amz-content-sha256|x-amz-security-token|authorization|host"
    "|user-agent|accept"
)
_RESPONSE = (
    "x-amzn-requestid|x-amzn-request-id|x-amz-request-id|x-amz-id-2|x-amz-rid|x-amzn-errortype|x-amz-apigw-id"
    "|x-amzn-trace-id|x-amzn-ratelimit-limit|x-amz-cf-id|retry-after|server|strict-transport-security|vary|date"
)
_EITHER = "content-type"
_SIDES = {**dict.fromkeys(_REQUEST.split("|"), "request"), **dict.fromkeys(_RESPONSE.split("|"), "response")}
# Words that mean other things as well: they count in a mapping or at the beginning of a line.
_COMMON = frozenset({"host", "accept", "server", "date", "vary", "authorization"})
_FIELD = re.compile(
    rf"(?<![\w\-.$>])(?P<name>{_REQUEST}|{_RESPONSE}|{_EITHER})(?P<close>\\?[\"'])?[\])]?"
    r"(?P<sep>[ \t]{0,3}(?:=>|:=|[:=])|[ ]{0,3},|\t)"
    r"[ \t]{0,3}(?:Array\s{0,9}\(\s{0,40}\[0\] => )?(?P<list>\[)?(?:b(?=['\"]))?(?P<open>\\?[\"'`])?",
    re.IGNORECASE,
)
_TYPED = re.compile(
    rf"[\"']name[\"']\s{{0,3}}:\s{{0,3}}[\"']({_REQUEST}|{_RESPONSE}|{_EITHER})[\"']\s{{0,3}},\s{{0,20}}"
    r"[\"']value[\"']\s{0,3}:\s{0,3}[\"']([^\"'\r\n]{0,2000})",
    re.IGNORECASE,
)
_REQUEST_ID = re.compile(
    r"\brequest[ _\-]?id['\"`]?\s{0,3}(?:=>|[:=]|is|was)?\s{0,3}[`'\"]?"
    r"([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\b",
    re.IGNORECASE,
)
_LINE = re.compile(r"[^\r\n]{0,2000}")
_INSIDE = re.compile(r"[^\"'\r\n\],};)]{0,500}")
_BEGINNING = re.compile(r"(?:^|[\r\n])[ \t]{0,12}[<>*]?[ \t]{0,4}[\"'\[(]{0,2}\Z")
_EXPRESSION = re.compile(r"[$@]?[A-Za-z_][\w.$\->:()\[\]]{0,80}\Z")
_VARIABLE = re.compile(r"\$\{?[A-Za-z_][\w\->.]{0,60}\}?|#\{[^}\n]{0,60}\}")


class Field(msgspec.Struct, frozen=True):
    """A field, where it stands, and its side: "request", "response", or "" for one that says nothing of that."""

    name: str
    value: str
    start: int
    side: str


def fields_in(text: str) -> tuple[Field, ...]:
    """The fields of a text in their order; one that may be on either side is where its neighbours are."""
    found = sorted(_found(text), key=lambda field: field.start)
    return tuple(_sided(found))


def of_request(fields: Iterable[Field]) -> list[tuple[str, str]]:
    """Those of the request, each name once."""
    return _once(field for field in fields if field.side == "request")


def of_response(fields: Iterable[Field]) -> list[tuple[str, str]]:
    """Those of the response, each name once."""
    return _once(field for field in fields if field.side == "response")


def _once(fields: Iterable[Field]) -> list[tuple[str, str]]:
    seen: dict[str, tuple[str, str]] = {}
    for field in fields:
        seen.setdefault(field.name.lower(), (field.name, field.value))
    return list(seen.values())


def _found(text: str) -> Iterator[Field]:
    done = -1
    for count, match in enumerate(_FIELD.finditer(text)):
        if count > _MOST * 4:
            break
        name = match["name"]
        if match.start() < done or not _is_field(text, match):
            continue
        value, done = _value(text, match)
        if value:
            yield Field(name, value, match.start(), _SIDES.get(name.lower(), ""))
    for typed, _ in zip(_TYPED.finditer(text), range(_MOST), strict=False):
        if typed[2]:
            yield Field(typed[1], typed[2], typed.start(1), _SIDES.get(typed[1].lower(), ""))
    told = _REQUEST_ID.search(text)
    if told is not None:
        yield Field("x-amzn-RequestId", told[1], len(text), "response")


def _is_field(text: str, match: re.Match[str]) -> bool:
    name, separator = match["name"].lower(), match["sep"].strip(" ")
    start = match.start()
    quoted = match["close"] is not None
    if separator == ",":
        return quoted and match["open"] is not None and text[match.end() : match.end() + 5].lower() != "value"
    if separator == "\t":
        return _begins_line(text, start)
    if separator in ("=", ":="):
        return name.startswith("x-") or quoted or (name == "host" and match["open"] is not None)
    if name in _COMMON and not quoted:
        if name == "host" and match["open"] is not None:
            return True
        return _begins_line(text, start) or text[max(0, start - 1) : start] in ("'", '"', "{", "`")
    return True


def _begins_line(text: str, start: int) -> bool:
    return _BEGINNING.search(text[max(0, start - 24) : start]) is not None or start == 0


def _value(text: str, match: re.Match[str]) -> tuple[str, int]:
    """The value, and where it ends."""
    start = match.end()
    quote = match["open"]
    before = text[max(0, match.start() - 1) : match.start()]
    if quote and quote == before and match["close"] is None:  # 'name: ' + value
        line = _LINE.match(text, start)
        return "{value}", start if line is None else line.end()
    if quote:
        end = text.find(quote, start, start + 2000)
        if end < 0:
            line = _LINE.match(text, start)
            end = start if line is None else line.end()
        return _VARIABLE.sub(lambda found: "{" + found[0].strip("${}#") + "}", text[start:end]).strip(), end
    if before in ("'", '"', "`") and match["close"] is None:  # 'name: value' as one string
        end = text.find(before, start, start + 2000)
        if end < 0:
            line = _LINE.match(text, start)
            end = start if line is None else line.end()
        value = _VARIABLE.sub(lambda found: "{" + found[0].strip("${}#") + "}", text[start:end]).strip()
        return value or "{value}", end
    mapping = match["close"] is not None or match["list"] is not None or match["sep"].strip() in ("=>", "=")
    pattern = _INSIDE if mapping else _LINE
    found = pattern.match(text, start)
    if found is None:
        return "", start
    value = found[0].strip()
    if match["close"] is not None and _EXPRESSION.match(value):  # a mapping in code: the name of a variable
        value = "{" + value.replace("{", "").replace("}", "") + "}"
    return value, found.end()


def _sided(found: list[Field]) -> Iterator[Field]:
    """Fields with a side; Content-Type takes that of the nearest field within a few lines, else the request's: what a
    response was sent as is seen from its body."""
    for at, field in enumerate(found[:_MOST]):
        if field.side:
            yield field
            continue
        near = [
            other for other in found[max(0, at - 3) : at + 4] if other.side and abs(other.start - field.start) < 400
        ]
        side = min(near, key=lambda other: abs(other.start - field.start)).side if near else "request"
        kind = field.value.lower()
        if "text/html" in kind or "xml" in kind:
            side = "response" if not near else side
        yield msgspec.structs.replace(field, side=side)
