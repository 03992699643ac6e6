"""A URL without quotes stands on a command line: at its first `&` the shell ends the command.

What follows the `&` is never sent: the request goes out with its first query parameter only, and without the options
that follow.
"""

from __future__ import annotations

from collections.abc import Iterator

from recoup.lint.finding import Finding, FixKind
from recoup.lint.rule import Around, found
from recoup.lint.subject import Subject

__all__ = ["FAULTS", "RULE", "check"]

RULE = "cut-by-the-shell"
FAULTS = ("400-missing-required-field",)


def check(subject: Subject, around: Around) -> Iterator[Finding]:
    """A finding at the ampersand."""
    if subject.cut is None:
        return
    said = "The shell ends the command at this & and runs it in the background; the rest of the URL is never sent."
    yield found(RULE, FAULTS[0], subject.cut, said, "Put the URL into single quotes.", FixKind.GUESS, b"\\&")
