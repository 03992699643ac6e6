"""`recoup resume`: let a parked seller or application be tried again."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence

import click

from recoup.cli.main import Invocation
from recoup.cli.status import store_of
from recoup.governor.hold import ANY, Hold

__all__ = ["command"]


@click.command("resume")
@click.argument("seller", required=False, metavar="[SELLER]")
@click.option("--application", metavar="ID", help="The application itself; with SELLER: only its seller of that name.")
@click.option("--all", "everything", is_flag=True, help="All that is parked.")
@click.option("--cool-downs", is_flag=True, help="End the cool-downs of whom is named, too.")
@click.option("--store", metavar="FILE|URL", help="The store; else RECOUP_STORE.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def command(
    invocation: Invocation,
    seller: str | None,
    application: str | None,
    everything: bool,
    cool_downs: bool,
    store: str | None,
    as_json: bool,
) -> int:
    """Release what is parked in a shared store, because its cause is healed: running programs notice within a second.

    A seller that is refused again is parked again: one request to Login with Amazon is all that a mistake costs.

    \b
    recoup resume A1B2C3D4E5F6G7
    recoup resume --application amzn1.application-oa2-client.0123456789abcdef
    recoup resume --all --cool-downs
    """
    from recoup.cli.overview import hold_as_data, said_of
    from recoup.storage.looking import is_park, open_existing

    if everything is (seller is not None or application is not None):
        raise click.UsageError("say what to resume: a SELLER, --application ID, or --all alone")
    now = time.time()
    with open_existing(store_of(invocation, store)) as opened:
        known = opened.holds(now=now)
        named = [hold for hold in known if everything or _named(hold, seller, application)]
        wanted = [hold for hold in named if cool_downs or is_park(hold)]
        if not wanted and not everything:
            raise click.UsageError(_nobody(seller, application, known, bool(named)))
        released = [ended for hold in wanted for ended in opened.release(hold.key)]
    out = invocation.streams.stdout
    if as_json:
        out.write(json.dumps({"released": [hold_as_data(hold, now) for hold in released]}, indent=2) + "\n")
        return 0
    for hold in released:
        out.write(f"resumed: {said_of(hold)} of {hold.key.application} ({hold.fault or 'no fault named'})\n")
    if not released:
        out.write("nothing is parked\n")
    return 0


def _named(hold: Hold, seller: str | None, application: str | None) -> bool:
    if application is not None and hold.key.application != application:
        return False
    return hold.key.seller == (seller if seller is not None else ANY)


def _nobody(seller: str | None, application: str | None, known: Sequence[Hold], resting: bool) -> str:
    from recoup.storage.looking import is_park

    wanted = f"seller {seller!r}" if seller is not None else f"application {application!r}"
    if resting:
        return f"{wanted} is not parked, only cools down; --cool-downs ends that"
    parked = [hold for hold in known if is_park(hold)]
    if not parked:
        return f"{wanted} is not parked; nothing is"
    names = sorted(
        {f"--application {hold.key.application}" if hold.key.seller == ANY else hold.key.seller for hold in parked}
    )
    return f"{wanted} is not parked; parked are: {', '.join(names)}"
