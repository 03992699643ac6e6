"""From a refusal to its bytes: every entry of the catalogue that has an answer, its parameters, its variants."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sandbox_world import CATALOGUE

from recoup.catalogue.fault import Answer, Fault
from recoup.sandbox.answers import Answers, ScNumber
from recoup.sandbox.operation import Refusal

ANSWERS = Answers(CATALOGUE)


@pytest.mark.parametrize("fault", [fault.id for fault in CATALOGUE.values() if fault.answer is not None])
def test_every_answer_of_the_catalogue_can_be_sent(fault: str) -> None:
    refusal = Refusal(fault, because="a test")
    names = {parameter.name for message in CATALOGUE[fault].messages for parameter in message.compiled.parameters}
    refusal.parameters = {
        **dict.fromkeys(["marketplace", "thing", "value", "elements", "expected", "scope"], "x"),
        **dict.fromkeys(names, "x"),
    }
    answer = ANSWERS.fill(refusal)
    documented = CATALOGUE[fault].answer
    assert isinstance(documented, Answer)
    assert answer.status == documented.status
    assert answer.content_type == documented.content_type
    if answer.content_type.startswith("application/json") and answer.body:
        msgspec.json.decode(answer.body)


def test_without_parameters_the_bytes_are_the_entry_s_own() -> None:
    fault = CATALOGUE["429-rate-limit"]
    assert isinstance(fault.answer, Answer)
    assert ANSWERS.fill(Refusal(fault.id, because="a test")).body.decode() == fault.answer.body


@given(st.text())
def test_any_value_is_escaped(value: str) -> None:
    refusal = Refusal("sc-00002-invalid-value", because="a test", value=value, parameter="x")
    try:
        expected = f"Invalid input '{value.encode().decode()}' for parameter 'x'"
    except UnicodeEncodeError:  # half a surrogate pair is no text
        return
    assert msgspec.json.decode(ANSWERS.fill(refusal).body)["errors"][0]["message"] == expected


@pytest.mark.parametrize(
    ("fault", "variant", "field", "text"),
    [
        ("403-expired-token", "access-token-expired", "details", "The access token you provided has expired."),
        (
            "403-expired-token",
            "token-revoked",
            "details",
            "The access token you provided is revoked, malformed or invalid.",
        ),
        ("403-expired-token", "client-secret-expired", "details", "The LWA secret token you provided has expired."),
        (
            "lwa-invalid-grant",
            "authorization-code",
            "error_description",
            "The request has an invalid grant parameter : code",
        ),
    ],
)
def test_a_variant_has_the_text_that_proves_it(fault: str, variant: str, field: str, text: str) -> None:
    body = msgspec.json.decode(ANSWERS.fill(Refusal(fault, because="a test", variant=variant)).body)
    error = body["errors"][0] if "errors" in body else body
    assert error[field] == text
    plain = CATALOGUE[fault].answer
    assert isinstance(plain, Answer)
    assert list(body) == list(msgspec.json.decode(plain.body))


@pytest.mark.parametrize(
    ("refusal", "complaint"),
    [
        (Refusal("no-such-fault", because=""), "no wire answer for 'no-such-fault'"),
        (Refusal("auth-MD1000", because="", variant="x"), "no place for the variant"),
        (Refusal("sc-00002-invalid-value", because="", value="1"), "needs the parameter 'parameter'"),
        (Refusal("403-expired-token", because="", variant="imagined"), "no place for the variant 'imagined'"),
    ],
)
def test_what_cannot_be_sent_is_named(refusal: Refusal, complaint: str) -> None:
    with pytest.raises(LookupError, match=complaint):
        ANSWERS.fill(refusal)


def test_a_catalogue_of_ones_own_is_sent_too() -> None:
    own = msgspec.structs.replace(
        CATALOGUE["429-rate-limit"],
        id="own",
        answer=Answer(
            mark=CATALOGUE["429-rate-limit"].messages[0].mark,
            status=429,
            body='<a b="{value}"/>',
            content_type="application/xml",
        ),
    )
    faults: dict[str, Fault] = {"own": own}
    assert Answers(faults).fill(Refusal("own", because="", value='"<&')).body == b'<a b="&quot;&lt;&amp;"/>'


def test_a_wording_is_another_message_of_the_same_entry() -> None:
    answers = Answers(CATALOGUE)
    near = Refusal("400-invalid-date-format", because="x", wording="Date range is invalid")
    assert b'"message":"Date range is invalid","details":""' in answers.fill(near).body
    value = Refusal(
        "400-wrong-identifier",
        because="x",
        wording="{count:integer} validation error detected",
        count=1,
        value='a"b',
        parameter="p",
        constraint="c",
    )
    message = msgspec.json.decode(answers.fill(value).body)["errors"][0]["message"]
    assert message == "1 validation error detected: Value 'a\"b' at 'p' failed to satisfy constraint: c"
    with pytest.raises(LookupError, match="no message of it begins with 'Nothing like it'"):
        answers.fill(Refusal("400-invalid-date-format", because="x", wording="Nothing like it"))


@pytest.mark.parametrize(
    ("place", "code", "details"),
    [
        (ScNumber.DETAILS, "OrderCancelled", "SC_00006"),
        (ScNumber.CODE, "SC_00006", ""),
        (ScNumber.NONE, "OrderCancelled", ""),
    ],
)
def test_the_number_of_an_error_travels_where_the_setting_says(place: ScNumber, code: str, details: str) -> None:
    text = "Cannot process the request because the order is already cancelled"
    answer = Answers(CATALOGUE, sc_number=place).fill(Refusal("sc-00006-order-cancelled", because="a test"))
    assert msgspec.json.decode(answer.body) == {"errors": [{"code": code, "message": text, "details": details}]}
    other = Refusal("429-rate-limit", because="a test")
    assert Answers(CATALOGUE, sc_number=place).fill(other) == ANSWERS.fill(other)
