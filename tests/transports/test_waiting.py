"""Time in the hands of tests: nobody waits, and the clock moves on as if somebody had."""

from __future__ import annotations

import asyncio
import time

import pytest
from transport_clients import KINDS, SHIPMENT, Client, Kind
from transport_server import OK, UNAVAILABLE, Server

import recoup
from recoup.testing import Timing, no_waiting
from recoup.transports.timing import WALL, current


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_within_no_waiting_nobody_waits_and_the_waits_are_told(kind: Kind) -> None:
    with Server(UNAVAILABLE, UNAVAILABLE, OK) as server, Client(kind, server, timing=None) as client:
        with no_waiting() as slept:
            assert client.call("GET", SHIPMENT).status_code == 200
        assert slept == [0.5, 1.0]
    assert current() is WALL


def test_a_transport_with_a_timing_of_its_own_keeps_it() -> None:
    with Server(UNAVAILABLE, OK) as server, Client(KINDS[0], server) as client, no_waiting() as slept:
        client.call("GET", SHIPMENT)
        assert (slept, client.slept) == ([], [0.5])


def test_no_waiting_ends_also_by_an_exception_and_can_be_nested() -> None:
    def broken(inner: list[float]) -> None:
        current().sleep(5)
        raise ZeroDivisionError(inner)

    with no_waiting() as outer:
        with no_waiting() as inner, pytest.raises(ZeroDivisionError):
            broken(inner)
        current().sleep(7)
    assert (outer, inner, current()) == ([7], [5], WALL)


def test_the_clock_moves_on_by_what_was_not_slept() -> None:
    still = Timing.without_waiting(start=1000.0)
    still.sleep(30)
    asyncio.run(still.wait(12.5))
    assert still.now() == 1042.5
    before = time.time()
    moving = Timing.without_waiting()
    moving.sleep(3600)
    assert before + 3600 <= moving.now() <= time.time() + 3600


def test_a_cleared_record_does_not_turn_the_clock_back() -> None:
    slept: list[float] = []
    timing = Timing.without_waiting(slept, 1000.0)
    timing.sleep(10)
    slept.clear()
    assert timing.now() == 1010.0


def test_an_asynchronous_wait_of_ones_own_is_used() -> None:
    told: list[float] = []

    async def asleep(seconds: float) -> None:
        told.append(seconds)

    asyncio.run(Timing(asleep=asleep).wait(4))
    asyncio.run(Timing().wait(0))
    assert told == [4]


def test_a_deadline_counts_what_was_not_slept() -> None:
    with Server(UNAVAILABLE) as server:
        policy = recoup.Policy(deadline=1.2)
        with Client(KINDS[0], server, timing=None, policy=policy) as client, no_waiting() as slept:
            made = recoup.outcome(client.call("GET", SHIPMENT))
        assert slept == [0.5]
        assert made is not None
        assert made.as_dict()["decision"]["reason"] == "deadline"
