"""One contract for four clients, on real sockets: what the server answers in; attempts, waits and decision out.

Random numbers are 0.5 and nobody waits, so that the first two backoffs are 0.5 and 1.0 seconds (half of base 1, half of
base times 2), worked out by hand.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import pytest
from transport_clients import CONFIRM, KINDS, LABELS, SHIPMENT, STOCK, Client, Kind
from transport_server import (
    EXPIRED,
    HTML,
    INTERNAL,
    MISSING_ROLE,
    NO_CONTENT,
    OK,
    THROTTLED,
    UNAVAILABLE,
    Answer,
    Server,
    errors,
)

import recoup

CUT = Answer(200, b'{"id": "1", "lineItems": []}', cut=12)
CUT_CHUNKED = Answer(200, b'{"id": "1", "lineItems": []}', cut=12, chunked=True)
RESET = Answer(reset=True)
NOT_HTTP = Answer(raw=b"SSH-2.0-OpenSSH_9.2\r\n")
EMPTY_503 = Answer(503, b"", {})
BUSY = errors(
    "ServerBusy", "Requested operation will be ignored as workflow is already processing other request(s)", "", 409
)
CANCELLED = errors("OrderCancelled", "Cannot process the request because the order is already cancelled", "", 422)
INVALID = errors("InvalidInput", "Invalid input 'x' for parameter 'y'", "", 400)
RUNNING = errors("DuplicateRequest", "Requested operation is already in progress for 'shipment' 'S1'", "", 409)
PERMANENT = errors("InternalFailure", "Internal failure occurred, contact Amazon support", "", 500)
MULTI = Answer(
    207,
    json.dumps(
        {
            "responses": [
                {"status": {"statusCode": 200}, "body": {}},
                {
                    "status": {"statusCode": 409},
                    "body": {
                        "errors": [
                            {
                                "code": "StateConflict",
                                "message": "5 is in conflict with existing client sequence number 7",
                            }
                        ]
                    },
                },
            ]
        }
    ).encode(),
)


def stated(seconds: str, answer: Answer = UNAVAILABLE) -> Answer:
    return Answer(answer.status, answer.body, {**answer.headers, "Retry-After": seconds})


class Row(NamedTuple):
    call: tuple[str, str]
    answers: list[Answer]
    status: int  # of what is handed up; 0: an exception
    sent: int
    waits: list[float]
    decision: str
    unknown: bool = False


GET, POST, PUT = ("GET", SHIPMENT), ("POST", CONFIRM), ("PUT", LABELS)
ROWS = {
    # Nothing is wrong.
    "success": Row(GET, [OK], 200, 1, [], "done"),
    "no content": Row(POST, [NO_CONTENT], 204, 1, [], "done"),
    # What passes is tried three times in all.
    "500 503 200": Row(GET, [INTERNAL, UNAVAILABLE, OK], 200, 3, [0.5, 1.0], "done"),
    "503 for ever": Row(GET, [UNAVAILABLE], 503, 3, [0.5, 1.0], "wait"),
    "429 at a rate of 5/s": Row(GET, [THROTTLED, OK], 200, 2, [0.7], "done"),
    "503 with its code, on a write": Row(POST, [UNAVAILABLE, NO_CONTENT], 204, 2, [0.5], "done"),
    "ServerBusy": Row(POST, [BUSY, NO_CONTENT], 204, 2, [0.5], "done"),
    "Retry-After beats the backoff": Row(GET, [stated("7"), OK], 200, 2, [7.0], "done"),
    "Retry-After too long for a call": Row(GET, [stated("3600")], 503, 1, [], "wait"),
    # A read that broke off is repeated.
    "reset": Row(GET, [RESET, OK], 200, 2, [0.5], "done"),
    "cut body": Row(GET, [CUT, OK], 200, 2, [0.5], "done"),
    "cut chunks": Row(GET, [CUT_CHUNKED, CUT, OK], 200, 3, [0.5, 1.0], "done"),
    "cut for ever": Row(GET, [CUT], 0, 3, [0.5, 1.0], "wait"),
    "not HTTP": Row(GET, [NOT_HTTP, OK], 200, 2, [0.5], "done"),
    # A write that broke off may have taken effect: never sent twice.
    "write: reset": Row(POST, [RESET], 0, 1, [], "resync", unknown=True),
    "write: cut body": Row(PUT, [CUT], 0, 1, [], "resync", unknown=True),
    "write: 500": Row(POST, [INTERNAL], 500, 1, [], "resync", unknown=True),
    "write: empty 503": Row(POST, [EMPTY_503], 503, 1, [], "resync", unknown=True),
    "write: ServiceUnavailable, then reset": Row(POST, [UNAVAILABLE, RESET], 0, 2, [0.5], "resync", unknown=True),
    # What never works is sent once.
    "invalid": Row(POST, [INVALID], 400, 1, [], "give_up"),
    "permanent": Row(GET, [PERMANENT], 500, 1, [], "give_up"),
    "cancelled": Row(POST, [CANCELLED], 422, 1, [], "give_up"),
    "HTML": Row(GET, [HTML], 400, 1, [], "give_up"),
    "role": Row(GET, [MISSING_ROLE], 403, 1, [], "give_up"),
    # What others must do first is handed up.
    "in progress": Row(POST, [RUNNING], 409, 1, [], "wait"),
    "the caller's own token is refused": Row(GET, [EXPIRED], 403, 1, [], "renew_token"),
    "failure in a success": Row(("POST", STOCK), [MULTI], 207, 1, [], "resync"),
}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@pytest.mark.parametrize("row", ROWS.values(), ids=list(ROWS))
def test_answers_in_attempts_waits_and_decision_out(kind: Kind, row: Row) -> None:
    unpaced = recoup.Governor.unlimited()
    with Server(*row.answers) as server, Client(kind, server, governor=unpaced) as client:
        seen = handed_up(client, *row.call)
        made = recoup.outcome(seen)
        assert made is not None
        assert getattr(seen, "status_code", 0) == row.status
        assert len(server.received) == row.sent
        assert client.slept == pytest.approx(row.waits)
        assert (made.as_dict()["decision"]["action"], made.attempts) == (row.decision, row.sent)
        assert made.history.outcome_unknown is row.unknown
        assert made.history.waited == pytest.approx(sum(row.waits))
        assert all(each == server.received[0] for each in server.received)  # byte for byte the same request


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_what_is_handed_up_is_the_librarys_own_and_can_be_read(kind: Kind) -> None:
    with Server(INVALID) as server, Client(kind, server) as client:
        response = client.call("POST", CONFIRM)
        assert type(response) is kind.library.Response
        assert response.json()["errors"][0]["code"] == "InvalidInput"
        with pytest.raises(recoup.FixRequest, match=r"^\[request 11111111-.*\] .*sc-00002-invalid-value"):
            recoup.raise_for_fault(response)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@pytest.mark.parametrize(("answer", "name"), [(RESET, "RemoteProtocolError"), (Answer(silent=True), "ReadTimeout")])
def test_the_last_exception_is_the_librarys_own_with_the_outcome_and_a_note(
    kind: Kind, answer: Answer, name: str
) -> None:
    with Server(answer) as server, Client(kind, server, timeout=0.2) as client:
        with pytest.raises(getattr(kind.library, name)) as caught:
            client.call("POST", CONFIRM)
        made = recoup.outcome(caught.value)
        assert made is not None
        assert made.diagnosis is not None
        assert made.diagnosis.no_response is not None
        (note,) = caught.value.__notes__
        assert note == "recoup: sent 1 time: the request may have taken effect: read before anything is sent again"
        with pytest.raises(recoup.ReadBack, match="no response"):
            recoup.raise_for_fault(caught.value)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_connection_that_never_came_about_is_tried_again_also_for_a_write(kind: Kind) -> None:
    with Server() as server:
        pass  # closed again: nobody listens there
    with Client(kind, server) as client:
        with pytest.raises(kind.library.ConnectError) as caught:
            client.call("POST", CONFIRM)
        made = recoup.outcome(caught.value)
        assert made is not None
        assert (made.attempts, made.history.outcome_unknown, client.slept) == (3, False, [0.5, 1.0])
        assert isinstance(made.decision, recoup.Wait)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_mistake_in_the_request_itself_is_raised_as_it_is(kind: Kind) -> None:
    with Server() as server, Client(kind, server) as client:
        with pytest.raises(kind.library.LocalProtocolError) as caught:
            client.call("GET", SHIPMENT, headers={"x-bad": "a\nb"})
        assert recoup.outcome(caught.value) is None
        assert client.slept == []


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_deadline_of_the_policy_ends_a_call(kind: Kind) -> None:
    with Server(UNAVAILABLE) as server, Client(kind, server, policy=recoup.Policy(deadline=1.2)) as client:
        made = recoup.outcome(client.call("GET", SHIPMENT))
        assert made is not None
        assert isinstance(made.decision, recoup.GiveUp)
        assert (made.decision.reason, client.slept) == ("deadline", [0.5])


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_an_empty_retry_quota_ends_the_storm_of_all_calls(kind: Kind) -> None:
    with Server(UNAVAILABLE) as server, Client(kind, server, policy=recoup.Policy(quota_capacity=12)) as client:
        attempts = []
        for _ in range(3):
            made = recoup.outcome(client.call("GET", SHIPMENT))
            assert made is not None
            attempts.append(made.attempts)
        assert attempts == [3, 1, 1]  # two retries cost 10 of the 12


def handed_up(client: Client, method: str, target: str, **arguments: Any) -> Any:
    """The response, or the exception in its place."""
    try:
        return client.call(method, target, **arguments)
    except client.kind.library.TransportError as error:
        return error
