"""`recoup explain`: what a code, a status, an id or a message means. Offline, and quick to start."""

from __future__ import annotations

import json

import click

from recoup.catalogue.fault import Fault
from recoup.catalogue.loader import Catalogue, catalogue
from recoup.cli.main import Invocation

__all__ = ["command"]


@click.command("explain")
@click.argument("words", nargs=-1, required=False, metavar="[ID|CODE|STATUS|TEXT]...")
@click.option("--json", "as_json", is_flag=True, help="Print the entries of the catalogue as JSON.")
@click.pass_obj
def command(invocation: Invocation, words: tuple[str, ...], as_json: bool) -> int:
    """Explain a code, an HTTP status, an id or the text of a message; without a word, list everything.

    \b
    recoup explain SC_00005                  both faults that carry this code, and how to tell them apart
    recoup explain 409                       everything that answers 409
    recoup explain "The access token you provided has expired."
    recoup explain sc-10000-server-busy --json
    """
    from recoup.diagnosis.explanation import explain_many
    from recoup.diagnosis.search import lookup, suggest

    known = catalogue()
    if invocation.settings.catalogue is not None:
        known = known.overlaid(invocation.settings.catalogue)
    out, text = invocation.streams.stdout, " ".join(words)
    found = lookup(known, text) if words else list(known.values())
    if not found:
        near = suggest(known, text)
        hint = f"; nearest are: {', '.join(near)}" if near else ""
        invocation.streams.stderr.write(
            f"recoup: nothing in the catalogue answers to {text!r}{hint}\n"
            "'recoup explain' alone lists everything; 'recoup diagnose -' reads a whole response.\n"
        )
        return 2
    if as_json:
        out.write(json.dumps([_plain(fault) for fault in found], indent=2, ensure_ascii=False) + "\n")
    elif words:
        out.write(explain_many(found).rstrip() + "\n")
    else:
        _list(known, invocation)
    return 0


def _plain(fault: Fault) -> dict[str, object]:
    import msgspec

    data: dict[str, object] = msgspec.to_builtins(fault)
    return data


def _list(known: Catalogue, invocation: Invocation) -> None:
    width = max(len(name) for name in known)
    for fault in known.values():
        status = "" if fault.status is None else str(fault.status)
        invocation.streams.stdout.write(
            f"{fault.id:<{width}}  {status:>3}  {fault.sc_code or fault.code or '':<24}  {fault.title}\n"
        )
