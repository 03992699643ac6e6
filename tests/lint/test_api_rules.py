"""What each rule about tokens, hosts, paths and encoding sees, with the exact bytes; and its mended twin.

In a row, the span that the finding must have is marked in the request itself: «…» stands around it. The twin holds the
same without the fault; the rule says nothing of it.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from recoup.catalogue.loader import catalogue
from recoup.lint.checking import check
from recoup.lint.finding import Finding, FixKind
from recoup.lint.reading import from_curl, from_har, from_http, from_url
from recoup.lint.rules import RULES
from recoup.lint.subject import Subject

EU = "sellingpartnerapi-eu.amazon.com"
TOKEN = "Atza|IwEBIJedGJ"
AGENT = "User-Agent: Stock/2.1 (Language=Python/3.12)\r\n"
ORDERS = "/orders/v0/orders?MarketplaceIds=A1PA6795UKMFR9&CreatedAfter=2026-01-01T00:00:00Z"
NOW = datetime(2026, 11, 2, 12, 0, tzinfo=UTC).timestamp()


def get(
    target: str = ORDERS, *, host: str = EU, token: str = f"x-amz-access-token: {TOKEN}\r\n", more: str = ""
) -> str:
    return f"GET {target} HTTP/1.1\r\nHost: {host}\r\n{token}{AGENT}{more}\r\n"


def post(target: str, body: str, kind: str = "Content-Type: application/json\r\n", more: str = "") -> str:
    bare = body.replace("«", "").replace("»", "")
    return (
        f"POST {target} HTTP/1.1\r\nHost: {EU}\r\nx-amz-access-token: {TOKEN}\r\n{AGENT}{kind}{more}"
        f"Content-Length: {len(bare)}\r\n\r\n{body}"
    )


def token(value: str) -> str:
    return get(token=f"x-amz-access-token: {value}\r\n")


SEARCH = "/catalog/2022-04-01/items?marketplaceIds=A1PA6795UKMFR9&identifiersType=SKU&sellerId=A2&identifiers=x"
LISTING = "/listings/2021-08-01/items/A2ABCDEFGH/"
END = "?marketplaceIds=A1PA6795UKMFR9"
FEEDS = "/feeds/2021-06-30/documents"
FEED = '{"contentType": "text/xml; charset=UTF-8"}'
GOOD = get()

SIGNED = "SignedHeaders=host, Signature=1\r\n"
NEXT = "/orders/v0/orders?MarketplaceIds=A1PA6795UKMFR9&NextToken="
AFTER = "/orders/v0/orders?MarketplaceIds=A1PA6795UKMFR9&CreatedAfter=2026-01-01T00:00:00"
PATH = "403-wrong-path-or-version"
MP = "?MarketplaceIds=A1PA6795UKMFR9"
ONE = "/orders/v0/orders/026-1234567-1234567"

# (rule, fault or None, certain, the request with the span marked, its mended twin)
SEEN = [
    ("access-token-header", "403-missing-token", True, get(token=f"«x-amzn-access-token»: {TOKEN}\r\n"), GOOD),
    ("access-token-header", "403-missing-token", True, get(token=f"«X-Amz-AccessToken»: {TOKEN}\r\n"), GOOD),
    ("access-token-header", "403-missing-token", True, get(token=f"«my-token»: {TOKEN}\r\n"), GOOD),
    ("access-token-header", "403-missing-token", True, get(token=f"«Authorization»: Bearer {TOKEN}\r\n"), GOOD),
    ("access-token-header", "403-missing-token", True, get(f"{ORDERS}&«access_token=Atza%7CIw»", token=""), GOOD),
    (
        "access-token-header", "403-missing-token", True,
        f"GET {ORDERS} HTTP/1.1\r\nHost: {EU}\r\n{AGENT}«»\r\n", GOOD,
    ),
    ("access-token-header", "403-missing-token", True, token("«»"), GOOD),
    ("token-of-another-kind", "403-expired-token", True, token("«Atzr|IwEBIJedGJ»"), GOOD),
    ("token-of-another-kind", "403-expired-token", True, token("«amzn1.oa2-cs.v1.abc»"), GOOD),
    ("token-of-another-kind", "403-expired-token", True, token("«amzn1.application-oa2-client.1»"), GOOD),
    ("token-of-another-kind", "403-expired-token", True, token("«AKIAIOSFODNN7EXAMPLE»"), GOOD),
    ("token-of-another-kind", "403-expired-token", True, token("«eyJhbGciOi.e30.x»"), GOOD),
    ("token-of-another-kind", "403-expired-token", False, token(f"«{'0a' * 32}»"), GOOD),
    ("token-of-another-kind", "403-expired-token", True, token("«Bearer »" + TOKEN), GOOD),
    ("token-of-another-kind", "other-grantless-required", True, token("«Atc|»abc"), GOOD),
    (
        "token-of-another-kind", "other-grantless-required", True,
        get("/notifications/v1/destinations", token="x-amz-access-token: «Atza|»abc\r\n"),
        get("/notifications/v1/destinations", token="x-amz-access-token: Atc|abc\r\n"),
    ),
    ("token-damaged", "403-expired-token", True, token(f"«\"»{TOKEN}«\"»"), GOOD),
    ("token-damaged", "403-expired-token", True, token("Atza|Iw« »EBI"), GOOD),
    ("token-damaged", "403-expired-token", True, token("Atza«%7C»IwEBI"), GOOD),
    ("token-damaged", "403-expired-token", True, token("Atza|Iw«&amp;»EBI"), GOOD),
    ("token-damaged", "403-expired-token", True, token("Atza|Iw«\\»EBI"), GOOD),
    ("token-damaged", "403-expired-token", True, token("«Atza|" + "a" * 2044 + "»"), GOOD),
    ("token-damaged", "403-expired-token", False, token("«Atza|" + "a" * 250 + "»"), token("Atza|" + "a" * 249)),
    ("another-host", PATH, True, get(host="«sellingpartnerapi-eu.amazon.de»"), GOOD),
    ("another-host", PATH, True, get(host="«mws-eu.amazonservices.com»"), GOOD),
    ("another-host", PATH, True, get(host="«sellercentral.amazon.de»"), GOOD),
    ("another-host", PATH, True, get(host="«api.amazon.com»"), GOOD),
    (
        "another-host", "403-region-mismatch", True,
        get(f"https://{EU}{ORDERS}", host="«sellingpartnerapi-na.amazon.com»"), get(f"https://{EU}{ORDERS}"),
    ),
    ("another-host", None, True, get(f"«http»://{EU}{ORDERS}"), get(f"https://{EU}{ORDERS}")),
    (
        "marketplace-of-another-region", "403-region-mismatch", True,
        get(f"/orders/v0/orders{MP}%2C«ATVPDKIKX0DER»&CreatedAfter=2026-01-01T00:00:00Z"), GOOD,
    ),
    (
        "marketplace-of-another-region", "403-region-mismatch", True,
        post("/reports/2021-06-30/reports", '{"reportType": "GET_A", "marketplaceIds": ["«ATVPDKIKX0DER»"]}'),
        post("/reports/2021-06-30/reports", '{"reportType": "GET_A", "marketplaceIds": ["A1PA6795UKMFR9"]}'),
    ),
    ("unknown-operation", PATH, True, get("/orders/v0/«order»" + MP), GOOD),
    ("unknown-operation", PATH, True, get("/orders/«v9»/orders" + MP), GOOD),
    ("unknown-operation", PATH, True, get("/«Orders»/v0/orders"), GOOD),
    ("unknown-operation", PATH, True, get("/orders/v0/orders«/»" + MP), GOOD),
    ("unknown-operation", PATH, True, get("/orders«/»/v0/orders"), GOOD),
    ("unknown-operation", PATH, True, get("«/v0/orders»"), GOOD),
    ("unknown-operation", PATH, True, get("«/»"), GOOD),
    (
        "unknown-operation", PATH, True,
        "«DELETE»" + get()[3:], GOOD,
    ),
    (
        "removed-operation", "403-deprecated-endpoint", True,
        get("«/catalog/v0/items/B000000001»?MarketplaceId=A1PA6795UKMFR9"),
        get("/catalog/2022-04-01/items/B000000001?marketplaceIds=A1PA6795UKMFR9"),
    ),
    ("removed-operation", "403-deprecated-endpoint", True, get("«/reports/2020-09-04/reports»"), GOOD),
    ("encoded-twice", "400-wrong-url-encoding", False, get(f"{LISTING}a«%2520»b{END}"), get(f"{LISTING}a%20b{END}")),
    ("encoded-twice", "400-wrong-url-encoding", False, get(f"{LISTING}a«%252F»b{END}"), get(f"{LISTING}a%2Fb{END}")),
    ("encoded-twice", "400-wrong-url-encoding", False, get(f"{LISTING}50«%2541»{END}"), get(f"{LISTING}50%25{END}")),
    (
        "encoded-twice", "400-invalid-next-token", True,
        get("/orders/v0/orders?MarketplaceIds=A1PA6795UKMFR9&NextToken=ab«%253D»"),
        get("/orders/v0/orders?MarketplaceIds=A1PA6795UKMFR9&NextToken=ab%3D"),
    ),
    (
        "encoded-twice", "400-wrong-url-encoding", True,
        get("/products/pricing/v0/price?MarketplaceId=A1PA6795UKMFR9&ItemType=«%2541»".replace("41", "20")),
        get("/products/pricing/v0/price?MarketplaceId=A1PA6795UKMFR9&ItemType=Sku&Skus=a%2520b"),
    ),
    ("not-encoded", "400-wrong-url-encoding", True, get(f"{LISTING}a« »b{END}"), get(f"{LISTING}a%20b{END}")),
    ("not-encoded", "400-wrong-url-encoding", True, get(f"{LISTING}5«%»x{END}"), get(f"{LISTING}5%25x{END}")),
    ("not-encoded", "400-wrong-url-encoding", False, get(f"{LISTING}a«|»b{END}"), get(f"{LISTING}a%7Cb{END}")),
    ("not-encoded", "400-wrong-url-encoding", True, get(f"{LISTING}a«#»b{END}"), get(f"{LISTING}a%23b{END}")),
    ("not-encoded", "400-wrong-url-encoding", True, get(f"{LISTING}a«/»b{END}"), get(f"{LISTING}a%2Fb{END}")),
    ("not-encoded", "400-wrong-url-encoding", True, get("/orders/v0/orders«&»MarketplaceIds=A1PA6795UKMFR9"), GOOD),
    ("not-encoded", "400-wrong-url-encoding", True, get(ORDERS.replace("&", "«&amp;»")), GOOD),
    ("not-encoded", "400-wrong-url-encoding", True, get(ORDERS.replace("&", "«?»")), GOOD),
    ("not-encoded", "400-wrong-url-encoding", False, get(f"{SEARCH}a«?»b"), get(f"{SEARCH}a%3Fb")),
    (
        "not-encoded", "400-invalid-date-format", True,
        get("/orders/v0/orders?MarketplaceIds=A1PA6795UKMFR9&CreatedAfter=2026-01-01T00:00:00«+»01:00"),
        get("/orders/v0/orders?MarketplaceIds=A1PA6795UKMFR9&CreatedAfter=2026-01-01T00:00:00%2B01:00"),
    ),
    (
        "not-encoded", "400-invalid-next-token", True,
        get("/orders/v0/orders?MarketplaceIds=A1PA6795UKMFR9&NextToken=a«+»b"),
        get("/orders/v0/orders?MarketplaceIds=A1PA6795UKMFR9&NextToken=a%2Bb"),
    ),
    (
        "content-type", "400-wrong-content-type", True,
        post(FEEDS, FEED, "Content-Type: «application/x-www-form-urlencoded»\r\n"), post(FEEDS, FEED),
    ),
    (
        "content-type", "400-wrong-content-type", False,
        post(FEEDS, FEED, "Content-Type: application/json; charset=«latin1»\r\n"),
        post(FEEDS, FEED, "Content-Type: application/json;charset=utf-8\r\n"),
    ),
    (
        "user-agent", "other-user-agent", True,
        get(more="").replace(AGENT, f"User-Agent: {'a' * 500}«aaa»\r\n"),
        get(more="").replace(AGENT, f"User-Agent: {'a' * 500}\r\n"),
    ),
    ("user-agent", "other-user-agent", False, get().replace(AGENT, "")[:-2] + "«»\r\n", GOOD),
    (
        "clock", "other-clock-skew", False,
        get(more="x-amz-date: «20261102T140000Z»\r\n"), get(more="x-amz-date: 20261102T120200Z\r\n"),
    ),
    (
        "clock", "other-clock-skew", False,
        get(more="Date: Mon, 02 Nov 2026 11:00:00 GMT\r\nx-amz-date: «20261102T120000Z»\r\n"),
        get(more="Date: Mon, 02 Nov 2026 12:00:00 GMT\r\nx-amz-date: 20261102T120000Z\r\n"),
    ),
    ("clock", "400-invalid-date-format", False, get(more="x-amz-date: «2026-11-02T12:00:00Z»\r\n"), GOOD),
    ("accept", None, False, get(more="Accept: «text/html»\r\n"), get(more="Accept: text/html, */*;q=0.8\r\n")),
    (
        "repeated-header", "403-expired-token", False,
        get(more=f"«X-Amz-Access-Token: {TOKEN}\r\n»"), GOOD,
    ),
    ("header-of-an-answer", None, False, get(more="«x-amzn-RequestId: 1\r\n»"), GOOD),
    (
        "aws-signature", "403-invalid-signature", False,
        get(more="Authorization: «AWS4-HMAC-SHA256» Credential=A/2/eu-west-1/execute-api/aws4_request, " + SIGNED),
        GOOD,
    ),
    (
        "aws-signature", "403-invalid-signature", False,
        get(more="Authorization: «AWS4-HMAC-SHA256» Credential=A/20261102/«us-east-1»/«s3»/aws4_request, " + SIGNED),
        GOOD,
    ),
    ("unfilled-value", "400-wrong-identifier", False, get("/orders/v0/orders/«undefined»"), get(ONE)),
    ("unfilled-value", "400-wrong-identifier", False, get("/orders/v0/orders/«%7BorderId%7D»"), get(ONE)),
    (
        "unfilled-value", "400-invalid-next-token", False,
        get("/orders/v0/orders?MarketplaceIds=A1PA6795UKMFR9&NextToken=«null»"), GOOD,
    ),
]  # fmt: skip


def _planted(marked: str) -> tuple[bytes, list[tuple[int, int]]]:
    spans, parts, size = [], [], 0
    for index, piece in enumerate(part for half in marked.split("«") for part in half.split("»")):
        data = piece.encode("latin-1")
        if index % 2:
            spans.append((size, size + len(data)))
        parts.append(data)
        size += len(data)
    return b"".join(parts), spans


def _of(rule: str, subject: Subject, now: float | None = NOW) -> list[Finding]:
    return [finding for finding in check(subject, now=now) if finding.rule == rule]


@pytest.mark.parametrize(("rule", "fault", "certain", "marked", "twin"), SEEN)
def test_a_planted_fault_is_found_at_its_bytes(
    rule: str, fault: str | None, certain: bool, marked: str, twin: str
) -> None:
    raw, spans = _planted(marked)
    found = _of(rule, from_http(raw))
    assert [(finding.start, finding.end) for finding in found] == spans
    assert {finding.fault for finding in found} == {fault}
    assert {finding.certain for finding in found} == {certain}
    assert _of(rule, from_http(twin.encode("latin-1"))) == []


def test_the_request_beside_which_faults_are_planted_is_without_any() -> None:
    assert check(from_http(GOOD.encode()), now=NOW) == ()
    assert check(from_http(post(FEEDS, FEED).encode()), now=NOW) == ()


CURL = [
    ("cut-by-the-shell", f"curl https://{EU}/orders/v0/orders?MarketplaceIds=A1PA6795UKMFR9«&»CreatedAfter=2026-01-01"),
    ("content-type", f"curl https://{EU}{FEEDS} -d '«»{{}}'"),
    ("body-in-get", f"curl -X GET https://{EU}/orders/v0/orders -d '«{{}}»'"),
    ("token-of-another-kind", f"curl https://{EU}/orders/v0/orders -H \"x-amz-access-token: «Atzr|abc»\""),
    ("empty-header", f"curl https://{EU}/orders/v0/orders -H '«X-Empty;»'"),
    ("encoded-twice", f"curl $'https://{EU}/orders/v0/orders?CreatedAfter=2026\\x2d«\\x252520»'"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "marked"), CURL)
def test_a_fault_in_a_command_line_is_found_inside_its_quotes(rule: str, marked: str) -> None:
    source, spans = _planted(marked)
    subject = from_curl(source)
    assert subject is not None
    found = _of(rule, subject)
    assert spans[0] in [(finding.start, finding.end) for finding in found]


def test_a_fault_in_a_recording_is_found_in_its_json_string() -> None:
    entry = (
        r'{"log": {"entries": [{"request": {"method": "GET", "url": "https:\/\/' + EU + r"\/orders\/v0\/orders"
        r'?MarketplaceIds=«ATVPDKIKX0DER»\u0026CreatedAfter=2026«\u00252520»", "headers": '
        r'[{"name": "«x-amzn-access-token»", "value": "Atza|a"}]}}]}}'
    )
    source, spans = _planted(entry)
    (recorded,) = from_har(source)
    assert recorded.at is None
    begin = recorded.origin.offset
    assert [(begin + finding.start, begin + finding.end) for finding in check(recorded.subject)] == spans


SAID_NOTHING = [
    get(host="127.0.0.1:8080", token=""),  # no endpoint of Amazon's: nobody knows what it takes
    "POST /auth/o2/token HTTP/1.1\r\nHost: api.amazon.com\r\nContent-Length: 0\r\n\r\n",
    token("<access token, 350 characters>"),
    token("$TOKEN"),
    token("{{access_token}}"),
    token("Atza|****"),
    get("/orders/v0/orders/{orderId}"),
]


@pytest.mark.parametrize("request_text", SAID_NOTHING)
def test_what_cannot_be_known_is_not_found(request_text: str) -> None:
    mine = {row[0] for row in SEEN}
    assert [finding for finding in check(from_http(request_text.encode()), now=NOW) if finding.rule in mine] == []


def test_days_and_clocks_are_left_alone_where_the_time_is_not_known() -> None:
    raw = get("/reports/2020-09-04/reports", more="x-amz-date: 20200101T000000Z\r\n").encode()
    assert [finding.rule for finding in check(from_http(raw)) if finding.rule in ("clock", "removed-operation")] == []


def test_a_removal_that_is_near_is_told_and_causes_nothing_yet() -> None:
    now = datetime(2027, 3, 10, tzinfo=UTC).timestamp()
    (near,) = _of("removed-operation", from_http(GOOD.encode()), now)
    assert (near.fault, near.certain) == (None, False)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.RULE)
def test_a_rule_says_what_it_is(rule: object) -> None:
    known = catalogue()
    assert all(fault in known for fault in getattr(rule, "FAULTS", ()))
    assert (rule.__doc__ or "").split("\n")[0].endswith(".")


def test_rules_have_names_of_their_own() -> None:
    names = [rule.RULE for rule in RULES]
    assert len(set(names)) == len(names)


def test_a_guess_says_what_to_put_there_and_every_fix_is_a_sentence() -> None:
    mine = {row[0] for row in SEEN}
    for _, _, _, marked, _ in SEEN:
        for finding in check(from_http(_planted(marked)[0]), now=NOW):
            if finding.rule in mine:
                assert finding.text[-1] in ".?", finding
                assert finding.fix[-1] == ".", finding
                assert finding.fix_kind is not FixKind.GUESS or finding.replacement is not None, finding


def test_a_url_alone_says_only_what_a_url_can() -> None:
    assert [finding.rule for finding in check(from_url(f"https://{EU}/orders/v0/orders?MarketplaceIds=ATVPDKIKX0DER"))][
        :1
    ] == ["marketplace-of-another-region"]
