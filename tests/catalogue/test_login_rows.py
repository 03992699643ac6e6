"""The entries of Login with Amazon: eleven answers of the token endpoint, documented or seen."""

from __future__ import annotations

import json
import re
from urllib.parse import parse_qsl

import pytest

from recoup.catalogue.fault import BodyKind, Kind, Mark, RetryClass, Where, Who
from recoup.catalogue.loader import load_sources

FAULTS = {fault.id: fault for fault in load_sources()}

# id: status, error, retry class, who must act, how well the wire answer is known.
ANSWERS = {"lwa-access-denied": ("inferred", 302)}  # the consent page's, which leads back with the error in a query
ROWS = {
    "lwa-invalid-grant": (400, "invalid_grant", "HUMAN", "seller", "observed"),
    "lwa-invalid-client": (401, "invalid_client", "HUMAN", "operator", "observed"),
    "lwa-unauthorized-client": (400, "unauthorized_client", "HUMAN", "operator", "proposed"),
    "lwa-invalid-scope": (400, "invalid_scope", "FIX_REQUEST", "developer", "proposed"),
    "lwa-invalid-request": (400, "invalid_request", "FIX_REQUEST", "developer", "observed"),
    "lwa-unsupported-grant-type": (400, "unsupported_grant_type", "FIX_REQUEST", "developer", "observed"),
    "lwa-access-denied": (403, "access_denied", "HUMAN", "seller", "proposed"),
    "lwa-server-error": (500, "server_error", "BACKOFF", "nobody", "proposed"),
    "lwa-temporarily-unavailable": (503, "temporarily_unavailable", "BACKOFF", "nobody", "proposed"),
    "lwa-rate-limited": (429, "rate_limited", "RATE", "developer", "proposed"),
    "lwa-html-or-non-json": (403, None, "FIX_REQUEST", "developer", "proposed"),
}

# error_description as recorded from the real service, the row that it is, its variant, its parameters.
REFRESH = (
    "The request has an invalid grant parameter : refresh_token. User may have revoked or didn't grant the permission."
)
DESCRIPTIONS = [
    (REFRESH, "lwa-invalid-grant", "refresh-token", {}),
    # cut after 120 characters, as a widespread HTTP client does
    (
        f"{REFRESH[:98]} (truncated...)",
        "lwa-invalid-grant",
        "refresh-token",
        {"rest": "User may have revoked or didn't grant (truncated...)"},
    ),
    ("The request has an invalid grant parameter : code", "lwa-invalid-grant", "authorization-code", {}),
    ("The request has an invalid grant parameter : device", "lwa-invalid-grant", None, {"parameter": "device"}),
    ("Client authentication failed", "lwa-invalid-client", None, {}),
    ("Not authorized for requested operation", "lwa-unauthorized-client", None, {}),
    ("The request has an invalid parameter : scope", "lwa-invalid-scope", None, {}),
    (
        "The request is missing a required parameter : refresh_token",
        "lwa-invalid-request",
        None,
        {"parameter": "refresh_token"},
    ),
    (
        "The authorization grant type is not supported by the authorization server",
        "lwa-unsupported-grant-type",
        None,
        {},
    ),
    # negatives: near, and none of them
    ("The request has an invalid grant", None, None, {}),
    ("Client authentication", None, None, {}),
    ("Access to requested resource is denied.", None, None, {}),
    ("", None, None, {}),
]


def recognised(text: str) -> tuple[str | None, str | None, dict[str, str]]:
    """The most specific message of Login with Amazon that `text` is: its row, its variant, its parameters."""
    hits = [
        (message.compiled.weight, name, message.variant, parameters)
        for name in ROWS
        for message in FAULTS[name].messages
        if (parameters := message.compiled.match(text)) is not None
    ]
    if not hits:
        return None, None, {}
    _, name, variant, parameters = max(hits, key=lambda hit: hit[0])
    return name, variant, parameters


def test_the_eleven_rows_and_no_other() -> None:
    assert len(ROWS) == 11
    assert {name for name, fault in FAULTS.items() if fault.kind is Kind.LOGIN} == set(ROWS)
    assert {name for name in FAULTS if name.startswith("lwa-")} == set(ROWS)


@pytest.mark.parametrize("name", ROWS)
def test_row(name: str) -> None:
    status, code, retry, who, mark = ROWS[name]
    fault = FAULTS[name]
    assert (fault.status, fault.code, fault.recovery.retry, fault.who) == (status, code, retry, who)
    assert (fault.sc_code, fault.source.document) == (None, "login-with-amazon")
    assert Where.LOGIN in fault.where
    assert fault.answer is not None
    assert (fault.answer.mark, fault.answer.status) == (ANSWERS.get(name) or (mark, status))
    assert len(fault.remedy.steps) >= 2


@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if row[1] is not None])
def test_the_answer_has_the_shape_of_login_with_amazon(name: str) -> None:
    fault = FAULTS[name]
    assert fault.answer is not None
    body = re.sub(r"\{[a-z_]+\}", "refresh_token", fault.answer.body)
    document = json.loads(body) if name not in ANSWERS else dict(parse_qsl(body))
    assert set(document) == {"error", "error_description"}
    assert document["error"] == fault.code
    assert fault.answer.content_type.startswith("application/json") or name in ANSWERS
    if document["error_description"] and fault.messages:
        assert recognised(document["error_description"])[0] == name


@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if row[4] == "observed"])
def test_an_observed_answer_is_not_to_be_stored(name: str) -> None:
    answer = FAULTS[name].answer
    assert answer is not None
    assert answer.headers == {"Cache-Control": "no-store", "Pragma": "no-cache"}


@pytest.mark.parametrize(("text", "name", "variant", "parameters"), DESCRIPTIONS)
def test_a_recorded_description_is_recognised(
    text: str, name: str | None, variant: str | None, parameters: dict[str, str]
) -> None:
    assert recognised(text) == (name, variant, parameters)


def test_what_could_not_be_recorded_is_not_called_observed() -> None:
    unknown = {"lwa-server-error", "lwa-temporarily-unavailable", "lwa-rate-limited"}
    for name in unknown:
        assert all(message.shared for message in FAULTS[name].messages)  # a client's words for any refusal
        assert all(sign.mark is not Mark.OBSERVED for sign in FAULTS[name].signs)


def test_an_answer_that_is_not_json_is_known_by_its_body_alone() -> None:
    kinds = {sign.body for sign in FAULTS["lwa-html-or-non-json"].signs}
    assert kinds == {BodyKind.HTML, BodyKind.XML, BodyKind.TEXT, BodyKind.EMPTY}
    assert all(
        message.shared for message in FAULTS["lwa-html-or-non-json"].messages
    )  # an edge's page, the same anywhere


def test_a_refused_grant_is_two_things() -> None:
    refresh, code = FAULTS["lwa-invalid-grant"].variants
    assert (refresh.name, refresh.who, refresh.recovery.retry) == ("refresh-token", Who.SELLER, RetryClass.HUMAN)
    assert (code.name, code.who, code.recovery.retry) == ("authorization-code", Who.DEVELOPER, RetryClass.HUMAN)


def test_nothing_of_login_with_amazon_is_answered_with_a_renewal() -> None:
    assert all(FAULTS[name].recovery.retry is not RetryClass.REAUTH for name in ROWS)


def test_conflicts_of_the_documents() -> None:
    assert [item.id for item in FAULTS["lwa-invalid-grant"].contradictions] == ["C-32"]
    assert [item.id for item in FAULTS["lwa-invalid-client"].contradictions] == ["C-33"]
