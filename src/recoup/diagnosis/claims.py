"""From a body to the claims in it: what failed, by the body's own words, whatever its shape."""

from __future__ import annotations

from typing import Any

import msgspec

from recoup.catalogue.fault import BodyKind
from recoup.diagnosis.body import MAX_BYTES, Body, read_body
from recoup.diagnosis.diagnosis import Finding
from recoup.diagnosis.shapes.accepted import accepted_claims
from recoup.diagnosis.shapes.batch import batch_claims, is_batch, quick_claims
from recoup.diagnosis.shapes.claim import Claim, make_claim
from recoup.diagnosis.shapes.labels import label_claims
from recoup.diagnosis.shapes.markup import consent_code, page_text, xml_claims
from recoup.diagnosis.shapes.objects import error_claims

__all__ = ["Reading", "read", "read_claims"]


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """A body as claims. `lines` are the texts to be searched where nothing has a place of its own: a page, prose."""

    kind: BodyKind
    claims: tuple[Claim, ...] = ()
    lines: tuple[str, ...] = ()
    title: str = ""
    findings: tuple[Finding, ...] = ()


class _Error(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    code: str | None = None
    message: str | None = None
    details: str | None = None


class _Errors(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    errors: tuple[_Error, ...]


_SEVERAL = 207  # the status of an answer that holds a status for each of several things
_decode_errors = msgspec.json.Decoder(_Errors).decode
_EMPTY = Reading(kind=BodyKind.EMPTY)
_CUT = Finding(rule="body-cut", text="The body is damaged or cut short; what could still be read of it was used.")


def read(data: bytes, *, status: int | None, content_type: str | None = None) -> Reading:
    """The claims in a response body. `status` is the response's where it is known: with a success only what can hide
    in one is looked for."""
    if not data or data.isspace():
        return _EMPTY
    usual = _usual(data) if status is not None and status >= 300 else None
    if usual is not None and (content_type is None or "json" in content_type):
        return usual
    failed: list[Claim] = []
    if status == _SEVERAL and len(data) <= MAX_BYTES:
        failed = quick_claims(data)
    reading = (
        Reading(kind=BodyKind.BATCH, claims=tuple(_unrepeated(failed)))
        if failed
        else read_claims(read_body(data), status=status)
    )
    lie = _lie(content_type, reading.kind)
    return reading if lie is None else msgspec.structs.replace(reading, findings=(*reading.findings, lie))


def _usual(data: bytes) -> Reading | None:
    """The form that nearly every error has, read at once; None for others, and where a text may wrap a body."""
    if data[:1] != b"{" or len(data) > 8192:
        return None
    try:
        errors = _decode_errors(data).errors
    except (msgspec.DecodeError, UnicodeError):
        return None
    if not errors or any(error.message is not None and "{" in error.message for error in errors):
        return None
    claims = [
        make_claim(BodyKind.ERRORS, code=error.code, message=error.message, details=error.details) for error in errors
    ]
    return Reading(kind=BodyKind.ERRORS, claims=tuple(_unrepeated(claims)))


def read_claims(body: Body, *, status: int | None) -> Reading:
    """As `read`, from a body that was taken apart already."""
    if body.markup == "html":
        return _page(body.text)
    if body.markup == "xml":
        return Reading(kind=BodyKind.XML, claims=tuple(xml_claims(body.text)), lines=_lines(body.text))
    findings = (_CUT,) if body.cut else ()
    if not body.values:
        kind = BodyKind.TEXT if body.text else BodyKind.EMPTY
        return Reading(kind=kind, lines=_lines(body.text))
    claims, kind = _claims(body.values, status)
    lines = () if body.strict and isinstance(body.values[0], dict | list) else _lines(body.text)
    return Reading(kind=kind, claims=tuple(claims), lines=lines, findings=findings)


def _claims(values: tuple[Any, ...], status: int | None) -> tuple[list[Claim], BodyKind]:
    claims: list[Claim] = []
    kind = BodyKind.JSON
    succeeded = status is not None and 200 <= status < 300
    refused = status is not None and status >= 300
    for value in values:
        batch = batch_claims(value)
        labels = [] if batch else label_claims(value)
        found = batch or labels or ([] if refused else accepted_claims(value))
        if is_batch(value):
            kind = BodyKind.BATCH
        elif labels:
            kind = BodyKind.LABELS
        elif found and kind is BodyKind.JSON:
            kind = found[0].kind
        if not found and not succeeded and kind is not BodyKind.BATCH:
            found = error_claims(value)
            if found and kind is BodyKind.JSON:
                kind = found[0].kind
        claims.extend(found)
    return _unrepeated(claims), kind


def _unrepeated(claims: list[Claim]) -> list[Claim]:
    if len(claims) < 2:
        return claims
    seen: set[Claim] = set()
    return [claim for claim in claims if not (claim in seen or seen.add(claim))]  # type: ignore[func-returns-value]


def _page(text: str) -> Reading:
    title, lines = page_text(text)
    code = next((found for found in map(consent_code, [title, *lines]) if found), None)
    claims = () if code is None else (Claim(kind=BodyKind.HTML, code=code),)
    return Reading(kind=BodyKind.HTML, claims=claims, lines=tuple(lines[:200]), title=title)


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line for line in (part.strip() for part in text.splitlines()[:400]) if line)


def _lie(content_type: str | None, kind: BodyKind) -> Finding | None:
    """A Content-Type that does not fit the body: it is Amazon's front door, or something between, that answers so."""
    if not content_type or kind is BodyKind.EMPTY:
        return None
    claimed = content_type.lower()
    if "json" in claimed and kind in (BodyKind.HTML, BodyKind.XML, BodyKind.TEXT):
        return Finding(rule="content-type", text=f"The Content-Type says JSON, and the body is {kind.value}.")
    if "html" in claimed and kind not in (BodyKind.HTML, BodyKind.XML, BodyKind.TEXT):
        return Finding(rule="content-type", text="The Content-Type says HTML, and the body is JSON.")
    return None
