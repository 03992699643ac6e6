"""Every form of body that was seen: what is read out of it, and which fault it is. What is none stands at the end."""

from __future__ import annotations

import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recoup.catalogue.fault import BodyKind
from recoup.diagnosis.diagnosis import Diagnosis
from recoup.diagnosis.engine import diagnose
from recoup.diagnosis.shapes.batch import batch_claims, quick_claims
from recoup.exchange import Exchange, Headers, Request, Response

EF = "https://sellingpartnerapi-eu.amazon.com/externalFulfillment/2024-09-11/shipments/S1"
INVENTORY = "https://sellingpartnerapi-eu.amazon.com/externalFulfillment/inventory/2024-09-11/inventories"
LABELS = EF + "/shipLabels"
CANCELLED = "Cannot process the request because the order is already cancelled"


def seen(status: int, body: bytes | str, url: str | None = None, method: str = "POST", **headers: str) -> Diagnosis:
    """The diagnosis of a response, with the request that led to it where a URL is given."""
    request = None if url is None else Request(method=method, url=url)
    data = body if isinstance(body, bytes) else body.encode()
    fields = Headers([(name.replace("_", "-"), value) for name, value in headers.items()])
    return diagnose(Exchange(request=request, response=Response(status=status, headers=fields, body=data)))


WRAPPED = (
    '{ "error": { "errors": [ { "domain": "global", "reason": "badRequest", "message": "{ "retryable": false, '
    '"errorDescription": "The capacity for the site is breached", "errorCode": "SC_30002" }" } ], "code": 400 } }'
)

# By name: status and body of the response; id, code, SC number and kind of body of the diagnosis.
ERRORS: dict[str, tuple[int, str, str | None, str | None, str | None, BodyKind]] = {
    "today's form": (
        422,
        '{"errors":[{"code":"OrderCancelled","message":"' + CANCELLED + '","details":"SC_00006"}]}',
        "sc-00006-order-cancelled",
        "OrderCancelled",
        "SC_00006",
        BodyKind.ERRORS,
    ),
    "the old order of keys and its odd indentation": (
        403,
        '{\n  "errors": [\n    {\n      "message": "Request is forbidden",\n     "code": "Forbidden"}]}',
        "sc-00005-forbidden",
        "Forbidden",
        None,
        BodyKind.ERRORS,
    ),
    "a short code with a blank": (
        400,
        '{"errors":[{"code":"Invalid Input","message":"At least one field is mandatory in the input payload"}]}',
        "sc-00002-mandatory-field",
        "Invalid Input",
        None,
        BodyKind.ERRORS,
    ),
    "the SC number as the code": (
        400,
        '{"errors":[{"code":"SC_30003","message":"…"}]}',
        "sc-30003-incorrect-package-dimensions",
        "SC_30003",
        "SC_30003",
        BodyKind.ERRORS,
    ),
    "the SC number in details": (
        400,
        '{"errors":[{"code":"InvalidInput","message":"…","details":"see SC_30004"}]}',
        "sc-30004-pickup-slot-expired",
        "InvalidInput",
        "SC_30004",
        BodyKind.ERRORS,
    ),
    "the SC number in the message, in lower case": (
        400,
        '{"errors":[{"code":"InvalidInput","message":"sc_20000: too many"}]}',
        "sc-20000-quantity-exceeds-inventory",
        "InvalidInput",
        "SC_20000",
        BodyKind.ERRORS,
    ),
    "the older form": (
        404,
        '{"errorCode":"SC_00003","description":"Requested artifact of type \'INVOICE\' not found","retryable":false}',
        "sc-00003-artifact-not-found",
        "SC_00003",
        "SC_00003",
        BodyKind.LEGACY,
    ),
    "the older form with errorDescription": (
        503,
        '{"retryable":true,"errorDescription":"Temporary failure occurred, retry operation","errorCode":"SC_00001"}',
        "sc-00001-service-unavailable",
        "SC_00001",
        "SC_00001",
        BodyKind.LEGACY,
    ),
    "one bare object": (
        409,
        '{"code":"DuplicateRequest","message":"Duplicate clientToken exists for \'sku\' \'A\'"}',
        "sc-00004-duplicate-client-token",
        "DuplicateRequest",
        None,
        BodyKind.BARE,
    ),
    "JSON in a string": (
        422,
        '{"error":"{\\"errors\\":[{\\"code\\":\\"OrderCancelled\\",\\"message\\":\\"' + CANCELLED + '\\"}]}"}',
        "sc-00006-order-cancelled",
        "OrderCancelled",
        None,
        BodyKind.ERRORS,
    ),
    "JSON in a string in a string": (
        422,
        '"\\"{\\\\\\"code\\\\\\":\\\\\\"OrderCancelled\\\\\\",\\\\\\"message\\\\\\":\\\\\\"gone\\\\\\"}\\""',
        "ef-OrderCancelled",
        "OrderCancelled",
        None,
        BodyKind.BARE,
    ),
    "an integrator's wrapper with quotes that are not escaped": (
        400,
        WRAPPED,
        "sc-30002-capacity-breached",
        "SC_30002",
        "SC_30002",
        BodyKind.LEGACY,
    ),
    "a message that is null": (
        409,
        '{"errors":[{"message":null,"code":"ServerBusy"}]}',
        "ef-ServerBusy",
        "ServerBusy",
        None,
        BodyKind.ERRORS,
    ),
    "without its last brace": (
        400,
        '{"errors":[{"code":"InvalidInput","message":"Package dimensions or weight is incorrect","details":""}]',
        "sc-30003-incorrect-package-dimensions",
        "InvalidInput",
        None,
        BodyKind.ERRORS,
    ),
    "cut by a client at 120 characters": (
        400,
        '{"errors":[{"code":"InvalidInput","message":"Package dimensions or weight is incorrect","deta (truncated...)',
        "sc-30003-incorrect-package-dimensions",
        "InvalidInput",
        None,
        BodyKind.ERRORS,
    ),
    "as Python prints it": (
        409,
        "{'errors': [{'code': 'ServerBusy', 'message': None, 'details': ''}]}",
        "ef-ServerBusy",
        "ServerBusy",
        None,
        BodyKind.ERRORS,
    ),
    "as Ruby prints it": (
        409,
        '{"errors"=>[{"code"=>"ServerBusy", "message"=>nil}]}',
        "ef-ServerBusy",
        "ServerBusy",
        None,
        BodyKind.ERRORS,
    ),
    "as JavaScript prints it": (
        409,
        "{ errors: [ { code: 'ServerBusy', message: undefined, details: '' } ] }",
        "ef-ServerBusy",
        "ServerBusy",
        None,
        BodyKind.ERRORS,
    ),
    "as PHP prints it": (
        409,
        "Array ( [errors] => Array ( [0] => Array ( [code] => ServerBusy [message] => busy ) ) )",
        "ef-ServerBusy",
        "ServerBusy",
        None,
        BodyKind.ERRORS,
    ),
    "Login with Amazon": (
        401,
        '{"error_description":"Client authentication failed","error":"invalid_client"}',
        "lwa-invalid-client",
        "invalid_client",
        None,
        BodyKind.LOGIN,
    ),
    "Login with Amazon, as a client library prints it": (
        401,
        "('invalid_client', 'Client authentication failed', 401)",
        "lwa-invalid-client",
        "invalid_client",
        None,
        BodyKind.LOGIN,
    ),
    "XML of the document storage": (
        403,
        '<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>',
        "other-presigned-url-expired",
        "AccessDenied",
        None,
        BodyKind.XML,
    ),
    "an unknown code is kept, and the status decides": (
        503,
        '{"errors":[{"code":"SomethingNew","message":"never seen"}]}',
        "other-503-unavailable",
        "SomethingNew",
        None,
        BodyKind.ERRORS,
    ),
    "an SC number that no document has": (
        500,
        '{"errors":[{"code":"SC_99999","message":"never seen"}]}',
        "other-500-internal",
        "SC_99999",
        "SC_99999",
        BodyKind.ERRORS,
    ),
    "a status that no document has": (418, '{"errors":[]}', None, None, None, BodyKind.JSON),
}


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_body(name: str) -> None:
    status, body, fault, code, sc_code, kind = ERRORS[name]
    diagnosis = seen(status, body)
    assert diagnosis.failed
    assert diagnosis.id == fault
    assert (diagnosis.code, diagnosis.sc_code, diagnosis.body_kind) == (code, sc_code, kind)
    assert (diagnosis.status, diagnosis.http_status) == (status, status)


BODY = ERRORS["today's form"][1]
ENCODINGS = {
    "with a byte order mark": b"\xef\xbb\xbf" + BODY.encode(),
    "UTF-16, little end first": BODY.encode("utf-16"),
    "UTF-16 without a mark": BODY.encode("utf-16-le"),
    "UTF-16, big end first, without a mark": BODY.encode("utf-16-be"),
    "packed": gzip.compress(BODY.encode()),
    "ISO 8859-1": BODY.replace("SC_00006", "SC_00006 \xe9").encode("latin-1"),
    "with bytes that are no text": BODY.encode().replace(b"SC_00006", b"SC_00006\xff\xfe\x80"),
    "with blanks around": b"\r\n\r\n  " + BODY.encode() + b"\n",
}


@pytest.mark.parametrize("name", ENCODINGS)
def test_the_encoding_does_not_matter(name: str) -> None:
    assert seen(422, ENCODINGS[name]).id == "sc-00006-order-cancelled"


@pytest.mark.parametrize("claimed", ["text/html", "application/xml", "text/plain", "image/png", "nonsense", ""])
def test_the_body_counts_and_not_its_content_type(claimed: str) -> None:
    assert seen(422, BODY, Content_Type=claimed).id == "sc-00006-order-cancelled"


def test_a_content_type_that_is_not_true_is_said() -> None:
    page = "<!DOCTYPE html><html><head><title>x</title></head><body></body></html>"
    diagnosis = seen(400, page, Content_Type="application/json")
    assert diagnosis.body_kind is BodyKind.HTML
    assert [finding.rule for finding in diagnosis.findings] == ["content-type"]
    assert seen(400, page, Content_Type="text/html").findings == ()


def test_a_damaged_body_is_said() -> None:
    assert [finding.rule for finding in seen(422, BODY[:-1]).findings] == ["body-cut"]


def test_the_wires_own_retryable_is_kept_as_evidence() -> None:
    assert seen(404, ERRORS["the older form"][1]).retryable_field is False
    assert seen(503, ERRORS["the older form with errorDescription"][1]).retryable_field is True
    assert seen(422, BODY).retryable_field is None


def test_several_errors_in_one_response() -> None:
    body = (
        '{"errors":[{"code":"InvalidInput","message":"never seen"},'
        '{"code":"InvalidInput","message":"Invalid input \'0\' for parameter \'maxResults\'"},'
        '{"code":"InvalidInput","message":"At least one field is mandatory in the input payload"}]}'
    )
    diagnosis = seen(400, body, EF)
    assert diagnosis.id == "sc-00002-invalid-value"  # the one that says most leads
    assert diagnosis.parameters == {"value": "0", "parameter": "maxResults"}
    assert [other.id for other in diagnosis.others] == ["ef-InvalidInput", "sc-00002-mandatory-field"]


def _item(status: int, errors: str = "", phrase: str = "x", sku: str = "A") -> str:
    return (
        f'{{"status":{{"statusCode":{status},"reasonPhrase":"{phrase}"}},'
        f'"body":{{"skuId":"{sku}","locationId":"L","actionableErrors":[{errors}]}}}}'
    )


def _batch(*items: str) -> str:
    return '{"responses":[' + ",".join(items) + "]}"


SEQUENCE = '{"errorType":"StateConflict","errorSubType":"7 is in conflict with existing client sequence number 9"}'


def test_items_of_a_batch_have_their_own_status() -> None:
    body = _batch(_item(200), _item(409, SEQUENCE, sku="B"), _item(200), _item(500, phrase="InternalFailure", sku="D"))
    diagnosis = seen(207, body, INVENTORY)
    assert diagnosis.id == "sc-20002-sequence-conflict"
    assert (diagnosis.status, diagnosis.http_status, diagnosis.body_kind) == (409, 207, BodyKind.BATCH)
    assert diagnosis.parameters == {"sequence": "7", "existing": "9"}
    assert diagnosis.item is not None
    assert (diagnosis.item.index, diagnosis.item.name) == (1, "B")
    (other,) = diagnosis.others
    assert (other.id, other.status) == ("ef-InternalFailure", 500)
    assert other.item is not None
    assert other.item.name == "D"


_ENTRIES = [
    _item(200),
    '{"status": {"statusCode": 204}, "body": null}',
    '{"status": {"statusCode": 200}, "body": {"actionableErrors": [], "skuId": "S"}}',
    '{"status": {"statusCode": 200}, "body": {"actionableErrors": [{"errorType": "INVALID_SKU"}], "skuId": "S"}}',
    _item(409),
    _item(400, '{"errorType": "InvalidInput", "errorSubType": "No such thing"}'),
    '{"statusCode": 404, "body": {"errors": [{"code": "NotFound", "message": "no", "details": ""}]}}',
    '{"status": "x"}',
    "null",
]


@given(st.lists(st.sampled_from(_ENTRIES), max_size=30))
def test_what_failed_in_a_batch_is_the_same_read_alone(entries: list[str]) -> None:
    body = _batch(*entries).encode()
    quick = quick_claims(body)
    assert quick == [] or quick == batch_claims(json.loads(body))
    if any("409" in entry for entry in entries[:20]):
        assert quick


def test_the_words_of_an_item_may_stand_in_either_field() -> None:
    swapped = '{"errorSubType":"StateConflict","errorType":"7 is in conflict with existing client sequence number 9"}'
    assert seen(207, _batch(_item(409, swapped)), INVENTORY).id == "sc-20002-sequence-conflict"


def test_an_item_that_succeeded_and_asks_the_seller_to_act() -> None:
    errors = '{"errorType":"PRODUCT_VALIDATION_FAILURE","errorSubType":"INVALID_SKU"}'
    diagnosis = seen(207, _batch(_item(200, errors)), INVENTORY)
    assert (diagnosis.id, diagnosis.status, diagnosis.http_status) == ("ef-http-207", 200, 207)


def test_a_pricing_batch_with_a_failed_item() -> None:
    body = (
        '{"responses":[{"status":{"statusCode":200},"body":{}},{"status":{"statusCode":429,"reasonPhrase":"Too Many"},'
        '"body":{"errors":[{"code":"QuotaExceeded","message":"Request limit exceeded"}]}}]}'
    )
    diagnosis = seen(200, body, "https://sellingpartnerapi-na.amazon.com/batches/products/pricing/v0/itemOffers")
    assert (diagnosis.id, diagnosis.status, diagnosis.http_status) == ("429-rate-limit", 429, 200)


def _label(status: str, error: str = "") -> str:
    return f'{{"packageId":"P","status":"{status}"{error}}}'


DIMENSIONS = ',"errorDetails":{"code":"30003","message":"…"}'


def test_a_package_without_a_label() -> None:
    body = '{"packageShipLabelList":[' + _label("SUCCESS") + "," + _label("FAILURE", DIMENSIONS) + "]}"
    diagnosis = seen(200, body, LABELS, "PUT")
    assert diagnosis.id == "sc-30003-incorrect-package-dimensions"
    assert (diagnosis.sc_code, diagnosis.status, diagnosis.http_status) == ("SC_30003", 400, 200)
    assert diagnosis.item is not None
    assert (diagnosis.item.kind, diagnosis.item.index) == ("package", 1)


def test_the_older_mark_of_a_failed_label() -> None:
    body = '{"packageShipLabelList":[{"packageId":"P","isErrored":true,"errorDetails":{"code":"00001"}}]}'
    assert seen(200, body, LABELS, "PUT").id == "sc-00001-service-unavailable"


HIDDEN = {
    "a listing that is invalid": (
        "PUT",
        "/listings/2021-08-01/items/M/SKU",
        '{"sku":"SKU","status":"INVALID","issues":[{"code":"4000003","message":"…","severity":"ERROR"}]}',
        "other-listing-issue",
    ),
    "an operation that ended in failure": (
        "GET",
        "/inbound/fba/2024-03-20/operations/1",
        '{"operationStatus":"FAILED","operationProblems":[{"code":"X","message":"Internal Server Error"}]}',
        "other-500-internal",
    ),
    "a transaction that ended in failure": (
        "GET",
        "/vendor/transactions/v1/transactions/1",
        '{"payload":{"transactionStatus":{"transactionId":"1","status":"Failure","errors":[{"code":"X","message":"y"}]}}}',
        None,
    ),
}


@pytest.mark.parametrize("name", HIDDEN)
def test_accepted_and_failed_all_the_same(name: str) -> None:
    method, path, body, fault = HIDDEN[name]
    diagnosis = seen(200, body, "https://sellingpartnerapi-na.amazon.com" + path, method)
    assert diagnosis.failed
    assert diagnosis.id == fault


def test_a_value_that_is_newer_than_the_model() -> None:
    diagnosis = seen(200, '{"id":"1","status":"TELEPORTED"}', EF, "GET")
    assert diagnosis.id == "null-enum"
    assert diagnosis.parameters == {"field": "status", "value": "TELEPORTED"}
    assert seen(200, '{"id":"1","status":"CONFIRMED"}', EF, "GET").ok


NOTHING: dict[str, tuple[int, str, str | None, str]] = {
    "a batch in which nothing failed": (207, _batch(_item(200), _item(200)), INVENTORY, "POST"),
    "labels that are all there": (200, '{"packageShipLabelList":[' + _label("SUCCESS") + "]}", LABELS, "PUT"),
    "an accepted listing with a warning": (
        200,
        '{"sku":"S","status":"ACCEPTED","issues":[{"code":"1","message":"m","severity":"WARNING"}]}',
        "https://sellingpartnerapi-na.amazon.com/listings/2021-08-01/items/M/S",
        "PUT",
    ),
    "the word error in a title": (200, '{"payload":{"title":"Error: Request is forbidden"}}', None, "GET"),
    "an empty list of errors": (200, '{"payload":{},"errors":[]}', None, "GET"),
    "nothing at all": (204, "", EF, "POST"),
    "a page": (200, "<html><body>Welcome</body></html>", None, "GET"),
    "a redirection": (302, "", None, "GET"),
}


@pytest.mark.parametrize("name", NOTHING)
def test_nothing_failed(name: str) -> None:
    status, body, url, method = NOTHING[name]
    diagnosis = seen(status, body, url, method)
    assert diagnosis.ok
    assert diagnosis.id is None
    assert (diagnosis.status, diagnosis.http_status) == (status, status)
