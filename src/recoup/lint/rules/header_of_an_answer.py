"""A header of Amazon's answers is sent as a header of the request.

`x-amzn-RequestId`, `x-amzn-RateLimit-Limit`, `x-amzn-ErrorType` and their like come back with an answer. In a request
they were copied from one, often together with a misspelt `x-amzn-access-token`; nothing reads them.
"""

from __future__ import annotations

from collections.abc import Iterator

from recoup.lint.finding import Finding, FixKind
from recoup.lint.rule import Around, found
from recoup.lint.subject import Form, Subject

__all__ = ["FAULTS", "RULE", "check"]

RULE = "header-of-an-answer"
FAULTS = ()
_ANSWERS = frozenset(
    {
        "x-amzn-requestid",
        "x-amzn-ratelimit-limit",
        "x-amzn-errortype",
        "x-amz-apigw-id",
        "x-amz-rid",
        "x-amz-id-2",
        "x-amz-request-id",
        "x-amz-cf-id",
        "x-amz-cf-pop",
        "x-amzn-remapped-content-length",
    }
)


def check(subject: Subject, around: Around) -> Iterator[Finding]:
    """A finding at each such field."""
    if not subject.is_api:
        return
    for field in subject.fields:
        if field.key in _ANSWERS:
            said = f"{field.key} is a header of answers; in a request nothing reads it."
            instead = b"" if subject.form in (Form.HTTP, Form.TEXT) else None
            yield found(RULE, None, field.whole, said, "Leave it out.", FixKind.SAFE, instead, certain=False)
