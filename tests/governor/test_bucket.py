"""The bucket: hand-checked numbers, and properties that hold for whatever is asked."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recoup.governor.bucket import CLOCK_STEP, Bucket, Pace, pace
from recoup.governor.plan import Plan

FIVE = Plan(5.0, 10)


def take(plan: Plan, margin: float, asked: list[float], longest: float | None = None) -> list[float | None]:
    """When each of the requests that are asked for at these instants may be sent; None: too late."""
    spaced, bucket, sent = pace(plan, margin), Bucket(), list[float | None]()
    for now in asked:
        bucket, wait, taken = bucket.reserve(now, spaced, plan.rate, longest)
        sent.append(now + wait if taken else None)
    return sent


# --- by hand


@pytest.mark.parametrize(
    ("plan", "margin", "spaced"),
    [
        (Plan(5.0, 10), 0.0, Pace(0.2, 1.8)),
        (Plan(5.0, 10), 0.1, Pace(0.2, 1.7)),
        (Plan(0.5, 2), 0.1, Pace(2.0, 1.9)),
        (Plan(0.5, 1), 0.1, Pace(2.1, 0.0)),  # nothing to take it from but the rate: exactly 5 %
        (Plan(0.5, 1), 0.05, Pace(2.05, 0.0)),
        (Plan(0.0167, 1), 0.1, Pace(1 / 0.0167 + 0.1, 0.0)),
        (Plan(50.0, 2), 0.1, Pace(0.021, 0.0)),  # 0.02 of it from the burst, and no more than 5 % from the rate
    ],
)
def test_a_margin_is_taken_from_the_burst_first(plan: Plan, margin: float, spaced: Pace) -> None:
    found = pace(plan, margin)
    assert (found.interval, found.tolerance) == pytest.approx((spaced.interval, spaced.tolerance))


def test_twelve_at_half_a_request_a_second() -> None:
    assert take(Plan(0.5, 2), 0.0, [100.0] * 4) == pytest.approx([100.0, 100.0, 102.0, 104.0])
    assert take(Plan(0.5, 2), 0.1, [100.0] * 12)[-1] == pytest.approx(120.1)  # ideal: 20 s


def test_sixty_at_five_a_second_lose_the_margin_once() -> None:
    sent = take(FIVE, 0.1, [0.0] * 60)
    assert sent[:11] == pytest.approx([0.0] * 9 + [0.1, 0.3])
    assert sent[-1] == pytest.approx(10.1)  # ideal: 10 s


def test_what_lies_idle_fills_the_bucket_and_no_more() -> None:
    assert take(Plan(1.0, 3), 0.0, [0, 0, 0, 0, 50, 50, 50, 50]) == pytest.approx([0, 0, 0, 1, 50, 50, 50, 51])
    assert take(Plan(1.0, 3), 0.0, [0, 0, 0, 1.5, 1.5]) == pytest.approx([0, 0, 0, 1.5, 2.0])


def test_who_does_not_want_to_wait_takes_no_place() -> None:
    assert take(Plan(1.0, 1), 0.0, [0, 0, 0, 0.5, 1.0], longest=0.9) == pytest.approx([0, None, None, 1.0, None])


def test_a_place_that_was_the_last_can_be_given_back() -> None:
    spaced = pace(FIVE, 0.0)
    one, _, _ = Bucket().reserve(100.0, spaced, 5.0, None)
    two, _, _ = one.reserve(100.0, spaced, 5.0, None)
    assert two.give_back(one.full_at, spaced.interval) is None  # another one stands behind it
    back = two.give_back(two.full_at, spaced.interval)
    assert back is not None
    assert back.full_at == pytest.approx(one.full_at)


def test_another_rate_leaves_as_many_requests_missing() -> None:
    bucket = Bucket(full_at=102.0, rate=5.0, clock=100.0)  # ten are missing
    assert bucket.at(100.0, 0.5).full_at == pytest.approx(120.0)
    assert bucket.at(101.0, 0.5).full_at == pytest.approx(111.0)  # and a second later five


def test_a_refusal_empties_the_bucket() -> None:
    spaced = pace(FIVE, 0.1)
    bucket = Bucket().emptied(100.0, spaced, 5.0)
    assert bucket.wait(100.0, spaced, 5.0) == pytest.approx(0.2)
    queue = Bucket(full_at=130.0, rate=5.0, clock=100.0)
    assert queue.emptied(100.0, spaced, 5.0).full_at == pytest.approx(130.0)  # a queue is not made shorter by it


def test_a_late_beginning_moves_what_is_missing() -> None:
    assert Bucket(full_at=102.0, rate=5.0, clock=100.0).later(100.0, 0.4).full_at == pytest.approx(102.4)
    # One request was asked at 98.8, and arrived at 100: its place is free again 0.2 s after that, not before.
    assert Bucket(full_at=99.0, rate=5.0, clock=98.8).later(100.0, 1.2).full_at == pytest.approx(100.2)
    assert Bucket(full_at=99.0, rate=5.0, clock=98.8).later(100.0, 0.4).full_at == pytest.approx(100.0)


def test_a_clock_that_is_read_late_stands_still_and_one_that_was_set_back_takes_the_bucket_along() -> None:
    bucket = Bucket(full_at=1002.0, rate=5.0, clock=1000.0)
    assert bucket.at(999.0, 5.0).clock == 1000.0
    back = bucket.at(1000.0 - CLOCK_STEP - 1, 5.0)
    assert back.full_at - back.clock == pytest.approx(2.0)


# --- whatever is asked

PLANS = st.builds(Plan, st.floats(0.005, 80), st.integers(1, 40))
MARGINS = st.sampled_from([0.0, 0.01, 0.1, 1.0])
GAPS = st.lists(st.one_of(st.just(0.0), st.floats(0, 30)), min_size=1, max_size=60)
LITTLE = 1e-6


def instants(gaps: list[float]) -> list[float]:
    now, result = 1_000.0, []
    for gap in gaps:
        now += gap
        result.append(now)
    return result


@given(PLANS, MARGINS, GAPS)
def test_never_more_in_any_window_than_the_burst_and_the_rate(plan: Plan, margin: float, gaps: list[float]) -> None:
    sent = [when for when in take(plan, margin, instants(gaps)) if when is not None]
    for i, first in enumerate(sent):
        for j in range(i, len(sent)):
            assert j - i + 1 <= plan.burst + plan.rate * (sent[j] - first) + LITTLE


@given(PLANS, MARGINS, GAPS)
def test_who_comes_first_is_served_first(plan: Plan, margin: float, gaps: list[float]) -> None:
    sent = [when for when in take(plan, margin, instants(gaps)) if when is not None]
    assert all(later >= sooner - LITTLE for sooner, later in pairwise(sent))


@given(PLANS, GAPS)
def test_nothing_is_left_lying(plan: Plan, gaps: list[float]) -> None:
    """Without a margin it never waits longer than a bucket that is simulated request by request."""
    left, since = float(plan.burst), 0.0
    for now, when in zip(instants(gaps), take(plan, 0.0, instants(gaps)), strict=True):
        begin = max(now, since)
        left = min(plan.burst, left + (begin - since) * plan.rate)
        ready = begin if left >= 1 else begin + (1 - left) / plan.rate
        left = min(plan.burst, left + (ready - begin) * plan.rate) - 1
        since = ready
        assert when == pytest.approx(ready, abs=1e-4)


@given(PLANS, st.sampled_from([0.05, 0.1, 1.0]), st.integers(1, 200))
def test_a_margin_costs_a_constant_or_a_twentieth(plan: Plan, margin: float, count: int) -> None:
    sent = [when for when in take(plan, margin, [0.0] * count) if when is not None]
    ideal = max(0.0, (count - plan.burst) / plan.rate)
    assert sent[-1] <= ideal + margin + 0.05 * (count - 1) / plan.rate + LITTLE
    if plan.burst >= 2 and (plan.burst - 1) / plan.rate >= margin:
        assert sent[-1] <= ideal + margin + LITTLE


@given(PLANS, st.lists(st.floats(0, 0.09), min_size=40, max_size=40), st.integers(1, 40))
def test_with_a_margin_requests_may_take_unequally_long(plan: Plan, delays: list[float], count: int) -> None:
    """Sent by our bucket, they arrive up to the margin late, each another time: theirs, filled as documented, has
    room for all, where the bucket is large enough to have a margin."""
    margin = 0.1
    if (plan.burst - 1) / plan.rate < margin:
        return
    sent = [when for when in take(plan, margin, [0.0] * count) if when is not None]
    arrivals = sorted(when + delay for when, delay in zip(sent, delays, strict=False))
    left, since = float(plan.burst), arrivals[0]
    for now in arrivals:
        left = min(plan.burst, left + (now - since) * plan.rate) - 1
        since = now
        assert left >= -LITTLE


@given(PLANS, MARGINS, GAPS, st.data())
def test_a_place_given_back_is_as_if_it_had_never_been_taken(
    plan: Plan, margin: float, gaps: list[float], data: st.DataObject
) -> None:
    spaced, with_, without = pace(plan, margin), Bucket(), Bucket()
    for now in instants(gaps):
        if data.draw(st.booleans()):
            taken, _, _ = with_.reserve(now, spaced, plan.rate, None)
            back = taken.give_back(taken.full_at, spaced.interval)
            assert back is not None
            with_ = back
        with_, one, _ = with_.reserve(now, spaced, plan.rate, None)
        without, other, _ = without.reserve(now, spaced, plan.rate, None)
        assert one == pytest.approx(other, abs=1e-4)
