"""A GET or HEAD request carries a body, a Content-Length or a Content-Type that announces one.

Amazon's front door refuses such a request with status 400 and a page of HTML. Client libraries send `Content-Length: 0`
or an empty JSON object where a body was given as an empty value.
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
    """A finding at the body and at each field that announces one. Raw bytes are left to the wire rules."""
    if subject.method.text not in ("GET", "HEAD") or subject.form is Form.HTTP:
        return
    fix = "Send no body with GET; put parameters into the query."
    for name in ("content-length", "transfer-encoding"):
        for field in subject.named(name):
            said = f"A {subject.method.text} request announces a body with {field.name.text}."
            yield found(RULE, FAULTS[0], field.whole, said, fix, FixKind.SAFE, b"")
    if subject.body is not None and subject.body.text:
        said = f"A {subject.method.text} request carries a body of {len(subject.body)} bytes."
        yield found(RULE, FAULTS[0], subject.body.place(), said, fix, FixKind.NEEDS_VALUE)
