"""What a Login asks of whoever keeps access tokens and expiries for several processes. `recoup.storage` has it.

All methods are atomic against every other thread and process that uses the same store, and safe to call from any
thread. `now` is the caller's clock in epoch seconds. A store whose machines share a clock of its own may use that one:
then it keeps ends on its own clock, and translates them to the caller's by the seconds that are left.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from recoup.login.identity import TokenKey
from recoup.login.token import AccessToken

__all__ = ["Expiry", "TokenState", "Tokens"]


class TokenState(msgspec.Struct, frozen=True, kw_only=True):
    """A token as the status shows it: everything but the token."""

    key: TokenKey
    kind: str | None
    expires_at: float


class Expiry(msgspec.Struct, frozen=True, kw_only=True):
    """`what` (`client secret`, `authorization`) of an application, or of one of its sellers, ends at `expires_at`.

    `seller` is `*` for what is the application's.
    """

    application: str
    seller: str
    what: str
    expires_at: float


class Tokens(Protocol):
    """Access tokens by key, and the ends of what they are asked for with. A store has it as its `tokens`."""

    blocking: bool
    """Whether these methods do input or output: asynchronous callers then call them in a thread."""

    keeps: bool
    """Whether tokens are kept: in memory always, in a database where a key was given to seal them with. Where not,
    `read` finds nothing, and `keep` and `lease` need not be called."""

    def read(self, key: TokenKey, *, now: float) -> AccessToken | None:
        """The token that is kept for this key and has not ended, or None; also where it cannot be opened."""

    def keep(self, key: TokenKey, token: AccessToken, *, now: float) -> None:
        """Keep a token in the place of the one before. Those that have ended are thrown away, whosever they are."""

    def lease(self, key: TokenKey, owner: str, *, now: float, seconds: float) -> float:
        """Ask to be the one who fetches a token for this key: 0.0 where `owner` may, for `seconds`; else how many
        seconds the lease of another lasts at the most.
        """

    def free(self, key: TokenKey, owner: str) -> None:
        """End the lease, where it still is the owner's."""

    def states(self, *, now: float) -> Sequence[TokenState]:
        """All tokens that have not ended, sorted by key."""

    def expect(self, expiry: Expiry) -> None:
        """Remember an end, in the place of what was known about the same thing. Needs no key: it is no secret."""

    def expiries(self) -> Sequence[Expiry]:
        """All ends, the earliest first."""
