"""Where credentials of ours may be sent to: one host a region, this machine, and nothing else in the world.

What the gateway and the doctor are told to call is checked here, and by which proxy.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import urlsplit

import msgspec

from recoup.catalogue.facts import marketplaces
from recoup.errors import SettingsError
from recoup.login.grant import TOKEN_URL
from recoup.transports.hosts import TOKEN_PATH

__all__ = [
    "TOKEN_PATH",
    "Upstream",
    "is_loopback",
    "proxy_of",
    "shown_proxy",
    "token_url_of",
    "upstream_of",
    "upstream_of_region",
]

_LOGIN_HOSTS = frozenset({"api.amazon.com", "api.amazon.co.uk", "api.amazon.co.jp"})
_PORTS = {"http": 80, "https": 443}


class Upstream(msgspec.Struct, frozen=True, kw_only=True):
    """One origin. `region` is NA, EU, FE, or None for one that was given by hand; `host` and `port` are its own."""

    scheme: str
    host: str
    port: int
    region: str | None = None

    @property
    def authority(self) -> str:
        """Host and port as a Host field has them: without the port where it is the usual one."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The origin, without a slash at its end."""
        return f"{self.scheme}://{self.authority}"


@lru_cache(32)
def is_loopback(host: str) -> bool:
    """Whether this host name or address is the machine's own loopback."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def upstream_of_region(code: str) -> Upstream:
    """Amazon's host of a region. Raises SettingsError where there is none of that name."""
    found = marketplaces.region(code)
    if found is None:
        raise SettingsError(f"region: {code!r} is none; give NA, EU or FE")
    return Upstream(scheme="https", host=found.host, port=443, region=found.code)


@lru_cache(16)
def upstream_of(url: str) -> Upstream:
    """The origin that `--upstream` names: one of Amazon's hosts of the Selling Partner API by https, or this machine.

    Raises SettingsError for every other one, and where more than an origin is given.
    """
    scheme, host, port = _origin("upstream", url)
    known = marketplaces.by_host(host)
    if known is not None and scheme == "https" and port == 443:
        return Upstream(scheme=scheme, host=host, port=port, region=known.region.code)
    if is_loopback(host):
        return Upstream(scheme=scheme, host=host, port=port)
    raise SettingsError(
        f"upstream: {url!r} is refused; requests go to Amazon's hosts of the Selling Partner API by https, or to this "
        "machine (127.0.0.1, localhost), as where `recoup sandbox` runs"
    )


def token_url_of(url: str | None, upstream: Upstream | None) -> str:
    """Where tokens are fetched: as given, else at an upstream on this machine, else at Login with Amazon.

    Raises SettingsError where the address is neither Login with Amazon's nor on this machine.
    """
    if url is None:
        return TOKEN_URL if upstream is None or not is_loopback(upstream.host) else upstream.url + TOKEN_PATH
    parts = urlsplit(url)
    scheme, host, port = _origin("token_url", f"{parts.scheme}://{parts.netloc}")
    if is_loopback(host) or (host in _LOGIN_HOSTS and scheme == "https" and port == 443):
        return url
    raise SettingsError(
        f"token_url: {url!r} is refused; it must be Login with Amazon's ({TOKEN_URL}) or this machine's"
    )


def proxy_of(environment: Mapping[str, str], host: str) -> str | None:
    """The proxy by which this environment wants `host` to be called over https, as curl reads it: HTTPS_PROXY, else
    ALL_PROXY, both in small letters too, unless NO_PROXY names the host. None for this machine.
    """

    def said(name: str) -> str:
        return (environment.get(name.lower()) or environment.get(name) or "").strip()

    proxy = said("HTTPS_PROXY") or said("ALL_PROXY")
    spared = [name.strip().removeprefix("*.").removeprefix(".").lower() for name in said("NO_PROXY").split(",")]
    if not proxy or is_loopback(host) or any(name and f".{host}".endswith(f".{name}") for name in spared):
        return None
    if "*" in spared:
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def shown_proxy(url: str) -> str:
    """The proxy without the name and password that its URL may hold. Raises SettingsError where it is no proxy."""
    try:
        parts = urlsplit(url)
        scheme, host, port = parts.scheme, parts.hostname, parts.port
    except ValueError:
        scheme, host, port = "", None, None
    if not host or scheme not in _PORTS:  # the URL itself is not quoted: it may hold a password
        raise SettingsError("proxy: is no address of an HTTP proxy; give one such as http://proxy.example:3128")
    named = f"[{host}]" if ":" in host else host
    return f"{scheme}://{named}" if port is None else f"{scheme}://{named}:{port}"


def _origin(name: str, url: str) -> tuple[str, str, int]:
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError as error:
        raise SettingsError(f"{name}: {url!r} is no address: {error}") from error
    if parts.scheme not in _PORTS or not host:
        raise SettingsError(f"{name}: {url!r} is no address; give one such as http://127.0.0.1:8080")
    if "@" in parts.netloc or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise SettingsError(f"{name}: {url!r} says more than scheme, host and port; give these three alone")
    return parts.scheme, host, port or _PORTS[parts.scheme]
