"""Texts in excerpts of code: literals of any language, joined, formatted and held in variables, as far as they can be
told without running the code. What cannot be told stands as `{name}` in the text.
"""

from __future__ import annotations

import re

__all__ = ["Variables", "expression_at", "variables_in"]

Variables = dict[str, str]

_MOST_VARIABLES = 80
_MOST_PARTS = 24
_LONGEST = 4000

_ASSIGNED = re.compile(
    r"(?<![\w.$\"'\[])[$@]?(?P<name>[A-Za-z_]\w{0,60})(?:\s?:\s?[A-Za-z][\w<>\[\] ]{0,30})?[ \t]{0,8}:?=(?![=>])[ "
    r"\t]{0,8}"
    r"(?=[fFrRbBuU@$]{0,2}[\"'`]|[$@]?[A-Za-z_]\w{0,60}[ \t]{0,3}[+.])"
)
_CONSTANT = re.compile(
    r"^[ \t]{0,12}(?:[A-Z][A-Z0-9_]{2,40})[ \t]{0,4}=[ \t]{0,4}(?P<value>https?://[^\s\"'`]{1,300}|/[^\s\"'`]{1,300})",
    re.M,
)
_PREFIX = re.compile(r"[fFrRbBuU@$]{0,2}(?=[\"'`])")
_OPERATOR = re.compile(r"\s{0,60}(?:\+|\.(?=\s{0,8}[\"'`$@(]|\s)|<<)\s{0,60}\\?\s{0,40}")
_NAME = re.compile(r"[$@]?[A-Za-z_][\w]{0,60}(?:(?:\.|->|::)[A-Za-z_]\w{0,60}){0,4}(?:\(\)|\[[\"']?\w{1,60}[\"']?\])?")
_WRAPPER = re.compile(
    r"(?:new\s+)?(?:URI(?:\.create|\.parse)?|URL|Uri(?:\.parse)?|HttpUrl(?:\.parse|\.get)?|url\.parse|encodeURI|str"
    r"|String"
    r"|Uri\.EscapeUriString|sprintf|fmt\.Sprintf|String\.format|string\.Format|urljoin|urllib\.parse\.urljoin"
    r"|yarl\.URL)\(\s{0,20}"
)
_HOLES = re.compile(
    r"\$\{\s{0,4}(?P<a>[\w.$\->()\[\]'\"]{1,120})\s{0,4}\}|#\{\s{0,4}(?P<b>[\w.@()\[\]'\":]{1,120})\s{0,4}\}"
    r"|\{\s{0,4}\$?(?P<c>[A-Za-z_][\w.$\->()\[\]'\"]{0,120})\s{0,4}\}|\$(?P<d>[A-Za-z_]\w{0,60}(?:->\w{1,60})?)"
)
_ENDS = {quote: re.compile(rf"[{quote}\\]") for quote in "\"'`"}
_LAST = re.compile(r"(?:.*(?:\.|->|::))?([A-Za-z_]\w*)")


def variables_in(text: str) -> Variables:
    """The variables of a text that are given a text, by their names without signs; the first value counts."""
    known: Variables = {}
    for count, found in enumerate(_ASSIGNED.finditer(text)):
        if count >= _MOST_VARIABLES * 4 or len(known) >= _MOST_VARIABLES:
            break
        value = expression_at(text, found.end(), known)
        if value is not None and value[0] and found["name"] not in known:
            known[found["name"]] = value[0]
    return known


def expression_at(text: str, at: int, known: Variables) -> tuple[str, int] | None:
    """The text that the expression at this place makes, and where it ends; None where no expression of texts begins.

    Never raises; the time it takes is bounded by the few thousand characters that it looks at.
    """
    wrapper = _WRAPPER.match(text, at)
    if wrapper is not None:
        at = wrapper.end()
    parts: list[str] = []
    size = 0
    end = at
    for _ in range(_MOST_PARTS):
        operand = _operand(text, at, known)
        if operand is None:
            break
        parts.append(operand[0])
        size += len(operand[0])
        at = end = operand[1]
        operator = _OPERATOR.match(text, at)
        if operator is not None:
            at = operator.end()
        elif parts and _adjacent(text, at):  # C, Python: literals beside each other
            at = _adjacent(text, at)
        else:
            break
        if size > _LONGEST:
            break
    return ("".join(parts)[:_LONGEST], end) if parts else None


def _adjacent(text: str, at: int) -> int:
    found = re.compile(r"\s{1,60}(?=[fF]?[\"'])").match(text, at)
    if found is None or "\n\n" in found[0] or ("\n" not in found[0] and len(found[0]) > 3):
        return 0
    return found.end()


def _operand(text: str, at: int, known: Variables) -> tuple[str, int] | None:
    prefix = _PREFIX.match(text, at)
    if prefix is not None:
        return _literal(text, prefix.end(), known)
    name = _NAME.match(text, at)
    if name is None or (name[0] in ("new", "await", "return", "null", "None", "nil", "true", "false")):
        return None
    end = name.end()
    if text[end : end + 1] == "(":  # a call: its value is not known
        close = text.find(")", end, end + 200)
        end = close + 1 if close >= 0 and "\n" not in text[end:close] else end
    return _value_of(name[0], known), end


def _literal(text: str, at: int, known: Variables) -> tuple[str, int]:
    quote = text[at]
    triple = quote * 3
    if text.startswith(triple, at):
        end = text.find(triple, at + 3, at + 3 + _LONGEST)
        end = len(text) if end < 0 else end
        return _filled(text[at + 3 : min(end, at + 3 + _LONGEST)], known), end + 3
    stop, start = _ENDS[quote], at + 1
    parts: list[str] = []
    limit = start + _LONGEST
    while True:
        found = stop.search(text, start, limit)
        if found is None:
            line = text.find("\n", start, limit)
            end = line if line >= 0 else min(len(text), limit)
            parts.append(text[start:end])
            return _filled("".join(parts), known), end
        parts.append(text[start : found.start()])
        if found[0] == quote:
            return _filled("".join(parts), known), found.end()
        parts.append(text[found.end() : found.end() + 1])
        start = found.end() + 1


def _filled(text: str, known: Variables) -> str:
    """A text with the variables in it replaced by what they hold, or by `{name}`."""
    if "{" not in text and "$" not in text:
        return text
    filled = _HOLES.sub(lambda found: _value_of(found["a"] or found["b"] or found["c"] or found["d"], known), text)
    return filled[: _LONGEST * 2]


def _value_of(name: str, known: Variables) -> str:
    plain = name.lstrip("$@")
    if plain in known:
        return known[plain]
    last = _LAST.fullmatch(plain)
    if last is not None and last[1] in known:
        return known[last[1]]
    word = last[1] if last is not None else re.sub(r"\W+", "_", plain)
    return "{" + (word or "value") + "}"
