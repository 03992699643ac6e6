"""An answer that names its cause in other words than the documents quote is believed, and one that names none is not.

The texts are paraphrases of our own: of each documented row whose cause an answer can name.
"""

from __future__ import annotations

import json

import pytest

from recoup.diagnosis.engine import diagnose
from recoup.exchange import Exchange, Headers, Response

DENIED = "Access to requested resource is denied."

OTHERWISE = [
    (403, DENIED, "The access token has expired.", "403-expired-token"),
    (403, DENIED, "Your token is past its lifetime and no longer valid.", "403-expired-token"),
    (403, DENIED, "This token was revoked.", "403-expired-token"),
    (403, DENIED, "The client secret has expired; rotate it.", "403-expired-token"),
    (403, DENIED, "No access token was found in the headers.", "403-missing-token"),
    (403, DENIED, "The x-amz-access-token header is missing.", "403-missing-token"),
    (403, DENIED, "Your marketplaces do not belong to this region.", "403-region-mismatch"),
    (403, DENIED, "This account lives in another region.", "403-region-mismatch"),
    (403, DENIED, "The application lacks the required role.", "403-missing-role"),
    (403, DENIED, "Permission for this operation was not granted.", "403-missing-role"),
    (403, DENIED, "This operation is only for vendors.", "403-wrong-account-kind"),
    (403, DENIED, "Seller credentials cannot be used for a vendor operation.", "403-wrong-account-kind"),
    (403, DENIED, "The selling account is suspended.", "403-account-suspended"),
    (403, DENIED, "The seller was deactivated.", "403-account-suspended"),
    (403, DENIED, "The account is inactive: a charge card must be updated.", "400-inactive-account"),
    (403, DENIED, "This API has been removed.", "403-deprecated-endpoint"),
    (403, DENIED, "The version is no longer supported.", "403-deprecated-endpoint"),
    (403, DENIED, "Unknown resource path.", "403-wrong-path-or-version"),
    (403, DENIED, "Not offered in this marketplace.", "403-unsupported-marketplace"),
    (403, DENIED, "A restricted data token is needed here.", "other-rdt-required"),
    (403, DENIED, "A grantless token is needed here.", "other-grantless-required"),
    (400, "Invalid Input", "The field reportType is mandatory.", "400-missing-required-field"),
    (400, "The parameter createdAfter was not provided.", "", "400-missing-required-field"),
    (400, "createdAfter cannot be parsed: the timestamp has no valid format", "", "400-invalid-date-format"),
    (400, "Dates must be written as ISO 8601 says.", "", "400-invalid-date-format"),
    (400, "This media type cannot be read here.", "", "400-wrong-content-type"),
    (400, "Your page token has been altered.", "", "400-invalid-next-token"),
    (400, "The query string is not correctly percent-encoded.", "", "400-wrong-url-encoding"),
    (400, "The request lacks its transportDetails object.", "", "400-missing-child-object"),
    (400, "12-3 is not a valid orderId", "", "400-wrong-identifier"),
    (400, "Developer ID 1111-2222-3333 is not associated with this app", "", "400-developer-id-not-associated"),
    (400, "The app is missing an OAuth configuration", "", "400-oauth-setup-missing"),
    (400, "Your application lacks a permission for this.", "", "400-missing-role"),
    (404, "The report is not ready yet.", "", "404-premature-poll"),
    (404, "That subscription was deleted.", "", "404-unavailable-id"),
    (404, "The order id has the wrong format.", "", "404-mistyped-id"),
]


def exchange(status: int, message: str, details: str) -> Exchange:
    body = {
        "errors": [{"code": {403: "Unauthorized", 404: "NotFound"}.get(status, "InvalidInput"), "message": message}]
    }
    body["errors"][0]["details"] = details
    headers = Headers({"Content-Type": "application/json"})
    return Exchange(response=Response(status=status, headers=headers, body=json.dumps(body).encode()))


@pytest.mark.parametrize(("status", "message", "details", "fault"), OTHERWISE)
def test_an_answer_in_other_words_is_believed(status: int, message: str, details: str, fault: str) -> None:
    diagnosis = diagnose(exchange(status, message, details))
    assert diagnosis.id == fault, [match.fault.id for match in diagnosis.faults[:4]]


@pytest.mark.parametrize(("status", "message", "details", "fault"), OTHERWISE)
def test_so_is_the_same_answer_as_a_line_of_a_log(status: int, message: str, details: str, fault: str) -> None:
    response = exchange(status, message, details).response
    assert response is not None
    diagnosis = diagnose(f"ERROR call failed with {status}: {response.body.decode()}")
    assert diagnosis.id == fault, [match.fault.id for match in diagnosis.faults[:4]]


@pytest.mark.parametrize(
    ("error", "description", "fault"),
    [
        ("invalid_grant", "This refresh token is over.", "lwa-invalid-grant"),
        ("invalid_client", "No such client, or another secret.", "lwa-invalid-client"),
        ("unauthorized_client", "Not for this client.", "lwa-unauthorized-client"),
        ("invalid_scope", "Nobody knows this scope.", "lwa-invalid-scope"),
        ("invalid_request", "One parameter too few.", "lwa-invalid-request"),
        ("unsupported_grant_type", "That grant is none.", "lwa-unsupported-grant-type"),
    ],
)
def test_login_with_amazon_is_known_by_its_codes_whatever_it_describes(
    error: str, description: str, fault: str
) -> None:
    body = json.dumps({"error": error, "error_description": description}).encode()
    assert diagnose(Exchange(response=Response(status=400, body=body))).id == fault


@pytest.mark.parametrize(
    ("message", "details"),
    [
        (DENIED, ""),
        (DENIED, "Please contact support."),
        (DENIED, "Request 1-2-3 was refused."),
        ("Denied.", "See above."),
    ],
)
def test_an_answer_that_names_no_cause_stays_a_tie(message: str, details: str) -> None:
    assert len(diagnose(exchange(403, message, details)).tied) > 3
