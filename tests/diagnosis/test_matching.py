"""The rules by which a claim finds its fault, row by row, each with a row that must not follow the rule."""

from __future__ import annotations

import json

import pytest

from recoup.diagnosis.diagnosis import Diagnosis
from recoup.diagnosis.engine import diagnose
from recoup.exchange import Exchange, Headers, Request, Response

EU = "https://sellingpartnerapi-eu.amazon.com"
SHIPMENT = EU + "/externalFulfillment/2024-09-11/shipments/S1"
ORDERS = EU + "/orders/v0/orders"
DENIED = "Access to requested resource is denied."


def seen(
    status: int, code: str | None = None, message: str | None = None, details: str | None = None, url: str | None = None
) -> Diagnosis:
    """The diagnosis of today's form of error, answering a GET of `url` where one is given."""
    error = {"code": code, "message": message, "details": details}
    body = json.dumps({"errors": [{name: value for name, value in error.items() if value is not None}]}).encode()
    request = None if url is None else Request(method="GET", url=url)
    return diagnose(Exchange(request=request, response=Response(status=status, body=body)))


# One code, several meanings: status, SC number and short code together decide.
@pytest.mark.parametrize(
    ("status", "code", "sc_code", "fault"),
    [
        (403, "Forbidden", "SC_00005", "sc-00005-forbidden"),
        (400, "InvalidInput", "SC_00005", "sc-00005-max-retries"),
        (412, "StateConflict", "SC_00006", "sc-00006-entity-version-conflict"),
        (422, "OrderCancelled", "SC_00006", "sc-00006-order-cancelled"),
        (409, "StateConflict", "SC_20002", "sc-20002-sequence-conflict"),
        (400, "StateConflict", "SC_30005", "sc-30005-dispatch-after-date"),
    ],
)
def test_status_and_sc_number(status: int, code: str, sc_code: str, fault: str) -> None:
    diagnosis = seen(status, code, "no documented text", sc_code)
    assert (diagnosis.id, diagnosis.tied) == (fault, ())
    assert diagnosis.best is not None
    assert diagnosis.best.basis == "code"


def test_an_sc_number_with_three_rows_ties_them() -> None:
    diagnosis = seen(400, "InvalidInput", "no documented text", "SC_00002")
    assert set(diagnosis.tied) == {"sc-00002-invalid-value", "sc-00002-range", "sc-00002-mandatory-field"}
    assert sum(match.score for match in diagnosis.faults) <= 0.95  # a tie shares


def test_an_sc_number_without_the_status_it_is_documented_with() -> None:
    diagnosis = seen(400, None, "no documented text", "SC_00000")
    assert diagnosis.id == "sc-00000-internal-failure"
    assert diagnosis.best is not None
    assert any("500 is documented" in line for line in diagnosis.best.evidence)


SLOT = "The given pickup-slot is no longer available and is expired"
PACKAGE = "Package dimensions or weight is incorrect"
TOKEN_USED, IN_PROGRESS = "sc-00004-duplicate-client-token", "sc-00004-in-progress"
NO_DEVELOPER = "Developer ID 1234 is not associated with the application id."


# The message is more specific than any code beside it.
@pytest.mark.parametrize(
    ("status", "code", "message", "details", "fault"),
    [
        (400, "InvalidInput", SLOT, "", "sc-30004-pickup-slot-expired"),
        (400, "InvalidInput", SLOT.upper().replace(" IS ", "  is ") + ".", "", "sc-30004-pickup-slot-expired"),
        (400, "InvalidInput", "ERROR: " + PACKAGE, "", "sc-30003-incorrect-package-dimensions"),
        (409, "DuplicateRequest", "Duplicate clientToken exists for 'a' 'b'", "SC_00004", TOKEN_USED),
        (409, "DuplicateRequest", "Requested operation is already in progress for 'a' 'b'", "SC_00004", IN_PROGRESS),
        (403, "Unauthorized", DENIED, "The access token you provided has expired.", "403-expired-token"),
        (403, "Unauthorized", DENIED, "The marketplaces you provided are not valid for region.", "403-region-mismatch"),
        (403, "Unauthorized", DENIED, "Access token is missing in the request header.", "403-missing-token"),
        (403, "Unauthorized", "Access to the resource is forbidden", "", "403-missing-role"),
        (400, "InvalidInput", NO_DEVELOPER, "", "400-developer-id-not-associated"),
    ],
)  # fmt: skip
def test_the_message_decides(status: int, code: str, message: str, details: str, fault: str) -> None:
    diagnosis = seen(status, code, message, details)
    assert (diagnosis.id, diagnosis.tied) == (fault, ())
    assert diagnosis.best is not None
    assert diagnosis.best.basis == "message"
    assert diagnosis.best.score >= 0.9


def test_details_prove_the_variant() -> None:
    for details, variant in (
        ("The access token you provided has expired.", "access-token-expired"),
        ("The access token you provided is revoked, malformed or invalid.", "token-revoked"),
        ("The LWA secret token you provided has expired.", "client-secret-expired"),
    ):
        best = seen(403, "Unauthorized", DENIED, details).best
        assert best is not None
        assert best.variant is not None
        assert best.variant.name == variant


@pytest.mark.parametrize("details", [None, "", "nothing that is documented"])
def test_what_is_documented_for_details_is_recognised_in_the_message_too(details: str | None) -> None:
    assert seen(403, "Unauthorized", "The access token you provided has expired.", details).id == "403-expired-token"


def test_a_status_that_does_not_agree_weakens_the_match_and_is_said() -> None:
    agreeing, other = (seen(status, message="The capacity for the site is breached").faults[0] for status in (400, 409))
    assert agreeing.id == other.id == "sc-30002-capacity-breached"
    assert agreeing.score > other.score
    said = "the status is 409, where 400 is documented"
    assert said in other.evidence
    assert said not in agreeing.evidence


def test_that_details_are_empty_is_evidence_where_rivals_share_the_message() -> None:
    empty, missing = (seen(403, "Unauthorized", DENIED, details).faults[0].evidence for details in ("", None))
    assert any("details is empty" in line for line in empty)
    assert not any("details is empty" in line for line in missing)


def test_empty_details_leave_a_tie_with_a_check_for_each_rival() -> None:
    diagnosis = seen(403, "Unauthorized", DENIED, "")
    assert diagnosis.id == "403-missing-role"
    assert {"403-missing-role", "403-region-mismatch", "403-wrong-path-or-version", "403-account-suspended"} <= set(
        diagnosis.tied
    )
    assert "403-expired-token" not in diagnosis.tied  # it announces itself in details
    assert all(match.check for match in diagnosis.faults if match.fault.id in diagnosis.tied)


# C-01: one code, one of them permanent and one not; the text tells, then the path.
@pytest.mark.parametrize(
    ("message", "url", "fault"),
    [
        ("Internal failure occurred, contact Amazon support", None, "sc-00000-internal-failure"),
        ("Internal failure occurred, contact Amazon support", ORDERS, "sc-00000-internal-failure"),
        ("We encountered an internal error. Please try again.", None, "other-500-internal"),
        ("We encountered an internal error. Please try again.", SHIPMENT, "other-500-internal"),
        (None, SHIPMENT, "ef-InternalFailure"),
        (None, ORDERS, "other-500-internal"),
        (None, None, "other-500-internal"),
    ],
)
def test_internal_failure(message: str | None, url: str | None, fault: str) -> None:
    diagnosis = seen(500, "InternalFailure", message, url=url)
    assert (diagnosis.id, diagnosis.tied) == (fault, ())


# The short-code table of External Fulfillment speaks of External Fulfillment only.
@pytest.mark.parametrize(
    ("status", "code", "url", "fault"),
    [
        (409, "ServerBusy", SHIPMENT, "ef-ServerBusy"),
        (409, "DuplicateRequest", SHIPMENT, "ef-DuplicateRequest"),
        (409, "DuplicateRequest", None, "ef-DuplicateRequest"),
        (409, "DuplicateRequest", EU + "/notifications/v1/destinations", "other-conflict"),
        (409, "StateConflict", EU + "/notifications/v1/destinations", "other-conflict"),
        (404, "NotFound", SHIPMENT, "ef-NotFound"),
        (404, "NotFound", ORDERS + "/902-1845936-5435065", "404-unavailable-id"),
        (404, "NotFound", ORDERS + "/1", "404-mistyped-id"),  # no id of an order looks like that
        (429, "QuotaExceeded", SHIPMENT, "429-rate-limit"),
        (429, "RateLimited", SHIPMENT, "sc-00007-rate-limited"),
    ],
)
def test_whose_code_it_is(status: int, code: str, url: str | None, fault: str | None) -> None:
    assert seen(status, code, "no documented text", url=url).id == fault


@pytest.mark.parametrize(
    ("status", "url", "fault"),
    [
        (500, None, "other-500-internal"),
        (500, SHIPMENT, "other-500-internal"),
        (502, ORDERS, "other-500-internal"),
        (503, ORDERS, "other-503-unavailable"),
        (504, ORDERS, "other-504-timeout"),
        (413, ORDERS, "other-413-too-large"),
        (415, ORDERS, "other-415-unsupported-media"),
        (429, ORDERS, "429-rate-limit"),
        (401, ORDERS, "ef-http-401"),
        (422, SHIPMENT, "ef-OrderCancelled"),
        (520, ORDERS, "other-503-unavailable"),
        (501, ORDERS, None),
        (418, ORDERS, None),
    ],
)
def test_the_status_alone(status: int, url: str | None, fault: str | None) -> None:
    request = None if url is None else Request(method="GET", url=url)
    diagnosis = diagnose(Exchange(request=request, response=Response(status=status)))
    assert diagnosis.failed
    assert diagnosis.id == fault


def test_an_html_400_ties_the_conditions_of_rfc_7230() -> None:
    page = b"<!DOCTYPE html><html><head><title>x</title></head><body></body></html>"
    diagnosis = diagnose(Response(status=400, headers=Headers([("Content-Type", "text/html")]), body=page))
    assert len(diagnosis.tied) >= 13
    assert {"400-get-with-body", "400-malformed-http-no-uri"} <= set(diagnosis.tied)


HTML = b"<!DOCTYPE html><html><head><title>x</title></head><body></body></html>"
TOKEN = ("x-amz-access-token", "Atza|x")


RFC = "400-malformed-http-"


# What the request proves: (method, url, header fields, body, response, the one fault or the two that are the same)
@pytest.mark.parametrize(
    ("method", "url", "fields", "status", "body", "faults"),
    [
        ("GET", ORDERS, [("content-length", "0")], 400, HTML, {"400-get-with-body", RFC + "body-in-get-or-head"}),
        ("POST", ORDERS, [("content-length", "1")] * 2, 400, HTML, {RFC + "multiple-content-length"}),
        ("POST", ORDERS, [("content-length", "x")], 400, HTML, {RFC + "content-length-unparseable"}),
        ("GET", ORDERS, [("x-empty", " ")], 400, HTML, {RFC + "empty-header"}),
        ("GET", EU + "/ordres/v0/orders", [TOKEN], 403, b"", {"403-wrong-path-or-version"}),
        ("DELETE", ORDERS, [TOKEN], 403, b"", {"403-wrong-path-or-version"}),
        ("GET", ORDERS + "?MarketplaceIds=ATVPDKIKX0DER", [TOKEN], 403, b"", {"403-region-mismatch"}),
    ],
)  # fmt: skip
def test_what_the_request_proves(
    method: str, url: str, fields: list[tuple[str, str]], status: int, body: bytes, faults: set[str]
) -> None:
    denied = json.dumps({"errors": [{"code": "Unauthorized", "message": DENIED, "details": ""}]}).encode()
    request = Request(method=method, url=url, headers=Headers(fields))
    diagnosis = diagnose(Exchange(request=request, response=Response(status=status, body=body or denied)))
    assert {diagnosis.id, *diagnosis.tied} == faults
    assert diagnosis.best is not None
    assert diagnosis.best.basis == "request"


def test_a_value_that_comes_back_encoded_was_encoded_twice() -> None:
    diagnosis = seen(400, "InvalidInput", "A%20B is an invalid SKU for marketplace A1PA6795UKMFR9")
    assert (diagnosis.id, diagnosis.tied) == ("400-wrong-url-encoding", ())
    assert len(seen(400, "InvalidInput", "A B is an invalid SKU for marketplace A1PA6795UKMFR9").tied) > 1


def test_a_request_that_proves_nothing_leaves_the_tie() -> None:
    assert len(seen(403, "Unauthorized", DENIED, "", url=ORDERS + "?MarketplaceIds=A1PA6795UKMFR9").tied) > 5


@pytest.mark.parametrize("body", [b"", b"<html><body>x</body></html>", b"upstream"])
@pytest.mark.parametrize(
    ("status", "fault"),
    [
        (429, "lwa-rate-limited"),
        (502, "lwa-temporarily-unavailable"),
        (503, "lwa-temporarily-unavailable"),
        (504, "lwa-temporarily-unavailable"),
        (520, "lwa-temporarily-unavailable"),
    ],
)
def test_trouble_on_the_way_to_login_with_amazon_passes_whatever_its_page(status: int, fault: str, body: bytes) -> None:
    request = Request(method="POST", url="https://api.amazon.com/auth/o2/token")
    assert diagnose(Exchange(request=request, response=Response(status=status, body=body))).id == fault


@pytest.mark.parametrize(
    ("kind", "fault"),
    [
        ("AccessDeniedException", "403-missing-role"),
        ("MissingAuthenticationTokenException", "403-wrong-path-or-version"),
    ],
)
def test_a_header_field_that_tells_lifts_its_fault_in_the_tie(kind: str, fault: str) -> None:
    body = json.dumps({"errors": [{"code": "Unauthorized", "message": DENIED, "details": ""}]}).encode()

    def odds(headers: Headers) -> float:
        found = diagnose(Exchange(response=Response(status=403, headers=headers, body=body)))
        scores = {match.id: match.score for match in found.faults}
        return scores[fault] / scores["403-region-mismatch"]

    plain, told = odds(Headers()), odds(Headers({"x-amzn-ErrorType": kind}))
    assert told / plain == pytest.approx(3.0)


def test_a_status_alone_names_neither_what_is_history_nor_what_only_a_page_tells() -> None:
    plain, refused = (diagnose(Exchange(response=Response(status=status, body=b"?"))) for status in (400, 403))
    assert plain.tied
    assert refused.tied
    assert not [name for name in plain.tied if name.startswith("400-malformed-http")]
    assert "403-invalid-signature" not in refused.tied
