"""The drill's report: JSON for programs, a table for the terminal, a page for people."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from recoup.drill.row import COLUMNS, Judgement, Row, Summary

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["as_data", "as_html", "as_json", "as_table", "closing_line"]

_JSON_FIELDS = (
    "id",
    *COLUMNS,
    "documented",
    "cause",
    "status",
    "http_status",
    "code",
    "message",
    "decision",
    "attempts",
    "note",
)
_STYLES = {
    Judgement.GREEN: "green",
    Judgement.DECIDED: "cyan",
    Judgement.TIED: "yellow",
    Judgement.RED: "bold red",
    Judgement.MISSING: "dim",
}
_SIGNS = {
    Judgement.GREEN: "✓",
    Judgement.DECIDED: "→",
    Judgement.TIED: "≈",
    Judgement.RED: "✗",
    Judgement.MISSING: "·",
}


def as_data(rows: Sequence[Row], summary: Summary) -> dict[str, Any]:
    """Plain data: `{"rows": [...], "summary": {...}}`, each row with the fields that programs rely on."""
    plain = [msgspec.to_builtins(row) for row in rows]
    return {
        "rows": [{name: row[name] for name in _JSON_FIELDS} for row in plain],
        "summary": msgspec.to_builtins(summary),
    }


def as_json(rows: Sequence[Row], summary: Summary) -> str:
    """`as_data` as indented JSON."""
    return json.dumps(as_data(rows, summary), indent=2, ensure_ascii=False) + "\n"


def as_table(rows: Sequence[Row]) -> Table:
    """A table of the rows that have a recipe, one line each; under a heading those that stand in no document."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold", expand=True)
    table.add_column("fault", no_wrap=True, min_width=max((len(row.id) for row in rows if not row.missing), default=5))
    for column in COLUMNS:
        table.add_column(column, no_wrap=True, min_width=10)
    table.add_column("what the client did", overflow="ellipsis", no_wrap=True, ratio=1)
    shown = [row for row in rows if not row.missing]
    for at, row in enumerate(shown):
        if not row.documented and (at == 0 or shown[at - 1].documented):
            table.add_section()
            table.add_row(Text(f"-- {BEYOND} --", style="bold"))
        cells = [Text(f"{_SIGNS[each]} {each}", style=_STYLES[each]) for each in row.judgements]
        table.add_row(row.id, *cells, _deed(row))
    return table


BEYOND = "seen in public, not in the two documents"
"""What the faults that stand in neither document are called in the reports."""


def _deed(row: Row) -> str:
    sends = f"sent {row.attempts} time{'s' if row.attempts != 1 else ''}"
    checked = ", a check" if any(event.kind == "checked" for event in row.timeline) else ""
    return f"{sends}{checked}, {row.timeline[-1].text}" if row.timeline else sends


def closing_line(summary: Summary) -> str:
    """The drill in one sentence."""
    parts = [f"{summary.green} of {summary.faults} faults green in all four columns"]
    if summary.beyond:
        parts.append(f"{summary.beyond} of the {summary.faults} {BEYOND}")
    if summary.decided:
        parts.append(f"{summary.decided} of them decided and handed up")
    if summary.tied:
        parts.append(f"{summary.tied} tied")
    if summary.red:
        parts.append(f"{summary.red} red")
    if summary.missing:
        parts.append(f"{summary.missing} without a recipe yet")
    return f"{', '.join(parts)}; {summary.seconds:.1f} s, seed {summary.seed}"


def as_html(rows: Sequence[Row], summary: Summary) -> str:
    """One page that needs nothing else: a table of all faults, and for each what was sent, what came back, and what
    happened.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(loader=PackageLoader("recoup.drill", "pages"), autoescape=True, undefined=StrictUndefined)
    return environment.get_template("report.html").render(
        rows=[row for row in rows if not row.missing],
        beyond=BEYOND,
        missing=[row for row in rows if row.missing],
        summary=summary,
        closing=closing_line(summary),
        columns=COLUMNS,
        signs=_SIGNS,
    )
