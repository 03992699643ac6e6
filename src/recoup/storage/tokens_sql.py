"""Access tokens that several processes share, sealed, in the tables of a shared store.

What is in clear is whose token it is (no secret), its kind and its end; the token itself is sealed as belonging to that
row. Ends are on the store's clock, so that machines whose clocks differ agree on how long a token lasts.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, Protocol

import msgspec

from recoup.login.identity import TokenKey
from recoup.login.keeping import Expiry, TokenState
from recoup.login.token import AccessToken
from recoup.storage.sealing import Seal

__all__ = ["Database", "SqlTokens"]

_LOG = logging.getLogger("recoup.storage")
_ROW = "application = :application AND seller = :seller AND credentials = :credentials"
_SOON = 0.05  # seconds


class Database(Protocol):
    """What the tables are in. `clock` is SQL for the store's clock in epoch seconds; it may name `:now`."""

    blocking: bool
    clock: str

    def run(self, statement: str, parameters: dict[str, object]) -> Sequence[Sequence[Any]]:
        """Carry out one statement with `:named` parameters, and commit; its rows."""


class _Sealed(msgspec.Struct, frozen=True):
    value: str
    kind: str | None = None

    def __repr__(self) -> str:
        return "_Sealed()"


class SqlTokens:
    """`recoup.login.keeping.Tokens` over the tables of `recoup.storage.schema`. Without a seal no token is written.

    A token that cannot be opened (sealed with another key, moved from another row, altered) counts as none: it is
    fetched anew and replaced, and the log says so once. So a key can be changed without stopping anything.
    """

    def __init__(self, database: Database, seal: Seal | None) -> None:
        self._database = database
        self._seal = seal
        self._warned = False
        self.blocking = database.blocking
        self.keeps = seal is not None

    def read(self, key: TokenKey, *, now: float) -> AccessToken | None:
        """See `recoup.login.keeping.Tokens`. Raises StoreError where the store cannot be used, as all of these do."""
        if self._seal is None:
            return None
        clock = self._database.clock
        rows = self._database.run(
            f"SELECT sealed, expires_at - {clock} FROM recoup_tokens WHERE {_ROW} AND expires_at > {clock}",  # noqa: S608  nobody's words but ours
            {**_named(key), "now": now},
        )
        if not rows:
            return None
        sealed, lasts = rows[0]
        plain = self._seal.open(bytes(sealed), msgspec.structs.astuple(key))
        opened = _decoded(plain)
        if opened is None:
            if not self._warned:
                self._warned = True
                _LOG.warning(
                    "a token in the store cannot be opened: it was sealed with another key, or was altered. It is "
                    "fetched anew and replaced; give all processes the same key"
                )
            return None
        return AccessToken(value=opened.value, expires_at=now + float(lasts), kind=opened.kind)

    def keep(self, key: TokenKey, token: AccessToken, *, now: float) -> None:
        """See `recoup.login.keeping.Tokens`."""
        if self._seal is None:
            return
        clock = self._database.clock
        self._database.run(f"DELETE FROM recoup_tokens WHERE expires_at <= {clock}", {"now": now})  # noqa: S608
        plain = msgspec.json.encode(_Sealed(token.value, token.kind))
        self._database.run(
            f"""
            INSERT INTO recoup_tokens (application, seller, credentials, kind, sealed, expires_at, updated_at)
            VALUES (:application, :seller, :credentials, :kind, :sealed, {clock} + :lasts, {clock})
            ON CONFLICT (application, seller, credentials) DO UPDATE SET kind = excluded.kind,
                sealed = excluded.sealed, expires_at = excluded.expires_at, updated_at = excluded.updated_at
            """,  # noqa: S608
            {
                **_named(key),
                "kind": token.kind,
                "sealed": self._seal.seal(plain, msgspec.structs.astuple(key)),
                "lasts": token.expires_at - now,
                "now": now,
            },
        )

    def lease(self, key: TokenKey, owner: str, *, now: float, seconds: float) -> float:
        """See `recoup.login.keeping.Tokens`. A lease that ends later than one can is of a clock that was set back."""
        clock = self._database.clock
        parameters: dict[str, object] = {**_named(key), "now": now}
        got = self._database.run(
            f"""
            INSERT INTO recoup_token_leases (application, seller, credentials, owner, ends)
            VALUES (:application, :seller, :credentials, :owner, {clock} + :seconds)
            ON CONFLICT (application, seller, credentials) DO UPDATE SET owner = excluded.owner, ends = excluded.ends
            WHERE recoup_token_leases.owner = excluded.owner OR recoup_token_leases.ends <= {clock}
                OR recoup_token_leases.ends > excluded.ends
            RETURNING ends
            """,  # noqa: S608
            {**parameters, "owner": owner, "seconds": seconds},
        )
        if got:
            return 0.0
        rows = self._database.run(f"SELECT ends - {clock} FROM recoup_token_leases WHERE {_ROW}", parameters)  # noqa: S608
        return max(_SOON, float(rows[0][0])) if rows else _SOON

    def free(self, key: TokenKey, owner: str) -> None:
        """See `recoup.login.keeping.Tokens`."""
        self._database.run(
            f"DELETE FROM recoup_token_leases WHERE {_ROW} AND owner = :owner",  # noqa: S608
            {**_named(key), "owner": owner},
        )

    def states(self, *, now: float) -> Sequence[TokenState]:
        """See `recoup.login.keeping.Tokens`. Needs no key."""
        clock = self._database.clock
        rows = self._database.run(
            f"""
            SELECT application, seller, credentials, kind, expires_at - {clock} FROM recoup_tokens
            WHERE expires_at > {clock} ORDER BY application, seller, credentials
            """,  # noqa: S608
            {"now": now},
        )
        return [
            TokenState(key=TokenKey(application, seller, credentials), kind=kind, expires_at=now + float(lasts))
            for application, seller, credentials, kind, lasts in rows
        ]

    def expect(self, expiry: Expiry) -> None:
        """See `recoup.login.keeping.Tokens`."""
        self._database.run(
            """
            INSERT INTO recoup_expiries (application, seller, what, expires_at)
            VALUES (:application, :seller, :what, :expires_at)
            ON CONFLICT (application, seller, what) DO UPDATE SET expires_at = excluded.expires_at
            """,
            msgspec.structs.asdict(expiry),
        )

    def expiries(self) -> Sequence[Expiry]:
        """See `recoup.login.keeping.Tokens`."""
        rows = self._database.run(
            "SELECT application, seller, what, expires_at FROM recoup_expiries ORDER BY expires_at, application",
            {},
        )
        return [
            Expiry(application=application, seller=seller, what=what, expires_at=float(ends))
            for application, seller, what, ends in rows
        ]


def _named(key: TokenKey) -> dict[str, object]:
    return msgspec.structs.asdict(key)


def _decoded(plain: bytes | None) -> _Sealed | None:
    if plain is None:
        return None
    try:
        return msgspec.json.decode(plain, type=_Sealed)
    except msgspec.DecodeError:
        return None
