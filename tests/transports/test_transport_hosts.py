"""Whose requests recoup works on, and where a token may go: nowhere else."""

from __future__ import annotations

from typing import Any

import httpx
import httpx2
import pytest
from transport_clients import KINDS, SHIPMENT, Client, Kind, login
from transport_server import OK, UNAVAILABLE, Answer, Server

import recoup
from recoup.transports.foreign import library_of
from recoup.transports.hosts import Hosts

NA = "https://sellingpartnerapi-na.amazon.com"


@pytest.fixture(params=KINDS, ids=lambda kind: kind.name)
def kind(request: pytest.FixtureRequest) -> Kind:
    found: Kind = request.param
    return found


@pytest.mark.parametrize("library", [httpx2, httpx])
@pytest.mark.parametrize(
    ("url", "ours"),
    [
        (f"{NA}/orders/v0/orders", True),
        ("https://sellingpartnerapi-eu.amazon.com/", True),
        ("https://SellingPartnerAPI-fe.amazon.com:443/", True),
        ("https://sandbox.sellingpartnerapi-na.amazon.com/", True),
        ("https://api.amazon.com/auth/o2/token", True),
        ("https://api.amazon.co.uk/auth/o2/token", True),
        ("https://api.amazon.com/user/profile", False),  # Login with Amazon knows other things too
        ("http://sellingpartnerapi-na.amazon.com/orders/v0/orders", False),  # a token in the clear
        ("https://sellingpartnerapi-na.amazon.com:8443/", False),
        ("https://sellingpartnerapi-na.amazon.com.example.com/", False),
        ("https://evilsellingpartnerapi-na.amazon.com/", False),
        ("https://sellingpartnerapi-na.amazon.com@example.com/", False),
        ("https://sellingpartnerapi-xx.amazon.com/", False),
        ("https://tortuga-prod-na.s3.amazonaws.com/label?X-Amz-Signature=abc", False),
        ("http://127.0.0.1:8080/", True),
        ("http://127.0.0.1:8081/", False),
        ("http://named.example.com/", True),
        ("https://named.example.com:9000/", True),
        ("http://other.example.com/", False),
        ("https://other.example.com/", True),
        ("http://[::1]:1234/", True),
    ],
)
def test_which_urls_are_ours(library: Any, url: str, ours: bool) -> None:
    hosts = Hosts(["127.0.0.1:8080", "Named.example.com", "https://other.example.com", "::1"])
    target = library_of(request := library.Request("GET", url)).target(request)
    assert (hosts.place(target) is not None) is ours
    assert (hosts.place(target) is not None) is ours  # remembered


@pytest.mark.parametrize("hosts", ["127.0.0.1", [""], ["http://"], ["host:port"], ["http://[::1"]])
def test_what_is_no_host_is_refused(hosts: Any) -> None:
    with pytest.raises(recoup.SettingsError, match=r"^hosts: "):
        recoup.Transport(hosts=hosts)


def test_a_presigned_link_gets_no_token_no_second_try_and_no_outcome(kind: Kind) -> None:
    denied = Answer(503, b"<Error><Code>SlowDown</Code></Error>", {"Content-Type": "application/xml"})
    with Server() as server, Server(denied) as storage, Client(kind, server, login=login(server)) as client:
        client.call("GET", SHIPMENT)
        response = client.call("GET", f"{storage.url}/label.pdf?X-Amz-Signature=abc")
        assert (response.status_code, recoup.outcome(response), len(storage.received)) == (503, None, 1)
        assert storage.received[0].token is None


def test_a_redirect_to_elsewhere_takes_no_token_along(kind: Kind) -> None:
    with Server() as storage:
        away = Answer(307, b"", {"Location": f"{storage.url}/document"})
        with Server(away) as server, Client(kind, server, login=login(server)) as client:
            assert client.call("GET", SHIPMENT).status_code == 200
            assert [each.token for each in server.calls] == ["Atza|one"]
            assert [each.token for each in storage.received] == [None]


def test_a_redirect_within_the_house_does(kind: Kind) -> None:
    with Server(Answer(307, b"", {"Location": "/moved"}), OK) as server:
        with Client(kind, server, login=login(server)) as client:
            assert client.call("GET", SHIPMENT).status_code == 200
        assert [each.token for each in server.calls] == ["Atza|one"] * 2


def test_a_token_request_of_the_callers_own_gets_no_token_and_is_tried_again(kind: Kind) -> None:
    with Server(tokens=(UNAVAILABLE, OK)) as server, Client(kind, server, login=login(server)) as client:
        assert client.call("POST", "/auth/o2/token", data={"grant_type": "refresh_token"}).status_code == 200
        assert [each.token for each in server.logins] == [None, None]


def test_an_authorization_code_is_good_for_one_use_and_sent_once(kind: Kind) -> None:
    with Server(tokens=(Answer(reset=True),)) as server, Client(kind, server) as client:
        with pytest.raises(kind.library.RemoteProtocolError):
            client.call("POST", "/auth/o2/token", data={"grant_type": "authorization_code", "code": "x"})
        assert len(server.logins) == 1


def test_one_transport_under_both_libraries_gives_each_its_own_responses() -> None:
    with Server() as server, recoup.Transport(hosts=[server.url]) as transport:
        for library in (httpx2, httpx):
            with library.Client(transport=transport) as client:
                assert type(client.get(server.url + SHIPMENT)) is library.Response


def test_requests_of_another_library_are_refused_with_a_reason() -> None:
    with recoup.Transport() as transport, pytest.raises(recoup.SettingsError, match="works under httpx2 and httpx"):
        transport.handle_request(object())


def test_a_redirect_to_elsewhere_does_not_take_the_callers_own_token_along(kind: Kind) -> None:
    with Server(OK) as elsewhere:
        away = Answer(302, b"", {"Location": f"http://localhost:{elsewhere.port}/landing"})
        mine = {"x-amz-access-token": "Atza|mine", "x-other": "kept"}
        with Server(away) as server, Client(kind, server) as client:
            response = client.call("GET", SHIPMENT, headers=mine)
            again = client.call("GET", f"http://localhost:{elsewhere.port}/direct", headers=mine)
        assert server.calls[0].token == "Atza|mine"
        redirected, direct = elsewhere.calls
        assert redirected.token is None
        assert redirected.headers["x-other"] == "kept"
        assert direct.token == "Atza|mine"  # a call that the caller himself sends elsewhere is none of our business
        assert response.status_code == again.status_code == 200


@pytest.mark.parametrize("library", [httpx2, httpx])
def test_a_redirect_out_of_tls_takes_no_token_along(library: Any) -> None:
    seen: list[tuple[str, str | None]] = []

    def answer(request: Any) -> Any:
        seen.append((request.url.scheme, request.headers.get("x-amz-access-token")))
        if request.url.path == "/auth/o2/token":
            return library.Response(200, json={"access_token": "Atza|one", "expires_in": 3600})
        if request.url.scheme == "https":
            return library.Response(302, headers={"Location": "http://proxy.example/landing"})
        return library.Response(200, json={})

    credentials = recoup.Login(
        client_id="amzn1.application-oa2-client.1",
        client_secret="amzn1.oa2-cs.v1.secret",
        refresh_token="Atzr|refresh",
    )
    transport = recoup.Transport(library.MockTransport(answer), login=credentials, hosts=["proxy.example"])
    with library.Client(transport=transport, follow_redirects=True) as client:
        client.get("https://proxy.example/orders/v0/orders")
        client.get("https://proxy.example/orders/v0/orders", headers={"x-amz-access-token": "Atza|mine"})
    assert seen[1:] == [("https", "Atza|one"), ("http", None), ("https", "Atza|mine"), ("http", None)]


def test_a_token_request_that_is_redirected_is_sent_on(kind: Kind) -> None:
    """A client hands the body of a redirected request down as a stream that nobody has read."""
    form = {"grant_type": "refresh_token", "refresh_token": "Atzr|refresh"}
    with (
        Server(OK, tokens=lambda _: Answer(307, b"", {"Location": "/other"})) as server,
        Client(kind, server) as client,
    ):
        server_answer = client.call("POST", "/auth/o2/token", data=form)
    assert server_answer.status_code == 200
    assert [each.form for each in server.received] == [form, form]
    with (
        Server(Answer(307, b"", {"Location": "/auth/o2/token"}), tokens=(UNAVAILABLE, OK)) as server,
        Client(kind, server) as client,
    ):
        assert client.call("POST", SHIPMENT, data=form).status_code == 200
    assert [each.form for each in server.logins] == [form, form]


def test_a_token_request_whose_body_is_gone_may_have_been_good_for_one_use(kind: Kind) -> None:
    """Nobody knows what a generator sent: an authorization code is spent, where it arrived."""
    with Server(tokens=(Answer(reset=True),)) as server, Client(kind, server) as client:
        with pytest.raises(kind.library.RemoteProtocolError) as caught:
            client.call("POST", "/auth/o2/token", content=client.body([b"grant_type=authorization_code&code=x"]))
        made = recoup.outcome(caught.value)
        assert made is not None
        assert made.history.outcome_unknown
        assert len(server.logins) == 1
