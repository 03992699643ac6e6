"""Reads the golden corpus: raw HTTP messages written by hand, and what each of them is expected to show.

The reader is the tests' own, small on purpose: it takes a message apart as RFC 7230 describes it and shares no line
with the package that is tested. `tests/golden/<fault id>/origin.toml` says where each file comes from, what in it is
documented, what is assumed, and what a diagnosis must say (`expected`):

    id            this fault is the best one, and nothing ties with it
    any           the best one is one of these; `listed` must be among the candidates
    tied          one exchange cannot decide among these: the best one is one of them, the folder's own is tied with it
    shows         these faults are the best ones of this failure and of the others in the same answer
    nothing       no fault may be named
    variant, status, http_status, sc_code, request_id, parameters, wire_retryable    as they stand in the diagnosis

A file NAME.txt is no answer but what a person sees of a fault that no answer carries: the text of an exception, or a
value that a program printed. Where no answer came at all, `no_response` of its block says how the connection ended.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recoup.exchange import Exchange, Headers, NoResponse, NoResponseKind, Request, Response

if TYPE_CHECKING:
    from recoup.diagnosis.diagnosis import Diagnosis

__all__ = [
    "GOLDEN",
    "NEGATIVE",
    "PASTED",
    "Case",
    "cases",
    "complaints",
    "exchange_of",
    "folders",
    "given",
    "golden_gaps",
    "no_response",
    "read_request",
    "read_response",
    "rows",
]

GOLDEN = Path(__file__).parent / "golden"
NEGATIVE = GOLDEN / "_negative"
PASTED = GOLDEN / "_pasted"
AT = datetime(2026, 11, 23, 9, 14, 7, tzinfo=UTC)
CONSENT = Request(
    method="GET",
    url="https://sellercentral.amazon.com/apps/authorize/consent?application_id=amzn1.sp.solution.golden&state=golden",
)


@dataclass(frozen=True)
class Case:
    """One golden file with its own fault and the keys of its block in origin.toml."""

    fault: str
    path: Path
    expected: dict[str, Any]
    block: dict[str, Any] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """How pytest names it."""
        return f"{self.path.parent.name}/{self.path.name}"


def rows(path: Path, table: str) -> list[dict[str, Any]]:
    """The blocks called `table` of one TOML file."""
    blocks = tomllib.loads(path.read_text(encoding="utf-8")).get(table, [])
    assert isinstance(blocks, list)
    return blocks


def folders() -> list[Path]:
    """The folders that hold the files of one fault each."""
    return sorted(path for path in GOLDEN.iterdir() if path.is_dir() and not path.name.startswith("_"))


def cases() -> list[Case]:
    """Every golden file that a folder's origin.toml names, in order. Folders with gaps are left to `golden_gaps`."""
    return [
        Case(folder.name, folder / block["name"], block["expected"], block)
        for folder in folders()
        if not golden_gaps(folder)
        for block in rows(folder / "origin.toml", "file")
    ]


@lru_cache(maxsize=512)
def golden_gaps(folder: Path) -> list[str]:
    """What the golden folder of a fault lacks, one line each that says what to do; empty where it is whole."""
    shown = f"tests/golden/{folder.name}"
    if not folder.is_dir():
        return [f"write {shown}/<status>.http, the response as Amazon sends it, and {shown}/origin.toml"]
    try:
        blocks = rows(folder / "origin.toml", "file")
    except FileNotFoundError:
        return [f"{shown}/origin.toml is missing: a [[file]] block says where each file beside it comes from"]
    except tomllib.TOMLDecodeError as error:
        return [f"{shown}/origin.toml is not valid TOML: {error}"]
    out: list[str] = []
    for number, block in enumerate(blocks, start=1):
        lacks = [key for key in ("name", "origin", "expected") if not block.get(key)]
        if not (block.get("documented") or block.get("assumed")):
            lacks.append("documented (or assumed)")
        out.extend(f"{shown}/origin.toml: [[file]] block {number} lacks {key}" for key in lacks)
    named = {block[key] for block in blocks for key in ("name", "request", "wire_request") if key in block}
    there = {path.name for path in folder.iterdir()} - {"origin.toml"}
    out.extend(f"{shown}/origin.toml has no [[file]] block for {name}" for name in sorted(there - named))
    out.extend(f"{shown}/origin.toml names {name}, which is not there" for name in sorted(named - there))
    if not out and not any(folder.name in _expected_ids(block["expected"]) for block in blocks):
        out.append(f'{shown}/origin.toml: no block says expected.id = "{folder.name}" (nor any, tied, listed)')
    for block in blocks:
        path = folder / str(block.get("name"))
        if path.suffix == ".http" and path.is_file():
            expected = block.get("expected", {})
            out.extend(f"{shown}/{path.name}: {gap}" for gap in _response_gaps(path, expected.get("http_status")))
    return out


def _expected_ids(expected: dict[str, Any]) -> list[str]:
    values = (expected.get(key, []) for key in ("id", "any", "tied", "listed"))
    return [str(item) for value in values for item in ([value] if isinstance(value, str) else value)]


def _response_gaps(path: Path, http_status: object) -> list[str]:
    raw = path.read_bytes()
    head, blank, body = raw.partition(b"\r\n\r\n")
    if not blank or b"\n" in head.replace(b"\r\n", b""):
        file = f"tests/golden/{path.parent.name}/{path.name}"
        return [f"the lines of its head must end with CR and LF: sed -i '1,/^$/s/$/\\r/' {file}"]
    first, *fields = head.decode("latin-1").split("\r\n")
    version, _, rest = first.partition(" ")
    if version != "HTTP/1.1" or not rest[:3].isdigit():
        return [f"its first line is {first!r} in the place of 'HTTP/1.1 400 Bad Request' or the like"]
    out = []
    if path.name[:3] != rest[:3]:
        out.append(f"its name must begin with its status, {rest[:3]}")
    if str(http_status) != rest[:3]:
        out.append(f"origin.toml must say expected.http_status = {rest[:3]}")
    for line in fields:
        name, colon, value = line.partition(":")
        if not colon:
            out.append(f"the header line {line!r} has no colon")
        elif name.lower() == "content-length" and value.strip() != str(len(body)):
            out.append(
                f"Content-Length is {value.strip()}, the body has {len(body)} bytes (mind the editor's last line end)"
            )
    return out


def _head(raw: bytes) -> tuple[str, Headers, bytes]:
    head, blank, body = raw.partition(b"\r\n\r\n")
    assert blank, "a raw message has an empty line between head and body"
    first, *lines = head.decode("latin-1").split("\r\n")
    fields = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)]
    return first, Headers(fields), body


def read_response(raw: bytes) -> Response:
    """One raw HTTP/1.1 response; its Content-Length, where it has one, must be true."""
    first, headers, body = _head(raw)
    version, status, *_ = first.split(" ", 2)
    assert version == "HTTP/1.1", first
    length = headers.get("content-length")
    assert length is None or int(length) == len(body), f"Content-Length says {length}, the body has {len(body)} bytes"
    return Response(status=int(status), headers=headers, body=body)


def read_request(raw: bytes) -> Request:
    """One raw HTTP/1.1 request in origin form; the URL is made absolute with its Host."""
    first, headers, body = _head(raw)
    method, target, version = first.split(" ")
    assert version == "HTTP/1.1", first
    return Request(method=method, url=f"https://{headers.get('host')}{target}", headers=headers, body=body)


def exchange_of(path: Path, request: str | None = None) -> Exchange:
    """The exchange that a golden file shows; `request` names the file beside it that holds what was asked."""
    if path.suffix == ".html":
        page = Response(
            status=200, headers=Headers([("Content-Type", "text/html;charset=UTF-8")]), body=path.read_bytes()
        )
        return Exchange(request=CONSENT, response=page, at=AT)
    asked = read_request((path.parent / request).read_bytes()) if request is not None else None
    return Exchange(request=asked, response=read_response(path.read_bytes()), at=AT)


def given(case: Case) -> Exchange | bytes:
    """What a diagnosis is made of: the exchange that the file shows, or the bytes of a text."""
    return case.path.read_bytes() if case.path.suffix == ".txt" else exchange_of(case.path, case.block.get("request"))


def no_response(case: Case) -> NoResponse | None:
    """The missing answer of which a text tells, as a transport sees it; None where the text tells of something else."""
    ended = case.block.get("no_response")
    if ended is None:
        return None
    text = case.path.read_text(encoding="utf-8").strip()
    return NoResponse(kind=NoResponseKind(ended["kind"]), sent=ended["sent"], text=text)


def complaints(diagnosis: Diagnosis, expected: dict[str, Any], own: str | None = None) -> list[str]:
    """What of `expected` the diagnosis does not fulfil, one line each; empty where all is right."""
    out: list[str] = []
    best = diagnosis.best
    found = best.fault.id if best is not None else None
    tied = set(diagnosis.tied)
    if expected.get("nothing"):
        if found is not None:
            out.append(f"no fault expected, got {found}")
        return out
    if "id" in expected:
        if best is None or found != expected["id"]:
            out.append(f"expected {expected['id']}, got {found}")
        # A fallback is the last word on little evidence: company is fine there.
        elif best.fault.kind != "fallback" and tied - {found, *best.fault.same_as}:
            out.append(f"{found} is tied with {sorted(tied - {found})}, and the exchange decides")
    if "any" in expected and found not in expected["any"]:
        out.append(f"expected one of {expected['any']}, got {found}")
    if "listed" in expected and expected["listed"] not in {match.fault.id for match in diagnosis.faults}:
        out.append(f"{expected['listed']} is not among the candidates {[match.fault.id for match in diagnosis.faults]}")
    if "tied" in expected:
        out.extend(_tie_complaints(found, tied, set(expected["tied"]), own))
    if "shows" in expected:
        shown = {one.best.fault.id for one in (diagnosis, *diagnosis.others) if one.best is not None}
        wanted = expected["shows"] if isinstance(expected["shows"], list) else [expected["shows"]]
        out.extend(f"{one} is not among the failures shown: {sorted(shown)}" for one in wanted if one not in shown)
    if "variant" in expected:
        variant = best.variant.name if best is not None and best.variant is not None else None
        if variant != expected["variant"]:
            out.append(f"variant: expected {expected['variant']}, got {variant}")
    for key, value in (
        ("status", diagnosis.status),
        ("http_status", diagnosis.http_status),
        ("sc_code", diagnosis.sc_code),
        ("request_id", diagnosis.request_id),
        ("parameters", dict(diagnosis.parameters)),
        ("wire_retryable", diagnosis.retryable_field),
    ):
        if key in expected and value != expected[key]:
            out.append(f"{key}: expected {expected[key]!r}, got {value!r}")
    return out


def _tie_complaints(found: str | None, tied: set[str], allowed: set[str], own: str | None) -> list[str]:
    if found not in allowed:
        return [f"expected one of the tied {sorted(allowed)}, got {found}"]
    out = []
    if tied - allowed:
        out.append(f"tied with {sorted(tied - allowed)}, which the exchange rules out")
    if own is not None and own != found and own not in tied:
        out.append(f"{own} is not tied with {found}: {sorted(tied)}")
    if own is None and not tied:
        out.append(f"{found} alone is named, and the exchange cannot decide")
    return out
