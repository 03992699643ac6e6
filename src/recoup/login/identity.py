"""Names for credentials that tell nothing about them: what tokens, parks and buckets are filed under.

Secrets and refresh tokens of Login with Amazon are long and random, so that a digest of one cannot be turned back into
it, nor be found by trying.
"""

from __future__ import annotations

from hashlib import blake2b

import msgspec

from recoup.login.credentials import Credentials

__all__ = ["NO_SELLER", "TokenKey", "fingerprint", "seller_name", "token_key"]

NO_SELLER = "-"
"""In the place of a seller, for grantless operations: they are the application's own."""


def fingerprint(value: str, purpose: str) -> str:
    """16 hexadecimal digits that are the same for the same `value` and `purpose`, and tell nothing about either."""
    return blake2b(value.encode(), digest_size=8, person=purpose.encode()[:16]).hexdigest()


def seller_name(credentials: Credentials, given: str | None = None) -> str:
    """How the selling partner is called in events, buckets, holds and the status.

    The name that the user gave; else a fingerprint of the refresh token; `-` for grantless operations.
    """
    if given is not None:
        return given
    if credentials.refresh_token is None:
        return NO_SELLER
    return "seller-" + fingerprint(credentials.refresh_token, "seller")


class TokenKey(msgspec.Struct, frozen=True):
    """Whose access token it is: client id, seller, and a fingerprint of the secret and the refresh token or scope.

    With another version of the secret, or another refresh token, it is another key. None of the three is a secret.
    """

    application: str
    seller: str
    credentials: str


def token_key(credentials: Credentials, seller: str) -> TokenKey:
    """The key of the tokens that these credentials give."""
    parts = (credentials.client_id, credentials.client_secret, credentials.refresh_token, credentials.scope)
    said = "\0".join("" if part is None else part for part in parts)
    return TokenKey(credentials.client_id, seller, fingerprint(said, "credentials"))
