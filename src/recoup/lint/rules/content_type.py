"""The body is not announced as JSON.

Operations that take a body take JSON. The Content-Type of the call is another thing than the `contentType` of a feed's
document; a form's type (`application/x-www-form-urlencoded`), which Login with Amazon takes, comes along when a client
is reused.
"""

from __future__ import annotations

from collections.abc import Iterator

from recoup.catalogue.facts.operations import Body
from recoup.lint.finding import Finding, FixKind
from recoup.lint.mapped import Place
from recoup.lint.rule import Around, found
from recoup.lint.subject import Form, Subject

__all__ = ["FAULTS", "RULE", "check"]

RULE = "content-type"
FAULTS = ("400-wrong-content-type", "other-415-unsupported-media")


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
        if kind != "application/json" and not kind.endswith("+json"):
            said = f"The Content-Type is {kind[:80] or 'empty'}."
            yield found(RULE, FAULTS[0], field.value.place(), said, fix, FixKind.SAFE, b"application/json")
    elif subject.complete and subject.body is not None and subject.body.text:
        end = max((each.whole.end for each in subject.fields), default=0)
        yield found(RULE, FAULTS[0], Place(end, end), "A body comes without a Content-Type.", fix, FixKind.SAFE)
    elif subject.form is Form.CURL and subject.body is not None:
        said = "curl announces data as a form where no Content-Type is given."
        yield found(
            RULE,
            FAULTS[0],
            subject.body.place(0, 0),
            said,
            f'{fix[:-1]} (-H "Content-Type: application/json").',
            FixKind.NEEDS_VALUE,
        )
