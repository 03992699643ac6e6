"""The public facade: what is pasted or answered goes in, the diagnosis comes out with what to do now."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recoup.diagnosis.context import Context
from recoup.exchange import Exchange, Headers, NoResponse, NoResponseKind, Request, Response
from recoup.recovery.advice import diagnose, diagnose_all
from recoup.recovery.call import Call, Finish, Sleep
from recoup.recovery.policy import Policy

SHIPMENTS = "https://sellingpartnerapi-eu.amazon.com/externalFulfillment/2024-09-11/shipments"


def answered(
    method: str,
    path: str,
    status: int,
    errors: list[dict[str, str]] | None,
    *,
    headers: dict[str, str] | None = None,
    at: datetime | None = None,
) -> Exchange:
    body = b"" if errors is None else json.dumps({"errors": errors}).encode()
    return Exchange(
        request=Request(method=method, url=SHIPMENTS + path),
        response=Response(status=status, headers=Headers(headers or {}), body=body),
        at=at,
    )


def error(code: str, message: str, details: str = "") -> dict[str, str]:
    return {"code": code, "message": message, "details": details}


UNAVAILABLE = error("ServiceUnavailable", "Temporary failure occurred, retry operation", "SC_00001")
BUSY = error("ServerBusy", "Requested operation will be ignored as workflow is already processing other request(s)")
DATE = error(
    "StateConflict", "Dispatch-after-date '2026-11-18T09:00:00Z' of the order is greater than the current time"
)
LOCKED = error(
    "InvalidInput",
    "Maximum number of retry reached for order '1' or on a operation of order, Please try after '3600' seconds.",
)
FRONT_DOOR = error("InternalFailure", "We encountered an internal error. Please try again.")
AT = datetime(2026, 11, 18, 8, 0, tzinfo=UTC)

ANSWERS: list[tuple[str, Exchange, str, dict[str, Any], bool | None]] = [
    ("refused undone, a write", answered("POST", "/S1", 503, [UNAVAILABLE]), "retry", {"after": 1.0}, True),
    ("busy", answered("POST", "/S1", 409, [BUSY]), "retry", {"after": 1.0}, True),
    ("front door's 500 on a read", answered("GET", "/S1", 500, [FRONT_DOOR]), "retry", {"after": 1.0}, True),
    (
        "front door's 500 on a write",
        answered("POST", "/S1/packages", 500, [FRONT_DOOR]),
        "resync",
        {"target": "effect"},
        None,
    ),
    ("an empty 503 on a write", answered("POST", "/S1/packages", 503, None), "resync", {"target": "effect"}, None),
    (
        "a lost answer to a write",
        Exchange(
            request=Request(method="POST", url=SHIPMENTS + "/S1/packages"),
            no_response=NoResponse(kind=NoResponseKind.TIMEOUT),
        ),
        "resync",
        {"target": "effect"},
        None,
    ),
    (
        "a lost answer to an inventory update, which carries its sequence number",
        Exchange(
            request=Request(
                method="POST",
                url="https://sellingpartnerapi-eu.amazon.com/externalFulfillment/inventory/2024-09-11/inventories",
                body=b'{"requests":[{"method":"POST","uri":"/inventory/update?locationId=L&skuId=S",'
                b'"body":{"quantity":5,"clientSequenceNumber":7}}]}',
            ),
            no_response=NoResponse(kind=NoResponseKind.TIMEOUT),
        ),
        "retry",
        {"after": 1.0},
        True,
    ),
    (
        "a lost answer to an inventory update of which nobody knows whether it carried one",
        Exchange(
            request=Request(
                method="POST",
                url="https://sellingpartnerapi-eu.amazon.com/externalFulfillment/inventory/2024-09-11/inventories",
            ),
            no_response=NoResponse(kind=NoResponseKind.TIMEOUT),
        ),
        "resync",
        {"after": 5.0, "target": "effect"},
        None,
    ),
    (
        "never left",
        Exchange(
            request=Request(method="POST", url=SHIPMENTS + "/S1"),
            no_response=NoResponse(kind=NoResponseKind.CONNECT, sent=False),
        ),
        "retry",
        {"after": 1.0},
        True,
    ),
    (
        "a date, and when it was asked",
        answered("PUT", "/S1/shipLabels", 400, [DATE], at=AT),
        "wait",
        {"after": 3600.0},
        True,
    ),
    (
        "a date, and the answer's own",
        answered("PUT", "/S1/shipLabels", 400, [DATE], headers={"Date": "Wed, 18 Nov 2026 08:30:00 GMT"}),
        "wait",
        {"after": 1800.0},
        True,
    ),
    (
        "locked out",
        answered("PUT", "/S1/shipLabels", 400, [LOCKED]),
        "wait",
        {"after": 3600.0, "subject": "order-operation"},
        True,
    ),
    (
        "a success",
        Exchange(request=Request(method="GET", url=SHIPMENTS), response=Response(status=200, body=b"{}")),
        "done",
        {},
        None,
    ),
]


@pytest.mark.parametrize(
    ("exchange", "action", "fields", "again"), [row[1:] for row in ANSWERS], ids=[row[0] for row in ANSWERS]
)
def test_what_to_do_now(exchange: Exchange, action: str, fields: dict[str, Any], again: bool | None) -> None:
    data = diagnose(exchange).as_dict()
    assert data["decision"]["action"] == action
    assert {name: data["decision"][name] for name in fields} == fields
    assert data["retryable"] is again
    assert json.loads(json.dumps(data)) == data


def test_now_can_be_given() -> None:
    exchange = answered("PUT", "/S1/shipLabels", 400, [DATE], at=AT)
    data = diagnose(exchange, now=AT.timestamp() + 600).as_dict()
    assert data["decision"]["after"] == 3000.0


def test_pasted_text_is_judged_too_and_always_alike() -> None:
    text = f"we get HTTP 409\n{json.dumps({'errors': [BUSY]})}"
    first, second = diagnose(text).as_dict(), diagnose(text.encode()).as_dict()
    assert first == second
    assert first["decision"] == {"action": "retry", "after": 1.0}


def test_every_failure_of_one_response_has_its_own_decision() -> None:
    exchange = answered("POST", "/S1", 400, [error("InvalidInput", "Invalid input 'x' for parameter 'y'"), BUSY])
    diagnosis = diagnose(exchange)
    assert len(list(diagnosis.all)) == 2
    assert all(failure.decision is not None for failure in diagnosis.all)


def test_another_policy_gives_another_decision() -> None:
    poison = answered(
        "GET", "/S1", 500, [error("InternalFailure", "Internal failure occurred, contact Amazon support")]
    )
    for policy, action in ((Policy(), "give_up"), (Policy(probe_internal_failure_once=True), "retry")):
        decision = diagnose(poison, policy=policy).decision
        assert decision is not None
        assert decision["action"] == action


def test_many_are_judged_one_at_a_time() -> None:
    drawn: list[int] = []

    def exchanges() -> Iterator[Exchange]:
        for number in range(3):
            drawn.append(number)
            yield answered("GET", "/S1", 503, [UNAVAILABLE])

    results = diagnose_all(exchanges())
    assert next(results).decision is not None
    assert drawn == [0]
    assert len(list(results)) == 2


@given(st.one_of(st.text(max_size=200), st.binary(max_size=200)))
def test_anything_pasted_has_a_decision(x: str | bytes) -> None:
    data = diagnose(x).as_dict()
    assert data["decision"]["action"] in {"retry", "renew_token", "wait", "resync", "done", "give_up"}
    json.dumps(data)


def test_a_call_judges_every_failure_of_its_last_answer() -> None:
    call = Call(random=lambda: 1.0, method="POST")
    call.begin(0.0)
    end = call.answered(
        answered("POST", "/S1", 400, [error("InvalidInput", "Invalid input 'x' for parameter 'y'"), DATE]), 1.0
    )
    assert isinstance(end, Finish)
    assert end.diagnosis is not None
    assert len(end.diagnosis.others) == 1
    assert all(failure.decision is not None for failure in end.diagnosis.all)


def test_a_call_recognises_what_its_driver_did_not() -> None:
    call = Call(random=lambda: 1.0, method="POST")
    call.begin(0.0)
    assert call.answered(answered("POST", "/S1", 503, [UNAVAILABLE]), 1.0) == Sleep(1.0)
    call.rested(2.0)
    end = call.answered(Exchange(response=Response(status=204)), 3.0)
    assert isinstance(end, Finish)
    assert end.diagnosis is not None
    assert end.diagnosis.ok


NOT_FOUND = b'{"errors":[{"code":"NotFound","message":"The requested resource doesn\'t exist."}]}'
DENIED = b'{"errors":[{"code":"Unauthorized","message":"Access to requested resource is denied.","details":""}]}'


def test_of_a_tie_whose_rivals_differ_nobody_says_whether_it_can_work_again() -> None:
    url = "https://sellingpartnerapi-eu.amazon.com/fba/inbound/v1/eligibility/itemPreview?asin=B0&program=INBOUND"
    tied = diagnose(Exchange(request=Request(method="GET", url=url), response=Response(status=404, body=NOT_FOUND)))
    assert "404-premature-poll" in tied.tied  # this one heals by itself, the others never do
    assert tied.retryable is None


def test_of_a_tie_whose_rivals_agree_all_say_the_same() -> None:
    tied = diagnose(Exchange(request=Request(method="GET", url=SHIPMENTS), response=Response(status=403, body=DENIED)))
    assert len(tied.tied) > 3
    assert tied.retryable is False


def test_what_the_other_calls_of_the_trace_did_is_heard() -> None:
    """Nothing of this seller works any more, and others' calls do: not the path."""
    around = Context()
    for minute in range(4):
        around.add("S1", "orders/v0/getOrders", 403, at=60.0 * minute)
        around.add("S2", "orders/v0/getOrders", 200, at=60.0 * minute)
    answer = answered("GET", "", 403, [error("Unauthorized", "Access to requested resource is denied.")]).response
    asked = Request(method="GET", url="https://sellingpartnerapi-eu.amazon.com/orders/v0/orders")
    denied = Exchange(request=asked, response=answer)
    alone = diagnose(denied)
    told = diagnose(denied, context=around, seller="S1")
    said = "all 4 calls of this seller were denied"
    assert not any(said in line for match in alone.faults for line in match.evidence)
    assert any(said in line for match in told.faults for line in match.evidence)
    assert told.decision is not None
