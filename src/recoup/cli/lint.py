"""`recoup lint`: what is wrong with a request, before it is sent or after it was refused."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from recoup.cli.main import Invocation
from recoup.errors import UnreadableInput

if TYPE_CHECKING:  # read late: `recoup --help` must not pay for it
    from recoup.lint.finding import Finding
    from recoup.lint.subject import Subject

__all__ = ["command"]

FORMATS = ("auto", "http", "curl", "har", "url")
_LARGEST = 256 << 20  # bytes: a recording is read whole
_REQUEST_LINE = re.compile(rb"\A(?:\r\n)?[^\s\"'{]{1,40} [^\r\n]* HTTP/\d[^\r\n]*(\r?\n)")
_CURL = re.compile(rb"(?:^|[\s;|&/])curl(?:\.exe)?[ \t]", re.MULTILINE)
_URL = re.compile(rb"https?://[^\r\n]+|[\w.\-]+\.amazon\.[a-z.]+/[^\r\n]*")


@click.command("lint")
@click.argument("paths", nargs=-1, metavar="[FILE|URL|-]...")
@click.option(
    "--format", "form", type=click.Choice(FORMATS), default="auto", show_default=True, help="What the input is."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object for each request, one on a line.")
@click.option("--now", metavar="TIME", help="When it is sent (2026-03-01T12:00:00Z), for the rules about clocks.")
@click.option("--fix", is_flag=True, help="Write the request with the safe fixes to standard output, nothing else.")
@click.pass_obj
def command(
    invocation: Invocation, paths: tuple[str, ...], form: str, as_json: bool, now: str | None, fix: bool
) -> int:
    """Say everything that is wrong with a request, each with its place, the reason and a fix.

    Reads raw HTTP, a request written as text, curl command lines, HAR files and URLs; '-' or no file reads standard
    input. Secrets are masked, except in what --fix writes. Exit status: 0 nothing is surely wrong, 1 something is, 2
    the input is not readable.

    \b
    recoup lint request.http
    pbpaste | recoup lint
    recoup lint --fix request.http > mended.http
    """
    from recoup.lint.checking import check
    from recoup.lint.mending import mended

    instant = _instant(now)
    today = datetime.now(UTC).date() if instant is None else None
    status, number = 0, 0
    for name, source in _inputs(invocation, paths):
        findings: list[Finding] = []
        for number, (subject, at) in enumerate(_subjects(name, source, form), start=1):
            moment = instant if instant is not None else at
            found = check(subject, now=moment, day=today if moment is None else None)
            findings += found
            if as_json:
                invocation.streams.stdout.write(json.dumps(_as_data(name, number, subject, found)) + "\n")
            elif not fix:
                _print(invocation, name, number, subject, found)
        if number == 0:
            raise UnreadableInput(f"{name}: there is no request in it")
        if fix:
            fixed, left = mended(source, findings)
            invocation.streams.stdout.write(fixed.decode("utf-8", "surrogateescape"))
            carried = len(findings) - len(left)
            invocation.streams.stderr.write(f"recoup: {name}: {carried} mended, {len(left)} left\n")
            findings = list(left)
        if any(finding.certain for finding in findings):
            status = 1
    return status


def _subjects(name: str, source: bytes, form: str) -> Iterator[tuple[Subject, float | None]]:
    """Each request of one input, and when it was sent, where the input says so."""
    from recoup.lint import reading
    from recoup.lint.placed_json import Broken

    if form == "auto":
        form = _recognised(source)
    if form == "har":
        try:
            yield from reading.from_har(source)
        except Broken as error:
            line = source.count(b"\n", 0, error.at) + 1
            raise UnreadableInput(f"{name}: line {line}, byte {error.at}: no HAR file, {error.why}") from error
    elif form == "curl":
        for subject in reading.read_curl(source):
            yield subject, None
    elif form == "url":
        yield reading.from_url(source.strip()), None
    elif form == "http":
        yield reading.from_http(source), None
    else:
        written = reading.from_text(source)
        if written is not None:
            yield written, None


def _recognised(source: bytes) -> str:
    """What an input is: `text` is an HTTP request whose lines do not end as on the wire."""
    request = _REQUEST_LINE.match(source)
    if request is not None:
        return "http" if request[1] == b"\r\n" else "text"
    if source.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"["):
        return "har"
    if _CURL.search(source):
        return "curl"
    return "url" if _URL.fullmatch(source.strip()) else "text"


def _print(invocation: Invocation, name: str, number: int, subject: Subject, findings: tuple[Finding, ...]) -> None:
    from recoup.lint.showing import show
    from recoup.redaction import redact_url

    out = invocation.streams.stdout
    what = f"{subject.method.text or 'GET'} {redact_url(subject.target.text)}"[:160]
    if not findings:
        out.write(f"{name}: request {number}: {what}\n  Nothing is wrong with it, as far as its bytes show.\n")
        return
    out.write(f"{name}: request {number}: {what}\n")
    for finding in findings:
        shown = show(subject, finding)
        fault = f" ({finding.fault})" if finding.fault else ""
        doubt = "" if finding.certain else ", may be right all the same"
        out.write(f"\n{name}:{shown.line}:{shown.column}: {finding.rule}{fault}{doubt}\n")
        out.write(f"    {shown.text}\n    {shown.marks}\n  {finding.text}\n")
        if shown.offset is not None:
            out.write(f"  It stands at offset {shown.offset} of the secret, which is not shown.\n")
        instead = "" if not finding.replacement else f" Instead: {finding.replacement.decode('utf-8', 'replace')}"
        out.write(f"  Fix ({finding.fix_kind.value}): {finding.fix}{instead}\n")
    out.write(f"\n{len(findings)} finding{'s' if len(findings) > 1 else ''}.\n")


def _as_data(name: str, number: int, subject: Subject, findings: tuple[Finding, ...]) -> dict[str, Any]:
    from recoup.lint.showing import show
    from recoup.redaction import redact_url

    told = []
    for finding in findings:
        shown = show(subject, finding)
        replacement = None if finding.replacement is None else finding.replacement.decode("utf-8", "replace")
        told.append(
            {
                "rule": finding.rule,
                "fault": finding.fault,
                "certain": finding.certain,
                "start": finding.start,
                "end": finding.end,
                "line": shown.line,
                "column": shown.column,
                "shown": shown.text,
                "text": finding.text,
                "fix": finding.fix,
                "fix_kind": finding.fix_kind.value,
                "replacement": replacement,
            }
        )
    return {
        "source": name,
        "request": number,
        "form": subject.form.value,
        "method": subject.method.text,
        "url": redact_url(subject.target.text),
        "operation": None if subject.operation is None else subject.operation.id,
        "findings": told,
    }


def _instant(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise UnreadableInput(f"--now: {text!r} is no time; write 2026-03-01T12:00:00Z") from error
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()


def _inputs(invocation: Invocation, paths: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    for path in paths or ("-",):
        if path == "-":
            if invocation.streams.stdin.isatty():
                invocation.streams.stderr.write("Paste the request, then end with Ctrl-D:\n")
            data, name = invocation.streams.stdin.read(_LARGEST + 1), "standard input"
        elif "://" in path:
            data, name = path.encode("utf-8", "surrogateescape"), "URL"
        else:
            name = path
            try:
                with Path(path).open("rb") as file:
                    data = file.read(_LARGEST + 1)
            except (OSError, ValueError) as error:  # ValueError: a name with a NUL
                raise UnreadableInput(f"{path}: {getattr(error, 'strerror', None) or error}") from error
        if len(data) > _LARGEST:
            raise UnreadableInput(f"{name}: more than {_LARGEST >> 20} MiB; cut the recording into parts")
        if not data.strip():
            raise UnreadableInput(f"{name}: nothing to read; give it a request, a curl command line or a HAR file")
        yield name, data
