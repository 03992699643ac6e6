"""A recording is read entry by entry: the same requests at the same bytes however it is cut, and no more is held."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recoup.lint.checking import check
from recoup.lint.har import Broken, Recorded, from_har, read_har

URL = "https://sellingpartnerapi-na.amazon.com/orders/v0/order"


def entry(number: int, answer: str = "") -> dict[str, Any]:
    return {
        "startedDateTime": "2026-01-01T00:00:00Z",
        "request": {"method": "GET", "url": f"{URL}?n={number}", "headers": [{"name": "A", "value": "é"}]},
        "response": {"status": 403, "content": {"text": answer}},
    }


def in_pieces(data: bytes, size: int) -> Callable[[int], bytes]:
    """Reads as a pipe does: never more than `size` at once, whatever is asked for."""
    pieces = iter([data[at : at + size] for at in range(0, len(data), size)])
    return lambda count: next(pieces, b"")


def told(recorded: Recorded) -> tuple[str, int, int, int]:
    origin = recorded.origin
    return recorded.subject.target.text, origin.offset, origin.line, origin.column


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 100, 333, 1 << 20])
def test_entries_are_the_same_however_the_file_is_cut(indent: int | None, size: int) -> None:
    data = json.dumps(
        {"log": {"version": "1.2", "entries": [entry(1), entry(22), {}, entry(3)], "pages": []}}, indent=indent
    )
    source = b"\xef\xbb\xbf" + data.encode()
    found = list(read_har(in_pieces(source, size)))
    assert [each.subject.target.text[-4:] for each in found] == ["?n=1", "n=22", "?n=3"]
    assert list(map(told, found)) == list(map(told, from_har(source)))
    for each in found:
        begin = each.origin.offset
        assert source[begin : begin + len(each.subject.source)] == each.subject.source
        assert json.loads(each.subject.source)["response"]["status"] == 403
        line = source[:begin].count(b"\n") + 1
        column = begin - (source.rfind(b"\n", 0, begin) + 1) + 1
        assert (each.origin.line, each.origin.column) == (line, column)
        place = each.subject.target.place()
        assert source[begin + place.start : begin + place.end].decode() == each.subject.target.text
        assert [finding.rule for finding in check(each.subject)][:1] == ["unknown-operation"]


FORMS = [
    {"log": {"entries": [entry(1)]}},
    {"entries": [entry(1)]},
    {"comment": "x", "log": {"creator": {}, "entries": [entry(1)], "comment": ""}, "more": [1, 2.5e3, None, True]},
    entry(1),
    {"startedDateTime": None, "request": entry(1)["request"]},
]


@pytest.mark.parametrize("recording", FORMS)
def test_every_form_of_a_recording_is_read(recording: dict[str, Any]) -> None:
    (found,) = from_har(json.dumps(recording).encode())
    assert found.subject.target.text.endswith("?n=1")


@pytest.mark.parametrize(
    "data", [b"[1, {}]", b"{}", b'{"log": {}}', b'{"log": {"entries": []}}', b'{"log": [], "entries": 1}']
)
def test_json_without_a_request_gives_none(data: bytes) -> None:
    assert list(from_har(data)) == []


BROKEN = [
    (b"", 0),
    (b"x", 0),
    (b'{"log" 1}', 7),
    (b"{'log': 1}", 1),
    (b'{"log": {"entries": [1 2]}}', 23),
    (b'{"log": {"entries": [{"request": {"url": "x"}},,]}}', 47),
    (b'{"log": {"entries": []}} {}', 25),
    (b'{"log": {"entries": [', 21),
    (b'{"log": {"entries": [{"request": {"url": "x', 41),
    (b'{"a": tru}', 6),
    (b'{"a": ' + b"[" * 100_000, None),
    (b'{"a": ' + b"9" * 10_000 + b"}", 6),
    (b'{"log":' * 2000, None),
]


@pytest.mark.parametrize(("data", "at"), BROKEN, ids=range(len(BROKEN)))
def test_what_is_no_recording_is_told_by_its_byte(data: bytes, at: int | None) -> None:
    for size in (3, 1 << 20):
        with pytest.raises(Broken) as broken:
            list(read_har(in_pieces(data, size)))
        assert broken.value.why
        assert 0 <= broken.value.at <= len(data)
        assert at is None or broken.value.at == at


def test_what_stands_before_a_break_is_given() -> None:
    data = json.dumps({"log": {"entries": [entry(1), entry(2), entry(3)]}}).encode()[:-150]
    found: list[Recorded] = []
    with pytest.raises(Broken):
        found.extend(read_har(in_pieces(data, 100)))
    reading = read_har(in_pieces(data, 100))
    assert [next(reading).subject.target.text[-1], next(reading).subject.target.text[-1]] == ["1", "2"]


def test_no_more_is_held_than_an_entry() -> None:
    one = json.dumps(entry(1, "x" * 20_000)).encode()

    def pieces() -> Iterator[bytes]:
        yield b'{"log": {"entries": ['
        for _ in range(1000):  # 20 MB
            yield one + b","
        yield one + b"]}}"

    coming = pieces()
    tracemalloc.start()
    try:
        count = sum(1 for _ in read_har(lambda size: next(coming, b"")))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == 1001
    assert peak < 4 << 20


PIECES = st.sampled_from(
    [b'{"log":', b'{"entries":[', b'{"request":{"method":"GET","url":"https://h/?', b'"}}', b",", b"]", b"}", b'"',
     b"\\", b"\\ud800", b"1e999", b"-", b"nul", b"NaN", b"\xff", b"\xef\xbb\xbf", b" ", b":", b'{"request":1}']
)  # fmt: skip


@given(st.lists(PIECES | st.binary(max_size=6), max_size=14).map(b"".join), st.integers(1, 40))
def test_any_bytes_give_requests_or_one_error(data: bytes, size: int) -> None:
    found: list[Recorded] = []
    broken: Broken | None = None
    try:
        found.extend(read_har(in_pieces(data, size)))
    except Broken as error:
        broken = error
    assert broken is None or 0 <= broken.at <= len(data)
    for each in found:
        check(each.subject, now=1.8e9)
