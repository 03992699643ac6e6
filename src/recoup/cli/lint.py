"""`recoup lint`: what is wrong with a request, before it is sent or after it was refused."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click
import msgspec

from recoup.cli.main import Invocation
from recoup.errors import UnreadableInput

if TYPE_CHECKING:  # read late: `recoup --help` must not pay for it
    from recoup.lint.finding import Finding
    from recoup.lint.har import Recorded
    from recoup.lint.modelled import Models

__all__ = ["command"]

FORMATS = ("auto", "http", "curl", "har", "url")
_HEAD = 65_536  # bytes by which an input is recognised
_LARGEST = 256 << 20  # bytes of what is read whole: everything but a HAR file that is not to be mended
_REQUEST_LINE = re.compile(rb"\A(?:\r\n)?[^\s\"'{]{1,40} [^\r\n]* HTTP/\d[^\r\n]*(\r?\n)")
_CURL = re.compile(rb"(?:^|[\s;|&/])curl(?:\.exe)?[ \t]", re.MULTILINE)
_NO_REQUEST = (
    "there is no request in it; give raw HTTP (its first line is like GET /path HTTP/1.1), a curl command line, a HAR "
    "file or a URL. What a call was answered with is read by: recoup diagnose"
)
_URL = re.compile(rb"https?://[^\r\n]+|[\w.\-]+\.amazon\.[a-z.]+/[^\r\n]*")


@click.command("lint")
@click.argument("paths", nargs=-1, metavar="[FILE|URL|-]...")
@click.option(
    "--format", "form", type=click.Choice(FORMATS), default="auto", show_default=True, help="What the input is."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object for each request, one on a line.")
@click.option("--now", metavar="TIME", help="When it is sent (2026-03-01T12:00:00Z), for the rules about clocks.")
@click.option("--fix", is_flag=True, help="Write the request with the safe fixes to standard output, nothing else.")
@click.option(
    "--models",
    metavar="FOLDER|FILE",
    help="Amazon's Swagger files, for operations that recoup does not know, or not as new.",
)
@click.option(
    "--account",
    type=click.Choice(("seller", "vendor")),
    help="Whose credentials it is sent with, for the rule about operations of the other kind.",
)
@click.pass_obj
def command(
    invocation: Invocation,
    paths: tuple[str, ...],
    form: str,
    as_json: bool,
    now: str | None,
    fix: bool,
    models: str | None,
    account: str | None,
) -> int:
    """Say everything that is wrong with a request, each with its place, the reason and a fix.

    Reads raw HTTP, a request written as text, curl command lines, HAR files of any size and URLs; '-' or no file reads
    standard input. Secrets are masked, except in what --fix writes. Exit status: 0 nothing is surely wrong, 1 something
    is, 2 the input is not readable.

    \b
    recoup lint request.http
    pbpaste | recoup lint
    recoup lint --fix request.http > mended.http
    recoup lint today.har --models selling-partner-api-models/models
    """
    if fix and as_json:
        raise click.UsageError("--fix writes the request and nothing else; leave --json out")
    known = None
    if models is not None:
        from recoup.lint.modelled import Models

        known = Models(Path(models))
    linting = _Linting(
        invocation, form=form, as_json=as_json, fix=fix, models=known, instant=_instant(now), account=account
    )
    for name in paths or ("-",):
        linting.input(name)
    return 1 if linting.wrong else 0


class _Linting:
    """One run of the command, over one input after the other."""

    def __init__(
        self,
        invocation: Invocation,
        *,
        form: str,
        as_json: bool,
        fix: bool,
        models: Models | None,
        instant: float | None,
        account: str | None,
    ) -> None:
        self._invocation = invocation
        self._form, self._as_json, self._fix = form, as_json, fix
        self._models, self._instant, self._account = models, instant, account
        self._today = datetime.now(UTC).date()
        self._told = False
        self.wrong = False

    def input(self, path: str) -> None:
        """Read one input, and tell what is wrong with every request in it."""
        name = "standard input" if path == "-" else "URL" if "://" in path else path
        with ExitStack() as stack:
            file = self._opened(path, stack)
            head = _read(file, _HEAD)
            if not head.strip():
                raise UnreadableInput(f"{name}: nothing to read; give it a request, a curl command line or a HAR file")
            form = self._form if self._form != "auto" else _recognised(head, whole=len(head) < _HEAD)
            if form == "har" and not self._fix:
                self._tell(name, _recorded(name, _Joined(head, file).read))
                return
            source = head if len(head) < _HEAD else head + _read(file, _LARGEST + 1 - len(head))
        if len(source) > _LARGEST:
            raise UnreadableInput(f"{name}: more than {_LARGEST >> 20} MiB; cut it into parts")
        if form == "har":
            findings = self._tell(name, _recorded(name, _Joined(source, None).read))
        else:
            findings = self._tell(name, _subjects(source, form))
        if self._fix:
            self._mend(name, source, findings)

    def _opened(self, path: str, stack: ExitStack) -> BinaryIO:
        stdin = self._invocation.streams.stdin
        if path == "-":
            if stdin.isatty():
                self._invocation.streams.stderr.write("Paste the request, then end with Ctrl-D:\n")
            return stdin
        if "://" in path:
            import io

            return io.BytesIO(path.encode("utf-8", "surrogateescape"))
        try:
            return stack.enter_context(Path(path).open("rb"))
        except (OSError, ValueError) as error:  # ValueError: a name with a NUL
            hint = "; name a file" if Path(path).is_dir() else ""
            raise UnreadableInput(f"{path}: {getattr(error, 'strerror', None) or error}{hint}") from error

    def _tell(self, name: str, requests: Iterator[Recorded]) -> list[Finding]:
        """What is wrong with each; of all of them only where something is to be mended."""
        from recoup.catalogue.facts.operations import Party
        from recoup.lint.asked import unknown_of
        from recoup.lint.checking import check
        from recoup.lint.rule import Around

        findings: list[Finding] = []
        number = 0
        for number, recorded in enumerate(requests, start=1):
            subject = recorded.subject
            if self._models is not None:
                operation = self._models.reached(subject)
                if operation is not None:
                    subject.reaching(operation)
            moment = self._instant if self._instant is not None else recorded.at
            day = self._today if moment is None else None
            found = check(
                subject,
                now=moment,
                day=day,
                shapes=self._models,
                account=None if self._account is None else Party(self._account),
            )
            self.wrong = self.wrong or (not self._fix and any(finding.certain for finding in found))
            unknown = unknown_of(subject, Around(shapes=self._models))
            out = self._invocation.streams.stdout
            if self._fix:
                offset = recorded.origin.offset
                findings += [_moved(finding, offset) for finding in found]
            elif self._as_json:
                out.write(json.dumps(_as_data(name, number, recorded, found, unknown)) + "\n")
            else:
                out.write(("\n" if self._told else "") + _as_text(name, number, recorded, found, unknown))
            self._told = True
        if number == 0:
            raise UnreadableInput(f"{name}: {_NO_REQUEST}")
        return findings

    def _mend(self, name: str, source: bytes, findings: list[Finding]) -> None:
        from recoup.lint.mending import mended

        fixed, left = mended(source, findings)
        self._invocation.streams.stdout.write(fixed.decode("utf-8", "surrogateescape"))
        carried = len(findings) - len(left)
        self._invocation.streams.stderr.write(f"recoup: {name}: {carried} mended, {len(left)} left\n")
        self.wrong = self.wrong or any(finding.certain for finding in left)


class _Joined:
    """What was read of a file already, and the rest of it."""

    def __init__(self, head: bytes, file: BinaryIO | None) -> None:
        self._head = head
        self._file = file

    def read(self, count: int) -> bytes:
        """At most so many bytes; none at the end."""
        if self._head:
            head, self._head = self._head[:count], self._head[count:]
            return head
        return b"" if self._file is None else self._file.read(count)


def _read(file: BinaryIO, count: int) -> bytes:
    """So many bytes, fewer at the end: a pipe gives what it has."""
    parts: list[bytes] = []
    while count > 0 and (block := file.read(count)):
        parts.append(block)
        count -= len(block)
    return b"".join(parts)


def _recorded(name: str, read: Callable[[int], bytes]) -> Iterator[Recorded]:
    from recoup.lint.har import Broken, read_har

    try:
        yield from read_har(read)
    except Broken as error:
        raise UnreadableInput(f"{name}: line {error.line}, byte {error.at}: no HAR file, {error.why}") from error


def _subjects(source: bytes, form: str) -> Iterator[Recorded]:
    """Each request of an input that is read whole."""
    from recoup.lint import reading
    from recoup.lint.har import Origin, Recorded

    if form == "curl":
        for subject in reading.read_curl(source):
            yield Recorded(subject, None, Origin())
    elif form == "url":
        yield Recorded(reading.from_url(source.strip()), None, Origin())
    elif form == "http":
        yield Recorded(reading.from_http(source), None, Origin())
    else:
        written = reading.from_text(source)
        if written is not None:
            yield Recorded(written, None, Origin())


def _recognised(head: bytes, *, whole: bool) -> str:
    """What an input is by its beginning: `text` is an HTTP request whose lines do not end as on the wire."""
    request = _REQUEST_LINE.match(head)
    if request is not None:
        return "http" if request[1] == b"\r\n" else "text"
    if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"["):
        return "har"
    if _CURL.search(head):
        return "curl"
    return "url" if whole and _URL.fullmatch(head.strip()) else "text"


def _moved(finding: Finding, offset: int) -> Finding:
    return msgspec.structs.replace(finding, start=finding.start + offset, end=finding.end + offset)


def _as_text(name: str, number: int, recorded: Recorded, findings: tuple[Finding, ...], unknown: str | None) -> str:
    from recoup.lint.showing import show
    from recoup.redaction import redact_url

    subject = recorded.subject
    what = f"{subject.method.text or 'GET'} {redact_url(subject.target.text)}"[:160]
    lines = [f"{name}: request {number}: {what}"]
    for finding in findings:
        shown = show(subject, finding)
        line, column = recorded.origin.place(shown.line, shown.column)
        fault = f" ({finding.fault})" if finding.fault else ""
        doubt = "" if finding.certain else ", may be right all the same"
        lines += ["", f"{name}:{line}:{column}: {finding.rule}{fault}{doubt}"]
        lines += [f"    {shown.text}", f"    {shown.marks}", f"  {finding.text}"]
        if shown.offset is not None:
            lines.append(f"  It stands at offset {shown.offset} of the secret, which is not shown.")
        instead = "" if not finding.replacement else f" Instead: {finding.replacement.decode('utf-8', 'replace')}"
        lines.append(f"  Fix ({finding.fix_kind.value}): {finding.fix}{instead}")
    if findings:
        lines += ["", f"{len(findings)} finding{'s' if len(findings) > 1 else ''}."]
    else:
        lines.append("  Nothing is wrong with it, as far as its bytes show.")
    if unknown is not None:
        lines.append(f"  {unknown}")
    return "\n".join(lines) + "\n"


def _as_data(
    name: str, number: int, recorded: Recorded, findings: tuple[Finding, ...], unknown: str | None
) -> dict[str, Any]:
    from recoup.lint.showing import show
    from recoup.redaction import redact_url

    subject, offset = recorded.subject, recorded.origin.offset
    told = []
    for finding in findings:
        shown = show(subject, finding)
        line, column = recorded.origin.place(shown.line, shown.column)
        replacement = None if finding.replacement is None else finding.replacement.decode("utf-8", "replace")
        told.append(
            {
                "rule": finding.rule,
                "fault": finding.fault,
                "certain": finding.certain,
                "start": finding.start + offset,
                "end": finding.end + offset,
                "line": line,
                "column": column,
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
        "unknown": unknown,
    }


def _instant(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise UnreadableInput(f"--now: {text!r} is no time; write 2026-03-01T12:00:00Z") from error
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()
