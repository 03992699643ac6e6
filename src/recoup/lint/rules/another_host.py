"""The request goes to a host that is not the Selling Partner API's, in the clear, or names two hosts."""

from __future__ import annotations

import re
from collections.abc import Iterator

from recoup.lint.finding import Finding, FixKind
from recoup.lint.rule import Around, found
from recoup.lint.subject import Subject

__all__ = ["FAULTS", "RULE", "check"]

RULE = "another-host"
FAULTS = ("403-wrong-path-or-version", "403-region-mismatch")

_NEAR = re.compile(r"selling-?partner-?api|sellingpartner|(?:^|\.)mws\.|mws\.amazonservices|amazonservices\.")


def check(subject: Subject, around: Around) -> Iterator[Finding]:
    """A finding at the scheme, at a host that is nearly one of the endpoints, and at a Host field that differs."""
    host = subject.host
    if subject.endpoint is not None and subject.scheme == "http":
        fix = "Call it by https."
        yield found(
            RULE, None, subject.target.place(0, 4), "The token would travel in the clear.", fix, FixKind.SAFE, b"https"
        )
    if subject.endpoint is None and _NEAR.search(host):
        place = subject.authority.place() if len(subject.authority) else subject.named("host")[0].value.place()
        old = "mws" in host or "amazonservices" in host
        said = (
            "This is a host of MWS, which was shut down." if old else "This is no endpoint of the Selling Partner API."
        )
        fix = "Use sellingpartnerapi-na.amazon.com, sellingpartnerapi-eu.amazon.com or sellingpartnerapi-fe.amazon.com."
        yield found(RULE, FAULTS[0], place, said, fix, FixKind.NEEDS_VALUE)
    field = subject.field("host")
    if field is not None and len(subject.authority) and subject.endpoint is not None:
        named = field.value.text.strip().rsplit(":", 1)[0].lower()
        if named and named != host:
            said = f"The Host header names another host than the URL ({host})."
            yield found(
                RULE, FAULTS[1], field.value.place(), said, "Leave Host to the client.", FixKind.SAFE, host.encode()
            )
