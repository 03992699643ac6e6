"""`recoup diagnose`: which fault is this? Reads files or what is pasted into it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import click

from recoup.cli.main import Invocation
from recoup.errors import UnreadableInput
from recoup.exchange import Exchange

__all__ = ["command"]

FORMATS = ("auto", "http", "text")


@click.command("diagnose")
@click.argument("paths", nargs=-1, metavar="[FILE|-]...")
@click.option(
    "--format", "form", type=click.Choice(FORMATS), default="auto", show_default=True, help="What the input is."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object for each exchange, one on a line.")
@click.pass_obj
def command(invocation: Invocation, paths: tuple[str, ...], form: str, as_json: bool) -> int:
    """Say which fault a response, a log excerpt or an exception text shows, why, and what to do now.

    Reads raw HTTP (request, response or both) and pasted text of any kind; '-' or no file reads standard input. Secrets
    are masked in everything that is printed. Exit status: 0 nothing failed, 1 a fault was found, 2 the input is not
    readable.

    \b
    curl -si ... | recoup diagnose
    recoup diagnose error.txt --json
    """
    from recoup.catalogue.loader import catalogue
    from recoup.diagnosis.engine import Engine
    from recoup.diagnosis.explanation import explain
    from recoup.diagnosis.pasted import read
    from recoup.recovery.advice import diagnose

    engine = None
    if invocation.settings.catalogue is not None:
        engine = Engine(catalogue().overlaid(invocation.settings.catalogue).values())
    failed = False
    first = True
    for name, data in _inputs(invocation, paths):
        exchanges = read(data, form)
        if form == "http" and not exchanges:
            raise UnreadableInput(f"{name}: there is no HTTP message in it; a response begins with 'HTTP/1.1 400 ...'")
        inputs: list[Exchange | bytes] = [*exchanges] if exchanges else [data]
        for diagnosis in (diagnose(each, engine=engine) for each in inputs):
            failed = failed or diagnosis.failed
            if as_json:
                invocation.streams.stdout.write(json.dumps(diagnosis.as_dict(), ensure_ascii=False) + "\n")
            else:
                invocation.streams.stdout.write(("" if first else "\n") + explain(diagnosis).rstrip() + "\n")
            first = False
    return 1 if failed else 0


def _inputs(invocation: Invocation, paths: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    for path in paths or ("-",):
        if path == "-":
            if invocation.streams.stdin.isatty():
                invocation.streams.stderr.write("Paste the response or the error, then end with Ctrl-D:\n")
            data, name = invocation.streams.stdin.read(), "standard input"
        else:
            name = path
            try:
                data = Path(path).read_bytes()
            except OSError as error:
                raise UnreadableInput(f"{path}: {error.strerror or error}") from error
        if not data.strip():
            raise UnreadableInput(f"{name}: nothing to read; give it a response, a log excerpt or an error text")
        yield name, data
