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
    from recoup.diagnosis.pasted import MAX_BYTES, MAX_TEXT, read
    from recoup.recovery.advice import diagnose

    engine = None
    if invocation.settings.catalogue is not None:
        engine = Engine(catalogue().overlaid(invocation.settings.catalogue).values())
    failed = False
    first = True
    for name, data in _inputs(invocation, paths, MAX_BYTES + 1):
        exchanges = read(data, form)
        if form == "http" and not exchanges:
            raise UnreadableInput(f"{name}: there is no HTTP message in it; a response begins with 'HTTP/1.1 400 ...'")
        if not exchanges and _is_binary(data):
            raise UnreadableInput(
                f"{name}: this is neither text nor an HTTP message; 'curl -si --compressed' gives one"
            )
        inputs: list[Exchange | bytes] = [*exchanges] if exchanges else [data]
        diagnoses = [diagnose(each, engine=engine) for each in inputs]
        limit = MAX_BYTES if exchanges else MAX_TEXT
        if len(data) > limit:
            told = f"{name}: only its first {limit >> 10} KiB are read"
            if not any(diagnosis.failed for diagnosis in diagnoses):
                raise UnreadableInput(f"{told}, and no failure is in them; cut out the part around the failure")
            invocation.streams.stderr.write(f"recoup: {told}\n")
        for diagnosis in diagnoses:
            failed = failed or diagnosis.failed
            if as_json:
                text = json.dumps(diagnosis.as_dict(), ensure_ascii=False)
            elif diagnosis.failed or diagnosis.http_status is not None:
                text = ("" if first else "\n") + explain(diagnosis).rstrip()
            else:
                text = f"No failure is recognised in {name}. Give the whole response, with its status and headers."
            invocation.streams.stdout.write(text + "\n")
            first = False
    return 1 if failed else 0


def _is_binary(data: bytes) -> bool:
    """Whether these bytes are no text in any encoding: control characters all over, however they are decoded."""
    from recoup.diagnosis.body import decode

    sample = decode(data[:4096])
    controls = sum(1 for character in sample if character < " " and character not in "\t\r\n\x1b\f")
    return controls * 20 > len(sample)


def _inputs(invocation: Invocation, paths: tuple[str, ...], limit: int) -> Iterator[tuple[str, bytes]]:
    """Name and first `limit` bytes of each input: what comes after them nobody looks at."""
    for path in paths or ("-",):
        if path == "-":
            if invocation.streams.stdin.isatty():
                invocation.streams.stderr.write("Paste the response or the error, then end with Ctrl-D:\n")
            data, name = invocation.streams.stdin.read(limit), "standard input"
        else:
            name = path
            try:
                with Path(path).open("rb") as file:
                    data = file.read(limit)
            except FileNotFoundError as error:
                hint = f"; a code, a status or a message is explained by: recoup explain {path}"
                raise UnreadableInput(f"{path}: there is no such file{hint}") from error
            except (OSError, ValueError) as error:  # ValueError: a name with a NUL
                raise UnreadableInput(f"{path}: {getattr(error, 'strerror', None) or error}") from error
        if not data.strip():
            raise UnreadableInput(f"{name}: nothing to read; give it a response, a log excerpt or an error text")
        yield name, data
