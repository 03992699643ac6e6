"""Bodies of both directions: streams that are gone once sent, streams that stay streams, encodings, long ones."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from transport_clients import CONFIRM, KINDS, SHIPMENT, Client, Kind, login
from transport_server import EXPIRED, NO_CONTENT, OK, UNAVAILABLE, Answer, Server

import recoup
from recoup.transports import attempt

JSON = {"Content-Type": "application/json"}
GZIP = {**JSON, "Content-Encoding": "gzip"}


@pytest.fixture(params=KINDS, ids=lambda kind: kind.name)
def kind(request: pytest.FixtureRequest) -> Kind:
    found: Kind = request.param
    return found


def made_of(response: Any) -> recoup.Outcome:
    made = recoup.outcome(response)
    assert made is not None
    return made


# --- of requests -----------------------------------------------------------------------------------------------------


def test_a_generator_body_is_sent_once_and_that_is_said(kind: Kind) -> None:
    with Server(UNAVAILABLE) as server, Client(kind, server) as client:
        response = client.call("POST", CONFIRM, content=client.body([b'{"a"', b":1}"]))
        made = made_of(response)
        assert isinstance(made.decision, recoup.GiveUp)
        assert (made.decision.reason, made.attempts, client.slept) == ("not_replayable", 1, [])
        assert [each.body for each in server.received] == [b'{"a":1}']
        with pytest.raises(recoup.TryLater):
            recoup.raise_for_fault(response)


def test_a_generator_body_with_a_refused_token_is_not_repeated_and_the_next_one_has_a_new_token(kind: Kind) -> None:
    with Server(EXPIRED, NO_CONTENT) as server, Client(kind, server, login=login(server)) as client:
        response = client.call("POST", CONFIRM, content=client.body([b"{}"]))
        made = made_of(response)
        assert (response.status_code, made.as_dict()["decision"]["reason"]) == (403, "not_replayable")
        assert len(server.calls) == 1
        assert client.call("POST", CONFIRM, content=client.body([b"{}"])).status_code == 204
        assert [each.token for each in server.calls] == ["Atza|one", "Atza|two"]


@pytest.mark.parametrize("arguments", [{"json": {"a": 1}}, {"content": b'{"a":1}'}, {"data": {"a": "1"}}])
def test_a_whole_body_is_sent_again_byte_for_byte(kind: Kind, arguments: dict[str, Any]) -> None:
    with Server(UNAVAILABLE, NO_CONTENT) as server, Client(kind, server) as client:
        assert client.call("POST", CONFIRM, **arguments).status_code == 204
        first, second = server.calls
        assert first.body == second.body != b""


# --- of answers ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 400])
def test_gzip_is_undone_for_the_diagnosis_and_again_for_the_caller(kind: Kind, status: int) -> None:
    data = {"errors": [{"code": "InvalidInput", "message": "Invalid input 'x' for parameter 'y'"}]}
    answer = Answer(status, gzip.compress(json.dumps(data).encode()), GZIP)
    with Server(answer) as server, Client(kind, server) as client:
        response = client.call("POST", CONFIRM)
        assert response.json() == data
        diagnosis = made_of(response).diagnosis
        assert (diagnosis.id if diagnosis is not None else None) == (
            "sc-00002-invalid-value" if status == 400 else None
        )


def test_a_body_that_is_not_what_its_encoding_says_is_looked_at_as_it_came(kind: Kind) -> None:
    with Server(Answer(503, b"not gzip at all", GZIP)) as server, Client(kind, server) as client:
        with pytest.raises(kind.library.DecodingError):
            client.call("GET", SHIPMENT)  # as without recoup
        assert len(server.calls) == 3


def test_a_document_streams_untouched(kind: Kind) -> None:
    pages = b"%PDF" + b"x" * 300_000
    seen: list[bool] = []

    def see(response: Any) -> None:
        assert made_of(response).diagnosis is None
        recoup.raise_for_fault(response)  # says nothing, and needs no body for that
        seen.append(response.is_stream_consumed)

    with Server(Answer(200, pages, {"Content-Type": "application/pdf"})) as server, Client(kind, server) as client:
        assert client.stream("GET", SHIPMENT, see) == pages
        assert seen == [False]


def test_an_error_can_be_judged_before_its_body_is_read_and_be_read_after(kind: Kind) -> None:
    with Server(UNAVAILABLE) as server, Client(kind, server) as client:

        def see(response: Any) -> None:
            with pytest.raises(recoup.TryLater) as caught:
                recoup.raise_for_fault(response)
            assert caught.value.after == 180

        assert client.stream("GET", SHIPMENT, see) == UNAVAILABLE.body


def test_json_beyond_the_limit_comes_whole_without_being_held(kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempt, "LARGEST_BODY", 50_000)
    body = b'{"id": "' + b"x" * 400_000 + b'"}'
    for chunked in (True, False):
        with Server(Answer(200, body, JSON, chunked=chunked)) as server, Client(kind, server) as client:
            response = client.call("GET", SHIPMENT)
            assert response.content == body
            assert isinstance(made_of(response).decision, recoup.Done)


def test_an_endless_error_is_judged_by_its_beginning_and_let_go_before_the_repeat(
    kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempt, "LARGEST_BODY", 50_000)
    long = Answer(503, UNAVAILABLE.body + b" " * 400_000, JSON)
    one = kind.library.Limits(max_connections=1)
    make = kind.library.AsyncHTTPTransport if kind.is_async else kind.library.HTTPTransport
    with Server(long, long, OK) as server, Client(kind, server, inner=make(limits=one), timeout=2) as client:
        assert client.call("GET", SHIPMENT).content == OK.body
        assert len(server.calls) == 3
    with Server(long) as server, Client(kind, server) as client:
        response = client.call("GET", SHIPMENT)
        assert (response.content, made_of(response).diagnosis.id) == (long.body, "other-503-unavailable")  # type: ignore[union-attr]


def test_a_refusal_that_is_handed_up_can_be_read_after_the_token_was_renewed(
    kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A body that was a stream cannot be sent again: the new token is for the next call, and this answer is kept."""
    monkeypatch.setattr(attempt, "LARGEST_BODY", 50_000)
    long = Answer(403, EXPIRED.body + b" " * 400_000, JSON)
    with (
        Server(long) as server,
        Client(kind, server, login=login(server)) as client,
    ):
        response = client.call("POST", CONFIRM, content=client.body([b"{}"]))
        assert response.content == long.body
        assert len(server.logins) == 2


@pytest.mark.parametrize("status", [200, 404, 503])
def test_an_answer_to_head_gives_its_connection_back(kind: Kind, status: int) -> None:
    def head(_: int) -> Answer:
        return Answer(
            raw=f"HTTP/1.1 {status} S\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n".encode()
        )

    one = kind.library.Limits(max_connections=1)
    make = kind.library.AsyncHTTPTransport if kind.is_async else kind.library.HTTPTransport
    with Server(head(status)) as server, Client(kind, server, inner=make(limits=one), timeout=2) as client:
        for _ in range(2):
            assert client.call("HEAD", SHIPMENT).status_code == status


def test_an_error_in_the_callers_own_generator_is_the_callers(kind: Kind) -> None:
    def broken() -> Iterator[bytes]:
        yield b"{"
        raise ZeroDivisionError

    with Server(NO_CONTENT) as server, Client(kind, server) as client, pytest.raises(ZeroDivisionError):
        client.call("POST", CONFIRM, content=client.body(broken()))


@pytest.mark.parametrize("length", ["9" * 5000, "-1", "", "two"])
def test_a_length_that_is_none_harms_nobody(length: str) -> None:
    """HTTP/1.1 readers refuse such a length themselves; other inner transports may hand it up."""

    def answer(_: Any) -> Any:
        return httpx2.Response(
            200, headers=[("Content-Type", "application/json"), ("Content-Length", length)], content=b"{}"
        )

    with httpx2.Client(transport=recoup.Transport(httpx2.MockTransport(answer))) as client:
        response = client.get("https://sellingpartnerapi-na.amazon.com" + SHIPMENT)
    assert response.content == b"{}"
    assert made_of(response).attempts == 1
