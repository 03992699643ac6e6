"""What listeners are told of a call, in which order; and that nobody who listens can break one."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

import httpx2
import pytest
from transport_clients import CONFIRM, KINDS, SHIPMENT, START, Client, Kind, login
from transport_server import EXPIRED, INTERNAL, OK, UNAVAILABLE, Answer, Server, login_error, token

import recoup
from recoup.telemetry.events import (
    AttemptEnded,
    CallEnded,
    CallStarted,
    Event,
    Paced,
    TokenAttemptEnded,
    TokenFetched,
    TokenRefused,
    Waited,
)

NAME = "external-fulfillment/2024-09-11/getShipment"


@pytest.fixture(params=KINDS, ids=lambda kind: kind.name)
def kind(request: pytest.FixtureRequest) -> Kind:
    found: Kind = request.param
    return found


def names(heard: Sequence[Event]) -> list[str]:
    return [type(event).__name__ for event in heard]


def test_a_success_from_beginning_to_end(kind: Kind) -> None:
    heard: list[Event] = []
    with Server(OK) as server, Client(kind, server, listeners=[heard.append], seller="A1") as client:
        client.call("GET", SHIPMENT + "?secret=of-the-query")
        host = server.url.partition("//")[2]
    assert names(heard) == ["CallStarted", "Paced", "AttemptEnded", "CallEnded"]
    started, _, attempt, ended = heard
    assert isinstance(started, CallStarted)
    assert isinstance(attempt, AttemptEnded)
    assert isinstance(ended, CallEnded)
    assert (started.method, started.host, started.at) == ("GET", host, START)
    assert (attempt.attempt, attempt.status, attempt.decision, attempt.fault) == (1, 200, "done", None)
    assert attempt.request_id == "11111111-2222-3333-4444-555555555555"
    assert (ended.attempts, ended.decision, ended.status, ended.waited, ended.unknown) == (1, "done", 200, 0.0, False)
    assert {(event.call, event.operation, event.seller) for event in heard} == {(started.call, NAME, "A1")}
    assert "of-the-query" not in repr(heard)


def test_repeats_and_waits_between_them(kind: Kind) -> None:
    heard: list[Event] = []
    with Server(UNAVAILABLE, OK) as server, Client(kind, server, listeners=[heard.append]) as client:
        client.call("GET", SHIPMENT)
    kinds = [event for event in heard if isinstance(event, AttemptEnded | Waited | CallEnded)]
    assert names(kinds) == ["AttemptEnded", "Waited", "AttemptEnded", "CallEnded"]
    first, waited, second, ended = kinds
    assert isinstance(first, AttemptEnded)
    assert isinstance(waited, Waited)
    assert isinstance(second, AttemptEnded)
    assert isinstance(ended, CallEnded)
    assert (first.attempt, first.status, first.fault, first.decision) == (1, 503, "other-503-unavailable", "retry")
    assert (waited.seconds, waited.why) == (0.5, "backoff")
    assert (second.attempt, second.status, second.decision) == (2, 200, "done")
    assert (ended.attempts, ended.seconds, ended.waited) == (2, 0.5, 0.5)


def test_a_token_its_refusal_and_the_one_after_it(kind: Kind) -> None:
    heard: list[Event] = []
    with (
        Server(EXPIRED, OK) as server,
        Client(kind, server, listeners=[heard.append], login=login(server, seller="A1")) as client,
    ):
        client.call("GET", SHIPMENT)
    told = [event for event in heard if not isinstance(event, Paced)]
    fetched = ["TokenAttemptEnded", "TokenFetched"]
    assert names(told) == ["CallStarted", *fetched, "AttemptEnded", *fetched, "AttemptEnded", "CallEnded"]
    assert len({event.call for event in told}) == 1
    assert [event.decision for event in told if isinstance(event, AttemptEnded)] == ["renew_token", "done"]
    assert [event.lasts for event in told if isinstance(event, TokenFetched)] == [3600.0, 3600.0]


def test_every_request_for_a_token_is_told(kind: Kind) -> None:
    heard: list[Event] = []
    down = Answer(503, b'{"error":"temporarily_unavailable","error_description":"try again"}')
    with (
        Server(OK, tokens=(down, down, token("Atza|one"))) as server,
        Client(kind, server, listeners=[heard.append], login=login(server, seller="A1")) as client,
    ):
        client.call("GET", SHIPMENT)
    told = [event for event in heard if isinstance(event, TokenAttemptEnded)]
    assert [(event.attempt, event.status, event.decision) for event in told] == [
        (1, 503, "retry"),
        (2, 503, "retry"),
        (3, 200, "done"),
    ]
    assert {event.fault for event in told} == {"lwa-temporarily-unavailable", None}
    assert {event.seller for event in told} == {"A1"}
    ended = heard[-1]
    assert isinstance(ended, CallEnded)
    assert ended.attempts == 1  # of the call itself
    assert "Atz" not in repr(heard)


def test_no_token_no_attempt_and_an_end_all_the_same(kind: Kind) -> None:
    heard: list[Event] = []
    refusal = login_error("invalid_grant", "The request has an invalid grant parameter : refresh_token", 400)
    with (
        Server(tokens=(refusal,)) as server,
        Client(kind, server, listeners=[heard.append], login=login(server)) as client,
    ):
        with pytest.raises(recoup.AskPerson) as caught:
            client.call("GET", SHIPMENT)
        made = recoup.outcome(caught.value)
        assert made is not None
        assert (made.attempts, made.as_dict()["decision"]["action"]) == (0, "give_up")
    assert any(isinstance(event, TokenRefused) for event in heard)
    assert not any(isinstance(event, AttemptEnded) for event in heard)
    ended = heard[-1]
    assert isinstance(ended, CallEnded)
    assert (ended.attempts, ended.decision, ended.status) == (0, "give_up", None)


def test_a_lost_answer_to_a_write_is_told_as_unknown(kind: Kind) -> None:
    heard: list[Event] = []
    with Server(Answer(reset=True)) as server, Client(kind, server, listeners=[heard.append]) as client:
        with pytest.raises(kind.library.TransportError) as caught:
            client.call("POST", CONFIRM)
        assert recoup.outcome(caught.value) is not None
    ended = heard[-1]
    assert isinstance(ended, CallEnded)
    assert (ended.unknown, ended.status, ended.decision) == (True, None, "resync")


def test_a_mistake_of_the_callers_own_ends_the_call_without_a_decision(kind: Kind) -> None:
    heard: list[Event] = []

    def broken() -> Any:
        yield b"{"
        raise ZeroDivisionError

    with (
        Server() as server,
        Client(kind, server, listeners=[heard.append]) as client,
        pytest.raises(ZeroDivisionError),
    ):
        client.call("POST", CONFIRM, content=client.body(broken()))
    ended = heard[-1]
    assert isinstance(ended, CallEnded)
    assert ended.decision == ""


def test_a_cancelled_task_ends_its_call_too() -> None:
    heard: list[Event] = []

    async def run() -> None:
        transport = recoup.AsyncTransport(hosts=[server.url], listeners=[heard.append])
        async with httpx2.AsyncClient(transport=transport) as client:
            task = asyncio.ensure_future(client.get(server.url + SHIPMENT))
            while not server.received:
                await asyncio.sleep(0.001)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    with Server(Answer(silent=True)) as server:
        asyncio.run(run())
    assert names(heard)[0] == "CallStarted"
    assert isinstance(heard[-1], CallEnded)


def test_a_listener_that_fails_breaks_nothing_and_is_named_in_the_log(
    kind: Kind, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[Event] = []

    def broken(event: Event) -> None:
        raise RuntimeError("of the listener")

    with (
        Server(OK) as server,
        Client(kind, server, listeners=[broken, heard.append]) as client,
        caplog.at_level(logging.ERROR, "recoup"),
    ):
        assert client.call("GET", SHIPMENT).status_code == 200
    assert names(heard) == ["CallStarted", "Paced", "AttemptEnded", "CallEnded"]
    assert {record.message for record in caplog.records} == {f"a listener failed at {name}" for name in names(heard)}


def test_calls_have_numbers_of_their_own(kind: Kind) -> None:
    heard: list[Event] = []
    with Server(INTERNAL) as server, Client(kind, server, listeners=[heard.append]) as client:
        for _ in range(3):
            client.call("GET", SHIPMENT)
    assert len({event.call for event in heard}) == 3


def test_what_is_no_listener_is_refused() -> None:
    with pytest.raises(recoup.SettingsError, match=r"^listeners: "):
        recoup.Transport(listeners=[None])  # type: ignore[list-item]
