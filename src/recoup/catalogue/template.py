"""Message templates: documented texts with named, typed parameters, matched tolerantly and filled exactly.

A template is the documented text with `{name:type}` in the place of each `%s`:

    Requested quantity '{requested:integer}' is more than existing inventory quantity '{existing:integer}'

Types: `text` (anything), `word` (no blank), `integer`, `decimal`, `seconds` (a number of seconds), `instant` (a date
and time). Matching tolerates what differs between the copies of the documents and the wire: upper and lower case, runs
of blanks, quotes around parameters, and punctuation at the end. A parameter is returned as the text that stood there;
where the text does not fit its type, the template still matches and the parameter is reported as text: a message is
recognised by its fixed words.

Any text may come in, so matching takes time in proportion to its length: each gap ends at the first place where the
fixed text after it stands, and that choice is never taken back (an atomic group).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from itertools import pairwise

import msgspec

__all__ = ["PARAMETER_TYPES", "Parameter", "Template", "compile_template", "normalise"]

PARAMETER_TYPES = frozenset({"text", "word", "integer", "decimal", "seconds", "instant"})
_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*):([a-z]+)\}")
_BRACED = re.compile(r"\{[^{}]*\}")
_BLANKS = re.compile(r"\s+")
_QUOTES = "'\"`‘’“”"  # noqa: RUF001  typographic quotes come with pasted text
# A message longer than this is cut before matching; the documents' longest template has 130 characters.
_MAX_LENGTH = 4096


class Parameter(msgspec.Struct, frozen=True):
    """A named, typed gap in a template."""

    name: str
    type: str


class Template:
    """One compiled template. `fixed` is True where it has no parameters; then `normalise(text)` equality is enough."""

    __slots__ = ("_regexes", "fixed", "normalised", "parameters", "source", "weight")

    def __init__(self, source: str) -> None:
        self.source = source
        self.parameters: tuple[Parameter, ...] = tuple(
            Parameter(name, kind) for name, kind in _PLACEHOLDER.findall(source)
        )
        for parameter in self.parameters:
            if parameter.type not in PARAMETER_TYPES:
                raise ValueError(
                    f"parameter {parameter.name!r} has the unknown type {parameter.type!r}; "
                    f"use one of {', '.join(sorted(PARAMETER_TYPES))}"
                )
        names = [parameter.name for parameter in self.parameters]
        if len(set(names)) != len(names):
            raise ValueError(f"a parameter name stands twice in {source!r}")
        self.fixed = not self.parameters
        literal = _PLACEHOLDER.sub(" ", source)
        stray = _BRACED.search(literal)
        if stray is not None:
            raise ValueError(f"{stray[0]!r} is no parameter; parameters are written {{name:type}} in lower case")
        self.normalised = normalise(literal) if not self.fixed else normalise(source)
        # How much fixed text must agree: of two templates that both match, the one with more is the more specific.
        self.weight = len(re.sub(r"[\W_]+", "", literal))
        if not self.weight:
            raise ValueError(f"{source!r} has no fixed words by which a text could be recognised")
        self._regexes: tuple[re.Pattern[str], ...] | None = None  # compiled when first needed: most never are

    def match(self, text: str) -> dict[str, str] | None:
        """The parameters of `text` by name where it is this message from its first word to its last, else None."""
        if self.fixed:
            return {} if normalise(text) == self.normalised else None
        if self._regexes is None:
            # With the quotes of the document first: they tell where a parameter with blanks ends. Then without them.
            self._regexes = tuple(
                re.compile(_pattern(self.source, quotes), re.IGNORECASE | re.DOTALL)
                for quotes in (f"[{_QUOTES}]", f"[{_QUOTES}]?")
            )
        trimmed = _trim(text)
        for regex in self._regexes:
            found = regex.fullmatch(trimmed)
            if found is not None:
                return {name: value.strip().strip(_QUOTES) for name, value in found.groupdict().items()}
        return None

    def fill(self, parameters: Mapping[str, object]) -> str:
        """The message with its parameters. Raises KeyError where one is not given."""
        return _PLACEHOLDER.sub(lambda gap: str(parameters[gap[1]]), self.source)

    def __repr__(self) -> str:
        return f"Template({self.source!r})"


@lru_cache(maxsize=4096)
def compile_template(source: str) -> Template:
    """The compiled form of `source`. Raises ValueError, naming the parameter, where it is not well-formed."""
    return Template(source)


def normalise(text: str) -> str:
    """`text` in lower case, blanks collapsed, without surrounding quotes and without punctuation at its end."""
    return _trim(text).lower()


def _trim(text: str) -> str:
    return _BLANKS.sub(" ", text[:_MAX_LENGTH]).strip().strip(_QUOTES).rstrip(".!;, ").strip(_QUOTES)


def _pattern(source: str, quotes: str) -> str:
    """The regular expression of a template; `quotes` is what stands for a quotation mark in it."""
    gaps = list(_PLACEHOLDER.finditer(source))
    source_end = source.rstrip().rstrip(".!;,")
    parts = [_literal(source[: gaps[0].start()].lstrip(_QUOTES), quotes)]
    for gap, following in pairwise(gaps):
        parts.append(f"(?>(?P<{gap[1]}>.*?){_literal(source[gap.end() : following.start()], quotes)})")
    # The text was trimmed of quotes at its end, so the template's last quote may be missing.
    last = source_end[gaps[-1].end() :]
    parts.append(f"(?P<{gaps[-1][1]}>.*?){_literal(last.rstrip(_QUOTES), quotes)}[{_QUOTES}]?")
    return "".join(parts)


def _literal(text: str, quotes: str) -> str:
    # A quote is of any form, and every run of blanks stands for any run of blanks.
    pieces = re.split(rf"([{_QUOTES}]|\s+)", text)
    out = []
    for piece in pieces:
        if not piece:
            continue
        if piece.isspace():
            out.append(r"\s+")
        elif piece in _QUOTES:
            out.append(quotes)
        else:
            out.append(re.escape(piece))
    return "".join(out)
