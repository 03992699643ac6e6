"""`recoup doctor`: what is wrong with these credentials? Reads only, and says what it sends before it sends it."""

from __future__ import annotations

import json
import time

import click

from recoup.cli.main import Invocation
from recoup.errors import SettingsError

__all__ = ["command"]

_MARKS = {"ok": "ok    ", "failed": "FAILED", "note": "note  ", "not reached": "-     "}


@click.command("doctor")
@click.option(
    "--region",
    type=click.Choice(["NA", "EU", "FE"], case_sensitive=False),
    default="NA",
    show_default=True,
    help="Where the seller authorised the application.",
)
@click.option("--operation", metavar="ID|PATH", help="A read whose role is to be checked: getOrders, or a path.")
@click.option("--scope", metavar="SCOPE", help="Try a grantless token too: sellingpartnerapi::notifications.")
@click.option("--dry-run", is_flag=True, help="Say what would be sent, and send nothing.")
@click.option("--yes", is_flag=True, help="Send without asking.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object; asks nothing, so give --yes with it.")
@click.option(
    "--upstream",
    "upstreams",
    multiple=True,
    metavar="[REGION=]URL",
    help="Examine there instead of at Amazon: a sandbox on this machine; each region's own as EU=URL.",
)
@click.option("--token-url", metavar="URL", help="Fetch tokens there; an upstream on this machine has its own.")
@click.option(
    "--timeout",
    type=click.FloatRange(0.1, 600.0),
    default=20.0,
    show_default=True,
    metavar="SECONDS",
    help="Without a byte.",
)
@click.pass_obj
def command(
    invocation: Invocation,
    region: str,
    operation: str | None,
    scope: str | None,
    dry_run: bool,
    yes: bool,
    as_json: bool,
    upstreams: tuple[str, ...],
    token_url: str | None,
    timeout: float,
) -> int:
    """Examine your own credentials: form, token, clock, region, marketplaces, the role of an operation, the quota.

    The cheapest check comes first. Only token requests and reads are sent, each once; nothing is ever written. The
    credentials come from the environment: RECOUP_CLIENT_ID, RECOUP_CLIENT_SECRET, RECOUP_REFRESH_TOKEN. Exit status: 0
    all is well, 1 something failed, 2 it could not begin.

    \b
    recoup doctor --region EU --operation getOrders
    recoup doctor --dry-run
    recoup doctor --upstream http://127.0.0.1:9000 --yes --json
    """
    from recoup.cli.patients import agreed, patient_of
    from recoup.doctor.checks import find_operation
    from recoup.doctor.examination import examine, plan
    from recoup.doctor.result import Outcome
    from recoup.doctor.sending import over_httpx2

    patient = patient_of(
        invocation,
        region=region,
        upstreams=upstreams,
        token_url=token_url,
        who="the doctor",
        operation=operation,
        scope=scope,
    )
    found = None if operation is None else find_operation(operation)
    if isinstance(found, str):
        raise SettingsError(f"--operation: {found}")
    out, err = invocation.streams.stdout, invocation.streams.stderr
    lines = plan(patient)
    if dry_run:
        out.write(json.dumps({"would_send": lines}) + "\n" if as_json else "\n".join(("Would send:", *lines)) + "\n")
        return 0
    if not yes:
        err.write("\n".join(("This is sent, and nothing else:", *(f"  {line}" for line in lines))) + "\n")
        if not agreed(invocation, machine=as_json, instead="--dry-run to see it only"):
            err.write("Nothing was sent.\n")
            return 2
    results = []
    with over_httpx2(timeout) as send:
        for result in examine(patient, send, time.time):
            results.append(result)
            if not as_json:
                out.write(_text(result))
                out.flush()
    failed = [result for result in results if result.outcome is Outcome.FAILED]
    if as_json:
        out.write(json.dumps({"ok": not failed, "checks": [result.as_dict() for result in results]}, indent=2) + "\n")
    elif failed:
        out.write("\nDo this first: " + (failed[0].remedy[0] if failed[0].remedy else failed[0].text) + "\n")
    else:
        out.write("\nNothing is wrong with these credentials that a read can see.\n")
    return 1 if failed else 0


def _text(result: object) -> str:
    import textwrap

    from recoup.doctor.result import Result
    from recoup.redaction import redact_text

    assert isinstance(result, Result)  # noqa: S101  a late import keeps the start quick
    head = f"{_MARKS[result.outcome]}  {result.check}"
    acts = f", {result.who} must act" if result.who and result.who != "nobody" else ""
    about = f" ({result.fault}{acts})" if result.fault else ""
    body = textwrap.fill(redact_text(result.text) + about, 92, initial_indent="        ", subsequent_indent="        ")
    more = [
        textwrap.fill(f"{number}. {step}", 92, initial_indent="        ", subsequent_indent="           ")
        for number, step in enumerate(result.remedy, 1)
    ]
    if result.request_id:
        more.append(f"        request id: {redact_text(result.request_id)}")
    return "\n".join((head, body, *more)) + "\n"
