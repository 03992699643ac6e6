"""One contract for all seven faces, on real sockets: the same situations, whatever client recoup is put under.

The table of answers is that of `test_transport_contract`; what is here beside it is what a face may get wrong: what the
caller sees, which exceptions, bodies in both directions, where a token goes, silent re-sends.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import traceback
from typing import Any

import pytest
from every_client import EVERY, Aiohttp, Client, Requests, Urllib3, chunks_of, handed_up, status_of
from test_transport_contract import ROWS, Row
from transport_clients import CONFIRM, LABELS, SECRETS, SHIPMENT, login
from transport_server import EXPIRED, HTML, INTERNAL, NO_CONTENT, OK, UNAVAILABLE, Answer, Server, errors, token

import recoup
from recoup.transports import attempt

JSON = {"Content-Type": "application/json"}
CUT = Answer(200, b'{"id": "1", "lineItems": []}', cut=12)
RESET = Answer(reset=True)
INVALID = errors("InvalidInput", "Invalid input 'x' for parameter 'y'", "", 400)
LABELS_FAILED = Answer(
    200,
    json.dumps(
        {
            "packageShipLabelList": [
                {"packageId": "1", "status": "SUCCESS"},
                {"packageId": "2", "status": "FAILURE"},
            ]
        }
    ).encode(),
)
Kind = type[Client]


@pytest.fixture(params=EVERY, ids=lambda kind: kind.name)
def kind(request: pytest.FixtureRequest) -> Kind:
    found: Kind = request.param
    return found


def made_of(seen: Any) -> recoup.Outcome:
    made = recoup.outcome(seen)
    assert made is not None, seen
    return made


# --- answers in; attempts, waits and decision out --------------------------------------------------------------------


@pytest.mark.parametrize("row", ROWS.values(), ids=list(ROWS))
def test_answers_in_attempts_waits_and_decision_out(kind: Kind, row: Row) -> None:
    with Server(*row.answers) as server, kind(server) as client:
        seen = handed_up(client, *row.call)
        made = made_of(seen)
        assert status_of(seen) == row.status
        assert len(server.received) == row.sent
        assert client.slept == pytest.approx(row.waits)
        assert (made.as_dict()["decision"]["action"], made.attempts) == (row.decision, row.sent)
        assert made.history.outcome_unknown is row.unknown
        assert all(each == server.received[0] for each in server.received)  # byte for byte the same request


@pytest.mark.parametrize("method", ["PUT", "DELETE", "POST", "PATCH"])
def test_a_write_on_a_connection_that_the_server_drops_takes_effect_once(kind: Kind, method: str) -> None:
    """urllib3 and aiohttp would send PUT and DELETE again in silence, and report 200."""
    with Server(OK, RESET, OK) as server, kind(server) as client:
        assert client.call("GET", SHIPMENT).status == 200  # so that there is a connection to reuse
        seen = handed_up(client, method, LABELS, body=b"{}")
        assert [each.method for each in server.calls] == ["GET", method]
        assert isinstance(seen, client.kinds["reset"])
        assert made_of(seen).history.outcome_unknown
        with pytest.raises(recoup.ReadBack):
            recoup.raise_for_fault(seen)
        assert client.call("GET", SHIPMENT).status == 200  # the next call is not taken for the same one
        assert handed_up(client, method, LABELS, body=b"{}") is not None
        assert [each.method for each in server.calls] == ["GET", method, "GET", method]


def test_a_read_on_a_connection_that_the_server_drops_is_repeated_and_counted(kind: Kind) -> None:
    with Server(OK, RESET, RESET, OK) as server, kind(server) as client:
        client.call("GET", SHIPMENT)
        made = made_of(client.call("GET", SHIPMENT).response)
        assert (made.attempts, len(server.calls), client.slept) == (3, 4, [0.5, 1.0])


# --- what the caller sees --------------------------------------------------------------------------------------------

PASSING = {
    "json": Answer(200, b'{"id": "1"}', {**JSON, "X-Twice": "a"}),
    "json in chunks": Answer(200, b'{"id": "1"}', JSON, chunked=True),
    "a document": Answer(200, b"%PDF" + bytes(range(256)) * 40, {"Content-Type": "application/pdf"}),
    "gzip": Answer(200, gzip.compress(b'{"id": "1"}' * 500), {**JSON, "Content-Encoding": "gzip"}),
    "gzip in chunks": Answer(200, gzip.compress(b'{"id": "1"}'), {**JSON, "Content-Encoding": "gzip"}, chunked=True),
    "empty": Answer(200, b"", JSON),
    "no content": NO_CONTENT,
    "an error": INVALID,
    "html": HTML,
}


@pytest.mark.parametrize("answer", PASSING.values(), ids=list(PASSING))
def test_an_answer_passes_as_the_bare_client_gives_it(kind: Kind, answer: Answer) -> None:
    with Server(answer) as server, kind(server) as client, kind(server, bare=True) as bare:
        under, plain = client.call("GET", SHIPMENT), bare.call("GET", SHIPMENT)
        assert under[:3] == plain[:3]
        assert under.status == answer.status
        assert isinstance(under.response, type(plain.response))
        assert client.stream(SHIPMENT) == bare.stream(SHIPMENT)
        assert server.calls[0].headers == server.calls[1].headers
        for _ in range(3):  # and it gives its connection back
            client.call("GET", SHIPMENT)
        assert server.connections <= 5


def test_a_failure_in_a_success_is_named(kind: Kind) -> None:
    with Server(LABELS_FAILED) as server, kind(server) as client:
        seen = client.call("PUT", LABELS, body=b"{}")
        assert (seen.status, seen.body) == (200, LABELS_FAILED.body)
        diagnosis = made_of(seen.response).diagnosis
        assert diagnosis is not None
        assert diagnosis.failed
        with pytest.raises(recoup.FaultError):
            recoup.raise_for_fault(seen.response)


def test_an_error_can_be_judged_before_its_body_is_read_and_be_read_after(kind: Kind) -> None:
    with Server(UNAVAILABLE) as server, kind(server) as client:

        def see(response: Any) -> None:
            with pytest.raises(recoup.TryLater):
                recoup.raise_for_fault(response)

        assert client.stream(SHIPMENT, see) == UNAVAILABLE.body


def test_a_long_body_streams(kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempt, "LARGEST_BODY", 50_000)
    body = b'{"id": "' + b"x" * 400_000 + b'"}'
    for answer in (
        Answer(200, body),
        Answer(200, body, chunked=True),
        Answer(400, body),
        Answer(400, body, chunked=True),
    ):
        with Server(answer) as server, kind(server) as client:
            assert client.stream(SHIPMENT) == body
            assert client.call("GET", SHIPMENT).body == body
            assert made_of(client.call("GET", SHIPMENT).response).attempts == 1


def test_a_body_that_is_not_what_its_encoding_says_is_the_callers_to_find(kind: Kind) -> None:
    answer = Answer(503, b"not gzip at all", {**JSON, "Content-Encoding": "gzip"})
    with Server(answer) as server, kind(server) as client:
        with pytest.raises(client.kinds["decoding"]):
            client.call("GET", SHIPMENT)
        assert len(server.calls) == 3


@pytest.mark.parametrize("status", [200, 404])
def test_an_answer_to_head_has_no_body(kind: Kind, status: int) -> None:
    raw = f"HTTP/1.1 {status} S\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n".encode()
    with Server(Answer(raw=raw)) as server, kind(server) as client:
        for _ in range(3):
            seen = client.call("HEAD", SHIPMENT)
            assert (seen.status, seen.body) == (status, b"")
        assert server.connections == 1


# --- exceptions ------------------------------------------------------------------------------------------------------

BROKEN = {
    "reset": RESET,
    "timeout": Answer(silent=True),
    "cut": CUT,
    "not http": Answer(raw=b"SSH-2.0-OpenSSH\r\n\r\n"),
}


@pytest.mark.parametrize("method", ["POST", "PUT"])
@pytest.mark.parametrize("name", list(BROKEN))
def test_an_exception_is_the_librarys_own_and_carries_the_outcome(kind: Kind, name: str, method: str) -> None:
    with Server(BROKEN[name]) as server, kind(server, timeout=0.3) as client:
        with pytest.raises(client.kinds[name]) as caught:
            client.call(method, CONFIRM)
        assert len(server.calls) == 1
        made = made_of(caught.value)
        assert made.history.outcome_unknown
        assert made.diagnosis is not None
        assert made.diagnosis.no_response is not None
        assert str(made.diagnosis.no_response.kind) == {
            "not http": "protocol", "cut": "truncated", "timeout": "timeout", "reset": "reset"
        }[name]  # fmt: skip
        assert any(note.startswith("recoup: sent 1 time") for note in caught.value.__notes__)


def test_a_connection_that_never_came_about_is_tried_again_also_for_a_write(kind: Kind) -> None:
    with Server() as server:
        pass  # closed again: nobody listens there
    with kind(server) as client:
        with pytest.raises(client.kinds["connect"]) as caught:
            client.call("PUT", CONFIRM, body=b"{}")
        made = made_of(caught.value)
        assert (made.attempts, made.history.outcome_unknown, client.slept) == (3, False, [0.5, 1.0])


# --- tokens ----------------------------------------------------------------------------------------------------------


def test_a_token_is_fetched_renewed_once_and_the_call_repeated(kind: Kind) -> None:
    with Server(EXPIRED, OK) as server, kind(server, login=login(server)) as client:
        seen = client.call("PUT", LABELS, body=b'{"a": 1}')
        assert seen.status == 200
        assert [each.token for each in server.calls] == ["Atza|one", "Atza|two"]
        assert [each.body for each in server.calls] == [b'{"a": 1}'] * 2
        assert [each.form["refresh_token"] for each in server.logins] == [SECRETS[2]] * 2
        assert all("cookie" not in each.headers and each.token is None for each in server.logins)
        assert made_of(seen.response).history.token_renewed


def test_a_token_that_the_caller_brings_is_kept(kind: Kind) -> None:
    with Server(EXPIRED) as server, kind(server, login=login(server)) as client:
        seen = client.call("GET", SHIPMENT, headers={"X-Amz-Access-Token": "Atza|own"})
        assert (seen.status, [each.token for each in server.calls], server.logins) == (403, ["Atza|own"], [])


def test_a_login_that_is_refused_is_a_fault_of_ours(kind: Kind) -> None:
    refused = Answer(400, b'{"error": "invalid_grant", "error_description": "The refresh token is expired"}')
    with Server(OK, tokens=(refused,)) as server, kind(server, login=login(server)) as client:
        for _ in range(2):
            with pytest.raises(recoup.AskPerson) as caught:
                client.call("GET", SHIPMENT)
            assert not any(secret in repr(caught.value) for secret in SECRETS)
        assert (len(server.calls), len(server.logins)) == (0, 1)


@pytest.mark.parametrize("status", [302, 303, 307, 308])
@pytest.mark.parametrize("own", [False, True], ids=["the login's", "the caller's own"])
def test_a_redirect_to_somebody_else_takes_no_token_along(kind: Kind, status: int, own: bool) -> None:
    with Server() as third, Server() as other:
        away = Answer(status, b"", {"Location": f"{other.url}/elsewhere"})
        on = Answer(307, b"", {"Location": f"{third.url}/further"})
        other._calls = [on]
        with Server(away, OK) as server, kind(server, login=None if own else login(server)) as client:
            headers = {"x-amz-access-token": "Atza|own"} if own else None
            seen = client.call("GET", SHIPMENT, headers=headers)
            assert (seen.status, seen.body) == (200, OK.body)
            assert [each.token for each in server.calls] == ["Atza|own" if own else "Atza|one"]
            for elsewhere in (other, third):
                assert len(elsewhere.received) == 1
                assert elsewhere.received[0].token is None
            assert client.call("GET", SHIPMENT, headers=headers).status == 200  # and the next call is as ever
            assert server.calls[-1].token is not None


def test_a_redirect_among_ours_keeps_the_token(kind: Kind) -> None:
    on = Answer(307, b"", {"Location": SHIPMENT + "/two"})
    with Server(on, OK) as server, kind(server, login=login(server)) as client:
        assert client.call("GET", SHIPMENT).status == 200
        assert [each.token for each in server.calls] == ["Atza|one"] * 2


def test_a_foreign_host_is_left_alone(kind: Kind) -> None:
    with Server(UNAVAILABLE) as server, kind(server, hosts=["example.test"], login=login(server)) as client:
        seen = client.call("GET", "/anything", headers={"x-amz-access-token": "theirs"})
        assert (seen.status, recoup.outcome(seen.response), len(server.received)) == (503, None, 1)
        client.call("GET", "/anything")
        assert [each.token for each in server.received] == ["theirs", None]


def test_no_secret_in_what_is_handed_up(kind: Kind) -> None:
    answers = {"reset": RESET, "timeout": Answer(silent=True), "cut": CUT, "an error": INVALID}
    for answer in answers.values():
        with Server(answer) as server, kind(server, login=login(server), timeout=0.3) as client:
            seen = handed_up(client, "POST", CONFIRM, body=b"{}")
            assert server.calls[0].token == "Atza|one"
            texts = [repr(seen), str(seen), repr(vars(seen)), str(made_of(seen).as_dict())]
            request = getattr(seen, "request", None) or getattr(seen, "request_info", None)
            texts.append(repr(getattr(request, "headers", None)))
            if isinstance(seen, BaseException):
                texts.extend(traceback.format_exception(seen))
            assert not [text for text in texts if any(secret in text for secret in SECRETS)]


# --- bodies of requests ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [b'{"a": 1}', b"x" * 300_000], ids=["short", "long"])
def test_a_whole_body_is_sent_again_byte_for_byte(kind: Kind, body: bytes) -> None:
    with Server(UNAVAILABLE, NO_CONTENT) as server, kind(server) as client:
        assert client.call("POST", CONFIRM, body=body).status == 204
        assert [each.body for each in server.calls] == [body, body]


def test_a_generator_body_is_sent_once_and_that_is_said(kind: Kind) -> None:
    with Server(UNAVAILABLE) as server, kind(server) as client:
        seen = client.call("POST", CONFIRM, body=client.generator([b'{"a"', b":1}"]))
        made = made_of(seen.response)
        assert (made.as_dict()["decision"]["reason"], made.attempts) == ("not_replayable", 1)
        assert [each.body for each in server.calls] == [b'{"a":1}']


def test_a_token_that_was_refused_with_a_generator_body_is_replaced_for_the_next_call(kind: Kind) -> None:
    with Server(EXPIRED, NO_CONTENT) as server, kind(server, login=login(server)) as client:
        seen = client.call("POST", CONFIRM, body=client.generator([b"{}"]))
        assert (seen.status, made_of(seen.response).as_dict()["decision"]["reason"]) == (403, "not_replayable")
        assert client.call("POST", CONFIRM, body=client.generator([b"{}"])).status == 204
        assert [each.token for each in server.calls] == ["Atza|one", "Atza|two"]


@pytest.mark.parametrize("kind", [Requests, Urllib3, Aiohttp], ids=lambda kind: kind.name)
def test_a_file_is_rewound_to_where_it_stood(kind: Kind) -> None:
    with Server(UNAVAILABLE, EXPIRED, NO_CONTENT) as server, kind(server, login=login(server)) as client:
        file = io.BytesIO(b"before" + b"y" * 100_000)
        file.seek(6)
        assert client.call("POST", CONFIRM, body=file).status == 204
        assert [each.body for each in server.calls] == [b"y" * 100_000] * 3


@pytest.mark.parametrize("kind", [Requests, Urllib3, Aiohttp], ids=lambda kind: kind.name)
def test_a_pipe_cannot_be_rewound_and_is_sent_once(kind: Kind) -> None:
    reading, writing = os.pipe()
    with Server(UNAVAILABLE) as server, kind(server) as client, os.fdopen(reading, "rb") as pipe:
        os.write(writing, b"z")
        os.close(writing)
        made = made_of(client.call("POST", CONFIRM, body=pipe).response)
        assert made.as_dict()["decision"]["reason"] == "not_replayable"
        assert [each.body for each in server.calls] == [b"z"]


def test_the_headers_of_the_caller_are_not_changed(kind: Kind) -> None:
    headers = {"X-Mine": "1"}
    with Server(EXPIRED, INTERNAL, OK) as server, kind(server, login=login(server)) as client:
        client.call("GET", SHIPMENT, headers=headers)
        assert headers == {"X-Mine": "1"}
        assert all(each.headers["x-mine"] == "1" for each in server.calls)


@pytest.mark.parametrize("kind", [each for each in EVERY if each is not Aiohttp], ids=lambda kind: kind.name)
def test_an_error_in_the_callers_own_generator_is_the_callers(kind: Kind) -> None:
    """With aiohttp too, but that one wraps it into a ClientConnectionError before anybody sees it."""

    def broken() -> Any:
        yield from chunks_of(10)
        raise ZeroDivisionError

    with Server(NO_CONTENT) as server, kind(server) as client:
        body = broken() if "async" not in kind.name else _async(broken())
        with pytest.raises(ZeroDivisionError):
            client.call("POST", CONFIRM, body=body)


async def _async(chunks: Any) -> Any:
    for chunk in chunks:
        yield chunk


def test_a_token_answer_that_is_no_json_reaches_nobody_as_a_token(kind: Kind) -> None:
    page = Answer(200, b"<html>proxy</html>", {"Content-Type": "text/html"})
    with Server(OK, tokens=(page, token("Atza|one"))) as server, kind(server, login=login(server)) as client:
        with pytest.raises(recoup.FaultError):
            client.call("GET", SHIPMENT)
        assert client.call("GET", SHIPMENT).status == 200
