"""`recoup sandbox`: an Amazon that fails for real reasons, in the foreground until it is stopped; and its control."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from recoup.cli.main import Invocation

__all__ = ["command"]


@click.group("sandbox", invoke_without_command=True)
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port of the NA endpoint; 0 takes a free one.")
@click.option("--seed", type=int, help="Same seed, same ids and secrets; 0, or that of the state file.")
@click.option("--json", "as_json", is_flag=True, help="Print the addresses and credentials as one line of JSON first.")
@click.option(
    "--state",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Keep what happens in this file, and go on from it where it exists.",
)
@click.option("--frozen", is_flag=True, help="Let time stand still until it is moved by hand.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; any other needs a key.")
@click.option("--control-key", help="Key that the control room asks for; better given as RECOUP_CONTROL_KEY.")
@click.pass_context
def command(
    context: click.Context,
    port: int,
    seed: int | None,
    as_json: bool,
    state: Path | None,
    frozen: bool,
    host: str,
    control_key: str | None,
) -> int:
    """Run a local Selling Partner API that raises the documented errors from their real causes.

    Point your client at the printed endpoint and token URL with the printed credentials. Listens on the loopback
    address only, unless told otherwise. The control URL reads and moves the clock, sets the stage, makes snapshots and
    says why a request was refused; open it in a browser, or use `recoup sandbox control`.
    """
    if context.invoked_subcommand is not None:
        return 0
    invocation: Invocation = context.obj
    from recoup.sandbox.serving import serve_forever

    def announce(addresses: Mapping[str, Any]) -> None:
        out = invocation.streams.stdout
        if as_json:
            out.write(json.dumps(addresses) + "\n")
        else:
            width = max(len(name) for name in addresses)
            for name, value in addresses.items():
                shown = value if isinstance(value, str) else json.dumps(value)
                out.write(f"{name:<{width}}  {shown}\n")
            out.write("Stop with Ctrl-C.\n")
        out.flush()

    serve_forever(
        port=port,
        seed=seed,
        announce=announce,
        clock="frozen" if frozen else "wall",
        host=host,
        control_key=control_key or invocation.settings.control_key,
        state=state,
    )
    return 0


@command.command("control")
@click.argument("url")
@click.argument("place", default="")
@click.argument("values", nargs=-1, metavar="[NAME=VALUE]...")
@click.option("--end", is_flag=True, help="End it: a fault plan, or a fault that was asked for.")
@click.option("--key", help="The sandbox's control key; better given as RECOUP_CONTROL_KEY.")
@click.pass_obj
def control(invocation: Invocation, url: str, place: str, values: tuple[str, ...], end: bool, key: str | None) -> int:
    """Read or change a running sandbox. URL is any address of it; without a PLACE you are told what there is.

    \b
    recoup sandbox control http://127.0.0.1:8080 clock
    recoup sandbox control http://127.0.0.1:8080 clock advance=3600
    recoup sandbox control http://127.0.0.1:8080 stage do=drop_role role=pricing
    recoup sandbox control http://127.0.0.1:8080 faults fault=403-account-suspended
    recoup sandbox control http://127.0.0.1:8080 why 8c2f6f0e-0d4a-...
    recoup sandbox control http://127.0.0.1:8080 snapshot > before.json
    recoup sandbox control http://127.0.0.1:8080 restore @before.json

    A VALUE is JSON where it is that, else a text.
    """
    from recoup.cli.sandbox_control import ask, asked_for

    method, path, body = asked_for(place, values, end=end)
    answer = ask(url, method, path, body, key or invocation.settings.control_key)
    invocation.streams.stdout.write(json.dumps(answer, indent=2, ensure_ascii=False) + "\n")
    return 0
