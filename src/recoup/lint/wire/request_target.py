"""The URI of the request line has a blank in it, or none of the four forms of RFC 7230 (5.3).

The documents do not name this one. Characters that ought to be percent-encoded and are not control characters are left
to whoever decodes the path.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from recoup.lint.finding import Finding, FixKind
from recoup.lint.wire.head import Head

__all__ = ["RULE", "check"]

RULE = "request-target"

_ABSOLUTE = re.compile(rb"[A-Za-z][A-Za-z0-9+.\-]*://[^/?#]+", re.DOTALL)
_AUTHORITY = re.compile(rb"[^/?#@]+:[0-9]+")


def check(head: Head) -> Iterator[Finding]:
    """A finding where the URI is there and has no form that a server can read."""
    target, method = head.text(head.target), head.text(head.method)
    if not target.strip(b" "):
        return
    if b" " in target:
        text, fix = "A blank stands in the URI.", "Percent-encode it as %20, and write one blank around the URI."
    elif method == b"CONNECT":
        if _AUTHORITY.fullmatch(target):
            return
        text, fix = "The URI of CONNECT is not a host with a port.", "The Selling Partner API has no use for CONNECT."
    elif target[:1] == b"/" or _ABSOLUTE.match(target) or (target == b"*" and method == b"OPTIONS"):
        return
    else:
        text, fix = "The URI does not begin with a slash.", "Begin the path with a slash."
    yield Finding(
        rule=RULE,
        fault=None,
        start=head.target.start,
        end=head.target.end,
        text=text,
        fix=fix,
        fix_kind=FixKind.GUESS,
    )
