"""What Login with Amazon refuses for good is parked: never asked again before somebody acted, and it comes back."""

from __future__ import annotations

import gc
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest
from transport_clients import KINDS, SECRETS, SHIPMENT, START, Client, Kind, login
from transport_server import EXPIRED, OK, Server, login_error, token

import recoup
from recoup.catalogue.fault import Who
from recoup.diagnosis.engine import diagnose
from recoup.exchange import Exchange, Headers, Response
from recoup.governor.hold import ANY, LOGIN, HoldKey
from recoup.recovery.decision import GiveUp, StopReason
from recoup.recovery.history import History
from recoup.storage.memory import MemoryStore
from recoup.telemetry.events import Event, Held, TokenFetched, TokenRefused
from recoup.transports.effects import Flow
from recoup.transports.login import LoginFailed
from recoup.transports.notified import notified

INVALID_GRANT = login_error("invalid_grant", "The request has an invalid grant parameter : refresh_token", 400)
INVALID_CLIENT = login_error("invalid_client", "Client authentication failed", 401)
UNAUTHORIZED = login_error("unauthorized_client", "Not authorized for requested operation", 400)
INVALID_SCOPE = login_error("invalid_scope", "An invalid scope was requested", 400)
BUSY = login_error("temporarily_unavailable", "Service temporarily unavailable", 503)
APPLICATION = "amzn1.application-oa2-client.1"
SYNC = KINDS[0]


@pytest.fixture(params=KINDS, ids=lambda kind: kind.name)
def kind(request: pytest.FixtureRequest) -> Kind:
    found: Kind = request.param
    return found


def refused(kind: Kind, server: Server, holder: recoup.Login) -> recoup.AskPerson:
    with Client(kind, server, login=holder) as client, pytest.raises(recoup.AskPerson) as caught:
        client.call("GET", SHIPMENT)
    return caught.value


def works(kind: Kind, server: Server, holder: recoup.Login) -> None:
    with Client(kind, server, login=holder) as client:
        assert client.call("GET", SHIPMENT).status_code == 200


# --- what is parked --------------------------------------------------------------------------------------------------


def test_an_invalid_grant_parks_the_seller_and_nobody_else(kind: Kind) -> None:
    store = MemoryStore()
    with Server(tokens=(INVALID_GRANT, token("Atza|one"))) as server:
        first = login(server, seller="A1", store=store)
        refused(kind, server, first)
        works(kind, server, login(server, seller="A2", store=store, refresh_token="Atzr|other"))
        refused(kind, server, first)
        assert len(server.logins) == 2
    (hold,) = store.holds(now=START)
    assert (hold.key.application, hold.key.seller, hold.key.operation) == (APPLICATION, "A1", LOGIN)
    assert (hold.fault, hold.who, hold.until, hold.since) == ("lwa-invalid-grant", "seller", None, START)
    assert "authorise" in hold.remedy
    assert hold.reason


def test_a_refused_token_that_cannot_be_replaced_is_not_sent_again(kind: Kind) -> None:
    """The seller withdrew the authorization: the API refuses the token that was good, and no other one comes."""
    with (
        Server(OK, EXPIRED, OK, tokens=(token("Atza|one"), INVALID_GRANT)) as server,
        Client(kind, server, login=login(server)) as client,
    ):
        assert client.call("GET", SHIPMENT).status_code == 200
        refused = client.call("GET", SHIPMENT)
        assert refused.status_code == 403
        with pytest.raises(recoup.AskPerson, match=r"This time: .*authoris") as first:
            recoup.raise_for_fault(refused)
        assert "Fetch a new access token" not in str(first.value)  # which has just failed
        for _ in range(3):
            with pytest.raises(recoup.AskPerson) as caught:
                client.call("GET", SHIPMENT)
            assert caught.value.fault == "lwa-invalid-grant"
        assert [each.token for each in server.calls] == ["Atza|one", "Atza|one"]


def test_an_invalid_client_parks_every_login_of_the_application(kind: Kind) -> None:
    with Server(tokens=(INVALID_CLIENT,)) as server:
        logins = [login(server, refresh_token=f"Atzr|{number}") for number in range(5)]
        errors = [refused(kind, server, holder) for holder in logins]
        assert {(error.fault, error.who) for error in errors} == {("lwa-invalid-client", "operator")}
        assert len(server.logins) == 1


def test_an_application_of_another_client_id_is_not_touched() -> None:
    with Server(tokens=(INVALID_CLIENT, token("Atza|one"))) as server:
        first = login(server)
        refused(SYNC, server, first)
        works(SYNC, server, login(server, client_id="amzn1.application-oa2-client.2"))


def test_an_unauthorized_client_parks_the_application() -> None:
    with Server(tokens=(UNAUTHORIZED,)) as server:
        first, second = login(server), login(server, refresh_token="Atzr|other")
        refused(SYNC, server, first)
        refused(SYNC, server, second)
        assert len(server.logins) == 1


def test_a_grantless_call_that_is_not_allowed_parks_no_seller() -> None:
    """The application may lack the right to grantless calls, and its sellers' tokens are none of that."""
    with Server(tokens=(UNAUTHORIZED, token("Atza|one"))) as server:
        grantless = recoup.Login(
            client_id=APPLICATION,
            client_secret=SECRETS[3],
            scope="sellingpartnerapi::notifications",
            token_url=f"{server.url}/auth/o2/token",
        )
        for _ in range(2):
            refused(SYNC, server, grantless)
        works(SYNC, server, login(server))
        assert len(server.logins) == 2


def test_what_is_wrong_with_the_request_is_remembered_by_the_login_alone() -> None:
    store = MemoryStore()
    with Server(tokens=(INVALID_SCOPE,)) as server:
        holder = login(server, store=store)
        with Client(SYNC, server, login=holder) as client:
            for _ in range(3):
                with pytest.raises(recoup.FixRequest):
                    client.call("GET", SHIPMENT)
        assert len(server.logins) == 1
    assert store.holds(now=START) == []


def test_what_passes_is_not_parked() -> None:
    store = MemoryStore()
    with Server(tokens=(BUSY, BUSY, BUSY, token("Atza|one"))) as server:
        holder = login(server, store=store)
        with Client(SYNC, server, login=holder) as client:
            with pytest.raises(recoup.TryLater):
                client.call("GET", SHIPMENT)
            assert client.call("GET", SHIPMENT).status_code == 200
    assert store.holds(now=START) == []


def test_a_token_that_is_still_good_goes_on_while_the_application_is_parked() -> None:
    """Nothing is sent to Login with Amazon; what it gave before still counts."""
    with Server(tokens=(token("Atza|one"), INVALID_CLIENT)) as server:
        good, new = login(server), login(server, refresh_token="Atzr|other")
        works(SYNC, server, good)
        refused(SYNC, server, new)
        works(SYNC, server, good)
        assert len(server.logins) == 2


def test_sixteen_threads_and_a_parked_seller_send_one_token_request() -> None:
    with Server(tokens=(INVALID_GRANT,)) as server:
        holder = login(server)
        start = threading.Barrier(16)

        def one(number: int) -> str:
            start.wait(10)
            (fault,) = {str(refused(KINDS[number % 4], server, holder).fault) for _ in range(5)}
            return fault

        with ThreadPoolExecutor(16) as pool:
            assert set(pool.map(one, range(16))) == {"lwa-invalid-grant"}
        assert len(server.logins) == 1
        assert server.calls == []


def test_a_renewal_that_meets_a_park_costs_no_token_request() -> None:
    store = MemoryStore()
    with Server(OK, EXPIRED, tokens=(token("Atza|one"), INVALID_GRANT)) as server:
        first, second = login(server, seller="A1", store=store), login(server, seller="A1", store=store)
        store.tokens.keeps = False  # each has a token of its own
        works(SYNC, server, first)
        refused(SYNC, server, second)
        with Client(SYNC, server, login=first) as client:
            response = client.call("GET", SHIPMENT)  # its token is refused, and there is no asking for another
        assert response.status_code == 403
        made = recoup.outcome(response)
        assert made is not None
        assert made.attempts == 1
        with pytest.raises(recoup.AskPerson) as caught:
            recoup.raise_for_fault(response)
        assert caught.value.who == "seller"
        assert len(server.logins) == 2


# --- what it says ----------------------------------------------------------------------------------------------------


def test_whoever_meets_a_park_of_another_process_is_told_what_whom_and_what_now() -> None:
    store = MemoryStore()
    with Server(tokens=(INVALID_GRANT,)) as server:
        refused(SYNC, server, login(server, seller="A1", store=store))
        error = refused(SYNC, server, login(server, seller="A1", store=store))
        assert len(server.logins) == 1
    text = str(error)
    assert "seller A1 is parked since 2027-01-15 08:00:00 UTC (lwa-invalid-grant)" in text
    assert "First: The seller has to authorise the application again" in text
    assert (error.fault, error.who, error.decision["action"]) == ("lwa-invalid-grant", "seller", "give_up")
    assert error.decision["fix"] == "reauthorise"
    for secret in SECRETS:
        assert secret not in text


def fetched(holder: recoup.Login, client: Any, heard: list[Event], *, at: float = START) -> str:
    """One fetch carried out by hand, its token requests sent by `client`."""

    def ask(request: Any) -> Flow[Any]:
        answer = client.post(request.url, content=request.body, headers=dict(request.headers))
        response = Response(status=answer.status_code, headers=Headers(answer.headers.raw), body=answer.content)
        exchange = Exchange(request=request, response=response)
        diagnosis = diagnose(exchange)
        failed = diagnosis.failed
        decision = GiveUp(reason=StopReason.PERMANENT, who=Who.SELLER) if failed else recoup.Done()
        return exchange, diagnosis, decision, History()
        yield

    steps = holder.fetch(stale=None, now=lambda: at, ask=ask, tell=heard.append)
    try:
        next(steps)
    except StopIteration as stop:
        return str(stop.value)
    raise AssertionError("there was something to wait for")


def test_listeners_hear_of_fetches_refusals_and_parks() -> None:
    heard: list[Event] = []
    with Server(tokens=(token("Atza|one"), INVALID_GRANT)) as server, httpx2.Client() as client:
        assert fetched(login(server, seller="A1"), client, heard) == "Atza|one"
        parked = login(server, seller="A2", refresh_token="Atzr|other")
        for _ in range(2):
            with pytest.raises(LoginFailed):
                fetched(parked, client, heard)
    assert heard == [
        TokenFetched(at=START, seller="A1", lasts=3600.0),
        TokenRefused(at=START, seller="A2", fault="lwa-invalid-grant", parked=True),
        Held(at=START, seller="A2", until=None, fault="lwa-invalid-grant", reason=heard[2].reason, begun=True),  # type: ignore[union-attr]
        Held(at=START, seller="A2", until=None, fault="lwa-invalid-grant", reason=heard[2].reason),  # type: ignore[union-attr]
    ]
    assert "Atz" not in repr(heard)


# --- how it comes back -----------------------------------------------------------------------------------------------


def test_a_new_refresh_token_brings_the_seller_back(kind: Kind) -> None:
    store = MemoryStore()
    with Server(tokens=(INVALID_GRANT, token("Atza|one"))) as server:
        holder = login(server, seller="A1", store=store)
        refused(kind, server, holder)
        holder.replace(refresh_token="Atzr|newer")
        works(kind, server, holder)
        assert [each.form["refresh_token"] for each in server.logins] == [SECRETS[2], "Atzr|newer"]
    assert store.holds(now=START) == []


def test_a_restart_with_a_new_refresh_token_goes_on_by_itself() -> None:
    store = MemoryStore()
    with Server(tokens=(INVALID_GRANT, token("Atza|one"))) as server:
        refused(SYNC, server, login(server, seller="A1", store=store))
        refused(SYNC, server, login(server, seller="A1", store=store))
        works(SYNC, server, login(server, seller="A1", store=store, refresh_token="Atzr|newer"))
        assert len(server.logins) == 2
    assert store.holds(now=START) == []  # nobody is shown as parked who is not


def test_a_new_secret_brings_the_application_back() -> None:
    with Server(tokens=(INVALID_CLIENT, token("Atza|one"), token("Atza|two"))) as server:
        first, second = login(server), login(server, refresh_token="Atzr|other")
        refused(SYNC, server, first)
        refused(SYNC, server, second)
        for holder in (first, second):
            holder.replace(client_secret="amzn1.oa2-cs.v1.newer")
            works(SYNC, server, holder)
        assert [each.form["client_secret"] for each in server.logins] == [
            SECRETS[3],
            "amzn1.oa2-cs.v1.newer",
            "amzn1.oa2-cs.v1.newer",
        ]


def test_one_login_resumed_resumes_the_application_for_all() -> None:
    with Server(tokens=(INVALID_CLIENT, token("Atza|one"))) as server:
        first, second = login(server), login(server, refresh_token="Atzr|other")
        refused(SYNC, server, first)
        refused(SYNC, server, second)
        first.resume()
        works(SYNC, server, second)
        works(SYNC, server, first)


def test_a_release_in_the_store_is_noticed_by_the_next_call(kind: Kind) -> None:
    store = MemoryStore()
    with Server(tokens=(INVALID_GRANT, token("Atza|one"))) as server:
        holder = login(server, seller="A1", store=store)
        refused(kind, server, holder)
        assert len(store.release(HoldKey(APPLICATION, "A1"))) == 1
        works(kind, server, holder)


def test_a_seller_that_is_refused_again_is_parked_again() -> None:
    with Server(tokens=(INVALID_GRANT,)) as server:
        holder = login(server)
        for _ in range(3):
            refused(SYNC, server, holder)
            refused(SYNC, server, holder)
            holder.resume()
        assert len(server.logins) == 3


def standing(current: str, **fields: str) -> dict[str, Any]:
    inner = {"previousAccountStatus": "DEACTIVATED", "currentAccountStatus": current, **fields}
    return {"notificationType": "ACCOUNT_STATUS_CHANGED", "payload": {"accountStatusChangeNotification": inner}}


@pytest.mark.parametrize(("status", "comes_back"), [("NORMAL", True), ("AT_RISK", False), ("DEACTIVATED", False)])
def test_an_account_that_is_normal_again_resumes_its_seller(status: str, comes_back: bool) -> None:
    with Server(tokens=(INVALID_GRANT, token("Atza|one"))) as server:
        holder = login(server, seller="A1")
        refused(SYNC, server, holder)
        done = notified(standing(status), holder)
        assert (done.action, done.logins) == ("resumed" if comes_back else "", (holder,))
        (works if comes_back else refused)(SYNC, server, holder)
        assert len(server.logins) == (2 if comes_back else 1)


def test_an_account_that_is_normal_again_does_not_heal_the_application_s_secret() -> None:
    with Server(tokens=(INVALID_CLIENT,)) as server:
        holder = login(server, seller="A1")
        refused(SYNC, server, holder)
        notified(standing("NORMAL"), holder)
        refused(SYNC, server, holder)
        assert len(server.logins) == 1


def test_of_several_logins_the_named_seller_s_is_resumed() -> None:
    with Server(tokens=(INVALID_GRANT, INVALID_GRANT, token("Atza|one"))) as server:
        one, two = login(server, seller="A1"), login(server, seller="A2", refresh_token="Atzr|other")
        for holder in (one, two):
            refused(SYNC, server, holder)
        with pytest.raises(recoup.SettingsError, match="does not say whose account"):
            notified(standing("NORMAL"), [one, two])
        assert notified(standing("NORMAL"), [one, two], seller="A2").logins == (two,)
        works(SYNC, server, two)
        refused(SYNC, server, one)
        assert notified(standing("NORMAL", sellerId="A1"), [one, two]).logins == (one,)
        assert notified(standing("NORMAL"), [one, two], seller="A9").action == ""


# --- how long it lasts -----------------------------------------------------------------------------------------------


def test_without_a_store_a_park_lasts_as_long_as_a_login_of_the_application() -> None:
    with Server(tokens=(INVALID_CLIENT, token("Atza|one"))) as server:
        first = login(server)
        refused(SYNC, server, first)
        refused(SYNC, server, login(server))
        del first
        gc.collect()
        works(SYNC, server, login(server))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_fork_in_the_middle_of_a_fetch_does_not_strand_the_child() -> None:
    asked, go = threading.Event(), threading.Event()

    def slow(_: Any) -> Any:
        if not asked.is_set():
            asked.set()
            go.wait(20)
        return token("Atza|one")

    with Server(tokens=slow) as server:
        holder = login(server)
        with Client(SYNC, server, login=holder) as client, ThreadPoolExecutor(1) as pool:
            call = pool.submit(client.call, "GET", SHIPMENT)
            assert asked.wait(10)
            holder._lock.acquire()  # as another thread might hold it at that moment
            child = os.fork()
            if child == 0:
                try:
                    works(SYNC, server, holder)
                    os._exit(0)
                finally:
                    os._exit(1)
            holder._lock.release()
            try:
                _, status = os.waitpid(child, 0)
            finally:
                go.set()
            assert os.waitstatus_to_exitcode(status) == 0
            assert call.result(10).status_code == 200


def test_the_keys_of_a_login() -> None:
    with Server() as server:
        named, unnamed = login(server, seller="A1"), login(server)
        assert (named.application, named.seller) == (APPLICATION, "A1")
        assert unnamed.seller.startswith("seller-")
        before = unnamed.seller
        unnamed.replace(refresh_token="Atzr|newer")
        assert unnamed.seller == before


@pytest.mark.parametrize("name", ["", " ", "A1 ", ANY, "-", "Atzr|IwEBIA", "a\nb", "x" * 101, 5])
def test_a_name_that_is_none_is_refused(name: Any) -> None:
    with Server() as server, pytest.raises(recoup.SettingsError, match="seller: ") as caught:
        login(server, seller=name)
    assert "IwEBIA" not in str(caught.value)
