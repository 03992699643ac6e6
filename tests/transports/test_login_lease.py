"""A call whose token another process is about to fetch waits for that one, and no longer than its own deadline."""

from __future__ import annotations

import threading
from typing import Any

import pytest

import recoup
from recoup.exchange import Exchange, Headers, Request, Response
from recoup.login.credentials import Credentials
from recoup.login.identity import token_key
from recoup.login.token import AccessToken
from recoup.recovery.decision import Decision, Done, GiveUp, StopReason
from recoup.recovery.history import History
from recoup.storage.memory import MemoryStore
from recoup.transports.effects import Consult, Flow, SleepFor
from recoup.transports.fetching import LoginFailed

CREDENTIALS: dict[str, Any] = {
    "client_id": "amzn1.application-oa2-client.1",
    "client_secret": "amzn1.oa2-cs.v1.secret",
    "refresh_token": "Atzr|refresh",
}
KEY = token_key(Credentials(**CREDENTIALS), "A1")
TOKEN = b'{"access_token":"Atza|mine","token_type":"bearer","expires_in":3600}'


class World:
    """A Login, a store that another process shares, and a clock that sleeping sets on."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0
        self.slept: list[float] = []
        self.asked = 0
        self.store = MemoryStore()
        self.login = recoup.Login(**CREDENTIALS, seller="A1", store=self.store)

    def lease(self, seconds: float = 10.0) -> None:
        assert self.store.tokens.lease(KEY, "another", now=self.now, seconds=seconds) == 0.0

    def ask(self, request: Request) -> Flow[tuple[Exchange, None, Decision, History]]:
        self.asked += 1
        answer = Response(status=200, headers=Headers([("content-type", "application/json")]), body=TOKEN)
        return Exchange(request=request, response=answer), None, Done(), History()
        yield  # a flow

    def fetch(self, deadline: float | None = None) -> str:
        flow = self.login.fetch(
            stale=None,
            now=lambda: self.now,
            ask=self.ask,
            deadline=None if deadline is None else self.now + deadline,
        )
        result: Any = None
        while True:
            try:
                effect = flow.send(result)
            except StopIteration as end:
                return str(end.value)
            result = None
            match effect:
                case SleepFor(seconds=seconds):
                    self.slept.append(seconds)
                    self.now += seconds
                case Consult(function=function):
                    result = function()
                case _:
                    raise AssertionError(effect)


@pytest.mark.parametrize("deadline", [0.0, 0.01, 0.05, 0.3, 3.0, 9.9])
def test_it_waits_no_longer_than_the_deadline(deadline: float) -> None:
    world = World()
    world.lease()
    with pytest.raises(LoginFailed) as caught:
        world.fetch(deadline)
    failed = caught.value
    assert sum(world.slept) == pytest.approx(deadline)
    assert isinstance(failed.error, recoup.TryLater)
    assert failed.error.after == pytest.approx(10.0 - deadline, abs=0.01)
    assert isinstance(failed.decision, GiveUp)
    assert (failed.decision.reason, failed.final, failed.parked) == (StopReason.DEADLINE, False, None)
    assert world.asked == 0


def test_nothing_of_it_is_remembered() -> None:
    world = World()
    world.lease()
    with pytest.raises(LoginFailed):
        world.fetch(1.0)
    world.store.tokens.free(KEY, "another")
    assert world.fetch(1.0) == "Atza|mine"


@pytest.mark.parametrize("deadline", [None, 10.5, 60.0])
def test_a_lease_that_ends_before_is_waited_for(deadline: float | None) -> None:
    world = World()
    world.lease()
    assert world.fetch(deadline) == "Atza|mine"
    assert sum(world.slept) == pytest.approx(10.0, abs=0.5)


def test_a_token_of_the_other_process_is_taken_as_soon_as_it_is_there() -> None:
    world = World()
    world.lease()
    theirs = AccessToken(value="Atza|theirs", expires_at=world.now + 3600)
    world.store.tokens.keep(KEY, theirs, now=world.now)
    assert world.fetch(1.0) == "Atza|theirs"
    assert world.asked == 0


def test_others_who_wait_in_this_process_go_on_by_themselves() -> None:
    world = World()
    world.lease()
    got: list[str] = []
    flow = world.login.fetch(stale=None, now=lambda: world.now, ask=world.ask, deadline=world.now)
    fetching: Any = world.login._begin()
    waiting = threading.Thread(target=lambda: got.append(type(next(flow)).__name__))
    waiting.start()
    waiting.join(10)
    assert got == ["WaitFor"]
    fetching.set_result(None)  # its deadline came
    world.login._fetching = None
    with pytest.raises(LoginFailed):
        flow.send(True)
