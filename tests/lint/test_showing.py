"""A finding in its line: carets under its bytes, secrets masked; and what a safe fix makes of the source."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recoup.lint.finding import Finding, FixKind
from recoup.lint.mending import mended
from recoup.lint.reading import from_http, from_url
from recoup.lint.showing import show

SECRET = "IwEBIJedGJVeryLongAndSecret"
HEAD = "GET /a?email=jane%40x.example HTTP/1.1\r\n"


def _finding(start: int, end: int, replacement: bytes | None = None, kind: FixKind = FixKind.SAFE) -> Finding:
    return Finding(
        rule="r", fault=None, start=start, end=end, text="t.", fix="f.", fix_kind=kind, replacement=replacement
    )


# (what precedes, the span, what follows; what is shown, what is marked)
SHOWN = [
    ("ab", "cd", "ef", "abcdef", "cd"),
    ("first\nab", "cd", "ef\nlast", "abcdef", "cd"),
    ("first\r\nab", "cd", "ef\r\nlast", "abcdef", "cd"),
    ("ü", "ö", "ä", "üöä", "ö"),
    ("a", "\x00", "b", "a\\x00b", "\\x00"),
    ("", "ab\ncd", "", "ab", "ab"),
    (f"access_token={SECRET}&x=", "y", "", f"access_token=<redacted, {len(SECRET)} characters>&x=y", "y"),
]


@pytest.mark.parametrize(("before", "span", "after", "shown", "marked"), SHOWN)
def test_the_span_is_marked_in_its_line(before: str, span: str, after: str, shown: str, marked: str) -> None:
    source = (before + span + after).encode()
    start = len(before.encode())
    found = show(from_url(source), _finding(start, start + len(span.encode())))
    assert found.text == shown
    assert "".join(char for char, mark in zip(found.text, found.marks, strict=False) if mark == "^") == marked
    assert found.line == before.count("\n") + 1


def test_where_something_is_missing_one_caret_stands_before_what_follows() -> None:
    source = f"refresh_token={SECRET}&x=y".encode()
    found = show(from_url(source), _finding(len(source) - 1, len(source) - 1))
    assert found.text[found.marks.index("^")] == "y"
    assert show(from_url(b"ab"), _finding(2, 2)).marks == "  ^"


def test_a_long_line_is_cut_around_the_span() -> None:
    found = show(from_url(b"a" * 500 + b"X" + b"b" * 500), _finding(500, 501))
    assert len(found.text) <= 102
    assert found.text[found.marks.index("^")] == "X"
    assert (found.text[0], found.text[-1]) == ("…", "…")


FIELDS = [
    "x-amz-access-token",
    "X-Amz-Access-Token",
    "x-amzn-access-token",
    "authorization",
    "my-client-secret",
    "cookie",
]


@given(st.sampled_from(FIELDS), st.text(alphabet="a \"'%&;=\\,<>|", max_size=6), st.data())
def test_no_part_of_a_secret_header_is_shown_whatever_stands_in_it(name: str, odd: str, data: st.DataObject) -> None:
    value = SECRET[:9] + odd + SECRET[9:]
    raw = f"{HEAD}A: b\r\n{name}: {value}\r\n\r\n".encode()
    start = data.draw(st.integers(0, len(raw)))
    end = data.draw(st.integers(start, len(raw)))
    found = show(from_http(raw), _finding(start, end))
    assert SECRET[:9] not in found.text
    assert SECRET[9:] not in found.text
    assert "jane" not in found.text
    assert len(found.marks) <= len(found.text) + 2


def test_safe_fixes_are_carried_out_and_the_rest_is_left() -> None:
    source = b"abcdefgh"
    findings = [
        _finding(6, 7, b"G"),
        _finding(0, 2, b""),
        _finding(0, 2, b""),  # the same said twice
        _finding(1, 3, b"?"),  # overlaps
        _finding(3, 4, b"?", FixKind.GUESS),
        _finding(4, 4, None),
        _finding(8, 8, b"!"),
    ]
    data, left = mended(source, findings)
    assert data == b"cdefGh!"
    assert [(each.start, each.end) for each in left] == [(1, 3), (3, 4), (4, 4)]
