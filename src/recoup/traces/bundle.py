"""A support bundle: one folder for each kind of failure, with what Amazon's support asks for, redacted.

Amazon asks for the request and the response with their header fields, the request id, the time with its zone, the
marketplace and region, the operation, and what was tried. Each kind of failure (fault, operation, seller) is written
once, by its first exchange that has a request id, else by its first; how often it came is counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC
from pathlib import Path

from recoup.catalogue.facts import marketplaces
from recoup.diagnosis.diagnosis import Diagnosis
from recoup.errors import UnreadableInput
from recoup.exchange import Exchange, Headers
from recoup.redaction import redact_headers, redact_text, redact_url
from recoup.traces.report.words import span, times
from recoup.traces.traced import Traced, name_of

__all__ = ["Bundle"]

MOST = 50
MAX_BODY = 65_536
_NAME = re.compile(r"[^A-Za-z0-9._-]+")
_MARKETPLACE = re.compile(r"(?<![A-Z0-9])A[A-Z0-9]{9,14}(?![A-Z0-9])")
_Kind = tuple[str, str, str]


class _Case:
    __slots__ = ("count", "diagnosis", "first", "last", "statuses", "traced")

    def __init__(self, traced: Traced, diagnosis: Diagnosis) -> None:
        self.traced, self.diagnosis = traced, diagnosis
        self.count = 0
        self.first: float | None = None
        self.last: float | None = None
        self.statuses: set[int] = set()

    def add(self, traced: Traced, diagnosis: Diagnosis) -> None:
        self.count += 1
        at = traced.at
        if at is not None:
            self.first = at if self.first is None else min(self.first, at)
            self.last = at if self.last is None else max(self.last, at)
        if diagnosis.http_status is not None:
            self.statuses.add(diagnosis.http_status)
        if self.diagnosis.request_id is None and diagnosis.request_id is not None:
            self.traced, self.diagnosis = traced, diagnosis


class Bundle:
    """Gathers failures and writes them to `folder` when it is told to. At most `most` kinds are kept."""

    def __init__(self, folder: Path, *, most: int = MOST) -> None:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise UnreadableInput(f"{folder}: is there already and not empty; name a new folder for the bundle")
        self._folder = folder
        self._most = most
        self._cases: dict[_Kind, _Case] = {}
        self.left_out = 0
        """Failures of kinds beyond the first `most`."""

    def add(self, traced: Traced, diagnosis: Diagnosis) -> None:
        """Take one exchange in; a success is passed over."""
        if not diagnosis.failed:
            return
        operation = name_of(diagnosis.operation) or traced.operation or "unknown"
        kind = (diagnosis.id or "unknown", operation, traced.seller or "")
        case = self._cases.get(kind)
        if case is None:
            if len(self._cases) >= self._most:
                self.left_out += 1
                return
            case = self._cases[kind] = _Case(traced, diagnosis)
        case.add(traced, diagnosis)

    def write(self) -> list[Path]:
        """Write the folder; the paths of the cases, the most frequent first. Nothing where nothing failed."""
        ranked = sorted(self._cases.items(), key=lambda each: (-each[1].count, each[0]))
        made = []
        for number, ((fault, operation, _), case) in enumerate(ranked, 1):
            name = _NAME.sub("-", f"{number:02d}-{fault}-{operation.rpartition('/')[2]}")[:100]
            folder = self._folder / name
            folder.mkdir(parents=True)
            exchange = case.traced.exchange
            (folder / "request.http").write_bytes(_request(exchange))
            (folder / "response.http").write_bytes(_response(exchange))
            (folder / "README.txt").write_text(_readme(case, operation), encoding="utf-8")
            made.append(folder)
        return made


def _readme(case: _Case, operation: str) -> str:
    diagnosis, exchange = case.diagnosis, case.traced.exchange
    best = diagnosis.best
    request = exchange.request
    endpoint = None if request is None else marketplaces.by_host(request.host)
    at = exchange.at
    lines = [
        "For Amazon's Selling Partner Developer Support. Tokens, secrets and personal data are masked.",
        "",
        f"Request id:   {redact_text(diagnosis.request_id) if diagnosis.request_id else 'none in the answer'}",
        f"Time (UTC):   {at.astimezone(UTC).strftime('%Y-%m-%dT%H:%M:%S.%fZ') if at is not None else _date(exchange)}",
        f"Operation:    {operation}",
        f"Method, URL:  {request.method} {redact_url(request.url)}"
        if request is not None
        else "Method, URL:  not known",
        f"Region:       {endpoint.region.code if endpoint is not None else 'not known'}",
        f"Marketplaces: {', '.join(_marketplaces(exchange)) or 'none named in the request'}",
        f"Seller:       {redact_text(case.traced.seller) if case.traced.seller else 'not named in the trace'}",
        f"HTTP status:  {diagnosis.http_status if diagnosis.http_status is not None else 'no response'}",
        f"Code:         {redact_text(diagnosis.code or '') or 'none'}",
        f"Message:      {redact_text(diagnosis.message or '') or 'none'}",
        f"Details:      {redact_text(diagnosis.details or '') or 'none'}",
        f"Seen:         {times(case.count)}{_span(case)}",
        f"In the trace: {case.traced.place}",
        "",
        "What it looks like to us",
        f"  {best.id}: {best.title}" if best is not None else "  no fault that is known",
    ]
    if best is not None:
        lines += [f"  {best.cause}"]
        if diagnosis.tied:
            lines += [f"  Not told apart from: {', '.join(name for name in diagnosis.tied if name != best.id)}"]
        lines += ["", "What can be tried, in order (strike out what was done)"]
        lines += [f"  [ ] {step}" for step in best.remedy.steps]
    lines += ["", "What was tried", *_tried(case), ""]
    return "\n".join(lines)


def _tried(case: _Case) -> list[str]:
    lines = [f"  The call was sent {times(case.count)}."]
    others = sorted(case.statuses - {case.diagnosis.http_status or 0})
    if others:
        lines.append(f"  It also ended with HTTP {', '.join(map(str, others))}.")
    lines.append("  (add here: new token, other marketplace, other operation with the same token, last day it worked)")
    return lines


def _span(case: _Case) -> str:
    return "" if case.first is None else f", {span(case.first, case.last)}"


def _date(exchange: Exchange) -> str:
    told = exchange.response.headers.get("date") if exchange.response is not None else None
    return redact_text(told) if told else "not known"


def _marketplaces(exchange: Exchange) -> list[str]:
    if exchange.request is None:
        return []
    body = (exchange.request.body or b"")[:MAX_BODY].decode("utf-8", "replace")
    found = _MARKETPLACE.findall(f"{exchange.request.url}\n{body}")
    return [name for name in dict.fromkeys(found) if marketplaces.by_id(name) is not None]


def _request(exchange: Exchange) -> bytes:
    request = exchange.request
    if request is None:
        return b"(the trace does not show the request)\n"
    return _message(f"{request.method} {redact_url(request.url)}", request.headers, request.body)


def _response(exchange: Exchange) -> bytes:
    response = exchange.response
    if response is None:
        missing = exchange.no_response
        said = f"{missing.kind.value}: {redact_text(missing.text)}" if missing is not None else "nothing is known"
        return f"(no response: {said})\n".encode()
    return _message(f"HTTP/1.1 {response.status}", response.headers, response.body)


def _message(first: str, headers: Headers, body: bytes | None) -> bytes:
    lines = [first, *(f"{name}: {value}" for name, value in _shown(redact_headers(headers))), ""]
    text = redact_text((body or b"")[:MAX_BODY].decode("utf-8", "replace"))
    if body is not None and len(body) > MAX_BODY:
        text += f"\n(cut after {MAX_BODY} of {len(body)} bytes)"
    return ("\r\n".join(lines) + "\r\n" + text).encode("utf-8", "replace")


def _shown(items: Iterable[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    return ((redact_text(name), redact_text(value)) for name, value in items)
