"""The account on a terminal, by rich: one screen that says what happened and what to do first."""

from __future__ import annotations

from typing import TextIO

from recoup.traces.report.account import Account
from recoup.traces.report.words import number, percent, span

__all__ = ["print_account"]

_BARS = " ▁▂▃▄▅▆▇█"
_POINTS = 48


def print_account(account: Account, stream: TextIO, *, width: int | None = None) -> None:
    """Write the account to `stream`; colours only where that is a terminal. Raises ModuleNotFoundError without rich."""
    from rich.console import Console  # late: only this form of the report needs it
    from rich.table import Table
    from rich.text import Text

    console = Console(file=stream, width=width, highlight=False, soft_wrap=False)
    share = percent(account.failures / account.exchanges) if account.exchanges else "none"
    console.print(
        Text(f"{number(account.failures)} of {number(account.exchanges)} calls failed", style="bold"),
        Text(f"({share}), {span(account.first, account.last)}"),
    )
    if account.failures_over_time:
        console.print(Text(f"failures  {spark(account.failures_over_time, account)}", style="red"))
        console.print(Text(f"calls     {spark(account.calls_over_time, account)}", style="dim"))
    if account.causes:
        table = Table(box=None, pad_edge=False, header_style="bold", expand=True)
        table.add_column("failures", justify="right", no_wrap=True)
        table.add_column("fault", no_wrap=True)
        table.add_column("who", no_wrap=True)
        table.add_column("first step", overflow="fold", ratio=1)
        for cause in account.causes[:10]:
            mark = " ≈" if cause.tied else ""
            table.add_row(Text(number(cause.count)), Text(cause.id + mark), Text(cause.who), Text(cause.first_step))
        console.print()
        console.print(table)
        if any(cause.tied for cause in account.causes[:10]):
            console.print(Text("≈ rivals could not be excluded in all of them", style="dim"))
    for title, lines in (
        ("What would save calls", [advice.text for advice in account.advice[:5]]),
        ("What the trace cannot show", list(account.unseen)),
    ):
        if lines:
            console.print()
            console.print(Text(title, style="bold"))
            for line in lines:
                console.print(Text(f"- {line}"))


def spark(series: tuple[tuple[int, int], ...], account: Account) -> str:
    """A series as a line of bars over the time of the whole trace."""
    if account.first is None or account.last is None:
        return ""
    begin, length = account.first, max(account.last - account.first, 1.0)
    sums = [0] * _POINTS
    for at, count in series:
        sums[min(_POINTS - 1, max(0, int((at - begin) / length * _POINTS)))] += count
    most = max(sums) or 1
    return "".join(_BARS[0 if not each else max(1, round(each / most * 8))] for each in sums)
