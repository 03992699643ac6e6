"""recoup under python-amazon-sp-api, as it is published: its own client, its own calls, against the sandbox.

Where recoup plugs in: the httpx client inside the SDK's transport, and `auth_token_client_class`, the SDK's public
place for another source of tokens. That source gives an empty token, which recoup's transport fills in and renews.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

import recoup
from recoup.sandbox.serving import Sandbox, running

pytestmark = pytest.mark.sdk

OVERSIZED = "x" * 20_000


class Rerouted(httpx.BaseTransport):
    """Sends what is meant for Amazon to the sandbox, and keeps what was sent. The SDK's hosts are fixed."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._inner = httpx.HTTPTransport()
        self._to = httpx.URL(sandbox.endpoint)
        self.sent: list[tuple[str, str, str | None]] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        token = request.headers.get("x-amz-access-token")
        self.sent.append((request.method, request.url.path, token))
        url = request.url.copy_with(scheme=self._to.scheme, host=self._to.host, port=self._to.port)
        there = httpx.Request(
            request.method, url, headers=request.headers, stream=request.stream, extensions=request.extensions
        )
        return self._inner.handle_request(there)

    def close(self) -> None:
        self._inner.close()


class NoToken:
    """In place of the SDK's own client of Login with Amazon: the transport puts the token in."""

    def __init__(self, **_: Any) -> None:
        pass

    def get_auth(self) -> Any:
        return SimpleNamespace(access_token="")


def raise_what_failed(response: httpx.Response) -> None:
    """An event hook for httpx: what recoup worked on and what failed becomes an exception."""
    if recoup.outcome(response) is not None:
        recoup.raise_for_fault(response)


class Stage:
    """The SDK's client for External Fulfillment with recoup under it, and one shipment to read."""

    def __init__(self, sandbox: Sandbox, **hooks: Any) -> None:
        self.sandbox = sandbox
        self.wire = Rerouted(sandbox)
        self.slept: list[float] = []
        api = import_module("sp_api.api")  # late: only the longer tier has it
        marketplaces = import_module("sp_api.base").Marketplaces
        self.shipping = api.ExternalFulfillmentShippingV20240911(
            marketplaces.US,
            refresh_token=sandbox.refresh_token,
            credentials={"lwa_app_id": sandbox.client_id, "lwa_client_secret": sandbox.client_secret},
            auth_token_client_class=NoToken,
        )
        self.shipping.close()
        transport = recoup.Transport(
            self.wire,
            login=recoup.Login(
                client_id=sandbox.client_id,
                client_secret=sandbox.client_secret,
                refresh_token=sandbox.refresh_token,
            ),
            timing=recoup.testing.Timing.without_waiting(self.slept),
        )
        self.shipping._transport._client = httpx.Client(transport=transport, **hooks)
        self.shipment: str = sandbox.stage.add_shipment(location_id=sandbox.location_ids["MFN"])

    def close(self) -> None:
        self.shipping.close()


@pytest.fixture(params=[False, True], ids=["by itself", "with exceptions"])
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    hooks = {"event_hooks": {"response": [raise_what_failed]}} if request.param else {}
    with running(seed=1) as sandbox:
        made = Stage(sandbox, **hooks)
        yield made
        made.close()


def test_a_call_works_and_the_token_is_recoups(stage: Stage) -> None:
    for _ in range(2):
        assert stage.shipping.get_shipment(stage.shipment).payload["id"] == stage.shipment
    paths = [path for _, path, _ in stage.wire.sent]
    assert paths == ["/auth/o2/token", *[f"/externalFulfillment/2024-09-11/shipments/{stage.shipment}"] * 2]
    assert all(token and token.startswith("Atza|") for _, _, token in stage.wire.sent[1:])


def test_a_refused_token_is_renewed_and_the_call_repeated_once(stage: Stage) -> None:
    stage.shipping.get_shipment(stage.shipment)
    stage.sandbox.stage.revoke_access_tokens()
    stage.wire.sent.clear()
    assert stage.shipping.get_shipment(stage.shipment).payload["id"] == stage.shipment
    (_, first, old), (_, second, _), (_, third, new) = stage.wire.sent
    assert (first, second) == (third, "/auth/o2/token")
    assert old != new


def test_an_outage_is_waited_for(stage: Stage) -> None:
    stage.shipping.get_shipment(stage.shipment)
    stage.sandbox.stage.front_door_outage(3600)
    expected = (import_module("sp_api.base").SellingApiException, recoup.TryLater)
    with pytest.raises(expected):
        stage.shipping.get_shipment(stage.shipment)
    assert len(stage.slept) == 2
    assert len(stage.wire.sent) == 5  # a token, a call, and three attempts


def test_an_error_that_the_sdk_reports_as_success_becomes_an_error() -> None:
    with running(seed=1) as sandbox:
        silent = Stage(sandbox)
        silent.shipping.user_agent = OVERSIZED  # the front door answers 400 with a page of HTML
        assert silent.shipping.get_shipment(silent.shipment).errors is None  # so it is without the hook
        silent.close()
        loud = Stage(sandbox, event_hooks={"response": [raise_what_failed]})
        loud.shipping.user_agent = OVERSIZED
        with pytest.raises(recoup.FixRequest, match="HTTP 400"):
            loud.shipping.get_shipment(loud.shipment)
        loud.close()
