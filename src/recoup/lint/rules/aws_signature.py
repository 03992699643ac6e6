"""The request still carries an AWS signature, which the Selling Partner API has not asked for since October 2023.

It is not needed. Where it is sent and something looks at it, a scope of another region or service, or a session token
that has expired, is refused with a 403 about the signature.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from recoup.lint.finding import Finding, FixKind
from recoup.lint.rule import Around, found
from recoup.lint.subject import Subject

__all__ = ["FAULTS", "RULE", "check"]

RULE = "aws-signature"
FAULTS = ("403-invalid-signature",)
_SIGNED = re.compile(r"\s*(AWS4-HMAC-SHA256)")
_SCOPE = re.compile(r"Credential=[^/,\s]*/(\d+)/([^/,\s]*)/([^/,\s]*)/aws4_request")
_FIX = "Leave the signature out: Authorization, x-amz-security-token and x-amz-content-sha256 are not needed."


def check(subject: Subject, around: Around) -> Iterator[Finding]:
    """A finding at the algorithm, and at a region or service that is not the endpoint's; never at the signature."""
    field = subject.field("authorization")
    signed = _SIGNED.match(field.value.text) if field is not None else None
    if field is None or signed is None or not subject.is_api:
        return
    place = field.value.place(signed.start(1), signed.end(1))
    said = "The request is signed as AWS asks for it; signatures are not needed since October 2023."
    yield found(RULE, FAULTS[0], place, said, _FIX, FixKind.NEEDS_VALUE, certain=False)
    scope = _SCOPE.search(field.value.text)
    if scope is None or "<" in scope[0]:
        return
    endpoint = subject.endpoint
    if endpoint is not None and scope[2] != endpoint.region.aws_region:
        place = field.value.place(scope.start(2), scope.end(2))
        said = f"The signature is for another AWS region than the endpoint's ({endpoint.region.aws_region})."
        yield found(RULE, FAULTS[0], place, said, _FIX, FixKind.NEEDS_VALUE, certain=False)
    if scope[3] != "execute-api":
        place = field.value.place(scope.start(3), scope.end(3))
        said = "The signature is for another service than execute-api."
        yield found(RULE, FAULTS[0], place, said, _FIX, FixKind.NEEDS_VALUE, certain=False)
