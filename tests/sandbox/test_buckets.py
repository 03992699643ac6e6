"""Token buckets on virtual time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recoup.catalogue.facts.operations import operations
from recoup.sandbox.buckets import Buckets, usage_plan
from recoup.sandbox.fulfillment.settings import RateLimit
from recoup.sandbox.fulfillment.store import Bucket
from recoup.sandbox.settings import SandboxSettings

KEY = ("getShipments", "application", "merchant")


@pytest.mark.parametrize(
    ("operation", "rate", "burst"),
    [
        ("getShipments", 5.0, 10.0),  # rate published, burst not
        ("retrieveShippingOptions", 1.0, 5.0),
        ("batchInventory", 50.0, 100.0),  # both published
        ("createSandboxLocation", 5.0, 15.0),  # no plan: as every call of Amazon's sandbox
        ("rotateApplicationClientSecret", 0.0167, 1.0),
    ],
)
def test_usage_plans(operation: str, rate: float, burst: float) -> None:
    found = operations().by_id(operation)[0]
    assert usage_plan(found, SandboxSettings()) == (rate, burst)


@pytest.mark.parametrize(
    ("rate", "burst", "asked", "allowed"),
    [
        (1.0, 2.0, [0, 0, 0], "110"),
        (1.0, 2.0, [0, 0, 0.5, 1, 1], "11010"),
        (1.0, 2.0, [0, 100, 100, 100], "1110"),
        (0.0167, 1.0, [0, 59, 60], "101"),
        (5.0, 10.0, [0] * 11 + [0.2, 0.2, 0.4], "11111111110" + "101"),
    ],
)
def test_hand_checked_runs(rate: float, burst: float, asked: list[float], allowed: str) -> None:
    buckets = Buckets()
    got = [buckets.take(KEY, rate, burst, 1000.0 + at) for at in asked]
    assert "".join("1" if one else "0" for one in got) == allowed


def test_a_bucket_that_others_emptied_fills_again() -> None:
    buckets = Buckets()
    buckets.empty(KEY, 0.0)
    assert not buckets.take(KEY, 2.0, 5.0, 0.25)
    assert buckets.take(KEY, 2.0, 5.0, 0.5)
    assert buckets.left(KEY) == pytest.approx(0.0)
    assert buckets.left(("other", "", "")) is None


@given(
    st.floats(min_value=0.01, max_value=50),
    st.integers(min_value=1, max_value=100),
    st.lists(st.floats(min_value=0, max_value=5), max_size=200),
)
def test_never_more_than_burst_and_rate_allow(rate: float, burst: int, gaps: list[float]) -> None:
    buckets, now, granted = Buckets(), 0.0, 0
    for gap in gaps:
        now += gap
        granted += buckets.take(KEY, rate, float(burst), now)
        assert granted <= burst + rate * now + 1e-6
        left = buckets.left(KEY)
        assert left is not None
        assert -1e-6 <= left <= burst


@pytest.mark.parametrize("rate", [0.0056, 0.0167, 0.5, 1.0, 5.0, 10.0, 50.0])
def test_whoever_waits_exactly_as_long_as_needed_is_let_through_at_an_instant_of_today(rate: float) -> None:
    buckets, service, now = Buckets(), Bucket(RateLimit(rate, 1.0), 1.0, 0.0), 1_795_000_000.123
    for _ in range(500):  # instants of this size are exact to 2.4e-7 seconds only
        assert buckets.take(KEY, rate, 1.0, now)
        assert service.take(now)
        assert not buckets.take(KEY, rate, 1.0, now + 0.99 / rate)
        assert not service.take(now + 0.99 / rate)
        now += 1 / rate
