"""Without any configuration calls are told to the logger `recoup`: what somebody has to look at, and nothing else."""

from __future__ import annotations

import json
import logging
import traceback
from pathlib import Path
from typing import Any

import httpx2
import pytest
from every_client import EVERY, Client, Httpx2, handed_up
from transport_clients import CONFIRM, SECRETS, SHIPMENT, STOCK, login
from transport_server import EXPIRED, INTERNAL, OK, Answer, Server, errors, login_error

import recoup
from recoup.telemetry import AttemptEnded, CallEnded, CallStarted, Event, Waited, log_events
from recoup.transports.library import Target
from recoup.transports.telling import Audience

PER_CLIENT = pytest.mark.parametrize("kind", EVERY, ids=lambda kind: kind.name)
CANCELLED = errors("OrderCancelled", "Cannot process the request because the order is already cancelled", "", 422)
REFUSED = login_error("invalid_grant", "The refresh token is invalid", 400)
LATE = {"errorType": "4 is in conflict with existing client sequence number 7", "errorSubType": "SC_20002"}
BATCH = Answer(
    207,
    json.dumps(
        {
            "responses": [
                {"status": {"statusCode": 409}, "body": {"skuId": "A", "locationId": "L", "actionableErrors": [LATE]}},
                {"status": {"statusCode": 200}, "body": {"skuId": "B", "locationId": "L"}},
            ]
        }
    ).encode(),
)


def lines(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    """Level and text, without the number of the call and the seller, of what recoup logged."""
    found = []
    for record in caplog.records:
        if record.name == "recoup":
            whose, _, said = record.getMessage().partition(": ")
            found.append((record.levelname, f"{whose.partition(' call ')[0]}: {said}"))
    return found


@PER_CLIENT
def test_a_call_that_succeeds_says_nothing(kind: type[Client], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    with Server(EXPIRED, INTERNAL, OK) as server, kind(server, login=login(server)) as client:
        client.call("GET", SHIPMENT)
    assert lines(caplog) == []


@PER_CLIENT
def test_what_is_handed_up_is_a_warning(kind: type[Client], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    with Server(CANCELLED, Answer(reset=True)) as server, kind(server, login=login(server)) as client:
        handed_up(client, "POST", CONFIRM)
        handed_up(client, "POST", CONFIRM)
    name = "external-fulfillment/2024-09-11/processShipment"
    unknown = "it may have taken effect: read back before repeating it"
    assert lines(caplog) == [
        ("WARNING", f"{name}: ended after 1 attempt in 0 s: HTTP 422, sc-00006-order-cancelled; give_up"),
        ("WARNING", f"{name}: ended after 1 attempt in 0 s: no response, other-network-tls, closed; resync; {unknown}"),
    ]


def test_items_that_failed_inside_a_success_are_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    with Server(BATCH) as server, Httpx2(server, login=login(server)) as client:
        handed_up(client, "POST", STOCK, body=b'{"requests": []}')
    ((level, said),) = lines(caplog)
    assert level == "WARNING"
    assert "; 1 failed item" in said


def test_a_seller_who_is_parked_is_an_error(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    with (
        Server(tokens=(REFUSED,)) as server,
        Httpx2(server, login=login(server)) as client,
        pytest.raises(recoup.AskPerson),
    ):
        client.call("GET", SHIPMENT)
    levels = [level for level, _ in lines(caplog)]
    assert levels.count("ERROR") >= 1
    assert set(levels) == {"ERROR", "WARNING"}
    assert all(secret not in caplog.text for secret in SECRETS)


def test_at_info_every_retry_can_be_seen(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with Server(INTERNAL, OK) as server, Httpx2(server) as client:
        client.call("GET", SHIPMENT)
    name = "external-fulfillment/2024-09-11/getShipment"
    request = "[request 11111111-2222-3333-4444-555555555555]"
    assert lines(caplog) == [
        ("INFO", f"{name}: attempt 1 after 0 s: HTTP 500, other-500-internal; retry {request}"),
        ("INFO", f"{name}: waits 0.5 s before the next attempt"),
        ("INFO", f"{name}: ended after 2 attempts in 0.5 s, 0.5 s of it waiting: HTTP 200"),
    ]


def test_a_log_among_the_listeners_takes_the_place_of_the_default(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    with Server(CANCELLED) as server, Httpx2(server, listeners=[log_events("mine")]) as client:
        client.call("POST", CONFIRM)
    assert [record.name for record in caplog.records] == ["mine"]


def test_listeners_hear_everything_whatever_the_level_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    heard: list[Event] = []
    with Server(INTERNAL, OK) as server, Httpx2(server, listeners=[heard.append]) as client:
        client.call("GET", SHIPMENT)
    kinds = [type(event) for event in heard if isinstance(event, CallStarted | AttemptEnded | Waited | CallEnded)]
    assert kinds == [CallStarted, AttemptEnded, Waited, AttemptEnded, CallEnded]
    assert len({event.call for event in heard}) == 1
    assert caplog.records == []


def test_a_listener_that_fails_breaks_nothing(caplog: pytest.LogCaptureFixture) -> None:
    def failing(event: Event) -> None:
        raise RuntimeError("no")

    with Server(OK) as server, Httpx2(server, listeners=[failing]) as client:
        assert client.call("GET", SHIPMENT).status == 200
    assert "a listener failed at CallStarted" in caplog.text


def test_a_listener_that_cannot_be_called_is_refused() -> None:
    listeners: Any = ["no function"]
    with pytest.raises(recoup.SettingsError, match="listeners: 'no function' is not valid"):
        recoup.Transport(listeners=listeners)


def test_nobody_is_told_anything_where_the_log_is_off(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, "recoup")
    target = Target("GET", "https", "h", "/")
    assert Audience(()).telling(None, lambda: 0.0, target, None, None) is None


OURS = str(Path(recoup.__file__).parent)


@PER_CLIENT
def test_local_variables_of_our_frames_show_no_token(kind: type[Client]) -> None:
    """Tools that report exceptions show them. urllib3's own frames show the fields of the request; ours do not."""
    with (
        Server(Answer(reset=True)) as server,
        kind(server, login=login(server)) as client,
        pytest.raises(client.errors) as caught,
    ):
        client.call("POST", CONFIRM, body=b"{}")
    seen: list[BaseException | None] = [caught.value]
    for error in seen:
        if error is None:
            continue
        shown = traceback.TracebackException.from_exception(error, capture_locals=True)
        seen += [each for each in (error.__cause__, error.__context__) if each not in seen]
        for frame in shown.stack:
            if frame.filename.startswith(OURS):
                for name, value in (frame.locals or {}).items():
                    assert not any(secret in value for secret in SECRETS), f"{frame.filename} {frame.name}: {name}"


def test_httpx2_logs_the_url_and_nothing_of_the_token(caplog: pytest.LogCaptureFixture) -> None:
    """What the reference says of the libraries' own logs."""
    caplog.set_level(logging.DEBUG)
    with (
        Server(OK) as server,
        httpx2.Client(transport=recoup.Transport(hosts=[server.url], login=login(server))) as client,
    ):
        client.get(server.url + SHIPMENT, params={"secret": "in the query"})
    assert "in+the+query" in caplog.text or "in%20the%20query" in caplog.text
    assert all(secret not in caplog.text for secret in SECRETS)
