"""A request for a token carries a value of another kind: an application id for the client id, an access token.

The client id begins with `amzn1.application-oa2-client.`; the id of the application in the consent URL is another one.
A refresh token begins with `Atzr|`. Values that were encoded twice or quoted are no values any more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from recoup.lint.asked import is_hole
from recoup.lint.finding import Finding, FixKind
from recoup.lint.rule import Around, found
from recoup.lint.subject import Subject
from recoup.lint.tokens_asked import Field, token_request

__all__ = ["FAULTS", "RULE", "check"]

RULE = "token-request-values"
FAULTS = ("lwa-invalid-client", "lwa-invalid-grant")

_CLIENT = "amzn1.application-oa2-client."
_KINDS = (
    ("amzn1.sp.solution.", "an application id"),
    ("amzn1.sellerapps.app.", "an application id"),
    (_CLIENT, "a client id"),
    ("amzn1.oa2-cs.", "a client secret"),
    ("Atzr|", "a refresh token"),
    ("Atza|", "an access token"),
    ("Atc|", "a grantless access token"),
    ("AKIA", "an AWS access key"),
)
_OWN = {
    "client_id": (_CLIENT, "a client id", FAULTS[0]),
    "client_secret": ("amzn1.oa2-cs.", "a client secret", FAULTS[0]),
    "refresh_token": ("Atzr|", "a refresh token", FAULTS[1]),
    "code": ("", "an authorization code", FAULTS[1]),
}
_TWICE = re.compile(r"%[0-9A-Fa-f]{2}")


def check(subject: Subject, around: Around) -> Iterator[Finding]:
    """A finding at the value: never its text, only its kind."""
    asked = token_request(subject)
    if asked is None:
        return
    for name, (prefix, what, fault) in _OWN.items():
        field = asked.get(name)
        if field is None or not field.value or is_hole(field.value):
            continue
        other = next(
            (kind for start, kind in _KINDS if field.value.strip().startswith(start) and start != prefix), None
        )
        if other is not None:
            said = f"{name} is {other}, by its beginning, not {what}."
            yield found(RULE, fault, field.place, said, f"Send {what}.", FixKind.NEEDS_VALUE)
        else:
            yield from _damaged(field, fault, asked.form)


def _damaged(field: Field, fault: str, form: str) -> Iterator[Finding]:
    fix = "Send the value exactly as it came, encoded once."
    if _TWICE.search(field.value):
        yield found(RULE, fault, field.place, f"{field.name} was encoded twice.", fix, FixKind.NEEDS_VALUE)
    elif field.value != field.value.strip() or field.value[:1] in "\"'":
        said = f"A blank, a line break or a quote belongs to {field.name} as sent."
        yield found(RULE, fault, field.place, said, fix, FixKind.NEEDS_VALUE)
    elif form == "form" and "+" in field.written:
        said = f"A plus sign in {field.name} is read as a blank."
        yield found(RULE, fault, field.place, said, "Encode it as %2B.", FixKind.GUESS)
