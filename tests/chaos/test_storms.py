"""Storms between a client with recoup under it and the sandbox: requests and answers get lost, cut, delayed, refused.

Whatever the weather: nothing is applied twice, no call is sent more than three times, and every call either ends right
or is handed up with a decision that is true (what is said to have had no effect had none; what had one without the
client's knowing is said to need reading back). A caller who does what the decisions say finishes every order.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

import httpx
import httpx2
import pytest
from storm_proxy import CALL_HEADER, StormProxy

import recoup
from recoup.sandbox.serving import Sandbox, running
from recoup.testing import Timing

pytestmark = pytest.mark.chaos

SHIPMENTS = "/externalFulfillment/2024-09-11/shipments"
STOCK = "/externalFulfillment/inventory/2024-09-11/inventories"
TIMEOUT = 0.7  # seconds of real time until a client takes a silent server for lost


class Ended(NamedTuple):
    """How a call ended: its outcome, and its response where there was one."""

    call: str
    decision: recoup.Decision
    attempts: int
    unknown: bool
    response: Any = None
    answered: int = 0  # attempts to which an answer came

    @property
    def done(self) -> bool:
        return isinstance(self.decision, recoup.Done)


class Storm:
    """A sandbox, the proxy before it, and what a client needs to call it."""

    def __init__(self, sandbox: Sandbox, proxy: StormProxy) -> None:
        self.sandbox = sandbox
        self.proxy = proxy
        self.ended: list[Ended] = []
        self._numbers = itertools.count(1)
        self.arguments: dict[str, Any] = {
            "login": recoup.Login(
                client_id=sandbox.client_id,
                client_secret=sandbox.client_secret,
                refresh_token=sandbox.refresh_token,
                token_url=proxy.url + "/auth/o2/token",
            ),
            "hosts": [proxy.url],
            "timing": Timing(now=sandbox.clock.now, sleep=sandbox.clock.advance),
        }

    def name(self, what: str) -> str:
        return f"{what}-{next(self._numbers)}"

    def ending(self, call: str, response: Any, error: Exception | None) -> Ended:
        """The end of a call, in whichever way it ended. An exception without a decision fails the test."""
        if isinstance(error, recoup.FaultError):  # no token: nothing was sent
            assert error.decision["action"] in ("wait", "give_up")
            ended = Ended(call, recoup.Retry(after=60.0), 0, unknown=False)
        else:
            made = recoup.outcome(response if error is None else error)
            assert made is not None, error
            answered = sum(attempt.status is not None for attempt in made.history.attempts)
            ended = Ended(call, made.decision, made.attempts, made.history.outcome_unknown, response, answered)
        self.ended.append(ended)
        return ended

    def audit(self) -> dict[str, int]:
        """Hold what the client believes against what the sandbox saw. Returns how often which fault befell."""
        befell: dict[str, int] = {}
        for ended in self.ended:
            entries = self.proxy.books[ended.call]
            for entry in entries:
                befell[entry.fault] = befell.get(entry.fault, 0) + 1
            assert len(entries) <= 3, (ended, entries)
            # An attempt that the client took for lost early may never have reached the proxy, on a busy machine.
            repeats = sum(entry.status == 403 for entry in entries)  # with a new token, which is no attempt
            assert ended.answered <= len(entries) <= ended.attempts + repeats, (ended, entries)
            effects = sum(entry.took_effect for entry in entries)
            if ended.done:
                assert effects >= 1, (ended, entries)
                assert ended.response.status_code < 300
            if entries and entries[0].method == "GET":
                continue
            assert effects <= 1, (ended, entries)  # never twice
            if not ended.done and not ended.unknown:
                assert effects == 0, (ended, entries)  # what is said to have failed has
            if not ended.done and effects:
                # A stock update may be sent again without reading first: its sequence number guards it.
                allowed = (recoup.Resync, recoup.Wait) if ended.call.startswith("stock") else recoup.Resync
                assert isinstance(ended.decision, allowed), (ended, entries)
        return befell


class Order:
    """One order and its seller, who does as each decision says."""

    def __init__(self, storm: Storm, client: Any) -> None:
        self._storm, self._client = storm, client
        sandbox = storm.sandbox
        self.id: str = sandbox.stage.add_shipment(location_id=sandbox.location_ids["MFN"], now=sandbox.clock.now())
        self._option = ""

    def work(self) -> None:
        """Take the order from its arrival to its label."""
        self._write("POST", "?operation=CONFIRM", None, lambda view: view["status"] != "ACCEPTED")
        self._write("POST", "/packages", {"packages": [package("200.0")]}, lambda view: bool(view.get("packages")))
        self._write("PUT", "/packages/p1", package("300.0"), lambda view: weight(view) == 300.0)
        self._choose()
        self._write("PUT", self._label, None, lambda view: view["status"] == "SHIPLABEL_GENERATED")

    def _choose(self) -> None:
        self._option = self._read("/shippingOptions?packageId=p1")["shippingOptions"][0]["shippingOptionId"]

    def _label(self) -> str:
        return f"/shipLabels?operation=GENERATE&shippingOptionId={quote(self._option, safe='')}"

    def _call(self, method: str, target: str, body: Any = None) -> Ended:
        call = self._storm.name(f"{self.id}-{method}")
        extra = {} if body is None else {"json": body}
        url = f"{self._storm.proxy.url}{SHIPMENTS}/{self.id}{target}"
        try:
            response = self._client.request(method, url, headers={CALL_HEADER: call}, **extra)
        except (recoup.RecoupError, httpx2.TransportError, httpx.TransportError) as error:
            return self._storm.ending(call, None, error)
        return self._storm.ending(call, response, None)

    def _read(self, target: str = "") -> Any:
        for _ in range(30):
            ended = self._call("GET", target)
            if ended.done:
                return ended.response.json()
            self._rest(ended.decision)
        raise AssertionError(f"{self.id}{target} could not be read")

    def _write(self, method: str, target: str | Callable[[], str], body: Any, effected: Callable[[Any], bool]) -> None:
        for _ in range(30):
            ended = self._call(method, target if isinstance(target, str) else target(), body)
            if ended.done:
                return
            match ended.decision:
                case recoup.Resync(target="shipping-options"):
                    self._choose()
                case recoup.Resync():
                    self._storm.proxy.settle(ended.call)
                    self._rest(ended.decision)
                    if effected(self._read()):
                        return
                case recoup.Wait() | recoup.Retry():
                    self._rest(ended.decision)
                case _:
                    raise AssertionError(f"{ended} {self._storm.proxy.books[ended.call]}")
        raise AssertionError(f"{method} {self.id}{target} never worked")

    def _rest(self, decision: recoup.Decision) -> None:
        self._storm.sandbox.clock.advance(getattr(decision, "after", None) or 60.0)


def package(grams: str) -> dict[str, Any]:
    side = {"value": "10.0", "dimensionUnit": "CM"}
    return {
        "id": "p1",
        "dimensions": {"length": side, "width": side, "height": side},
        "weight": {"value": grams, "weightUnit": "G"},
        "hazmatLabels": [],
        "packageLineItems": [{"packageLineItemId": "1", "quantity": 1, "serialNumbers": []}],
    }


def stock(sandbox: Sandbox, number: int) -> dict[str, Any]:
    """One update of the stock of an article of its own.

    Its sequence number makes it safe to repeat, and recoup does: the second one is refused as a duplicate.
    """
    return {
        "method": "POST",
        "uri": f"/inventory/update?locationId={sandbox.location_ids['MFN']}&skuId=STORM-{number}",
        "body": {"quantity": number, "clientSequenceNumber": 1, "marketplaceAttributes": {"channelName": "MFN"}},
    }


def weight(view: Any) -> float:
    return float(view["packages"][0]["weight"]["value"])


@pytest.mark.parametrize("library", [httpx2, httpx])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_order_is_finished_and_nothing_is_done_twice(library: Any, seed: int) -> None:
    with running(seed=seed, clock="frozen") as sandbox:
        upstream = urlsplit(sandbox.endpoint)
        with StormProxy((upstream.hostname or "", upstream.port or 0), seed=seed, share=0.35) as proxy:
            storm = Storm(sandbox, proxy)
            transport = recoup.Transport(library.HTTPTransport(), **storm.arguments)
            with library.Client(transport=transport, timeout=TIMEOUT) as client, ThreadPoolExecutor(4) as pool:
                orders = [Order(storm, client) for _ in range(16)]
                for each in [pool.submit(order.work) for order in orders]:
                    each.result(60)
                proxy.share = 0.0
                assert {order._read()["status"] for order in orders} == {"SHIPLABEL_GENERATED"}
            befell = storm.audit()
    assert len(storm.ended) > 100
    assert {"reset before", "reset after", "cut", "503 refused"} <= set(befell)


@pytest.mark.parametrize("library", [httpx2, httpx])
@pytest.mark.parametrize("seed", [4, 5])
def test_three_hundred_tasks_in_a_storm_all_end_with_a_decision(library: Any, seed: int) -> None:
    async def calling(storm: Storm) -> None:
        sandbox, proxy = storm.sandbox, storm.proxy
        shipment = sandbox.stage.add_shipment(location_id=sandbox.location_ids["MFN"], now=sandbox.clock.now())
        transport = recoup.AsyncTransport(library.AsyncHTTPTransport(), **storm.arguments)
        gate = asyncio.Semaphore(12)
        async with library.AsyncClient(transport=transport, timeout=TIMEOUT) as client:

            async def one(number: int) -> None:
                call = storm.name("stock" if number % 2 else "read")
                arguments: dict[str, Any] = {"headers": {CALL_HEADER: call}}
                if number % 2:
                    method, url = "POST", proxy.url + STOCK
                    arguments["json"] = {"requests": [stock(sandbox, number)]}
                else:
                    method, url = "GET", f"{proxy.url}{SHIPMENTS}/{shipment}"
                async with gate:
                    sandbox.clock.advance(0.5)
                    try:
                        response = await client.request(method, url, **arguments)
                    except (recoup.RecoupError, library.TransportError) as error:
                        storm.ending(call, None, error)
                    else:
                        storm.ending(call, response, None)

            await asyncio.gather(*(one(number) for number in range(300)))

    with running(seed=seed, clock="frozen") as sandbox:
        upstream = urlsplit(sandbox.endpoint)
        with StormProxy((upstream.hostname or "", upstream.port or 0), seed=seed, share=0.4) as proxy:
            storm = Storm(sandbox, proxy)
            asyncio.run(calling(storm))
            for ended in storm.ended:
                proxy.settle(ended.call)
            befell = storm.audit()
    assert len(storm.ended) == 300
    assert len(befell) >= 8
