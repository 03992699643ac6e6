"""No token and no secret in anything that is shown, logged, raised or pickled; and every exception can be pickled."""

from __future__ import annotations

import copy
import gc
import logging
import pickle
import traceback
import weakref
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from transport_clients import CONFIRM, KINDS, SECRETS, SHIPMENT, Client, Kind, login
from transport_server import EXPIRED, INTERNAL, MISSING_ROLE, NO_CONTENT, Answer, Server, errors, login_error, token

import recoup

LEAKY = errors(
    "InvalidInput",
    "Invalid input 'Atza|one' for parameter 'x-amz-access-token', client_secret=amzn1.oa2-cs.v1.secret",
    "buyer@example.com sent Atzr|refresh",
)
CANCELLED = errors("OrderCancelled", "Cannot process the request because the order is already cancelled", "", 422)
FAULTS = {
    "leaky": (LEAKY, recoup.FixRequest),
    "unknown": (INTERNAL, recoup.ReadBack),
    "role": (MISSING_ROLE, recoup.AskPerson),
    "cancelled": (CANCELLED, recoup.OrderOver),
    "busy": (errors("ServiceUnavailable", "Atza|one", "", 503), recoup.TryLater),
    "refused twice": (EXPIRED, recoup.AskPerson),
}


def unpickled(error: BaseException) -> Any:
    return pickle.loads(pickle.dumps(error))  # noqa: S301  our own bytes


def assert_clean(text: str) -> None:
    for secret in SECRETS:
        assert secret not in text
        assert secret.replace("|", "%7C") not in text
    assert "buyer@example.com" not in text


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_is_clean_and_survives_pickling_and_copying(
    kind: Kind, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    answer, error_type = FAULTS[name]
    caplog.set_level(logging.DEBUG)
    with Server(answer) as server:
        holder = login(server)
        with Client(kind, server, login=holder) as client:
            response = client.call("POST", CONFIRM)
            with pytest.raises(error_type) as caught:
                recoup.raise_for_fault(response)
    error = caught.value
    made = recoup.outcome(response)
    assert made is not None
    for twin in (unpickled(error), copy.copy(error), copy.deepcopy(error)):
        assert type(twin) is error_type
        assert (str(twin), twin.__dict__) == (str(error), error.__dict__)
    assert str(error).startswith("[request 11111111-2222-3333-4444-555555555555] ")
    for shown in (error, error.__dict__, made, made.as_dict(), made.diagnosis, holder, vars(holder), response.request):
        assert_clean(f"{shown!r} {shown!s}")
    assert_clean("".join(traceback.format_exception(error)))
    assert_clean(repr(response.request.headers))
    assert_clean(caplog.text)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_failed_login_is_clean_and_survives_pickling(kind: Kind, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    refusal = login_error(
        "invalid_grant", "bad refresh_token Atzr|refresh of client_secret=amzn1.oa2-cs.v1.secret", 400
    )
    with (
        Server(tokens=(refusal,)) as server,
        Client(kind, server, login=login(server)) as client,
        pytest.raises(recoup.AskPerson) as caught,
    ):
        client.call("GET", SHIPMENT)
    twin = unpickled(caught.value)
    assert (twin.who, str(twin)) == (caught.value.who, str(caught.value))
    assert_clean("".join(traceback.format_exception(caught.value)) + repr(caught.value.__dict__) + caplog.text)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_librarys_own_exception_is_clean_and_survives_pickling(kind: Kind) -> None:
    with (
        Server(Answer(reset=True)) as server,
        Client(kind, server, login=login(server)) as client,
        pytest.raises(kind.library.RemoteProtocolError) as caught,
    ):
        client.call("POST", CONFIRM)
    pickled = pickle.dumps(caught.value)
    for secret in SECRETS:
        assert secret.encode() not in pickled
    made = recoup.outcome(unpickled(caught.value))
    assert made is not None
    assert isinstance(made.decision, recoup.Resync)
    assert_clean("".join(traceback.format_exception(caught.value)) + repr(made) + repr(made.as_dict()))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_callers_request_never_holds_our_token(kind: Kind) -> None:
    with Server(EXPIRED, NO_CONTENT) as server, Client(kind, server, login=login(server)) as client:
        response = client.call("POST", CONFIRM)
        assert "x-amz-access-token" not in response.request.headers
        assert server.calls[-1].token == "Atza|two"


def test_an_exception_that_was_dropped_leaves_no_more_behind_than_the_client_does() -> None:
    class Mark(Exception):
        pass

    def calling(call: Callable[[], object]) -> Any:
        try:
            call()
        except httpx2.RemoteProtocolError as error:
            error.mark = mark = Mark()  # type: ignore[attr-defined]
            return weakref.ref(mark)

    def freed(call: Callable[[], object]) -> bool:
        """Whether the exception went at once, and not when the collector came."""
        calling(call)
        gc.collect()
        gc.disable()
        try:
            return calling(call)() is None
        finally:
            gc.enable()

    with Server(Answer(reset=True)) as server, httpx2.Client() as bare:
        bare_frees = freed(lambda: bare.post(server.url + CONFIRM))  # from Python 3.13 on it does not
    with Server(Answer(reset=True)) as server, Client(KINDS[0], server) as client:
        assert freed(lambda: client.call("POST", CONFIRM)) or not bare_frees


def test_a_login_says_what_it_is_without_its_secrets() -> None:
    with Server(tokens=(token("Atza|one"),)) as server:
        assert repr(login(server)) == (
            "Login(Credentials(client_id='amzn1.application-oa2-client.1', "
            "client_secret=<client secret, 22 characters>, refresh_token=<refresh token, 12 characters>))"
        )
