"""What exchanges add up to does not depend on the parts in which they are counted."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

import recoup
from recoup.exchange import Exchange, Request, Response
from recoup.traces.counts import MAX_NAMES
from recoup.traces.series import MOST, Series
from recoup.traces.summary import OTHERS, UNKNOWN, Summary
from recoup.traces.traced import Place, Traced

GONE = "The given pickup-slot is no longer available and is expired"
BODY = f'{{"errors":[{{"code":"InvalidInput","message":"{GONE}"}}]}}'.encode()
INSTANTS = st.lists(st.floats(1e9, 2e9), max_size=60)


@given(INSTANTS, INSTANTS)
def test_a_series_is_the_same_in_whatever_parts_it_is_counted(first: list[float], second: list[float]) -> None:
    whole, one, two = Series(), Series(), Series()
    for at in first + second:
        whole.add(at)
    for at in first:
        one.add(at)
    for at in second:
        two.add(at)
    one.merge(two)
    assert one.as_dict() == whole.as_dict()
    assert whole.total == len(first) + len(second)


def test_bins_widen_so_that_their_number_stays() -> None:
    series = Series()
    for minute in range(100_000):
        series.add(1e9 + minute * 60)
    assert len(series.bins) <= MOST
    assert series.total == 100_000
    assert [beginning % series.width for beginning, _ in series.items()] == [0] * len(series.bins)
    peak = series.peak
    assert peak is not None
    assert peak[1] == series.width // 60
    assert Series().peak is None


def traced(number: int, status: int = 400, seller: str | None = "S") -> Traced:
    request = Request(method="GET", url=f"https://h/orders/v0/orders/{number}", body=None)
    at = datetime.fromtimestamp(1e9 + number * 7, UTC)
    body = BODY if status == 400 else b"{}"
    exchange = Exchange(request=request, response=Response(status=status, body=body), at=at)
    return Traced(exchange=exchange, place=Place("f", number, number * 100), seller=seller)


def counted(*items: Traced) -> Summary:
    summary = Summary()
    for each in items:
        summary.add(each, recoup.diagnose(each.exchange))
    return summary


@given(st.lists(st.tuples(st.integers(1, 9), st.sampled_from([200, 400, 429, 503])), max_size=20), st.integers(0, 20))
def test_a_summary_is_the_same_in_whatever_parts_it_is_counted(calls: list[tuple[int, int]], cut: int) -> None:
    items = [traced(*call) for call in calls]
    parts = counted(*items[:cut])
    parts.merge(pickle.loads(pickle.dumps(counted(*items[cut:]))))  # noqa: S301  our own
    assert parts.as_dict() == counted(*items).as_dict()


def test_the_very_same_request_that_cannot_work_is_counted_as_repeated() -> None:
    assert counted(traced(1), traced(1), traced(2), traced(1)).repeated == 2
    assert counted(traced(1, 503), traced(1, 503)).repeated == 0


def test_names_are_bounded() -> None:
    summary = Summary()
    for number in range(MAX_NAMES * 3):
        summary.passed(200, None, None, f"seller-{number}")
    assert len(summary.sellers) == MAX_NAMES + 1
    assert summary.sellers[OTHERS].calls == MAX_NAMES * 2
    assert summary.operations[UNKNOWN].calls == summary.exchanges == summary.no_time == MAX_NAMES * 3


def test_nothing_secret_is_in_a_summary() -> None:
    summary = counted(traced(1, seller="Atzr|planted-secret joe@planted.example"))
    assert "planted" not in str(summary.as_dict())
