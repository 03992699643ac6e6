"""Access tokens: given to each call, fetched once for all, renewed once a call, and never asked for in vain."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import httpx2
import pytest
from transport_clients import CONFIRM, KINDS, SECRETS, SHIPMENT, START, Client, Kind, login
from transport_server import (
    EXPIRED,
    MISSING_ROLE,
    NO_CONTENT,
    OK,
    Answer,
    Received,
    Server,
    errors,
    login_error,
    token,
)

import recoup
from recoup.testing import Timing

INVALID_GRANT = login_error("invalid_grant", "The request has an invalid grant parameter : refresh_token", 400)
INVALID_CLIENT = login_error("invalid_client", "Client authentication failed", 401)
INVALID_SCOPE = login_error("invalid_scope", "An invalid scope was requested", 400)
BUSY = login_error("temporarily_unavailable", "Service temporarily unavailable", 503)


@pytest.fixture(params=KINDS, ids=lambda kind: kind.name)
def kind(request: pytest.FixtureRequest) -> Kind:
    found: Kind = request.param
    return found


class Bouncer(Server):
    """A server that lets in whoever carries the token that it gave last."""

    def __init__(self) -> None:
        self.given = 0
        super().__init__(tokens=self._give)

    def _give(self, _: Received) -> Answer:
        time.sleep(0.05)  # long enough that everybody else is waiting by then
        self.given += 1
        return token(f"Atza|{self.given}")

    def _answer(self, request: Received) -> Answer:
        answer = super()._answer(request)
        return EXPIRED if request.token is not None and request.token != f"Atza|{self.given}" else answer


# --- one call --------------------------------------------------------------------------------------------------------


def test_every_call_carries_the_token_and_it_is_fetched_once(kind: Kind) -> None:
    with Server() as server, Client(kind, server, login=login(server)) as client:
        for _ in range(3):
            assert client.call("GET", SHIPMENT).status_code == 200
        assert [each.token for each in server.calls] == ["Atza|one"] * 3
        assert [each.form for each in server.logins] == [
            {
                "grant_type": "refresh_token",
                "refresh_token": "Atzr|refresh",
                "client_id": "amzn1.application-oa2-client.1",
                "client_secret": SECRETS[3],
            }
        ]


def test_a_grantless_login_asks_by_scope(kind: Kind) -> None:
    with Server() as server:
        grantless = recoup.Login(
            client_id="amzn1.application-oa2-client.1",
            client_secret=SECRETS[3],
            scope="sellingpartnerapi::notifications",
            token_url=f"{server.url}/auth/o2/token",
        )
        with Client(kind, server, login=grantless) as client:
            client.call("GET", "/notifications/v1/destinations")
        assert server.logins[0].form["grant_type"] == "client_credentials"
        assert server.logins[0].form["scope"] == "sellingpartnerapi::notifications"


def test_a_refused_token_is_renewed_and_the_call_repeated_once(kind: Kind) -> None:
    with Server(EXPIRED, NO_CONTENT) as server, Client(kind, server, login=login(server)) as client:
        response = client.call("POST", CONFIRM)
        assert response.status_code == 204
        assert [each.token for each in server.calls] == ["Atza|one", "Atza|two"]
        made = recoup.outcome(response)
        assert made is not None
        assert (made.attempts, made.history.token_renewed, client.slept) == (1, True, [])


def test_a_token_that_is_refused_again_is_not_renewed_again(kind: Kind) -> None:
    with Server(EXPIRED) as server, Client(kind, server, login=login(server)) as client:
        with pytest.raises(recoup.AskPerson, match="403-expired-token"):
            recoup.raise_for_fault(client.call("GET", SHIPMENT))
        assert (len(server.calls), len(server.logins)) == (2, 2)


def test_a_403_without_details_costs_no_token(kind: Kind) -> None:
    with Server(MISSING_ROLE) as server, Client(kind, server, login=login(server)) as client:
        with pytest.raises(recoup.AskPerson, match=r"One of \d\d causes"):
            recoup.raise_for_fault(client.call("GET", SHIPMENT))
        assert (len(server.calls), len(server.logins)) == (1, 1)


def test_a_token_is_not_used_in_its_last_minute(kind: Kind) -> None:
    slept: list[float] = []
    timing = Timing.without_waiting(slept, START)
    with Server() as server, Client(kind, server, login=login(server), timing=timing) as client:
        for forward in (0.0, 3539.0, 1.0):
            timing.sleep(forward)
            client.call("GET", SHIPMENT)
        assert [each.token for each in server.calls] == ["Atza|one", "Atza|one", "Atza|two"]


def test_a_token_shorter_than_the_margin_is_used_all_the_same(kind: Kind) -> None:
    with Server(tokens=(token("Atza|one", 30),)) as server, Client(kind, server, login=login(server)) as client:
        assert client.call("GET", SHIPMENT).status_code == 200
        assert len(server.logins) == 1


def test_a_token_that_the_caller_brings_is_kept_and_its_refusal_handed_up(kind: Kind) -> None:
    with Server(EXPIRED) as server, Client(kind, server, login=login(server)) as client:
        response = client.call("GET", SHIPMENT, headers={"x-amz-access-token": "Atz.rst|restricted"})
        made = recoup.outcome(response)
        assert made is not None
        assert isinstance(made.decision, recoup.RenewToken)
        assert [each.token for each in server.received] == ["Atz.rst|restricted"]
        with pytest.raises(recoup.FixRequest):
            recoup.raise_for_fault(response)


def test_an_empty_token_counts_as_none(kind: Kind) -> None:
    with Server() as server, Client(kind, server, login=login(server)) as client:
        client.call("GET", SHIPMENT, headers={"x-amz-access-token": ""})
        assert [each.token for each in server.calls] == ["Atza|one"]


# --- failures of Login with Amazon -----------------------------------------------------------------------------------


def test_a_passing_failure_of_the_login_is_tried_again(kind: Kind) -> None:
    cut = Answer(200, token("Atza|one").body, cut=5)
    with (
        Server(tokens=(BUSY, cut, token("Atza|one"))) as server,
        Client(kind, server, login=login(server)) as client,
    ):
        assert client.call("GET", SHIPMENT).status_code == 200
        assert (len(server.logins), client.slept) == (3, [0.5, 1.0])


@pytest.mark.parametrize(
    ("answer", "error", "fault", "times"),
    [
        (INVALID_GRANT, recoup.AskPerson, "lwa-invalid-grant", 1),
        (INVALID_CLIENT, recoup.AskPerson, "lwa-invalid-client", 1),
        (INVALID_SCOPE, recoup.FixRequest, "lwa-invalid-scope", 1),
        (BUSY, recoup.TryLater, "lwa-temporarily-unavailable", 6),  # three attempts a call: it may work next time
        (Answer(200, b"{}"), recoup.FixRequest, None, 2),
        (Answer(200, b"<html></html>", {"Content-Type": "text/html"}), recoup.FixRequest, None, 2),
        (Answer(reset=True), recoup.TryLater, "other-network-tls", 6),
    ],
    ids=["grant", "client", "scope", "busy", "no token", "html", "reset"],
)
def test_what_no_repeat_heals_is_remembered_and_never_hammered(
    kind: Kind, answer: Answer, error: type[recoup.FaultError], fault: str | None, times: int
) -> None:
    with Server(tokens=(answer,)) as server, Client(kind, server, login=login(server)) as client:
        for _ in range(2):
            with pytest.raises(error, match="no access token") as caught:
                client.call("GET", SHIPMENT)
            assert caught.value.fault == fault
        assert (len(server.logins), len(server.calls)) == (times, 0)


def test_a_remembered_refusal_does_not_gather_the_tracebacks_of_all_calls() -> None:
    depths = []
    with Server(tokens=(INVALID_GRANT,)) as server, Client(KINDS[0], server, login=login(server)) as client:
        for _ in range(5):
            with pytest.raises(recoup.AskPerson) as caught:
                client.call("GET", SHIPMENT)
            depths.append(len(caught.traceback))
    assert depths[1:] == [depths[1]] * 4


def test_a_refusal_ends_with_new_credentials_or_when_the_authorization_is_restored(kind: Kind) -> None:
    with Server(tokens=(INVALID_GRANT, INVALID_GRANT, token("Atza|one"))) as server:
        holder = login(server)
        with Client(kind, server, login=holder) as client:

            def refused_at_once() -> None:
                for _ in range(2):
                    with pytest.raises(recoup.AskPerson) as caught:
                        client.call("GET", SHIPMENT)
                    assert caught.value.who == "seller"

            refused_at_once()
            holder.replace(refresh_token="Atzr|newer")
            refused_at_once()
            holder.resume()
            assert client.call("GET", SHIPMENT).status_code == 200
        assert [each.form["refresh_token"] for each in server.logins] == ["Atzr|refresh", "Atzr|newer", "Atzr|newer"]


def test_a_renewal_that_fails_hands_up_the_refused_call_with_the_login_s_decision(kind: Kind) -> None:
    with (
        Server(EXPIRED, tokens=(token("Atza|one"), INVALID_GRANT)) as server,
        Client(kind, server, login=login(server)) as client,
    ):
        response = client.call("GET", SHIPMENT)
        assert response.status_code == 403
        with pytest.raises(recoup.AskPerson) as caught:
            recoup.raise_for_fault(response)
        assert (caught.value.who, caught.value.decision["fix"]) == ("seller", "reauthorise")


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"refresh_token": None}, "refresh_token: is missing"),
        ({"token_url": "http://example.com/auth/o2/token"}, "token_url: must begin with https://"),
        ({"client_secret": "Atzr|x"}, "client_secret: is a refresh token"),
        ({"refresh_token": "Atzr|x "}, "refresh_token: has blanks after it"),
    ],
)
def test_credentials_that_cannot_work_are_refused_at_once(fields: dict[str, Any], text: str) -> None:
    good = {"client_id": "amzn1.application-oa2-client.1", "client_secret": SECRETS[3], "refresh_token": SECRETS[2]}
    with pytest.raises(recoup.SettingsError, match=text):
        recoup.Login(**{**good, **fields})


# --- many calls ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("library", [httpx2, httpx])
def test_sixteen_threads_share_one_fetch_and_one_renewal(library: Any) -> None:
    with Bouncer() as server, Client(Kind(library, False), server, login=login(server)) as client:

        def all_together() -> None:
            start = threading.Barrier(16)

            def one(_: int) -> int:
                start.wait(10)
                return int(client.call("GET", SHIPMENT).status_code)

            with ThreadPoolExecutor(16) as pool:
                assert list(pool.map(one, range(16))) == [200] * 16

        all_together()
        assert server.given == 1
        server.given += 1  # the token is revoked: from now on only the next one counts
        all_together()
        assert server.given == 3


@pytest.mark.parametrize("library", [httpx2, httpx])
def test_two_hundred_tasks_share_one_fetch_and_one_renewal(library: Any) -> None:
    async def all_together(client: Any, server: Server) -> None:
        responses = await asyncio.gather(*(client.get(server.url + SHIPMENT) for _ in range(200)))
        assert {each.status_code for each in responses} == {200}

    async def main(server: Bouncer) -> None:
        transport = recoup.AsyncTransport(
            login=login(server), hosts=["127.0.0.1"], governor=recoup.Governor.unlimited()
        )
        async with library.AsyncClient(transport=transport, timeout=30) as client:
            await all_together(client, server)
            assert server.given == 1
            server.given += 1
            await all_together(client, server)
            assert server.given == 3

    with Bouncer() as server:
        asyncio.run(main(server))


def test_threads_and_event_loops_share_one_login() -> None:
    with Bouncer() as server:
        holder = login(server)
        start = threading.Barrier(8)

        def one(number: int) -> int:
            with Client(KINDS[number % 4], server, login=holder) as client:
                start.wait(10)
                return int(client.call("GET", SHIPMENT).status_code)

        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(one, range(8))) == [200] * 8
        assert server.given == 1


def test_followers_of_a_refused_login_are_refused_with_it() -> None:
    def refuse(_: Received) -> Answer:
        time.sleep(0.05)
        return INVALID_GRANT

    async def main(server: Server) -> None:
        transport = recoup.AsyncTransport(
            login=login(server), hosts=["127.0.0.1"], governor=recoup.Governor.unlimited()
        )
        async with httpx2.AsyncClient(transport=transport) as client:
            calls = [client.get(server.url + SHIPMENT) for _ in range(50)]
            errors = await asyncio.gather(*calls, return_exceptions=True)
        assert {type(each) for each in errors} == {recoup.AskPerson}
        assert len({id(each) for each in errors}) == 50  # each has one of its own

    with Server(tokens=refuse) as server:
        asyncio.run(main(server))
        assert len(server.logins) == 1


def gated(*answers: Answer) -> tuple[Callable[[Received], Answer], threading.Event, threading.Event]:
    """A token script whose first answer waits: `asked` says that it was asked for, `go` lets it go."""
    asked, go = threading.Event(), threading.Event()
    left = list(answers)

    def script(_: Received) -> Answer:
        answer = left.pop(0) if len(left) > 1 else left[0]
        if not asked.is_set():
            asked.set()
            go.wait(10)
        return answer

    return script, asked, go


@pytest.mark.parametrize("library", [httpx2, httpx])
def test_a_cancelled_task_does_not_strand_those_that_wait_for_its_token(library: Any) -> None:
    script, asked, go = gated(token("Atza|one"))

    async def main(server: Server) -> None:
        transport = recoup.AsyncTransport(
            login=login(server), hosts=["127.0.0.1"], governor=recoup.Governor.unlimited()
        )
        async with library.AsyncClient(transport=transport) as client:
            leader = asyncio.create_task(client.get(server.url + SHIPMENT))
            await asyncio.to_thread(asked.wait, 10)
            followers = [asyncio.create_task(client.get(server.url + SHIPMENT)) for _ in range(20)]
            await asyncio.sleep(0.01)
            followers[0].cancel()  # one that waits is cancelled too: it must not take the others along
            leader.cancel()
            go.set()
            done = await asyncio.wait_for(asyncio.gather(*followers, leader, return_exceptions=True), 10)
        assert isinstance(done[0], asyncio.CancelledError)
        assert isinstance(done[-1], asyncio.CancelledError)
        assert [each.status_code for each in done[1:-1]] == [200] * 19  # type: ignore[union-attr]

    with Server(tokens=script) as server:
        asyncio.run(main(server))
        assert len(server.logins) == 2  # the cancelled one, and one for all the others


def test_a_synchronous_call_in_the_event_loop_that_fetches_does_not_wait_for_itself() -> None:
    script, asked, go = gated(token("Atza|one"), token("Atza|two"))

    async def main(server: Server) -> None:
        holder = login(server)
        transport = recoup.AsyncTransport(login=holder, hosts=["127.0.0.1"], governor=recoup.Governor.unlimited())
        async with httpx2.AsyncClient(transport=transport) as client:
            leader = asyncio.create_task(client.get(server.url + SHIPMENT))
            await asyncio.to_thread(asked.wait, 10)
            with Client(KINDS[0], server, login=holder) as blocking:  # blocks the loop that the leader needs
                assert blocking.call("GET", SHIPMENT).status_code == 200
            go.set()
            assert (await asyncio.wait_for(leader, 10)).status_code == 200

    with Server(tokens=script) as server:
        asyncio.run(main(server))


def test_an_answer_about_replaced_credentials_is_not_used() -> None:
    script, asked, go = gated(INVALID_GRANT, token("Atza|two"))
    with Server(tokens=script) as server:
        holder = login(server)
        with Client(KINDS[0], server, login=holder) as client, ThreadPoolExecutor(2) as pool:
            calls = [pool.submit(client.call, "GET", SHIPMENT)]
            assert asked.wait(10)
            calls.append(pool.submit(client.call, "GET", SHIPMENT))
            holder.replace(refresh_token="Atzr|newer")
            go.set()
            assert [each.result(10).status_code for each in calls] == [200, 200]
        assert {each.token for each in server.calls} == {"Atza|two"}
        assert server.logins[0].form["refresh_token"] == "Atzr|refresh"
        assert {each.form["refresh_token"] for each in server.logins[1:]} == {"Atzr|newer"}


def test_a_call_that_is_refused_because_of_a_missing_role_keeps_its_answer() -> None:
    other = errors("Unauthorized", "Access to requested resource is denied.", "", 403)
    with Server(other, OK) as server, Client(KINDS[0], server, login=login(server)) as client:
        assert client.call("GET", SHIPMENT).status_code == 403
        assert client.call("GET", SHIPMENT).status_code == 200
        assert len(server.logins) == 1


@pytest.mark.parametrize("status", [403, 502, 504])
def test_a_page_from_something_on_the_way_is_no_refusal_for_ever(kind: Kind, status: int) -> None:
    page = Answer(status, b"<html><body>Bad gateway</body></html>", {"Content-Type": "text/html"})
    with Server(tokens=(page, page, page, token("Atza|one"))) as server:
        with Client(kind, server, login=login(server)) as client:
            sent = 1 if status == 403 else 3  # a gateway's trouble passes
            with pytest.raises(recoup.FaultError):
                client.call("GET", SHIPMENT)
            assert len(server.logins) == sent
            for _ in range(3 - sent):
                with pytest.raises(recoup.FaultError):
                    client.call("GET", SHIPMENT)
            assert client.call("GET", SHIPMENT).status_code == 200
        assert len(server.logins) == 4
