"""The token was changed on its way into the header: quotes, blanks, percent-encoding, HTML escapes, a cut.

Login with Amazon's tokens hold letters, digits, `|`, `-`, `_`, `.`, `+`, `/`, `=` and `~`, at most 2,048 of them. What
else stands in one got there later, and the answer is that the token is malformed. A token of exactly 255 or 256
characters was often cut by the column of a database.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from recoup.lint.finding import Finding, FixKind
from recoup.lint.mapped import Place
from recoup.lint.rule import Around, found
from recoup.lint.rules.access_token_header import HEADER
from recoup.lint.subject import Subject

__all__ = ["FAULTS", "RULE", "check"]

RULE = "token-damaged"
FAULTS = ("403-expired-token",)

_PLACEHOLDER = re.compile(
    r"<[^>]*>|\$?\{[^}]*\}|\$\(|\$[A-Za-z_]\w*|\[[A-Za-z_ ]+\]|%[A-Za-z_]+%|%s|\xe2\x80\xa6"
    r"|(?i:filtered|redacted|masked|x{4,}|\*{2,}|\.{3}|your[-_ ])"
)
_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}")
_OTHER = re.compile(r"[^A-Za-z0-9|\-_.+/=~%]")
_SOUND = re.compile(r"[A-Za-z0-9|\-_.+/=~]+")
_BEARER = re.compile(r"\s*bearer\s+", re.IGNORECASE)
_KNOWN = re.compile(r"Atza\||Atc\||Atz[|.]")
_FIX = "Send the token exactly as Login with Amazon gave it."
_LONGEST = 2048
_COLUMNS = (255, 256)


def check(subject: Subject, around: Around) -> Iterator[Finding]:
    """A finding at each thing that no token holds; nothing of a value that somebody masked."""
    field = subject.field(HEADER)
    if field is None or not subject.is_api:
        return
    written = field.value.text
    if len(written) <= _LONGEST and len(written) not in _COLUMNS and _SOUND.fullmatch(written):
        return  # nearly always
    if _PLACEHOLDER.search(written):
        return
    bearer = _BEARER.match(field.value.text)
    value = field.value.cut(bearer.end()) if bearer is not None else field.value
    stripped = value.text.strip(" \t")
    start = value.text.find(stripped)
    value = value.cut(start, start + len(stripped))  # blanks around a value are no part of it
    text = value.text
    quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "\"'"
    if quoted:
        for at in (0, len(text) - 1):
            yield _found(value.place(at, at + 1), "A quote belongs to the token as it is sent.", b"")
    if "&amp;" in text:
        at = text.index("&amp;")
        yield _found(value.place(at, at + 5), "The token was escaped for HTML.", b"&")
        return
    percent = _PERCENT.search(text)
    if percent is not None:
        bar = percent[0].lower() == "%7c" and text[: percent.start()] in ("Atza", "Atc", "Atz")
        said = f"The token is percent-encoded (at offset {percent.start()}); a header is not."
        yield _found(value.place(percent.start(), percent.end()), said, b"|" if bar else None)
        return
    other = _OTHER.search(text[1:-1] if quoted else text)
    if other is not None:
        at = other.start() + quoted
        what = "a blank" if text[at] in " \t" else "a character that no token holds"
        yield _found(value.place(at, at + 1), f"There is {what} in the token, at offset {at}.", None)
    elif _KNOWN.match(text) and (len(text) > _LONGEST or len(text) in _COLUMNS):
        said = (
            f"The token has {len(text)} characters; {_LONGEST} are the most."
            if len(text) > _LONGEST
            else f"The token has exactly {len(text)} characters, as one that was cut when it was stored."
        )
        yield found(
            RULE, FAULTS[0], value.place(), said, _FIX, FixKind.NEEDS_VALUE, certain=len(text) > _LONGEST
        )  # fmt: skip


def _found(place: Place, text: str, replacement: bytes | None) -> Finding:
    kind = FixKind.NEEDS_VALUE if replacement is None else FixKind.SAFE
    return found(RULE, FAULTS[0], place, text, _FIX, kind, replacement)
