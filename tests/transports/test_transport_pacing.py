"""Pacing in the call flow, on a clock that moves by what would have been slept: who waits, and how long."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import httpx2
import pytest
from transport_clients import KINDS, SHIPMENT, START, Client, Kind, login
from transport_server import EXPIRED, OK, THROTTLED, UNAVAILABLE, Answer, Server, token

import recoup
from recoup.governor.plan import BucketKey
from recoup.storage.memory import MemoryStore
from recoup.telemetry.events import Event, Paced, PlanExceeded, PlanLearned, Waited, Why
from recoup.testing import Timing

JSON = {"Content-Type": "application/json"}
PLAN = {"getShipment": (0.5, 2)}  # two at once, then one every two seconds


def paced(plans: Any = None, **more: Any) -> recoup.Governor:
    return recoup.Governor(plans=PLAN if plans is None else plans, margin=0.0, **more)


@pytest.fixture(params=KINDS, ids=lambda kind: kind.name)
def kind(request: pytest.FixtureRequest) -> Kind:
    found: Kind = request.param
    return found


def test_the_burst_goes_at_once_and_the_rest_by_the_plan(kind: Kind) -> None:
    with Server() as server, Client(kind, server, governor=paced()) as client:
        for _ in range(5):
            assert client.call("GET", SHIPMENT).status_code == 200
        assert client.slept == pytest.approx([2.0, 2.0, 2.0])
        assert len(server.calls) == 5


def test_the_plan_of_the_fact_table_counts_where_nobody_says_anything(kind: Kind) -> None:
    with Server() as server, Client(kind, server) as client:
        for _ in range(12):
            client.call("GET", SHIPMENT)  # five a second, burst ten assumed, a tenth of a second of it left unused
        assert client.slept == pytest.approx([0.1, 0.2, 0.2], abs=1e-3)


def test_without_limits_nobody_waits(kind: Kind) -> None:
    with Server() as server, Client(kind, server, governor=recoup.Governor.unlimited()) as client:
        for _ in range(50):
            client.call("GET", SHIPMENT)
        assert client.slept == []


@pytest.mark.parametrize("path", ["/no/such/operation", "/"])
def test_a_path_that_is_no_operations_is_not_paced(kind: Kind, path: str) -> None:
    with Server() as server, Client(kind, server, governor=paced()) as client:
        for _ in range(5):
            client.call("GET", path)
        assert client.slept == []


def test_sellers_and_operations_do_not_wait_for_each_other(kind: Kind) -> None:
    with Server() as server, Client(kind, server, governor=paced()) as client:
        for seller in ("Atza|one", "Atza|two", "Atza|three"):
            for _ in range(2):
                client.call("GET", SHIPMENT, headers={"x-amz-access-token": seller})
        client.call("POST", SHIPMENT + "?operation=CONFIRM")
        assert client.slept == []
        client.call("GET", SHIPMENT, headers={"x-amz-access-token": "Atza|two"})
        assert client.slept == pytest.approx([2.0])


def test_clients_with_one_governor_and_one_name_for_the_seller_share_a_quota(kind: Kind) -> None:
    governor = paced()
    with (
        Server() as server,
        Client(kind, server, governor=governor, seller="A1") as one,
        Client(kind, server, governor=governor, seller="A1") as two,
    ):
        for token_of, client in (("Atza|one", one), ("Atza|two", two), ("Atza|three", two)):
            client.call("GET", SHIPMENT, headers={"x-amz-access-token": token_of})
        assert one.slept == []
        assert two.slept == pytest.approx([2.0])


def test_a_login_says_whose_quota_it_is_and_token_requests_are_not_paced(kind: Kind) -> None:
    store = MemoryStore()
    with Server() as server:
        with Client(kind, server, governor=paced(store=store), login=login(server, seller="A1")) as client:
            client.call("GET", SHIPMENT)
            client.call("GET", SHIPMENT, headers={"x-amz-access-token": "Atza|restricted"})  # of the same seller
            client.call("GET", SHIPMENT)
            assert client.slept == pytest.approx([2.0])
        assert len(server.logins) == 1
    (bucket,) = store.buckets(now=START)
    assert bucket.key == BucketKey(
        "amzn1.application-oa2-client.1",
        "A1",
        server.url.partition("//")[2],
        "external-fulfillment/2024-09-11/getShipment",
    )


def test_a_fingerprint_tells_nothing_of_the_token(kind: Kind) -> None:
    store = MemoryStore()
    with Server() as server, Client(kind, server, governor=paced(store=store)) as client:
        client.call("GET", SHIPMENT, headers={"x-amz-access-token": "Atza|planted"})
    (bucket,) = store.buckets(now=START)
    assert "planted" not in repr(bucket)
    assert bucket.key.seller.startswith("token-")


def test_every_sending_takes_a_place_repeats_and_the_one_with_a_new_token_too(kind: Kind) -> None:
    with Server(UNAVAILABLE, EXPIRED, OK) as server:
        with Client(kind, server, governor=paced({"getShipment": (0.5, 1)}), login=login(server)) as client:
            assert client.call("GET", SHIPMENT).status_code == 200
            assert client.slept == pytest.approx([0.5, 1.5, 2.0])  # backoff, what is left of the two seconds, pace
        assert len(server.calls) == 3


def test_what_an_answer_states_counts_from_then_on(kind: Kind) -> None:
    heard: list[Event] = []
    slow = Answer(200, b"{}", {**JSON, "x-amzn-RateLimit-Limit": "0.5"})
    with Server(slow) as server, Client(kind, server, listeners=[heard.append]) as client:
        for _ in range(12):
            client.call("GET", SHIPMENT)
        assert max(client.slept) == pytest.approx(2.0)
    learned = [event for event in heard if isinstance(event, PlanLearned)]
    assert [(event.rate, event.before, event.throttled) for event in learned] == [(0.5, 5.0, False)]


@pytest.mark.parametrize(
    ("plan", "waits"),
    [
        ((0.01, 1), [0.5, 100 / 0.7 - 0.5]),  # the whole wait is that for the next place: the backoff is part of it
        ((10.0, 10), [0.5]),  # the backoff is longer; the fact table's own plan (5 a second) is not asked
        (None, [0.5 + 0.2]),  # unpaced on purpose: the backoff alone keeps to the published rate
    ],
    ids=["slow", "fast", "unpaced"],
)
def test_after_a_refusal_for_speed_the_longer_of_backoff_and_turn_is_waited_once(
    kind: Kind, plan: Any, waits: list[float]
) -> None:
    governor = paced({"getShipment": plan})
    with Server(THROTTLED, OK) as server, Client(kind, server, governor=governor) as client:
        assert client.call("GET", SHIPMENT).status_code == 200
        assert client.slept == pytest.approx(waits, rel=1e-3)


def test_a_refusal_for_speed_keeps_its_place_before_those_who_come_after_it() -> None:
    with Server(THROTTLED, OK) as server:
        slept: list[float] = []
        timing = Timing.without_waiting(slept, START)
        transport = recoup.Transport(
            timing=timing, random=lambda: 0.0, hosts=[server.url], governor=paced({"getShipment": (0.1, 1)})
        )
        with httpx2.Client(transport=transport, base_url=server.url) as client:
            assert client.get(SHIPMENT).status_code == 200
            assert client.get(SHIPMENT).status_code == 200
        assert sum(slept) == pytest.approx(2 * 10 / 0.7, rel=0.01)


def test_repeats_are_no_demand(kind: Kind) -> None:
    heard: list[Event] = []
    governor = paced({"getShipment": (0.01, 1)})
    with Server(THROTTLED, OK) as server, Client(kind, server, governor=governor, listeners=[heard.append]) as client:
        client.call("GET", SHIPMENT)
    assert not [event for event in heard if isinstance(event, PlanExceeded)]


def test_a_refusal_for_speed_slows_down_whoever_comes_next(kind: Kind) -> None:
    heard: list[Event] = []
    with Server(THROTTLED, OK) as server, Client(kind, server, listeners=[heard.append]) as client:
        assert client.call("GET", SHIPMENT).status_code == 200
        assert [event.throttled for event in heard if isinstance(event, PlanLearned)] == [True]


# --- places that come too late ---------------------------------------------------------------------------------------


def test_a_place_beyond_the_deadline_is_not_waited_for_and_not_taken(kind: Kind) -> None:
    with Server() as server, Client(kind, server, governor=paced({"getShipment": (0.5, 1)}), deadline=1.5) as client:
        client.call("GET", SHIPMENT)
        for _ in range(3):
            with pytest.raises(recoup.TryLater, match=r"^nothing was sent: the usage plan \(0\.5 a second, burst 1\)"):
                client.call("GET", SHIPMENT)
        assert (client.slept, len(server.calls)) == ([], 1)
        client.call("GET", SHIPMENT, extensions={"recoup.deadline": 3})
        assert client.slept == pytest.approx([2.0])  # nobody who gave up stands before it


def test_a_place_beyond_all_patience_says_when_to_come_again(kind: Kind) -> None:
    with Server() as server, Client(kind, server, governor=paced({"getShipment": (0.001, 1)})) as client:
        client.call("GET", SHIPMENT)
        with pytest.raises(recoup.TryLater) as caught:
            client.call("GET", SHIPMENT)
        assert caught.value.after == pytest.approx(1000.0)
        made = recoup.outcome(caught.value)
        assert made is not None
        assert (made.attempts, made.as_dict()["operation"]) == (0, "external-fulfillment/2024-09-11/getShipment")
        assert made.as_dict()["decision"]["action"] == "wait"
        assert len(server.calls) == 1


def test_a_repeat_whose_place_comes_too_late_hands_up_the_answer_that_there_is(kind: Kind) -> None:
    with Server(UNAVAILABLE) as server:
        with Client(kind, server, governor=paced({"getShipment": (0.001, 1)})) as client:
            response = client.call("GET", SHIPMENT)
            assert response.status_code == 503
            with pytest.raises(recoup.TryLater) as caught:
                recoup.raise_for_fault(response)
            assert caught.value.after == pytest.approx(999.5)
        assert len(server.calls) == 1


# --- who goes away ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("library", [httpx2, httpx])
def test_a_cancelled_task_gives_its_place_to_the_next(library: Any) -> None:
    waits: list[float] = []

    async def run() -> None:
        waiting = asyncio.Event()

        async def asleep(seconds: float) -> None:
            waits.append(seconds)
            waiting.set()
            await asyncio.Event().wait()  # for ever

        timing = Timing(now=lambda: START, asleep=asleep)
        governor = paced({"getShipment": (0.5, 1)})
        transport = recoup.AsyncTransport(hosts=[server.url], timing=timing, governor=governor, seller="A1")
        async with library.AsyncClient(transport=transport) as client:
            await client.get(server.url + SHIPMENT)
            for _ in range(3):
                waiting.clear()
                task = asyncio.ensure_future(client.get(server.url + SHIPMENT))
                await waiting.wait()
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task

    with Server() as server:
        asyncio.run(run())
        assert len(server.calls) == 1
    assert waits == pytest.approx([2.0, 2.0, 2.0])  # nobody who went away stands before the next


def test_an_interrupted_thread_gives_its_place_to_the_next() -> None:
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        raise KeyboardInterrupt

    timing = Timing(now=lambda: START, sleep=sleep)
    with Server() as server:
        transport = recoup.Transport(
            hosts=[server.url], timing=timing, governor=paced({"getShipment": (0.5, 1)}), seller="A1"
        )
        with httpx2.Client(transport=transport) as client:
            client.get(server.url + SHIPMENT)
            for _ in range(3):
                with pytest.raises(KeyboardInterrupt):
                    client.get(server.url + SHIPMENT)
    assert waits == pytest.approx([2.0, 2.0, 2.0])


# --- what is said ----------------------------------------------------------------------------------------------------


def test_a_wait_is_told_before_it_begins_with_the_place_and_the_plan() -> None:
    heard: list[Event] = []
    arguments: dict[str, Any] = {"governor": paced(), "listeners": [heard.append], "seller": "A1"}
    with Server() as server, Client(KINDS[0], server, **arguments) as client:
        for _ in range(3):
            client.call("GET", SHIPMENT)
    (waited,) = [event for event in heard if isinstance(event, Waited)]
    assert waited.seconds == pytest.approx(2.0)
    assert (waited.why, waited.seller) == (Why.PACE, "A1")
    places = [event for event in heard if isinstance(event, Paced)]
    assert [(event.wait, event.rate, event.burst) for event in places] == [
        (0.0, 0.5, 2),
        (0.0, 0.5, 2),
        (pytest.approx(2.0), 0.5, 2),
    ]


def test_more_than_a_plan_can_give_is_said_at_once() -> None:
    heard: list[Event] = []
    plans = {"getShipment": (1 / 60, 1)}
    with Server() as server, Client(KINDS[0], server, governor=paced(plans), listeners=[heard.append]) as client:
        client.call("GET", SHIPMENT)
        for _ in range(40):
            with pytest.raises(recoup.TryLater):
                client.call("GET", SHIPMENT, extensions={"recoup.deadline": 1})
    told = [event for event in heard if isinstance(event, PlanExceeded)]
    assert len(told) == 1
    assert told[0].allowed == pytest.approx(1.0)
    assert "getShipments" in told[0].advice


def test_a_token_that_ends_while_its_call_waits_is_renewed_before_it_is_sent(kind: Kind) -> None:
    with Server(tokens=(token("Atza|one", 100), token("Atza|two"))) as server:
        governor = paced({"getShipment": (1 / 120, 1)})
        with Client(kind, server, governor=governor, login=login(server)) as client:
            client.call("GET", SHIPMENT)
            client.call("GET", SHIPMENT)
        assert [call.token for call in server.calls] == ["Atza|one", "Atza|two"]
