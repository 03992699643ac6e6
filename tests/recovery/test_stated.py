"""Times and rates as other programs write them down."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recoup.exchange import Headers
from recoup.recovery.stated import answered_at, instant, rate_limit, retry_after, seconds

MOMENT = datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    "text",
    [
        "1994-11-06T08:49:37Z",
        "1994-11-06 08:49:37Z",
        "1994-11-06T08:49:37",
        "1994-11-06T09:49:37+01:00",
        " '1994-11-06T08:49:37.000Z' ",
        "19941106T084937Z",
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        "Sun Nov 06 08:49:37 UTC 1994",
    ],
)
def test_an_instant_in_many_spellings(text: str) -> None:
    assert instant(text) == MOMENT


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1795000000", 1_795_000_000.0), ("1795000000123", 1_795_000_000.123), ("1994-11-06", MOMENT - 31777)],
)
def test_epochs_and_bare_dates(text: str, expected: float) -> None:
    assert instant(text) == pytest.approx(expected)


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "soon",
        "3600",
        "-1",
        "Sun, 30 Feb 1994 08:49:37 GMT",
        "Sun, 06 Xyz 1994 08:49:37 GMT",
        "1994-13-01",
        "0001-01-01T00:00:00+23:59x",
        "nan",
        "٣",
    ],
)
def test_what_is_no_instant(text: str | None) -> None:
    assert instant(text) is None


@pytest.mark.parametrize(("text", "expected"), [("0", 0.0), ("3600", 3600.0), (" 1.5 ", 1.5)])
def test_seconds(text: str, expected: float) -> None:
    assert seconds(text) == expected


@pytest.mark.parametrize("text", [None, "", "-1", "1e9", "inf", "nan", "1 2", "٣", "1" * 400])
def test_what_is_no_number_of_seconds(text: str | None) -> None:
    assert seconds(text) is None


def test_a_date_to_retry_after_counts_from_the_answers_own_date_or_else_from_now() -> None:
    dated = Headers({"Retry-After": "Sun, 06 Nov 1994 08:50:37 GMT", "Date": "Sun, 06 Nov 1994 08:49:37 GMT"})
    for our_clock in (None, MOMENT + 50, MOMENT + 500, MOMENT - 7200):
        assert retry_after(dated, our_clock) == 60.0
    undated = Headers({"Retry-After": "Sun, 06 Nov 1994 08:50:37 GMT"})
    assert retry_after(undated, MOMENT + 50) == 10.0
    assert retry_after(undated, MOMENT + 500) == 0.0
    assert retry_after(undated, None) is None
    assert answered_at(dated) == MOMENT


@pytest.mark.parametrize(
    ("text", "expected"), [("0.0167", 0.0167), ("5.0", 5.0), ("0", None), ("n", None), ("-2", None)]
)
def test_a_rate_limit(text: str, expected: float | None) -> None:
    assert rate_limit(Headers({"X-Amzn-RateLimit-Limit": text})) == expected
    assert rate_limit(Headers()) is None


@given(st.text(max_size=60))
def test_any_text_is_read_or_not_and_never_raises(text: str) -> None:
    headers = Headers({"Retry-After": text, "x-amz-retry-after": text, "Date": text})
    for value in (
        instant(text),
        seconds(text),
        retry_after(headers, None),
        retry_after(headers, 0.0),
        rate_limit(headers),
    ):
        assert value is None or isinstance(value, float)


@given(st.datetimes(timezones=st.timezones()))
def test_what_the_standard_library_writes_is_read(moment: datetime) -> None:
    read = instant(moment.isoformat())
    assert read is None or read == pytest.approx(moment.timestamp(), abs=1e-3)
