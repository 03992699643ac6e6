"""`recoup gateway`: recoup beside a program in any language, in the foreground until it is stopped."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

import click

from recoup.cli.main import Invocation

__all__ = ["command"]


@click.command("gateway")
@click.option(
    "--region",
    type=click.Choice(["NA", "EU", "FE"], case_sensitive=False),
    default="NA",
    show_default=True,
    help="Whose host of Amazon requests go to.",
)
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port to listen on; 0 takes a free one.")
@click.option("--json", "as_json", is_flag=True, help="Print the addresses as one line of JSON when it answers.")
@click.option(
    "--sellers",
    type=click.Path(dir_okay=False, path_type=Path),
    help="TOML file of several sellers; requests name one in x-recoup-seller.",
)
@click.option("--store", metavar="FILE|URL", help="Share quotas, holds and tokens there; else RECOUP_STORE.")
@click.option("--upstream", metavar="URL", help="Send there instead of to Amazon: a sandbox on this machine.")
@click.option("--token-url", metavar="URL", help="Fetch tokens there; an upstream on this machine has its own.")
@click.option("--deadline", type=float, metavar="SECONDS", help="For a call that brings no x-recoup-deadline.")
@click.option(
    "--timeout", type=float, default=60.0, show_default=True, metavar="SECONDS", help="Without a byte from Amazon."
)
@click.option(
    "--buffer",
    type=click.IntRange(0),
    default=1 << 20,
    show_default=True,
    metavar="BYTES",
    help="Request bodies up to this size are kept and can be repeated; longer ones are streamed.",
)
@click.option("--grace", type=float, default=30.0, show_default=True, metavar="SECONDS", help="For calls at the stop.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; any other needs a key.")
@click.option("--name", "names", multiple=True, help="Another host name that clients call it by. May be repeated.")
@click.option("--quiet", is_flag=True, help="No line for each call on standard error.")
@click.option("--verbose", is_flag=True, help="Lines for attempts, waits and tokens too.")
@click.pass_obj
def command(
    invocation: Invocation,
    region: str,
    port: int,
    as_json: bool,
    sellers: Path | None,
    store: str | None,
    upstream: str | None,
    token_url: str | None,
    deadline: float | None,
    timeout: float,
    buffer: int,
    grace: float,
    host: str,
    names: tuple[str, ...],
    quiet: bool,
    verbose: bool,
) -> int:
    """Put recoup between a program in any language and Amazon: tokens, pacing, retries, diagnoses.

    Point your client at the printed URL in the place of https://sellingpartnerapi-na.amazon.com, leave out
    x-amz-access-token, and switch your own retries off. Answers are Amazon's, with x-recoup-* fields that say what
    happened and what to do now. /-/health and /-/status are the gateway's own.

    \b
    export RECOUP_CLIENT_ID=...  RECOUP_CLIENT_SECRET=...  RECOUP_REFRESH_TOKEN=...
    recoup gateway --region NA --port 8080
    curl -i 'http://127.0.0.1:8080/orders/v0/orders?MarketplaceIds=...&CreatedAfter=...'

    \b
    against a sandbox:    recoup gateway --upstream http://127.0.0.1:9000
    several sellers:      recoup gateway --sellers sellers.toml
                          curl -H 'x-recoup-seller: shop-one' ...
    one quota for all:    recoup gateway --store recoup.db     (then: recoup status, recoup resume)
    a deadline:           curl -H 'x-recoup-deadline: 20' ...

    Secrets are taken from the environment only. Without credentials it brings no tokens, and requests bring their own.
    HTTPS_PROXY (or ALL_PROXY) and NO_PROXY are minded on the way to Amazon.
    Ctrl-C finishes what runs; a second one waits for nothing.
    """
    from recoup.gateway.options import GatewayOptions
    from recoup.gateway.sellers import read_sellers
    from recoup.gateway.serving import serve_forever
    from recoup.transports.origins import proxy_of, upstream_of, upstream_of_region

    settings = invocation.settings
    called = upstream_of_region(region) if upstream is None else upstream_of(upstream)
    options = GatewayOptions(
        region=region.upper(),
        upstream=upstream,
        token_url=token_url,
        client_id=settings.client_id,
        client_secret=settings.client_secret,
        refresh_token=settings.refresh_token,
        sellers={} if sellers is None else read_sellers(sellers, invocation.environment),
        host=host,
        port=port,
        key=settings.gateway_key,
        names=names,
        store=store or settings.store,
        store_key=settings.store_key,
        buffer=buffer,
        timeout=timeout,
        deadline=deadline,
        grace=grace,
        proxy=proxy_of(invocation.environment, called.host),
    )

    def announce(addresses: Mapping[str, Any]) -> None:
        out = invocation.streams.stdout
        if as_json:
            out.write(json.dumps(addresses) + "\n")
        else:
            way = "" if addresses["proxy"] is None else f"  by the proxy {addresses['proxy']}"
            out.write(f"{addresses['url']}  stands for  {addresses['upstream']}{way}\n")
            if addresses["sellers"]:
                out.write(f"x-recoup-seller: {', '.join(addresses['sellers'])}\n")
            if options.client_id is None:
                out.write("No credentials are set: requests must bring their own x-amz-access-token.\n")
            out.write(f"Status: {addresses['status_url']}\nStop with Ctrl-C.\n")
        out.flush()

    with _logging_to(invocation.streams.stderr, quiet=quiet, verbose=verbose):
        serve_forever(options, announce)
    return 0


@contextmanager
def _logging_to(stream: TextIO, *, quiet: bool, verbose: bool) -> Iterator[None]:
    """What recoup logs goes to `stream` for as long as the block lasts; other libraries' logs do not."""
    whole, calls = logging.getLogger("recoup"), logging.getLogger("recoup.gateway")
    before = whole.level, calls.level
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    if not verbose:
        handler.addFilter(_is_news)
    whole.addHandler(handler)
    whole.setLevel(logging.INFO if verbose else logging.WARNING)
    calls.setLevel(logging.WARNING if quiet else logging.INFO)
    try:
        yield
    finally:
        whole.setLevel(before[0])
        calls.setLevel(before[1])
        whole.removeHandler(handler)


def _is_news(record: logging.LogRecord) -> bool:
    """Whether it is more than the end of a call, which the gateway's own line says already."""
    event = getattr(record, "recoup", None)
    return not (isinstance(event, dict) and event.get("event") == "call_ended")
