"""The token was changed on its way into the header: quotes, blanks, percent-encoding, HTML escapes, a cut.

Login with Amazon's tokens hold letters, digits, `|`, `-`, `_`, `.`, `+`, `/`, `=` and `~`. Whatever else stands in one
got there later, and the answer is that the token is malformed.
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

_PLACEHOLDER = re.compile(r"<[^>]*>|\{[^}]*\}|\[[A-Z_ ]+\]|(?i:filtered|redacted|x{4,}|\*{2,}|\.{3}|…|your[-_ ])")
_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}")
_OTHER = re.compile(r"[^A-Za-z0-9|\-_.+/=~%]")
_FIX = "Send the token exactly as Login with Amazon gave it."


def check(subject: Subject, around: Around) -> Iterator[Finding]:
    """A finding at each thing that no token holds; nothing of a value that somebody masked."""
    field = subject.field(HEADER)
    if field is None or not subject.is_api:
        return
    text = field.value.text
    if _PLACEHOLDER.search(text):
        return
    quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "\"'"
    if quoted:
        for at in (0, len(text) - 1):
            yield _found(field.value.place(at, at + 1), "A quote belongs to the token as it is sent.", b"")
    if "&amp;" in text:
        at = text.index("&amp;")
        yield _found(field.value.place(at, at + 5), "The token was escaped for HTML.", b"&")
        return
    percent = _PERCENT.search(text)
    if percent is not None:
        yield _found(
            field.value.place(percent.start(), percent.end()),
            f"The token is percent-encoded (at offset {percent.start()}); a header is not.",
            None,
        )
        return
    inner = text[1:-1] if quoted else text
    other = _OTHER.search(inner)
    if other is not None:
        at = other.start() + quoted
        what = "a blank" if text[at] in " \t" else "a character that no token holds"
        yield _found(field.value.place(at, at + 1), f"There is {what} in the token, at offset {at}.", None)


def _found(place: Place, text: str, replacement: bytes | None) -> Finding:
    kind = FixKind.NEEDS_VALUE if replacement is None else FixKind.SAFE
    return found(RULE, FAULTS[0], place, text, _FIX, kind, replacement)
