"""The mark of a draft in a consent address is misspelt, or lost behind a second question mark.

An application in the state Draft is authorized with `version=beta`, in these letters. Whatever else stands there counts
as if there were nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from recoup.lint.asked import is_hole
from recoup.lint.consenting import is_consent
from recoup.lint.finding import Finding, FixKind
from recoup.lint.rule import Around, found
from recoup.lint.subject import Subject

__all__ = ["FAULTS", "RULE", "check"]

RULE = "consent-version"
FAULTS = ("auth-MD1000",)


def check(subject: Subject, around: Around) -> Iterator[Finding]:
    """A finding at the value, at the misspelt parameter, at the second question mark or HTML escape before it."""
    if not is_consent(subject):
        return
    fix = "Write version=beta while the application is a draft; leave it out once it is published."
    for pair in subject.parameters:
        name, value = pair.name.text, pair.decoded
        if name == "version" and value != "beta" and not is_hole(value):
            yield found(
                RULE, FAULTS[0], pair.value.place(), "version is beta, or is not there.", fix, FixKind.GUESS, b"beta"
            )
        elif name.lower() == "beta" or (name.lower() == "version" and name != "version"):
            said = "The mark of a draft is version=beta."
            yield found(RULE, FAULTS[0], pair.whole, said, fix, FixKind.GUESS, b"version=beta")
    text = subject.query.text
    for wrong, said in (("?", "There is a second question mark."), ("&amp;", "The ampersand was escaped for HTML.")):
        at = text.find(wrong)
        if at >= 0 and not ("=" in text[:at] and "redirect" in text[:at].rpartition("&")[2].lower()):
            place = subject.query.place(at, at + len(wrong))
            yield found(RULE, FAULTS[0], place, f"{said} What follows is not read.", "Write &.", FixKind.GUESS, b"&")
