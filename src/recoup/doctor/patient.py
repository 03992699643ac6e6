"""Who is examined, and where: credentials, region, and what the examination is to look at beside them."""

from __future__ import annotations

from urllib.parse import urlsplit

import msgspec

from recoup.catalogue.facts import marketplaces
from recoup.errors import SettingsError
from recoup.login.grant import TOKEN_URL
from recoup.redaction import mask

__all__ = ["LOOPBACK", "Patient"]

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class Patient(msgspec.Struct, frozen=True, kw_only=True):
    """One application and one selling partner's authorization.

    `region` is NA, EU or FE. `operation` is the id of a read whose role is to be checked, or a path that begins with a
    slash. `scope` is that of a grantless token to be tried as well. `upstream` takes the place of every regional host
    (a sandbox on this machine), `token_url` that of Login with Amazon. Raises SettingsError where one of these is not
    valid.
    """

    client_id: str
    client_secret: str
    refresh_token: str
    region: str = "NA"
    operation: str | None = None
    scope: str | None = None
    upstream: str | None = None
    endpoints: dict[str, str] = {}
    token_url: str = TOKEN_URL

    def __post_init__(self) -> None:
        if marketplaces.region(self.region) is None:
            raise SettingsError(f"region: {self.region!r} is none; give NA, EU or FE")
        given = {"upstream": self.upstream, "token_url": self.token_url, **self.endpoints}
        for name, url in given.items():
            if url is None:
                continue
            try:
                parts = urlsplit(url)
                host = parts.hostname or ""
            except ValueError as error:
                raise SettingsError(f"{name}: is no address: {error}") from error
            known = marketplaces.by_host(host) is not None or host in (
                "api.amazon.com",
                "api.amazon.co.uk",
                "api.amazon.co.jp",
            )
            if host not in LOOPBACK and not (known and parts.scheme == "https"):
                raise SettingsError(
                    f"{name}: {host or url!r} is refused; credentials go to Amazon's hosts by https, or to this machine"
                )

    def endpoint(self, region: str | None = None) -> str:
        """The base URL of a region: this patient's own unless another one is named."""
        if (region or self.region) in self.endpoints:
            return self.endpoints[region or self.region].rstrip("/")
        if self.upstream is not None:
            return self.upstream.rstrip("/")
        found = marketplaces.region(region or self.region)
        assert found is not None  # noqa: S101  checked above, and other regions come from the table
        return f"https://{found.host}"

    def __repr__(self) -> str:
        return f"Patient({mask(self.client_id)}, region={self.region!r})"
