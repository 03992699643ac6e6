"""What a gateway is told when it starts, checked before anything listens."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import msgspec

from recoup.errors import SettingsError
from recoup.gateway.sellers import Seller
from recoup.login.credentials import Credentials
from recoup.redaction import mask
from recoup.transports.origins import (
    Upstream,
    is_loopback,
    shown_proxy,
    token_url_of,
    upstream_of,
    upstream_of_region,
)

__all__ = ["BUFFER", "GatewayOptions"]

BUFFER = 1 << 20
"""Bytes: a request body up to this size is kept while the call lasts, so that the call can be repeated."""


class GatewayOptions(msgspec.Struct, frozen=True, kw_only=True):
    """`region` is NA, EU or FE; `upstream` an origin in its place (a sandbox). Credentials: all three of the first
    seller, or none where every request brings its own token; `sellers` by their names. `host` other than a loopback
    address needs a `key`; `names` are further host names by which clients may call the gateway.

    `store` is where quotas, holds and tokens are kept: what `recoup.open_store` takes, with `store_key`, or what it
    gives; None: memory of this gateway. `buffer` is in bytes; `timeout` (no byte from the other side), `deadline` (of a
    call that brings none) and `grace` (for what runs when the gateway is stopped) are in seconds. `proxy` is the URL of
    an HTTP proxy by which everything but this machine is called. Raises SettingsError, naming the option.
    """

    region: str = "NA"
    upstream: str | None = None
    token_url: str | None = None
    client_id: str | None = None
    client_secret: str | None = None
    refresh_token: str | None = None
    sellers: Mapping[str, Seller] = {}
    host: str = "127.0.0.1"
    port: int = 0
    key: str | None = None
    names: tuple[str, ...] = ()
    store: Any = None
    store_key: str | None = None
    buffer: int = BUFFER
    timeout: float = 60.0
    deadline: float | None = None
    grace: float = 30.0
    proxy: str | None = None
    transport: Mapping[str, Any] = {}
    """Further arguments of `recoup.AsyncTransport`, for use from Python: policy, timing, listeners, ..."""

    def __post_init__(self) -> None:
        own = {"client_id": self.client_id, "client_secret": self.client_secret}
        if self.refresh_token is not None or not self.sellers:
            own["refresh_token"] = self.refresh_token
        missing = [name for name, value in own.items() if value is None]
        if missing and (len(missing) < len(own) or self.sellers):
            raise SettingsError(f"{', '.join(missing)}: missing; give all of {', '.join(own)}, or none of them")
        if self.client_id is not None and self.client_secret is not None:
            Credentials(client_id=self.client_id, client_secret=self.client_secret, refresh_token=self.refresh_token)
        if not is_loopback(self.host) and not self.key:
            raise SettingsError(
                f"host: {self.host!r} can be reached from elsewhere, so that requests must bring a key: set "
                "RECOUP_GATEWAY_KEY, and send it in the header x-recoup-key"
            )
        if self.key is not None and (len(self.key) < 16 or not self.key.isascii() or not self.key.isprintable()):
            raise SettingsError("key: give at least 16 printable ASCII characters")
        if self.buffer < 0:
            raise SettingsError(f"buffer: {self.buffer} is not valid; it must be 0 or more bytes")
        for name in ("timeout", "deadline", "grace"):
            value = getattr(self, name)
            if value is not None and not (value > 0 and math.isfinite(value)):
                raise SettingsError(f"{name}: {value!r} is not valid; it must be a number of seconds above 0")
        if self.proxy is not None:
            shown_proxy(self.proxy)
        self.upstream_for(None)
        token_url_of(self.token_url, self.given_upstream)

    @property
    def given_upstream(self) -> Upstream | None:
        """The upstream that was given by hand, None where the region says it."""
        return None if self.upstream is None else upstream_of(self.upstream)

    def upstream_for(self, seller: Seller | None) -> Upstream:
        """Where the calls for this seller go. An upstream given by hand serves all of them."""
        given = self.given_upstream
        if given is not None:
            return given
        return upstream_of_region(self.region if seller is None or seller.region is None else seller.region)

    @property
    def token_address(self) -> str:
        """Where tokens are fetched."""
        return token_url_of(self.token_url, self.given_upstream)

    def __repr__(self) -> str:
        held = [
            f"{name}={mask(value)}"
            for name in ("client_secret", "refresh_token", "key", "store_key")
            if (value := getattr(self, name)) is not None
        ]
        return (
            f"GatewayOptions(region={self.region!r}, upstream={self.upstream!r}, host={self.host!r}, {', '.join(held)})"
        )
