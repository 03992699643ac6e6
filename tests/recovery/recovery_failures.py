"""Failures to decide upon, made without the diagnosis engine: what is tested here begins where that ends."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Any

import msgspec

from recoup.catalogue.facts.operations import Operation
from recoup.catalogue.fault import Action, Fault, Kind, Recovery, Remedy, RetryClass, Source, Where, Who
from recoup.catalogue.loader import load_sources
from recoup.diagnosis.diagnosis import Diagnosis, Match
from recoup.exchange import Exchange, Headers, NoResponse, NoResponseKind, Request, Response
from recoup.recovery.decision import Decision
from recoup.recovery.history import EMPTY, Attempt, History
from recoup.recovery.policy import Policy
from recoup.recovery.situation import situate

READ = Operation(
    id="getShipment", api="external-fulfillment", version="2024-09-11", method="GET", path="/s", source="test"
)
WRITE = Operation(
    id="createPackages", api="external-fulfillment", version="2024-09-11", method="POST", path="/p", source="test"
)
REPEATABLE = msgspec.structs.replace(WRITE, id="batchInventory", repeatable=True)


@cache
def _catalogue() -> dict[str, Fault]:
    return {fault.id: fault for fault in load_sources()}


def documented(fault_id: str, *, variant: str | None = None, details: str = "text", **fields: object) -> Diagnosis:
    """The failure that shows the catalogue's entry of that id, recognised by its message."""
    fault = _catalogue()[fault_id]
    chosen = fault.variant(variant)
    assert variant is None or chosen is not None
    values: dict[str, object] = {
        "status": fault.status,
        "http_status": fault.status,
        "code": fault.code,
        "sc_code": fault.sc_code,
        "details": details,
        "faults": (Match(fault=fault, variant=chosen, score=0.99, basis="message"),),
    }
    return Diagnosis(**{**values, **fields})  # type: ignore[arg-type]


def of_class(retry: RetryClass, **fields: object) -> Diagnosis:
    """A failure with a made-up fault of that retry class."""
    fault = Fault(
        id="made-up",
        title="made up",
        kind=Kind.CAUSE,
        where=[Where.FRONT_DOOR],
        cause="made up",
        recovery=Recovery(retry=retry),
        remedy=Remedy(action=Action.FIX_VALUE, text="made up", steps=["made up"]),
        who=Who.DEVELOPER,
        source=Source(document="made up"),
    )
    values: dict[str, object] = {
        "status": 400,
        "http_status": 400,
        "details": "text",
        "faults": (Match(fault=fault, score=0.9, basis="code"),),
    }
    return Diagnosis(**{**values, **fields})  # type: ignore[arg-type]


def bare(status: int | None, **fields: object) -> Diagnosis:
    """A failure of which nothing but the status is known."""
    return Diagnosis(status=status, http_status=status, **fields)  # type: ignore[arg-type]


def unanswered(kind: NoResponseKind, *, sent: bool = True) -> Diagnosis:
    """A request without an answer."""
    return Diagnosis(no_response=NoResponse(kind=kind, sent=sent))


def exchange(status: int = 500, method: str = "GET", headers: dict[str, str] | None = None) -> Exchange:
    """An exchange with an answer of that status and an empty body."""
    return Exchange(
        request=Request(
            method=method,
            url="https://sellingpartnerapi-eu.amazon.com/x",
            headers=Headers({"x-amz-access-token": "Atza|old"}),
        ),
        response=Response(status=status, headers=Headers(headers or {})),
    )


NOW = datetime(2026, 11, 18, 7, 46, 40, tzinfo=UTC).timestamp()
POLICY = Policy.documented()


def after(attempts: int, *, renewed: bool = False, unknown: bool = False) -> History:
    history = EMPTY
    for number in range(1, attempts + 1):
        history = history.with_attempt(Attempt(number=number, sent_at=NOW, ended_at=NOW, unknown=unknown))
    return history.with_renewal() if renewed else history


def decided(
    diagnosis: Diagnosis, *, attempts: int = 1, renewed: bool = False, policy: Policy = POLICY, **situation: Any
) -> Decision:
    random = situation.pop("random", 1.0)
    judged = situate(diagnosis, situation.pop("exchange", None), now=situation.pop("now", NOW), **situation)
    history = after(attempts, renewed=renewed, unknown=judged.unknown)
    return policy.decide(diagnosis, history, judged, lambda: random).decision
