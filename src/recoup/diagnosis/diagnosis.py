"""The answer to "which fault is this": ranked matches with their evidence, as immutable values.

A `Diagnosis` holds what the other side sent as it was read, so that programs can act on it. Whatever leaves the process
goes through `Diagnosis.as_dict`, which masks every secret.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Literal

import msgspec

from recoup.catalogue.fault import BodyKind, Fault, Recovery, Remedy, Variant, Who
from recoup.exchange import Exchange, NoResponse
from recoup.redaction import redact_data, redact_text

__all__ = ["NOTHING_FAILED", "Basis", "Diagnosis", "Finding", "Item", "Match", "succeeded"]

Basis = Literal["message", "code", "status", "request", "context", "transport"]


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """One fault that fits, how well (0 to 1), and why.

    `basis` is the most specific thing that spoke for it: a message text, a code, the status alone, the request, or the
    transport. `check` is the next cheapest thing to look at where the exchange alone cannot decide; empty where it can.
    `against` is what was seen that speaks against it.
    """

    fault: Fault
    score: float
    basis: Basis
    variant: Variant | None = None
    evidence: tuple[str, ...] = ()
    check: str = ""
    against: tuple[str, ...] = ()

    @property
    def disproof(self) -> str:
        """What would disprove it: how its check would turn out; empty where none is known."""
        return self.fault.check.refutes if self.fault.check is not None else ""

    @property
    def id(self) -> str:
        """The id of the fault."""
        return self.fault.id

    @property
    def title(self) -> str:
        """The title of the variant where one is proved, else of the fault."""
        return self.variant.title if self.variant is not None else self.fault.title

    @property
    def cause(self) -> str:
        """The cause of the variant where one is proved, else of the fault."""
        return self.variant.cause if self.variant is not None else self.fault.cause

    @property
    def recovery(self) -> Recovery:
        """The recovery of the variant where one is proved, else of the fault."""
        return self.variant.recovery if self.variant is not None else self.fault.recovery

    @property
    def remedy(self) -> Remedy:
        """The remedy of the variant where one is proved, else of the fault."""
        return self.variant.remedy if self.variant is not None else self.fault.remedy

    @property
    def who(self) -> Who:
        """Who must act."""
        return self.variant.who if self.variant is not None else self.fault.who

    def as_dict(self) -> dict[str, Any]:
        """Plain data, secrets masked."""
        data: dict[str, Any] = {
            "id": self.fault.id,
            "score": round(self.score, 3),
            "basis": self.basis,
            "evidence": [redact_text(line) for line in self.evidence],
            "check": self.check,
            "against": [redact_text(line) for line in self.against],
            "disproof": self.disproof,
        }
        if self.variant is not None:
            data["variant"] = self.variant.name
        return data


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """Which part of a batch failed: what kind of part, its position (from 0), and its name where it has one."""

    kind: str
    index: int
    name: str = ""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """Something worth knowing that is no fault of its own: a body cut short, a Content-Type that is not true."""

    rule: str
    text: str


class Diagnosis(msgspec.Struct, frozen=True, kw_only=True):
    """What failed, and which faults of the catalogue fit it, the likeliest first.

    `status` is the failure's own (409 of one item), `http_status` the response's (207). `tied` names the faults that
    the exchange cannot tell apart, and is empty where the best one is clear. `others` are further failures of the same
    response. `retryable_field` is the wire's own `retryable`; `retryable` and `decision` are recoup's and stay None
    until `recoup.recovery` has judged.
    """

    failed: bool = True
    faults: tuple[Match, ...] = ()
    tied: tuple[str, ...] = ()
    status: int | None = None
    http_status: int | None = None
    code: str | None = None
    sc_code: str | None = None
    message: str | None = None
    details: str | None = None
    request_id: str | None = None
    parameters: dict[str, str] = {}
    retryable_field: bool | None = None
    body_kind: BodyKind | None = None
    method: str | None = None
    path: str | None = None
    operation: Any = None  # catalogue.facts.operations.Operation, where the path is known
    item: Item | None = None
    no_response: NoResponse | None = None
    findings: tuple[Finding, ...] = ()
    others: tuple[Diagnosis, ...] = ()
    exchange: Exchange | None = None
    decision: Mapping[str, Any] | None = None
    retryable: bool | None = None
    read_back: Mapping[str, Any] | None = None

    @property
    def ok(self) -> bool:
        """True where nothing failed."""
        return not self.failed

    @property
    def best(self) -> Match | None:
        """The likeliest match: also where it is tied, then it is the one with the highest prior."""
        return self.faults[0] if self.faults else None

    @property
    def id(self) -> str | None:
        """The id of the likeliest fault, or None."""
        return self.faults[0].fault.id if self.faults else None

    @property
    def look(self) -> str:
        """How to learn whether the request took effect, as a sentence with its secrets masked; empty where that is not
        in doubt, or no way is known.
        """
        if self.read_back is None:
            return ""
        query = "&".join(f"{name}={value}" for name, value in self.read_back.get("query", {}).items())
        asked = f"{self.read_back['method']} {self.read_back['path']}{'?' if query else ''}{query}"
        operation, after = self.read_back["operation"].rpartition("/")[2], self.read_back["after"]
        when = f", not before {after:g} s have passed" if after else ""
        return redact_text(f"{asked} ({operation}){when}. Look for {self.read_back['see']}.")

    @property
    def all(self) -> Iterator[Diagnosis]:
        """This failure and every further one of the same response."""
        yield self
        yield from self.others

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON, in a fixed order of keys. Every text in it has its secrets masked."""
        best = self.best
        data: dict[str, Any] = {
            "id": self.id,
            "tied": list(self.tied),
            "faults": [match.as_dict() for match in self.faults],
            "status": self.status,
            "http_status": self.http_status,
            "code": _masked(self.code),
            "sc_code": _masked(self.sc_code),
            "message": _masked(self.message),
            "details": _masked(self.details),
            "request_id": _masked(self.request_id),
            "retryable": self.retryable,
            "decision": None if self.decision is None else redact_data(dict(self.decision)),
            "remedy": self._remedy(),
            "parameters": {name: redact_text(value) for name, value in self.parameters.items()},
            "findings": [{"rule": finding.rule, "text": redact_text(finding.text)} for finding in self.findings],
            "others": [other.as_dict() for other in self.others],
            "same_as": list(best.fault.same_as) if best is not None else [],
        }
        if len(self.tied) > 1:
            from recoup.diagnosis.separating import next_check, wanting  # it knows this class

            check = next_check(self)
            data["next_check"] = None if check is None else check.as_dict()
            data["wanting"] = list(wanting(self))
        if self.item is not None:
            data["item"] = {"kind": self.item.kind, "index": self.item.index, "name": redact_text(self.item.name)}
        if self.read_back is not None:
            data["read_back"] = redact_data(dict(self.read_back))
        return data

    def _remedy(self) -> dict[str, Any] | None:
        best = self.best
        if best is None:
            return None
        remedy = best.remedy
        return {
            "action": str(remedy.action),
            "text": remedy.text,
            "steps": list(remedy.steps),
            "who": str(best.who),
        }

    def __repr__(self) -> str:
        if not self.failed:
            return f"Diagnosis(nothing failed, {self.http_status})"
        tied = f", tied with {', '.join(self.tied)}" if self.tied else ""
        return f"Diagnosis({self.id or 'no known fault'}, status={self.status}{tied})"


def _masked(text: str | None) -> str | None:
    return None if text is None else redact_text(text)


NOTHING_FAILED = Diagnosis(failed=False)
"""The diagnosis of anything in which nothing failed and nothing more is known."""


@lru_cache(maxsize=64)
def succeeded(status: int) -> Diagnosis:
    """The one shared diagnosis of a success with this HTTP status."""
    return Diagnosis(failed=False, status=status, http_status=status)
