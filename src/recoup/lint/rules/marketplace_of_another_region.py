"""A marketplace is asked for at the endpoint of another region.

Each endpoint (North America, Europe, Far East) serves its own marketplaces only, and a selling partner's authorization
is valid for one region. The answer is a 403, often without a word about the region. The static sandbox compares what
it is asked with its samples, whatever the region of its host: nothing is said of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from recoup.catalogue.facts import marketplaces
from recoup.lint.finding import Finding, FixKind
from recoup.lint.rule import Around, found
from recoup.lint.subject import Subject

__all__ = ["FAULTS", "RULE", "check"]

RULE = "marketplace-of-another-region"
FAULTS = ("403-region-mismatch",)

_ID = re.compile(r"(?:(?<![A-Z0-9])|(?<=%[0-9A-Fa-f]{2}))A[A-Z0-9]{9,14}(?![A-Z0-9])")
_NAMED = re.compile(r"marketplace", re.IGNORECASE)


def check(subject: Subject, around: Around) -> Iterator[Finding]:
    """A finding at each marketplace id of the query or the body whose region is not the endpoint's."""
    endpoint = subject.endpoint
    if endpoint is None or endpoint.sandbox:
        return
    here = endpoint.region.code
    texts = [pair.value for pair in subject.parameters if _NAMED.search(pair.name.text)]
    if subject.body is not None and _NAMED.search(subject.body.text):
        texts.append(subject.body)
    for text in texts:
        for match in _ID.finditer(text.text):
            region = marketplaces.region_of(match[0])
            if region is None or region == here:
                continue
            right = next((each.host for each in marketplaces.regions() if each.code == region), "")
            yield found(
                RULE,
                FAULTS[0],
                text.place(match.start(), match.end()),
                f"Marketplace {match[0]} belongs to the region {region}; {subject.host} serves {here}.",
                f"Call {right} for it, with the refresh token of that region, or name a marketplace of {here}.",
                FixKind.NEEDS_VALUE,
            )
