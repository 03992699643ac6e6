"""Headers keep what was sent; requests tell their parts; any bytes make them."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recoup.exchange import Headers, Request


def test_headers_keep_order_case_and_duplicates() -> None:
    headers = Headers([("Host", "a"), ("X-A", "1"), ("x-a", "2")])
    assert headers.items() == (("Host", "a"), ("X-A", "1"), ("x-a", "2"))
    assert headers.get("X-a") == "1"
    assert headers.get_all("x-A") == ["1", "2"]
    assert "HOST" in headers
    assert "x-b" not in headers
    assert headers.get("x-b", "none") == "none"
    assert len(headers) == 3


def test_setting_a_field_replaces_all_of_its_name_in_place() -> None:
    headers = Headers([("A", "1"), ("B", "2"), ("a", "3")])
    assert headers.set("a", "9").items() == (("A", "9"), ("B", "2"))
    assert headers.set("C", "9").items() == (("A", "1"), ("B", "2"), ("a", "3"), ("C", "9"))
    assert headers.items() == (("A", "1"), ("B", "2"), ("a", "3"))


@given(st.lists(st.tuples(st.binary(max_size=20), st.binary(max_size=40)), max_size=8))
def test_any_bytes_make_headers(items: list[tuple[bytes, bytes]]) -> None:
    headers = Headers(items)
    assert len(headers) == len(items)
    assert headers == Headers(headers)
    assert hash(headers) == hash(Headers(headers.items()))


@pytest.mark.parametrize(
    ("url", "host", "path", "query"),
    [
        ("https://H.amazon.com/a%2Fb/c?x=1&y=%20", "h.amazon.com", "/a%2Fb/c", {"x": "1", "y": " "}),
        ("/a/b?x=1&x=2&z=", "from.header", "/a/b", {"x": "2", "z": ""}),
        ("https://[::1/a?b=1", "from.header", "https://[::1/a", {"b": "1"}),
        ("", "from.header", "", {}),
    ],
)
def test_the_parts_of_a_url(url: str, host: str, path: str, query: dict[str, str]) -> None:
    request = Request(method="GET", url=url, headers=Headers({"Host": "From.Header:443"}))
    assert (request.host, request.path, request.query) == (host, path, query)


@pytest.mark.parametrize(
    ("field", "host"),
    [("[::1]:8080", "::1"), ("Name:80", "name"), (" name ", "name"), ("[::1", ""), ("", ""), (None, "")],
)
def test_the_host_of_a_request_line_without_one(field: str | None, host: str) -> None:
    headers = Headers() if field is None else Headers({"Host": field})
    assert Request(method="GET", url="/x", headers=headers).host == host


_PIECES = st.text(st.sampled_from("aZ0.:/?#&=%@[]!\\ \t\né-_~;'\"<>{}|"), max_size=12)


@given(st.builds("{}{}{}".format, st.sampled_from(["https://", "http:", "//", "/", ""]), _PIECES, _PIECES))
def test_the_quick_way_through_a_url_is_the_librarys(url: str) -> None:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return
    request = Request(method="GET", url=url)
    assert (request.host, request.path) == (host, parts.path)
    assert request.query == dict(parse_qsl(parts.query, keep_blank_values=True))
