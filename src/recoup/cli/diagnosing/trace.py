"""A trace: its failures one by one or what they come to, with a bar of progress on a terminal."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from recoup.cli.main import Invocation
from recoup.diagnosis.diagnosis import Diagnosis
from recoup.diagnosis.engine import Engine
from recoup.diagnosis.explanation import explain
from recoup.errors import UnreadableInput
from recoup.redaction import redact_text
from recoup.traces.bulk import OnProgress, examine
from recoup.traces.fields import Fields
from recoup.traces.opening import Stream
from recoup.traces.summary import Summary
from recoup.traces.traced import Traced, Unread

__all__ = ["Output", "diagnose_trace"]

_EXPLAINED = 3
_UNREAD_SHOWN = 5


class Output(Protocol):
    """Something that is made of a trace: a report, a bundle. `each` says whether it wants every failure."""

    each: bool

    def failure(self, traced: Traced, diagnosis: Diagnosis) -> None:
        """One failure, in the order of the inputs."""

    def finish(self, summary: Summary) -> None:
        """That was all."""


class JsonLines:
    """`--json`: a line for each failure."""

    each = True

    def __init__(self, invocation: Invocation) -> None:
        self._out = invocation.streams.stdout

    def failure(self, traced: Traced, diagnosis: Diagnosis) -> None:
        """The diagnosis, and where it stands."""
        data = diagnosis.as_dict()
        data["place"] = traced.place.as_dict()
        data["at"] = None if traced.exchange.at is None else traced.exchange.at.isoformat()
        data["seller"] = None if traced.seller is None else redact_text(traced.seller)
        self._out.write(json.dumps(data, ensure_ascii=False) + "\n")

    def finish(self, summary: Summary) -> None:
        """Nothing more."""


class Screen:
    """Without options: a few failures are explained one by one, many are counted. It is told the first few only."""

    each = True

    def __init__(self, invocation: Invocation) -> None:
        self._out = invocation.streams.stdout
        self._first: list[str] = []

    def failure(self, traced: Traced, diagnosis: Diagnosis) -> None:
        """Keep it."""
        self._first.append(f"{traced.place}\n{explain(diagnosis).rstrip()}")

    def finish(self, summary: Summary) -> None:
        """Print."""
        if 0 < summary.failures <= _EXPLAINED:
            self._out.write("\n\n".join(self._first) + "\n\n")
        from recoup.traces.report.account import account_of

        account = account_of(summary)
        try:
            from recoup.traces.report.terminal import print_account

            print_account(account, self._out)
        except ModuleNotFoundError:  # rich is not installed: the same in plain words
            from recoup.traces.report.markdown import as_markdown

            self._out.write(as_markdown(account))


def diagnose_trace(
    invocation: Invocation,
    paths: Sequence[str],
    stdin: Stream | None,
    *,
    form: str,
    fields: Fields,
    as_json: bool,
    jobs: int,
    engine: Engine | None,
    outputs: Sequence[Output] = (),
) -> int:
    """Read all of `paths` and hand what is found to `outputs`, or to the screen where there are none; the exit status:
    1 where something failed, 2 where nothing did and something could not be read.
    """
    chosen: list[Output] = [*outputs]
    if as_json:
        chosen.append(JsonLines(invocation))
    if not chosen:
        chosen.append(Screen(invocation))
    wanting = [each for each in chosen if each.each]

    def on_failure(traced: Traced, diagnosis: Diagnosis) -> None:
        for each in wanting:
            each.failure(traced, diagnosis)

    unread = _Unread(invocation)
    with _progress(invocation) as on_progress:
        summary = examine(
            paths,
            form=form,
            fields=fields,
            engine=engine,
            jobs=jobs,
            stdin=stdin,  # type: ignore[arg-type]  # it is read, and nothing else
            on_failure=on_failure if wanting else None,
            first=_EXPLAINED if all(isinstance(each, Screen) for each in wanting) else None,
            on_unread=unread,
            on_progress=on_progress,
        )
    unread.finish()
    if not summary.exchanges and not summary.unread:
        raise UnreadableInput(_nothing(paths, summary))
    for each in chosen:
        each.finish(summary)
    return 1 if summary.failures else 2 if summary.unread else 0


def _nothing(paths: Sequence[str], summary: Summary) -> str:
    names = ", ".join(paths[:3])
    if summary.skipped:
        return (
            f"{names}: none of {summary.skipped} records tells of an exchange, as far as the names of their fields "
            "say; name them yourself: --field status=PLACE --field method=PLACE --field url=PLACE"
        )
    return f"{names}: there is nothing to read in it"


class _Unread:
    """Says what could not be read: the first few by their places, the rest by their number."""

    def __init__(self, invocation: Invocation) -> None:
        self._err = invocation.streams.stderr
        self._count = 0

    def __call__(self, unread: Unread) -> None:
        self._count += 1
        if self._count <= _UNREAD_SHOWN:
            self._err.write(f"recoup: {unread.place}: not read: {unread.reason}\n")

    def finish(self) -> None:
        more = self._count - _UNREAD_SHOWN
        if more > 0:
            self._err.write(f"recoup: {more} more record{'s' if more > 1 else ''} could not be read\n")


@contextmanager
def _progress(invocation: Invocation) -> Iterator[OnProgress | None]:
    """A bar on a terminal's standard error; nothing elsewhere, nor where rich is not installed."""
    show: Callable[[int, int], None] | None = None
    if not invocation.streams.stderr.isatty():
        yield None
        return
    try:
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn
    except ModuleNotFoundError:
        yield None
        return
    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(file=invocation.streams.stderr), transient=True) as bar:
        task = bar.add_task("", total=None)

        def show(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total or None)

        yield show
