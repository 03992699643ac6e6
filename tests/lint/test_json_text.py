"""Reading JSON with places: as a strict decoder reads it, and on past what is no JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from properties import FACTOR
from recoup.lint.json_text import Node, read_json

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def plain(node: Node) -> Any:
    if node.kind == "object":
        return {member.name: plain(member.node) for member in node.members}
    if node.kind == "array":
        return [plain(element) for element in node.elements]
    return json.loads(node.text) if node.kind == "number" else node.value


@settings(max_examples=100 * FACTOR)
@given(VALUES, st.sampled_from([None, 2]), st.booleans())
def test_json_is_read_as_a_decoder_reads_it(value: Any, indent: int | None, ascii_only: bool) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only).encode().decode("latin-1")
    read = read_json(text)
    assert read.flaws == []
    assert read.whole
    assert read.root is not None
    assert plain(read.root) == json.loads(text.encode("latin-1"))


@settings(max_examples=200 * FACTOR)
@given(VALUES)
def test_every_value_stands_where_it_is_said_to_stand(value: Any) -> None:
    text = json.dumps(value)
    read = read_json(text)
    for _, node in read.nodes():
        assert json.loads(text[node.start : node.end]) == plain(node)


@settings(max_examples=500 * FACTOR)
@given(st.text(alphabet="{}[]\",:'\\ \n/#*tfnuU019.-+eEabc=>\x00\xef\xbb\xbf", max_size=60))
def test_any_text_is_read_to_an_end(text: str) -> None:
    read = read_json(text)
    for flaw in read.flaws:
        assert 0 <= flaw.start <= flaw.end <= len(text) + 1
    strict = True
    try:
        json.loads(text, parse_constant=lambda name: 1 / 0)
    except (ValueError, ZeroDivisionError):
        strict = False
    if strict:
        assert [flaw.text for flaw in read.flaws if "twice" not in flaw.text] == []
    else:
        assert read.flaws


def test_depth_and_length_are_limited() -> None:
    assert not read_json("[" * 100_000).whole
    assert not read_json("[" + "1," * 300_000 + "1]").whole


FLAWS = [
    ('{"a": 1,}', [(7, 8, "")]),
    ("{'a': 1}", [(1, 2, '"'), (3, 4, '"')]),
    ("{a: True}", [(1, 2, '"a"'), (4, 8, "true")]),
    ('{"a" => nil}', [(5, 7, ":"), (8, 11, "null")]),
    ('{"a": 1 "b": 2}', [(7, 7, ",")]),
    ("[1 2]", [(2, 2, ",")]),
    ('{"a": 1} // all', [(9, 15, "")]),
    ('{"a": "b', [(8, 8, None)]),
    ('{"a": 1} {"b": 2}', [(9, 17, None)]),
    ('{"a": 1, "a": 2}', [(9, 12, None)]),
    ("\xef\xbb\xbf{}", [(0, 3, "")]),
    ('{"a": "x\ny"}', [(8, 9, None)]),
    ('{"a": 01}', [(6, 8, None)]),
]


@pytest.mark.parametrize(("text", "flaws"), FLAWS)
def test_what_is_no_json_is_noted_with_what_may_stand_there(
    text: str, flaws: list[tuple[int, int, str | None]]
) -> None:
    assert [(flaw.start, flaw.end, flaw.instead) for flaw in read_json(text).flaws] == flaws
