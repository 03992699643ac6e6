"""A gateway between an ordinary client and the sandbox: what the sandbox fails for, the gateway recovers from."""

from __future__ import annotations

import io
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import httpx2
import pytest

import recoup
from recoup.gateway import Gateway, running
from recoup.sandbox import Sandbox
from recoup.sandbox.fulfillment.settings import FulfillmentSettings
from recoup.sandbox.plans import Fault, Plan, Reset
from recoup.sandbox.settings import SandboxSettings
from recoup.testing import Timing

SHIPMENTS = "/externalFulfillment/2024-09-11/shipments"
LISTING = SHIPMENTS + "?status=ACCEPTED"


class World(NamedTuple):
    """The sandbox, the gateway in front of it, and an ordinary client of the gateway."""

    sandbox: Sandbox
    gateway: Gateway
    client: httpx2.Client

    def shipment(self) -> str:
        shipment: str = self.sandbox.stage.add_shipment(location_id=self.sandbox.location_ids["MFN"])
        return shipment


@contextmanager
def a_world(**options: Any) -> Iterator[World]:
    """To sleep is to advance the sandbox's clock."""
    with recoup.sandbox.running(seed=1, clock="frozen", **options) as sandbox:
        timing = Timing(now=sandbox.clock.now, sleep=sandbox.clock.advance)
        with (
            running(
                upstream=sandbox.endpoint,
                client_id=sandbox.client_id,
                client_secret=sandbox.client_secret,
                refresh_token=sandbox.refresh_token,
                transport={"timing": timing},
            ) as gateway,
            httpx2.Client(base_url=gateway.url, timeout=20) as client,
        ):
            yield World(sandbox, gateway, client)


@pytest.fixture
def world() -> Iterator[World]:
    with a_world() as made:
        yield made


def told(response: httpx2.Response) -> dict[str, str]:
    fields = response.headers.items()
    return {name.removeprefix("x-recoup-"): value for name, value in fields if name.startswith("x-recoup-")}


def test_a_whole_order(world: World) -> None:
    shipment = world.shipment()
    assert shipment in world.client.get(LISTING).text
    confirmed = world.client.post(f"{SHIPMENTS}/{shipment}?operation=CONFIRM")
    assert (confirmed.status_code, confirmed.content) == (204, b"")
    assert "content-length" not in confirmed.headers
    assert told(confirmed) == {"decision": "done", "attempts": "1"}
    assert world.client.get(f"{SHIPMENTS}/{shipment}").json()["status"] == "CONFIRMED"


def test_a_token_that_has_expired_is_renewed(world: World) -> None:
    assert told(world.client.get(LISTING))["attempts"] == "1"
    world.sandbox.clock.advance(4000)
    assert told(world.client.get(LISTING)) == {"decision": "done", "attempts": "1"}


def test_a_token_that_was_revoked_is_renewed_once_and_the_call_repeated(world: World) -> None:
    world.client.get(LISTING)
    world.sandbox.stage.revoke_access_tokens()
    response = world.client.get(LISTING)
    assert response.status_code == 200
    assert told(response) == {"decision": "done", "attempts": "1", "token-renewed": "true"}


def test_errors_that_pass_are_repeated(world: World) -> None:
    world.sandbox.raise_fault("other-500-internal", how="plan", times=2)
    response = world.client.get(LISTING)
    assert response.status_code == 200
    assert told(response)["attempts"] == "3"
    assert len(world.sandbox.recent(10)) >= 3


def test_a_quota_that_is_used_up_is_waited_for(world: World) -> None:
    world.client.get(LISTING)
    world.sandbox.stage.use_up_quota(operation="getShipments")
    response = world.client.get(LISTING)
    assert response.status_code == 200
    assert float(told(response)["waited"]) > 0


def test_a_suspended_account_is_named_and_not_hammered(world: World) -> None:
    world.client.get(LISTING)
    world.sandbox.raise_fault("403-account-suspended")
    before = len(world.sandbox.refusals(100))
    response = world.client.get(LISTING)
    assert response.status_code == 403
    said = told(response)
    assert (said["decision"], said["attempts"]) == ("give_up", "1")
    assert "403-account-suspended" in (said.get("fault", ""), *said.get("tied", "").split(", "))
    assert "origin" not in said
    assert len(world.sandbox.refusals(100)) == before + 1


def test_a_write_that_was_cut_off_is_not_repeated_and_the_program_is_told(world: World) -> None:
    shipment = world.shipment()
    world.client.get(LISTING)
    world.sandbox.plans.add(Plan(script=[Reset(when="after")], method="POST"))
    response = world.client.post(f"{SHIPMENTS}/{shipment}?operation=CONFIRM")
    assert response.status_code == 502
    said = told(response)
    assert (said["decision"], said["attempts"], said["unknown-outcome"]) == ("resync", "1", "true")
    assert said["read-back"] == f"GET {SHIPMENTS}/{shipment}"
    method, path = said["read-back"].split(" ")
    assert world.client.request(method, path).json()["status"] == "CONFIRMED"  # it had taken effect, once


def test_a_seller_who_took_the_authorization_back(world: World) -> None:
    world.sandbox.stage.revoke_authorization()
    responses = [world.client.get(LISTING) for _ in range(3)]
    assert {response.status_code for response in responses} == {403}
    assert {told(response)["fault"] for response in responses} == {"lwa-invalid-grant"}
    assert {response.json()["errors"][0]["code"] for response in responses} == {"AskPerson"}


def test_grantless_operations_get_a_token_of_their_own(world: World) -> None:
    response = world.client.get("/notifications/v1/destinations")
    assert response.status_code == 200, response.text


def test_fifty_programs_at_once_and_the_sandbox_counts_the_same() -> None:
    # Whoever waits sets the clock on for all, and all wake at once: buckets that hold them all leave chance no say.
    plenty = SandboxSettings(unknown_burst=1e6, fulfillment=FulfillmentSettings(service_limit=None, service_limits={}))
    wrong: list[str] = []

    def confirm(url: str) -> None:
        response = httpx2.post(f"{url}?operation=CONFIRM", timeout=60)
        if response.status_code != 204:
            wrong.append(f"{response.status_code} {response.text} {told(response)}")

    with a_world(settings=plenty) as world:
        shipments = [world.shipment() for _ in range(50)]
        urls = [f"{world.gateway.url}{SHIPMENTS}/{shipment}" for shipment in shipments]
        threads = [threading.Thread(target=confirm, args=(url,)) for url in urls]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert wrong == []
        states = [world.client.get(f"{SHIPMENTS}/{shipment}").json()["status"] for shipment in shipments]
        assert states == ["CONFIRMED"] * 50
        assert world.gateway.status()["answers"] == {"2xx": 100}
        assert len([each for each in world.sandbox.recent(500) if each["method"] == "POST"]) == 51  # and the token


def test_no_secret_is_logged_nor_told(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="recoup")
    client, sandbox = world.client, world.sandbox
    secrets = [sandbox.client_secret, sandbox.refresh_token, "planted-own-token", "planted-query", "planted-key"]
    answers: list[Any] = [
        client.get(LISTING),
        client.get(LISTING, headers={"x-amz-access-token": "Atza|planted-own-token"}),
        client.get(f"{SHIPMENTS}?status=planted-query", headers={"x-recoup-key": "planted-key"}),
        client.get("//planted-query"),
        client.get("/x", headers={"Host": "evil.example"}),
        client.get("/-/status"),
    ]
    sandbox.plans.add(Plan(script=[Fault(fault="lwa-invalid-client")], path="/auth/o2/token"))
    sandbox.clock.advance(4000)
    answers.append(client.get(LISTING))
    sandbox.plans.add(Plan(script=[Reset(when="after")], method="POST"))
    answers.append(client.post(f"{SHIPMENTS}/x?operation=planted-query"))
    out = io.StringIO()
    for record in caplog.records:
        out.write(f"{record.getMessage()} {record.exc_text} {record.args}\n")
    assert "getShipments" in out.getvalue()
    for secret in secrets:
        assert secret not in out.getvalue()
    issued = [answer.request.headers.get("x-amz-access-token") for answer in answers]
    assert issued.count(None) == len(answers) - 1
    for answer in answers:
        whole = f"{dict(answer.headers)} {answer.text}"
        for secret in secrets[:3]:
            assert secret not in whole
        assert "Atza|" not in whole
