"""Addresses in the authorization workflow: what comes in, where the answer goes, and nothing that leads elsewhere.

Values are decoded once, byte by byte, and encoded once, so that a state comes back as it was sent.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

__all__ = [
    "APPSTORE",
    "AUTHORIZE",
    "CALLBACK",
    "CONSENT",
    "fields",
    "local",
    "registrable",
    "with_query",
]

AUTHORIZE = "/apps/authorize/"
CONSENT = "/apps/authorize/consent"
CALLBACK = "/apps/authorize/confirm/"  # then the application's id: what amazon_callback_uri is
APPSTORE = "/apps/store/"

_LOCAL = re.compile(r"(?:/apps/authorize/(?:consent\?|confirm/)|/apps/store/(?:dp|authorize)/)[!-~]{0,8000}")
_PRINTABLE = re.compile(r"[!-~]{1,2000}")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_MOST_FIELDS = 50


def fields(data: bytes) -> dict[str, str]:
    """The fields of a query or form. Raises ValueError that names the one given twice, or where there are too many."""
    text = data.decode("utf-8", "surrogateescape")  # bytes that are no UTF-8 are kept, and come out as they went in
    if text.count("&") > _MOST_FIELDS:
        raise ValueError("there are too many fields")
    found: dict[str, str] = {}
    for name, value in parse_qsl(text, keep_blank_values=True, encoding="utf-8", errors="surrogateescape"):
        if name in found:
            raise ValueError(f"{name[:40]} is given more than once")
        found[name] = value
    return found


def local(target: str) -> str | None:
    """`target`, where it is one of the pages that a person may come back to after signing in; else None."""
    return target if _LOCAL.fullmatch(target) else None


def with_query(address: str, pairs: Sequence[tuple[str, str]]) -> str:
    """`address` with these fields added to the query that it may have."""
    added = urlencode(pairs, quote_via=quote, safe="", encoding="utf-8", errors="surrogateescape")
    if not added:
        return address
    joint = "" if address.endswith(("?", "&")) else "&" if "?" in address else "?"
    return f"{address}{joint}{added}"


def registrable(address: str) -> str:
    """`address`, where the console takes it: https, or http on this machine. Raises ValueError that says what is wrong.

    A fragment is taken: it is the consent that refuses it.
    """
    if not _PRINTABLE.fullmatch(address):
        raise ValueError(f"{address[:80]!r} is no address: blanks and characters beyond ASCII have to be encoded")
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise ValueError(f"{address[:80]!r} is no address: {error}") from error
    if not host or parts.username is not None:
        raise ValueError(
            f"{address[:80]!r} has no host, or names a user; give an address like https://app.example/back"
        )
    if parts.scheme != "https" and not (parts.scheme == "http" and host in _LOOPBACK):
        raise ValueError(f"{address[:80]!r} must begin with https:// (http:// works for this machine only)")
    return address
