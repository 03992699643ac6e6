"""What texts of programs show of a call: exceptions, dumps and code of many languages, each read for what it says."""

from __future__ import annotations

import json
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recoup.diagnosis.excerpts.fields import fields_in, of_request, of_response
from recoup.diagnosis.excerpts.statuses import status_in
from recoup.diagnosis.pasted import digest

HOST = "sellingpartnerapi-eu.amazon.com"
URL = f"https://{HOST}/orders/v0/orders?MarketplaceIds=A1PA6795UKMFR9"
ERROR = '{"errors":[{"code":"Unauthorized","message":"Access to requested resource is denied.","details":""}]}'


class Case(NamedTuple):
    text: str
    status: int | None
    method: str
    path: str
    query: dict[str, str] | None = None
    headers: dict[str, str] | None = None
    body: object = None


EXCEPTIONS = {
    "requests": Case(
        f"requests.exceptions.HTTPError: 403 Client Error: Forbidden for url: {URL}", 403, "", "/orders/v0/orders"
    ),
    "httpx": Case(
        f"httpx.HTTPStatusError: Client error '403 Forbidden' for url '{URL}'\nFor more information check: "
        "https://developer.mozilla.org/en-US/docs/Web/HTTP/Status/403",
        403, "", "/orders/v0/orders",
    ),
    "aiohttp": Case(
        f"aiohttp.client_exceptions.ClientResponseError: 429, message='Too Many Requests', url=URL('{URL}')",
        429, "", "/orders/v0/orders",
    ),
    "urllib": Case("urllib.error.HTTPError: HTTP Error 404: Not Found", 404, "", ""),
    "python-amazon-sp-api": Case(
        "sp_api.base.exceptions.SellingApiForbiddenException: [{'code': 'Unauthorized', 'message': 'Access to "
        "requested resource is denied.', 'details': ''}]",
        403, "", "",
    ),
    "python-amazon-sp-api, login": Case(
        "sp_api.auth.exceptions.AuthorizationError: ('invalid_client', 'Client authentication failed', 401)", 401, "",
        "" ),
    "amzn-sp-api": Case(
        "spapi.rest.ApiException: (403)\nReason: Forbidden\nHTTP response headers: HTTPHeaderDict({'x-amzn-RequestId': "
        f"'R-7', 'Content-Type': 'application/json'}})\nHTTP response body: {ERROR}",
        403, "", "", None, {"x-amzn-RequestId": "R-7"},
    ),
    "okhttp": Case(
        f"Response{{protocol=h2, code=403, message=, url={URL}}}", 403, "", "/orders/v0/orders"
    ),
    "Spring": Case(
        f'HttpClientErrorException$Forbidden: 403 Forbidden on GET request for "{URL}": "[{{...}}]"',
        403, "GET", "/orders/v0/orders",
    ),
    "Feign": Case(
        f"feign.FeignException$Forbidden: [403 Forbidden] during [GET] to [{URL}] [Orders#get()]: [{ERROR}]",
        403, "GET", "/orders/v0/orders",
    ),
    "java.net": Case(
        f"java.io.IOException: Server returned HTTP response code: 403 for URL: {URL}", 403, "", "/orders/v0/orders"
    ),
    "Swagger for Java": Case(
        "io.swagger.client.ApiException: Forbidden\n\tat "
        "io.swagger.client.api.OrdersV0Api.getOrders(OrdersV0Api.java:1)\nHTTP response code: 403\nHTTP response "
        "headers: {x-amzn-requestid=[R-9], server=[Server]}", 403, "", "", None, {"x-amzn-requestid": "R-9"},
    ),
    "Guzzle": Case(
        f"Client error: `GET {URL}` resulted in a `403 Forbidden` response:\n{ERROR[:60]} (truncated...)",
        403, "GET", "/orders/v0/orders",
    ),
    "Guzzle's response, printed": Case(
        "[reasonPhrase:GuzzleHttp\\Psr7\\Response:private] => Forbidden\n"
        "[statusCode:GuzzleHttp\\Psr7\\Response:private] => 403\n"
        "[headers:GuzzleHttp\\Psr7\\Response:private] => Array ( [x-amzn-RequestId] => Array ( [0] => R-3 ) )",
        403, "", "", None, {"x-amzn-RequestId": "R-3"},
    ),
    "Symfony": Case(f'HTTP/2 403 returned for "{URL}".', 403, "", "/orders/v0/orders"),
    "axios": Case(
        "AxiosError: Request failed with status code 403\n  code: 'ERR_BAD_REQUEST',\n  config: {\n"
        f"    method: 'get',\n    url: '{URL}',\n    headers: "
        f"{{ 'x-amz-access-token': 'Atza|x', 'User-Agent': 'a/1' }},\n"
        "  },\n  response: { status: 403, headers: { 'x-amzn-requestid': 'R-5', 'content-type': 'application/json' } }",
        403, "GET", "/orders/v0/orders", None, {"x-amz-access-token": "Atza|x", "x-amzn-requestid": "R-5"},
    ),
    "fetch": Case(
        f"Response {{ status: 403, statusText: 'Forbidden', url: '{URL}' }}", 403, "", "/orders/v0/orders"
    ),
    "got": Case("HTTPError: Response code 403 (Forbidden)", 403, "", ""),
    "HttpClient of .NET": Case(
        "System.Net.Http.HttpRequestException: Response status code does not indicate success: 403 (Forbidden).", 403,
        "", "" ),
    "WebException": Case("The remote server returned an error: (403) Forbidden.", 403, "", ""),
    "RestSharp, in words": Case("StatusCode: Forbidden, Content-Type: application/json", 403, "", ""),
    "RestSharp, in code": Case("Assert.AreEqual(HttpStatusCode.NotFound, response.StatusCode)", 404, "", ""),
    "Net::HTTP": Case("#<Net::HTTPForbidden 403 Forbidden readbody=true>", 403, "", ""),
    "Net::HTTP, without number": Case("raised Net::HTTPTooManyRequests", 429, "", ""),
    "Faraday": Case("Faraday::ForbiddenError (the server responded with status 403)", 403, "", ""),
    "RestClient": Case("RestClient::Forbidden: 403 Forbidden", 403, "", ""),
    "Go": Case(
        f'Get "{URL}": unexpected status: 403 Forbidden map[X-Amzn-Requestid:[R-8] Server:[Server]]',
        403, "", "/orders/v0/orders", None, {"X-Amzn-Requestid": "R-8"},
    ),
    "a log with an arrow": Case(f"GET {URL} -> 400", 400, "GET", "/orders/v0/orders"),
    "the failing one of several": Case(
        f"POST https://{HOST}/reports/2021-06-30/reports -> 202\nGET https://{HOST}/reports/2021-06-30/reports/1 -> "
        f"404",
        404, "GET", "/reports/2021-06-30/reports/1",
    ),
}  # fmt: skip

CODE = {
    "Python": Case(
        f"host = '{HOST}'\nurl = f'https://{{host}}/orders/v0/orders'\nparams = {{'MarketplaceIds': 'A1PA6795UKMFR9', "
        "'CreatedAfter': since}\nresponse = requests.get(url, headers={'x-amz-access-token': token}, params=params)",
        None, "GET", "/orders/v0/orders", {"MarketplaceIds": "A1PA6795UKMFR9", "CreatedAfter": "{since}"},
        {"x-amz-access-token": "{token}"},
    ),
    "Python, request": Case(
        f'requests.request("POST", "https://{HOST}/feeds/2021-06-30/documents", json={{"contentType": "text/xml"}})',
        None, "POST", "/feeds/2021-06-30/documents", None, None, {"contentType": "text/xml"},
    ),
    "Guzzle": Case(
        f"$client = new Client(['base_uri' => 'https://{HOST}']);\n$client->request('GET', '/orders/v0/orders', "
        f"['query' => "
        "['MarketplaceIds' => 'A1PA6795UKMFR9']]);",
        None, "GET", "/orders/v0/orders", {"MarketplaceIds": "A1PA6795UKMFR9"},
    ),
    "curl in PHP": Case(
        f"curl_setopt($ch, CURLOPT_URL, 'https://{HOST}/orders/v0/orders');\n"
        "curl_setopt($ch, CURLOPT_HTTPHEADER, array('x-amz-access-token: ' . $token));",
        None, "GET", "/orders/v0/orders", None, {"x-amz-access-token": "{value}"},
    ),
    "curl's options in PHP": Case(
        f"CURLOPT_URL => '{URL}',\nCURLOPT_CUSTOMREQUEST => 'GET',\nCURLOPT_HTTPHEADER => ['Accept: application/json']",
        None, "GET", "/orders/v0/orders", {"MarketplaceIds": "A1PA6795UKMFR9"}, {"Accept": "application/json"},
    ),
    "axios": Case(
        "const base = 'https://" + HOST + "';\naxios.post(`${base}/reports/2021-06-30/reports`, { reportType })",
        None, "POST", "/reports/2021-06-30/reports",
    ),
    "fetch": Case(
        f"await fetch('https://{HOST}/reports/2021-06-30/reports', "
        f"{{ method: 'POST', body: JSON.stringify({{reportType: "
        "'GET_FLAT_FILE_OPEN_LISTINGS_DATA', marketplaceIds: ['A1PA6795UKMFR9']}) })",
        None, "POST", "/reports/2021-06-30/reports", None, None,
        {"reportType": "GET_FLAT_FILE_OPEN_LISTINGS_DATA", "marketplaceIds": ["A1PA6795UKMFR9"]},
    ),
    "a request as an object": Case(
        "{ path: '/feeds/2021-06-30/documents', method: 'POST', host: '" + HOST + "',\n headers: { 'content-Type': "
        "'text/tab-separated-values' } }",
        None, "POST", "/feeds/2021-06-30/documents", None, {"content-Type": "text/tab-separated-values", "host": HOST},
    ),
    "HttpClient of Java": Case(
        f'HttpRequest.newBuilder().uri(URI.create("https://{HOST}/orders/v0/orders")).header("x-amz-access-token", '
        f'token)'
        ".GET().build()",
        None, "GET", "/orders/v0/orders",
    ),
    "RestSharp": Case(
        'var request = new RestRequest("/orders/v0/orders/{orderId}", Method.Get);', None, "GET",
        "/orders/v0/orders/{orderId}",
    ),
    "RestSharp, logged": Case(
        '"Parameters": [{ "Name": "x-amz-access-token", "Value": "Atza|x", "Type": 3 }], "Method": 1, "Resource": '
        '"/orders/v0/orders"',
        None, "POST", "/orders/v0/orders", None, {"x-amz-access-token": "Atza|x"},
    ),
    "HttpClient of .NET": Case(
        f'new HttpRequestMessage(HttpMethod.Get, "https://{HOST}/orders/v0/orders")', None, "GET", "/orders/v0/orders"
    ),
    "Ruby": Case(f"HTTParty.get(\"https://{HOST}/orders/v0/orders\")", None, "GET", "/orders/v0/orders"),
    "Go": Case(
        f'http.NewRequest("GET", "https://{HOST}/orders/v0/orders", nil)', None, "GET", "/orders/v0/orders"
    ),
    "PowerShell": Case(
        f'Invoke-RestMethod -Uri "https://{HOST}/orders/v0/orders" -Method Get', None, "GET", "/orders/v0/orders"
    ),
    "a curl command": Case(
        f"curl -X POST 'https://{HOST}/reports/2021-06-30/reports' \\\n -H 'x-amz-access-token: Atza|x' \\\n"
        " -H 'content-type: application/json' -d '{\"reportType\":\"X\"}'\n\n" + ERROR,
        None, "POST", "/reports/2021-06-30/reports", None, {"x-amz-access-token": "Atza|x"}, {"reportType": "X"},
    ),
    "an operation of an SDK": Case(
        "Exception when calling FeedsApi->createFeedDocument: [400] {}", 400, "POST", "/feeds/2021-06-30/documents"
    ),
    "a restricted data token": Case(
        "payload= {'restrictedResources': [{'method':'GET','path':'/orders/v0/orders','dataElements':['buyerInfo']}]}",
        None, "POST", "/tokens/2021-03-01/restrictedDataToken",
    ),
    "parts of a batch": Case(
        '"requests": [{"uri": "/products/pricing/v0/items/B00ELHZ6YI/offers", "method": "GET"}]', None, "POST",
        "/batches/products/pricing/v0/itemOffers",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", [*EXCEPTIONS.values(), *CODE.values()], ids=[*EXCEPTIONS, *CODE])
def test_a_call_is_read_from_what_programs_write(case: Case) -> None:
    found = digest(case.text)
    assert found.status == case.status
    if not case.path:
        assert found.request is None
    else:
        assert found.request is not None
        assert (found.request.method, found.request.path) == (case.method, case.path)
        if case.query is not None:
            assert found.request.query == case.query
        if case.body is not None:
            assert found.request.body is not None
            assert json.loads(found.request.body) == case.body
    sent = () if found.request is None else found.request.headers.items()
    fields = {name.lower(): value for name, value in (*sent, *found.headers.items())}
    for name, value in (case.headers or {}).items():
        assert fields.get(name.lower()) == value


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("INFO GET /orders/v0/orders 200 311ms\nWARN GET /fba/inbound/v0/plans 403 88ms", 403),
        ("label call says the slot is gone (400).", 400),
        ("HTML 400 from the socket client", 400),
        ("403s since noon, token is new", 403),
        ("getShipment => it was 404, then 200", 404),
        ("the list comes back empty, 200", 200),
        ("\u8fd4\u56de 403\uff0c", 403),
        ("java.lang.Exception: Forbidden\n  at Client.call(Client.java:4)", 403),
    ],
)
def test_a_status_that_stands_alone_is_read_where_nothing_names_one(text: str, status: int) -> None:
    found = status_in(text)
    assert found is not None
    assert found.status == status


@pytest.mark.parametrize(
    "text",
    [
        "order 404-1234567-1234567 was shipped",
        "it took 500 ms",
        "quantity 400 on hand",
        "404 Main Street",
        "version 4.0.3, build 5000",
        "'price' => 500",
        "[quantity] => 403",
        "[403] => Array",
        "code: 'Unauthorized'",
        "line 403, column 500",
        "Error 4031",
        "we ship 500 orders a day",
        "the seller has 404 listings",
        "B07403XYZ and 10,403 more",
        "AS/400 and port 443",
        "",
    ],
)
def test_a_number_that_is_no_status(text: str) -> None:
    assert status_in(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "the host: it was never set",
        "on that date: nothing",
        "we accept: everything",
        "server, host, user-agent",
        "x-amz-access-token",
        "`x-amz-access-token` is in the header",
    ],
)
def test_words_that_are_no_header_field(text: str) -> None:
    assert fields_in(text) == ()


@pytest.mark.parametrize(
    ("text", "side"),
    [
        ("x-amzn-RequestId: R\nContent-Type: application/json\nServer: Server", "response"),
        ("Host: h\nContent-Type: application/json\nUser-Agent: a", "request"),
        ("headers = {'Content-Type': 'application/json'}", "request"),
        ("the answer has Content-Type: text/html", "response"),
    ],
)
def test_content_type_is_on_the_side_of_its_neighbours(text: str, side: str) -> None:
    fields = fields_in(text)
    names = {name.lower() for name, _ in (of_request(fields) if side == "request" else of_response(fields))}
    assert "content-type" in names


@pytest.mark.parametrize(
    "text",
    [
        "payload = {'a': 1, ...}",
        'response body: {"errors": [{"code": "x"}]}',
        'data: {"error": "invalid_grant", "error_description": "x"}',
        "body = make_body()",
    ],
)
def test_what_is_no_whole_body_of_a_request_is_not_taken_for_one(text: str) -> None:
    found = digest(f"POST https://{HOST}/feeds/2021-06-30/documents\n{text}")
    assert found.request is not None
    assert found.request.body is None


PIECES = (
    "\n", " ", "> ", "< HTTP/1.1 403\n", "a=", "x = 'a' + ", "x='", "host: ", "'host': '", "x-amzn-requestid,", "{",
    "[", "(", "params={", "data={", "get(", "get('/a/b", "requests: [", "restrictedResources: [", "GET /aa/bb ",
    "url: /aa/bb ", "http://amazon.", "curl -H 'a: b' x ", "curl ", "f'{a}' + ", "$a . ", "path: '/aa/bb' ", "0000: ",
    "=> Send header, 5 bytes\n", "* a", "status code ", "444 ", "-> 400", "`", '"', "'", "\\", "${a}",
    "Array ( [0] => ", '"name": "host", ',
    "Exception when calling a", "x.getOrders(", "=", "a.b->c::", "request id ", "100 1 2 3 ",
    "new ", "URL(", "sprintf(", "method: ", "->", "/a/b/c -> ",
)  # fmt: skip


@pytest.mark.parametrize("piece", PIECES)
def test_hostile_texts_are_read_in_bounded_time(piece: str) -> None:
    """A million characters each: what takes time by the square would not end."""
    digest(piece * (1_000_000 // len(piece)))


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=12), max_size=30).map("".join))
def test_any_mixture_can_be_taken_apart(text: str) -> None:
    found = digest(text)
    assert found.request is None or found.request.url
