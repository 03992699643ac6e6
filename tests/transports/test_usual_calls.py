"""Two entrances, one policy: a usual call without a flow ends as the flow would have ended it, and one that turns out
to be unusual goes on in the flow as if it had been there from the beginning.

The same calls, with the same answers at the same instants, are made by four clients: synchronous and asynchronous, each
with the short way open and with it closed. Whatever can be seen of them afterwards must be the same.
"""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import AsyncIterator, Iterator
from typing import Any, NamedTuple
from unittest.mock import patch

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import recoup
from properties import examples
from recoup.storage.memory import MemoryStore
from recoup.testing import Timing
from recoup.transports.flow import Flows
from recoup.transports.usual import Entered

API = "https://sellingpartnerapi-na.amazon.com"
SHIPMENTS = "/externalFulfillment/2024-09-11/shipments"
START = 1_800_000_000.0
JSON = {"Content-Type": "application/json"}
DENIED = b'{"errors":[{"code":"Unauthorized","message":"Access to requested resource is denied.","details":"%s"}]}'


class Answer(NamedTuple):
    """What comes back after `seconds`: a response, whose body breaks off where `broken`, or an exception."""

    status: int
    body: bytes = b"{}"
    headers: dict[str, str] = JSON
    seconds: float = 0.0
    broken: bool = False
    error: type[httpx2.TransportError] | None = None


class Call(NamedTuple):
    """One call; `later` is how many seconds after the one before it."""

    method: str
    path: str
    token: str | None = None
    later: float = 0.0
    body: bytes | None = None


GET = Call("GET", f"{SHIPMENTS}/S1")
OK = Answer(200)
ANSWERS = (
    OK,
    Answer(200, headers={**JSON, "x-amzn-RateLimit-Limit": "2.0"}),
    Answer(200, headers={**JSON, "x-amzn-RateLimit-Limit": "0.5"}, seconds=0.7),
    Answer(200, b"%PDF-1.7", {"Content-Type": "application/pdf"}),
    Answer(200, b"", {}),
    Answer(200, broken=True),
    Answer(200, b'{"errors":[{"code":"InvalidInput","message":"no"}]}'),
    Answer(204, b"", {}),
    Answer(207, b'{"responses":[{"status":{"statusCode":429},"body":{}}]}'),
    Answer(403, DENIED % b"The access token you provided has expired."),
    Answer(403, DENIED % b""),
    Answer(404, b'{"errors":[{"code":"NotFound","message":"Resource not found"}]}'),
    Answer(429, b'{"errors":[{"code":"QuotaExceeded","message":"You exceeded your quota."}]}', seconds=0.1),
    Answer(503, b"", {}),
    Answer(0, error=httpx2.ConnectError),
    Answer(0, error=httpx2.ReadError, seconds=3.0),
    Answer(0, error=httpx2.LocalProtocolError),
)
CALLS = (
    GET,
    Call("GET", f"{SHIPMENTS}/S2", later=0.3),
    Call("GET", f"{SHIPMENTS}/S2", token="Atza|own", later=3600.0),
    Call("GET", "/orders/v0/orders", later=0.01),
    Call("GET", "/no/operation/of/theirs"),
    Call("POST", f"{SHIPMENTS}/S1?operation=CONFIRM", body=b"{}"),
    Call("PUT", f"{SHIPMENTS}/S1/shipLabels?operation=GENERATE", body=b"{}"),
)


class _Broken(httpx2.SyncByteStream, httpx2.AsyncByteStream):
    def __iter__(self) -> Iterator[bytes]:
        yield b'{"id":'
        raise httpx2.RemoteProtocolError("peer closed connection without sending complete message body")

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self:
            yield chunk


class Scene:
    """A client in a world of its own: its clock, its store, its log, and what it was seen to do."""

    def __init__(self, *, is_async: bool, short: bool, answers: list[Answer], **options: Any) -> None:
        self.is_async = is_async
        self.time = START
        self.answers = iter(answers)
        self.seen: list[Any] = []
        self.tokens = 0
        self.store = MemoryStore()
        inner = httpx2.MockTransport(self._answer_async if is_async else self._answer)
        kind: Any = recoup.AsyncTransport if is_async else recoup.Transport
        self.transport = kind(
            inner,
            timing=Timing(now=lambda: self.time, sleep=self._sleep),
            random=lambda: 0.5,
            governor=recoup.Governor(store=self.store, plans={"getShipment": (1.0, 3)}),
            **options,
        )
        if not short:
            self.transport._caller._usual._never = True
        self.client: Any = (httpx2.AsyncClient if is_async else httpx2.Client)(transport=self.transport)

    def _sleep(self, seconds: float) -> None:
        self.time += seconds
        self.seen.append(("slept", round(seconds, 6)))

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        token = request.headers.get("x-amz-access-token")
        self.seen.append((request.method, request.url.path, token))
        if request.url.host == "api.amazon.com":
            self.tokens += 1
            return httpx2.Response(200, json={"access_token": f"Atza|{self.tokens}", "expires_in": 3600})
        answer = next(self.answers, OK)
        self.time += answer.seconds
        if answer.error is not None:
            raise answer.error("as it was said")
        headers = {**answer.headers, "x-amzn-RequestId": "r"}
        if answer.broken:
            return httpx2.Response(answer.status, headers=headers, stream=_Broken())
        return httpx2.Response(answer.status, headers=headers, content=answer.body)

    async def _answer_async(self, request: httpx2.Request) -> httpx2.Response:
        return self._answer(request)

    def make(self, calls: list[Call], deadline: float | None) -> None:
        """Make the calls and note how each ended."""
        if self.is_async:
            asyncio.run(self._make_async(calls, deadline))
            return
        for call in calls:
            self.time += call.later
            try:
                self._note(self.client.request(call.method, API + call.path, **_arguments(call, deadline)))
            except (httpx2.TransportError, recoup.FaultError) as error:
                self._note(error)

    async def _make_async(self, calls: list[Call], deadline: float | None) -> None:
        for call in calls:
            self.time += call.later
            try:
                self._note(await self.client.request(call.method, API + call.path, **_arguments(call, deadline)))
            except (httpx2.TransportError, recoup.FaultError) as error:
                self._note(error)

    def _note(self, result: Any) -> None:
        made = recoup.outcome(result)
        self.seen.append((type(result).__name__, getattr(result, "status_code", None), str(result)))
        if not isinstance(result, BaseException):
            self.seen.append(result.content)
            assert result.request.headers.get("x-amz-access-token") in (None, "Atza|own")  # not the login's
        if made is not None:
            self.seen += [made.as_dict(), made.history]
        self.seen.append(self.store.buckets(now=self.time))
        self.seen.append(self.store.holds(now=self.time))
        self.seen.append(self.transport._caller._flows._quota.tokens)
        self.seen.append(round(self.time, 6))


def _arguments(call: Call, deadline: float | None) -> dict[str, Any]:
    headers = {} if call.token is None else {"x-amz-access-token": call.token}
    extensions = {} if deadline is None else {"recoup.deadline": deadline}
    return {"headers": headers, "content": call.body, "extensions": extensions}


def new_login(which: bool) -> recoup.Login | None:
    if not which:
        return None
    return recoup.Login(
        client_id="amzn1.application-oa2-client.1", client_secret="secret", refresh_token="Atzr|refresh"
    )


def played(calls: list[Call], answers: list[Answer], *, is_async: bool, short: bool, **more: Any) -> list[Any]:
    """Everything that is seen of these calls, the log with it."""
    lines: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(f"{record.levelname} {record.getMessage()}")  # type: ignore[method-assign]
    logger = logging.getLogger("recoup")
    logger.addHandler(handler)
    deadline, login = more.pop("deadline", None), new_login(more.pop("login", False))
    try:
        scene = Scene(is_async=is_async, short=short, answers=answers, login=login, **more)
        scene.make(calls, deadline)
    finally:
        logger.removeHandler(handler)
    return [*scene.seen, *(_without_number(line) for line in lines)]


def _without_number(line: str) -> str:
    """Calls are numbered through the whole process."""
    return " ".join("call" if word.strip("#:").isdigit() else word for word in line.split())


def all_four(calls: list[Call], answers: list[Answer], **more: Any) -> list[list[Any]]:
    return [
        played(calls, answers, is_async=is_async, short=short, **more)
        for is_async in (False, True)
        for short in (True, False)
    ]


@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call.method} {call.path}")
@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: str(answer.error or answer.status))
@pytest.mark.parametrize("login", [False, True], ids=["no login", "login"])
def test_each_answer_to_each_call(call: Call, answer: Answer, login: bool) -> None:
    """Twice, so that the second call finds a token and whatever else the first one left."""
    one, *others = all_four([call, call], [answer], login=login)
    assert one
    for other in others:
        assert other == one


@settings(max_examples=examples(60), deadline=None)
@given(
    calls=st.lists(st.sampled_from(CALLS), min_size=1, max_size=7),
    answers=st.lists(st.sampled_from(ANSWERS), max_size=16),
    login=st.booleans(),
    deadline=st.sampled_from([None, 0.0, 0.6, 4.0]),
)
def test_any_calls_with_any_answers(
    calls: list[Call], answers: list[Answer], login: bool, deadline: float | None
) -> None:
    one, *others = all_four(calls, answers, login=login, deadline=deadline)
    for other in others:
        assert other == one


@pytest.mark.parametrize(
    ("calls", "answers", "more", "flows"),
    [
        ([GET] * 2, [], {}, 0),
        ([GET] * 2, [Answer(200, b"%PDF", {"Content-Type": "application/pdf"})], {}, 0),
        ([GET] * 2, [], {"login": True}, 1),  # the first fetches the token
        ([GET] * 3, [], {}, 1),  # the plan makes the last one wait
        ([GET] * 2, [], {"deadline": 5.0}, 0),
        ([GET] * 2, [Answer(503)], {}, 1),
        ([GET] * 2, [Answer(200, broken=True)], {}, 1),
        ([GET] * 2, [Answer(0, error=httpx2.ConnectError)], {}, 1),
        ([CALLS[6]] * 2, [], {}, 2),  # labels hide failures in successes
        ([GET] * 2, [], {"listeners": [lambda event: None]}, 2),
        ([GET] * 2, [], {"strict": True}, 2),
    ],
)
def test_only_what_is_unusual_comes_to_a_flow(
    calls: list[Call], answers: list[Answer], more: dict[str, Any], flows: int
) -> None:
    """Which calls take the short way, so that nobody closes it by mistake."""
    with patch.object(Flows, "call", autospec=True, side_effect=Flows.call) as flow:
        played(calls, answers, is_async=False, short=True, **more)
    assert flow.call_count == flows


def test_what_was_entered_shows_no_token() -> None:
    assert "Atza" not in repr(Entered({"token": "Atza|one"}, None, "Atza|one", START))


@pytest.mark.parametrize("error", [httpx2.ConnectError, httpx2.LocalProtocolError])
def test_an_exception_is_not_kept_alive_by_its_own_frames(error: type[httpx2.TransportError]) -> None:
    """One that refers to itself through a local variable is only found by the collector, with all that it holds."""
    calls, answers = [CALLS[5]], [Answer(0, error=error)] * 3
    played(calls, answers, is_async=False, short=True)
    gc.collect()
    gc.disable()
    try:
        played(calls, answers, is_async=False, short=True)
        left = [each for each in gc.get_objects() if isinstance(each, error)]
        assert left == []
    finally:
        gc.enable()
