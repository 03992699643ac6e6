"""A query parameter has a name that the operation does not know.

Names count letter by letter: `MarketplaceIds` of one version is `marketplaceIds` of the next. What is not known is not
read, so that a required parameter is missing although it seems to be there, and an optional one does nothing.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from difflib import get_close_matches
from urllib.parse import unquote

from recoup.lint.asked import fault_of, reached
from recoup.lint.finding import Finding, FixKind
from recoup.lint.rule import Around, found
from recoup.lint.subject import Subject

__all__ = ["FAULTS", "RULE", "check", "meant"]

RULE = "parameter-name"
FAULTS = ("400-missing-required-field", "sc-00002-invalid-value")

_INDEXED = re.compile(r"(?:\[\w*\]|%5[Bb]\w*%5[Dd]|\.\w+)+$")
_LONGEST = 80  # characters of a name
_OTHERS = re.compile(r"(?i:X-Amz-|AWSAccessKeyId|Signature|Timestamp|SellerId$|amp;)")


def meant(name: str, known: Collection[str]) -> str:
    """The known name that this one was meant to be; empty where none is near."""
    if len(name) > _LONGEST:
        return ""
    plain = _INDEXED.sub("", name)
    folded = {_folded(each): each for each in known}
    exact = folded.get(_folded(plain))
    if exact is not None:
        return exact
    near = get_close_matches(_folded(plain), list(folded), n=1, cutoff=0.84)
    return folded[near[0]] if near else ""


def _folded(name: str) -> str:
    """A name without what is most often wrong in it: case, underscores, the s of the plural."""
    return re.sub(r"[_\-\s]", "", name).lower().removesuffix("s")


def check(subject: Subject, around: Around) -> Iterator[Finding]:
    """A finding at the name, with the nearest one; proof only where a required one is missing for it."""
    operation = reached(subject)
    if operation is None or not operation.source.startswith("model:"):
        return
    given = {pair.name.text for pair in subject.parameters}
    fault = fault_of(operation, FAULTS[0], FAULTS[1])
    for pair in subject.parameters:
        name = pair.name.text
        if name in operation.query or _OTHERS.match(name) or "{" in name or "?" in name:
            continue
        right = meant(unquote(name), operation.query)
        if not right:
            if operation.query:
                said = f"{operation.id} has no query parameter of this name; it is not read."
                fix = "Leave it out, or look its name up in the entry of this version."
                yield found(RULE, None, pair.name.place(), said, fix, FixKind.GUESS, certain=False)
            continue
        if right in given:
            continue
        needed = right in operation.required_query
        effect = "the required one is missing" if needed else "this one is not read"
        said = f"{operation.id} calls this parameter {right}; {effect}."
        if _INDEXED.search(name):
            said = f"{right} is written once, with its values behind it; a name with an index is not read."
        yield found(
            RULE,
            fault if needed else None,
            pair.name.place(),
            said,
            f"Write {right}.",
            FixKind.GUESS,
            right.encode(),
            certain=needed,
        )
