"""The front door's own answers beside the two documents, and failures that hide in a 200 or in document storage."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

import pytest

from recoup.catalogue.fault import BodyKind, Kind, Mark, Where
from recoup.catalogue.loader import load_sources

FAULTS = {fault.id: fault for fault in load_sources()}

# id: status, code, retry class, who must act, where it is raised
ROWS = {
    "other-500-internal": (500, "InternalFailure", "BACKOFF", "nobody", ["front-door"]),
    "other-503-unavailable": (503, "ServiceUnavailable", "BACKOFF", "nobody", ["front-door"]),
    "other-504-timeout": (504, "GatewayTimeout", "BACKOFF", "nobody", ["front-door"]),
    "other-413-too-large": (413, "InvalidRequest", "FIX_REQUEST", "developer", ["front-door", "external-fulfillment"]),
    "other-415-unsupported-media": (
        415,
        "InvalidRequest",
        "FIX_REQUEST",
        "developer",
        ["front-door", "external-fulfillment"],
    ),
    "other-listing-issue": (200, None, "FIX_INPUT", "developer", ["front-door"]),
    "other-presigned-url-expired": (403, "AccessDenied", "FIX_REQUEST", "nobody", ["document-storage"]),
    "other-presigned-signature": (403, "SignatureDoesNotMatch", "FIX_REQUEST", "developer", ["document-storage"]),
}

# code and message of the bodies that Amazon's models print for these statuses
MODEL_BODIES = [
    ("other-500-internal", "InternalFailure", "We encountered an internal error. Please try again."),
    ("other-500-internal", "InternalError", "Something went wrong while processing the request."),
    ("other-500-internal", "InternalError", "Unknown error in processing the request."),
    ("other-500-internal", "InternalServerError", "Internal Server Error"),
    ("other-500-internal", "INTERNAL_SERVER_ERROR", "An internal error occurred while processing your request."),
    ("other-503-unavailable", "ServiceUnavailable", "Service is temporarily unavailable. Please try again."),
    ("other-503-unavailable", "ServiceUnavailable", "Server Unavailable"),
    (
        "other-503-unavailable",
        "ServiceUnavailable",
        "Service temporarily unavailable or down for maintenance. Please try again after sometime.",
    ),
    (
        "other-503-unavailable",
        "SERVICE_UNAVAILABLE",
        (
            "Service temporarily unavailable or down for maintenance. Please try again after sometime. If the issue "
            "persists, please reach out to the API developer support team."
        ),
    ),
    ("other-413-too-large", "InvalidRequest", "The request payload size is greater than maximum accepted size."),
    ("other-413-too-large", "REQUEST_SIZE_EXCEEDED", "The request payload size is greater than maximum accepted size."),
    ("other-415-unsupported-media", "InvalidRequest", "The request payload format is not supported."),
    ("other-415-unsupported-media", "INVALID_REQUEST_FORMAT", "The request payload format is not supported."),
]


@pytest.mark.parametrize("name", ROWS)
def test_row(name: str) -> None:
    status, code, retry, who, where = ROWS[name]
    fault = FAULTS[name]
    assert (fault.status, fault.code, fault.recovery.retry, fault.who, fault.where) == (status, code, retry, who, where)
    assert fault.kind is Kind.BEYOND
    assert fault.answer is not None
    assert fault.answer.status == status
    assert len(fault.remedy.steps) >= 2


@pytest.mark.parametrize(("name", "code", "message"), MODEL_BODIES)
def test_code_and_message_of_the_models_are_known(name: str, code: str, message: str) -> None:
    fault = FAULTS[name]
    assert code in {fault.code, *(sign.code for sign in fault.signs)}
    matching = [item for item in fault.messages if item.compiled.match(message) is not None]
    assert [item.mark for item in matching] == [Mark.DOCUMENTED]


def test_internal_failure_is_two_opposite_things() -> None:
    front, fulfillment = FAULTS["other-500-internal"], FAULTS["sc-00000-internal-failure"]
    assert front.code == fulfillment.code
    assert front.status == fulfillment.status
    assert (front.recovery.retry, fulfillment.recovery.retry) == ("BACKOFF", "NEVER")
    assert not any(
        message.compiled.match(other.template) is not None
        for message in front.messages
        for other in fulfillment.messages
    )
    assert "C-01" in {item.id for item in front.contradictions} & {item.id for item in fulfillment.contradictions}


@pytest.mark.parametrize("name", ["other-500-internal", "other-503-unavailable", "other-413-too-large"])
def test_answers_in_json_carry_code_and_message(name: str) -> None:
    fault = FAULTS[name]
    assert fault.answer is not None
    (error,) = json.loads(fault.answer.body)["errors"]
    assert error["code"] == fault.code
    assert fault.messages[0].compiled.match(error["message"]) is not None


@pytest.mark.parametrize("name", ["other-presigned-url-expired", "other-presigned-signature"])
def test_document_storage_answers_in_xml(name: str) -> None:
    fault = FAULTS[name]
    assert fault.answer is not None
    assert fault.answer.content_type == "application/xml"
    document = ET.fromstring(fault.answer.body)  # noqa: S314  our own text
    assert document.findtext("Code") == fault.code
    assert fault.messages[0].compiled.match(document.findtext("Message") or "") is not None
    assert (BodyKind.XML, fault.code) in {(sign.body, sign.code) for sign in fault.signs}


def test_a_refused_listing_hides_in_a_200() -> None:
    fault = FAULTS["other-listing-issue"]
    assert [(sign.status, sign.body) for sign in fault.signs] == [(200, BodyKind.ISSUES)]
    assert fault.answer is not None
    document = json.loads(fault.answer.body.replace("{attribute}", "condition_type"))
    assert document["status"] == "INVALID"
    assert fault.messages[0].compiled.match(document["issues"][0]["message"]) == {"attribute": "condition_type"}


def test_document_storage_raises_nothing_else() -> None:
    assert {name for name, fault in FAULTS.items() if Where.DOCUMENT_STORAGE in fault.where} == {
        "other-presigned-url-expired",
        "other-presigned-signature",
        "other-feed-processing",  # no refusal: the document itself is the report of what failed
    }
