"""The request goes to a host that is not the Selling Partner API's, in the clear, or names two hosts.

The endpoints are `sellingpartnerapi-na.amazon.com`, `-eu` and `-fe`, each with `sandbox.` before it for the static
sandbox. Hosts of MWS, of Seller Central and of Login with Amazon answer no operation. A `Host` header that differs from
the URL decides where the request is served.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from recoup.catalogue.facts import marketplaces
from recoup.lint.finding import Finding, FixKind
from recoup.lint.rule import Around, found
from recoup.lint.subject import Subject

__all__ = ["FAULTS", "RULE", "check"]

RULE = "another-host"
FAULTS = ("403-wrong-path-or-version", "403-region-mismatch")

_NEAR = re.compile(r"selling-?partner-?api|sellingpartner|(?:^|\.)mws[.\-]|mws\.amazonservices|amazonservices\.")
_OF_AMAZON = re.compile(r"(?:^|\.)(?:api|sellercentral[\w\-]*|vendorcentral[\w\-]*|www)\.amazon\.[a-z.]+|execute-api\.")
_REGION = re.compile(r"(?<![a-z])(na|eu|fe)(?![a-z])|(us-east-1)|(eu-west-1)|(us-west-2)")
_ENDPOINTS = "sellingpartnerapi-na.amazon.com, sellingpartnerapi-eu.amazon.com or sellingpartnerapi-fe.amazon.com"


def check(subject: Subject, around: Around) -> Iterator[Finding]:
    """A finding at the scheme, at a host that is nearly one of the endpoints, and at a Host field that differs."""
    host = subject.host
    clear = subject.target.text[:7].lower() == "http://"
    if clear and subject.endpoint is not None and marketplaces.by_host(host) is not None:
        place = subject.target.place(0, 4)
        yield found(
            RULE, None, place, "The token would travel in the clear.", "Call it by https.", FixKind.SAFE, b"https"
        )
    if subject.endpoint is None and (
        _NEAR.search(host) or (subject.operation is not None and _OF_AMAZON.search(host) is not None)
    ):
        yield _elsewhere(subject, host)
    field = subject.field("host")
    if field is not None and len(subject.authority) and subject.endpoint is not None:
        named = field.value.text.strip().rsplit(":", 1)[0].lower()
        if named and named != host:
            other = marketplaces.by_host(named)
            said = f"The Host header names another host than the URL ({host})."
            fault = FAULTS[1] if other is not None and other.region != subject.endpoint.region else None
            place = field.value.place()
            yield found(RULE, fault, place, said, "Leave Host to the client.", FixKind.SAFE, host.encode())


def _elsewhere(subject: Subject, host: str) -> Finding:
    if len(subject.authority):
        text = subject.authority
        place = text.place(text.text.rfind("@") + 1)
    else:
        place = subject.named("host")[0].value.place()
    if re.search(r"(?:^|\.)mws|amazonservices", host):
        said = "This is a host of MWS, which was shut down."
    elif _NEAR.search(host):
        said = "This is no endpoint of the Selling Partner API."
    else:
        said = "This host of Amazon's serves no operation of the Selling Partner API."
    hint = _REGION.search(host)
    if hint is None:
        return found(RULE, FAULTS[0], place, said, f"Use {_ENDPOINTS}.", FixKind.NEEDS_VALUE)
    index = hint.lastindex or 1
    code = hint[1] if index == 1 else ("na", "eu", "fe")[index - 2]
    right = f"{'sandbox.' if 'sandbox' in host else ''}sellingpartnerapi-{code}.amazon.com"
    return found(RULE, FAULTS[0], place, said, f"Use {right}.", FixKind.GUESS, right.encode())
