"""The forgiving reader: one value, written in many ways, whole or damaged."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recoup.diagnosis.body import decode, values_in
from recoup.diagnosis.literals import read_literal
from recoup.diagnosis.shapes.markup import consent_code, page_text, xml_claims

WANTED = {"code": "X", "details": None, "retryable": True, "n": 12}


@pytest.mark.parametrize(
    "text",
    [
        '{"code": "X", "details": null, "retryable": true, "n": 12}',
        "{'code': 'X', 'details': None, 'retryable': True, 'n': 12}",
        '{"code"=>"X", "details"=>nil, "retryable"=>true, "n"=>12}',
        "{code: 'X', details: undefined, retryable: true, n: 12,}",
        "Array ( [code] => X [details] => null [retryable] => true [n] => 12 )",
        '{"code": "X" "details": null\n"retryable": true, "n": 12}',
        '{"code": "X", "details": null, "retryable": true, "n": 12',
    ],
)
def test_one_object_in_many_forms(text: str) -> None:
    literal = read_literal(text, text.index("{") if "{" in text else text.index("("))
    assert literal is not None
    assert literal.value == WANTED


@pytest.mark.parametrize(
    ("text", "value", "complete"),
    [
        ('{"a": "\\ud83d\\ude00"}', {"a": "😀"}, True),
        ('{"a": "\\ud83d"}', {"a": "�"}, True),
        ('{"a": "b', {"a": "b"}, False),
        ('{"a": {"b": "c"', {"a": {"b": "c"}}, False),
        ('{"a": [1, 2', {"a": [1, 2]}, False),
        ('{"a": "it\\"s \\u0041\\n"}', {"a": 'it"s A\n'}, True),
        ("('invalid_client', 'no', 401)", ["invalid_client", "no", 401], True),
        ("{}", {}, True),
        ("[]", [], True),
        ('{"m": "{ "code": "X" }"}', {"m": {"code": "X"}}, True),
        ('{"m": "{\\"code\\": 1}"}', {"m": '{"code": 1}'}, True),
    ],
)
def test_damaged_and_nested(text: str, value: Any, complete: bool) -> None:
    literal = read_literal(text)
    assert literal is not None
    assert (literal.value, literal.complete) == (value, complete)


@pytest.mark.parametrize("text", ["", "x", '"a"', "12"])
def test_no_object_there(text: str) -> None:
    assert read_literal(text) is None


PLAIN = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20)
OBJECTS = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(10**9), 10**9), PLAIN.filter(lambda text: "{" not in text)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.from_regex(r"[a-z]{1,8}", fullmatch=True), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.from_regex(r"[a-z]{1,8}", fullmatch=True), OBJECTS, min_size=1, max_size=4))
def test_json_and_python_are_read_as_they_were_meant(value: dict[str, object]) -> None:
    for text in (json.dumps(value), json.dumps(value, ensure_ascii=False, indent=1), repr(value)):
        literal = read_literal(text)
        assert literal is not None
        assert literal.value == value or "\\x" in text or "\\U" in text or "'[" in text or '"[' in text
        assert literal.complete


def test_values_among_prose() -> None:
    values, complete = values_in('sent {"a": 1} (see above) and got [{"code": "X"}] then {"b": 2')
    assert values == [{"a": 1}, [{"code": "X"}], {"b": 2}]
    assert not complete


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1"])
def test_encodings(encoding: str) -> None:
    assert decode('{"code":"é"}'.encode(encoding)) == '{"code":"é"}'


def test_a_page_is_read_as_a_person_reads_it() -> None:
    title, lines = page_text(
        "<html><head><title>A &amp; B</title><script>var x = '<p>no</p>';</script></head>"
        "<body><!-- no --><p>Error code: <b>MD1000</b></p><div>Second</div><p>open"
    )
    assert title == "A & B"
    assert lines == ["Error code: MD1000", "Second", "open"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Error code: MD5101", "MD5101"),
        ("(SPDC8143)", "SPDC8143"),
        ("SPSA0404.", "SPSA0404"),
        ("CONSENT_LIMIT_REACHED", "CONSENT_LIMIT_REACHED"),
        ("CMD1000", None),
        ("MD10", None),
        ("md1000", None),
    ],
)
def test_the_codes_of_consent_pages(text: str, code: str | None) -> None:
    assert consent_code(text) == code


def test_the_error_element_of_the_storage() -> None:
    (claim,) = xml_claims(
        "<Error><Code>AccessDenied</Code><Message>Request has\n  expired</Message><RequestId>R</RequestId></Error>"
    )
    assert (claim.code, claim.message, claim.request_id) == ("AccessDenied", "Request has expired", "R")
    assert xml_claims("<html></html>") == []
