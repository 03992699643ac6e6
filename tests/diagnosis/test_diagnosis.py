"""The values: what `as_dict` gives, in which order, and what it never gives."""

from __future__ import annotations

import json

import msgspec
import pytest

from recoup.diagnosis.diagnosis import NOTHING_FAILED, Diagnosis, Finding, Match, succeeded
from recoup.diagnosis.engine import diagnose
from recoup.exchange import Exchange, Headers, Request, Response

KEYS = [
    "id",
    "tied",
    "faults",
    "status",
    "http_status",
    "code",
    "sc_code",
    "message",
    "request_id",
    "retryable",
    "decision",
    "remedy",
    "parameters",
    "findings",
]
SECRET = "Atza|IwEBIExampleOnly0123456789"
BODY = (
    b'{"errors":[{"code":"NotFound","message":"Requested Entity with \'id\' \''
    + SECRET.encode()
    + b"' is not found\"}]}"
)


def seen() -> Diagnosis:
    """A diagnosis with a secret in every place that one could come from."""
    request = Request(method="GET", url=f"https://x/a?access_token={SECRET}", headers=Headers([("x", SECRET)]))
    headers = Headers([("x-amzn-RequestId", SECRET)])
    return diagnose(Exchange(request=request, response=Response(status=404, headers=headers, body=BODY)))


def test_the_keys_that_other_programs_rely_on_come_in_their_order() -> None:
    for diagnosis in (seen(), NOTHING_FAILED, succeeded(200), diagnose("SC_00005")):
        data = diagnosis.as_dict()
        assert [key for key in data if key in KEYS] == KEYS
        assert set(data) - set(KEYS) <= {"details", "others", "same_as", "item", "next_check", "wanting"}
        json.dumps(data)


def test_a_fault_says_why_and_what_to_check() -> None:
    (fault, *_) = seen().as_dict()["faults"]
    assert list(fault)[:5] == ["id", "score", "basis", "evidence", "check"]
    assert fault["evidence"]
    assert seen().as_dict()["remedy"].keys() == {"action", "text", "steps", "who"}


def test_nothing_secret_is_emitted() -> None:
    diagnosis = seen()
    assert diagnosis.parameters["id"] == SECRET  # programs may need it
    assert SECRET[5:] not in json.dumps(diagnosis.as_dict())
    assert SECRET[5:] not in repr(diagnosis)


def test_a_success() -> None:
    assert NOTHING_FAILED.ok
    assert succeeded(207) is succeeded(207)
    data = succeeded(204).as_dict()
    assert (data["id"], data["status"], data["faults"], data["remedy"]) == (None, 204, [], None)


def test_decision_and_retryable_are_filled_in_by_recovery() -> None:
    judged = msgspec.structs.replace(seen(), decision={"action": "give_up", "text": f"x {SECRET}"}, retryable=False)
    data = judged.as_dict()
    assert data["retryable"] is False
    assert data["decision"]["action"] == "give_up"
    assert SECRET not in data["decision"]["text"]


def test_values_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        seen().status = 200  # type: ignore[misc]


def test_parts_are_reachable_through_the_variant() -> None:
    body = (
        b'{"errors":[{"code":"Unauthorized","message":"x","details":"The LWA secret token you provided has expired."}]}'
    )
    best = diagnose(Response(status=403, body=body)).best
    assert isinstance(best, Match)
    assert best.variant is not None
    assert (best.who, best.remedy) == (best.variant.who, best.variant.remedy)
    assert best.recovery.retry.value == "HUMAN"
    assert best.fault.recovery.retry.value == "REAUTH"


def test_findings_are_plain() -> None:
    finding = Finding(rule="r", text=f"see {SECRET}")
    (data,) = msgspec.structs.replace(NOTHING_FAILED, findings=(finding,)).as_dict()["findings"]
    assert data["rule"] == "r"
    assert SECRET not in data["text"]
