"""Message templates: what is tolerated, what is not, what comes out, and that any text may go in."""

from __future__ import annotations

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recoup.catalogue.template import Parameter, Template, compile_template, normalise

FIXED = "Request is forbidden"
TWO = "Requested Entity with '{entity:text}' '{id:text}' is not found"
THREE = "Invalid input, '{parameter:text}': '{value:text}' can't be higher than '{limit:text}'"
BARE = "{sequence:integer} is in conflict with existing client sequence number {existing:integer}"
LAST = "No invoice available for shipment '{shipment:text}'"
STOP = "Please try after '{seconds:seconds}' seconds."

# template, text, parameters
MATCHES: list[tuple[str, str, dict[str, str]]] = [
    (FIXED, "Request is forbidden", {}),
    # upper and lower case, blanks, punctuation at the end, quotes around the whole
    (FIXED, "REQUEST IS FORBIDDEN", {}),
    (FIXED, "  Request   is\n\tforbidden  ", {}),
    (FIXED, "Request is forbidden.", {}),
    (FIXED, "Request is forbidden!;", {}),
    (FIXED, "'Request is forbidden'.", {}),
    (FIXED, "“Request is forbidden”", {}),
    (TWO, "Requested Entity with 'shipmentId' 'S-1' is not found", {"entity": "shipmentId", "id": "S-1"}),
    (TWO, "requested entity with  'shipmentId'  'S-1' IS NOT FOUND.", {"entity": "shipmentId", "id": "S-1"}),
    # quotes of another form, on one side only, or none
    (TWO, "Requested Entity with “shipmentId” “S-1” is not found", {"entity": "shipmentId", "id": "S-1"}),
    (TWO, "Requested Entity with `shipmentId` 'S-1' is not found", {"entity": "shipmentId", "id": "S-1"}),
    (TWO, "Requested Entity with shipmentId S-1 is not found", {"entity": "shipmentId", "id": "S-1"}),
    # a parameter keeps its case and, between quotes, its blanks; it may be empty
    (TWO, "Requested Entity with 'ship ment' 'My SKU 1' is not found", {"entity": "ship ment", "id": "My SKU 1"}),
    (TWO, "Requested Entity with '' '' is not found", {"entity": "", "id": ""}),
    # words of the template inside a parameter
    (TWO, "Requested Entity with 'x' 'Entity with' is not found", {"entity": "x", "id": "Entity with"}),
    (
        THREE,
        "Invalid input, 'maxResults': '101' can't be higher than '100'",
        {"parameter": "maxResults", "value": "101", "limit": "100"},
    ),
    (
        THREE,
        "Invalid input, maxResults: 101 can’t be higher than 100.",  # noqa: RUF001  a typographic apostrophe
        {"parameter": "maxResults", "value": "101", "limit": "100"},
    ),
    (BARE, "41 is in conflict with existing client sequence number 42", {"sequence": "41", "existing": "42"}),
    (BARE, "'41' is in conflict with existing client sequence number '42'", {"sequence": "41", "existing": "42"}),
    # a value that does not fit its type is still reported: the fixed words recognise the message
    (BARE, "null is in conflict with existing client sequence number n/a", {"sequence": "null", "existing": "n/a"}),
    (LAST, "No invoice available for shipment 'S-1'.", {"shipment": "S-1"}),
    (LAST, "No invoice available for shipment S-1", {"shipment": "S-1"}),
    (LAST, "No invoice available for shipment “S.1”", {"shipment": "S.1"}),
    (STOP, "Please try after '3600' seconds.", {"seconds": "3600"}),
    (STOP, "please try after 60 seconds", {"seconds": "60"}),
]

NEGATIVES = [
    (FIXED, ""),
    (FIXED, "Request is"),
    (FIXED, "Request is forbidden for you"),
    (FIXED, "The Request is forbidden"),
    (FIXED, "Requestisforbidden"),
    (TWO, "Requested Entity with 'shipmentId' 'S-1' is found"),
    (TWO, "Requested Entity with 'shipmentId' 'S-1' is not found here"),
    (TWO, "Error: Requested Entity with 'shipmentId' 'S-1' is not found"),
    (TWO, "Requested Entity is not found"),
    (THREE, "Invalid input 'x' for parameter 'y'"),
    (BARE, "is in conflict with existing"),
    (LAST, "No invoice available"),
    (STOP, "Please try after"),
]

MALFORMED = [
    ("a {b:colour}", "unknown type 'colour'"),
    ("a {b:text} {b:word}", "stands twice"),
    ("a {B:text}", "'{B:text}' is no parameter"),
    ("a {b}", "'{b}' is no parameter"),
    ("a {}", "'{}' is no parameter"),
    ("{b:text}", "no fixed words"),
    ("'{a:text}': '{b:text}'.", "no fixed words"),
    ("", "no fixed words"),
]


@pytest.mark.parametrize(("template", "text", "parameters"), MATCHES)
def test_match(template: str, text: str, parameters: dict[str, str]) -> None:
    assert compile_template(template).match(text) == parameters


@pytest.mark.parametrize(("template", "text"), NEGATIVES)
def test_no_match(template: str, text: str) -> None:
    assert compile_template(template).match(text) is None


@pytest.mark.parametrize(("template", "complaint"), MALFORMED)
def test_a_malformed_template_is_refused_with_the_reason(template: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=re.escape(complaint)):
        Template(template)


def test_parameters_in_their_order() -> None:
    assert compile_template(THREE).parameters == (
        Parameter("parameter", "text"),
        Parameter("value", "text"),
        Parameter("limit", "text"),
    )
    assert compile_template(FIXED).parameters == ()


def test_fill() -> None:
    assert compile_template(BARE).fill({"sequence": 41, "existing": 42, "other": 1}) == (
        "41 is in conflict with existing client sequence number 42"
    )
    assert compile_template(FIXED).fill({}) == FIXED


def test_fill_asks_for_every_parameter() -> None:
    with pytest.raises(KeyError, match="id"):
        compile_template(TWO).fill({"entity": "shipmentId"})


def test_more_fixed_text_weighs_more() -> None:
    general = compile_template("The request has an invalid grant parameter : {parameter:text}")
    special = compile_template("The request has an invalid grant parameter : code")
    text = "The request has an invalid grant parameter : code"
    assert general.match(text) == {"parameter": "code"}
    assert special.match(text) == {}
    assert special.weight > general.weight


def test_a_template_is_compiled_once() -> None:
    assert compile_template(TWO) is compile_template(TWO)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  A  b\nC. ", "a b c"),
        ("'A b'", "a b"),
        ("A 'b'.", "a 'b"),
        ("...", ""),
        ("", ""),
    ],
)
def test_normalise(text: str, expected: str) -> None:
    assert normalise(text) == expected


@pytest.mark.parametrize("template", [FIXED, TWO, THREE, BARE, LAST, STOP])
@given(text=st.text())
def test_any_text_may_come_in(template: str, text: str) -> None:
    found = compile_template(template).match(text)
    assert found is None or set(found) == {parameter.name for parameter in compile_template(template).parameters}


@pytest.mark.parametrize("template", [TWO, THREE, BARE, LAST, STOP])
@given(pieces=st.lists(st.sampled_from(["'", " ", "' '", "': '", " is not found", "can't be higher than", "x", "."])))
def test_any_heap_of_the_template_s_own_pieces_may_come_in(template: str, pieces: list[str]) -> None:
    compiled = compile_template(template)
    compiled.match("".join(pieces))
    head = template.partition("{")[0]
    compiled.match(head + "".join(pieces))


# Each of these made a backtracking matcher try every pair or triple of places, which took it seconds a text.
@pytest.mark.parametrize(
    ("template", "text"),
    [
        (TWO, "Requested Entity with '" + "' '" * 100_000),
        (THREE, "Invalid input, '" + "': '" * 100_000),
        (TWO, "Requested Entity with " + " " * 1_000_000),
        (FIXED, "Request is forbidden" + "." * 1_000_000),
        (LAST, "No invoice available for shipment '" + "'" * 1_000_000),
    ],
)
def test_long_text_comes_to_an_end(template: str, text: str) -> None:
    compile_template(template).match(text)


def test_a_message_that_goes_on_for_ever_is_cut_before_matching() -> None:
    found = compile_template(LAST).match("No invoice available for shipment '" + "7" * 100_000)
    assert found is not None
    assert 4_000 < len(found["shipment"]) < 4_096


VALUE = st.text(alphabet=string.ascii_letters + string.digits + "-_/+=", min_size=1, max_size=40)


@given(entity=VALUE, name=VALUE)
def test_what_is_filled_in_comes_back(entity: str, name: str) -> None:
    template = compile_template(TWO)
    assert template.match(template.fill({"entity": entity, "id": name})) == {"entity": entity, "id": name}


@given(words=st.lists(VALUE, min_size=1, max_size=4))
def test_blanks_inside_quotes_come_back_too(words: list[str]) -> None:
    template = compile_template(TWO)
    parameters = {"entity": " ".join(words), "id": " ".join(reversed(words))}
    assert template.match(template.fill(parameters)) == parameters
