"""What each wire rule sees, with the exact bytes; and, beside each, what is right and must not be taken for it.

In a row, the span that a finding must have is marked in the request itself: «…» stands around it.
"""

from __future__ import annotations

import pytest

from recoup.catalogue.loader import catalogue
from recoup.lint.finding import Finding, FixKind
from recoup.lint.wire import cause, check
from recoup.lint.wire.inspection import RULES

H = "Host: x\r\n"
GOOD = f"GET / HTTP/1.1\r\n{H}\r\n"
POST = f"POST / HTTP/1.1\r\n{H}"
TE = "Transfer-Encoding: chunked\r\n"
FAULT = "400-malformed-http-"

# (rule, fault without its prefix, the request with the span marked)
SEEN = [
    ("body-in-get-or-head", "body-in-get-or-head", f"GET / HTTP/1.1\r\n{H}«Content-Length: 0\r\n»\r\n"),
    ("body-in-get-or-head", "body-in-get-or-head", f"GET / HTTP/1.1\r\n{H}«Content-Length: 2\r\n»\r\n{{}}"),
    (
        "body-in-get-or-head",
        "body-in-get-or-head",
        f"HEAD / HTTP/1.1\r\n{H}«transfer-encoding: chunked\r\n»\r\n0\r\n\r\n",
    ),
    ("body-in-get-or-head", "body-in-get-or-head", f'{GOOD}«{{"a": 1}}»'),
    ("body-in-get-or-head", "body-in-get-or-head", f"{GOOD}«status=ACCEPTED»"),
    ("content-length-not-a-number", "content-length-unparseable", POST + "Content-Length: «-1»\r\n\r\n"),
    ("content-length-not-a-number", "content-length-unparseable", POST + "Content-Length: «+5»\r\n\r\nhello"),
    ("content-length-not-a-number", "content-length-unparseable", POST + "Content-Length: «5.0»\r\n\r\nhello"),
    ("content-length-not-a-number", "content-length-unparseable", POST + "Content-Length: «0x5»\r\n\r\nhello"),
    ("content-length-not-a-number", "content-length-unparseable", POST + "Content-Length:\t«5 5» \r\n\r\nhello"),
    ("content-length-not-a-number", "content-length-unparseable", POST + "Content-Length: «5,»\r\n\r\nhello"),
    ("content-length-not-a-number", "content-length-unparseable", POST + "Content-Length: «" + "9" * 30 + "»\r\n\r\n"),
    (
        "content-length-not-a-number",
        "content-length-unparseable",
        POST + "Content-Length: «9223372036854775808»\r\n\r\n",
    ),
    (
        "multiple-content-length",
        "multiple-content-length",
        POST + "Content-Length: 5\r\n«Content-Length: 5\r\n»\r\nhello",
    ),
    (
        "multiple-content-length",
        "multiple-content-length",
        POST + "Content-Length: 5\r\n«content-length: 6\r\n»\r\nhello",
    ),
    ("multiple-content-length", "multiple-content-length", POST + "Content-Length: «5, 5»\r\n\r\nhello"),
    (
        "content-length-with-transfer-encoding",
        "content-length-and-transfer-encoding",
        POST + TE + "«Content-Length: 5\r\n»\r\n5\r\nhello\r\n0\r\n\r\n",
    ),
    ("host-header", "host-header", f"GET / HTTP/1.1\r\n{H}«Host: x\r\n»\r\n"),
    ("host-header", "host-header", f"GET / HTTP/1.1\r\n{H}«hOST: y\r\n»\r\n"),
    ("host-header", "host-header", "GET / HTTP/1.1\r\n«»\r\n"),
    ("host-header", "host-header", "GET / HTTP/1.1\r\n«»A: b\r\n\r\n"),
    ("host-header", "host-header", "GET / HTTP/1.1\r\nHost: «a b»\r\n\r\n"),
    ("host-header", "host-header", "GET / HTTP/1.1\r\nHost: «https://example.com»\r\n\r\n"),
    ("host-header", "host-header", "GET / HTTP/1.1\r\nHost: «example.com/path»\r\n\r\n"),
    ("host-header", "host-header", "GET / HTTP/1.1\r\nHost: «me@example.com»\r\n\r\n"),
    ("host-header", "host-header", "GET / HTTP/1.1\r\nHost: «example.com:https»\r\n\r\n"),
    ("host-header", "host-header", "GET / HTTP/1.0\r\nHost: «a b»\r\n\r\n"),
    ("empty-header", "empty-header", f"GET / HTTP/1.1\r\n{H}«X-Id:\r\n»\r\n"),
    ("empty-header", "empty-header", f"GET / HTTP/1.1\r\n{H}«X-Id: \t \r\n»\r\n"),
    ("folded-header", "multiline-header", f"GET / HTTP/1.1\r\n{H}A: b«\r\n  »c\r\n\r\n"),
    ("folded-header", "multiline-header", f"GET / HTTP/1.1\r\n{H}A:«\r\n\t»c\r\n\r\n"),
    ("folded-header", "multiline-header", f"GET / HTTP/1.1\r\n« »Host: x\r\n{H}\r\n"),
    ("wrong-line-ending", "header-termination", f"GET / HTTP/1.1\r\n{H}A: b«\n»C: d\r\n\r\n"),
    ("wrong-line-ending", "header-termination", f"GET / HTTP/1.1«\n»{H}\r\n"),
    ("wrong-line-ending", "header-termination", f"GET / HTTP/1.1\r\n{H}«\n»"),
    ("wrong-line-ending", "header-termination", f"GET / HTTP/1.1\r\n{H}A: b«\r»C: d\r\n\r\n"),
    ("wrong-line-ending", "header-termination", f"GET / HTTP/1.1«\r»{H}\r\n"),
    ("wrong-line-ending", "header-termination", f"GET / HTTP/1.1\r\n{H}«»"),
    ("missing-colon", "missing-colon", f"GET / HTTP/1.1\r\n{H}«x-amz-access-token Atza|1»\r\n\r\n"),
    ("missing-colon", "missing-colon", f"GET / HTTP/1.1\r\n{H}«: value»\r\n\r\n"),
    ("control-character", "control-character", f"GET /a«\0»b HTTP/1.1\r\n{H}\r\n"),
    ("control-character", "control-character", f"GET /a«\t»b HTTP/1.1\r\n{H}\r\n"),
    ("control-character", "control-character", f"GET /a«\r»b HTTP/1.1\r\n{H}\r\n"),
    ("control-character", "control-character", f"GET / HTTP/1.1\r\n{H}A: b«\r»c\r\n\r\n"),
    ("control-character", "control-character", f"GET / HTTP/1.1\r\n{H}A: «\x1b»[0m\r\n\r\n"),
    ("control-character", "control-character", f"GET / HTTP/1.1\r\n{H}A: b«\x7f\0»\r\n\r\n"),
    ("control-character", "control-character", f"GET / HTTP/1.1\r\n{H}A: b«\r»\r\n\r\n"),
    ("trailing-empty-line", "trailing-empty-line", f"{GOOD}«\r\n»"),
    ("trailing-empty-line", "trailing-empty-line", f"{GOOD}«\r\n\r\n\n»"),
    ("trailing-empty-line", "trailing-empty-line", POST + "Content-Length: 5\r\n\r\nhello«\r\n»"),
    ("trailing-empty-line", "trailing-empty-line", POST + TE + "\r\n5\r\nhello\r\n0\r\n\r\n«\r\n»"),
    ("no-uri", "no-uri", f"GET« »HTTP/1.1\r\n{H}\r\n"),
    ("no-uri", "no-uri", f"GET«  »HTTP/1.1\r\n{H}\r\n"),
    ("malformed-method", "method", f"«G@T» / HTTP/1.1\r\n{H}\r\n"),
    ("malformed-method", "method", f"«\xff\xfeGET» / HTTP/1.1\r\n{H}\r\n"),
    ("malformed-method", "method", f"« »/ HTTP/1.1\r\n{H}\r\n"),
    ("malformed-method", "method", "«\x16\x03\x01\x02»"),
    ("malformed-method", "method", POST + 'Content-Length: 5\r\n\r\nhello«"more"»'),
    # What the documents do not name, and RFC 7230 forbids.
    ("http-version", None, f"GET /«» \r\n{H}\r\n".replace(" \r", "\r", 1)),
    ("http-version", None, f"GET / «HTTP/2.0»\r\n{H}\r\n"),
    ("http-version", None, f"GET / «http/1.1»\r\n{H}\r\n"),
    ("request-target", None, f"GET «/a b» HTTP/1.1\r\n{H}\r\n"),
    ("request-target", None, f"GET « /a» HTTP/1.1\r\n{H}\r\n"),
    ("request-target", None, f"GET «a/b» HTTP/1.1\r\n{H}\r\n"),
    ("request-target", None, f"GET «*» HTTP/1.1\r\n{H}\r\n"),
    ("request-target", None, f"CONNECT «/a» HTTP/1.1\r\n{H}\r\n"),
    ("field-name", None, f"GET / HTTP/1.1\r\n{H}A« »: b\r\n\r\n"),
    ("field-name", None, f"GET / HTTP/1.1\r\n{H}«A(b)»: c\r\n\r\n"),
    ("transfer-coding", None, POST + "Transfer-Encoding: «gzip»\r\n\r\n"),
    ("transfer-coding", None, POST + "Transfer-Encoding: «chunked, chunked»\r\n\r\n"),
    ("transfer-coding", None, POST + TE + "Transfer-Encoding: «identity»\r\n\r\n"),
    ("chunked-body", None, POST + TE + "\r\n«x\r\nhello\r\n0\r\n\r\n»"),
    ("chunked-body", None, POST + TE + "\r\n5\r\nhello«world\r\n0\r\n\r\n»"),
    ("chunked-body", None, POST + TE + "\r\n5«\nhello\r\n0\r\n\r\n»"),
    ("chunked-body", None, POST + TE + "\r\n«-5\r\nhello\r\n0\r\n\r\n»"),
]


def marked(text: str) -> tuple[bytes, int, int]:
    before, _, rest = text.partition("«")
    inside, _, after = rest.partition("»")
    raw = (before + inside + after).encode("latin-1")
    return raw, len(before), len(before) + len(inside)


@pytest.mark.parametrize(("rule", "fault", "text"), SEEN)
def test_a_rule_sees_its_pattern_where_it_stands(rule: str, fault: str | None, text: str) -> None:
    raw, start, end = marked(text)
    found = [finding for finding in check(raw) if finding.rule == rule]
    assert [(finding.start, finding.end) for finding in found] == [(start, end)]
    assert found[0].fault == (None if fault is None else FAULT + fault)
    assert found[0].text.endswith(".")
    assert found[0].fix.endswith(".")


@pytest.mark.parametrize(("rule", "fault", "text"), SEEN)
def test_it_is_what_the_request_is_refused_for(rule: str, fault: str | None, text: str) -> None:
    first = cause(marked(text)[0])
    assert first is not None
    assert first.rule == rule


GOOD_ONES = [
    GOOD,
    "GET / HTTP/1.0\r\n\r\n",
    f"GET / HTTP/1.2\r\n{H}\r\n",
    f"\r\n{GOOD}",
    f"{GOOD}{GOOD}",
    f"get /x HTTP/1.1\r\n{H}\r\n",
    f"M-SEARCH!#$%&'*+-.^_`|~ /x HTTP/1.1\r\n{H}\r\n",
    f"OPTIONS * HTTP/1.1\r\n{H}\r\n",
    "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n",
    f"GET http://example.com/a?b HTTP/1.1\r\n{H}\r\n",
    f"GET http://example.com HTTP/1.1\r\n{H}\r\n",
    f'GET /%20a?x={{}}|\\^`<>"[] HTTP/1.1\r\n{H}\r\n',
    "GET / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n",
    "GET / HTTP/1.1\r\nhost:example.com.\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: [v1.a:b]\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a_b~c!$&'()*+,;=%41:\r\n\r\n",
    f"GET / HTTP/1.1\r\n{H}A:b\r\nC:   d  \r\nE:\tf\tg\r\nI: \xe4\xff: \x80\r\n\r\n",
    POST + "\r\n",
    POST + "Content-Length: 0\r\n\r\n",
    POST + "Content-Length: 0005\r\n\r\nhello",
    POST + "Content-Length: 7\r\n\r\nhello\r\n",
    POST + "Content-Length: 5\r\n\r\nhel",
    POST + "Content-Length: 5\r\nExpect: 100-continue\r\n\r\nhello",
    POST + "transfer-encoding: CHUNKED\r\n\r\n0\r\n\r\n",
    POST + TE + '\r\n5;a;b=c;d="e;\\"f" ; g = h\r\nhello\r\n00a\r\n0123456789\r\n000\r\nT: u\r\nV:w\r\n\r\n',
    POST + TE + "\r\n5\r\nhel",
    POST + "Content-Length: 5\r\n\r\nhello" + GOOD,
    f"DELETE / HTTP/1.1\r\n{H}Content-Length: 2\r\n\r\n{{}}",
    "",
]


@pytest.mark.parametrize("text", GOOD_ONES)
def test_what_is_right_has_no_finding(text: str) -> None:
    raw = text.encode("latin-1")
    assert check(raw) == []
    assert cause(raw) is None


def test_everything_is_found_at_once() -> None:
    raw = (
        b"GET /a\x01b HTTP/1.1\nHost: x\r\nHost: y z\r\nno colon\r\nA:\r\nB: c\r\n d\r\nContent-Length: x\r\n"
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    thirteen_less_three = {
        "control-character",
        "wrong-line-ending",
        "host-header",
        "missing-colon",
        "empty-header",
        "folded-header",
        "content-length-not-a-number",
        "multiple-content-length",
        "content-length-with-transfer-encoding",
        "body-in-get-or-head",
    }
    found = check(raw)
    assert {finding.rule for finding in found} == thirteen_less_three
    assert [finding.start for finding in found] == sorted(finding.start for finding in found)


# What a request is refused for, where it breaks several rules: what makes lines unreadable before what makes the
# framing so, and this before what is only stricter than the standard.
@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("G@T  HTTP/1.1\nHost: x\r\n\r\n", "malformed-method"),
        (f"GET / HTTP/1.1\r\n{H}Content-Length: x\r\nA\r\n\r\n", "missing-colon"),
        (f"GET / HTTP/1.1\r\n{H}Content-Length: x\r\n\r\n", "content-length-not-a-number"),
        (f"GET / HTTP/1.1\r\n{H}Content-Length:\r\n\r\n", "content-length-not-a-number"),
        ("GET / HTTP/1.1\r\nHost:\r\n\r\n", "host-header"),
        (f"GET / HTTP/1.1\r\n{H}{TE}Content-Length: 0\r\n\r\n0\r\n\r\n", "content-length-with-transfer-encoding"),
        (f"GET / HTTP/1.1\r\n{H}Content-Length: 0\r\nA:\r\n\r\n\r\n", "body-in-get-or-head"),
        (f"GET /a b HTTP/1.1\r\n{H}A:\r\n\r\n", "request-target"),  # the request line is judged before the rest comes
    ],
)
def test_of_several_the_gravest_is_the_cause(text: str, rule: str) -> None:
    first = cause(text.encode("latin-1"))
    assert first is not None
    assert first.rule == rule


def test_of_requests_in_a_row_the_first_that_is_wrong_is_told() -> None:
    raw = (GOOD + f"GET / HTTP/1.1\r\n{H}A:\r\n\r\n" + "G@T / HTTP/1.1\r\n\r\n").encode()
    assert [finding.rule for finding in check(raw)] == ["empty-header"]


def test_fields_after_the_last_chunk_are_fields() -> None:
    for line, rule in (("A:\r\n", "empty-header"), ("A\r\n", "missing-colon"), ("A: \0b\r\n", "control-character")):
        raw = (POST + TE + f"\r\n0\r\n{line}\r\n").encode("latin-1")
        assert [finding.rule for finding in check(raw)] == [rule]


def apply(raw: bytes, finding: Finding) -> bytes:
    assert finding.replacement is not None
    return raw[: finding.start] + finding.replacement + raw[finding.end :]


@pytest.mark.parametrize(("rule", "fault", "text"), SEEN)
def test_a_safe_fix_mends_what_it_is_for(rule: str, fault: str | None, text: str) -> None:
    raw = marked(text)[0]
    for finding in check(raw):
        if finding.fix_kind is FixKind.SAFE:
            assert finding.replacement is not None
            assert len(check(apply(raw, finding))) < len(check(raw))


def test_every_documented_condition_has_a_rule_and_every_fault_is_in_the_catalogue() -> None:
    documented = {identifier for identifier in catalogue() if identifier.startswith(FAULT)}
    assert {FAULT + fault for _, fault, _ in SEEN if fault is not None} == documented
    assert len(documented) == 13
    assert set(RULES) < {rule for rule, _, _ in SEEN}


@pytest.mark.parametrize(("rule", "fault", "text"), SEEN)
def test_no_finding_repeats_a_value(rule: str, fault: str | None, text: str) -> None:
    raw = marked(text)[0].replace(b"A: b", b"A: Atza|secret").replace(b"hello", b"Atza|")
    for finding in check(raw):
        assert "Atza" not in finding.text + finding.fix
