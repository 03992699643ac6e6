"""`recoup sandbox`: an Amazon that fails for real reasons, in the foreground until it is stopped."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import click

from recoup.cli.main import Invocation

__all__ = ["command"]


@click.command("sandbox")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port of the NA endpoint; 0 takes a free one.")
@click.option("--seed", type=int, default=0, show_default=True, help="Same seed, same ids and secrets.")
@click.option("--json", "as_json", is_flag=True, help="Print the addresses and credentials as one line of JSON first.")
@click.pass_obj
def command(invocation: Invocation, port: int, seed: int, as_json: bool) -> int:
    """Run a local Selling Partner API that raises the documented errors from their real causes.

    Point your client at the printed endpoint and token URL with the printed credentials. Listens on the loopback
    address only. The control URL reads and moves the clock, sets the stage and says why a request was refused.
    """
    from recoup.sandbox.running import serve_forever

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

    serve_forever(port=port, seed=seed, announce=announce)
    return 0
