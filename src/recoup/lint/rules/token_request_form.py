"""A request for a token is not announced as what it is, or carries its fields in the URL.

Login with Amazon takes a form (`application/x-www-form-urlencoded`) by POST. A form that is announced as JSON, or JSON
that is announced as a form, has no fields at all; fields in the URL end up in logs, with the secret among them.
"""

from __future__ import annotations

from collections.abc import Iterator

from recoup.lint.finding import Finding, FixKind
from recoup.lint.rule import Around, found
from recoup.lint.subject import Form, Subject
from recoup.lint.tokens_asked import token_request

__all__ = ["FAULTS", "RULE", "check"]

RULE = "token-request-form"
FAULTS = ("lwa-unsupported-grant-type", "lwa-invalid-request")

_FORM = b"application/x-www-form-urlencoded"
_SECRET = frozenset({"client_secret", "refresh_token", "code", "grant_type", "client_id"})


def check(subject: Subject, around: Around) -> Iterator[Finding]:
    """A finding at the method, the Content-Type, the query, and at a field that stands twice."""
    asked = token_request(subject)
    if asked is None:
        return
    if subject.method.text not in ("POST", ""):
        yield found(
            RULE, FAULTS[0], subject.method.place(), "Tokens are asked for by POST.", "Use POST.", FixKind.SAFE, b"POST"
        )
    field = subject.field("content-type")
    kind = field.value.text.partition(";")[0].strip().lower() if field is not None else ""
    if field is not None and asked.form == "form" and kind != _FORM.decode():
        said = f"The body is a form, and is announced as {kind[:80] or 'nothing'}."
        yield found(RULE, FAULTS[0], field.value.place(), said, "Announce it as a form.", FixKind.SAFE, _FORM)
    elif asked.form == "json" and subject.body is not None:
        announced = kind == "application/json"
        curl = field is None and subject.form is Form.CURL
        if field is not None or curl:
            said = "The body is JSON; the documented form of a token request is a form."
            place = subject.body.place()
            fix = "Send the fields as a form."
            yield found(RULE, FAULTS[0], place, said, fix, FixKind.NEEDS_VALUE, certain=not announced)
    wrong = [each for each in asked.query if each.name in _SECRET]
    for each in wrong:
        said = f"{each.name} stands in the URL."
        fix = "Send it in the body; what was in a URL is in logs, so change a secret that was."
        sure = asked.known and not asked.fields
        yield found(RULE, FAULTS[0], each.whole, said, fix, FixKind.NEEDS_VALUE, certain=sure)
    seen: set[str] = set()
    for each in asked.fields:
        if each.name in seen:
            said = f"{each.name} stands twice."
            yield found(RULE, FAULTS[1], each.whole, said, "Send each field once.", FixKind.NEEDS_VALUE)
        seen.add(each.name)
