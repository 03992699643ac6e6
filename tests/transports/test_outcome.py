"""Exceptions for those who want them: also for responses of clients that recoup was not under."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import httpx
import httpx2
import pytest

import recoup
from recoup.catalogue.fault import Action, ResyncTarget, WaitSubject, Who
from recoup.diagnosis.diagnosis import Diagnosis
from recoup.recovery.decision import Decision, StopReason
from recoup.transports.outcome import fault_error

URL = "https://sellingpartnerapi-na.amazon.com/externalFulfillment/2024-09-11/shipments/S1"
BODY = b'{"errors":[{"code":"InvalidInput","message":"Invalid input \'x\' for parameter \'y\'"}]}'
LABELS = b'{"packageShipLabelList":[{"packageId":"1","status":"FAILURE","errorDetails":{"code":"SC_30001"}}]}'


def give_up(reason: StopReason, who: Who = Who.DEVELOPER, *, stop_order: bool = False) -> recoup.GiveUp:
    return recoup.GiveUp(reason=reason, fix=Action.FIX_VALUE, who=who, stop_order=stop_order)


@pytest.mark.parametrize(
    ("decision", "error", "more"),
    [
        (recoup.Retry(after=2.0), recoup.TryLater, {"after": 2.0}),
        (recoup.Wait(subject=WaitSubject.CALL, after=180.0), recoup.TryLater, {"after": 180.0}),
        (recoup.Wait(subject=WaitSubject.ENTITY), recoup.TryLater, {"after": None}),
        (recoup.Resync(target=ResyncTarget.EFFECT), recoup.ReadBack, {}),
        (recoup.RenewToken(), recoup.FixRequest, {}),
        (give_up(StopReason.PERMANENT), recoup.FixRequest, {}),
        (give_up(StopReason.PERMANENT, Who.OPERATOR), recoup.AskPerson, {"who": "operator"}),
        (give_up(StopReason.PERMANENT, Who.SELLER), recoup.AskPerson, {"who": "seller"}),
        (give_up(StopReason.UNKNOWN, Who.AMAZON), recoup.AskPerson, {"who": "amazon"}),
        (give_up(StopReason.PERMANENT, Who.NOBODY, stop_order=True), recoup.OrderOver, {}),
        (give_up(StopReason.ATTEMPTS), recoup.TryLater, {"after": None}),
        (give_up(StopReason.QUOTA), recoup.TryLater, {"after": None}),
        (give_up(StopReason.DEADLINE), recoup.TryLater, {"after": None}),
        (give_up(StopReason.NOT_REPLAYABLE), recoup.TryLater, {"after": None}),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, type | dict) else None,
)
def test_each_decision_has_an_exception_named_for_the_next_act(
    decision: Decision, error: type[recoup.FaultError], more: dict[str, object]
) -> None:
    made = fault_error(Diagnosis(status=400), decision)
    assert type(made) is error
    assert {name: getattr(made, name) for name in more} == more


def test_done_has_none() -> None:
    with pytest.raises(ValueError, match="nothing to raise"):
        fault_error(Diagnosis(), recoup.Done())


PLAIN: dict[str, Any] = {
    "httpx2": httpx2.Response(400, content=BODY, request=httpx2.Request("POST", URL)),
    "httpx": httpx.Response(400, content=BODY, request=httpx.Request("POST", URL)),
    "httpx2 without its request": httpx2.Response(400, content=BODY),
    "requests": SimpleNamespace(
        status_code=400, content=BODY, headers={"x": "y"}, request=SimpleNamespace(method="POST", url=URL, headers={})
    ),
    "urllib3": SimpleNamespace(status=400, data=BODY, headers={}),
}


@pytest.mark.parametrize("name", PLAIN)
def test_a_response_that_recoup_was_not_under_is_diagnosed_now(name: str) -> None:
    assert recoup.outcome(PLAIN[name]) is None
    with pytest.raises(recoup.FixRequest, match=r"sc-00002-invalid-value.*Cause: .*First: ") as caught:
        recoup.raise_for_fault(PLAIN[name])
    assert caught.value.fault == "sc-00002-invalid-value"
    assert caught.value.decision["action"] == "give_up"


def test_a_failure_in_a_success_raises_too() -> None:
    request = httpx2.Request("PUT", URL + "/shipLabels?operation=GENERATE")
    with pytest.raises(recoup.FaultError) as caught:
        recoup.raise_for_fault(httpx2.Response(200, content=LABELS, request=request))
    assert caught.value.fault == "sc-30001-shiplabel-generation-failure"


@pytest.mark.parametrize("status", [200, 204, 302, 304])
def test_where_nothing_failed_nothing_is_raised(status: int) -> None:
    recoup.raise_for_fault(httpx2.Response(status, content=b"{}", request=httpx2.Request("GET", URL)))


@pytest.mark.parametrize(
    "thing",
    [None, "text", SimpleNamespace(status=200), httpx2.Response(400, stream=httpx2.ByteStream(BODY))],
    ids=["none", "text", "no body", "not read"],
)
def test_what_is_no_response_that_was_read_is_refused(thing: Any) -> None:
    with pytest.raises(TypeError, match="no response whose body was read"):
        recoup.raise_for_fault(thing)


MADE = recoup.Outcome(decision=recoup.Done())


def caused(cause: BaseException) -> BaseException:
    error = ValueError()
    error.__cause__ = cause
    return error


def raised(**attributes: object) -> Exception:
    error = Exception()
    for name, value in attributes.items():
        setattr(error, name, value)
    return error


@pytest.mark.parametrize(
    "thing",
    [
        SimpleNamespace(extensions={"recoup": MADE}),
        SimpleNamespace(recoup=MADE),
        SimpleNamespace(headers=SimpleNamespace(recoup=MADE)),
        SimpleNamespace(response=SimpleNamespace(extensions={"recoup": MADE})),
        raised(recoup=MADE),
        raised(response=SimpleNamespace(recoup=MADE)),
        caused(raised(recoup=MADE)),
        caused(caused(raised(recoup=MADE))),
    ],
    ids=["httpx", "others", "its header fields", "its response", "raised", "with a response", "caused", "twice"],
)
def test_an_outcome_is_found_where_a_client_keeps_it(thing: Any) -> None:
    assert recoup.outcome(thing) is MADE


@pytest.mark.parametrize(
    "thing",
    [None, "text", SimpleNamespace(recoup="theirs"), SimpleNamespace(headers={"recoup": MADE}), caused(ValueError())],
)
def test_nothing_is_found_where_nothing_of_ours_is(thing: Any) -> None:
    assert recoup.outcome(thing) is None
