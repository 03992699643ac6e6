"""A consent address names no application, or names it by another id.

`application_id` is the id of the application (`amzn1.sp.solution.` or `amzn1.sellerapps.app.`), which the console shows
beside it. The client id of Login with Amazon, which looks alike, leads to the page of an application that is not known.
"""

from __future__ import annotations

from collections.abc import Iterator

from recoup.lint.asked import is_hole
from recoup.lint.consenting import is_consent
from recoup.lint.finding import Finding, FixKind
from recoup.lint.rule import Around, found
from recoup.lint.subject import Subject

__all__ = ["FAULTS", "RULE", "check"]

RULE = "consent-application"
FAULTS = ("auth-MD1000", "other-consent-page-unknown")

_RIGHT = ("amzn1.sp.solution.", "amzn1.sellerapps.app.")
_WRONG = (
    ("amzn1.application-oa2-client.", "the client id of Login with Amazon"),
    ("amzn1.oa2-cs.", "a client secret"),
    ("amzn1.devportal.", "the id of a developer's account"),
)
_NEAR = frozenset({"applicationid", "appid", "clientid", "application", "solutionid", "app"})
_FIX = "Send application_id as the console shows it beside the application."


def check(subject: Subject, around: Around) -> Iterator[Finding]:
    """A finding at the value or at the misspelt name; behind the query where there is neither."""
    if not is_consent(subject):
        return
    pair = subject.parameter("application_id")
    if pair is None:
        near = next((each for each in subject.parameters if _plain(each.name.text) in _NEAR), None)
        if near is not None:
            said = "The parameter is called application_id."
            place, kind = near.name.place(), FixKind.GUESS
            yield found(RULE, FAULTS[0], place, said, "Write application_id.", kind, b"application_id")
            return
        place = subject.query.place(len(subject.query)) if len(subject.query) else subject.path.place(len(subject.path))
        yield found(RULE, FAULTS[0], place, "There is no application_id.", _FIX, FixKind.NEEDS_VALUE)
        return
    value = pair.decoded
    if is_hole(value) and value:
        return
    for prefix, what in _WRONG:
        if value.strip().startswith(prefix):
            said = f"application_id is {what}, by its beginning."
            yield found(RULE, FAULTS[0], pair.value.place(), said, _FIX, FixKind.NEEDS_VALUE)
            return
    if not value.startswith(_RIGHT):
        said = "application_id has another beginning than the id of an application."
        yield found(RULE, FAULTS[0], pair.value.place(), said, _FIX, FixKind.NEEDS_VALUE)
    elif any(char in value for char in " \"'<>?&%/"):
        said = "Something stands in application_id that does not belong to it."
        yield found(RULE, FAULTS[0], pair.value.place(), said, _FIX, FixKind.NEEDS_VALUE)


def _plain(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "").removeprefix("amp;")
