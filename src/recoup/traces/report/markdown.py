"""The account as Markdown, for an issue or a chat."""

from __future__ import annotations

from collections.abc import Iterator

from recoup.traces.report.account import Account, Cause
from recoup.traces.report.words import number, percent, span, times

__all__ = ["as_markdown"]


def as_markdown(account: Account) -> str:
    """Headings, lists and tables; ends with a line feed."""
    return "\n".join(_lines(account)) + "\n"


def _lines(account: Account) -> Iterator[str]:
    yield f"# {number(account.failures)} of {number(account.exchanges)} calls failed"
    yield ""
    when = span(account.first, account.last)
    yield f"{when[0].upper()}{when[1:]}."
    yield ""
    if account.causes:
        yield "## Causes"
        yield ""
        yield "| fault | failures | share | who must act | first step |"
        yield "|---|---:|---:|---|---|"
        for cause in account.causes:
            tied = f" (tied in {number(cause.tied)})" if cause.tied else ""
            yield (
                f"| `{_cell(cause.id)}`{tied} | {number(cause.count)} | {percent(cause.share)} | {_cell(cause.who)} "
                f"| {_cell(cause.first_step)} |"
            )
        if account.further:
            yield ""
            yield f"And {account.further} faults more."
        for cause in account.causes:
            yield from _cause(cause)
    if account.advice:
        yield ""
        yield "## What would save calls"
        yield ""
        for advice in account.advice:
            yield f"- {_cell(advice.text)}"
    for title, rows in (("Operations", account.operations), ("Sellers", account.sellers)):
        if rows:
            yield ""
            yield f"## {title}"
            yield ""
            yield f"| {title.lower()[:-1]} | calls | failures |"
            yield "|---|---:|---:|"
            for name, calls, failures in rows:
                yield f"| {_cell(name)} | {number(calls)} | {number(failures)} |"
    if account.quotas:
        yield ""
        yield "## Quotas"
        yield ""
        yield "| operation | seller | plan | calls | peak | refused |"
        yield "|---|---|---|---:|---:|---:|"
        for quota in account.quotas:
            plan = f"{quota.rate:g}/s" + (f", burst {quota.burst}" if quota.burst else "")
            yield (
                f"| {_cell(quota.operation)} | {_cell(quota.seller)} | {plan} | {number(quota.calls)} "
                f"| {quota.peak:.1f} times | {number(quota.throttled)} |"
            )
    if account.unseen:
        yield ""
        yield "## What the trace cannot show"
        yield ""
        for text in (*account.unseen, *account.unread_examples):
            yield f"- {_cell(text)}"


def _cause(cause: Cause) -> Iterator[str]:
    yield ""
    yield f"### {_cell(cause.id)}: {_cell(cause.title)}"
    yield ""
    yield f"{_cell(cause.cause)}" + ("" if cause.documented else " (Not in the documents; seen in public.)")
    yield ""
    yield f"- {times(cause.count)}, {span(cause.first, cause.last)}"
    yield f"- recovery class: {cause.recovery or 'unknown'}"
    yield f"- operations: {_counts(cause.operations)}"
    yield f"- sellers: {_counts(cause.sellers)}"
    if cause.tied:
        yield f"- in {number(cause.tied)} of them rivals could not be excluded: {_cell(cause.check)}"
    if cause.places:
        yield f"- for instance at {', '.join(_cell(place) for place in cause.places)}"
    if cause.request_ids:
        yield f"- request ids: {', '.join(_cell(each) for each in cause.request_ids)}"


def _counts(pairs: tuple[tuple[str, int], ...]) -> str:
    return ", ".join(f"{_cell(name)} ({number(count)})" for name, count in pairs) or "not known"


def _cell(text: str) -> str:
    """A text that cannot break a table or begin markup."""
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ").replace("<", "&lt;").replace("`", "'")
