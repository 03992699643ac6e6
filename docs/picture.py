"""Draws docs/drill.svg, the picture in the README: `make picture`. The real drill runs for it."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from time import perf_counter

from rich.console import Console
from rich.terminal_theme import MONOKAI

from recoup.drill.report import as_table, closing_line
from recoup.drill.row import summarise
from recoup.drill.runner import drill, expected_faults

SHOWN = (
    "sc-00001-service-unavailable",
    "sc-00004-duplicate-client-token",
    "sc-00004-in-progress",
    "sc-00005-forbidden",
    "sc-00005-max-retries",
    "sc-00006-entity-version-conflict",
    "sc-00006-order-cancelled",
    "sc-10000-server-busy",
    "sc-20002-sequence-conflict",
    "sc-30004-pickup-slot-expired",
    "sc-30005-dispatch-after-date",
    "403-expired-token",
    "403-missing-role",
    "429-rate-limit",
    "lwa-invalid-grant",
)


def main() -> None:
    """Run the drill, draw some of its rows and its closing line."""
    started = perf_counter()
    rows = list(drill(expected_faults(), seed=0))
    summary = summarise(rows, seed=0, seconds=perf_counter() - started)
    console = Console(record=True, width=132, file=StringIO(), force_terminal=True)
    console.print("[bold]$ recoup drill[/]\n")
    console.print(as_table([row for row in rows if row.id in SHOWN]))
    console.print(f"[dim]… {len(rows) - len(SHOWN) - summary.missing} more rows[/]\n")
    console.print(closing_line(summary), highlight=False)
    page = Path(__file__).with_name("drill.svg")
    page.write_text(console.export_svg(title="recoup drill", theme=MONOKAI), encoding="utf-8")


if __name__ == "__main__":
    main()
