"""Unknown outcomes and partial failures, over real sockets: what a caller learns, and that it is enough to go on."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest
from transport_clients import CONFIRM, KINDS, LABELS, SHIPMENT, STOCK, Client, Kind, login
from transport_server import INTERNAL, NO_CONTENT, THROTTLED, Answer, Server

import recoup
from recoup.recovery.policy import Policy

pytestmark = pytest.mark.parametrize("kind", KINDS, ids=[kind.name for kind in KINDS])

LOST = Answer(reset=True)


def update(sku: str, **more: object) -> dict[str, Any]:
    return {
        "method": "POST",
        "uri": f"/inventory/update?locationId=L&skuId={sku}",
        "body": {"quantity": 5, **more},
    }


def stock(*answers: tuple[int, str, str]) -> Answer:
    responses = [
        {
            "status": {"statusCode": status},
            "body": {"actionableErrors": [] if status == 200 else [{"errorType": code, "errorSubType": message}]},
        }
        for status, code, message in answers
    ]
    return Answer(207, json.dumps({"responses": responses}).encode())


FINE = (200, "", "")
LIMITED = (429, "RateLimited", "Temporary failure occurred, retry operation after some time")
SEQUENCE = (409, "StateConflict", "7 is in conflict with existing client sequence number 9")


def lost(client: Client, method: str, target: str, **arguments: Any) -> recoup.Outcome:
    """The outcome of a call whose answer never came."""
    with pytest.raises(client.kind.library.TransportError) as caught:
        client.call(method, target, **arguments)
    made = recoup.outcome(caught.value)
    assert made is not None
    return made


REPEATED = [
    # method, target, what is sent, how often it arrives when every answer is lost
    ("POST", STOCK, {"json": {"requests": [update("a", clientSequenceNumber=7)]}}, 3),
    ("POST", STOCK, {"json": {"requests": [update("a")]}}, 1),
    ("POST", STOCK, {"json": {"requests": [update("a", clientSequenceNumber=7), update("b")]}}, 1),
    ("POST", STOCK, {"content": b"{"}, 1),
    ("PUT", "/listings/2021-08-01/items/A/S?marketplaceIds=M", {"json": {}}, 1),
    ("POST", "/shipping/v2/shipments", {"json": {}, "headers": {"x-amzn-IdempotencyKey": "k"}}, 3),
    ("POST", "/shipping/v2/shipments", {"json": {}}, 1),
    ("POST", "/tokens/2021-03-01/restrictedDataToken", {"json": {}}, 3),
    ("POST", CONFIRM, {}, 1),
    ("GET", SHIPMENT, {}, 3),
]


@pytest.mark.parametrize(("method", "target", "sent", "times"), REPEATED)
def test_what_is_repeated_blindly_and_what_is_not(
    kind: Kind, method: str, target: str, sent: dict[str, Any], times: int
) -> None:
    with Server(LOST) as server, Client(kind, server) as client:
        made = lost(client, method, target, **sent)
        assert len(server.calls) == times
    assert made.attempts == times
    assert isinstance(made.decision, recoup.Wait if times == 3 else recoup.Resync)


def test_a_lost_write_says_how_it_is_read_back_and_that_request_answers(kind: Kind) -> None:
    view = Answer(200, b'{"id":"S1","status":"CONFIRMED"}')
    with Server(LOST, view) as server, Client(kind, server, login=login(server)) as client:
        look = lost(client, "POST", CONFIRM).read_back
        assert look is not None
        assert (look.operation, look.after) == ("external-fulfillment/2024-09-11/getShipment", 5.0)
        assert client.call(look.method, look.path, params=look.query).json()["status"] == "CONFIRMED"


def test_so_does_an_exception_and_it_can_travel(kind: Kind) -> None:
    with Server(INTERNAL) as server, Client(kind, server) as client:
        response = client.call("POST", CONFIRM)
    with pytest.raises(
        recoup.ReadBack, match=r"GET /externalFulfillment/.*/S1 \(getShipment\), not before 5 s"
    ) as caught:
        recoup.raise_for_fault(response)
    again = pickle.loads(pickle.dumps(caught.value))  # noqa: S301  our own
    assert again.read_back["path"] == SHIPMENT
    assert again.diagnosis["read_back"] == again.read_back
    assert again.failed_items == ()


def test_a_later_refusal_does_not_hide_that_an_earlier_attempt_may_have_taken_effect(kind: Kind) -> None:
    body = {"requests": [update("a", clientSequenceNumber=7)]}
    with Server(LOST, THROTTLED) as server, Client(kind, server) as client:
        response = client.call("POST", STOCK, json=body)
    made = recoup.outcome(response)
    assert made is not None
    assert isinstance(made.decision, recoup.Wait)
    look = made.read_back
    assert look is not None
    assert b"/inventory/fetch?locationId=L&skuId=a" in (look.body or b"")
    assert made.as_dict()["read_back"]["body"] == (look.body or b"").decode()


def test_where_all_went_well_there_is_nothing_to_read(kind: Kind) -> None:
    with Server(NO_CONTENT) as server, Client(kind, server) as client:
        made = recoup.outcome(client.call("POST", CONFIRM))
    assert made is not None
    assert made.read_back is None
    assert made.failed_items == ()
    assert made.repeat_failed() is None
    assert json.dumps(made.as_dict())


def test_of_a_batch_only_what_failed_and_may_be_repeated_is_sent_again(kind: Kind) -> None:
    sent = {"requests": [update(sku, clientSequenceNumber=7) for sku in "abc"]}
    with Server(stock(FINE, LIMITED, SEQUENCE), stock(FINE)) as server, Client(kind, server) as client:
        response = client.call("POST", STOCK, json=sent)
        made = recoup.outcome(response)
        assert made is not None
        assert [item.index for item in made.failed_items] == [1, 2]
        again = made.repeat_failed()
        assert again
        assert again.indices == (1,)
        ended = recoup.outcome(client.call("POST", STOCK, content=again.body))
        assert ended is not None
        assert ended.decision == recoup.Done()
        assert [len(json.loads(call.body)["requests"]) for call in server.calls] == [3, 1]
    with pytest.raises(recoup.ReadBack, match=r"2 of 3 items failed\. Item 2: ") as caught:
        recoup.raise_for_fault(response)
    assert [(item["index"], item["decision"]["action"]) for item in caught.value.failed_items] == [
        (1, "wait"),
        (2, "resync"),
    ]


def test_try_later_means_that_every_failed_part_can_be_tried_later(kind: Kind) -> None:
    sent = {"requests": [update(sku, clientSequenceNumber=7) for sku in "ab"]}
    with Server(stock(FINE, LIMITED)) as server, Client(kind, server) as client:
        response = client.call("POST", STOCK, json=sent)
    with pytest.raises(recoup.TryLater, match=r"1 of 2 items failed\. Item 1: ") as caught:
        recoup.raise_for_fault(response)
    assert len(caught.value.failed_items) == 1


def test_the_labels_that_failed_are_asked_for_by_name(kind: Kind) -> None:
    labels = [
        {"packageId": "p1", "status": "SUCCESS"},
        {"packageId": "p2", "status": "FAILURE", "errorDetails": {"code": LIMITED[1], "message": LIMITED[2]}},
    ]
    answer = Answer(200, json.dumps({"packageShipLabelList": labels}).encode())
    with Server(answer) as server, Client(kind, server) as client:
        response = client.call("PUT", LABELS)
    made = recoup.outcome(response)
    assert made is not None
    again = made.repeat_failed()
    assert again
    assert json.loads(again.body) == {"packageIds": ["p2"]}
    with pytest.raises(recoup.TryLater, match=r"1 of 2 packages failed\. Package 1 \(p2\): "):
        recoup.raise_for_fault(response)


def test_a_policy_of_ones_own_says_how_long_a_request_may_still_be_at_work(kind: Kind) -> None:
    with Server(LOST) as server, Client(kind, server, policy=Policy(settle=30.0)) as client:
        look = lost(client, "POST", CONFIRM).read_back
    assert look is not None
    assert look.after == 30.0
