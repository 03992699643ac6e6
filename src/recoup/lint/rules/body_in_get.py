"""A GET or HEAD request carries a body.

Amazon's front door refuses such a request with status 400 and a page of HTML. Client libraries send an empty JSON
object, or `null`, where a body was given as an empty value; `curl -d` with `-X GET` sends its data so.
"""

from __future__ import annotations

from collections.abc import Iterator

from recoup.lint.finding import Finding, FixKind
from recoup.lint.rule import Around, found
from recoup.lint.subject import Form, Subject

__all__ = ["FAULTS", "RULE", "check"]

RULE = "body-in-get"
FAULTS = ("400-get-with-body", "400-malformed-http-body-in-get-or-head")


def check(subject: Subject, around: Around) -> Iterator[Finding]:
    """A finding at the body. Raw bytes are left to the wire rules, and so are the fields that announce a body."""
    if subject.method.text not in ("GET", "HEAD") or subject.form is Form.HTTP or not subject.body:
        return
    said = f"A {subject.method.text} request carries a body of {len(subject.body)} bytes."
    fix = "Send no body with GET; put parameters into the query" + (" (curl -G)." if subject.form is Form.CURL else ".")
    yield found(RULE, FAULTS[0], subject.body.place(), said, fix, FixKind.NEEDS_VALUE)
