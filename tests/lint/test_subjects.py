"""How a request is read out of what people have: the parts, and where each stands in the source."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recoup.exchange import Headers, Request
from recoup.lint.checking import check
from recoup.lint.har import Broken
from recoup.lint.json_text import mapped_string, read_json
from recoup.lint.mapped import Mapped
from recoup.lint.reading import from_curl, from_har, from_http, from_request, from_text, from_url, read_curl
from recoup.lint.showing import show
from recoup.lint.subject import Form, Subject

URL = "https://sellingpartnerapi-eu.amazon.com/orders/v0/orders"

# (the command, method, target, header fields, body)
COMMANDS = [
    (f"curl {URL}", "GET", URL, [], None),
    (f"$ curl -s '{URL}?a=1&b=2' | jq .", "GET", f"{URL}?a=1&b=2", [], None),
    (f"TOKEN=x curl --location --request POST \"{URL}\"", "POST", URL, [], None),
    (f"curl {URL} \\\n  -H 'A: 1' \\\r\n  -H \"B:2\"", "GET", URL, [("A", "1"), ("B", "2")], None),
    (f"curl {URL} ^\n -H \"A: 1\"", "GET", URL, [("A", "1")], None),
    (f"curl {URL}\n  -H 'A: 1'", "GET", URL, [("A", "1")], None),
    (f"curl -XPUT -H'A: 1' {URL}", "PUT", URL, [("A", "1")], None),
    (f"curl -sSLX PUT {URL}", "PUT", URL, [], None),
    (f"curl -I {URL}", "HEAD", URL, [], None),
    (f"curl {URL} --retry-delay 5 -o out.json -m 3", "GET", URL, [], None),
    (f"curl -H $'A: x\\u0021\\x41\\'' {URL}", "GET", URL, [("A", "x!A'")], None),
    (f"curl {URL} -A me/1", "GET", URL, [("User-Agent", "me/1")], None),
    (f"curl {URL} -H 'A:' -H 'B;'", "GET", URL, [("B", "")], None),
    (f"curl {URL} -u me:you", "GET", URL, [("Authorization", "Basic bWU6eW91")], None),
    (
        f"curl {URL} -d a=1 -d 'b=2'", "POST", URL,
        [("Content-Type", "application/x-www-form-urlencoded")], "a=1&b=2",
    ),
    (f"curl -G {URL} -d a=1 --data-urlencode 'b=x y'", "GET", f"{URL}?a=1&b=x%20y", [], None),
    (
        f"curl {URL} --json '{{\"a\": \"b\"}}'", "POST", URL,
        [("Content-Type", "application/json"), ("Accept", "application/json")], '{"a": "b"}',
    ),
    (
        f"curl {URL} -d @file.json -H 'Content-Type: application/json'", "POST", URL,
        [("Content-Type", "application/json")], None,
    ),
    (f"curl --url {URL} && echo done", "GET", URL, [], None),
    ("curl sellingpartnerapi-eu.amazon.com/a", "GET", "sellingpartnerapi-eu.amazon.com/a", [], None),
]  # fmt: skip


@pytest.mark.parametrize(("command", "method", "target", "fields", "body"), COMMANDS)
def test_a_command_line_is_read_as_a_shell_reads_it(
    command: str, method: str, target: str, fields: list[tuple[str, str]], body: str | None
) -> None:
    subject = from_curl(command)
    assert subject is not None
    assert (subject.method.text, subject.target.text) == (method, target)
    assert [(pair.name.text, pair.value.text) for pair in subject.fields] == fields
    assert (None if subject.body is None else subject.body.text) == body


@pytest.mark.parametrize("text", ["", "echo curl", "curl", "curl -H", "wget https://x", "curl -s -o", "'curl"])
def test_what_is_no_curl_command_is_none(text: str) -> None:
    assert from_curl(text) is None


def test_every_command_of_a_script_is_read() -> None:
    script = f"#!/bin/sh\n# curl https://no/\ncurl {URL}/1\nif true; then curl '{URL}/2'; fi\nX=1 curl {URL}/3\n"
    assert [subject.path.text[-2:] for subject in read_curl(script.encode())] == ["/1", "/2", "/3"]


def test_a_piece_of_a_quoted_word_stands_inside_its_quotes() -> None:
    command = "curl 'https://h.example/a'\"/b\" -H $'X: a\\u0042c'"
    subject = from_curl(command)
    assert subject is not None
    place = subject.path.place(2, 4)
    assert command[place.start : place.end] == "/b"
    value = subject.fields[0].value
    inner = value.place(1, 2)
    assert (value.text, command[inner.start : inner.end]) == ("aBc", "\\u0042")


def test_a_recording_gives_each_request_and_its_time() -> None:
    entry = {
        "startedDateTime": "2026-01-01T00:00:00.000Z",
        "request": {
            "method": "POST", "url": URL + "?x=ü",
            "headers": [{"name": ":authority", "value": "h"}, {"name": "A", "value": "q\"1"}],
            "postData": {"mimeType": "application/json", "text": '{"a": "ü"}'},
        },
    }  # fmt: skip
    for ascii_only in (True, False):
        source = json.dumps({"log": {"entries": [entry, {}, entry]}}, ensure_ascii=ascii_only).encode()
        found = list(from_har(b"\xef\xbb\xbf" + source))
        assert len(found) == 2
        subject = found[0].subject
        assert found[0].at == 1767225600.0
        assert [(pair.name.text, pair.value.text) for pair in subject.fields] == [("A", 'q"1')]
        assert subject.body is not None
        assert subject.body.text.encode("latin-1").decode() == '{"a": "ü"}'
        place = subject.fields[0].value.place(1, 2)
        assert subject.source[place.start : place.end] == b'\\"'
        place = subject.target.place(len(subject.target) - 2)
        assert subject.source[place.start : place.end] == (b"\\u00fc" if ascii_only else "ü".encode())


def test_one_entry_alone_is_a_recording_too() -> None:
    (recorded,) = from_har(b'{"request": {"method": "GET", "url": "https://h/", "headers": []}}')
    assert (recorded.subject.form, recorded.at, recorded.subject.complete) == (Form.HAR, None, False)
    assert list(from_har(b"[1, {}]")) == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(JSON, st.booleans())
def test_the_places_of_json_hold_what_the_standard_library_reads(value: object, ascii_only: bool) -> None:
    data = json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    text = data.decode("latin-1")
    found = read_json(text)
    assert found.whole
    for _, node in found.nodes():
        written = json.loads(data[node.start : node.end].decode("utf-8", "surrogatepass"))
        if isinstance(written, str):
            inside = mapped_string(text, node)
            assert inside.text.encode("latin-1") == written.encode("utf-8", "surrogatepass")
            whole = inside.place()
            assert whole.start == node.start + 1
        elif node.kind == "number":
            assert json.loads(node.text) == written
        elif not isinstance(written, list | dict):
            assert node.value == written


# What stands around the head: (raw, method, target, number of fields, body, complete)
MESSAGES = [
    (b"GET /a HTTP/1.1\r\nA: 1\r\n\r\n", "GET", "/a", 1, "", True),
    (b"POST /a HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}more", "POST", "/a", 1, "{}", True),
    (b"POST /a HTTP/1.1\r\n\r\nbody", "POST", "/a", 0, "body", True),
    (b"POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "POST", "/a", 1, None, True),
    (b"GET /a HTTP/1.1\r\nA: 1\r\n", "GET", "/a", 1, None, False),
    (b"GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\n", "GET", "/a", 0, "", True),
    (b"", "", "", 0, None, False),
]


@pytest.mark.parametrize(("raw", "method", "target", "count", "body", "complete"), MESSAGES)
def test_raw_bytes(raw: bytes, method: str, target: str, count: int, body: str | None, complete: bool) -> None:
    subject = from_http(raw)
    assert (subject.method.text, subject.target.text, len(subject.fields)) == (method, target, count)
    assert (None if subject.body is None else subject.body.text) == body
    assert subject.complete is complete


def test_a_request_that_somebody_wrote_down_is_not_blamed_for_its_line_ends() -> None:
    text = b"my request:\n\nGET /orders/v0/orders/1 HTTP/1.1\nHost: sellingpartnerapi-eu.amazon.com\nEmpty:\n"
    subject = from_text(text + b"User-Agent: a\nx-amz-access-token: Atza|a\n\n\n")
    assert subject is not None
    (finding,) = [each for each in check(subject) if each.fault and "http" in each.fault]
    assert (finding.rule, subject.source[finding.start : finding.end]) == ("empty-header", b"Empty:\n")
    assert from_text(b"nothing of the kind") is None


def test_a_value_is_shown_in_a_rendering_of_it() -> None:
    request = Request(method="GET", url=f"{URL}?a=ä", headers=Headers({"A": "1"}), body=b"x")
    subject = from_request(request)
    assert subject.source == f"GET {URL}?a=ä\nA: 1\n\nx".encode()
    assert (subject.form, subject.complete) == (Form.VALUE, False)
    assert from_request(request, complete=True).complete


@pytest.mark.parametrize(
    ("url", "host", "path", "query", "fragment"),
    [
        ("https://h.example:444/a/b?c=d#e", "h.example", "/a/b", "c=d", "#e"),
        ("h.example/a?b", "h.example", "/a", "b", None),
        ("/a?u=https://x/y", "", "/a", "u=https://x/y", None),
        ("https://h.example?x", "h.example", "", "x", None),
        ("https://u:p@[::1]/a", "[::1]", "/a", "", None),
        ("", "", "", "", None),
    ],
)
def test_a_url_is_taken_apart(url: str, host: str, path: str, query: str, fragment: str | None) -> None:
    subject = from_url(url)
    assert (subject.host, subject.path.text, subject.query.text) == (host, path, query)
    assert (None if subject.fragment is None else subject.fragment.text) == fragment


def _of(data: bytes) -> list[Subject | None]:
    found: list[Subject | None] = [from_http(data), from_text(data), from_url(data), *read_curl(b"curl " + data)]
    try:
        found += [recorded.subject for recorded in from_har(data)]
    except Broken:
        found.append(None)
    return found


PIECES = st.sampled_from(
    [b"GET ", URL.encode(), b" HTTP/1.1\r\n", b"\n", b"Host: ", b"x-amz-access-token: ", b"Atza|", b"?", b"&", b"%25",
     b"'", b'"', b"$'", b"\\", b"-H ", b"-d ", b"{", b'{"request":{"url":"', b'"}}', b"\x00", b"\xff", b"#", b"=", b"/"]
)  # fmt: skip


@given(st.lists(PIECES | st.binary(max_size=6), max_size=14).map(b"".join))
def test_nothing_that_is_given_raises_and_every_place_lies_within(data: bytes) -> None:
    for subject in _of(data):
        if subject is None:
            continue
        for finding in check(subject, now=1.8e9):
            assert 0 <= finding.start <= finding.end <= len(subject.source), finding


def test_a_joined_text_keeps_the_places_of_its_parts() -> None:
    joined = Mapped.join([Mapped("ab", 5), Mapped("c", [20], [26]), Mapped("", 30)])
    assert [(joined.place(i, i + 1).start, joined.place(i, i + 1).end) for i in range(3)] == [(5, 6), (6, 7), (20, 26)]
    assert joined.place(3).start == joined.stop == 30
    assert joined.cut(1).place().start == 6


# Any text, also what no encoding takes: halves of surrogate pairs, by themselves and beside bytes that were no UTF-8.
ODD = st.text(st.characters() | st.characters(categories=["Cs"]), max_size=40)
FIELD_NAMES = st.sampled_from(["Host", "x-amz-access-token", "User-Agent", "Content-Type", "x-amz-date"]) | ODD


@given(
    st.sampled_from(["GET", "POST", "PUT"]) | ODD,
    st.sampled_from([URL, f"{URL}?MarketplaceIds=", "/auth/o2/token", "/apps/authorize/consent?state="]),
    ODD,
    st.lists(st.tuples(FIELD_NAMES, ODD), max_size=3),
    st.none() | st.binary(max_size=20) | ODD.map(lambda text: text.encode("utf-8", "surrogatepass")),
)
def test_a_request_of_any_text_is_checked(
    method: str, url: str, more: str, fields: list[tuple[str, str]], body: bytes | None
) -> None:
    subject = from_request(Request(method=method, url=url + more, headers=Headers(fields), body=body))
    for finding in check(subject, now=1.8e9):
        assert 0 <= finding.start <= finding.end <= len(subject.source)
        show(subject, finding)


@given(ODD, ODD)
def test_a_url_and_a_command_of_any_text_are_checked(one: str, other: str) -> None:
    for text in (one, URL + one, f"curl '{URL}?{one}' -H {other!r} -d '{other}'", f"curl {URL}{one} {other}"):
        for subject in (from_url(text), from_curl(text)):
            if subject is not None:
                for finding in check(subject, now=1.8e9):
                    show(subject, finding)


@given(
    st.recursive(st.none() | ODD, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ODD, inner, max_size=3))
)
def test_a_recording_of_any_text_is_checked(value: object) -> None:
    request = {"method": "GET", "url": URL, "headers": [{"name": "A", "value": value}], "postData": {"text": value}}
    for change in ({}, {"url": value}, {"method": value}, {"headers": value}, {"postData": value}):
        source = json.dumps({"log": {"entries": [{"startedDateTime": value, "request": request | change}, value]}})
        for recorded in from_har(source.encode()):
            for finding in check(recorded.subject, now=recorded.at):
                show(recorded.subject, finding)
