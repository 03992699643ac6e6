"""`recoup drill`: the main job. Raise every fault, watch what the client does, say how it came out."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from time import perf_counter

import click

from recoup.catalogue.fault import Fault
from recoup.catalogue.loader import catalogue
from recoup.cli.main import Invocation
from recoup.diagnosis.search import lookup

__all__ = ["command"]


@click.command("drill")
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--json", "json_file", metavar="FILE|-", help="Write the rows and the summary as JSON.")
@click.option(
    "--html", "html_file", metavar="FILE", type=click.Path(path_type=Path), help="Write a page with all details."
)
@click.option("--seed", type=int, default=0, show_default=True, help="Same seed, same ids, same bytes.")
@click.option(
    "--allow-missing", is_flag=True, help="Do not fail for faults that have no recipe yet, or that nothing settles yet."
)
@click.pass_obj
def command(
    invocation: Invocation,
    ids: tuple[str, ...],
    json_file: str | None,
    html_file: Path | None,
    seed: int,
    allow_missing: bool,
) -> int:
    """Raise every fault for its real cause in a sandbox, and check what recoup makes of it.

    Four columns a fault: raised (by its cause, and gone when mended), recognised, handled (nothing repeated that must
    not be), explained. Without an ID all of them run. Exit status 0 only where every row is green.

    \b
    recoup drill
    recoup drill sc-10000-server-busy --html out/drill.html
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from recoup.drill.report import as_html, as_json, as_table, closing_line
    from recoup.drill.row import Row, summarise
    from recoup.drill.runner import drill, expected_faults

    faults = expected_faults()
    if ids:
        known = {fault.id: fault for fault in faults}
        for name in ids:
            if name not in known:
                raise click.UsageError(_unknown(name, known))
        faults = [known[name] for name in ids]
    for file in (json_file, html_file):
        if file is not None and Path(file).is_dir():  # said before the drill, not after it
            raise click.UsageError(f"{file} is a folder; name a file in it")

    # With --json - the table makes way: standard output then holds JSON and nothing else.
    stream = invocation.streams.stderr if json_file == "-" else invocation.streams.stdout
    console = Console(file=stream, width=None if stream.isatty() else 140)
    rows: list[Row] = []
    started = perf_counter()
    bar = Progress(
        TextColumn("{task.description:<44}"),
        BarColumn(),
        MofNCompleteColumn(),
        console=Console(file=invocation.streams.stderr),
        transient=True,
    )
    with bar:
        task = bar.add_task("starting a sandbox", total=len(faults))
        for row in drill(faults, seed=seed, begun=lambda fault: bar.update(task, description=fault.id)):
            rows.append(row)
            bar.advance(task)
    summary = summarise(rows, seed=seed, seconds=perf_counter() - started)

    console.print(as_table(rows))
    for row in rows:
        if not row.green and not row.missing:
            console.print(f"{row.id}: {row.note}", style="red", markup=False, highlight=False, soft_wrap=True)
    left_out = 0 if ids else sum(fault.id not in {row.id for row in rows} for fault in catalogue().values())
    if left_out:
        text = f"left out: {left_out} faults that no sandbox can raise; 'recoup explain ID' says why"
        console.print(f"\n{text}", style="dim", markup=False, highlight=False)
    missing = [row.id for row in rows if row.missing]
    if missing:
        console.print(f"\nwithout a recipe yet: {', '.join(missing)}", style="dim", markup=False, highlight=False)
    console.print(f"\n{closing_line(summary)}", markup=False, highlight=False)
    if json_file == "-":
        invocation.streams.stdout.write(as_json(rows, summary))
    elif json_file is not None:
        _write(Path(json_file), as_json(rows, summary))
    if html_file is not None:
        _write(html_file, as_html(rows, summary))
        console.print(f"details: {html_file}", markup=False, highlight=False)
    failed = summary.red + (0 if allow_missing else summary.missing + summary.tied)
    return 1 if failed else 0


def _unknown(name: str, known: Mapping[str, Fault]) -> str:
    """What is wrong with `name`: it is none, or one that no sandbox can raise, and why."""
    left_out = catalogue().get(name)
    if left_out is not None and left_out.no_recipe:
        return f"{left_out.id} is not drilled. {left_out.no_recipe}"
    return f"no fault of the drill is called {name!r}{_nearest(name, known)}"


def _nearest(name: str, known: Mapping[str, Fault]) -> str:
    """The faults whose code, status or id is meant by `name`, else those that are spelt alike."""
    meant = [fault.id for fault in lookup(catalogue(), name) if fault.id in known]
    near = meant[:5] or get_close_matches(name, known, n=3, cutoff=0.4)
    return f"; nearest are: {', '.join(near)}" if near else ""


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"{path} cannot be written: {error.strerror or error}") from error
