"""One thing that a rule sees in a request: where it stands, which documented fault it causes, and how to mend it."""

from __future__ import annotations

from enum import StrEnum

import msgspec

__all__ = ["Finding", "FixKind"]


class FixKind(StrEnum):
    """What a fix needs before it can be carried out."""

    SAFE = "safe"  # the mended request means the same: a program may apply it
    NEEDS_VALUE = "needs-value"  # only the sender knows what belongs there
    GUESS = "guess"  # likely what was meant; somebody should look


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong, at the bytes `start` (counted from 0) to `end` (not included) of what was checked.

    `rule` is the name of the rule that found it; `fault` the id of the catalogue's entry that it causes, or None where
    it breaks the standard in a way that the documents do not name. `text` says what is wrong without repeating the
    bytes, which may be secret; `fix` says what to do. `replacement` is what to put in the place of the span, where that
    is known. `certain` False: what was found may be right all the same; it speaks for its fault and proves nothing.
    """

    rule: str
    fault: str | None
    start: int
    end: int
    text: str
    fix: str
    fix_kind: FixKind
    replacement: bytes | None = None
    certain: bool = True
