"""Snapshots: a world is put back as it was, and goes on as it would have; one that does not fit changes nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import msgspec
import pytest
from wire import Answer, Wire, call, fetch_token, head, post_json

from recoup.sandbox import Sandbox, SandboxSettings, running

EPOCH = 1_800_000_000.0
SHIPMENTS = "/externalFulfillment/2024-09-11/shipments"
PACKAGE = {
    "id": "p1",
    "dimensions": {side: {"value": "10.0", "dimensionUnit": "CM"} for side in ("length", "width", "height")},
    "weight": {"value": "200.0", "weightUnit": "G"},
    "hazmatLabels": [],
    "packageLineItems": [{"packageLineItemId": "1", "quantity": 1, "serialNumbers": []}],
}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running(seed=1, epoch=EPOCH, clock="frozen") as running_sandbox:
        yield running_sandbox


def ask(sandbox: Sandbox, method: str, target: str, token: str, body: object = None) -> Answer:
    data = b"" if body is None else msgspec.json.encode(body)
    lines = [] if method == "GET" else [f"Content-Length: {len(data)}"]
    if data:
        lines.append("Content-Type: application/json")
    return call(sandbox.endpoint, head(method, target, token, *lines) + data)


def work(sandbox: Sandbox, token: str) -> str:
    """A whole order, from the confirmation to its label; gives the shipment's id."""
    shipment = str(sandbox.stage.add_shipment(location_id=sandbox.location_ids["MFN"]))
    path = f"{SHIPMENTS}/{shipment}"
    assert ask(sandbox, "POST", f"{path}?operation=CONFIRM", token).status == 204
    assert ask(sandbox, "POST", f"{path}/packages", token, {"packages": [PACKAGE]}).status == 204
    offered = ask(sandbox, "GET", f"{path}/shippingOptions?packageId=p1", token)
    option = msgspec.json.decode(offered.body)["shippingOptions"][0]["shippingOptionId"]
    sandbox.clock.advance(1)
    label = f"{path}/shipLabels?operation=GENERATE&shippingOptionId={quote(option, safe='')}"
    assert ask(sandbox, "PUT", label, token).status == 200
    return shipment


def seen(sandbox: Sandbox, token: str) -> list[Any]:
    """What a client sees of the world."""
    states = ("ACCEPTED", "CONFIRMED", "SHIPLABEL_GENERATED", "CANCELLED")
    found = [ask(sandbox, "GET", f"{SHIPMENTS}?status={state}", token) for state in states]
    return [*(msgspec.json.decode(answer.body) for answer in found), sandbox.as_dict(), sandbox.clock.now()]


def test_a_snapshot_is_put_back_and_goes_on_as_it_would_have(sandbox: Sandbox) -> None:
    token = fetch_token(sandbox)
    work(sandbox, token)
    before = seen(sandbox, token)
    snapshot = json.loads(json.dumps(sandbox.snapshot()))

    def go_on() -> list[Any]:
        sandbox.clock.advance(100)
        other = work(sandbox, token)
        sandbox.stage.rotate_secret()
        sandbox.stage.cancel_by_marketplace(sandbox.stage.add_shipment(location_id=sandbox.location_ids["MFN"]))
        return [other, fetch_token(sandbox), *seen(sandbox, token)]

    first = go_on()
    sandbox.restore(snapshot)
    assert seen(sandbox, token) == before
    sandbox.restore(snapshot)
    assert go_on() == first, "the same calls give the same ids and secrets again"


def test_even_the_request_ids_go_on(sandbox: Sandbox) -> None:
    token = fetch_token(sandbox)
    snapshot = sandbox.snapshot()
    lines = ask(sandbox, "GET", SHIPMENTS + "?status=ACCEPTED", token).lines
    sandbox.restore(snapshot)
    assert ask(sandbox, "GET", SHIPMENTS + "?status=ACCEPTED", token).lines == lines


def test_what_a_request_was_answered_for_is_still_known(sandbox: Sandbox) -> None:
    token = fetch_token(sandbox)
    shipment = sandbox.stage.add_shipment(location_id=sandbox.location_ids["MFN"])
    answer = ask(sandbox, "POST", f"{SHIPMENTS}/{shipment}/packages", token, {"packages": [PACKAGE]})
    request_id = answer.header("x-amzn-requestid") or ""
    why = sandbox.why(request_id)
    assert why is not None
    assert (why["fault"], why["before"]) == ("sc-10001-operation-not-permitted", {"shipment": "ACCEPTED"})
    assert why["rule"] == "fulfillment.checks.move"
    sandbox.restore(sandbox.snapshot())
    assert sandbox.why(request_id) == why


def test_failed_attempts_count_after_a_restore(sandbox: Sandbox) -> None:
    """A refusal may change the world too: five failed attempts lock the operation on this order."""
    token = fetch_token(sandbox)
    shipment = sandbox.stage.add_shipment(location_id=sandbox.location_ids["MFN"])
    target, wrong = f"{SHIPMENTS}/{shipment}/packages", {"packages": [{**PACKAGE, "weight": None}]}
    for _ in range(5):
        assert ask(sandbox, "POST", target, token, wrong).status == 400
    sandbox.restore(sandbox.snapshot())
    locked = ask(sandbox, "POST", target, token, {"packages": [PACKAGE]})
    why = sandbox.why(locked.header("x-amzn-requestid") or "")
    assert why is not None
    assert why["fault"] == "sc-00005-max-retries"


def test_what_is_in_flight_is_in_flight_again(sandbox: Sandbox) -> None:
    token = fetch_token(sandbox)
    shipment = sandbox.stage.add_shipment(location_id=sandbox.location_ids["MFN"])
    sandbox.stage.take_time("processShipment", 5)
    target = f"{SHIPMENTS}/{shipment}"
    with Wire(sandbox.endpoint) as wire:
        wire.send(head("POST", f"{target}?operation=CONFIRM", token, "Content-Length: 0"))
        assert sandbox.clock.wait_for_sleepers(timeout=10)
        snapshot = sandbox.snapshot()
        sandbox.clock.advance(5)
        assert wire.receive().status == 204
    sandbox.restore(snapshot)
    busy = ask(sandbox, "POST", f"{target}/packages", token, {"packages": [PACKAGE]})
    assert busy.status == 409
    sandbox.clock.advance(5)
    assert msgspec.json.decode(ask(sandbox, "GET", target, token).body)["status"] == "CONFIRMED"


def test_time_goes_on_from_the_snapshot_in_its_mode(sandbox: Sandbox) -> None:
    frozen = sandbox.snapshot()
    sandbox.clock.resume()
    sandbox.clock.advance(1000)
    running_on = sandbox.snapshot()
    sandbox.restore(frozen)
    assert (sandbox.clock.now(), sandbox.clock.mode) == (EPOCH, "frozen")
    sandbox.restore(running_on)
    assert sandbox.clock.mode == "advanced"
    assert sandbox.clock.now() >= EPOCH + 1000


def test_a_snapshot_of_another_seed_brings_its_credentials(sandbox: Sandbox) -> None:
    with running(seed=2, epoch=EPOCH + 5, clock="frozen") as other:
        token = fetch_token(other)
        shipment = work(other, token)
        snapshot, credentials = other.snapshot(), other.as_dict()
    sandbox.restore(snapshot)
    assert sandbox.refresh_token == credentials["refresh_token"]
    assert ask(sandbox, "GET", f"{SHIPMENTS}/{shipment}", token).status == 200
    sandbox.reset()
    assert sandbox.refresh_token == credentials["refresh_token"], "a reset begins the snapshot's world anew"


def test_after_a_reset_nothing_is_left_of_before(sandbox: Sandbox) -> None:
    token = fetch_token(sandbox)
    work(sandbox, token)
    sandbox.reset(seed=7)
    assert sandbox.snapshot()["entries"] == []
    assert sandbox.snapshot()["beginning"]["seed"] == 7


def test_reads_and_throttled_calls_are_not_part_of_a_snapshot(sandbox: Sandbox) -> None:
    token = fetch_token(sandbox)
    before = len(sandbox.snapshot()["entries"])
    for _ in range(12):
        ask(sandbox, "GET", SHIPMENTS + "?status=ACCEPTED", token)
    assert ask(sandbox, "GET", SHIPMENTS + "?status=ACCEPTED", token).status == 429
    assert ask(sandbox, "POST", SHIPMENTS + "/x?operation=CONFIRM", "Atza|wrong").status == 403
    assert len(sandbox.snapshot()["entries"]) == before


def test_no_foreign_secret_is_written_down(sandbox: Sandbox) -> None:
    """Somebody may point real credentials at a sandbox by mistake: what it refuses it does not keep."""
    form = b"grant_type=refresh_token&refresh_token=Atzr|REAL&client_id=amzn1.application-oa2-client.1&client_secret=S"
    kind = "Content-Type: application/x-www-form-urlencoded"
    call(sandbox.endpoint, head("POST", "/auth/o2/token", None, kind, f"Content-Length: {len(form)}") + form)
    ask(sandbox, "POST", SHIPMENTS + "/x?operation=CONFIRM", "Atza|REAL")
    assert "REAL" not in json.dumps(sandbox.snapshot())


def test_too_much_to_keep_is_said() -> None:
    with running(seed=1, clock="frozen", settings=SandboxSettings(kept_changes=3)) as sandbox:
        for _ in range(3):
            sandbox.stage.overdue_secret()
        sandbox.snapshot()
        sandbox.stage.overdue_secret()
        with pytest.raises(ValueError, match="more than 3 changes happened since the last reset"):
            sandbox.snapshot()
        sandbox.reset()
        sandbox.snapshot()


def test_an_argument_that_cannot_be_written_down_is_refused_and_nothing_happens(sandbox: Sandbox) -> None:
    before = sandbox.snapshot()
    with pytest.raises(ValueError, match="cannot be written down"):
        sandbox.stage.set_dispatch_after("x", at=float("nan"))
    assert sandbox.snapshot() == before


# --- what is no snapshot


def broken(snapshot: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {**snapshot, **changes}


BAD: list[tuple[Any, str]] = [
    (lambda _: {}, "not a snapshot"),
    (lambda _: {"beginning": 7}, "not a snapshot"),
    (lambda good: broken(good, extra=1), "unknown field `extra`"),
    (lambda good: broken(good, entries=[{"did": "magic"}]), "Invalid value 'magic'"),
    (lambda good: broken(good, entries=good["entries"][1:]), "entry 2 of this snapshot comes out otherwise"),
    (lambda good: broken(good, beginning={**good["beginning"], "version": 99}), "has version 99 of the format"),
    (
        lambda good: broken(good, beginning={**good["beginning"], "settings": {"access_token_lifetime": 1}}),
        "with other settings",
    ),
    (
        lambda good: broken(good, entries=[*good["entries"], {"did": "action", "at": EPOCH, "action": "explode"}]),
        "is not possible any more",
    ),
]


@pytest.mark.parametrize(("change", "complaint"), BAD)
def test_what_is_no_snapshot_gets_a_clear_answer_and_changes_nothing(
    sandbox: Sandbox, change: Any, complaint: str
) -> None:
    token = fetch_token(sandbox)
    work(sandbox, token)
    good, before = sandbox.snapshot(), seen(sandbox, token)
    with pytest.raises(ValueError) as caught:
        sandbox.restore(change(good))
    assert complaint in str(caught.value)
    assert seen(sandbox, token) == before
    assert sandbox.snapshot()["entries"] == good["entries"]


# --- over HTTP


def test_snapshots_are_taken_and_put_back_over_http(sandbox: Sandbox) -> None:
    token = fetch_token(sandbox)

    def post(place: str, body: object) -> Any:
        answer = post_json(sandbox.endpoint, f"/_sandbox/{place}", body)
        return answer.status, msgspec.json.decode(answer.body)

    assert post("snapshot", {"name": "before"}) == (200, {"kept": "before"})
    whole = msgspec.json.decode(call(sandbox.endpoint, head("GET", "/_sandbox/snapshot")).body)
    work(sandbox, token)
    assert post("restore", {"name": "before"}) == (200, {"now": EPOCH, "mode": "frozen"})
    assert not msgspec.json.decode(ask(sandbox, "GET", SHIPMENTS + "?status=SHIPLABEL_GENERATED", token).body)[
        "shipments"
    ]
    work(sandbox, token)
    assert post("restore", whole) == (200, {"now": EPOCH, "mode": "frozen"})
    assert post("restore", {"name": "after"})[0] == 400
    assert "before" in post("restore", {"name": "after"})[1]["error"]
    assert post("snapshot", {"name": ""})[0] == 400
    assert post("snapshot", {})[0] == 400
    for index in range(19):
        assert post("snapshot", {"name": f"n{index}"})[0] == 200
    status, told = post("snapshot", {"name": "one too many"})
    assert (status, "20 snapshots are kept" in told["error"]) == (400, True)
