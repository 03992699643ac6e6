"""What people paste: whole messages, logs, exception texts, prose."""

from __future__ import annotations

import pytest

from recoup.diagnosis.engine import diagnose
from recoup.diagnosis.pasted import digest, read
from recoup.exchange import NoResponseKind

BODY = '{"errors":[{"code":"ServerBusy","message":"busy","details":""}]}'


def test_a_request_and_its_response() -> None:
    text = (
        "POST /externalFulfillment/2024-09-11/shipments/S1/packages HTTP/1.1\r\n"
        "Host: sellingpartnerapi-eu.amazon.com\r\n\r\n"
        '{"packages":[]}\r\n'
        "HTTP/1.1 409 Conflict\r\nx-amzn-RequestId: R-1\r\n\r\n" + BODY
    )
    (exchange,) = read(text)
    assert exchange.request is not None
    assert exchange.response is not None
    assert (exchange.request.method, exchange.request.host) == ("POST", "sellingpartnerapi-eu.amazon.com")
    assert exchange.request.body == b'{"packages":[]}'
    assert exchange.response.body == BODY.encode()
    diagnosis = diagnose(text)
    assert (diagnosis.id, diagnosis.request_id) == ("ef-ServerBusy", "R-1")
    assert diagnosis.operation is not None
    assert diagnosis.operation.id == "createPackages"


def test_what_curl_shows() -> None:
    text = f"> GET /a HTTP/1.1\n> Host: h\n>\n< HTTP/2 409\n< x-amzn-requestid: R-2\n<\n{BODY}"
    (exchange,) = read(text)
    assert exchange.request is not None
    assert exchange.request.path == "/a"
    assert diagnose(text).request_id == "R-2"


def test_several_responses_of_one_text() -> None:
    text = f"HTTP/1.1 200 OK\n\n{{}}\nHTTP/1.1 100 Continue\n\nHTTP/1.1 409 Conflict\n\n{BODY}\nHTTP/1.1 503 x\n\n"
    assert [exchange.response.status for exchange in read(text) if exchange.response] == [200, 409, 503]
    diagnosis = diagnose(text)
    assert diagnosis.id == "ef-ServerBusy"
    assert [other.id for other in diagnosis.others] == ["other-503-unavailable"]


def test_a_chunked_body_is_put_together() -> None:
    half = len(BODY) // 2
    chunks = f"{half:x}\r\n{BODY[:half]}\r\n{len(BODY) - half:x}\r\n{BODY[half:]}\r\n0\r\n\r\n"
    (exchange,) = read("HTTP/1.1 409 Conflict\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks)
    assert exchange.response is not None
    assert exchange.response.body == BODY.encode()


@pytest.mark.parametrize("text", ["", "nothing here", BODY, "GET /a HTTP/1.1\nHost: h\n\n", "talks about HTTP/1.1 409"])
def test_no_whole_response_in_it(text: str) -> None:
    assert read(text) == []
    assert read("HTTP/1.1 409 Conflict\n\n" + BODY, "text") == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("I get MD1000 on the consent page", "auth-MD1000"),
        ("Error Code: SPDC8143", "auth-SPDC8143"),
        ("our log says SC_10001 for this order", "sc-10001-operation-not-permitted"),
        ("SC_00005", "sc-00005-forbidden"),
        ("status code: 400, error SC_00005", "sc-00005-max-retries"),
        ("it failed: The capacity for the site is breached.", "sc-30002-capacity-breached"),
        ("we see `application is missing OAuth setup` since today", "400-oauth-setup-missing"),
        ("ApiException: [403] Request is forbidden", "sc-00005-forbidden"),
        ("AuthorizationError: ('invalid_client', 'Client authentication failed', 401)", "lwa-invalid-client"),
        ("the token endpoint answers invalid_grant", "lwa-invalid-grant"),
        ("429 Too Many Requests on getOrders", "429-rate-limit"),
        ("requests.exceptions.HTTPError: 503 Server Error: for url: https://x", "other-503-unavailable"),
        ("StatusCode 400\n<!DOCTYPE html><html><head><title>x</title></head></html>", "400-get-with-body"),
        ("[{'message': 'Request limit exceeded', 'code': 'QuotaExceeded', 'details': ''}]", "429-rate-limit"),
        ("code: 'QuotaExceeded'", "429-rate-limit"),
        ("Order 403 was shipped", None),
        ("hello", None),
        ('{"payload":{"orderId":"1"}}', None),
        ("HTTP 200 and all is well", None),
        ("", None),
    ],
)  # fmt: skip
def test_prose(text: str, fault: str | None) -> None:
    diagnosis = diagnose(text)
    assert diagnosis.id == fault
    assert diagnosis.failed is (fault is not None)
    assert diagnose(text.encode()).id == fault


@pytest.mark.parametrize(
    ("text", "kind", "sent"),
    [
        ("cURL error 28: Operation timed out after 30001 milliseconds", NoResponseKind.TIMEOUT, True),
        ("cURL error 35: OpenSSL SSL_connect: Connection reset by peer", NoResponseKind.TLS, False),
        ("Error: connect ECONNREFUSED 127.0.0.1:443", NoResponseKind.CONNECT, False),
        ("Error: read ECONNRESET", NoResponseKind.RESET, True),
        ("urllib3.exceptions.IncompleteRead: IncompleteRead(12 bytes read)", NoResponseKind.TRUNCATED, True),
        ("socket.gaierror: [Errno -2] Name or service not known", NoResponseKind.CONNECT, False),
    ],
)
def test_a_connection_that_broke(text: str, kind: NoResponseKind, sent: bool) -> None:
    diagnosis = diagnose(f"Traceback (most recent call last):\n{text}\n")
    assert diagnosis.failed
    assert diagnosis.id == "other-network-tls"
    assert diagnosis.no_response is not None
    assert (diagnosis.no_response.kind, diagnosis.no_response.sent) == (kind, sent)


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("HTTP 400", 400),
        ("HTTP/1.1 403 Forbidden", 403),
        ("status code: 403", 403),
        ("statusCode => 404", 404),
        ("HTTPStatus = 404 NotFound", 404),
        ("response_code=403", 403),
        ("403 Client Error: Forbidden for url", 403),
        ("resulted in a `401 Unauthorized` response", 401),
        ("[400] {", 400),
        ("got a 500 error", 500),
        ("response_code=200 … response_code=403", 403),
        ("order 404-1234567", None),
        ("version 4.0.3", None),
        ("it took 500 ms", None),
    ],
)
def test_how_texts_name_a_status(text: str, status: int | None) -> None:
    assert digest(text).status == status


def test_the_request_in_a_text() -> None:
    found = digest("GET /orders/v0/orders?MarketplaceIds=A HTTP/1.1\nhost: sellingpartnerapi-na.amazon.com\n=> 403")
    assert found.request is not None
    assert (found.request.method, found.request.path) == ("GET", "/orders/v0/orders")
    assert found.request.host == "sellingpartnerapi-na.amazon.com"
    alone = digest("calling https://sellingpartnerapi-eu.amazon.com/orders/v0/orders fails")
    assert alone.request is not None
    assert alone.request.path == "/orders/v0/orders"
    assert digest("no address in here").request is None


@pytest.mark.parametrize("length", ["9" * 5000, "²", "-1", "", "0", "1e3", "999"])
def test_a_length_that_is_none_leaves_the_body_whole(length: str) -> None:
    """Python makes no number of thousands of digits: it raises instead."""
    body = '{"errors":[{"code":"QuotaExceeded","message":"You exceeded your quota for the requested resource."}]}'
    text = f"HTTP/1.1 429 Too Many Requests\r\nContent-Length: {length}\r\n\r\n{body}"
    assert diagnose(text).id == "429-rate-limit"
