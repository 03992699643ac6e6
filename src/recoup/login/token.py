"""An access token and its life, as a value.

Login with Amazon issues access tokens for 3,600 seconds. Older ones stay valid beside a new one, so that renewing early
harms nobody. Instants are epoch seconds.
"""

from __future__ import annotations

from typing import Any

import msgspec

from recoup.exchange import Exchange
from recoup.redaction import mask, token_kind

__all__ = ["MARGIN", "TOKEN_HEADER", "AccessToken", "NotAToken", "read_token"]

TOKEN_HEADER = "x-amz-access-token"  # noqa: S105  the name of a header field
MARGIN = 60.0
"""Seconds before its end from which on a token is not used any more: a request must still arrive in time."""

_LIFE = 3600.0  # the documented life, where an answer does not state one
_LONGEST = 2048  # the documented limit of a token's length, bytes


class AccessToken(msgspec.Struct, frozen=True, kw_only=True):
    """A token as it goes into `x-amz-access-token`.

    `kind` is what its prefix says (access token, grantless token, ...), or None. `refresh_token` is the one that came
    with it, where one did: the exchange of an authorization code is made for that.
    """

    value: str
    expires_at: float
    kind: str | None = None
    refresh_token: str | None = None

    def usable(self, now: float, margin: float = MARGIN) -> bool:
        """Whether it lasts at least `margin` seconds more."""
        return now < self.expires_at - margin

    def __repr__(self) -> str:
        return f"AccessToken({mask(self.value)}, expires_at={self.expires_at})"


class NotAToken(msgspec.Struct, frozen=True, kw_only=True):
    """A token answer without a token: why, in a text without secrets, and the exchange, for `recoup.diagnosis`."""

    reason: str
    exchange: Exchange


def read_token(exchange: Exchange, sent_at: float) -> AccessToken | NotAToken:
    """The token that the token endpoint answered with, or what stands in its place.

    Its life is counted from `sent_at`, the instant of the request: never too long. Never raises.
    """
    response = exchange.response
    if response is None:
        return NotAToken(reason="there is no answer", exchange=exchange)
    if response.status != 200:
        return NotAToken(reason=f"HTTP status {response.status}", exchange=exchange)
    try:
        data: Any = msgspec.json.decode(response.body)
    except (msgspec.DecodeError, RecursionError):  # the latter: thousands of nested brackets
        return NotAToken(reason="HTTP status 200, and the body is not JSON", exchange=exchange)
    value = data.get("access_token") if isinstance(data, dict) else None
    if not isinstance(value, str) or not value:
        return NotAToken(reason="HTTP status 200, and the body has no access_token", exchange=exchange)
    if len(value) > _LONGEST or not all("!" <= character <= "~" for character in value):
        return NotAToken(reason="HTTP status 200, and the access_token cannot stand in a header", exchange=exchange)
    refresh = data.get("refresh_token")
    return AccessToken(
        value=value,
        expires_at=sent_at + _life(data.get("expires_in")),
        kind=token_kind(value),
        refresh_token=refresh if isinstance(refresh, str) and refresh else None,
    )


def _life(stated: object) -> float:
    if isinstance(stated, str) and stated.strip().isdecimal() and len(stated) < 12:
        stated = int(stated)
    if isinstance(stated, int | float) and not isinstance(stated, bool) and 0 <= stated < 1e10:
        return float(stated)
    return _LIFE
