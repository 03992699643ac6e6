"""Proxies under httpx2 and httpx: the inner transport has them; the client's own settings do not reach it.

The host has a name that nobody can resolve, so that whatever is answered came by the proxy. That one answers itself.
"""

from __future__ import annotations

import asyncio
from types import ModuleType
from typing import Any

import httpx
import httpx2
import pytest
from transport_clients import SHIPMENT
from transport_server import OK, UNAVAILABLE, Server

import recoup
from recoup.testing import Timing

API = "http://api.recoup.invalid"
LIBRARIES = pytest.mark.parametrize("library", [httpx2, httpx], ids=lambda library: library.__name__)
NAMES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture(autouse=True)
def no_other_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def options() -> dict[str, Any]:
    return {"hosts": [API], "timing": Timing.without_waiting(), "random": lambda: 0.5}


@LIBRARIES
def test_calls_go_by_the_inner_transports_proxy_and_are_recovered(library: ModuleType) -> None:
    with Server(UNAVAILABLE, OK) as proxy:
        inner = library.HTTPTransport(proxy=proxy.url)
        with library.Client(transport=recoup.Transport(inner, **options())) as client:
            response = client.get(API + SHIPMENT)
        made = recoup.outcome(response)
        assert (response.status_code, made is not None and made.attempts) == (200, 2)
        assert [each.target for each in proxy.received] == [API + SHIPMENT] * 2


@LIBRARIES
def test_the_same_asynchronously(library: ModuleType) -> None:
    async def call(proxy: Server) -> Any:
        inner = library.AsyncHTTPTransport(proxy=proxy.url)
        async with library.AsyncClient(transport=recoup.AsyncTransport(inner, **options())) as client:
            return await client.get(API + SHIPMENT)

    with Server(UNAVAILABLE, OK) as proxy:
        made = recoup.outcome(asyncio.run(call(proxy)))
        assert made is not None
        assert made.attempts == 2
        assert len(proxy.received) == 2


@LIBRARIES
def test_a_client_with_a_transport_does_not_look_for_proxies_in_the_environment(
    library: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Server(OK) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        with (
            library.Client(transport=recoup.Transport(**options())) as client,
            pytest.raises(library.ConnectError),
        ):
            client.get(API + SHIPMENT)
        assert proxy.received == []


@LIBRARIES
def test_a_proxy_of_the_client_leads_past_recoup_and_the_outcome_shows_it(library: ModuleType) -> None:
    with Server(UNAVAILABLE, OK) as proxy:
        with library.Client(transport=recoup.Transport(**options()), proxy=proxy.url) as client:
            response = client.get(API + SHIPMENT)
        assert response.status_code == 503
        assert recoup.outcome(response) is None
        assert len(proxy.received) == 1
