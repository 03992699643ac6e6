"""The pictures of the page, drawn as SVG: counts over time, bars, and how full a quota was. No script, no library.

Every picture has a title for those who do not see it. Colours are the page's own variables, so that it works in the
light, in the dark, and on paper. Values only; all texts are escaped.
"""

from __future__ import annotations

from html import escape

from recoup.traces.report.account import Account, Quota
from recoup.traces.report.words import day_and_time, number

__all__ = ["bars", "over_time", "quota_strip"]

_WIDTH, _HEIGHT = 960, 180
_MOST_BINS = 120


def over_time(account: Account) -> str:
    """Calls behind, failures before them, over the time of the trace; empty where no time is known."""
    if account.first is None or account.last is None or not account.calls_over_time:
        return ""
    # Bars are whole numbers of the series' own bins wide: else some would stand for more time than others.
    begin = account.first // account.width * account.width
    bins = int((account.last - begin) // account.width) + 1
    each = -(-bins // _MOST_BINS) * account.width
    count_of_bars = -(-bins * account.width // each)
    calls = _binned(account.calls_over_time, begin, each, count_of_bars)
    failures = _binned(account.failures_over_time, begin, each, count_of_bars)
    most = max(calls) or 1
    step = _WIDTH / count_of_bars
    parts = []
    for at, (all_of, failed) in enumerate(zip(calls, failures, strict=True)):
        for count, kind in ((all_of, "calls"), (failed, "failures")):
            if count:
                height = max(1.0, count / most * (_HEIGHT - 30))
                parts.append(
                    f'<rect class="{kind}" x="{at * step:.1f}" y="{_HEIGHT - 20 - height:.1f}" '
                    f'width="{max(step - 1, 1):.1f}" height="{height:.1f}"/>'
                )
    title = (
        f"{number(sum(failures))} failures among {number(sum(calls))} calls, from {day_and_time(account.first)} to "
        f"{day_and_time(account.last)} UTC; at most {number(most)} calls in a bar"
    )
    ends = (
        f'<text x="0" y="{_HEIGHT - 4}">{day_and_time(account.first)}</text>'
        f'<text x="{_WIDTH}" y="{_HEIGHT - 4}" text-anchor="end">{day_and_time(account.last)}</text>'
    )
    return _picture(_HEIGHT, title, "".join(parts) + ends)


def bars(rows: tuple[tuple[str, int, int], ...], what: str) -> str:
    """One bar a row: calls, and the failures in them."""
    if not rows:
        return ""
    most = max(calls for _, calls, _ in rows) or 1
    parts = []
    for at, (name, calls, failures) in enumerate(rows):
        y = at * 26
        whole = max(1.0, calls / most * 440)
        failed = calls and failures / calls * whole
        parts.append(
            f'<text class="name" x="0" y="{y + 16}">{escape(_short(name))}</text>'
            f'<rect class="calls" x="420" y="{y + 4}" width="{whole:.1f}" height="16"/>'
            f'<rect class="failures" x="420" y="{y + 4}" width="{failed:.1f}" height="16"/>'
            f'<text x="{426 + whole:.1f}" y="{y + 16}">{number(failures)} of {number(calls)}</text>'
        )
    title = f"{what}: " + "; ".join(f"{name}: {failures} of {calls} failed" for name, calls, failures in rows)
    return _picture(len(rows) * 26, title, "".join(parts))


def quota_strip(quota: Quota) -> str:
    """How full the plan was, bin by bin: the darker the fuller, framed where it was exceeded."""
    begin = quota.use[0][0]
    length = max(quota.use[-1][0] + quota.width - begin, 1)
    parts = []
    for at, share in quota.use:
        x = (at - begin) / length * _WIDTH
        width = max(1.0, quota.width / length * _WIDTH)
        over = " over" if share > 1 else ""
        parts.append(
            f'<rect class="use{over}" x="{x:.1f}" y="0" width="{width:.1f}" height="22" '
            f'opacity="{min(1.0, 0.12 + share * 0.88):.2f}">'
            f"<title>{day_and_time(at)}: {share:.2f} of the plan</title></rect>"
        )
    title = f"{quota.operation} for {quota.seller}: at the peak {quota.peak:.2f} of the plan, refused {quota.throttled}"
    return _picture(24, title, "".join(parts))


def _binned(series: tuple[tuple[int, int], ...], begin: float, width: int, bars: int) -> list[int]:
    sums = [0] * bars
    for at, count in series:
        sums[min(bars - 1, max(0, int((at - begin) // width)))] += count
    return sums


def _short(name: str) -> str:
    return name if len(name) <= 52 else "…" + name[-51:]


def _picture(height: int, title: str, inside: str) -> str:
    return (
        f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{escape(title, quote=True)}" '
        f'preserveAspectRatio="xMidYMid meet"><title>{escape(title)}</title>{inside}</svg>'
    )
