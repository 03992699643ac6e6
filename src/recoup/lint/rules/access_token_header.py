"""The access token is missing, or stands in a header of another name.

Every operation of the Selling Partner API takes its token in `x-amz-access-token`. `x-amzn-access-token`,
`Authorization: Bearer` and the like are not read, and the answer is the same bare 403 as without any token.
"""

from __future__ import annotations

from collections.abc import Iterator

from recoup.lint.finding import Finding, FixKind
from recoup.lint.mapped import Place
from recoup.lint.rule import Around, found
from recoup.lint.subject import Form, Subject

__all__ = ["FAULTS", "RULE", "check"]

RULE = "access-token-header"
FAULTS = ("403-missing-token",)
HEADER = "x-amz-access-token"

_MISSPELT = frozenset(
    {
        "x-amzn-access-token",
        "x-amz-accesstoken",
        "x-amz-access_token",
        "x_amz_access_token",
        "x-amz-token",
        "x-amz-acces-token",
        "x-access-token",
        "access-token",
        "access_token",
        "amz-access-token",
        "x-amz-access-tokens",
    }
)
_FIX = f"Send the access token in {HEADER}."


def check(subject: Subject, around: Around) -> Iterator[Finding]:
    """A finding at the misspelt name; else behind the fields, where all of them are known and none holds a token."""
    if not subject.is_api or subject.form is Form.URL:
        return
    right = subject.field(HEADER)
    for field in subject.fields:
        bearer = field.key == "authorization" and field.value.text[:7].lower() == "bearer "
        if right is None and (field.key in _MISSPELT or bearer):
            said = "a token in Authorization is not read" if bearer else "no header of this name is read"
            yield found(
                RULE, FAULTS[0], field.name.place(), f"The access token stands in the wrong header: {said}.", _FIX,
                FixKind.NEEDS_VALUE if bearer else FixKind.SAFE, None if bearer else HEADER.encode(),
            )  # fmt: skip
            return
    if right is not None:
        if not right.value.text.strip():
            yield found(RULE, FAULTS[0], right.value.place(), f"{HEADER} is empty.", _FIX, FixKind.NEEDS_VALUE)
    elif subject.complete:
        end = max((field.whole.end for field in subject.fields), default=subject.target.place().end)
        yield found(RULE, FAULTS[0], Place(end, end), f"There is no {HEADER} header.", _FIX, FixKind.NEEDS_VALUE)
