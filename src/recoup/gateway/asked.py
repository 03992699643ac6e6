"""What a program asks of the gateway: its request, read and admitted, or refused.

The gateway puts access tokens into what passes through it, so it is strict about whom it serves and where it leads:

- the request target is a path (or the URL of Amazon's own host, as to a proxy), and nothing that another program could
  read as another host;
- the Host field names the gateway itself or Amazon's host: a page in a browser whose name was bent to 127.0.0.1 has
  another one; and browsers' other marks of a foreign page are refused too;
- where a key was set, every request brings it.

Header fields that begin with `x-recoup-` are for the gateway and go no further.
"""

from __future__ import annotations

import hmac
import math
import re
from collections.abc import Iterable, Mapping
from ipaddress import ip_address
from typing import Any

import msgspec

from recoup.gateway.options import GatewayOptions
from recoup.gateway.sellers import Seller
from recoup.transports.origins import TOKEN_PATH, Upstream, is_loopback

__all__ = ["LOCAL", "Asked", "Refused", "read"]

LOCAL = b"/-/"
"""Paths under it are the gateway's own; the Selling Partner API has none of them."""

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_TARGET = re.compile(rb"/(?!/)[!-\"$-\[\]-~]*")  # origin form: visible ASCII, no second slash, no #, no backslash
_ABSOLUTE = re.compile(rb"(https?)://([^/?#\\@]+)(/[^#]*|\?[^#]*|)", re.IGNORECASE)
_AUTHORITY = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._\-]+)(?::([0-9]{1,5}))?")
_SCOPE = re.compile(r"sellingpartnerapi::[a-z_:]{1,64}")
# A field of these is about one connection and not about the call; so is whatever Connection names.
_HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
_NOT_SENT = _HOP_BY_HOP | {b"host", b"expect"}
_LONGEST_DEADLINE = 86_400.0  # seconds

Fields = list[tuple[bytes, bytes]]


class Refused(Exception):
    """The request is refused by the gateway itself, with this status; nothing was sent anywhere."""

    def __init__(self, status: int, message: str, details: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.details = details


class Asked(msgspec.Struct, kw_only=True):
    """A request that was admitted. `target` is path and query, byte by byte as they came.

    `seller` None is the one of the environment. `scope` is that of a grantless token, as the request names it; an empty
    text says that the seller's token is wanted, None that the gateway decides. `deadline` is in seconds from now.
    """

    method: str
    target: bytes
    headers: Fields
    upstream: Upstream
    seller: Seller | None = None
    scope: str | None = None
    deadline: float | None = None
    length: int | None = None  # of the body, where the request says it
    has_body: bool = False

    @property
    def path(self) -> str:
        """The path as sent, without the query."""
        return self.target.partition(b"?")[0].decode("ascii")


def read(scope: Mapping[str, Any], options: GatewayOptions) -> Asked | bytes:
    """The request of this ASGI scope; or, for one of the gateway's own pages, their path. Raises Refused."""
    if scope["http_version"] != "1.1":
        raise Refused(505, "The gateway speaks HTTP/1.1.")
    raw: Fields = scope["headers"]
    target, asked_host = _target(scope["extensions"]["recoup.target"], scope["method"])
    host = asked_host if asked_host is not None else _host(raw)
    named = _values(raw, b"x-recoup-seller")
    local = target.startswith(LOCAL)
    _admit_host(host, options, None if local else options.upstream_for(_seller(named, options)))
    _admit_page(raw)
    if options.key is not None and target.partition(b"?")[0] != LOCAL + b"health":
        given = b"".join(_values(raw, b"x-recoup-key"))
        if not hmac.compare_digest(given, options.key.encode("ascii")):
            raise Refused(401, "This gateway asks for its key.", "Send it in the header x-recoup-key.")
    if local:
        return target.partition(b"?")[0]
    if scope["method"] not in METHODS:
        raise Refused(405, f"The Selling Partner API has no method {scope['method']}.", ", ".join(METHODS))
    if target.partition(b"?")[0] == TOKEN_PATH.encode():
        raise Refused(
            404,
            "Tokens are not fetched through the gateway.",
            "Leave x-amz-access-token out and the gateway brings one, or ask Login with Amazon yourself.",
        )
    seller = _seller(named, options)
    lengths, codings = _values(raw, b"content-length"), _values(raw, b"transfer-encoding")
    if codings and b",".join(codings).strip().lower() != b"chunked":
        raise Refused(
            501, "The body of the request is coded in a way that the gateway does not undo.", "Send it as it is."
        )
    return Asked(
        method=scope["method"],
        target=target,
        headers=passed_on(raw, _NOT_SENT),
        upstream=options.upstream_for(seller),
        seller=seller,
        scope=_scope(_values(raw, b"x-recoup-scope")),
        deadline=_deadline(_values(raw, b"x-recoup-deadline"), options.deadline),
        length=int(lengths[0]) if lengths else None,
        has_body=bool(lengths or codings),
    )


def passed_on(fields: Iterable[tuple[bytes, bytes]], left_out: Iterable[bytes] = _HOP_BY_HOP) -> Fields:
    """The fields that go on to the other side: neither those of one connection, nor those between program and gateway.

    Duplicates and order are kept.
    """
    items = [(name.lower(), name, value) for name, value in fields]
    without = set(left_out)
    for lowered, _, value in items:
        if lowered == b"connection":
            without.update(token.strip().lower() for token in value.split(b","))
    return [
        (name, value)
        for lowered, name, value in items
        if lowered not in without and not lowered.startswith(b"x-recoup-")
    ]


def _values(fields: Fields, name: bytes) -> list[bytes]:
    return [value for field, value in fields if field == name]


def _target(raw: bytes, method: str) -> tuple[bytes, str | None]:
    """Path and query; and the host, where the target names one."""
    if _TARGET.fullmatch(raw):
        return raw, None
    whole = _ABSOLUTE.fullmatch(raw)
    if whole is not None and method != "CONNECT":
        scheme, authority, rest = whole[1].lower(), whole[2].decode("latin-1"), whole[3]
        target = rest if rest.startswith(b"/") else b"/" + rest
        found = _AUTHORITY.fullmatch(authority)
        if (
            found
            and _TARGET.fullmatch(target)
            and (found[2] is None or int(found[2]) == (443 if scheme == b"https" else 80))
        ):
            return target, found[1].lower()
        if found and is_loopback(found[1].strip("[]").lower()) and _TARGET.fullmatch(target):
            return target, found[1].lower()
    raise Refused(
        400,
        "The request target is refused: it is no path of the Selling Partner API.",
        "Send a path that begins with one slash; no other host, no CONNECT, no fragment, nothing unencoded.",
    )


def _host(fields: Fields) -> str:
    values = _values(fields, b"host")
    found = _AUTHORITY.fullmatch(values[0].decode("latin-1").strip()) if len(values) == 1 else None
    if found is None:
        raise Refused(400, "The request has no Host field, or more than one, or one that names no host.")
    return found[1].lower()


def _admit_host(host: str, options: GatewayOptions, upstream: Upstream | None) -> None:
    name = host.strip("[]").rstrip(".")
    allowed = name in options.names or name == options.host or is_loopback(name)
    if not allowed and upstream is not None:
        allowed = name == upstream.host
    if not allowed and not is_loopback(options.host):  # whoever gets here has the key; an address cannot be bent
        allowed = _is_address(name)
    if not allowed:
        raise Refused(
            421,
            f"This gateway does not lead to {name[:80]!r}.",
            f"It serves {upstream.host if upstream is not None else 'its own pages'}, called by its own address "
            "(127.0.0.1, localhost, or a name given with --name).",
        )


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _admit_page(fields: Fields) -> None:
    sites = _values(fields, b"sec-fetch-site")
    if _values(fields, b"origin") or any(site not in (b"none", b"same-origin") for site in sites):
        raise Refused(403, "Pages in a browser are not served: the gateway's tokens are none of theirs.")


def _seller(values: list[bytes], options: GatewayOptions) -> Seller | None:
    if not values:
        if options.refresh_token is None and len(options.sellers) == 1:
            return next(iter(options.sellers.values()))
        if options.refresh_token is None and options.sellers:
            raise Refused(
                400, "Which seller? Name one in the header x-recoup-seller.", f"{LOCAL.decode()}status lists them."
            )
        return None
    name = values[0].decode("latin-1").strip()
    found = options.sellers.get(name) if len(values) == 1 else None
    if found is None:
        raise Refused(
            400, "The header x-recoup-seller names no seller of this gateway.", f"{LOCAL.decode()}status lists them."
        )
    return found


def _scope(values: list[bytes]) -> str | None:
    if not values:
        return None
    text = values[0].decode("latin-1").strip()
    if len(values) > 1 or (text != "none" and not _SCOPE.fullmatch(text)):
        raise Refused(
            400,
            "The header x-recoup-scope names no scope.",
            "Give one such as sellingpartnerapi::notifications, or none for the seller's own token.",
        )
    return "" if text == "none" else text


def _deadline(values: list[bytes], usual: float | None) -> float | None:
    if not values:
        return usual
    try:
        seconds = float(values[0]) if len(values) == 1 else math.nan
    except ValueError:
        seconds = math.nan
    if not 0 < seconds <= _LONGEST_DEADLINE:  # also where it is not a number
        raise Refused(400, "The header x-recoup-deadline gives no number of seconds above 0, at most 86400.")
    return seconds
