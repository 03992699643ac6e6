"""The token is of a kind that this operation does not take.

The first characters tell: `Atza|` is an access token of a selling partner, `Atc|` a grantless one, `Atz.` or `Atz|` a
restricted data token. A refresh token (`Atzr|`), a client secret or a client id in its place is refused by every
operation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from recoup.lint.finding import Finding, FixKind
from recoup.lint.rule import Around, found
from recoup.lint.rules.access_token_header import HEADER
from recoup.lint.subject import Subject

__all__ = ["FAULTS", "RULE", "check"]

RULE = "token-of-another-kind"
FAULTS = ("403-expired-token", "other-grantless-required")

_SEND = "Send the access token that Login with Amazon gives."
_NEVER = (
    ("Atzr|", "a refresh token", "Exchange it for an access token at Login with Amazon, and send that one."),
    ("amzn1.oa2-cs.", "a client secret", "Send the access token; the secret goes to Login with Amazon only."),
    ("amzn1.application-oa2-client.", "a client id", "Send the access token that Login with Amazon gives for it."),
    ("amzn1.sp.solution.", "an application id", _SEND),
    ("amzn1.sellerapps.app.", "an application id", _SEND),
    ("amzn1.account.", "a user id of Login with Amazon", _SEND),
    ("amzn.mws.", "a token of MWS", _SEND),
    ("AKIA", "an AWS access key", _SEND),
    ("ASIA", "an AWS access key", _SEND),
    ("eyJ", "a JSON web token, of another service", _SEND),
)
_OLD_SECRET = re.compile(r"[0-9a-f]{64}")
_BEARER = re.compile(r"\s*bearer\s+", re.IGNORECASE)


def check(subject: Subject, around: Around) -> Iterator[Finding]:
    """A finding at the value: never its text, only its kind and length."""
    field = subject.field(HEADER)
    if field is None or not subject.is_api:
        return
    bearer = _BEARER.match(field.value.text)
    if bearer is not None:
        place = field.value.place(0, bearer.end())
        said = f"The word Bearer stands before the token; {HEADER} takes the token alone."
        yield found(RULE, FAULTS[0], place, said, f"Send the token alone in {HEADER}.", FixKind.SAFE, b"")
    token = field.value.text[bearer.end() if bearer is not None else 0 :].strip()
    for prefix, what, fix in _NEVER:
        if token.startswith(prefix):
            text = f"The value of {HEADER} is {what} ({len(token)} characters), by its beginning."
            yield found(RULE, FAULTS[0], field.value.place(), text, fix, FixKind.NEEDS_VALUE)
            return
    if _OLD_SECRET.fullmatch(token):
        text = f"The value of {HEADER} has the form of an older client secret (64 hexadecimal digits)."
        yield found(RULE, FAULTS[0], field.value.place(), text, _SEND, FixKind.NEEDS_VALUE, certain=False)
        return
    operation = subject.operation
    if operation is None:
        return
    start = field.value.text.find(token)
    if operation.grantless is not None and token.startswith("Atza|"):
        text = f"{operation.id} is grantless, and the token belongs to a selling partner."
        fix = f"Ask Login with Amazon with grant_type=client_credentials and scope {operation.grantless}."
        yield found(RULE, FAULTS[1], field.value.place(start, start + 5), text, fix, FixKind.NEEDS_VALUE)
    elif operation.grantless is None and token.startswith("Atc|"):
        text = f"{operation.id} needs a selling partner's authorization, and the token is grantless."
        fix = "Ask Login with Amazon with grant_type=refresh_token and the selling partner's refresh token."
        yield found(RULE, FAULTS[1], field.value.place(start, start + 4), text, fix, FixKind.NEEDS_VALUE)
