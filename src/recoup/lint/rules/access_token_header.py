"""The access token is missing, or stands where it is not read.

Every operation of the Selling Partner API takes its token in the header `x-amz-access-token`. A header of another name
(`x-amzn-access-token`), `Authorization: Bearer` and a query parameter are not read, and the answer is the same bare 403
as without any token.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from recoup.lint.finding import Finding, FixKind
from recoup.lint.rule import Around, found
from recoup.lint.subject import Form, Pair, Subject
from recoup.redaction import token_kind

__all__ = ["FAULTS", "HEADER", "RULE", "check"]

RULE = "access-token-header"
FAULTS = ("403-missing-token",)
HEADER = "x-amz-access-token"

_NEARLY = re.compile(r"x?(?:a?mz[nm]?|amazon|aws)?(?:acc?ess?|auth|lwa)?tokens?")
_OTHER_TOKENS = frozenset({"xamzsecuritytoken", "xamzsecuritytokens", "token", "xtoken", "authtoken"})
_SENT_AS = frozenset({"access token", "grantless token", "restricted data token"})
_FILLED_LATER = re.compile(
    rb"\s(?:-K|--config|--netrc\S*|-H\s*['\"]?[@$]|--header[\s=]['\"]?[@$])"
)  # fields from elsewhere
_FIX = f"Send the access token in {HEADER}."


def check(subject: Subject, around: Around) -> Iterator[Finding]:
    """A finding at the misspelt name; else behind the fields, where all of them are known and none holds a token."""
    if not subject.is_api or subject.form is Form.URL:
        return
    right = subject.field(HEADER)
    if right is not None:
        if not right.value.text.strip():
            yield found(RULE, FAULTS[0], right.value.place(), f"{HEADER} is empty.", _FIX, FixKind.NEEDS_VALUE)
        return
    for field in subject.fields:
        text, kind, replacement = _misplaced(field)
        if text:
            yield found(RULE, FAULTS[0], field.name.place(), text, _FIX, kind, replacement)
            return
    for pair in subject.parameters:
        if _is_nearly(pair.name.text) or token_kind(pair.decoded) in _SENT_AS:
            said = "The access token stands in the query: it is not read there, and ends up in logs."
            yield found(RULE, FAULTS[0], pair.whole, said, _FIX, FixKind.NEEDS_VALUE)
            return
    if subject.complete:
        said = f"There is no {HEADER} header."
        yield found(RULE, FAULTS[0], subject.end_of_fields, said, _FIX, FixKind.NEEDS_VALUE)
    elif subject.form is Form.CURL and not _FILLED_LATER.search(subject.source):
        # People take their token out before they show a command to anybody: it may be right all the same.
        said = f"The command sends no {HEADER} header, unless it was taken out of it."
        yield found(RULE, FAULTS[0], subject.end_of_fields, said, _FIX, FixKind.NEEDS_VALUE, certain=False)


def _misplaced(field: Pair) -> tuple[str, FixKind, bytes | None]:
    if field.key in ("authorization", "proxy-authorization"):
        bearer = field.value.text[:7].lower() == "bearer " or token_kind(field.value.text) in _SENT_AS
        return (
            ("The access token stands in Authorization, which is not read." if bearer else ""),
            (FixKind.NEEDS_VALUE),
            None,
        )
    if _is_nearly(field.name.text) or token_kind(field.value.text.strip()) in _SENT_AS:
        # Inside a word of a command or of JSON the name alone is replaced: the value stays as it is.
        return (
            f"The access token stands in a header of another name ({len(field.name)} characters).",
            (FixKind.SAFE),
            HEADER.encode(),
        )
    return "", FixKind.SAFE, None


def _is_nearly(name: str) -> bool:
    plain = re.sub(r"[^a-z0-9]", "", name.lower())
    return plain not in _OTHER_TOKENS and len(plain) > 8 and _NEARLY.fullmatch(plain) is not None
