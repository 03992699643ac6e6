"""Ends of client secrets and authorizations: announced ahead of time, each stage once in a process."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime

from recoup.governor.hold import ANY
from recoup.login.expiry import AUTHORISATION_LIFE, AUTHORIZATION, CLIENT_SECRET, remedy_of, threshold
from recoup.login.keeping import Expiry, Tokens
from recoup.telemetry.events import Event, ExpiryNear

__all__ = ["Endings"]

_LOG = logging.getLogger("recoup.login")


class Endings:
    """When the secret and the authorization of one Login end, as far as somebody said so. Instants are epoch seconds.

    `told` remembers what was announced; all Logins of an application share it.
    """

    def __init__(self, application: str, seller: str, told: set[tuple[Expiry, float]]) -> None:
        self._application = application
        self._seller = seller
        self._told = told
        self._remembered: tuple[Expiry, ...] = ()
        self.secret: float | None = None
        self.authorised: float | None = None

    def expiries(self) -> tuple[Expiry, ...]:
        """What is known, as the store keeps it."""
        found: list[Expiry] = []
        if self.secret is not None:
            found.append(Expiry(application=self._application, seller=ANY, what=CLIENT_SECRET, expires_at=self.secret))
        if self.authorised is not None:
            ends = self.authorised + AUTHORISATION_LIFE
            found.append(
                Expiry(application=self._application, seller=self._seller, what=AUTHORIZATION, expires_at=ends)
            )
        return tuple(found)

    def remember(self, tokens: Tokens) -> None:
        """Put what is known into the store, for the status; once, unless it changes."""
        known = self.expiries()
        if known != self._remembered:
            for expiry in known:
                tokens.expect(expiry)
            self._remembered = known

    def announce(self, now: float, tell: Callable[[Event], object] | None) -> None:
        """Warn of what ends soon: an event, of which the log makes a line; without listeners a line in the log."""
        for expiry in self.expiries():
            reached = threshold(expiry, now)
            if reached is None or (expiry, reached) in self._told:
                continue
            self._told.add((expiry, reached))
            if tell is None:  # who listens writes a line of his own
                whose = f"application {expiry.application}" if expiry.seller == ANY else f"seller {expiry.seller}"
                ends = datetime.fromtimestamp(expiry.expires_at, UTC).date().isoformat()
                _LOG.warning("the %s of %s ends on %s: %s", expiry.what, whose, ends, remedy_of(expiry.what))
            else:
                tell(
                    ExpiryNear(
                        at=now,
                        seller=None if expiry.seller == ANY else expiry.seller,
                        what=expiry.what,
                        expires_at=expiry.expires_at,
                        remedy=remedy_of(expiry.what),
                    )
                )
