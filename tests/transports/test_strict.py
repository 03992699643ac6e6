"""A strict client sends nothing that lint proves to be wrong; what may be right goes out, and the log is told."""

from __future__ import annotations

import logging
import pickle

import pytest
from transport_clients import CONFIRM, KINDS, SHIPMENT, Client, Kind, login
from transport_server import NO_CONTENT, OK, Server, token

import recoup

ITEM = "/listings/2021-08-01/items/A2/a%2520b?marketplaceIds=ATVPDKIKX0DER"


@pytest.fixture(params=KINDS, ids=lambda kind: kind.name)
def kind(request: pytest.FixtureRequest) -> Kind:
    found: Kind = request.param
    return found


# (method, path, header fields, rule, fault)
WRONG = [
    ("GET", SHIPMENT, {}, "access-token-header", "403-missing-token"),
    ("GET", SHIPMENT, {"x-amzn-access-token": "Atza|a"}, "access-token-header", "403-missing-token"),
    ("GET", SHIPMENT, {"x-amz-access-token": "Atzr|a"}, "token-of-another-kind", "403-expired-token"),
    ("GET", SHIPMENT, {"x-amz-access-token": '"Atza|a"'}, "token-damaged", "403-expired-token"),
    ("DELETE", SHIPMENT, {"x-amz-access-token": "Atza|a"}, "unknown-operation", "403-wrong-path-or-version"),
]


@pytest.mark.parametrize(("method", "path", "fields", "rule", "fault"), WRONG)
def test_what_cannot_work_is_raised_and_not_sent(
    kind: Kind, method: str, path: str, fields: dict[str, str], rule: str, fault: str
) -> None:
    with Server(OK) as server, Client(kind, server, strict=True) as client:
        with pytest.raises(recoup.FixRequest) as raised:
            client.call(method, path, headers=fields)
        assert server.calls == []
    error = pickle.loads(pickle.dumps(raised.value))  # noqa: S301  our own
    assert error.fault == fault
    assert rule in [finding["rule"] for finding in error.findings]
    assert error.decision["action"] == "give_up"
    assert "Atz" not in f"{error} {error.findings} {error.decision}"


def test_what_is_well_goes_out_with_the_token_of_the_login(kind: Kind) -> None:
    with Server(NO_CONTENT, tokens=(token("Atza|one"),)) as server:
        with Client(kind, server, login=login(server), strict=True) as client:
            assert client.call("POST", CONFIRM).status_code == 204
        assert [call.token for call in server.calls] == ["Atza|one"]


def test_what_may_be_right_goes_out_and_is_told(kind: Kind, caplog: pytest.LogCaptureFixture) -> None:
    with (
        caplog.at_level(logging.INFO, logger="recoup.lint"),
        Server(OK) as server,
        Client(kind, server, strict=True) as client,
    ):
        assert client.call("GET", ITEM, headers={"x-amz-access-token": "Atza|a"}).status_code == 200
    assert ["encoded-twice" in record.getMessage() for record in caplog.records if record.name == "recoup.lint"] == [
        True
    ]


def test_a_client_that_is_not_strict_sends_what_it_is_given(kind: Kind) -> None:
    with Server(OK) as server, Client(kind, server) as client:
        assert client.call("GET", SHIPMENT).status_code == 200
