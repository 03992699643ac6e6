"""A consent address lacks its state.

The state comes back with the answer and shows that the consent was begun by this person at this application. It is
required, and without it an answer cannot be told from a forged one.
"""

from __future__ import annotations

from collections.abc import Iterator

from recoup.lint.consenting import is_consent
from recoup.lint.finding import Finding, FixKind
from recoup.lint.rule import Around, found
from recoup.lint.subject import Subject

__all__ = ["FAULTS", "RULE", "check"]

RULE = "consent-state"
FAULTS: tuple[str, ...] = ()


def check(subject: Subject, around: Around) -> Iterator[Finding]:
    """A finding at the empty value, or behind the query."""
    if not is_consent(subject):
        return
    pair = subject.parameter("state")
    fix = "Send a value that nobody can guess, bound to the person's session and good for minutes."
    if pair is None:
        place = subject.query.place(len(subject.query)) if len(subject.query) else subject.path.place(len(subject.path))
        yield found(RULE, None, place, "There is no state.", fix, FixKind.NEEDS_VALUE)
    elif not pair.decoded.strip():
        yield found(RULE, None, pair.whole, "The state is empty.", fix, FixKind.NEEDS_VALUE)
