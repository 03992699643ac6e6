"""Access tokens that several Logins share, and the ends of secrets and authorizations: in memory."""

from __future__ import annotations

from collections.abc import Sequence

from recoup.login.identity import TokenKey
from recoup.login.keeping import Expiry, TokenState
from recoup.login.token import AccessToken
from recoup.storage.forks import ProcessLock

__all__ = ["MemoryTokens"]


class MemoryTokens:
    """`recoup.login.keeping.Tokens` in memory: nothing is at rest, so nothing needs a key."""

    blocking = False
    keeps = True

    def __init__(self) -> None:
        self._lock = ProcessLock()
        self._tokens: dict[TokenKey, AccessToken] = {}
        self._leases: dict[TokenKey, tuple[str, float]] = {}
        self._expiries: dict[tuple[str, str, str], Expiry] = {}

    def read(self, key: TokenKey, *, now: float) -> AccessToken | None:
        """See `recoup.login.keeping.Tokens`."""
        with self._lock:
            token = self._tokens.get(key)
        return token if token is not None and now < token.expires_at else None

    def keep(self, key: TokenKey, token: AccessToken, *, now: float) -> None:
        """See `recoup.login.keeping.Tokens`."""
        with self._lock:
            self._tokens = {known: kept for known, kept in self._tokens.items() if now < kept.expires_at}
            self._tokens[key] = token

    def lease(self, key: TokenKey, owner: str, *, now: float, seconds: float) -> float:
        """See `recoup.login.keeping.Tokens`."""
        with self._lock:
            holder, until = self._leases.get(key, (owner, now))
            # One that ends much later than it can is of a clock that was set back. A little later is usual: whoever has
            # it may have looked at the clock after us, and been faster.
            if holder != owner and now < until <= now + 2 * seconds:
                return until - now
            self._leases[key] = (owner, now + seconds)
            return 0.0

    def free(self, key: TokenKey, owner: str) -> None:
        """See `recoup.login.keeping.Tokens`."""
        with self._lock:
            if self._leases.get(key, ("", 0.0))[0] == owner:
                del self._leases[key]

    def states(self, *, now: float) -> Sequence[TokenState]:
        """See `recoup.login.keeping.Tokens`."""
        with self._lock:
            found = [
                TokenState(key=key, kind=token.kind, expires_at=token.expires_at)
                for key, token in self._tokens.items()
                if now < token.expires_at
            ]
        return sorted(found, key=lambda state: (state.key.application, state.key.seller, state.key.credentials))

    def expect(self, expiry: Expiry) -> None:
        """See `recoup.login.keeping.Tokens`."""
        with self._lock:
            self._expiries[expiry.application, expiry.seller, expiry.what] = expiry

    def expiries(self) -> Sequence[Expiry]:
        """See `recoup.login.keeping.Tokens`."""
        with self._lock:
            return sorted(self._expiries.values(), key=lambda expiry: expiry.expires_at)
