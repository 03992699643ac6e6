"""The body is not announced as JSON.

Operations that take a body take JSON. The Content-Type of the call is another thing than the `contentType` of a feed's
document; a form's type (`application/x-www-form-urlencoded`), which Login with Amazon takes, comes along when a client
is reused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from recoup.catalogue.facts.operations import Body
from recoup.lint.finding import Finding, FixKind
from recoup.lint.rule import Around, found
from recoup.lint.subject import Subject

__all__ = ["FAULTS", "RULE", "check"]

RULE = "content-type"
FAULTS = ("400-wrong-content-type", "other-415-unsupported-media")
_CHARSET = re.compile(r";\s*charset\s*=\s*\"?([^\s;\",]+)", re.IGNORECASE)
_UTF8 = frozenset({"utf-8", "utf8", "us-ascii", "ascii"})


def check(subject: Subject, around: Around) -> Iterator[Finding]:
    """A finding at the value where it is another type; behind the fields where it is missing beside a body."""
    if not subject.is_api or subject.method.text not in ("POST", "PUT", "PATCH"):
        return
    operation = subject.operation
    if operation is not None and operation.body is Body.NONE and not subject.body:
        return
    field = subject.field("content-type")
    fix = "Send Content-Type: application/json."
    if field is not None:
        kind = field.value.text.partition(";")[0].strip().lower()
        if kind == "application/json" or kind.endswith("+json"):
            charset = _CHARSET.search(field.value.text)
            if charset is not None and charset[1].lower() not in _UTF8:
                place, said = field.value.place(charset.start(1), charset.end(1)), "JSON is written in UTF-8."
                yield found(RULE, FAULTS[0], place, said, fix, FixKind.GUESS, b"utf-8", certain=False)
            return
        if not subject.body and subject.body is not None:
            return  # nothing is announced
        if field.whole.start == field.whole.end:  # nobody wrote it: curl adds it where there are data
            said = f"curl announces these data as {kind}, for want of a Content-Type."
            fix = 'Say -H "Content-Type: application/json", or give the data with --json.'
            yield found(RULE, FAULTS[0], field.whole, said, fix, FixKind.NEEDS_VALUE)
            return
        said = f"The Content-Type is {kind[:80] or 'empty'}."
        yield found(RULE, FAULTS[0], field.value.place(), said, fix, FixKind.SAFE, b"application/json")
    elif subject.complete and subject.body:
        end = subject.end_of_fields
        yield found(RULE, FAULTS[0], end, "A body comes without a Content-Type.", fix, FixKind.NEEDS_VALUE)
