"""Who is examined, and where: credentials, region, and what the examination is to look at beside them."""

from __future__ import annotations

import msgspec

from recoup.catalogue.facts import marketplaces
from recoup.errors import SettingsError
from recoup.login.grant import TOKEN_URL
from recoup.redaction import mask
from recoup.transports.origins import token_url_of, upstream_of

__all__ = ["Patient"]


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
        if self.endpoints and self.upstream is None and self.region not in self.endpoints:
            raise SettingsError(f"upstream: no URL is given for {self.region}; give {self.region}=URL")
        origin = None
        for url in (self.upstream, *self.endpoints.values()):
            if url is not None:
                origin = upstream_of(url)
        token_url_of(self.token_url, origin)

    def endpoint(self, region: str | None = None) -> str:
        """The base URL of a region: this patient's own unless another one is named."""
        if (region or self.region) in self.endpoints:
            return self.endpoints[region or self.region].rstrip("/")
        if self.upstream is not None:
            return self.upstream.rstrip("/")
        found = marketplaces.region(region or self.region)
        assert found is not None  # noqa: S101  checked above, and other regions come from the table
        return f"https://{found.host}"

    def reaches(self, region: str) -> bool:
        """Whether another region's endpoint is known: Amazon's are, of a sandbox only those that were given."""
        return region in self.endpoints or (self.upstream is None and not self.endpoints)

    def __repr__(self) -> str:
        return f"Patient({mask(self.client_id)}, region={self.region!r})"
