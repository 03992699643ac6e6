"""Which requests are the Selling Partner API's or Login with Amazon's. All others are none of recoup's business.

A presigned link must neither get a token nor be judged by these tables, and a token must never travel in the clear.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from recoup.errors import SettingsError

__all__ = ["TOKEN_PATH", "Hosts"]

TOKEN_PATH = "/auth/o2/token"  # noqa: S105  the path of Login with Amazon's token endpoint
_API = re.compile(r"(?:sandbox\.)?sellingpartnerapi-(?:na|eu|fe)\.amazon\.com")
_LOGIN = re.compile(r"api\.amazon\.(?:com|co\.uk|co\.jp)")
_PORTS = {"http": 80, "https": 443}
_MOST_REMEMBERED = 1000  # hosts; a client seldom meets more than ten


class Hosts:
    """Amazon's own hosts by https, and the `named` ones, each given as a host, host:port or URL: a sandbox, a proxy.

    Raises SettingsError where a name is none.
    """

    def __init__(self, named: Iterable[str] | None = None) -> None:
        if isinstance(named, str):
            raise SettingsError(f"hosts: {named!r} is one text; give a list of hosts, such as [{named!r}]")
        self._named = frozenset(_parsed(name) for name in named or ())
        self._known: dict[tuple[str, bytes], str] = {}

    def ours(self, url: Any) -> bool:
        """Whether recoup works on requests to this URL (httpx2's or httpx's)."""
        key = (url.scheme, url.netloc)
        kind = self._known.get(key)
        if kind is None:
            kind = self._kind(url)
            if len(self._known) < _MOST_REMEMBERED:
                self._known[key] = kind
        return kind == "api" or (kind == "login" and url.path == TOKEN_PATH)

    def _kind(self, url: Any) -> str:
        host: str = url.host.lower()
        if (host, None) in self._named or (host, url.port or _PORTS.get(url.scheme)) in self._named:
            return "api"
        if url.scheme != "https" or url.port is not None:
            return "foreign"
        if _API.fullmatch(host):
            return "api"
        return "login" if _LOGIN.fullmatch(host) else "foreign"


def _parsed(name: str) -> tuple[str, int | None]:
    text = f"[{name}]" if name.count(":") > 1 and "[" not in name and "/" not in name else name
    try:
        parts = urlsplit(text if "//" in text else f"//{text}")
        host, port = parts.hostname or "", parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        host, port = "", None
    if not host:
        raise SettingsError(f"hosts: {name!r} is no host; give a name such as '127.0.0.1', 'name:8080' or a URL")
    return host.lower(), port
