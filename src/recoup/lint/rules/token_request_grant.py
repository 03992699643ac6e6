"""A request for a token names no grant, another grant, or the fields of another grant.

`refresh_token` goes with a refresh token, `authorization_code` with a code, `client_credentials` with a scope and
nothing of a selling partner. Each grant refuses the fields of the others.
"""

from __future__ import annotations

from collections.abc import Iterator

from recoup.lint.asked import is_hole
from recoup.lint.finding import Finding, FixKind
from recoup.lint.rule import Around, found
from recoup.lint.subject import Subject
from recoup.lint.tokens_asked import Field, TokenRequest, token_request

__all__ = ["FAULTS", "RULE", "check"]

RULE = "token-request-grant"
FAULTS = ("lwa-unsupported-grant-type", "lwa-invalid-request", "lwa-invalid-scope")

_NEEDS = {"refresh_token": "refresh_token", "authorization_code": "code", "client_credentials": "scope"}
_REFUSES = {
    "refresh_token": ("scope",),
    "authorization_code": ("scope",),
    "client_credentials": ("refresh_token", "code"),
}
_SCOPES = (
    "sellingpartnerapi::notifications",
    "sellingpartnerapi::client_credential:rotation",
    "sellingpartnerapi::shipments:track",
    "sellingpartnerapi::migration",
    "sellingpartnerapi::authorization",
)


def check(subject: Subject, around: Around) -> Iterator[Finding]:
    """A finding at the grant, at a field that does not go with it, behind the body where one is missing."""
    asked = token_request(subject)
    if asked is None or not asked.known:
        return
    grant = asked.get("grant_type")
    if grant is None:
        said = "There is no grant_type."
        yield _behind(subject, FAULTS[0], said, "Add grant_type=refresh_token, or another one.")
    elif grant.value not in _NEEDS:
        if not is_hole(grant.value) or not grant.value:
            near = next((name for name in _NEEDS if _plain(name) == _plain(grant.value)), None)
            said = "There is no grant of this name."
            kind = FixKind.NEEDS_VALUE if near is None else FixKind.GUESS
            fix = f"Known are: {', '.join(_NEEDS)}."
            yield found(RULE, FAULTS[0], grant.place, said, fix, kind, None if near is None else near.encode())
    else:
        yield from _fields(subject, asked, grant)
    for name in ("client_id", "client_secret"):
        field = asked.get(name)
        if field is None or not field.value.strip():
            yield _lacks(subject, field, name)


def _fields(subject: Subject, asked: TokenRequest, grant: Field) -> Iterator[Finding]:
    needed = asked.get(_NEEDS[grant.value])
    if needed is None or not needed.value.strip():
        yield _lacks(subject, needed, _NEEDS[grant.value])
    for name in _REFUSES[grant.value]:
        wrong = asked.get(name)
        if wrong is not None:
            said = f"{name} does not go with grant_type={grant.value}."
            yield found(RULE, FAULTS[1], wrong.whole, said, "Leave it out.", FixKind.SAFE, b"")
    scope = asked.get("scope") if grant.value == "client_credentials" else None
    for name in scope.value.split() if scope is not None and not is_hole(scope.value) else ():
        if scope is not None and name not in _SCOPES:
            said = "This is no scope that is documented for grantless calls."
            sure = not name.startswith("sellingpartnerapi::")
            fix = f"Known are: {', '.join(_SCOPES[:2])}."
            yield found(RULE, FAULTS[2], scope.place, said, fix, FixKind.NEEDS_VALUE, certain=sure)


def _lacks(subject: Subject, field: Field | None, name: str) -> Finding:
    if field is not None:
        return found(RULE, FAULTS[1], field.whole, f"{name} is empty.", f"Give {name} a value.", FixKind.NEEDS_VALUE)
    return _behind(subject, FAULTS[1], f"There is no {name}.", f"Add {name}.")


def _behind(subject: Subject, fault: str, said: str, fix: str) -> Finding:
    body = subject.body
    place = body.place(len(body)) if body is not None else subject.target.place(len(subject.target))
    return found(RULE, fault, place, said, fix, FixKind.NEEDS_VALUE)


def _plain(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "").replace(" ", "")
