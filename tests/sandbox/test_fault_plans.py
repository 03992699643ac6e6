"""Fault plans over real sockets: what each does to the wire and to the world, and which calls it meets."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from wire import Answer, Wire, call, fetch_token, head

from recoup.catalogue.loader import catalogue
from recoup.sandbox import Sandbox, running
from recoup.sandbox.answers import Answers
from recoup.sandbox.plans import Fault, Plan, Plans

SHIPMENTS = "/externalFulfillment/2024-09-11/shipments"
LISTING = SHIPMENTS + "?status=ACCEPTED"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running(seed=1, epoch=1_800_000_000.0, clock="frozen") as running_sandbox:
        yield running_sandbox


def listing(sandbox: Sandbox, token: str) -> Answer:
    return call(sandbox.endpoint, head("GET", LISTING, token))


def shipment(sandbox: Sandbox) -> str:
    return str(sandbox.stage.add_shipment(location_id=sandbox.location_ids["MFN"]))


def confirm(sandbox: Sandbox, token: str, shipment_id: str) -> Answer:
    target = f"{SHIPMENTS}/{shipment_id}?operation=CONFIRM"
    return call(sandbox.endpoint, head("POST", target, token, "Content-Length: 0"))


def state(sandbox: Sandbox, token: str, shipment_id: str) -> str:
    answer = call(sandbox.endpoint, head("GET", f"{SHIPMENTS}/{shipment_id}", token))
    return str(msgspec.json.decode(answer.body)["status"])


def why(sandbox: Sandbox, answer: Answer) -> dict[str, Any]:
    trail = sandbox.why(answer.header("x-amzn-requestid") or "")
    assert trail is not None
    return trail


# --- what each effect does


def test_a_script_happens_in_its_order_and_then_is_over(sandbox: Sandbox) -> None:
    token = fetch_token(sandbox)
    sandbox.plans.add(
        {"script": [{"do": "status", "status": 500}, {"do": "pass"}, {"do": "status", "status": 503, "body": "shut"}]}
    )
    answers = [listing(sandbox, token) for _ in range(5)]
    assert [answer.status for answer in answers] == [500, 200, 503, 200, 200]
    assert (answers[0].body, answers[2].body) == (b"", b"shut")
    assert why(sandbox, answers[0])["fault"] == "fault plan"
    assert why(sandbox, answers[2])["fault_plan"] == "fault plan plan-1: status"
    assert why(sandbox, answers[1])["fault_plan"] is None
    assert sandbox.plans.describe()["plan-1"]["hit"] == 2


def test_a_status_carries_its_body_and_fields(sandbox: Sandbox) -> None:
    token = fetch_token(sandbox)
    effect = {"do": "status", "status": 418, "body": {"errors": []}, "headers": {"Retry-After": "7"}}
    sandbox.plans.add({"script": [effect]})
    answer = listing(sandbox, token)
    assert (answer.status, answer.body) == (418, b'{"errors":[]}')
    assert (answer.header("content-type"), answer.header("retry-after")) == ("application/json", "7")


def test_a_fault_gives_the_catalogues_answer_with_what_the_call_says(sandbox: Sandbox) -> None:
    token, shipment_id = fetch_token(sandbox), shipment(sandbox)
    sandbox.plans.add({"script": [{"do": "fault", "fault": "sc-00005-max-retries", "parameters": {"seconds": "60"}}]})
    answer = confirm(sandbox, token, shipment_id)
    error = msgspec.json.decode(answer.body)["errors"][0]
    assert (answer.status, error["code"]) == (400, "InvalidInput")
    assert shipment_id in error["message"]
    assert "'60'" in error["message"]
    assert state(sandbox, token, shipment_id) == "ACCEPTED"


def test_a_reset_before_has_no_effect_and_one_after_has_it(sandbox: Sandbox) -> None:
    token = fetch_token(sandbox)
    for when, wanted in (("before", "ACCEPTED"), ("after", "CONFIRMED")):
        shipment_id = shipment(sandbox)
        sandbox.plans.add({"method": "POST", "script": [{"do": "reset", "when": when}]})
        with pytest.raises(ConnectionResetError):
            confirm(sandbox, token, shipment_id)
        assert state(sandbox, token, shipment_id) == wanted, when


def test_a_truncated_body_announces_more_than_arrives(sandbox: Sandbox) -> None:
    token = fetch_token(sandbox)
    whole = listing(sandbox, token)
    sandbox.plans.add({"script": [{"do": "truncate", "keep": 5}]})
    data = b""
    with socket.create_connection(("127.0.0.1", int(sandbox.endpoint.rpartition(":")[2])), timeout=10) as connection:
        connection.sendall(head("GET", LISTING, token))
        while more := connection.recv(65536):
            data += more
    top, _, body = data.partition(b"\r\n\r\n")
    assert f"Content-Length: {len(whole.body)}".encode() in top
    assert body == whole.body[:5]


def test_a_hanging_call_gets_nothing_and_does_nothing(sandbox: Sandbox) -> None:
    token, shipment_id = fetch_token(sandbox), shipment(sandbox)
    sandbox.plans.add({"method": "POST", "script": [{"do": "hang"}]})
    with Wire(sandbox.endpoint) as wire:
        wire.send(head("POST", f"{SHIPMENTS}/{shipment_id}?operation=CONFIRM", token, "Content-Length: 0"))
        assert wire.quiet()
    assert state(sandbox, token, shipment_id) == "ACCEPTED"


def test_a_hanging_call_is_over_when_its_client_leaves(sandbox: Sandbox) -> None:
    token = fetch_token(sandbox)
    sandbox.plans.add({"script": [{"do": "hang"}], "repeat": True})
    for _ in range(3):
        with Wire(sandbox.endpoint) as wire:
            wire.send(head("GET", LISTING, token))
            assert wire.quiet()
    with Wire(sandbox.endpoint) as wire:
        wire.send(head("GET", LISTING, token))
        wire.finish()
        with pytest.raises((ConnectionResetError, AssertionError)):
            wire.receive()
    call(sandbox.endpoint, head("GET", "/_sandbox/clock"))  # the loop has had its turn
    assert all(task.done() for task in list(sandbox._site.tasks))


def test_a_hanging_call_is_reset_when_its_time_is_over(sandbox: Sandbox) -> None:
    token = fetch_token(sandbox)
    sandbox.plans.add({"script": [{"do": "hang", "seconds": 0.05}]})
    with pytest.raises(ConnectionResetError):
        listing(sandbox, token)


def test_a_late_call_goes_through(sandbox: Sandbox) -> None:
    token = fetch_token(sandbox)
    sandbox.plans.add({"script": [{"do": "latency", "seconds": 0.2}]})
    answer = listing(sandbox, token)
    assert answer.status == 200
    assert why(sandbox, answer)["fault_plan"] == "fault plan plan-1: latency"


def test_an_operation_in_flight_is_waited_for(sandbox: Sandbox) -> None:
    token, shipment_id = fetch_token(sandbox), shipment(sandbox)
    sandbox.stage.take_time("processShipment", 5.0)
    sandbox.plans.add({"method": "POST", "script": [{"do": "reset", "when": "after"}]})
    with Wire(sandbox.endpoint) as wire:
        wire.send(head("POST", f"{SHIPMENTS}/{shipment_id}?operation=CONFIRM", token, "Content-Length: 0"))
        assert sandbox.clock.wait_for_sleepers(timeout=10)
        sandbox.clock.advance(5.0)
        with pytest.raises(ConnectionResetError):
            wire.receive()
    assert state(sandbox, token, shipment_id) == "CONFIRMED"


def test_requests_behind_a_delayed_one_keep_their_order(sandbox: Sandbox) -> None:
    token = fetch_token(sandbox)
    sandbox.plans.add({"script": [{"do": "latency", "seconds": 0.05}, {"do": "status", "status": 503}]})
    with Wire(sandbox.endpoint) as wire:
        wire.send(head("GET", LISTING, token) * 3)
        assert [wire.receive().status for _ in range(3)] == [200, 503, 200]


# --- which calls it meets


@pytest.mark.parametrize(
    ("plan", "statuses"),
    [
        ({}, [418, 200, 200]),
        ({"nth": 2}, [200, 418, 200]),
        ({"repeat": True}, [418, 418, 418]),
        ({"method": "GET"}, [418, 200, 200]),
        ({"method": "POST"}, [200, 200, 200]),
        ({"path": SHIPMENTS}, [418, 200, 200]),
        ({"path": "*/shipments"}, [418, 200, 200]),
        ({"path": "/externalFulfillment/*"}, [418, 200, 200]),
        ({"path": "/orders/*"}, [200, 200, 200]),
        ({"region": "NA"}, [418, 200, 200]),
        ({"region": "EU"}, [200, 200, 200]),
        ({"chance": 1}, [418, 418, 418]),
        ({"chance": 0}, [200, 200, 200]),
        ({"chance": 1, "nth": 3}, [200, 200, 418]),
    ],
)
def test_a_plan_meets_only_the_calls_that_it_names(sandbox: Sandbox, plan: dict[str, Any], statuses: list[int]) -> None:
    token = fetch_token(sandbox)
    sandbox.plans.add({"script": [{"do": "status", "status": 418}], **plan})
    assert [listing(sandbox, token).status for _ in statuses] == statuses


def test_the_token_endpoint_is_met_only_where_it_is_named(sandbox: Sandbox) -> None:
    sandbox.plans.add({"script": [{"do": "status", "status": 418}], "repeat": True})
    assert fetch_token(sandbox).startswith("Atza|")
    sandbox.plans.add({"path": "/auth/o2/token", "script": [{"do": "fault", "fault": "lwa-server-error"}]})
    with pytest.raises(KeyError):
        fetch_token(sandbox)
    assert fetch_token(sandbox).startswith("Atza|")


def test_the_control_room_is_never_meddled_with(sandbox: Sandbox) -> None:
    sandbox.plans.add({"path": "/*", "script": [{"do": "status", "status": 418}], "repeat": True})
    assert call(sandbox.endpoint, head("GET", "/_sandbox/clock")).status == 200
    assert call(sandbox.endpoint, head("GET", "http://127.0.0.1/_sandbox/clock")).status == 200
    assert call(sandbox.endpoint, head("GET", f"http://127.0.0.1{SHIPMENTS}")).status == 418
    sandbox.plans.remove()
    assert sandbox.plans.describe() == {}


def test_chance_is_the_same_for_the_same_seed() -> None:
    def struck(seed: int) -> list[bool]:
        plans = Plans(Answers())
        script = [{"do": "status", "status": 500}, {"do": "reset"}]
        plans.add({"script": script, "chance": 0.3, "seed": seed})
        return [plans.meet("GET", LISTING, "NA") is not None for _ in range(300)]

    assert struck(1) == struck(1) != struck(2)
    assert 60 < sum(struck(1)) < 120, "about 90 of 300"


def test_the_oldest_plan_that_does_anything_has_its_way() -> None:
    plans = Plans(Answers())
    plans.add({"nth": 2, "script": [{"do": "status", "status": 501}]})
    plans.add({"script": [{"do": "status", "status": 502}], "repeat": True})
    met = [plans.meet("GET", LISTING, "NA") for _ in range(3)]
    assert [one.plan for one in met if one is not None] == ["plan-2", "plan-1", "plan-2"]


def test_plans_that_are_over_make_room_and_those_that_go_on_do_not() -> None:
    plans = Plans(Answers())
    for _ in range(300):
        plans.add({"script": [{"do": "status", "status": 500}]})
        assert plans.meet("GET", LISTING, "NA") is not None
    assert len(plans.describe()) <= 100
    for_ever = {"script": [{"do": "status", "status": 500}], "repeat": True}
    for _ in range(50):
        plans.add(for_ever)
    while len(plans.describe()) < 100:
        plans.add(for_ever)
    with pytest.raises(ValueError, match="that go on already"):
        plans.add(for_ever)


@pytest.mark.parametrize("fault", [fault.id for fault in catalogue().values() if fault.answer is not None])
def test_every_wire_answer_can_be_planned(fault: str) -> None:
    plans = Plans(Answers())
    effect = Fault(fault=fault)
    plans.add(Plan(script=[effect]))
    answer = plans.answer(effect, LISTING, 1_800_000_000.0, "id")
    wanted = catalogue()[fault].answer
    assert wanted is not None
    assert answer.status == wanted.status
    if wanted.content_type == "application/json" and wanted.body:
        json.loads(answer.body)


# --- what is no plan

BAD: list[tuple[object, str]] = [
    ({}, "missing required field `script`"),
    ({"script": []}, "say what happens"),
    ({"script": "status"}, "Expected `array`"),
    ({"script": [{"status": 500}]}, "missing required field `do`"),
    ({"script": [{"do": "explode"}]}, "Invalid value 'explode'"),
    ({"script": [{"do": "status"}]}, "missing required field `status`"),
    ({"script": [{"do": "status", "status": 99}]}, "from 200 to 599"),
    ({"script": [{"do": "status", "status": 100}]}, "from 200 to 599"),
    ({"script": [{"do": "status", "status": 500, "headers": {"a b": "c"}}]}, "not a header field"),
    ({"script": [{"do": "status", "status": 500, "headers": {"a": "b\r\nc: d"}}]}, "not a header field"),
    ({"script": [{"do": "status", "status": 500, "headers": {"a": "5 \u20ac"}}]}, "not a header field"),
    ({"script": [{"do": "status", "status": 500, "headers": {"Content-Length": "5"}}]}, "follows from the body"),
    ({"script": [{"do": "status", "status": 500, "headers": {"transfer-encoding": "chunked"}}]}, "follows from the b"),
    ({"script": [{"do": "status", "status": 500, "colour": "red"}]}, "unknown field `colour`"),
    ({"script": [{"do": "fault", "fault": "sc-77777"}]}, "no wire answer for 'sc-77777'"),
    ({"script": [{"do": "latency", "seconds": -1}]}, "from 0 to 600"),
    ({"script": [{"do": "latency", "seconds": 1e9}]}, "from 0 to 600"),
    ({"script": [{"do": "reset", "when": "during"}]}, "Invalid enum value 'during'"),
    ({"script": [{"do": "truncate", "keep": -1}]}, "at least 0"),
    ({"script": [{"do": "pass"}], "nth": 0}, "counted from 1"),
    ({"script": [{"do": "pass"}], "chance": 1.5}, "from 0 to 1"),
    ({"script": [{"do": "pass"}], "chance": 0.5, "repeat": True}, "no order to repeat"),
    ({"script": [{"do": "pass"}], "method": "get"}, "as it travels"),
    ({"script": [{"do": "pass"}], "path": "orders"}, "begins with neither"),
    ({"script": [{"do": "pass"}], "region": "MARS"}, "Invalid enum value 'MARS'"),
    ({"script": [{"do": "pass"}], "until": 7}, "unknown field `until`"),
]


@pytest.mark.parametrize(("plan", "complaint"), BAD)
def test_what_is_no_plan_gets_a_clear_answer_and_changes_nothing(plan: Any, complaint: str) -> None:
    plans = Plans(Answers())
    with pytest.raises(ValueError) as caught:
        plans.add(plan)
    assert complaint in str(caught.value)
    assert plans.describe() == {}
    with pytest.raises(ValueError, match="no fault plan is called 'plan-1'"):
        plans.remove("plan-1")
