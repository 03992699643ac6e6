"""A presigned link of a document is called with more than the link, or after its time.

The link to a report's or feed's document is a signature over everything that is sent. An access token beside it, HTML
escapes or a second encoding change that; and it is good for minutes only.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from recoup.lint.finding import Finding, FixKind
from recoup.lint.rule import Around, found
from recoup.lint.rules.access_token_header import HEADER
from recoup.lint.subject import Subject

__all__ = ["FAULTS", "RULE", "check"]

RULE = "presigned-link"
FAULTS = ("other-presigned-signature", "other-presigned-url-expired")


def check(subject: Subject, around: Around) -> Iterator[Finding]:
    """A finding at the header, at the escape, at the lifetime."""
    if subject.is_api or "x-amz-signature=" not in subject.query.text.lower():
        return
    fix = "Call the link exactly as it came, with nothing but Content-Type for an upload."
    for name in (HEADER, "authorization"):
        field = subject.field(name)
        if field is not None:
            said = f"The link is its own authorization; {field.name.text} breaks it."
            yield found(RULE, FAULTS[0], field.whole, said, fix, FixKind.SAFE, b"")
    text = subject.query.text
    for wrong, right in (("&amp;", b"&"), ("%252F", b"%2F"), ("\\u0026", b"&")):
        at = text.find(wrong)
        if at >= 0:
            place = subject.query.place(at, at + len(wrong))
            yield found(RULE, FAULTS[0], place, "The link was escaped or encoded again.", fix, FixKind.GUESS, right)
    pairs = {pair.key: pair for pair in subject.parameters}
    signed, life = pairs.get("x-amz-date"), pairs.get("x-amz-expires")
    if signed is None or life is None or around.now is None or not life.decoded.isdigit() or len(life.decoded) > 9:
        return
    try:
        begun = datetime.strptime(signed.decoded, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return
    if around.now > begun + int(life.decoded):
        late = round((around.now - begun - int(life.decoded)) / 60)
        said = f"The link was good for {life.decoded} seconds, and ended {late} minutes ago."
        fix = "Ask for the document again, and use its new link at once."
        yield found(RULE, FAULTS[1], life.whole, said, fix, FixKind.NEEDS_VALUE)
