"""What is held back is not sent: for its order and operation, until its time, in every client of the same governor."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from transport_clients import CONFIRM, KINDS, LABELS, SHIPMENT, START, Client, Kind
from transport_server import NO_CONTENT, OK, Server, errors

import recoup
from recoup.governor.hold import ANY, Hold, HoldKey
from recoup.storage.memory import MemoryStore
from recoup.telemetry.events import Event, Held
from recoup.testing import Timing

LOCKED = errors(
    "InvalidInput",
    "Maximum number of retry reached for order 'S1' or on a operation of order, Please try after '3600' seconds.",
    "SC_00005",
)
EARLY = errors(
    "StateConflict",
    "Dispatch-after-date '2027-01-15T08:10:00Z' of the order is greater than the current time",  # START and 600 s
    "SC_30005",
)
DIMENSIONS = errors(
    "ShiplabelGenerationFailure",
    "Cannot process the request because either package dimensions are incorrect or the carrier capacity has been "
    "completely utilized",
    "SC_30001",
)
PACKAGE = SHIPMENT + "/packages/P1?operation=UPDATE"


@pytest.fixture(params=KINDS, ids=lambda kind: kind.name)
def kind(request: pytest.FixtureRequest) -> Kind:
    found: Kind = request.param
    return found


class Clock:
    """A clock that stands still until it is told to move."""

    def __init__(self) -> None:
        self.at = START

    @property
    def timing(self) -> Timing:
        return Timing(now=lambda: self.at, sleep=lambda seconds: None)


@pytest.mark.parametrize(("answer", "seconds"), [(LOCKED, 3600.0), (EARLY, 600.0)])
def test_an_order_rests_for_the_operation_until_the_time_that_was_stated(
    kind: Kind, answer: Any, seconds: float
) -> None:
    clock = Clock()
    with Server(answer, NO_CONTENT) as server, Client(kind, server, timing=clock.timing) as client:
        assert client.call("POST", CONFIRM).status_code == 400
        clock.at += seconds - 1
        with pytest.raises(recoup.TryLater, match=r"^nothing was sent: held back for 1 s more, until ") as caught:
            client.call("POST", CONFIRM)
        assert caught.value.after == pytest.approx(1.0)
        until, _, why = str(caught.value).partition("until ")[2].partition(" UTC: ")
        assert datetime.fromisoformat(until + "+00:00").timestamp() == pytest.approx(START + seconds, abs=1.0)
        sentences = why.rstrip(".").split(". ")
        assert len(set(sentences)) == len(sentences), "nothing is said twice"
        assert caught.value.fault in ("sc-00005-max-retries", "sc-30005-dispatch-after-date")
        made = recoup.outcome(caught.value)
        assert made is not None
        assert (made.attempts, made.as_dict()["decision"]["subject"]) == (0, "order-operation")
        assert len(server.calls) == 1
        clock.at += 1
        assert client.call("POST", CONFIRM).status_code == 204


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", SHIPMENT),
        ("POST", SHIPMENT.replace("S1", "S2") + "?operation=CONFIRM"),
        ("PUT", LABELS),
    ],
)
def test_other_orders_and_operations_go_on(kind: Kind, method: str, target: str) -> None:
    with Server(LOCKED, OK) as server, Client(kind, server) as client:
        client.call("POST", CONFIRM)
        assert client.call(method, target).status_code == 200


def test_what_one_can_mend_oneself_is_not_held_back(kind: Kind) -> None:
    with Server(DIMENSIONS, OK) as server, Client(kind, server) as client:
        client.call("PUT", LABELS)
        assert client.call("PUT", LABELS).status_code == 200


def test_a_hold_of_an_order_counts_for_all_of_its_packages(kind: Kind) -> None:
    with Server(LOCKED, OK) as server, Client(kind, server) as client:
        client.call("PUT", PACKAGE)
        with pytest.raises(recoup.TryLater):
            client.call("PUT", PACKAGE.replace("P1", "P2"))


def test_every_client_of_the_governor_keeps_it_and_a_release_ends_it(kind: Kind) -> None:
    store = MemoryStore()
    one, two = recoup.Governor(store=store), recoup.Governor(store=store)
    with (
        Server(LOCKED, OK) as server,
        Client(kind, server, governor=one, seller="A1") as first,
        Client(kind, server, governor=two, seller="A1") as second,
        Client(kind, server, governor=two, seller="B2") as other,
    ):
        first.call("POST", CONFIRM)
        with pytest.raises(recoup.TryLater):
            second.call("POST", CONFIRM)
        assert other.call("POST", CONFIRM).status_code == 200
        (hold,) = store.holds(now=START)
        assert hold.key == HoldKey("-", "A1", "external-fulfillment/2024-09-11/processShipment", "S1")
        assert (hold.until, hold.fault) == (START + 3600, "sc-00005-max-retries")
        assert hold.remedy
        two.release(HoldKey("-", "A1"))
        assert second.call("POST", CONFIRM).status_code == 200


def test_what_waits_for_a_person_says_for_whom(kind: Kind) -> None:
    governor = recoup.Governor()
    governor.hold(
        Hold(key=HoldKey("-", "A1"), until=None, since=START, who="seller", reason="the account is deactivated")
    )
    with Server() as server, Client(kind, server, governor=governor, seller="A1") as client:
        with pytest.raises(recoup.AskPerson, match="the account is deactivated") as caught:
            client.call("GET", SHIPMENT)
        assert caught.value.who == "seller"
        assert server.received == []
    assert governor.holding


def test_a_hold_that_begins_while_a_call_waits_for_its_turn_stops_it_and_its_place_is_free() -> None:
    governor = recoup.Governor(plans={"processShipment": (0.5, 1)}, margin=0.0)
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        governor.hold(Hold(key=HoldKey("-", "A1", ANY, "S1"), until=START + 60, since=START))

    arguments: dict[str, Any] = {"governor": governor, "seller": "A1", "timing": Timing(now=lambda: START, sleep=sleep)}
    with Server(NO_CONTENT) as server, Client(KINDS[0], server, **arguments) as client:
        client.call("POST", CONFIRM)
        with pytest.raises(recoup.TryLater):
            client.call("POST", CONFIRM)
        client.call("POST", CONFIRM.replace("S1", "S2"))
        assert len(server.calls) == 2
    assert waits == pytest.approx([2.0, 2.0])


def test_a_call_without_an_order_holds_nothing_back(kind: Kind) -> None:
    store = MemoryStore()
    with Server(LOCKED) as server, Client(kind, server, governor=recoup.Governor(store=store)) as client:
        client.call("GET", "/externalFulfillment/2024-09-11/shipments")
        assert store.holds(now=START) == []


def test_the_beginning_of_a_hold_and_every_call_that_meets_it_are_told() -> None:
    heard: list[Event] = []
    with Server(LOCKED) as server, Client(KINDS[0], server, listeners=[heard.append]) as client:
        client.call("POST", CONFIRM)
        with pytest.raises(recoup.TryLater):
            client.call("POST", CONFIRM)
    held = [event for event in heard if isinstance(event, Held)]
    assert [(event.begun, event.until, event.fault) for event in held] == [
        (True, START + 3600, "sc-00005-max-retries"),
        (False, START + 3600, "sc-00005-max-retries"),
    ]
