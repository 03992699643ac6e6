"""Faults asked for by their id: by their cause where one can be set, else by a plan; gone when mended."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from wire import Answer, call, fetch_token, head, post_json

from recoup.catalogue.loader import catalogue
from recoup.sandbox import Sandbox, running

SHIPMENTS = "/externalFulfillment/2024-09-11/shipments"
CAUSES = [
    "403-expired-token",
    "403-account-suspended",
    "400-inactive-account",
    "403-missing-role",
    "429-rate-limit",
    "other-dev-account-pending",
    "other-500-internal",
    "other-503-unavailable",
    "sc-00001-service-unavailable",
    "sc-00005-forbidden",
]
LOGIN_CAUSES = [
    "lwa-invalid-grant",
    "lwa-server-error",
    "lwa-temporarily-unavailable",
    "lwa-rate-limited",
    "lwa-html-or-non-json",
]
SHIPMENT_CAUSES = [
    "sc-00000-internal-failure",
    "sc-00006-order-cancelled",
    "sc-10000-server-busy",
    "sc-30005-dispatch-after-date",
]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running(seed=1, epoch=1_800_000_000.0, clock="frozen") as running_sandbox:
        yield running_sandbox


def listing(sandbox: Sandbox, token: str) -> Answer:
    return call(sandbox.endpoint, head("GET", SHIPMENTS + "?status=ACCEPTED", token))


def why(sandbox: Sandbox, answer: Answer) -> dict[str, Any]:
    trail = sandbox.why(answer.header("x-amzn-requestid") or "")
    assert trail is not None
    return trail


@pytest.mark.parametrize("fault", CAUSES)
def test_the_next_call_meets_the_cause_and_none_when_it_is_mended(sandbox: Sandbox, fault: str) -> None:
    token = fetch_token(sandbox)
    assert sandbox.raise_fault(fault)["how"] == "cause"
    answer = listing(sandbox, token)
    wanted = catalogue()[fault].answer
    assert wanted is not None
    assert answer.status == wanted.status
    assert (why(sandbox, answer)["fault"], why(sandbox, answer)["fault_plan"]) == (fault, None)
    sandbox.mend_fault(fault)
    sandbox.clock.advance(2)
    assert listing(sandbox, fetch_token(sandbox)).status == 200


@pytest.mark.parametrize("fault", LOGIN_CAUSES)
def test_login_with_amazon_meets_its_causes(sandbox: Sandbox, fault: str) -> None:
    assert sandbox.raise_fault(fault)["how"] == "cause"
    with pytest.raises((KeyError, msgspec.DecodeError)):
        fetch_token(sandbox)
    assert sandbox.recent(1)[0]["fault"] == fault
    sandbox.mend_fault(fault)
    assert fetch_token(sandbox).startswith("Atza|")


@pytest.mark.parametrize("fault", SHIPMENT_CAUSES)
def test_with_a_shipments_id_its_record_is_the_cause(sandbox: Sandbox, fault: str) -> None:
    token = fetch_token(sandbox)
    shipment = sandbox.stage.add_shipment(location_id=sandbox.location_ids["MFN"])
    assert sandbox.raise_fault(fault, shipment_id=shipment)["how"] == "cause"
    target = f"{SHIPMENTS}/{shipment}"
    trails = []
    for path in ("?operation=CONFIRM", "/packages"):
        body = b"" if "?" in path else msgspec.json.encode({"packages": [package()]})
        lines = ("Content-Type: application/json", f"Content-Length: {len(body)}")
        trails.append(why(sandbox, call(sandbox.endpoint, head("POST", target + path, token, *lines) + body)))
    assert fault in {trail["fault"] for trail in trails}


def test_another_application_works_on_an_order_for_a_while(sandbox: Sandbox) -> None:
    """The cause of SC_10000 as one client meets it; over by itself, or at once when it is ended."""
    token = fetch_token(sandbox)
    shipment = sandbox.stage.add_shipment(location_id=sandbox.location_ids["MFN"])
    confirm = head("POST", f"{SHIPMENTS}/{shipment}?operation=CONFIRM", token, "Content-Length: 0")
    sandbox.stage.work_elsewhere(shipment, 5)
    busy = call(sandbox.endpoint, confirm)
    assert (busy.status, why(sandbox, busy)["fault"]) == (409, "sc-10000-server-busy")
    assert why(sandbox, busy)["before"] == {"shipment": "ACCEPTED", "busy": "a change by another application"}
    assert call(sandbox.endpoint, head("GET", f"{SHIPMENTS}/{shipment}", token)).status == 200, "reading goes on"
    sandbox.clock.advance(5)
    assert call(sandbox.endpoint, confirm).status == 204
    sandbox.stage.work_elsewhere(shipment, 1000)
    sandbox.stage.work_elsewhere(shipment, 0)
    assert why(sandbox, call(sandbox.endpoint, confirm))["fault"] == "sc-00004-duplicate-client-token"
    with pytest.raises(ValueError, match="0 seconds or more"):
        sandbox.stage.work_elsewhere(shipment, -1)


def package() -> dict[str, Any]:
    measure = {"value": "10.0", "dimensionUnit": "CM"}
    return {
        "id": "p1",
        "dimensions": {"length": measure, "width": measure, "height": measure},
        "weight": {"value": "200.0", "weightUnit": "G"},
        "hazmatLabels": [],
        "packageLineItems": [{"packageLineItemId": "1", "quantity": 1, "serialNumbers": []}],
    }


def test_any_other_is_planned_once_or_as_often_as_asked_and_says_so(sandbox: Sandbox) -> None:
    token = fetch_token(sandbox)
    told = sandbox.raise_fault("sc-10000-server-busy", times=2)
    assert told == {"fault": "sc-10000-server-busy", "how": "plan", "plan": "plan-1"}
    answers = [listing(sandbox, token) for _ in range(3)]
    assert [answer.status for answer in answers] == [409, 409, 200]
    assert why(sandbox, answers[0])["fault"] == "fault plan"


def test_a_planned_one_can_be_narrowed_and_ended(sandbox: Sandbox) -> None:
    token = fetch_token(sandbox)
    sandbox.raise_fault("sc-00001-service-unavailable", how="plan", method="POST")
    sandbox.raise_fault("404-wrong-path", path="/orders/*")
    assert listing(sandbox, token).status == 200
    sandbox.mend_fault("sc-00001-service-unavailable")
    sandbox.mend_fault("404-wrong-path")
    assert sandbox.plans.describe() == {}


def test_a_fault_of_login_is_planned_for_the_token_endpoint(sandbox: Sandbox) -> None:
    token = fetch_token(sandbox)
    sandbox.raise_fault("lwa-server-error", how="plan")
    assert listing(sandbox, token).status == 200
    with pytest.raises(KeyError):
        fetch_token(sandbox)


def test_every_fault_with_a_wire_answer_may_be_asked_for(sandbox: Sandbox) -> None:
    known = msgspec.json.decode(call(sandbox.endpoint, head("GET", "/_sandbox/faults")).body)
    assert set(known) == {fault.id for fault in catalogue().values() if fault.answer is not None}
    assert {fault for fault, how in known.items() if how == "cause"} >= {*CAUSES, *LOGIN_CAUSES}
    assert {fault for fault, how in known.items() if how == "cause, with shipment_id"} == set(SHIPMENT_CAUSES)
    for fault in known:
        assert sandbox.raise_fault(fault, how="plan")["how"] == "plan"
        sandbox.mend_fault(fault)


def test_a_reset_ends_what_was_asked_for(sandbox: Sandbox) -> None:
    sandbox.raise_fault("403-account-suspended")
    sandbox.raise_fault("sc-10000-server-busy")
    sandbox.reset()
    assert listing(sandbox, fetch_token(sandbox)).status == 200
    with pytest.raises(ValueError, match="was not asked for"):
        sandbox.mend_fault("403-account-suspended")


def test_it_is_asked_for_over_http(sandbox: Sandbox) -> None:
    token = fetch_token(sandbox)
    answer = post_json(sandbox.endpoint, "/_sandbox/faults", {"fault": "403-account-suspended"})
    assert msgspec.json.decode(answer.body) == {
        "fault": "403-account-suspended",
        "how": "cause",
        "stage": [{"do": "deactivate_account"}],
    }
    assert listing(sandbox, token).status == 403
    ended = call(sandbox.endpoint, head("DELETE", "/_sandbox/faults/403-account-suspended"))
    assert msgspec.json.decode(ended.body) == {"mended": "403-account-suspended"}
    assert listing(sandbox, token).status == 200


BAD: list[tuple[object, str]] = [
    ({}, "missing required field `fault`"),
    ({"fault": 7}, "Expected `str`"),
    ({"fault": "sc-77777"}, "no fault with a wire answer is called 'sc-77777'"),
    ({"fault": "sc-10000-server-busy", "how": "magic"}, "cause, plan, or left out"),
    ({"fault": "sc-10000-server-busy", "how": "cause"}, "has no cause that could be set"),
    ({"fault": "sc-00006-order-cancelled", "how": "cause"}, "it needs shipment_id"),
    ({"fault": "sc-00006-order-cancelled", "shipment_id": "x"}, "there is no shipment 'x'"),
    ({"fault": "sc-10000-server-busy", "times": 0}, "at least 1"),
    ({"fault": "sc-10000-server-busy", "times": "often"}, "Expected `int`"),
    ({"fault": "sc-10000-server-busy", "path": "shipments"}, "begins with neither"),
    ({"fault": "sc-10000-server-busy", "method": "get"}, "as it travels"),
    ({"fault": "sc-10000-server-busy", "parameter": {}}, "unknown field `parameter`"),
]


@pytest.mark.parametrize(("body", "complaint"), BAD)
def test_what_cannot_be_asked_for_gets_a_clear_answer_and_changes_nothing(
    sandbox: Sandbox, body: object, complaint: str
) -> None:
    token, before = fetch_token(sandbox), sandbox.snapshot()
    answer = post_json(sandbox.endpoint, "/_sandbox/faults", body)
    assert answer.status == 400
    assert complaint in msgspec.json.decode(answer.body)["error"]
    assert (sandbox.plans.describe(), listing(sandbox, token).status) == ({}, 200)
    assert sandbox.snapshot()["entries"] == [*before["entries"]][: len(before["entries"])]


def test_python_says_the_same(sandbox: Sandbox) -> None:
    with pytest.raises(ValueError, match="a fault is not asked for like that"):
        sandbox.raise_fault("sc-10000-server-busy", loudly=True)
