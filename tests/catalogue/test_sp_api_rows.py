"""The entries of "Resolve Common HTTP and Authorization Error Codes", held against tables written from the document."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from recoup.catalogue.fault import (
    Action,
    BodyKind,
    Fault,
    Kind,
    MessageField,
    Recovery,
    ResyncTarget,
    RetryClass,
    WaitSubject,
    Where,
    Who,
)
from recoup.catalogue.loader import load_sources

DOCUMENT = "resolve-common-http-and-authorization-errors"
FAULTS = {fault.id: fault for fault in load_sources() if fault.source.document == DOCUMENT}

# id, status, code, who acts, retry class; in the document's order within each table.
TABLES = [
    ("400-missing-required-field", 400, "InvalidInput", "developer", "FIX_INPUT"),
    ("400-invalid-date-format", 400, "InvalidInput", "developer", "FIX_INPUT"),
    ("400-get-with-body", 400, None, "developer", "FIX_REQUEST"),
    ("400-wrong-content-type", 400, "InvalidInput", "developer", "FIX_REQUEST"),
    ("400-invalid-next-token", 400, "InvalidInput", "developer", "RESTART_PAGING"),
    ("400-wrong-url-encoding", 400, "InvalidInput", "developer", "FIX_REQUEST"),
    ("400-missing-child-object", 400, "InvalidInput", "developer", "FIX_INPUT"),
    ("400-wrong-identifier", 400, "InvalidInput", "developer", "FIX_INPUT"),
    ("400-developer-id-not-associated", 400, "InvalidInput", "operator", "HUMAN"),
    ("400-oauth-setup-missing", 400, "InvalidInput", "operator", "HUMAN"),
    ("400-missing-role", 400, "InvalidInput", "operator", "HUMAN"),
    ("400-inactive-account", 400, "InvalidInput", "seller", "HUMAN"),
    ("403-expired-token", 403, "Unauthorized", "nobody", "REAUTH"),
    ("403-missing-role", 403, "Unauthorized", "operator", "HUMAN"),
    ("403-wrong-account-kind", 403, "Unauthorized", "operator", "HUMAN"),
    ("403-region-mismatch", 403, "Unauthorized", "developer", "FIX_REQUEST"),
    ("403-wrong-path-or-version", 403, "Unauthorized", "developer", "FIX_REQUEST"),
    ("403-deprecated-endpoint", 403, "Unauthorized", "developer", "HUMAN"),
    ("403-unsupported-marketplace", 403, "Unauthorized", "developer", "FIX_REQUEST"),
    ("403-account-suspended", 403, "Unauthorized", "seller", "HUMAN"),
    ("403-missing-token", 403, "Unauthorized", "developer", "REAUTH"),
    ("403-invalid-signature", 403, "InvalidSignature", "developer", "FIX_REQUEST"),
    ("404-mistyped-id", 404, "NotFound", "developer", "FIX_INPUT"),
    ("404-unavailable-id", 404, "NotFound", "developer", "FIX_INPUT"),
    ("404-premature-poll", 404, "NotFound", "nobody", "WAIT_STATE"),
    ("404-wrong-path", 404, "NotFound", "developer", "FIX_REQUEST"),
    ("429-rate-limit", 429, "QuotaExceeded", "nobody", "RATE"),
    ("null-enum", 200, None, "developer", "CODE"),
]

# The conditions under which the document expects an HTML 400, in its order.
MALFORMED = [
    "400-malformed-http-body-in-get-or-head",
    "400-malformed-http-content-length-unparseable",
    "400-malformed-http-multiple-content-length",
    "400-malformed-http-content-length-and-transfer-encoding",
    "400-malformed-http-host-header",
    "400-malformed-http-empty-header",
    "400-malformed-http-multiline-header",
    "400-malformed-http-header-termination",
    "400-malformed-http-missing-colon",
    "400-malformed-http-control-character",
    "400-malformed-http-trailing-empty-line",
    "400-malformed-http-no-uri",
    "400-malformed-http-method",
]
HTML_400 = "<!DOCTYPE html><html><head><title>x</title></head><body></body></html>"

# code, who acts, the consoles for which the document gives steps.
CONSENT_CODES = [
    ("MD1000", "developer", []),
    ("MD5101", "operator", ["Solution Provider Portal", "Seller Central"]),
    ("MD5110", "operator", ["Solution Provider Portal", "Seller Central"]),
    ("MD9100", "operator", ["Solution Provider Portal", "Seller Central"]),
    ("SPDC8143", "seller", []),
    ("SPSA0404", "operator", ["Solution Provider Portal"]),
    ("CONSENT_LIMIT_REACHED", "operator", []),
]

# The texts in `details` of a 403: the only thing that tells these apart. fault, variant.
DETAILS = [
    ("The access token you provided has expired.", "403-expired-token", "access-token-expired"),
    ("The access token you provided is revoked, malformed or invalid.", "403-expired-token", "token-revoked"),
    ("The LWA secret token you provided has expired.", "403-expired-token", "client-secret-expired"),
    ("Access token is missing in the request header.", "403-missing-token", None),
    ("The marketplaces you provided are not valid for region.", "403-region-mismatch", None),
]

# Texts as APIs word them, and the only entry of the document that may claim them alone.
MESSAGES = [
    (
        "Missing request parameter: externalReviewerId.",
        "400-missing-required-field",
        {"parameter": "externalReviewerId"},
    ),
    (
        "Required parameter 'shipmentId' is missing in the request",
        "400-missing-required-field",
        {"parameter": "shipmentId"},
    ),
    ("Missing required parameter: 'marketplaceId'.", "400-missing-required-field", {"parameter": "marketplaceId"}),
    ("endTime is not a valid ISO date/time object", "400-invalid-date-format", {"parameter": "endTime"}),
    ("timestamp must follow ISO8601", "400-invalid-date-format", {}),
    (
        (
            "We could not decode your NextToken. Possible reasons include: a transmission error, improper quoting or a "
            "truncation problem."
        ),
        "400-invalid-next-token",
        {},
    ),
    (
        "The content of element 'invoice' is not complete. One of '{invoiceNumber, referenceNumber}' is expected.",
        "400-missing-child-object",
        {"element": "invoice", "expected": "{invoiceNumber, referenceNumber}"},
    ),
    ("'no-such' is an invalid templateId", "400-wrong-identifier", {"value": "no-such", "thing": "template"}),
    (
        (
            "1 validation error detected: Value 'GBR' at 'address.countryCode' failed to satisfy constraint: Member "
            "must have length less than or equal to 2"
        ),
        "400-wrong-identifier",
        {
            "count": "1",
            "value": "GBR",
            "parameter": "address.countryCode",
            "constraint": "Member must have length less than or equal to 2",
        },
    ),
    (
        "Developer ID 1234-5678-9012 is not associated with the application id.",
        "400-developer-id-not-associated",
        {"developer_id": "1234-5678-9012"},
    ),
    ("Application is missing OAuth setup", "400-oauth-setup-missing", {}),
    (
        "Application does not have access to one or more requested data elements: [buyerInfo]",
        "400-missing-role",
        {"elements": "buyerInfo"},
    ),
    ("Access to the resource is forbidden", "403-missing-role", {}),
    ("Verify the API endpoint or resource path and try again.", "404-wrong-path", {}),
    ("You exceeded your quota for the requested resource.", "429-rate-limit", {}),
    ("Request Throttled", "429-rate-limit", {}),
    (
        "Error converting value \"JE_NEW\" to type 'System.Nullable`1[Category]'",
        "null-enum",
        {"value": "JE_NEW", "type": "System.Nullable`1[Category]"},
    ),
]

# Texts that no entry of the document may claim alone: they decide nothing, or belong to somebody else.
UNDECIDED = [
    "Access to requested resource is denied.",
    "Invalid Input",
    "Request has missing or invalid parameters and cannot be parsed.",
    "Missing or invalid request parameters: [serviceJobId]",
    "The requested resource doesn't exist.",
    "One or more of the provided ReportRequestIds could not be found.",
    "HE 14 is an invalid SKU for marketplace ATVPDKIKX0DER",
    "Could not match input arguments",
    "Temporary failure occurred, retry operation after some time",
    "The inbound plan is already cancelled.",
    "Vielen Dank",
]


def claims(text: str) -> dict[str, dict[str, str]]:
    """The entries that claim `text` for themselves alone, each by its most specific template, with the parameters."""
    found: dict[str, tuple[int, dict[str, str]]] = {}
    for fault in FAULTS.values():
        for message in fault.messages:
            if message.shared:
                continue
            parameters = message.compiled.match(text)
            weight = message.compiled.weight
            if parameters is not None and weight > found.get(fault.id, (-1, {}))[0]:
                found[fault.id] = (weight, parameters)
    heaviest = max((weight for weight, _ in found.values()), default=0)
    return {name: parameters for name, (weight, parameters) in found.items() if weight == heaviest}


def in_order(names: Iterable[str]) -> list[str]:
    """The ids in the order in which the catalogue has them."""
    wanted = set(names)
    return [name for name in FAULTS if name in wanted]


@pytest.mark.parametrize(("name", "status", "code", "who", "retry"), TABLES)
def test_row_of_the_tables(name: str, status: int, code: str | None, who: str, retry: str) -> None:
    fault = FAULTS[name]
    assert (fault.status, fault.code, fault.who, fault.recovery.retry) == (status, code, who, retry)


def test_the_document_has_these_rows_and_no_other() -> None:
    consent = [f"auth-{code}" for code, _, _ in CONSENT_CODES]
    assert sorted(FAULTS) == sorted([row[0] for row in TABLES] + MALFORMED + consent)


def test_the_rows_stand_in_the_order_of_the_document() -> None:
    names = [row[0] for row in TABLES]
    assert in_order(names) == names
    assert in_order(MALFORMED) == MALFORMED
    consent = [f"auth-{code}" for code, _, _ in CONSENT_CODES]
    assert in_order(consent) == consent


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_requests_share_one_answer_and_one_sign(name: str) -> None:
    fault = FAULTS[name]
    assert fault.kind is Kind.CAUSE
    assert (fault.status, fault.code, fault.who) == (400, None, Who.DEVELOPER)
    assert fault.recovery.retry is RetryClass.FIX_REQUEST
    assert [(sign.status, sign.body, sign.code) for sign in fault.signs] == [(400, BodyKind.HTML, None)]
    assert fault.answer is not None
    assert (fault.answer.status, fault.answer.content_type, fault.answer.body) == (400, "text/html", HTML_400)


def test_malformed_requests_differ_by_what_to_look_at() -> None:
    checks = [FAULTS[name].check for name in MALFORMED]
    assert None not in checks
    assert len({check.text for check in checks if check is not None}) == len(MALFORMED) == 13


def test_the_first_condition_is_the_row_about_get_with_a_body() -> None:
    assert FAULTS["400-get-with-body"].same_as == ["400-malformed-http-body-in-get-or-head"]
    assert FAULTS["400-malformed-http-body-in-get-or-head"].same_as == ["400-get-with-body"]


@pytest.mark.parametrize("name", ["400-get-with-body", "400-wrong-content-type"])
def test_rows_that_an_html_page_may_mean_too(name: str) -> None:
    assert any((sign.status, sign.body) == (400, BodyKind.HTML) for sign in FAULTS[name].signs)


@pytest.mark.parametrize(("code", "who", "consoles"), CONSENT_CODES)
def test_code_of_the_consent_page(code: str, who: str, consoles: list[str]) -> None:
    fault = FAULTS[f"auth-{code}"]
    assert (fault.code, fault.status, fault.where, fault.who) == (code, None, [Where.CONSENT_PAGE], who)
    assert fault.recovery.retry is RetryClass.HUMAN
    assert sorted(fault.remedy.consoles) == sorted(consoles)
    assert code in fault.aliases


@pytest.mark.parametrize(("code", "who", "consoles"), CONSENT_CODES)
@pytest.mark.parametrize("page", ["Error Code: {}", "Something went wrong. Code:{} Please contact support.", "{}"])
def test_a_page_is_known_by_the_code_in_it(code: str, who: str, consoles: list[str], page: str) -> None:
    assert list(claims(page.format(code))) == [f"auth-{code}"]
    messages = FAULTS[f"auth-{code}"].messages
    assert {message.field for message in messages} == {MessageField.PAGE}


@pytest.mark.parametrize(("text", "name", "variant"), DETAILS)
def test_details_prove_one_variant(text: str, name: str, variant: str | None) -> None:
    assert claims(text) == {name: {}}
    fault = FAULTS[name]
    (message,) = [message for message in fault.messages if message.compiled.match(text) is not None]
    assert message.variant == variant
    assert message.field in (MessageField.ANY, MessageField.DETAILS)
    if variant is not None:
        assert fault.variant(variant) is not None


def test_the_variants_of_an_expired_token_are_recovered_from_differently() -> None:
    variants = {
        variant.name: (variant.recovery.retry, variant.who, variant.remedy.action)
        for variant in FAULTS["403-expired-token"].variants
    }
    assert variants == {
        "access-token-expired": (RetryClass.REAUTH, Who.NOBODY, Action.RENEW_TOKEN),
        "restricted-token-expired": (RetryClass.REAUTH, Who.NOBODY, Action.RENEW_TOKEN),
        "token-revoked": (RetryClass.REAUTH, Who.NOBODY, Action.RENEW_TOKEN),
        "client-secret-expired": (RetryClass.HUMAN, Who.OPERATOR, Action.ROTATE_SECRET),
        "refresh-token-expired": (RetryClass.HUMAN, Who.SELLER, Action.REAUTHORISE),
    }


@pytest.mark.parametrize(("text", "name", "parameters"), MESSAGES)
def test_a_wording_names_its_cause(text: str, name: str, parameters: dict[str, str]) -> None:
    assert claims(text) == {name: parameters}


@pytest.mark.parametrize("text", UNDECIDED)
def test_a_wording_that_decides_nothing(text: str) -> None:
    assert claims(text) == {}


def answer_of(fault: Fault) -> tuple[int, str] | None:
    """What tells an answer from another: its status and its body."""
    return None if fault.answer is None else (fault.answer.status, fault.answer.body)


def test_faults_with_the_same_answer_name_the_next_check() -> None:
    answers: dict[tuple[int, str], list[str]] = {}
    for fault in FAULTS.values():
        key = answer_of(fault)
        if key is not None:
            answers.setdefault(key, []).append(fault.id)
    tied = [name for names in answers.values() if len(names) > 1 for name in names]
    assert {"403-missing-role", "403-wrong-path-or-version", "403-account-suspended", *MALFORMED} <= set(tied)
    for name in tied:
        check = FAULTS[name].check
        assert check is not None, name
        assert check.text, name
        assert check.confirms, name
        assert check.refutes, name


def test_no_text_is_claimed_by_two_entries() -> None:
    # One entry may claim a text that others merely allow; two may not.
    claiming: dict[str, set[str]] = {}
    for fault in FAULTS.values():
        for message in fault.messages:
            if not message.shared:
                claiming.setdefault(message.compiled.normalised, set()).add(fault.id)
    assert {text: names for text, names in claiming.items() if len(names) > 1} == {}


NEEDS_TARGET = {
    RetryClass.VERIFY: {ResyncTarget.EFFECT},
    RetryClass.RESYNC: {ResyncTarget.SEQUENCE, ResyncTarget.VERSION},
    RetryClass.RESELECT: {ResyncTarget.SHIPPING_OPTIONS},
    RetryClass.RESTART_PAGING: {ResyncTarget.LISTING},
    RetryClass.FIX_STATE: {ResyncTarget.STATE},
}


def lacking(recovery: Recovery) -> str | None:
    """What the decision of this class needs and the entry does not say."""
    targets = NEEDS_TARGET.get(recovery.retry)
    if targets is not None and recovery.resync not in targets:
        return f"resync is {recovery.resync}"
    if recovery.retry is RetryClass.WAIT_STATE and (recovery.wait is not WaitSubject.ENTITY or not recovery.poll):
        return "wait=entity and poll"
    if recovery.retry in (RetryClass.SCHEDULE, RetryClass.LOCKOUT) and recovery.wait is not WaitSubject.ORDER_OPERATION:
        return "wait=order-operation"
    if recovery.retry is RetryClass.LOCKOUT and recovery.until is None:
        return "until"
    return None


def test_every_recovery_class_has_what_its_decision_needs() -> None:
    complaints = {
        (fault.id, recovery.retry): lacking(recovery)
        for fault in load_sources()
        for recovery in (fault.recovery, *(variant.recovery for variant in fault.variants))
    }
    assert {key: complaint for key, complaint in complaints.items() if complaint is not None} == {}


@pytest.mark.parametrize(
    ("recovery", "complaint"),
    [
        (Recovery(retry=RetryClass.RESTART_PAGING), "resync is None"),
        (Recovery(retry=RetryClass.VERIFY, resync=ResyncTarget.LISTING), "resync is listing"),
        (Recovery(retry=RetryClass.WAIT_STATE, wait=WaitSubject.ENTITY), "wait=entity and poll"),
        (Recovery(retry=RetryClass.SCHEDULE), "wait=order-operation"),
        (Recovery(retry=RetryClass.LOCKOUT, wait=WaitSubject.ORDER_OPERATION), "until"),
        (Recovery(retry=RetryClass.HUMAN), None),
    ],
)
def test_a_recovery_that_says_too_little_is_seen(recovery: Recovery, complaint: str | None) -> None:
    assert lacking(recovery) == complaint


# The conflicts inside the document, and where a reader meets them.
CONTRADICTIONS = [
    ("C-27", ["400-malformed-http-trailing-empty-line"]),
    ("C-31", ["400-malformed-http-empty-header"]),
    ("C-32", ["403-expired-token"]),
    ("C-33", ["403-expired-token"]),
    ("C-34", ["403-wrong-path-or-version", "404-wrong-path"]),
    ("C-35", ["400-missing-role", "403-missing-role"]),
    ("C-36", ["400-inactive-account", "403-account-suspended"]),
    ("C-37", ["400-wrong-content-type"]),
    ("C-38", ["429-rate-limit"]),
    ("C-39", ["400-invalid-next-token"]),
    ("C-40", ["403-missing-role"]),
    ("C-41", ["404-premature-poll"]),
    ("C-44", ["429-rate-limit"]),
    ("C-45", ["400-developer-id-not-associated", "400-oauth-setup-missing"]),
]


@pytest.mark.parametrize(("name", "expected"), CONTRADICTIONS)
def test_a_contradiction_is_shown_where_it_matters(name: str, expected: list[str]) -> None:
    holders = [fault.id for fault in FAULTS.values() if name in {entry.id for entry in fault.contradictions}]
    assert sorted(holders) == sorted(expected)
