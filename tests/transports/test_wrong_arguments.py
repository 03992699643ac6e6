"""What people give in the wrong place is refused where it is given, by its name, and never at the first call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

import recoup

CREDENTIALS: dict[str, Any] = {
    "client_id": "amzn1.application-oa2-client.1",
    "client_secret": "amzn1.oa2-cs.v1.planted-secret",
    "refresh_token": "Atzr|planted-refresh",
}

untyped: Any = recoup  # as whoever uses no type checker sees it

WRONG: dict[str, tuple[Callable[[], object], str]] = {
    "a name for a login": (lambda: untyped.Transport(login="A1"), "login: a str is not valid; give a recoup.Login"),
    "a store for a governor": (lambda: untyped.Transport(governor=recoup.open_store()), "governor: a MemoryStore"),
    "a name for a governor": (lambda: untyped.AsyncTransport(governor="recoup.db"), "governor: a str"),
    "a number for a policy": (lambda: untyped.Transport(policy=3), "policy: a int"),
    "a number for a timing": (lambda: untyped.Transport(timing=3), "timing: a int"),
    "a number for a seller": (lambda: untyped.Transport(seller=3), "seller: a int"),
    "one function for listeners": (lambda: untyped.Transport(listeners=print), "listeners: <built-in function print>"),
    "no host among hosts": (lambda: untyped.Transport(hosts=[None]), "hosts: None is no host"),
    "a client for a transport": (
        lambda: untyped.Transport(httpx2.Client()),
        "inner: is a Client, which has no handle_",
    ),
    "a transport that does not await": (lambda: untyped.AsyncTransport(httpx2.HTTPTransport()), "AsyncHTTPTransport()"),
    "one that only awaits": (lambda: untyped.Transport(httpx2.AsyncHTTPTransport()), "no handle_request"),
    "under requests": (lambda: untyped.RequestsAdapter(governor="recoup.db"), "governor: a str"),
    "under urllib3": (lambda: untyped.PoolManager(governor="recoup.db"), "governor: a str"),
    "under aiohttp": (lambda: untyped.aiohttp_middleware(governor="recoup.db"), "governor: a str"),
    "the name of a store to a governor": (lambda: untyped.Governor(store="recoup.db"), "store: str is no store"),
    "a list of plans": (lambda: untyped.Governor(plans=["getOrders"]), "plans: "),
    "a text for a margin": (lambda: untyped.Governor(margin="1"), "margin: '1'"),
    "nothing for a margin": (lambda: untyped.Governor(margin=None), "margin: None"),
    "a number for a store": (lambda: untyped.open_store(5), "the store has no name"),
    "bytes for a store": (lambda: untyped.open_store(b"recoup.db"), "the store has no name"),
    "a null in the store's name": (lambda: untyped.open_store("a\0b"), "the store has no name"),
    "the name of a store to a login": (
        lambda: untyped.Login(**CREDENTIALS, store="recoup.db"),
        "store: str is no store",
    ),
    "a governor for a store": (lambda: untyped.Login(**CREDENTIALS, store=recoup.Governor()), "store: Governor is no"),
    "a variable that is not set": (
        lambda: untyped.Login(**{**CREDENTIALS, "client_secret": None}),
        "secret: is missing",
    ),
    "an id that is not set": (lambda: untyped.Login(**{**CREDENTIALS, "client_id": None}), "client_id: is missing"),
    "bytes for a token": (lambda: untyped.Login(**{**CREDENTIALS, "refresh_token": b"Atzr|x"}), "no text but a bytes"),
    "a number for a secret": (lambda: untyped.Login(**CREDENTIALS).replace(client_secret=5), "no text but a int"),
}


@pytest.mark.parametrize("name", WRONG)
def test_it_is_refused_by_name(name: str) -> None:
    make, says = WRONG[name]
    with pytest.raises(recoup.SettingsError) as caught:
        make()
    assert says in str(caught.value)
    assert "planted" not in str(caught.value)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (
            lambda: untyped.RequestsAdapter(max_retries=3),
            r"recoup\.RequestsAdapter takes no 'max_retries'; give policy=",
        ),
        (lambda: untyped.Transport(retries=3), r"recoup\.Transport takes no 'retries'; give policy="),
        (lambda: untyped.AsyncTransport(store=None), r"recoup\.AsyncTransport takes no 'store'; give governor="),
        (lambda: untyped.aiohttp_middleware(timeout=3), r"recoup\.aiohttp_middleware takes no 'timeout'; give "),
        (lambda: untyped.Transport(http2=True), r"takes no 'http2'; give one of login, .*; or inner="),
    ],
)
def test_an_option_that_there_is_not_is_told_with_what_takes_its_place(make: Callable[[], object], says: str) -> None:
    with pytest.raises(TypeError, match=says):
        make()


def test_without_asyncio_nothing_is_sent() -> None:
    """As under trio, whose tasks are driven by another loop."""
    sent: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        sent.append(request)
        return httpx2.Response(200)

    transport = recoup.AsyncTransport(httpx2.MockTransport(answer))
    going = transport.handle_async_request(httpx2.Request("GET", "https://sellingpartnerapi-na.amazon.com/orders"))
    with pytest.raises(RuntimeError, match="works on asyncio only"):
        going.send(None)
    assert sent == []
