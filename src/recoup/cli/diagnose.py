"""`recoup diagnose`: which fault is this? Reads what is pasted into it, files, and whole folders of logs."""

from __future__ import annotations

import click

from recoup.cli.main import Invocation
from recoup.errors import UnreadableInput

__all__ = ["command"]

FORMATS = ("auto", "http", "curl", "har", "jsonl", "mitmproxy", "text")


@click.command("diagnose")
@click.argument("paths", nargs=-1, metavar="[FILE|FOLDER|-]...")
@click.option(
    "--format", "form", type=click.Choice(FORMATS), default="auto", show_default=True, help="What the input is."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object for each exchange, one on a line.")
@click.option(
    "--field",
    "options",
    multiple=True,
    metavar="NAME=PLACE",
    help="Where a log keeps a part of an exchange, as in status=response.code.",
)
@click.option(
    "--jobs",
    type=click.IntRange(0, 512),
    default=0,
    help="How many processes read; without it as many as there are processors, where the input is large.",
)
@click.option("--report", metavar="FILE", help="Write a report of everything: .html, .md or .json by its name.")
@click.option("--bundle", metavar="FOLDER", help="Write what Amazon's support asks for, redacted, a folder a failure.")
@click.option("--repro", metavar="FOLDER", help="Write pytest files that fail for the same cause, by a sandbox.")
@click.option("--probe", is_flag=True, help="Settle a tie with your own credentials: shows what it sends, and asks.")
@click.option("--yes", is_flag=True, help="With --probe: send without asking.")
@click.option(
    "--region",
    type=click.Choice(["NA", "EU", "FE"], case_sensitive=False),
    help="With --probe: where the seller authorised the application; else that of the host that was called, or NA.",
)
@click.option("--operation", metavar="ID|PATH", help="With --probe: what was called, where the input does not show it.")
@click.option(
    "--upstream",
    "upstreams",
    multiple=True,
    metavar="[REGION=]URL",
    help="With --probe: send there instead of to Amazon: a sandbox on this machine; each region's own as EU=URL.",
)
@click.option("--token-url", metavar="URL", help="With --probe: fetch tokens there.")
@click.pass_obj
def command(
    invocation: Invocation,
    paths: tuple[str, ...],
    form: str,
    as_json: bool,
    options: tuple[str, ...],
    jobs: int,
    report: str | None,
    bundle: str | None,
    repro: str | None,
    probe: bool,
    yes: bool,
    region: str | None,
    operation: str | None,
    upstreams: tuple[str, ...],
    token_url: str | None,
) -> int:
    """Say which fault a response, a log excerpt or an exception text shows, why, and what to do now.

    Reads raw HTTP (request, response or both), HAR, logs of JSON lines, packed too, and pasted text of any kind; '-' or
    no file reads standard input. Of logs and HAR files the failures are told. Secrets are masked in everything that is
    printed. Exit status: 0 nothing failed, 1 a fault was found, 2 the input is not readable.

    \b
    curl -si ... | recoup diagnose
    recoup diagnose error.txt --json
    recoup diagnose logs/ --jobs 4 --report report.html
    recoup diagnose today.har --bundle case/ --repro again/
    recoup diagnose refused.http --probe
    """
    from recoup.catalogue.loader import catalogue
    from recoup.cli.diagnosing.inputs import is_trace, stdin_of
    from recoup.cli.diagnosing.paste import diagnose_pastes
    from recoup.diagnosis.engine import Engine
    from recoup.traces.fields import parsed

    engine = None
    if invocation.settings.catalogue is not None:
        engine = Engine(catalogue().overlaid(invocation.settings.catalogue).values())
    fields = parsed(options)
    paths = paths or ("-",)
    if paths.count("-") > 1:
        raise UnreadableInput("-: standard input can be read once")
    if probe and (report or bundle or repro):
        raise UnreadableInput("--probe looks into one failure; --report, --bundle and --repro are made of many")
    if not probe and (yes or region or operation or upstreams or token_url):
        raise click.UsageError("--yes, --region, --operation, --upstream and --token-url belong to --probe")
    stdin = stdin_of(invocation) if "-" in paths else None
    if report or bundle or repro:
        from recoup.cli.diagnosing.outputs import BundleOutput, ReportOutput, ReproOutput
        from recoup.cli.diagnosing.trace import diagnose_trace

        made = ((ReportOutput, report), (BundleOutput, bundle), (ReproOutput, repro))
        outputs = [kind(invocation, path) for kind, path in made if path]
        return diagnose_trace(
            invocation, paths, stdin, form=form, fields=fields, as_json=as_json, jobs=jobs, engine=engine,
            outputs=outputs,
        )  # fmt: skip
    if probe and any(is_trace(path, stdin, form, fields) for path in paths):
        raise UnreadableInput("--probe looks into one failure: give it a response with its request, and no log")
    if probe:
        from recoup.cli.probe import Probe

        prober = Probe(
            invocation, yes=yes, as_json=as_json, region=region, upstreams=upstreams, token_url=token_url,
            operation=operation, engine=engine,
        )  # fmt: skip
        return diagnose_pastes(invocation, paths, stdin, form=form, as_json=as_json, engine=engine, probe=prober)
    if not any(is_trace(path, stdin, form, fields) for path in paths):
        return diagnose_pastes(invocation, paths, stdin, form=form, as_json=as_json, engine=engine)
    from recoup.cli.diagnosing.trace import diagnose_trace

    return diagnose_trace(invocation, paths, stdin, form=form, fields=fields, as_json=as_json, jobs=jobs, engine=engine)
