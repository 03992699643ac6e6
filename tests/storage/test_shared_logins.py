"""Logins that share a store, against the sandbox: tokens and parks outlast a restart, and no secret gets anywhere."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest

import recoup
from recoup.cli.main import Streams, main
from recoup.login.credentials import Credentials
from recoup.login.identity import token_key
from recoup.testing import Timing

SEAL = bytes(range(32))
CALLING = str(Path(__file__).with_name("calling.py"))
TARGET = "/sellers/v1/marketplaceParticipations"


@pytest.fixture
def sandbox() -> Iterator[Any]:
    with recoup.sandbox.running(seed=5, clock="frozen") as running:
        yield running


def credentials(sandbox: Any) -> dict[str, str]:
    return {name: getattr(sandbox, name) for name in ("client_id", "client_secret", "refresh_token")}


def made(sandbox: Any, store: Any, **more: Any) -> recoup.Login:
    return recoup.Login(
        **{**credentials(sandbox), "token_url": sandbox.token_url, "seller": "A1", "store": store, **more}
    )


def call(sandbox: Any, login: recoup.Login, **more: Any) -> Any:
    timing = Timing(now=sandbox.clock.now, sleep=sandbox.clock.advance)
    governor = recoup.Governor.unlimited()
    transport = recoup.Transport(login=login, timing=timing, hosts=[sandbox.endpoint], governor=governor, **more)
    with httpx2.Client(transport=transport, base_url=sandbox.endpoint) as client:
        return client.get(TARGET)


def token_requests(sandbox: Any) -> int:
    return sum(each["path"] == "/auth/o2/token" for each in sandbox.recent(10_000))


def opened(where: str, key: bytes | None = SEAL) -> Any:
    return recoup.open_store(where, key=key)


# --- tokens ----------------------------------------------------------------------------------------------------------


def test_a_restart_goes_on_with_the_token_that_is_there(sandbox: Any, shared_where: str) -> None:
    for _ in range(3):
        with opened(shared_where) as store:
            assert call(sandbox, made(sandbox, store)).status_code == 200
    assert token_requests(sandbox) == 1


def test_without_a_key_every_process_fetches_its_own(sandbox: Any, shared_where: str) -> None:
    for _ in range(3):
        with opened(shared_where, None) as store:
            assert call(sandbox, made(sandbox, store)).status_code == 200
    assert token_requests(sandbox) == 3


def test_a_token_that_was_refused_is_replaced_for_all_once(sandbox: Any, shared_where: str) -> None:
    with opened(shared_where) as one, opened(shared_where) as two:
        first, second = made(sandbox, one), made(sandbox, two)
        assert [call(sandbox, login).status_code for login in (first, second)] == [200, 200]
        assert token_requests(sandbox) == 1
        sandbox.stage.revoke_access_tokens()
        assert [call(sandbox, login).status_code for login in (first, second)] == [200, 200]
        assert token_requests(sandbox) == 2  # the second one found what the first one had fetched


def test_another_version_of_the_secret_has_tokens_of_its_own(sandbox: Any, shared_where: str) -> None:
    with opened(shared_where) as store:
        assert call(sandbox, made(sandbox, store)).status_code == 200
        fresh = sandbox.stage.rotate_secret()["client_secret"]
        assert call(sandbox, made(sandbox, store, client_secret=fresh)).status_code == 200
        assert token_requests(sandbox) == 2
        assert len(store.tokens.states(now=sandbox.clock.now())) == 2


def test_four_processes_that_begin_together_send_one_token_request(shared_where: str) -> None:
    with recoup.sandbox.running(seed=6) as sandbox:
        arguments = [sys.executable, CALLING, shared_where, sandbox.endpoint, sandbox.token_url, "3"]
        processes = [
            subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(4)
        ]
        for process in processes:
            assert process.stdin is not None
            process.stdin.write(json.dumps(credentials(sandbox)) + "\n")
            process.stdin.flush()
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        for process in processes:
            out, _ = process.communicate(timeout=60)
            assert (process.returncode, json.loads(out)) == (0, [200, 200, 200])
        assert token_requests(sandbox) == 1


def test_a_token_that_came_between_the_look_and_the_lease_is_taken(sandbox: Any) -> None:
    store = recoup.open_store("memory")
    first, second = made(sandbox, store), made(sandbox, store)
    real, looked = store.tokens.read, 0

    def read(*arguments: Any, **more: Any) -> Any:
        nonlocal looked
        looked += 1
        if looked > 1:
            return real(*arguments, **more)
        store.tokens.read = real  # type: ignore[method-assign]
        assert call(sandbox, first).status_code == 200  # fetched, kept and freed meanwhile
        store.tokens.read = read  # type: ignore[method-assign]
        return None

    store.tokens.read = read  # type: ignore[method-assign]
    assert call(sandbox, second).status_code == 200
    assert (looked, token_requests(sandbox)) == (2, 1)


def test_a_call_with_a_deadline_does_not_wait_longer_for_a_token_of_another(sandbox: Any) -> None:
    store = recoup.open_store("memory")
    login = made(sandbox, store)
    key = token_key(Credentials(**credentials(sandbox)), "A1")
    store.tokens.lease(key, "another", now=sandbox.clock.now(), seconds=10.0)
    began = sandbox.clock.now()
    with pytest.raises(recoup.TryLater) as caught:
        call(sandbox, login, deadline=2.0)
    assert sandbox.clock.now() - began == pytest.approx(2.0)
    assert caught.value.after == pytest.approx(8.0, abs=0.1)
    assert call(sandbox, login).status_code == 200  # waits for the end of the lease
    assert token_requests(sandbox) == 1


def test_threads_and_tasks_over_a_store_that_blocks_share_one_fetch(sandbox: Any, shared_where: str) -> None:
    timing = Timing(now=sandbox.clock.now, sleep=sandbox.clock.advance)

    def transport_arguments(login: recoup.Login) -> dict[str, Any]:
        return {"login": login, "timing": timing, "hosts": [sandbox.endpoint], "governor": recoup.Governor.unlimited()}

    async def tasks(login: recoup.Login) -> None:
        transport = recoup.AsyncTransport(**transport_arguments(login))
        async with httpx2.AsyncClient(transport=transport, base_url=sandbox.endpoint, timeout=60) as client:
            answers = await asyncio.gather(*(client.get(TARGET) for _ in range(10)))
        assert {answer.status_code for answer in answers} <= {200, 429}

    with opened(shared_where) as store:
        login = made(sandbox, store)
        start = threading.Barrier(4)

        def thread(number: int) -> None:
            start.wait(10)
            asyncio.run(tasks(login)) if number % 2 else call(sandbox, login)

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(thread, range(4)))
    assert token_requests(sandbox) == 1


# --- parks -----------------------------------------------------------------------------------------------------------


def parked(sandbox: Any, store: Any, **more: Any) -> recoup.AskPerson:
    with pytest.raises(recoup.AskPerson) as caught:
        call(sandbox, made(sandbox, store, **more))
    return caught.value


def test_a_park_outlasts_a_restart_and_ends_with_new_credentials(sandbox: Any, shared_where: str) -> None:
    sandbox.stage.revoke_authorization()
    with opened(shared_where) as store:
        assert parked(sandbox, store).fault == "lwa-invalid-grant"
    with opened(shared_where) as store:
        assert "is parked since" in str(parked(sandbox, store))
        assert token_requests(sandbox) == 1
    fresh = sandbox.stage.authorize()["refresh_token"]
    with opened(shared_where) as store:
        assert call(sandbox, made(sandbox, store, refresh_token=fresh)).status_code == 200
        assert list(store.holds(now=sandbox.clock.now())) == []
    assert token_requests(sandbox) == 2


def test_a_parked_application_is_parked_for_all_processes(sandbox: Any, shared_where: str) -> None:
    wrong = "amzn1.oa2-cs.v1.wrong"
    with opened(shared_where) as one, opened(shared_where) as two:
        assert parked(sandbox, one, client_secret=wrong).who == "operator"
        assert parked(sandbox, two, client_secret=wrong, refresh_token="Atzr|other", seller="A2").who == "operator"
        assert token_requests(sandbox) == 1
        assert call(sandbox, made(sandbox, two)).status_code == 200  # the right secret is not touched by it


def run(*arguments: str, **environment: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    status = main(arguments, Streams(io.BytesIO(), out, err), environment)
    return status, out.getvalue(), err.getvalue()


def test_a_running_process_notices_what_the_command_resumed(sandbox: Any, shared_where: str) -> None:
    grant = sandbox._opened.world.accounts.authorizations[sandbox.refresh_token]
    grant.revoked = True
    with opened(shared_where) as store:
        login = made(sandbox, store)
        for _ in range(3):
            with pytest.raises(recoup.AskPerson):
                call(sandbox, login)
        grant.revoked = False  # the same refresh token works again
        sandbox.clock.advance(60.0)
        with pytest.raises(recoup.AskPerson):
            call(sandbox, login)
        assert token_requests(sandbox) == 1
        status, out, err = run("resume", "A1", RECOUP_STORE=shared_where)
        assert (status, err) == (0, "")
        assert "resumed: seller A1" in out
        sandbox.clock.advance(1.0)
        assert call(sandbox, login).status_code == 200
    assert token_requests(sandbox) == 2


def test_the_store_is_asked_at_most_once_a_second_while_a_seller_is_parked(sandbox: Any, shared_where: str) -> None:
    sandbox.stage.revoke_authorization()
    with opened(shared_where) as store:
        login, looked = made(sandbox, store), 0
        with pytest.raises(recoup.AskPerson):
            call(sandbox, login)
        real = login._parks.standing

        def standing(*arguments: Any) -> Any:
            nonlocal looked
            looked += 1
            return real(*arguments)

        login._parks.standing = standing  # type: ignore[method-assign, assignment]
        for _ in range(20):
            with pytest.raises(recoup.AskPerson):
                call(sandbox, login)
            sandbox.clock.advance(0.25)
        assert looked == 4
    assert token_requests(sandbox) == 1


# --- secrets ---------------------------------------------------------------------------------------------------------


def test_no_secret_reaches_the_store_the_log_an_error_or_the_status(
    sandbox: Any, sqlite_path: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    said: list[str] = []
    secrets = [sandbox.client_secret, sandbox.refresh_token]
    with opened(sqlite_path) as store:
        login = made(sandbox, store, secret_expires_at=sandbox.clock.now() + 86_400.0)
        call(sandbox, login, listeners=[lambda event: said.append(repr(event))])
        secrets.append(str(login.cached(sandbox.clock.now())))
        said += [repr(login), repr(store.tokens.states(now=0.0))]
        fresh = sandbox.stage.rotate_secret()["client_secret"]
        secrets.append(fresh)
        login.replace(client_secret=fresh)
        sandbox.stage.revoke_authorization()
        with pytest.raises(recoup.AskPerson) as caught:
            call(sandbox, login)
        said += [str(caught.value), repr(caught.value.diagnosis), repr(caught.value.decision)]
        for arguments in (("status",), ("status", "--json"), ("resume", "--all", "--json")):
            said += map(str, run(*arguments, RECOUP_STORE=sqlite_path))
        said += [path.read_bytes().decode("latin-1") for path in Path(sqlite_path).parent.iterdir()]
    said.append(caplog.text)
    everything = "\n".join(said)
    assert len(secrets) == 4
    for secret in secrets:
        assert secret not in everything
        assert secret[-20:] not in everything


# --- the store is away -----------------------------------------------------------------------------------------------


class Away:
    """A store whose database cannot be reached."""

    blocking = True

    def __init__(self) -> None:
        self.tokens = self
        self.keeps = True

    def __getattr__(self, name: str) -> Any:
        def away(*_: Any, **__: Any) -> Any:
            raise recoup.errors.StoreAway("the database cannot be reached now")

        return away


def test_a_store_that_is_away_costs_no_call(sandbox: Any, caplog: pytest.LogCaptureFixture) -> None:
    login = made(sandbox, Away())
    assert call(sandbox, login).status_code == 200
    assert "is done without this time" in caplog.text


def test_a_refusal_is_remembered_by_the_process_where_the_store_is_away(sandbox: Any) -> None:
    sandbox.stage.revoke_authorization()
    login = made(sandbox, Away())
    for _ in range(3):
        with pytest.raises(recoup.AskPerson):
            call(sandbox, login)
        sandbox.clock.advance(5.0)
    assert token_requests(sandbox) == 1
