"""The control room's first page, for whoever opens it in a browser: what there is, and how to use it. No script."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

__all__ = ["PLACES", "Place", "page"]


class Place(NamedTuple):
    """One thing that can be asked of the control room. `example` is the body of a POST."""

    method: str
    path: str
    what: str
    example: str = ""


PLACES = (
    Place("GET", "", "this page; JSON for programs"),
    Place("GET", "credentials", "addresses and credentials, as printed at the start"),
    Place("GET", "clock", "what time it is, and whether time stands still"),
    Place("POST", "clock", "move time on, set it, freeze it or let it run", '{"advance": 3600}'),
    Place("GET", "stage", "the outside forces: every action with its arguments"),
    Place("POST", "stage", "bring about a cause, or mend it", '{"do": "deactivate_account"}'),
    Place("GET", "faults", "every fault that may be asked for, and how it is brought about"),
    Place("POST", "faults", "ask for a fault by its id", '{"fault": "403-account-suspended"}'),
    Place("DELETE", "faults/{id}", "mend a fault that was asked for"),
    Place("GET", "plans", "the fault plans, and how many calls each has hit"),
    Place(
        "POST",
        "plans",
        "trouble on the way: status, fault, latency, reset, truncate, hang or pass",
        '{"path": "*/packages", "script": [{"do": "reset", "when": "after"}]}',
    ),
    Place("DELETE", "plans", "end all fault plans; plans/{name} ends one"),
    Place("GET", "why/{requestId}", "why a request was answered as it was"),
    Place("GET", "requests", "the latest requests; requests?count=100 gives more"),
    Place("GET", "refusals", "the latest requests that failed, and why"),
    Place("GET", "snapshot", "the state of everything, to be kept"),
    Place("POST", "snapshot", "the same, kept here under a name", '{"name": "before"}'),
    Place("POST", "restore", "put a snapshot back: what GET snapshot gave, or a name", '{"name": "before"}'),
    Place("POST", "reset", "begin anew; with a seed as another world", '{"seed": 7}'),
)


def page(
    base_url: str,
    prefix: str,
    clock: Mapping[str, Any],
    stage: Mapping[str, Any],
    refusals: Sequence[Mapping[str, Any]],
) -> bytes:
    """The page as UTF-8. `base_url` is where the reader reached the sandbox."""
    shown = datetime.fromtimestamp(clock["now"], UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    parts = [
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>recoup sandbox</title>',
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body><main>',
        "<h1>recoup sandbox: the control room</h1>",
        f"<p>It is <strong>{shown}</strong> here, and time {_runs(clock['mode'])}.</p>",
        f"<p>Calls of the Selling Partner API go to <code>{html.escape(base_url)}</code>.</p>",
        "<p>What stands below moves the world that answers them. None of it is Amazon's.</p>",
        "<h2>Latest refusals</h2>",
        _refusals(refusals, prefix),
        "<h2>What there is</h2><table><thead><tr><th>Request</th><th>What it does</th></tr></thead><tbody>",
        *(_row(place, base_url, prefix) for place in PLACES),
        "</tbody></table>",
        "<h2>The stage</h2><p>Causes, never answers: the fault follows from the state.</p><dl>",
        *(_action(name, told) for name, told in stage.items()),
        "</dl></main></body></html>",
    ]
    return "".join(parts).encode("utf-8", "replace")


def _runs(mode: str) -> str:
    return "stands still" if mode == "frozen" else "runs" + (", moved on by hand" if mode == "advanced" else "")


def _row(place: Place, base_url: str, prefix: str) -> str:
    address = f"{prefix}{place.path}"
    shown = html.escape(f"{place.method} {address}")
    if place.method == "GET" and "{" not in place.path:
        shown = f'<a href="{html.escape(address)}">{shown}</a>'
    example = ""
    if place.example:
        line = f"curl -H 'Content-Type: application/json' -d '{place.example}' {base_url}{address}"
        example = f"<br><code>{html.escape(line)}</code>"
    return f"<tr><td>{shown}</td><td>{html.escape(place.what)}{example}</td></tr>"


def _refusals(refusals: Sequence[Mapping[str, Any]], prefix: str) -> str:
    if not refusals:
        return "<p>None yet.</p>"
    rows = "".join(
        f"<tr><td>{one['status']}</td><td>{html.escape(str(one['fault'] or 'parts of it'))}</td>"
        f"<td>{html.escape(one['method'])} {html.escape(str(one['path'])[:200])}<br>"
        f"{html.escape(str(one['because']))}</td>"
        f'<td><a href="{prefix}why/{html.escape(str(one["request_id"]))}">why</a></td></tr>'
        for one in refusals
    )
    return (
        "<table><thead><tr><th>Status</th><th>Fault</th><th>Request and reason</th><th></th></tr></thead>"
        f"<tbody>{rows}</tbody></table>"
    )


def _action(name: str, told: Mapping[str, Any]) -> str:
    arguments = ", ".join(
        argument if what["required"] else f"[{argument}]" for argument, what in told["arguments"].items()
    )
    shown = html.escape(f"{name}({arguments})")
    return f"<dt><code>{shown}</code></dt><dd>{html.escape(told['what'])}</dd>"


_STYLE = (
    ":root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;margin:0}"
    "main{max-width:62rem;margin:0 auto;padding:1rem}table{border-collapse:collapse;width:100%}"
    "th,td{text-align:left;vertical-align:top;padding:.35rem .6rem;border-bottom:1px solid #8886}"
    "code{font:0.9em ui-monospace,monospace;overflow-wrap:anywhere}dt{margin-top:.5rem}dd{margin-left:1.5rem}"
    "h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}a{color:#06c}@media(prefers-color-scheme:dark){a{color:#8bf}}"
)
