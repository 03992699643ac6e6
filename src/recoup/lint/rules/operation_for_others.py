"""The operation belongs to the other kind of selling partner.

Sellers and vendors each have operations of their own, and credentials of one kind are refused at those of the other
with a bare 403. A request does not show whose credentials it carries: the rule speaks where the kind of the account is
told to it (`recoup lint --account vendor`).
"""

from __future__ import annotations

from collections.abc import Iterator

from recoup.catalogue.facts.operations import Party, PartyBasis
from recoup.lint.finding import Finding, FixKind
from recoup.lint.rule import Around, found
from recoup.lint.subject import Subject

__all__ = ["FAULTS", "RULE", "check"]

RULE = "operation-for-others"
FAULTS = ("403-wrong-account-kind",)


def check(subject: Subject, around: Around) -> Iterator[Finding]:
    """A finding at the path; uncertain where the tables have the operation's kind from memory only.

    Where nothing but the path says that an operation is for sellers, nothing is said to a vendor.
    """
    operation = subject.operation
    if around.account is None or operation is None or not subject.is_api:
        return
    if operation.party in (Party.BOTH, around.account) or operation.party_basis is PartyBasis.ASSUMED:
        return
    said = f"{operation.id} is for {operation.party}s, and the account is a {around.account}'s."
    fix = f"Call it with the refresh token of a {operation.party}, or take an operation for {around.account}s."
    known = operation.party_basis is not PartyBasis.RECALLED
    yield found(RULE, FAULTS[0], subject.path.place(), said, fix, FixKind.NEEDS_VALUE, certain=known)
