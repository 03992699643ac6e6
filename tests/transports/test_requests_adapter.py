"""What only requests has: sessions, prepared requests, adapters below, and streams that are read by hand."""

from __future__ import annotations

import gzip
import pickle
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter
from transport_clients import CONFIRM, LABELS, SECRETS, SHIPMENT, START, login
from transport_server import EXPIRED, INTERNAL, OK, UNAVAILABLE, Answer, Server, errors

import recoup
from recoup.testing import Timing

JSON = {"Content-Type": "application/json"}
INVALID = errors("InvalidInput", "Invalid input 'x' for parameter 'y'", "", 400)


def session(server: Server, inner: Any = None, **arguments: Any) -> requests.Session:
    found = requests.Session()
    found.trust_env = False
    adapter = recoup.RequestsAdapter(
        inner,
        **{
            "hosts": [server.url],
            "timing": Timing.without_waiting(start=START),
            "random": lambda: 0.5,
            "governor": recoup.Governor.unlimited(),
            **arguments,
        },
    )
    found.mount("http://", adapter)
    found.mount("https://", adapter)
    return found


def made_of(seen: Any) -> recoup.Outcome:
    made = recoup.outcome(seen)
    assert made is not None
    return made


def test_a_prepared_request_is_the_callers_before_and_after() -> None:
    with Server(EXPIRED, UNAVAILABLE, OK) as server, session(server, login=login(server)) as client:
        prepared = client.prepare_request(requests.Request("PUT", server.url + LABELS, json={"a": 1}))
        before = dict(prepared.headers), prepared.body, dict(prepared.hooks)
        response = client.send(prepared)
        assert response.status_code == 200
        assert response.request is prepared
        assert (dict(prepared.headers), prepared.body, dict(prepared.hooks)) == before
        assert [each.token for each in server.calls] == [SECRETS[0], SECRETS[1], SECRETS[1]]


def test_an_exception_holds_the_callers_request() -> None:
    with Server(Answer(reset=True)) as server, session(server, login=login(server)) as client:
        with pytest.raises(requests.ConnectionError) as caught:
            client.put(server.url + LABELS, json={"a": 1})
        assert caught.value.request is not None
        assert "x-amz-access-token" not in caught.value.request.headers
        with pytest.raises(recoup.ReadBack):
            recoup.raise_for_fault(caught.value)


def test_an_error_that_is_raised_for_a_status_leads_to_the_outcome() -> None:
    with Server(INVALID) as server, session(server) as client:
        with pytest.raises(requests.HTTPError) as caught:
            client.post(server.url + CONFIRM).raise_for_status()
        assert isinstance(made_of(caught.value.response).decision, recoup.GiveUp)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("chunked", [False, True])
def test_a_stream_is_read_as_without_recoup(packed: bool, chunked: bool) -> None:
    body = b'{"a": 1}\n{"b": 2}'
    headers = {**JSON, "Content-Encoding": "gzip"} if packed else JSON
    answer = Answer(400, gzip.compress(body) if packed else body, headers, chunked=chunked)
    with Server(answer) as server, session(server) as client, requests.Session() as bare:

        def each(read: Any) -> list[Any]:
            return [read(one.get(server.url + SHIPMENT, stream=True)) for one in (client, bare)]

        for read in (
            lambda response: response.raw.read(),
            lambda response: response.raw.read(4, decode_content=True),
            lambda response: b"".join(response.iter_content(3)),
            lambda response: list(response.iter_lines()),
            lambda response: response.text,
            lambda response: (response.content, response.content),
            lambda response: response.url,
        ):
            under, plain = each(read)
            assert under == plain


def test_cookies_of_an_answer_are_kept() -> None:
    with Server(Answer(400, b"{}", {**JSON, "Set-Cookie": "a=b"})) as server, session(server) as client:
        for stream in (False, True):
            response = client.get(server.url + SHIPMENT, stream=stream)
            assert response.cookies.get_dict() == client.cookies.get_dict() == {"a": "b"}
            response.close()


def test_a_connection_that_a_stream_was_left_with_is_let_go() -> None:
    with Server(Answer(200, b"x" * 500_000, {"Content-Type": "application/pdf"})) as server, session(server) as client:
        for _ in range(2):
            with client.get(server.url + SHIPMENT, stream=True) as response:
                assert response.raw.read(10) == b"x" * 10
        assert client.get(server.url + SHIPMENT).content == b"x" * 500_000


def test_another_adapter_may_send() -> None:
    class Counting(HTTPAdapter):
        sent = 0

        def send(self, request: Any, *arguments: Any, **named: Any) -> Any:
            Counting.sent += 1
            return super().send(request, *arguments, **named)

    with Server(INTERNAL, OK) as server, session(server, Counting()) as client:
        assert client.get(server.url + SHIPMENT).status_code == 200
    assert Counting.sent == 2


def test_there_is_one_owner_of_retries() -> None:
    with pytest.raises(recoup.SettingsError, match="max_retries"):
        recoup.RequestsAdapter(HTTPAdapter(max_retries=3))
    assert recoup.RequestsAdapter().max_retries.total == 0


def test_credentials_are_not_pickled_and_responses_are() -> None:
    with Server(INVALID) as server, session(server, login=login(server)) as client:
        with pytest.raises(TypeError, match="one in each process"):
            pickle.dumps(client)
        response = client.post(server.url + CONFIRM)
        copy = pickle.loads(pickle.dumps(response))  # noqa: S301  our own
        assert (copy.status_code, copy.content) == (400, INVALID.body)
        assert not any(secret.encode() in pickle.dumps(response) for secret in SECRETS)


def test_time_limits_of_the_call_are_those_of_its_token_request() -> None:
    with (
        Server(OK, tokens=(Answer(silent=True),)) as server,
        session(server, login=login(server), policy=recoup.Policy(max_attempts=1)) as client,
        pytest.raises(recoup.TryLater),
    ):
        client.get(server.url + SHIPMENT, timeout=(1, 0.2))


def test_the_token_request_takes_nothing_of_the_session_along() -> None:
    with Server(OK) as server, session(server, login=login(server)) as client:
        client.headers["X-Session"] = "mine"
        client.cookies.set("session", "mine")
        client.auth = ("mine", "mine")
        assert client.get(server.url + SHIPMENT).status_code == 200
        assert "mine" not in str(server.logins[0].headers)
        assert "authorization" not in server.logins[0].headers


def test_following_a_redirect_by_hand_later_is_no_redirect_of_ours() -> None:
    """What was remembered of a redirect lasts until the next answer of that thread."""
    with Server() as other, Server(Answer(302, b"", {"Location": other.url}), OK) as server, session(server) as client:
        own = {"x-amz-access-token": "Atza|own"}
        client.get(server.url + SHIPMENT, headers=own, allow_redirects=False)
        client.get(server.url + SHIPMENT, headers=own)
        client.get(other.url + "/mine", headers=own)
        assert other.received[-1].token == "Atza|own"


def test_from_https_to_http_nothing_of_ours_goes_along(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first answer stands for one over TLS."""
    with Server(OK) as server:
        plain = HTTPAdapter.send

        def answered(self: Any, request: Any, **arguments: Any) -> Any:
            if not request.url.startswith("https:"):
                return plain(self, request, **arguments)
            response = requests.Response()
            response.status_code, response.url, response.request = 307, request.url, request
            response.headers["Location"] = server.url + SHIPMENT
            response._content = b""
            return response

        monkeypatch.setattr(HTTPAdapter, "send", answered)
        with session(server, login=login(server)) as client:
            client.get(server.url.replace("http:", "https:") + SHIPMENT)
        assert [each.token for each in server.calls] == [None]
