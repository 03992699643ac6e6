"""Client secrets are rotated and end, and authorizations end: both secrets work meanwhile, and somebody is told."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest
from transport_clients import KINDS, SECRETS, SHIPMENT, START, Client, login
from transport_server import Answer, Received, Server, login_error, token

import recoup
from recoup.governor.hold import ANY
from recoup.storage.memory import MemoryStore
from recoup.testing import Timing
from recoup.transports.ending import Endings
from recoup.transports.notified import notified

INVALID_CLIENT = login_error("invalid_client", "Client authentication failed", 401)
INVALID_GRANT = login_error("invalid_grant", "The request has an invalid grant parameter : refresh_token", 400)
SYNC = KINDS[0]
OLD, NEW = SECRETS[3], "amzn1.oa2-cs.v1.newer"
DAY = 86_400.0


class Accepting(Server):
    """Login with Amazon that takes the secrets in `living`."""

    def __init__(self, *living: str) -> None:
        self.living = set(living)
        super().__init__(tokens=self._give)

    def _give(self, request: Received) -> Answer:
        secret = request.form["client_secret"]
        return token(f"Atza|{len(self.logins)}", 100) if secret in self.living else INVALID_CLIENT

    @property
    def tried(self) -> list[str]:
        return ["old" if each.form["client_secret"] == OLD else "new" for each in self.logins]


def called(server: Server, holder: recoup.Login, timing: Timing | None = None, times: int = 1) -> None:
    """Calls that succeed, each after the token of the one before has ended."""
    timing = timing if timing is not None else Timing.without_waiting([], START)
    with Client(SYNC, server, login=holder, timing=timing) as client:
        for _ in range(times):
            assert client.call("GET", SHIPMENT).status_code == 200
            timing.sleep(100.0)


@pytest.mark.parametrize(
    ("living", "tried"),
    [((NEW,), ["new"]), ((OLD,), ["new", "old"]), ((OLD, NEW), ["new"])],
    ids=["new", "old", "both"],
)
def test_where_one_secret_is_refused_the_other_is_tried_once(living: tuple[str, ...], tried: list[str]) -> None:
    with Accepting(*living) as server:
        called(server, login(server, client_secret=NEW, previous_secret=OLD))
        assert server.tried == tried


def test_the_one_that_works_is_remembered_and_when_it_ends_the_other_one_is_tried() -> None:
    with Accepting(OLD) as server:
        holder = login(server, client_secret=NEW, previous_secret=OLD)
        timing = Timing.without_waiting([], START)
        called(server, holder, timing, times=3)
        assert server.tried == ["new", "old", "old", "old"]
        server.living = {NEW}
        called(server, holder, timing, times=3)
        assert server.tried[4:] == ["old", "new", "new", "new"]


def test_the_application_is_parked_only_when_both_are_refused() -> None:
    store = MemoryStore()
    with Accepting() as server:
        holder = login(server, client_secret=NEW, previous_secret=OLD, store=store)
        for _ in range(3):
            with Client(SYNC, server, login=holder) as client, pytest.raises(recoup.AskPerson):
                client.call("GET", SHIPMENT)
        assert server.tried == ["new", "old"]
        assert [hold.key.seller for hold in store.holds(now=START)] == [ANY, ANY]
        server.living = {"amzn1.oa2-cs.v1.third"}
        called(server, login(server, client_secret="amzn1.oa2-cs.v1.third", previous_secret=NEW, store=store))
        assert len(server.logins) == 3
    assert store.holds(now=START) == []


def test_a_secret_that_is_known_to_be_refused_is_passed_over() -> None:
    store = MemoryStore()
    with Accepting(OLD) as server:
        wrong = login(server, client_secret=NEW, store=store)
        with Client(SYNC, server, login=wrong) as client, pytest.raises(recoup.AskPerson):
            client.call("GET", SHIPMENT)
        called(server, login(server, client_secret=NEW, previous_secret=OLD, store=store))
        assert server.tried == ["new", "old"]


def test_a_refused_grant_is_no_matter_of_the_secret() -> None:
    with Server(tokens=(INVALID_GRANT,)) as server:
        holder = login(server, client_secret=NEW, previous_secret=OLD)
        with Client(SYNC, server, login=holder) as client, pytest.raises(recoup.AskPerson) as caught:
            client.call("GET", SHIPMENT)
        assert (caught.value.who, len(server.logins)) == ("seller", 1)


def test_the_secret_before_stays_known_when_a_new_one_is_given() -> None:
    with Accepting(OLD) as server:
        holder = login(server)
        called(server, holder)
        holder.replace(client_secret=NEW)
        called(server, holder)
        assert server.tried == ["old", "new", "old"]


def test_a_previous_secret_is_checked_too() -> None:
    with Server() as server, pytest.raises(recoup.SettingsError, match="previous_secret: is a refresh token"):
        login(server, previous_secret="Atzr|IwEBIA")


def new_secret(client_id: str = "amzn1.application-oa2-client.1") -> dict[str, Any]:
    inner = {
        "clientId": client_id,
        "newClientSecret": NEW,
        "newClientSecretExpiryTime": "2027-07-14T08:00:00Z",
        "oldClientSecretExpiryTime": "2027-01-22T08:00:00Z",
    }
    payload = {"applicationOAuthClientNewSecret": inner}
    return {"notificationType": "APPLICATION_OAUTH_CLIENT_NEW_SECRET", "payload": payload}


def test_the_notification_of_a_new_secret_is_enough() -> None:
    with Accepting(OLD) as server:
        holder = login(server)
        called(server, holder)
        server.living = {NEW}
        done = notified(new_secret(), holder)
        assert (done.action, done.logins) == ("secret replaced", (holder,))
        called(server, holder)
        assert server.tried == ["old", "new"]
        assert NEW not in repr(done)


def test_the_same_notification_twice_does_not_lose_the_old_secret() -> None:
    with Accepting(OLD) as server:
        holder = login(server)
        for _ in range(2):
            notified(new_secret(), holder)
        called(server, holder)
        assert server.tried == ["new", "old"]


def test_a_new_secret_of_another_application_changes_nothing() -> None:
    with Accepting(OLD) as server:
        holder = login(server)
        assert notified(new_secret("amzn1.application-oa2-client.2"), holder).action == ""
        called(server, holder)
        assert server.tried == ["old"]


# --- what ends -------------------------------------------------------------------------------------------------------


def warnings_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    """The lines about ends, whoever writes them."""
    said = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    return [line for line in said if " ends on " in line]


def test_the_end_of_a_secret_is_announced_ahead_once_a_stage(caplog: pytest.LogCaptureFixture) -> None:
    with Accepting(OLD) as server:
        logins = [
            login(server, secret_expires_at=START + 40 * DAY, seller=f"A{number}", refresh_token=f"Atzr|{number}")
            for number in range(3)
        ]
        timing = Timing.without_waiting([], START)
        with caplog.at_level(logging.WARNING, "recoup"):
            for _ in range(45):  # days
                for holder in logins:
                    with Client(SYNC, server, login=holder, timing=timing) as client:
                        assert client.call("GET", SHIPMENT).status_code == 200
                timing.sleep(DAY)
    told = warnings_of(caplog)
    assert len(told) == 3  # 30 days, 7 days, the end; for the application, not for each of its sellers
    assert all("the client secret ends on 2027-02-24" in line for line in told)
    assert "Rotate the client secret" in told[0]
    assert OLD not in caplog.text


def test_the_end_of_an_authorization_is_announced(caplog: pytest.LogCaptureFixture) -> None:
    authorised = datetime.fromtimestamp(START - 340 * DAY, UTC)
    with Accepting(OLD) as server:
        called(server, login(server, seller="A1", authorised_at=authorised))
    (line,) = warnings_of(caplog)
    assert "A1" in line
    assert "the authorization ends on 2027-02-09" in line
    assert "authorise the application again" in line


def test_a_fetch_without_listeners_is_warned_about_too(caplog: pytest.LogCaptureFixture) -> None:
    known: set[Any] = set()
    endings = Endings("application", "A1", known)
    endings.secret = START + DAY
    for _ in range(2):
        endings.announce(START, None)
    (line,) = warnings_of(caplog)
    assert "the client secret of application application ends on 2027-01-16" in line


def test_what_is_far_away_is_not_announced(caplog: pytest.LogCaptureFixture) -> None:
    with Accepting(OLD) as server:
        called(server, login(server, authorised_at=START - DAY, secret_expires_at=START + 31 * DAY))
    assert warnings_of(caplog) == []


def test_a_replaced_secret_s_end_is_forgotten_and_a_notified_one_is_known(caplog: pytest.LogCaptureFixture) -> None:
    with Accepting(OLD, NEW) as server:
        holder = login(server, secret_expires_at=START + 5 * DAY)
        notified(new_secret(), holder)
        called(server, holder)
        assert warnings_of(caplog) == []
        inner = {"clientId": holder.application, "clientSecretExpiryTime": "2027-01-20T08:00:00Z"}
        payload = {"applicationOAuthClientSecretExpiry": inner}
        notice = {"notificationType": "APPLICATION_OAUTH_CLIENT_SECRET_EXPIRY", "payload": payload}
        assert notified(notice, holder).action == "expiry noted"
        holder.resume()
        called(server, holder)
    (line,) = warnings_of(caplog)
    assert "ends on 2027-01-20" in line


def test_the_store_knows_the_ends_for_the_status() -> None:
    store = MemoryStore()
    with Accepting(OLD) as server:
        called(server, login(server, seller="A1", authorised_at=START, secret_expires_at=START + DAY, store=store))
    found = {(expiry.seller, expiry.what): expiry.expires_at for expiry in store.tokens.expiries()}
    assert found == {(ANY, "client secret"): START + DAY, ("A1", "authorization"): START + 365 * DAY}


# --- against the sandbox ---------------------------------------------------------------------------------------------


def test_a_rotation_in_the_sandbox_from_beginning_to_end() -> None:
    with recoup.sandbox.running(seed=3, clock="frozen") as sandbox:
        timing = Timing(now=sandbox.clock.now, sleep=sandbox.clock.advance)
        holder = recoup.Login(
            client_id=sandbox.client_id,
            client_secret=sandbox.client_secret,
            refresh_token=sandbox.refresh_token,
            token_url=sandbox.token_url,
        )
        transport = recoup.Transport(login=holder, timing=timing, hosts=[sandbox.endpoint])
        with httpx2.Client(transport=transport, base_url=sandbox.endpoint) as client:

            def works() -> bool:
                return client.get("/sellers/v1/marketplaceParticipations").status_code == 200

            assert works()
            fresh = sandbox.stage.rotate_secret()["client_secret"]
            holder.replace(client_secret=fresh)
            assert works()
            sandbox.clock.advance(8 * DAY)  # the old one is dead
            assert works()
