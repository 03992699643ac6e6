"""recoup under the three published clients, by one call each: what holds for all of them, against the sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from itertools import count
from typing import Any

import pytest
from client_stages import STAGES, Stage

import recoup
from recoup.sandbox.serving import Sandbox, running

pytestmark = [
    pytest.mark.sdk,
    pytest.mark.parametrize("kind", STAGES, ids=[kind.name for kind in STAGES]),
]


SEEDS = count(1)  # one each: credentials that another test has spoiled stay spoiled for this process


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running(seed=next(SEEDS)) as opened:
        yield opened


@pytest.fixture
def shipment(sandbox: Sandbox) -> str:
    return str(sandbox.stage.add_shipment(location_id=sandbox.location_ids["MFN"]))


def outcome(error: BaseException) -> recoup.Outcome:
    made = recoup.outcome(error)
    assert made is not None, repr(error)
    return made


def test_calls_work_and_share_one_token(kind: type[Stage], sandbox: Sandbox, shipment: str) -> None:
    with kind(sandbox) as one, kind(sandbox) as other:
        assert [one.shipment(shipment), one.shipment(shipment), other.shipment(shipment)] == [shipment] * 3
        one.confirm(shipment)
        assert one.logins() == 1


def test_a_refused_token_is_renewed_and_the_call_repeated_once(
    kind: type[Stage], sandbox: Sandbox, shipment: str
) -> None:
    with kind(sandbox) as stage:
        stage.shipment(shipment)
        sandbox.stage.revoke_access_tokens()
        assert stage.shipment(shipment) == shipment
        assert sorted(stage.sent()) == [200, 200, 403]
        assert stage.logins() == 2


def test_bare_a_refused_token_fails_every_call_until_its_hour_is_over(
    kind: type[Stage], sandbox: Sandbox, shipment: str
) -> None:
    with kind(sandbox, bare=True) as stage:
        stage.shipment(shipment)
        sandbox.stage.revoke_access_tokens()
        for _ in range(2):
            with pytest.raises(stage.error):
                stage.shipment(shipment)


def test_the_clients_own_exceptions_stay_and_say_more(kind: type[Stage], sandbox: Sandbox) -> None:
    with kind(sandbox) as stage:
        with pytest.raises(stage.error) as caught:
            stage.shipment("no-such-shipment")
        assert getattr(caught.value, stage.status) == 404
        made = outcome(caught.value)
        assert made.diagnosis is not None
        assert made.diagnosis.id == "sc-00003-entity-not-found"
        with pytest.raises(recoup.FixRequest):
            recoup.raise_for_fault(caught.value)


HTML = "<html><head><title>400 Bad Request</title></head><body></body></html>"


@pytest.mark.parametrize(("status", "body"), [(400, HTML), (400, ""), (403, {"message": "Forbidden"}), (404, "")])
def test_an_error_without_a_list_of_errors_is_an_error(
    kind: type[Stage], sandbox: Sandbox, shipment: str, status: int, body: Any
) -> None:
    with kind(sandbox) as stage:
        sandbox.plans.add({"script": [{"do": "status", "status": status, "body": body}]})
        with pytest.raises(stage.error) as caught:
            stage.shipment(shipment)
        assert getattr(caught.value, stage.status) == status
        assert outcome(caught.value).diagnosis is not None


def test_an_outage_is_waited_for_and_no_retry_of_theirs_comes_on_top(
    kind: type[Stage], sandbox: Sandbox, shipment: str
) -> None:
    with kind(sandbox) as stage:
        stage.shipment(shipment)
        sandbox.stage.front_door_outage(3600)
        with pytest.raises(stage.error) as caught:
            stage.shipment(shipment)
        assert isinstance(outcome(caught.value).decision, recoup.Wait)
        assert stage.sent().count(503) == 3


@pytest.mark.parametrize("call", ["confirm", "labels"])
def test_a_write_whose_answer_was_lost_is_sent_once_and_said_to_be_unknown(
    kind: type[Stage], sandbox: Sandbox, shipment: str, call: str
) -> None:
    with kind(sandbox) as stage:
        stage.shipment(shipment)  # the connection is open: urllib3 would send again on it without a word
        method = "POST" if call == "confirm" else "PUT"
        sandbox.plans.add({"method": method, "script": [{"do": "reset", "when": "after"}], "repeat": True})
        with pytest.raises(Exception) as caught:  # each client has its own
            getattr(stage, call)(shipment)
        made = outcome(caught.value)
        assert isinstance(made.decision, recoup.Resync)
        assert made.read_back is not None
        assert made.read_back.path.endswith(shipment)
        assert len(stage.sent(method)) == 1


def test_a_withdrawn_authorization_is_told_in_the_clients_words_and_not_asked_again(
    kind: type[Stage], sandbox: Sandbox, shipment: str
) -> None:
    sandbox.stage.revoke_authorization()
    with kind(sandbox) as stage:
        for _ in range(3):
            with pytest.raises(stage.refused) as caught:
                stage.shipment(shipment)
            assert isinstance(caught.value.__cause__, recoup.AskPerson)
            assert sandbox.refresh_token not in str(caught.value)
        assert stage.logins() == 1
        assert stage.sent() == []


def test_a_grantless_call_gets_a_token_of_its_scope(kind: type[Stage], sandbox: Sandbox, shipment: str) -> None:
    with kind(sandbox) as stage:
        stage.destinations()
        stage.shipment(shipment)
        assert stage.sent() == [200, 200]
        assert stage.logins() == 2
        sandbox.stage.revoke_access_tokens()
        stage.destinations()
        assert stage.logins() == 3


def test_a_login_of_ones_own_is_used(kind: type[Stage], sandbox: Sandbox, shipment: str) -> None:
    login = recoup.Login(
        client_id=sandbox.client_id,
        client_secret=sandbox.client_secret,
        refresh_token=sandbox.refresh_token,
        token_url=sandbox.token_url if "python" not in kind.name else "https://api.amazon.com/auth/o2/token",
        seller="A1",
    )
    told: list[Any] = []
    with kind(sandbox, login=login, listeners=[told.append]) as stage:
        stage.shipment(shipment)
    assert {event.seller for event in told} == {"A1"}


def test_a_store_keeps_the_quotas(kind: type[Stage], sandbox: Sandbox, shipment: str) -> None:
    with recoup.open_store(None) as store, kind(sandbox, store=store) as stage:
        assert stage.shipment(shipment) == shipment


def test_put_under_twice_it_works_once(kind: type[Stage], sandbox: Sandbox, shipment: str) -> None:
    with kind(sandbox) as stage:
        module = kind.name.removesuffix("-async").replace("-", "_")
        import_module(f"recoup.clients.{module}").attach(stage.made, **stage.more)
        sandbox.plans.add({"script": [{"do": "status", "status": 503}], "repeat": True})
        with pytest.raises(stage.error):
            stage.shipment(shipment)
        assert stage.sent().count(503) == 3
