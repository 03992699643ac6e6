"""What the authorization workflow takes as given. Durations are seconds of virtual time."""

from __future__ import annotations

import msgspec

__all__ = ["ConsentSettings"]


class ConsentSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of the consent pages. "proposed" marks what Amazon does not publish."""

    lifetime: float = 600.0  # documented: a consent takes ten minutes at most
    appstore_lifetime: float = 300.0  # proposed, after Amazon's samples: from the login URI back to the callback
    signed_in: float = 3600.0  # proposed: how long a person stays signed in
    unlisted_sellers: int = 25  # documented: sellers by consent, of a public application that is not listed
    private_accounts: int = 10  # documented: authorizations of a private application
    cancel_redirects: bool = True  # proposed: Cancel leads back with error=access_denied; False: a page and no more
    beta_when_published: bool = False  # proposed: version=beta of a published application is refused, as in MD1000
    kept_sessions: int = 1000  # browsers that are remembered, the oldest forgotten first
