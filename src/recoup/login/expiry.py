"""When secrets and authorizations end, and how long before that somebody should be told.

"Resolve Common HTTP and Authorization Error Codes": client secrets end after 180 days, refresh tokens after 365.
"""

from __future__ import annotations

from datetime import datetime

from recoup.errors import SettingsError
from recoup.login.keeping import Expiry

__all__ = [
    "AUTHORISATION_LIFE",
    "AUTHORIZATION",
    "CLIENT_SECRET",
    "WARN_AHEAD",
    "epoch",
    "remedy_of",
    "threshold",
]

DAY = 86_400.0
AUTHORISATION_LIFE = 365 * DAY
"""Seconds after which a selling partner's authorization ends."""
WARN_AHEAD = (30 * DAY, 7 * DAY, 0.0)
"""Seconds before an end at which it is announced, each once; 0: that it has come."""
CLIENT_SECRET = "client secret"  # noqa: S105  what ends, in events and in the status
AUTHORIZATION = "authorization"

_REMEDIES = {
    CLIENT_SECRET: "Rotate the client secret (rotateApplicationClientSecret, or the developer console) and give the "
    "new one with the old one beside it, which works for seven more days.",
    AUTHORIZATION: "Ask the selling partner to authorise the application again, and give the new refresh token.",
}


def remedy_of(what: str) -> str:
    """What is to be done before `what` ends."""
    return _REMEDIES[what]


def threshold(expiry: Expiry, now: float) -> float | None:
    """The latest of `WARN_AHEAD` that has been reached, or None where the end is further away than all of them."""
    left = expiry.expires_at - now
    return next((ahead for ahead in reversed(WARN_AHEAD) if left <= ahead), None)


def epoch(name: str, value: object) -> float | None:
    """An instant that a user gave, in epoch seconds. Raises SettingsError, naming the setting, where it is none."""
    if value is None:
        return None
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise SettingsError(f"{name}: is a datetime without a time zone; give one, such as datetime.UTC")
        return value.timestamp()
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e11:
        raise SettingsError(f"{name}: must be epoch seconds or a datetime with its time zone")
    return float(value)
