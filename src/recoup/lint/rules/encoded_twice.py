"""A value is percent-encoded a second time: `%25` followed by two hexadecimal digits.

Path segments and query values are encoded once. A library that encodes by itself and is given an encoded value makes
`%2520` out of a blank; the service then looks for a SKU or a token that has `%20` in it. One exception is on purpose:
the list of SKUs in product pricing v0.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from recoup.lint.finding import Finding, FixKind
from recoup.lint.mapped import Place
from recoup.lint.rule import Around, found
from recoup.lint.subject import Subject

__all__ = ["FAULTS", "RULE", "check"]

RULE = "encoded-twice"
FAULTS = ("400-wrong-url-encoding", "400-invalid-next-token")

_TWICE = re.compile(r"%25(?:25)*([0-9A-Fa-f]{2})")
_TOKEN = re.compile(r"token", re.IGNORECASE)
_OWN_TEXT = re.compile(r"sku|keyword|identifiers|locationName", re.IGNORECASE)
# Characters that an encoder writes so. Of others (`%2541`) it may be that the plain value holds a percent sign.
_ENCODED_DIGITS = "20 21 22 23 24 25 26 27 28 29 2a 2b 2c 2f 3a 3b 3c 3d 3e 3f 40 5b 5c 5d 7b 7c 7d"
_ENCODED = frozenset(_ENCODED_DIGITS.split())


def check(subject: Subject, around: Around) -> Iterator[Finding]:
    """A finding at each `%25XX` of the path, and of each query value that is not meant to be encoded twice.

    A SKU is the seller's own text, and may hold `%20` itself: there it proves nothing.
    """
    if not subject.is_api:
        return
    path = subject.path
    for match in _TWICE.finditer(path.text):
        yield _found(path.place(match.start(), match.end()), match[1], FAULTS[0], _is_sku(subject, match.start()))
    pricing = path.text.startswith("/products/pricing/v0/")
    for pair in subject.parameters:
        if pricing and pair.name.text == "Skus":
            continue  # a list of SKUs is encoded inside and outside there
        fault = FAULTS[1] if _TOKEN.search(pair.name.text) else FAULTS[0]
        own = _OWN_TEXT.search(pair.name.text) is not None
        for match in _TWICE.finditer(pair.value.text):
            yield _found(pair.value.place(match.start(), match.end()), match[1], fault, own)


def _is_sku(subject: Subject, at: int) -> bool:
    """Whether the segment of the path at that character holds a SKU."""
    operation = subject.operation
    wanted = [] if operation is None else operation.path.split("/")
    index = subject.path.text.count("/", 0, at)
    return index < len(wanted) and _OWN_TEXT.search(wanted[index]) is not None


def _found(place: Place, digits: str, fault: str, own: bool) -> Finding:
    return found(
        RULE,
        fault,
        place,
        f"%25{digits} is an encoded %{digits}: the value was encoded twice.",
        "Encode the value once; give the library the plain value if it encodes by itself.",
        FixKind.GUESS,
        f"%{digits}".encode(),
        certain=not own and (digits.lower() in _ENCODED or int(digits, 16) >= 0x80),
    )
