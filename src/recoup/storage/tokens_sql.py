"""Access tokens that several processes share, sealed, in the tables of a shared store.

What is in clear is whose token it is (no secret), its kind and its end; the token itself is sealed as belonging to that
row. Ends are on the store's clock, so that machines whose clocks differ agree on how long a token lasts.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

import msgspec

from recoup.login.identity import TokenKey
from recoup.login.keeping import Expiry, TokenState
from recoup.login.token import AccessToken
from recoup.storage.database import Database
from recoup.storage.sealing import Seal

__all__ = ["SqlTokens"]

_LOG = logging.getLogger("recoup.storage")
_SOON = 0.05  # seconds

_ROW = "application = :application AND seller = :seller AND credentials = :credentials"
_READ = f"SELECT sealed, expires_at - {{now}} FROM recoup_tokens WHERE {_ROW} AND expires_at > {{now}}"  # noqa: S608  no word of a user
_OVER = "DELETE FROM recoup_tokens WHERE expires_at <= {now}"
_KEEP = """
    INSERT INTO recoup_tokens (application, seller, credentials, kind, sealed, expires_at, updated_at)
    SELECT :application, :seller, :credentials, :kind, :sealed, t.now + :lasts, t.now FROM (SELECT {now} AS now) AS t
    WHERE true
    ON CONFLICT (application, seller, credentials) DO UPDATE SET kind = excluded.kind, sealed = excluded.sealed,
        expires_at = excluded.expires_at, updated_at = excluded.updated_at
"""
# A lease that ends much later than one can is of a clock that was set back. A little later is usual: whoever has it may
# have looked at the clock after us, and been faster.
_LEASE = """
    INSERT INTO recoup_token_leases AS l (application, seller, credentials, owner, ends)
    SELECT :application, :seller, :credentials, :owner, t.now + :seconds FROM (SELECT {now} AS now) AS t WHERE true
    ON CONFLICT (application, seller, credentials) DO UPDATE SET owner = excluded.owner, ends = excluded.ends
    WHERE l.owner = excluded.owner OR l.ends <= excluded.ends - :seconds OR l.ends > excluded.ends + :seconds
    RETURNING ends
"""
_LEASED = f"SELECT ends - {{now}} FROM recoup_token_leases WHERE {_ROW}"  # noqa: S608  no word of a user
_FREE = f"DELETE FROM recoup_token_leases WHERE {_ROW} AND owner = :owner"  # noqa: S608  no word of a user
_STATES = """
    SELECT application, seller, credentials, kind, expires_at - {now} FROM recoup_tokens WHERE expires_at > {now}
    ORDER BY application, seller, credentials
"""
_EXPECT = """
    INSERT INTO recoup_expiries (application, seller, what, expires_at)
    VALUES (:application, :seller, :what, :expires_at)
    ON CONFLICT (application, seller, what) DO UPDATE SET expires_at = excluded.expires_at
"""
_EXPIRIES = "SELECT application, seller, what, expires_at FROM recoup_expiries ORDER BY expires_at, application, seller"


class _Sealed(msgspec.Struct, frozen=True):
    value: str
    kind: str | None = None

    def __repr__(self) -> str:
        return "_Sealed()"


class SqlTokens:
    """`recoup.login.keeping.Tokens` over the tables of `recoup.storage.schema`. Without a seal no token is written.

    A token that cannot be opened (sealed with another key, moved from another row, altered) counts as none: it is
    fetched anew and replaced, and the log says so once. So a key can be changed without stopping anything. Raises
    StoreAway where the database cannot be reached.
    """

    blocking = True

    def __init__(self, database: Database, seal: Seal | None) -> None:
        self._database = database
        self._seal = seal
        self._warned = False
        self.keeps = seal is not None

    def read(self, key: TokenKey, *, now: float) -> AccessToken | None:
        """See `recoup.login.keeping.Tokens`."""
        if self._seal is None:
            return None
        rows = self._database.run(_READ, {**msgspec.structs.asdict(key), "now": now})
        if not rows:
            return None
        sealed, lasts = rows[0]
        plain = self._seal.open(bytes(sealed), msgspec.structs.astuple(key))
        opened = None if plain is None else _decoded(plain)
        if opened is not None:
            return AccessToken(value=opened.value, expires_at=now + float(lasts), kind=opened.kind)
        if not self._warned:
            self._warned = True
            _LOG.warning(
                "a token in %s cannot be opened: it was sealed with another key, or was altered. It is fetched anew "
                "and replaced; give all processes the same key",
                self._database.name,
            )
        return None

    def keep(self, key: TokenKey, token: AccessToken, *, now: float) -> None:
        """See `recoup.login.keeping.Tokens`."""
        if self._seal is None:
            return
        self._database.run(_OVER, {"now": now})
        plain = msgspec.json.encode(_Sealed(token.value, token.kind))
        fields = {
            "kind": token.kind,
            "sealed": self._seal.seal(plain, msgspec.structs.astuple(key)),
            "lasts": token.expires_at - now,
            "now": now,
        }
        self._database.run(_KEEP, {**msgspec.structs.asdict(key), **fields})

    def lease(self, key: TokenKey, owner: str, *, now: float, seconds: float) -> float:
        """See `recoup.login.keeping.Tokens`."""
        named = {**msgspec.structs.asdict(key), "now": now}
        if self._database.run(_LEASE, {**named, "owner": owner, "seconds": seconds}):
            return 0.0
        rows = self._database.run(_LEASED, named)
        return max(_SOON, float(rows[0][0])) if rows else _SOON

    def free(self, key: TokenKey, owner: str) -> None:
        """See `recoup.login.keeping.Tokens`."""
        self._database.run(_FREE, {**msgspec.structs.asdict(key), "owner": owner})

    def states(self, *, now: float) -> Sequence[TokenState]:
        """See `recoup.login.keeping.Tokens`. Needs no key."""
        return [
            TokenState(key=TokenKey(application, seller, credentials), kind=kind, expires_at=now + float(lasts))
            for application, seller, credentials, kind, lasts in self._database.run(_STATES, {"now": now})
        ]

    def expect(self, expiry: Expiry) -> None:
        """See `recoup.login.keeping.Tokens`."""
        self._database.run(_EXPECT, msgspec.structs.asdict(expiry))

    def expiries(self) -> Sequence[Expiry]:
        """See `recoup.login.keeping.Tokens`."""
        return [
            Expiry(application=application, seller=seller, what=what, expires_at=float(ends))
            for application, seller, what, ends in self._database.run(_EXPIRIES, {})
        ]


def _decoded(plain: bytes) -> _Sealed | None:
    try:
        return msgspec.json.decode(plain, type=_Sealed)
    except msgspec.DecodeError:
        return None
