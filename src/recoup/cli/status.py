"""`recoup status`: what a shared store holds back, paces and keeps. Changes nothing."""

from __future__ import annotations

import json
import time

import click

from recoup.cli.main import Invocation

__all__ = ["command", "store_of"]


def store_of(invocation: Invocation, given: str | None) -> str:
    """The store that a command works on. Raises click.UsageError where none was named."""
    where = given if given is not None else invocation.settings.store
    if not where:
        raise click.UsageError("no store was named: give --store, or set RECOUP_STORE (a SQLite file, or a URL)")
    return where


@click.command("status")
@click.option("--store", metavar="FILE|URL", help="The store; else RECOUP_STORE.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def command(invocation: Invocation, store: str | None, as_json: bool) -> int:
    """Show what a shared store knows: parked sellers, cool-downs, buckets, tokens (never their values), expiries.

    \b
    recoup status --store recoup.db
    recoup status --store postgresql://user@host/name --json
    """
    from recoup.cli.overview import as_data, as_text
    from recoup.storage.looking import look

    overview = look(store_of(invocation, store), now=time.time())
    out = invocation.streams.stdout
    if as_json:
        out.write(json.dumps(as_data(overview), indent=2, ensure_ascii=False) + "\n")
    else:
        out.write(as_text(overview))
    return 0
