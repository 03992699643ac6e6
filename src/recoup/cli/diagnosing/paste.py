"""A paste: each of its exchanges is explained, the successes too."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

from recoup.cli.diagnosing.inputs import named, opened_input, whole
from recoup.cli.main import Invocation
from recoup.diagnosis.body import decode
from recoup.diagnosis.diagnosis import Diagnosis
from recoup.diagnosis.engine import Engine
from recoup.diagnosis.explanation import explain
from recoup.diagnosis.pasted import MAX_BYTES, MAX_TEXT, read
from recoup.errors import UnreadableInput
from recoup.exchange import Exchange
from recoup.recovery.advice import diagnose
from recoup.traces.opening import Stream

if TYPE_CHECKING:  # late: only --probe needs what sends
    from recoup.cli.probe import Probe

__all__ = ["diagnose_pastes"]

Input = Exchange | bytes


def diagnose_pastes(
    invocation: Invocation,
    paths: Iterable[str],
    stdin: Stream | None,
    *,
    form: str,
    as_json: bool,
    engine: Engine | None,
    probe: Probe | None = None,
) -> int:
    """Explain what stands in each of `paths`; the exit status. `probe` looks further into a tie."""
    failed = False
    first = True
    out = invocation.streams.stdout
    for path in paths:
        name = named(path)
        with opened_input(path, stdin) as stream:
            data = whole(stream, MAX_BYTES + 1)
        for diagnosis in _diagnosed(invocation, name, data, form, engine):
            failed = failed or diagnosis.failed
            if as_json:
                out.write(_line(diagnosis, probe) + "\n")
                continue
            if diagnosis.failed or diagnosis.http_status is not None:
                text = ("" if first else "\n") + explain(diagnosis).rstrip()
            else:
                text = f"No failure is recognised in {name}. Give the whole response, with its status and headers."
            out.write(text + "\n")
            first = False
            if probe is not None:
                out.write(probe(diagnosis).text)
    return 1 if failed else 0


def _line(diagnosis: Diagnosis, probe: Probe | None) -> str:
    if probe is None:
        return json.dumps(diagnosis.as_dict(), ensure_ascii=False)
    probed = probe(diagnosis)
    return json.dumps(probed.diagnosis.as_dict() | {"probe": probed.course}, ensure_ascii=False)


def _diagnosed(invocation: Invocation, name: str, data: bytes, form: str, engine: Engine | None) -> list[Diagnosis]:
    if not data.strip():
        raise UnreadableInput(f"{name}: nothing to read; give it a response, a log excerpt or an error text")
    exchanges = read(data, form)
    if form == "http" and not exchanges:
        raise UnreadableInput(f"{name}: there is no HTTP message in it; a response begins with 'HTTP/1.1 400 ...'")
    if not exchanges and _is_binary(data):
        raise UnreadableInput(f"{name}: this is neither text nor an HTTP message; 'curl -si --compressed' gives one")
    inputs: list[Input] = [*exchanges] if exchanges else [data]
    found = [diagnose(each, engine=engine) for each in inputs]
    limit = MAX_BYTES if exchanges else MAX_TEXT
    if len(data) > limit:
        told = f"{name}: only its first {limit >> 10} KiB are read"
        if not any(diagnosis.failed for diagnosis in found):
            raise UnreadableInput(f"{told}, and no failure is in them; cut out the part around the failure")
        invocation.streams.stderr.write(f"recoup: {told}\n")
    return found


def _is_binary(data: bytes) -> bool:
    """Whether these bytes are no text in any encoding: control characters all over, however they are decoded."""
    sample = decode(data[:4096])
    controls = sum(1 for character in sample if character < " " and character not in "\t\r\n\x1b\f")
    return controls * 20 > len(sample)
