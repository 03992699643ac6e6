"""Notifications as the sandbox sends them, from subscription to effect."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx2
import pytest

import recoup
from recoup.testing import Timing

ARN = "arn:aws:sqs:us-east-1:123456789012:accounts"
TARGET = "/sellers/v1/marketplaceParticipations"


@pytest.fixture
def queue() -> Iterator[tuple[str, list[bytes]]]:
    """An address that takes messages, and the bodies that it got."""
    bodies: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/queue", bodies
    server.shutdown()
    server.server_close()
    thread.join(10)


@pytest.fixture
def sandbox(queue: tuple[str, list[bytes]]) -> Iterator[Any]:
    with recoup.sandbox.running(seed=4, clock="frozen") as running:
        running.stage.connect_queue(ARN, queue[0])
        yield running


def transport(sandbox: Any, login: recoup.Login) -> recoup.Transport:
    timing = Timing(now=sandbox.clock.now, sleep=sandbox.clock.advance)
    return recoup.Transport(login=login, timing=timing, hosts=[sandbox.endpoint])


def seller_login(sandbox: Any, **more: Any) -> recoup.Login:
    arguments = {name: getattr(sandbox, name) for name in ("client_id", "client_secret", "refresh_token", "token_url")}
    return recoup.Login(**arguments, seller=sandbox.merchant_id, **more)


def grantless_login(sandbox: Any, scope: str) -> recoup.Login:
    arguments = {name: getattr(sandbox, name) for name in ("client_id", "client_secret", "token_url")}
    return recoup.Login(**arguments, scope=f"sellingpartnerapi::{scope}")


def test_a_seller_in_good_standing_again_comes_back(sandbox: Any, queue: tuple[str, list[bytes]]) -> None:
    login, grantless = seller_login(sandbox), grantless_login(sandbox, "notifications")
    grant = sandbox._opened.world.accounts.authorizations[sandbox.refresh_token]
    with (
        httpx2.Client(transport=transport(sandbox, grantless), base_url=sandbox.endpoint) as ours,
        httpx2.Client(transport=transport(sandbox, login), base_url=sandbox.endpoint) as client,
    ):
        destination = {"name": "accounts", "resourceSpecification": {"sqs": {"arn": ARN}}}
        made = ours.post("/notifications/v1/destinations", json=destination).json()["payload"]
        wanted = {"payloadVersion": "2021-01-01", "destinationId": made["destinationId"]}
        subscribed = client.post("/notifications/v1/subscriptions/ACCOUNT_STATUS_CHANGED", json=wanted)
        assert subscribed.status_code == 200
        grant.revoked = True
        sandbox.clock.advance(4000.0)  # the token has ended, and another one is refused
        with pytest.raises(recoup.AskPerson):
            client.get(TARGET)
        grant.revoked = False
        actions = []
        for change in (sandbox.stage.deactivate_account, sandbox.stage.activate_account):
            change()
            sandbox.wait_for_deliveries()
            with pytest.raises(recoup.AskPerson):
                client.get(TARGET)
            done = recoup.notified(queue[1][-1], [login, grantless], seller=sandbox.merchant_id)
            actions.append((getattr(done.notice, "current", None), done.action))
        assert actions == [("DEACTIVATED", ""), ("NORMAL", "resumed")]
        assert client.get(TARGET).status_code == 200


def test_a_rotation_that_amazon_carries_out_reaches_every_login(sandbox: Any, queue: tuple[str, list[bytes]]) -> None:
    sandbox.stage.enroll_for_rotation(ARN)
    login, grantless = seller_login(sandbox), grantless_login(sandbox, "client_credential:rotation")
    with httpx2.Client(transport=transport(sandbox, grantless), base_url=sandbox.endpoint) as ours:
        assert ours.post("/applications/2023-11-30/clientSecret").status_code == 204
    sandbox.wait_for_deliveries()
    done = recoup.notified(queue[1][-1], [login, grantless])
    assert (done.action, done.logins) == ("secret replaced", (login, grantless))
    sandbox.clock.advance(8 * 86_400.0)  # the old one is dead
    with httpx2.Client(transport=transport(sandbox, login), base_url=sandbox.endpoint) as client:
        assert client.get(TARGET).status_code == 200
    assert not [each for each in sandbox.refusals() if each["path"] == "/auth/o2/token"]
