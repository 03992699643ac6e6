"""The three requests that Login with Amazon's token endpoint takes, as values.

A form (never JSON), sent by POST: a refresh token or a scope becomes an access token, an authorization code becomes a
refresh token and an access token. Each may be sent again when its answer was lost, save the code, which works once.
"""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

from recoup.errors import SettingsError
from recoup.exchange import Headers, Request
from recoup.login.credentials import Credentials

__all__ = ["TOKEN_URL", "code_request", "token_request"]

TOKEN_URL = "https://api.amazon.com/auth/o2/token"  # noqa: S105  an address
_HEADERS = Headers(
    (("Content-Type", "application/x-www-form-urlencoded;charset=UTF-8"), ("Accept", "application/json"))
)
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def token_request(credentials: Credentials, url: str = TOKEN_URL) -> Request:
    """The request for an access token: by refresh token, or by scope for calls without a seller's authorisation.

    Raises SettingsError where the credentials hold neither, or where `url` would send them in the clear.
    """
    if credentials.refresh_token is not None:
        form = {"grant_type": "refresh_token", "refresh_token": credentials.refresh_token}
    elif credentials.scope is not None:
        form = {"grant_type": "client_credentials", "scope": credentials.scope}
    else:
        raise SettingsError(
            "refresh_token: is missing; give the seller's refresh token, or the scope of a grantless call"
        )
    return _request(credentials, form, url)


def code_request(credentials: Credentials, code: str, redirect_uri: str | None = None, url: str = TOKEN_URL) -> Request:
    """The request that turns an authorization code (valid for five minutes, once) into a refresh token.

    `redirect_uri` is the one that the consent was asked with. Raises SettingsError where `code` is empty, or where
    `url` would send it in the clear.
    """
    if not code.strip():
        raise SettingsError("code: is empty; give the spapi_oauth_code that came to the redirect URI")
    form = {"grant_type": "authorization_code", "code": code}
    if redirect_uri is not None:
        form["redirect_uri"] = redirect_uri
    return _request(credentials, form, url)


def _request(credentials: Credentials, form: dict[str, str], url: str) -> Request:
    try:
        parts = urlsplit(url)
    except ValueError as error:  # an unfinished IPv6 address
        raise SettingsError(f"token_url: is not an address: {error}") from error
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise SettingsError(
            "token_url: must begin with https://, because secrets are sent there; http:// works for this machine only"
        )
    form |= {"client_id": credentials.client_id, "client_secret": credentials.client_secret}
    return Request(method="POST", url=url, headers=_HEADERS, body=urlencode(form).encode("ascii"))
