"""Which requests are the Selling Partner API's or Login with Amazon's. All others are none of recoup's business.

A presigned link must neither get a token nor be judged by these tables, and a token must never travel in the clear.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

import msgspec

from recoup.errors import SettingsError
from recoup.transports.library import Target

__all__ = ["TOKEN_PATH", "Hosts", "Place"]

TOKEN_PATH = "/auth/o2/token"  # noqa: S105  the path of Login with Amazon's token endpoint
_API = re.compile(r"(sandbox\.)?sellingpartnerapi-(na|eu|fe)\.amazon\.com")
_LOGIN = re.compile(r"api\.amazon\.(?:com|co\.uk|co\.jp)")
_PORTS = {"http": 80, "https": 443}
_MOST_REMEMBERED = 1000  # hosts; a client seldom meets more than ten


class Place(msgspec.Struct, frozen=True):
    """A host that is ours. `region` is `na`, `eu` or `fe`, with `sandbox-` before it for Amazon's static sandboxes;
    `login` for Login with Amazon; host and port of a named one. `api` is False for Login with Amazon's own hosts, of
    which only the token endpoint is ours.
    """

    region: str
    api: bool = True


_AMAZONS_LOGIN = Place("login", api=False)


class Hosts:
    """Amazon's own hosts by https, and the `named` ones, each given as a host, host:port or URL: a sandbox, a proxy.

    Raises SettingsError where a name is none.
    """

    def __init__(self, named: Iterable[str] | None = None) -> None:
        if isinstance(named, str):
            raise SettingsError(f"hosts: {named!r} is one text; give a list of hosts, such as [{named!r}]")
        self._named = frozenset(_parsed(name) for name in named or ())
        self._known: dict[tuple[str, str], Place | None] = {}

    def place(self, target: Target) -> Place | None:
        """The place that recoup knows at this target, None where it is none of its business."""
        key = (target.scheme, target.authority)
        if key in self._known:
            place = self._known[key]
        else:
            place = self._place(*key)
            if len(self._known) < _MOST_REMEMBERED:
                self._known[key] = place
        return place if place is None or place.api or target.path == TOKEN_PATH else None

    def _place(self, scheme: str, authority: str) -> Place | None:
        try:
            parts = urlsplit(f"//{authority}")
            host, port = (parts.hostname or "").lower(), parts.port
        except ValueError:
            return None
        if not host or "@" in authority:
            return None
        usual = _PORTS.get(scheme)
        if (host, None) in self._named or (host, port or usual) in self._named:
            return Place(authority)
        if scheme != "https" or port not in (None, usual):
            return None
        if api := _API.fullmatch(host):
            return Place("sandbox-" + api[2] if api[1] else api[2])
        return _AMAZONS_LOGIN if _LOGIN.fullmatch(host) else None


def _parsed(name: str) -> tuple[str, int | None]:
    if not isinstance(name, str):
        raise SettingsError(f"hosts: {name!r} is no host; give a name such as '127.0.0.1', 'name:8080' or a URL")
    text = f"[{name}]" if name.count(":") > 1 and "[" not in name and "/" not in name else name
    try:
        parts = urlsplit(text if "//" in text else f"//{text}")
        host, port = parts.hostname or "", parts.port or _PORTS.get(parts.scheme)
        if not host.isascii():
            host = host.encode("idna").decode()
    except ValueError:  # no port, no address, no name
        host, port = "", None
    if not host:
        raise SettingsError(f"hosts: {name!r} is no host; give a name such as '127.0.0.1', 'name:8080' or a URL")
    return host.lower(), port
