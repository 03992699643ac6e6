"""The redirect address of a consent is one that cannot be registered, or was changed on its way.

It is compared with the registered ones character by character: https, no fragment, encoded once as a query value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from recoup.lint.asked import is_hole
from recoup.lint.consenting import is_consent
from recoup.lint.finding import Finding, FixKind
from recoup.lint.rule import Around, found
from recoup.lint.subject import Form, Subject

__all__ = ["FAULTS", "RULE", "check"]

RULE = "consent-redirect"
FAULTS = ("auth-MD5101", "auth-MD5110")

_ENCODED = re.compile(r"%[0-9A-Fa-f]{2}")
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
_NEAR = frozenset({"redirecturi", "redirecturl", "redirect", "callback", "callbackurl", "returnurl"})


def check(subject: Subject, around: Around) -> Iterator[Finding]:
    """A finding at the fragment, at the scheme, at what was encoded twice, at a misspelt name."""
    if not is_consent(subject):
        return
    if subject.fragment is not None and subject.form is not Form.VALUE:
        said = "Everything from # on stays in the browser: the redirect address has a fragment, or # is not encoded."
        place = subject.fragment.place()
        yield found(RULE, FAULTS[1], place, said, "Leave the fragment out.", FixKind.GUESS, b"", certain=False)
    pair = subject.parameter("redirect_uri")
    if pair is None:
        for each in subject.parameters:
            if each.name.text.lower().replace("_", "").replace("-", "") in _NEAR:
                said = "The parameter is called redirect_uri; without it the first registered address counts."
                place = each.name.place()
                yield found(
                    RULE, FAULTS[0], place, said, "Write redirect_uri.", FixKind.GUESS, b"redirect_uri", certain=False
                )
        return
    value = pair.decoded
    if is_hole(value):
        return
    place = pair.value.place()
    if _ENCODED.search(value) and "://" not in value:
        said = "redirect_uri was encoded twice."
        yield found(RULE, FAULTS[0], place, said, "Encode it once.", FixKind.NEEDS_VALUE)
        return
    if "#" in value:
        at = pair.value.text.lower().find("%23")
        where = pair.value.place(at) if at >= 0 else place
        yield found(
            RULE, FAULTS[1], where, "redirect_uri has a fragment.", "Leave the fragment out.", FixKind.GUESS, b""
        )
    if value != value.strip() or " " in value:
        said = "A blank stands in redirect_uri, and belongs to it as sent."
        yield found(RULE, FAULTS[0], place, said, "Leave the blank out.", FixKind.NEEDS_VALUE)
        return
    try:
        parts = urlsplit(value)
        host = parts.hostname or ""
    except ValueError:
        host, parts = "", urlsplit("")
    if not host:
        said = "redirect_uri is no address with a scheme and a host."
        yield found(RULE, FAULTS[0], place, said, "Write the registered address.", FixKind.NEEDS_VALUE)
    elif parts.scheme != "https" and not (parts.scheme == "http" and host in _LOCAL):
        said = f"redirect_uri begins with {parts.scheme or 'no scheme'}; only https can be registered."
        yield found(RULE, FAULTS[0], place, said, "Register and send the https address.", FixKind.NEEDS_VALUE)
