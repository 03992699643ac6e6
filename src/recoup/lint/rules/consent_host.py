"""A consent address leads to a host where nobody gives consent.

Sellers give it at the Seller Central of their marketplace, vendors at their Vendor Central; the hosts of the API and
the shop know no such page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from recoup.lint.consenting import PATH, is_consent, is_registered_host
from recoup.lint.finding import Finding, FixKind
from recoup.lint.rule import Around, found
from recoup.lint.subject import Subject

__all__ = ["FAULTS", "RULE", "check"]

RULE = "consent-host"
FAULTS = ("other-consent-page-unknown",)

# Amazon opens Centrals of single countries beside those of the table.
_CENTRAL = re.compile(r"(?:seller|vendor)central(?:-[a-z]+)?\.amazon\.(?:com|[a-z]{2}|com?\.[a-z]{2})", re.ASCII)


def check(subject: Subject, around: Around) -> Iterator[Finding]:
    """A finding at the host, at a scheme that is not https, at a path that is only near."""
    if not is_consent(subject) or not len(subject.authority):
        return
    host = subject.host
    if "amazon" not in host:
        return  # a sandbox or a proxy: whose pages are there is not known
    if not is_registered_host(host) and not _CENTRAL.fullmatch(host):
        said = f"This host is {'the API' if 'sellingpartnerapi' in host else 'no Seller Central or Vendor Central'}."
        fix = "Use the Seller Central, or Vendor Central, of the selling partner's marketplace."
        yield found(RULE, FAULTS[0], subject.authority.place(), said, fix, FixKind.NEEDS_VALUE)
    if subject.scheme == "http":
        yield found(
            RULE,
            None,
            subject.target.place(0, 4),
            "Consent is asked for by https.",
            "Use https.",
            FixKind.SAFE,
            b"https",
        )
    if subject.path.text.rstrip("/") != PATH:
        said = f"The page is {PATH}."
        yield found(RULE, FAULTS[0], subject.path.place(), said, "Correct the path.", FixKind.GUESS, PATH.encode())
