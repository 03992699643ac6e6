"""How long a call may take in all, and who may say so."""

from __future__ import annotations

from typing import Any

import pytest
from transport_clients import KINDS, SHIPMENT, Client, Kind
from transport_server import OK, UNAVAILABLE, Answer, Server

import recoup


@pytest.fixture(params=KINDS, ids=lambda kind: kind.name)
def kind(request: pytest.FixtureRequest) -> Kind:
    found: Kind = request.param
    return found


def decision_of(response: Any) -> dict[str, Any]:
    made = recoup.outcome(response)
    assert made is not None
    decision: dict[str, Any] = made.as_dict()["decision"]
    return decision


# Half of the ceiling is drawn: the first repeat comes after 0.5 s, the second 1 s after it.
@pytest.mark.parametrize(("deadline", "sent"), [(None, 3), (10, 3), (1.6, 3), (1.4, 2), (0.4, 1), (0, 1)])
def test_a_repeat_that_would_come_after_the_deadline_is_not_waited_for(
    kind: Kind, deadline: float | None, sent: int
) -> None:
    with Server(UNAVAILABLE) as server, Client(kind, server, deadline=deadline) as client:
        decision = decision_of(client.call("GET", SHIPMENT))
        assert len(server.calls) == sent
        assert decision["action"] == ("wait" if sent == 3 else "give_up")
        assert decision.get("reason") == ("deadline" if sent < 3 else decision.get("reason"))


@pytest.mark.parametrize("status", [429, 503])
def test_a_wait_that_was_stated_is_known_also_where_the_deadline_comes_first(kind: Kind, status: int) -> None:
    answer = Answer(status, UNAVAILABLE.body, {**UNAVAILABLE.headers, "Retry-After": "30"})
    with Server(answer) as server, Client(kind, server, deadline=2) as client:
        response = client.call("GET", SHIPMENT)
        decision = decision_of(response)
        assert (decision["reason"], decision["after"], len(server.calls)) == ("deadline", 30.0, 1)
        with pytest.raises(recoup.TryLater) as caught:
            recoup.raise_for_fault(response)
        assert caught.value.after == 30.0


def test_who_does_not_get_a_place_before_the_deadline_is_told_when_there_is_one(kind: Kind) -> None:
    plan = recoup.Governor(plans={"getShipment": (0.001, 1)})
    with Server(OK) as server, Client(kind, server, governor=plan, deadline=2) as client:
        client.call("GET", SHIPMENT)
        with pytest.raises(recoup.TryLater, match=r"next place in 1000 s, after the deadline(;|$)") as caught:
            client.call("GET", SHIPMENT)
        assert caught.value.after == pytest.approx(1000, rel=0.01)
        assert len(server.calls) == 1


def test_one_call_can_have_another_deadline_than_the_rest(kind: Kind) -> None:
    with Server(UNAVAILABLE) as server, Client(kind, server, deadline=10) as client:
        client.call("GET", SHIPMENT, extensions={"recoup.deadline": 0.4})
        assert len(server.calls) == 1
        client.call("GET", SHIPMENT)
        assert len(server.calls) == 4


@pytest.mark.parametrize("deadline", [-1, float("nan"), "5", True])
def test_what_is_no_deadline_is_refused(kind: Kind, deadline: Any) -> None:
    with pytest.raises(recoup.SettingsError, match=r"^deadline: "):
        recoup.Transport(deadline=deadline)
    with Server(OK) as server, Client(kind, server) as client:
        with pytest.raises(recoup.SettingsError, match=r"^deadline: "):
            client.call("GET", SHIPMENT, extensions={"recoup.deadline": deadline})
        assert server.received == []
