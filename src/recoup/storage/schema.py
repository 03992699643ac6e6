"""The tables of a shared store, by version, and how an older one becomes the newest.

One subset of SQL that SQLite and PostgreSQL both understand. `recoup_schema` holds the version; a store of an older one
is brought up when it is opened, in one transaction that only one process at a time can hold. What was released is never
edited: a change is one more version. Instants are epoch seconds: those of buckets, tokens and leases are on the store's
clock (PostgreSQL's own, or the one that the processes of a machine share), all others on the clock of who wrote them.

    recoup_buckets        one row a bucket; `version` tells one state of what was learned from another, 0: nothing was
    recoup_holds          what is held back; `ends` null: until somebody resumes it
    recoup_tokens         access tokens, sealed with the user's key
    recoup_token_leases   who is fetching a token just now
    recoup_expiries       when secrets and authorizations end
"""

from __future__ import annotations

from typing import Protocol

from recoup.errors import StoreError

__all__ = ["MIGRATIONS", "VERSION", "Transaction", "bring_up"]

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """
        CREATE TABLE recoup_buckets (
            application text NOT NULL,
            seller text NOT NULL,
            region text NOT NULL,
            operation text NOT NULL,
            rate double precision NOT NULL,
            burst bigint NOT NULL,
            full_at double precision NOT NULL,
            reckoned double precision NOT NULL,
            clock double precision NOT NULL,
            granted bigint NOT NULL,
            stated double precision,
            stated_at double precision NOT NULL DEFAULT 0,
            share double precision NOT NULL DEFAULT 1,
            slowed_at double precision NOT NULL DEFAULT 0,
            throttled bigint NOT NULL DEFAULT 0,
            version bigint NOT NULL DEFAULT 0,
            PRIMARY KEY (application, seller, region, operation)
        )
        """,
        """
        CREATE TABLE recoup_holds (
            application text NOT NULL,
            seller text NOT NULL,
            operation text NOT NULL,
            entity text NOT NULL,
            ends double precision,
            since double precision NOT NULL,
            fault text,
            reason text NOT NULL,
            who text NOT NULL,
            remedy text NOT NULL,
            PRIMARY KEY (application, seller, operation, entity)
        )
        """,
    ),
    (
        """
        CREATE TABLE recoup_tokens (
            application text NOT NULL,
            seller text NOT NULL,
            credentials text NOT NULL,
            kind text,
            sealed bytea NOT NULL,
            expires_at double precision NOT NULL,
            updated_at double precision NOT NULL,
            PRIMARY KEY (application, seller, credentials)
        )
        """,
        """
        CREATE TABLE recoup_token_leases (
            application text NOT NULL,
            seller text NOT NULL,
            credentials text NOT NULL,
            owner text NOT NULL,
            ends double precision NOT NULL,
            PRIMARY KEY (application, seller, credentials)
        )
        """,
        """
        CREATE TABLE recoup_expiries (
            application text NOT NULL,
            seller text NOT NULL,
            what text NOT NULL,
            expires_at double precision NOT NULL,
            PRIMARY KEY (application, seller, what)
        )
        """,
    ),
)
"""The statements that lead to version 1, from 1 to 2, and so on."""

VERSION = len(MIGRATIONS)


class Transaction(Protocol):
    """A transaction that is open, and that no other process can hold at the same time."""

    def run(self, statement: str, parameters: dict[str, object] | None = None) -> list[tuple[object, ...]]:
        """Carry out one statement with `:named` parameters; its rows."""


def bring_up(transaction: Transaction, migrations: tuple[tuple[str, ...], ...] = MIGRATIONS) -> int:
    """Bring the tables up to the newest version; the version that was found (0: none).

    Raises StoreError where the store is of a version that is newer than this recoup.
    """
    transaction.run("CREATE TABLE IF NOT EXISTS recoup_schema (version bigint NOT NULL)")
    rows = transaction.run("SELECT max(version) FROM recoup_schema")
    found = rows[0][0] if rows else None
    version = int(found) if isinstance(found, int) else 0
    if version > len(migrations):
        raise StoreError(
            f"the store is of schema version {version}, and this recoup knows versions up to {len(migrations)}: a "
            "newer recoup has used it. Upgrade recoup here too, or give this one a store of its own"
        )
    for number, statements in enumerate(migrations[version:], version + 1):
        for statement in statements:
            transaction.run(statement)
        transaction.run("DELETE FROM recoup_schema")
        transaction.run("INSERT INTO recoup_schema (version) VALUES (:version)", {"version": number})
    return version
