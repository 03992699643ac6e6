"""The public interface as its users type it. Never run: the type checker reads it, and breaks the check where it
changes.
"""

from __future__ import annotations

from typing import Any, assert_never, assert_type

import aiohttp
import httpx
import httpx2
import requests
import urllib3

import recoup
from recoup import (
    AskPerson,
    Decision,
    Diagnosis,
    Done,
    Exchange,
    FixRequest,
    GiveUp,
    Headers,
    OrderOver,
    ReadBack,
    RenewToken,
    Request,
    Response,
    Resync,
    Retry,
    TryLater,
    Wait,
)

diagnosis = recoup.diagnose("SC_00005")
assert_type(diagnosis, Diagnosis)
assert_type(diagnosis.tied, tuple[str, ...])
recoup.diagnose(b"HTTP/1.1 403 Forbidden\r\n\r\n")
exchange = Exchange(
    request=Request(method="GET", url="https://sellingpartnerapi-na.amazon.com/x", headers=Headers({"host": "x"})),
    response=Response(status=403, headers=Headers([("a", "b")]), body=b""),
)
for each in recoup.diagnose_all([exchange, "text", b"bytes"]):
    assert_type(each, Diagnosis)

login = recoup.Login(client_id="a", client_secret="b", refresh_token="c")
policy = recoup.Policy.documented()
with httpx2.Client(transport=recoup.Transport(login=login, policy=policy)) as client:
    response = client.get("https://sellingpartnerapi-na.amazon.com/x")
    made = recoup.outcome(response)
    if made is not None:
        assert_type(made.attempts, int)
        assert_type(made.read_back, recoup.Lookup | None)
        assert_type(made.failed_items, tuple[recoup.FailedItem, ...])
        assert_type(made.repeat_failed(within=60), recoup.AskAgain | None)
    try:
        recoup.raise_for_fault(response)
    except TryLater as error:
        assert_type(error.after, float | None)
    except AskPerson as error:
        assert_type(error.who, str | None)
    except (ReadBack, FixRequest, OrderOver) as error:
        assert_type(error.fault, str | None)
        assert_type(error.read_back, dict[str, Any] | None)
        assert_type(error.failed_items, tuple[dict[str, Any], ...])
httpx.Client(transport=recoup.Transport(hosts=["127.0.0.1"]))
httpx2.AsyncClient(transport=recoup.AsyncTransport())

session = requests.Session()
session.mount("https://", recoup.RequestsAdapter(login=login, deadline=60))
made = recoup.outcome(session.get("https://sellingpartnerapi-na.amazon.com/x"))
pool: urllib3.PoolManager = recoup.PoolManager(10, {"user-agent": "x"}, login=login, maxsize=4)
assert_type(pool.request("GET", "https://sellingpartnerapi-na.amazon.com/x"), urllib3.BaseHTTPResponse)
recoup.PoolManager(inner=urllib3.ProxyManager("http://127.0.0.1:3128"))


class SomeSdk:
    """Stands for a client of one of the SDKs: it comes back as what it was."""


assert_type(recoup.clients.python_amazon_sp_api.attach(SomeSdk(), login=login, store=None), SomeSdk)
assert_type(recoup.clients.amzn_sp_api.attach(SomeSdk(), governor=recoup.Governor.unlimited()), SomeSdk)
assert_type(recoup.clients.amzn_selling_partner.attach(SomeSdk(), policy=policy), SomeSdk)


async def under_aiohttp() -> None:
    async with (
        aiohttp.ClientSession(middlewares=[recoup.aiohttp_middleware(login=login)]) as client,
        client.get("https://sellingpartnerapi-na.amazon.com/x") as answer,
    ):
        assert_type(answer, aiohttp.ClientResponse)
        recoup.raise_for_fault(answer)


def listener(event: recoup.telemetry.Event) -> None:
    if isinstance(event, recoup.telemetry.CallEnded):
        assert_type(event.seconds, float)


watched: list[recoup.telemetry.Listener] = [
    listener,
    recoup.telemetry.log_events("mine"),
    recoup.telemetry.OpenTelemetry(),
]
recoup.Transport(listeners=watched)
with recoup.record(bodies=0) as wire:
    assert_type(wire, recoup.Recording)
    assert_type(wire.exchanges, tuple[recoup.Exchange, ...])
    wire.save("wire.har")

with recoup.sandbox.running(seed=1) as sandbox:
    assert_type(sandbox.endpoint, str)
with recoup.testing.no_waiting() as slept:
    assert_type(slept, list[float])


def exhaustive(decision: Decision) -> str:
    match decision:
        case Retry() | RenewToken() | Wait() | Resync() | Done() | GiveUp():
            return "six, and no seventh"
        case _:
            assert_never(decision)
