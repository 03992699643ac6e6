"""What only urllib3 has: `retries=` of a call, its own redirects, ways to send and to read, other managers below."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest
import urllib3
from transport_clients import CONFIRM, LABELS, SECRETS, SHIPMENT, START, login
from transport_server import EXPIRED, NO_CONTENT, OK, UNAVAILABLE, Answer, Server
from urllib3.util import Retry

import recoup
from recoup.testing import Timing

JSON = {"Content-Type": "application/json"}
RESET = Answer(reset=True)


def pool(server: Server, **arguments: Any) -> recoup.PoolManager:
    return recoup.PoolManager(
        **{
            "hosts": [server.url],
            "timing": Timing.without_waiting(start=START),
            "random": lambda: 0.5,
            "governor": recoup.Governor.unlimited(),
            **arguments,
        }
    )


def made_of(seen: Any) -> recoup.Outcome:
    made = recoup.outcome(seen)
    assert made is not None
    return made


# --- retries ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("retries", [None, 5, Retry(5, allowed_methods=None, status_forcelist=[503])])
def test_what_the_caller_says_of_retries_sends_no_write_twice(retries: Any) -> None:
    with Server(RESET) as server:
        with pytest.raises(urllib3.exceptions.HTTPError) as caught:
            pool(server).request("PUT", server.url + LABELS, body=b"{}", retries=retries)
        assert (len(server.calls), made_of(caught.value).history.outcome_unknown) == (1, True)
    with Server(RESET, NO_CONTENT) as server:  # the danger: urllib3 itself
        assert urllib3.PoolManager().request("PUT", server.url + LABELS, body=b"{}", retries=retries).status == 204
        assert len(server.calls) == 2


@pytest.mark.parametrize(
    ("retries", "kind"),
    [(None, urllib3.exceptions.MaxRetryError), (False, urllib3.exceptions.NewConnectionError)],
)
def test_the_exception_is_the_one_that_such_retries_end_in(retries: Any, kind: type[Exception]) -> None:
    with Server() as server:
        pass
    with pytest.raises(kind) as caught:
        pool(server).request("GET", server.url + SHIPMENT, retries=retries)
    assert made_of(caught.value).attempts == 3


def test_no_retries_of_a_header_that_urllib3_would_obey() -> None:
    with Server(Answer(503, UNAVAILABLE.body, {**JSON, "Retry-After": "3600"})) as server:
        response = pool(server).request("GET", server.url + SHIPMENT)
        assert isinstance(made_of(response).decision, recoup.Wait)
        assert len(server.calls) == 1


# --- redirects -------------------------------------------------------------------------------------------------------


def around(status: int = 302) -> Answer:
    return Answer(status, b"", {"Location": SHIPMENT})


def test_redirects_are_counted_as_urllib3_counts_them() -> None:
    with Server(around()) as server:
        manager = pool(server)
        with pytest.raises(urllib3.exceptions.MaxRetryError, match="too many redirects"):
            manager.request("GET", server.url + SHIPMENT, retries=Retry(redirect=2))
        assert len(server.calls) == 3
        assert manager.request("GET", server.url + SHIPMENT, retries=False).status == 302
        assert manager.request("GET", server.url + SHIPMENT, redirect=False).status == 302
        kept = manager.request("GET", server.url + SHIPMENT, retries=Retry(redirect=1, raise_on_redirect=False))
        assert kept.status == 302


@pytest.mark.parametrize(("status", "method", "body"), [(303, "GET", b""), (307, "POST", b'{"a": 1}')])
def test_a_redirect_keeps_or_drops_the_body_as_its_status_says(status: int, method: str, body: bytes) -> None:
    with Server(around(status), OK) as server:
        response = pool(server).request("POST", server.url + CONFIRM, json={"a": 1})
        second = server.calls[1]
        assert (response.status, second.method, json.loads(second.body or b"null")) == (
            200,
            method,
            json.loads(body or b"null"),
        )
        assert ("content-type" in second.headers) is bool(body)


def test_from_https_to_http_nothing_of_ours_goes_along() -> None:
    """The first answer stands for one over TLS."""
    sent: list[tuple[str, bool]] = []

    class Inner(urllib3.PoolManager):
        def urlopen(self, method: str, url: str, redirect: bool = True, **arguments: Any) -> Any:  # type: ignore[override]
            sent.append((url, "x-amz-access-token" in arguments["headers"]))
            if url.startswith("https:"):
                return urllib3.HTTPResponse(b"", {"Location": server.url + SHIPMENT}, 307, preload_content=False)
            return super().urlopen(method, url, redirect, **arguments)

    with Server(OK) as server:
        manager = pool(server, login=login(server), inner=Inner())
        assert manager.request("GET", server.url.replace("http:", "https:") + SHIPMENT).status == 200
        assert [token for url, token in sent if SHIPMENT in url] == [True, False]


# --- sending and reading ---------------------------------------------------------------------------------------------


def test_all_ways_to_ask() -> None:
    with Server(OK) as server:
        manager = pool(server, headers={"X-Pool": "1"})
        manager.request("GET", server.url + SHIPMENT, fields={"a": "b c"})
        manager.request("POST", server.url + CONFIRM, json={"a": 1})
        manager.request("POST", server.url + SHIPMENT, fields={"a": "1"}, encode_multipart=False)
        manager.request("POST", server.url + SHIPMENT, body="tést", headers=urllib3.HTTPHeaderDict({"X-Own": "1"}))
        manager.request("POST", server.url + SHIPMENT, body=[b"a", b"b"], headers={"Transfer-Encoding": "chunked"})
        manager.urlopen("GET", server.url + SHIPMENT)
        manager.request_encode_url("DELETE", server.url + SHIPMENT)
        first = server.calls[0]
        assert (first.target, first.headers["x-pool"]) == (SHIPMENT + "?a=b+c", "1")
        assert [each.body for each in server.calls[1:5]] == [b'{"a":1}', b"a=1", "tést".encode(), b"ab"]
        assert "x-pool" not in server.calls[3].headers


def test_a_list_of_chunks_can_be_sent_again() -> None:
    with Server(UNAVAILABLE, OK) as server:
        assert pool(server).request("POST", server.url + CONFIRM, body=[b"a", b"b"]).status == 200
        assert [each.body for each in server.calls] == [b"ab", b"ab"]


@pytest.mark.parametrize("preload", [True, False])
@pytest.mark.parametrize("decode", [True, False])
def test_a_response_reads_as_the_bare_ones_does(preload: bool, decode: bool) -> None:
    packed = gzip.compress(b'{"id": 1}')
    with Server(Answer(200, packed, {**JSON, "Content-Encoding": "gzip"})) as server:
        responses = [
            manager.request("GET", server.url + SHIPMENT, preload_content=preload, decode_content=decode)
            for manager in (pool(server), urllib3.PoolManager())
        ]
        readers: list[Callable[[Any], Any]] = [
            lambda each: each.data,
            lambda each: each.read(),
            lambda each: each.status,
            lambda each: each.reason,
            lambda each: each.version,
            lambda each: each.headers.getlist("content-type"),
            lambda each: each.geturl(),
        ]
        for read in readers:
            assert read(responses[0]) == read(responses[1])
    assert responses[0].data == (b'{"id": 1}' if decode else packed)


def test_a_response_that_is_not_read_gives_its_connection_back_when_it_is_let_go() -> None:
    with Server(Answer(200, b"x" * 1000, {"Content-Type": "application/pdf"})) as server:
        manager = pool(server, maxsize=1, block=True)
        for _ in range(3):
            response = manager.request("GET", server.url + SHIPMENT, preload_content=False, pool_timeout=2)
            response.drain_conn()
            response.release_conn()
        assert server.connections == 1


def test_reading_in_pieces_and_as_a_file() -> None:
    with Server(Answer(200, b'{"id": "12345"}', JSON, chunked=True)) as server:
        manager = pool(server)

        def fresh() -> Any:
            return manager.request("GET", server.url + SHIPMENT, preload_content=False)

        assert fresh().read(5) == b'{"id"'
        assert b"".join(fresh().stream(4)) == b'{"id": "12345"}'
        assert b"".join(fresh().read_chunked(4)) == b'{"id": "12345"}'
        assert json.load(fresh()) == fresh().json() == {"id": "12345"}
        buffer = bytearray(4)
        assert fresh().readinto(buffer) == 4


# --- below and around ------------------------------------------------------------------------------------------------


def test_another_manager_may_send() -> None:
    with Server(OK) as server:
        inner = urllib3.ProxyManager(server.url)
        response = pool(server, inner=inner, hosts=["example.test"]).request("GET", "http://example.test" + SHIPMENT)
        assert (response.status, server.received[0].target) == (200, "http://example.test" + SHIPMENT)
        assert made_of(response).attempts == 1


def test_time_limits_of_the_call_are_those_of_its_token_request() -> None:
    with Server(OK, tokens=(Answer(silent=True),)) as server, pytest.raises(recoup.TryLater):
        pool(server, login=login(server), policy=recoup.Policy(max_attempts=1)).request(
            "GET", server.url + SHIPMENT, timeout=0.2
        )


def test_headers_that_the_caller_keeps_are_not_changed() -> None:
    headers = urllib3.HTTPHeaderDict({"X-Mine": "1"})
    with Server(EXPIRED, OK) as server:
        manager = pool(server, login=login(server), headers=headers)
        assert manager.request("GET", server.url + SHIPMENT).status == 200
        assert dict(manager.headers) == dict(headers) == {"X-Mine": "1"}
        assert [each.token for each in server.calls] == [SECRETS[0], SECRETS[1]]


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.test\\@sellingpartnerapi-na.amazon.com/x",
        "https://sellingpartnerapi-na.amazon.com@evil.test/x",
        "https://sellingpartnerapi-na.amazon.com.evil.test/x",
        "https://evil.test/#@sellingpartnerapi-na.amazon.com/",
        "http://sellingpartnerapi-na.amazon.com/x",
        "https://sellingpartnerapi-na.amazon.com:444/x",
    ],
)
def test_no_way_to_write_a_url_takes_a_token_elsewhere(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Any] = []

    def answered(self: Any, method: str, url: str, **arguments: Any) -> Any:
        sent.append(arguments["headers"])
        return urllib3.HTTPResponse(b"", {}, 200)

    monkeypatch.setattr(urllib3.PoolManager, "urlopen", answered)
    with Server() as server:
        recoup.PoolManager(login=login(server)).request("GET", url)
    assert [dict(each) for each in sent] == [{}]
