"""The control room over HTTP and in Python: it moves time, sets the stage, explains; bad input changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import msgspec
import pytest
from wire import Answer, call, fetch_token, head, post_json

from recoup.errors import SettingsError
from recoup.sandbox import Sandbox, running
from recoup.sandbox.control import Control
from recoup.sandbox.signpost import PLACES

EPOCH = 1_800_000_000.0
SHIPMENTS = "/externalFulfillment/2024-09-11/shipments"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running(seed=1, epoch=EPOCH, clock="frozen") as running_sandbox:
        yield running_sandbox


def read(sandbox: Sandbox, place: str, *lines: str) -> Answer:
    return call(sandbox.endpoint, head("GET", f"/_sandbox/{place}", None, *lines))


def write(sandbox: Sandbox, place: str, body: object, *lines: str) -> Answer:
    return post_json(sandbox.endpoint, f"/_sandbox/{place}", body, *lines)


def content(answer: Answer) -> Any:
    return msgspec.json.decode(answer.body)


def listing(sandbox: Sandbox, token: str) -> Answer:
    return call(sandbox.endpoint, head("GET", SHIPMENTS + "?status=ACCEPTED", token))


def test_the_clock_is_read_and_moved(sandbox: Sandbox) -> None:
    assert content(read(sandbox, "clock")) == {"now": EPOCH, "mode": "frozen"}
    assert content(write(sandbox, "clock", {"advance": 60})) == {"now": EPOCH + 60, "mode": "frozen"}
    assert content(write(sandbox, "clock", {"set": EPOCH + 90})) == {"now": EPOCH + 90, "mode": "frozen"}
    assert content(write(sandbox, "clock", {"resume": True}))["mode"] == "advanced"
    assert content(write(sandbox, "clock", {"freeze": True}))["mode"] == "frozen"
    assert sandbox.clock.now() >= EPOCH + 90


def test_an_action_sets_a_cause_and_another_mends_it(sandbox: Sandbox) -> None:
    token = fetch_token(sandbox)
    done = write(sandbox, "stage", {"do": "deactivate_account"})
    assert (done.status, content(done)) == (200, {"done": "deactivate_account", "result": None})
    assert listing(sandbox, token).status == 403
    write(sandbox, "stage", {"do": "activate_account", "merchant_id": sandbox.merchant_id})
    assert listing(sandbox, token).status == 200


def test_actions_of_both_stages_are_there_and_describe_themselves(sandbox: Sandbox) -> None:
    actions = content(read(sandbox, "stage"))
    assert {"revoke_authorization", "overdue_secret", "drop_role", "poison", "take_time", "outage"} <= set(actions)
    assert actions["drop_role"]["arguments"] == {"role": {"type": "str", "required": True}}
    for name, action in actions.items():
        assert action["what"], name
        assert "now" not in action["arguments"], name


def test_actions_return_what_they_made(sandbox: Sandbox) -> None:
    made = content(write(sandbox, "stage", {"do": "add_shipment", "location_id": sandbox.location_ids["MFN"]}))
    shipment = call(sandbox.endpoint, head("GET", f"{SHIPMENTS}/{made['result']}", fetch_token(sandbox)))
    assert content(shipment)["id"] == made["result"]
    partner = sandbox.stage.add_partner("vendor", region="EU", marketplaces=("A1PA6795UKMFR9",))
    assert partner["refresh_token"].startswith("Atzr|")


def test_every_answer_can_be_explained(sandbox: Sandbox) -> None:
    sandbox.stage.inactivate_account()
    request_id = listing(sandbox, fetch_token(sandbox)).header("x-amzn-requestid") or ""
    trail = content(read(sandbox, f"why/{request_id}"))
    assert trail == sandbox.why(request_id)
    assert (trail["fault"], trail["status"], trail["operation"]) == ("400-inactive-account", 400, "getShipments")
    assert "charge method" in trail["because"]
    assert trail["at"] == EPOCH
    assert read(sandbox, "why/unknown").status == 404


def test_reset_gives_the_same_world_again(sandbox: Sandbox) -> None:
    before = sandbox.as_dict()
    token = fetch_token(sandbox)
    first = listing(sandbox, token)
    sandbox.stage.revoke_authorization()
    sandbox.stage.authorize()
    assert sandbox.as_dict() != before
    sandbox.clock.advance(500)
    assert content(write(sandbox, "reset", {})) == {"now": EPOCH, "mode": "frozen"}
    assert sandbox.as_dict() == before
    assert content(read(sandbox, "credentials")) == before
    assert fetch_token(sandbox) == token
    assert listing(sandbox, token).lines == first.lines


BAD: list[tuple[str, object, int, str]] = [
    ("clock", {}, 400, "exactly one of"),
    ("clock", {"advance": 1, "freeze": True}, 400, "exactly one of"),
    ("clock", {"rewind": 1}, 400, "exactly one of"),
    ("clock", {"advance": -1}, 400, "moves forward"),
    ("clock", {"advance": "1"}, 400, "takes a number"),
    ("clock", {"advance": True}, 400, "takes a number"),
    ("clock", {"advance": 1e300}, 400, "moves forward"),
    ("clock", {"set": 0}, 400, "does not go back"),
    ("clock", {"freeze": False}, 400, "takes true"),
    ("clock", [1], 400, "JSON object"),
    ("stage", {}, 400, "say what to do"),
    ("stage", {"do": 7}, 400, "say what to do"),
    ("stage", {"do": "explode"}, 400, "no action is called"),
    ("stage", {"do": "_principal"}, 400, "no action is called"),
    ("stage", {"do": "drop_role"}, 400, "'role' is missing"),
    ("stage", {"do": "drop_role", "role": "emperor"}, 400, "has no role"),
    ("stage", {"do": "add_role", "role": "emperor"}, 400, "no role is called"),
    ("stage", {"do": "drop_role", "role": ["x"]}, 400, "role: Expected `str`"),
    ("stage", {"do": "overdue_secret", "loudly": True}, 400, "unknown argument 'loudly'"),
    ("stage", {"do": "deactivate_account", "merchant_id": "A0"}, 400, "no selling partner"),
    ("stage", {"do": "add_partner", "entity": "buyer"}, 400, "entity: Invalid enum value 'buyer'"),
    ("stage", {"do": "add_partner", "region": "MARS"}, 400, "not one of NA, EU, FE"),
    ("stage", {"do": "add_partner", "region": "EU", "marketplaces": ["ATVPDKIKX0DER"]}, 400, "does not belong"),
    ("stage", {"do": "set_scopes", "scopes": ["x"]}, 400, "no scope is called"),
    ("stage", {"do": "login_outage", "seconds": -5}, 400, "must be a number from 0"),
    ("stage", {"do": "use_up_quota", "operation": "x"}, 400, "no operation is called"),
    ("stage", {"do": "poison", "entity": "x"}, 400, "there is no shipment"),
    ("reset", {"hard": True}, 400, "takes no arguments"),
    ("reset", {"seed": "7"}, 400, "takes no arguments but a seed"),
    ("reset", {"seed": True}, 400, "takes no arguments but a seed"),
    ("reset", {"seed": 1.5}, 400, "takes no arguments but a seed"),
    ("reset", {"seed": 7, "hard": True}, 400, "takes no arguments but a seed"),
    ("stage", {"do": "front_door_outage", "seconds": 5, "after": -1}, 400, "must be a number from 0"),
    ("plans", {}, 400, "missing required field `script`"),
    ("plans", {"script": [{"do": "explode"}]}, 400, "Invalid value 'explode'"),
    ("faults", {"fault": "x"}, 400, "no fault with a wire answer"),
    ("snapshot", {}, 400, "give the snapshot a name"),
    ("snapshot", {"name": 7}, 400, "give the snapshot a name"),
    ("restore", {}, 400, "not a snapshot"),
    ("restore", {"name": "x"}, 400, "no snapshot is called 'x'"),
    ("why", {}, 405, "is not what"),
    ("requests", {}, 405, "is not what"),
    ("nowhere", {}, 404, "there is no"),
    ("credentials", {}, 405, "is not what"),
]


@pytest.mark.parametrize(("place", "body", "status", "complaint"), BAD)
def test_bad_input_gets_a_clear_answer_and_changes_nothing(
    sandbox: Sandbox, place: str, body: object, status: int, complaint: str
) -> None:
    token = fetch_token(sandbox)
    before = (sandbox.as_dict(), listing(sandbox, token).status, sandbox.clock.now(), sandbox.clock.mode)
    answer = write(sandbox, place, body)
    assert answer.status == status
    assert complaint in content(answer)["error"]
    if "no action" in complaint or "say what" in complaint:
        assert "revoke_authorization" in content(answer)["actions"]
    assert (sandbox.as_dict(), listing(sandbox, token).status, sandbox.clock.now(), sandbox.clock.mode) == before


@pytest.mark.parametrize(
    ("place", "status", "complaint"),
    [
        ("plans/plan-7", 400, "no fault plan is called 'plan-7'"),
        ("faults/x", 400, "'x' was not asked for"),
        ("faults", 400, "was not asked for"),
        ("clock", 405, "is not what"),
        ("snapshot", 405, "is not what"),
    ],
)
def test_what_is_not_there_cannot_be_ended(sandbox: Sandbox, place: str, status: int, complaint: str) -> None:
    answer = call(sandbox.endpoint, head("DELETE", f"/_sandbox/{place}"))
    assert (answer.status, complaint in content(answer)["error"]) == (status, True)


def test_a_fault_plan_is_made_read_and_ended(sandbox: Sandbox) -> None:
    token = fetch_token(sandbox)
    made = content(write(sandbox, "plans", {"script": [{"do": "status", "status": 503}], "repeat": True}))
    assert listing(sandbox, token).status == 503
    assert content(read(sandbox, "plans"))[made["plan"]]["hit"] == 1
    assert call(sandbox.endpoint, head("DELETE", f"/_sandbox/plans/{made['plan']}")).status == 200
    assert listing(sandbox, token).status == 200


def test_another_seed_is_another_world(sandbox: Sandbox) -> None:
    before, token = sandbox.as_dict(), fetch_token(sandbox)
    assert write(sandbox, "reset", {"seed": 7}).status == 200
    assert sandbox.merchant_id != before["merchant_id"]
    assert listing(sandbox, token).status == 403
    with running(seed=7, epoch=EPOCH, clock="frozen") as other:
        assert other.refresh_token == sandbox.refresh_token


def test_the_latest_requests_and_refusals_are_told(sandbox: Sandbox) -> None:
    token = fetch_token(sandbox)
    listing(sandbox, token)
    listing(sandbox, "Atza|wrong")
    call(sandbox.endpoint, b"GET /x HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n")
    requests, refusals = content(read(sandbox, "requests")), content(read(sandbox, "refusals"))
    assert [one["status"] for one in requests] == [400, 403, 200, 200]
    assert [one["fault"] for one in refusals] == ["400-malformed-http-missing-colon", "403-expired-token"]
    assert refusals[1]["rule"] == "front_door.token_valid"
    assert len(content(read(sandbox, "requests?count=1"))) == 1
    for count in ("0", "-1", "many", "5000", "²"):
        assert read(sandbox, f"requests?count={quote(count)}").status == 400, count


def test_an_outage_may_begin_later(sandbox: Sandbox) -> None:
    token = fetch_token(sandbox)
    sandbox.stage.front_door_outage(10, after=20)
    statuses = []
    for _ in range(4):
        statuses.append(listing(sandbox, token).status)
        sandbox.clock.advance(10)
    assert statuses == [200, 200, 503, 200]


def test_a_person_gets_a_page_that_teaches(sandbox: Sandbox) -> None:
    sandbox.stage.deactivate_account()
    listing(sandbox, fetch_token(sandbox))
    page = read(sandbox, "", "Accept: text/html,application/xhtml+xml")
    assert page.header("content-type") == "text/html; charset=utf-8"
    assert "default-src 'none'" in (page.header("content-security-policy") or "")
    text = page.body.decode()
    for place in PLACES:
        assert place.what in text.replace("&#x27;", "'"), place
    assert "403-account-suspended" in text
    assert "revoke_authorization" in text
    assert "<script" not in text
    for secret in (sandbox.client_secret, sandbox.refresh_token):
        assert secret not in text
    assert content(read(sandbox, "")) == {
        "at": [f"/_sandbox/{place.path}" for place in PLACES if place.method == "GET"]
    }


def test_the_page_shows_what_was_sent_as_text(sandbox: Sandbox) -> None:
    call(sandbox.endpoint, head("GET", "/<script>alert(1)</script>", "Atza|x"))
    assert b"<script>alert" not in read(sandbox, "", "Accept: text/html").body


def test_every_example_of_the_page_works(sandbox: Sandbox) -> None:
    for place in PLACES:
        if place.method == "POST":
            answer = write(sandbox, place.path, msgspec.json.decode(place.example))
            assert answer.status == 200, (place, answer.body)


def test_a_body_that_is_too_large_is_told_so(sandbox: Sandbox) -> None:
    answer = write(sandbox, "restore", {"entries": "x" * 2_000_000})
    assert (answer.status, "by name" in content(answer)["error"]) == (413, True)


def test_what_is_not_json_is_refused(sandbox: Sandbox) -> None:
    lines = ("Content-Type: application/json", "Content-Length: 4")
    answer = call(sandbox.endpoint, head("POST", "/_sandbox/clock", None, *lines) + b"{{{{")
    assert (answer.status, content(answer)["error"][:20]) == (400, "the body is not JSON"[:20])
    form = ("Content-Type: application/x-www-form-urlencoded", "Content-Length: 9")
    answer = call(sandbox.endpoint, head("POST", "/_sandbox/clock", None, *form) + b"advance=1")
    assert answer.status == 415


def test_a_page_of_another_site_cannot_use_the_control_room(sandbox: Sandbox) -> None:
    answer = call(sandbox.endpoint, b"GET /_sandbox/credentials HTTP/1.1\r\nHost: evil.example\r\n\r\n")
    assert answer.status == 403
    assert b"Atzr" not in answer.body
    for host in ("localhost:8080", "127.0.0.1", "[::1]:80"):
        allowed = call(sandbox.endpoint, f"GET /_sandbox/ HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        assert allowed.status == 200, host


def test_another_address_needs_a_key() -> None:
    with pytest.raises(SettingsError, match="give control_key"), running(host="0.0.0.0"):
        pass
    with running(host="0.0.0.0", control_key="open sesame", clock="frozen") as sandbox:
        assert read(sandbox, "clock").status == 403
        assert read(sandbox, "clock", "x-sandbox-key: open").status == 403
        assert read(sandbox, "clock", "x-sandbox-key: open sesame").status == 200


def test_a_reset_ends_what_is_in_flight(sandbox: Sandbox) -> None:
    sandbox.stage.take_time("processShipment", 20)
    assert sandbox.stage.take_time.__name__ == "act"
    sandbox.reset()
    assert sandbox.clock.now() == EPOCH
    with pytest.raises(AttributeError, match="has no action 'explode'"):
        sandbox.stage.explode()


@pytest.mark.parametrize("origin", ["http://attacker.example", "null", "http://127.0.0.1:1", "https://localhost"])
def test_a_page_of_another_origin_moves_nothing_even_without_a_body(sandbox: Sandbox, origin: str) -> None:
    sandbox.clock.advance(60)
    asked = head("POST", "/_sandbox/reset", None, f"Origin: {origin}", "Content-Length: 0")
    assert call(sandbox.endpoint, asked).status == 403
    assert sandbox.clock.now() == EPOCH + 60
    own = head("POST", "/_sandbox/reset", None, "Origin: http://127.0.0.1", "Content-Length: 0")
    assert call(sandbox.endpoint, own).status == 200


def test_an_event_that_the_state_does_not_allow_is_a_clear_answer_too(sandbox: Sandbox) -> None:
    shipment = sandbox.stage.add_shipment(location_id=sandbox.location_ids["MFN"])
    answer = write(sandbox, "stage", {"do": "scan_by_carrier", "shipment_id": shipment, "event": "DELIVERED"})
    assert answer.status == 400
    assert "DELIVERED in state ACCEPTED" in content(answer)["error"]


def test_a_page_that_fails_is_answered_and_said_in_the_log(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_control: Control, _request: object) -> object:
        raise RuntimeError("a mistake of ours")

    with monkeypatch.context() as patched:
        patched.setattr(Control, "_route", broken)
        answer = read(sandbox, "clock")
    assert answer.status == 500
    assert content(answer)["errors"][0]["code"] == "SandboxFailure"
    assert "a mistake of ours" in caplog.text
    assert read(sandbox, "clock").status == 200
