"""What answers teach: a stated rate, and 429s that lower it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recoup.governor.learned import REMEMBERED, Learned
from recoup.governor.plan import Plan

BASE = Plan(5.0, 10)


def test_nothing_learned_is_the_plan() -> None:
    assert Learned().plan(BASE, 1e9) is BASE


def test_a_stated_rate_counts_for_a_day() -> None:
    learned = Learned().state(2.0, 1000.0)
    assert learned.plan(BASE, 1000.0) == Plan(2.0, 10)
    assert learned.plan(BASE, 1000.0 + REMEMBERED - 1) == Plan(2.0, 10)
    assert learned.plan(BASE, 1000.0 + REMEMBERED) == BASE


@pytest.mark.parametrize(
    ("refusals", "share"),
    [([0.0], 0.7), ([0.0, 10.0], 0.665), ([0.0, 0.1, 0.15], 0.70375), ([0.0, 0.3], 0.7 * 0.7075)],
)
def test_each_refusal_takes_thirty_per_cent_and_those_of_one_interval_are_one(
    refusals: list[float], share: float
) -> None:
    learned = Learned()
    for now in refusals:
        learned = learned.slow(BASE, 1000.0 + now)
    assert learned.share_at(1000.0 + refusals[-1], BASE.rate) == pytest.approx(share)


def test_it_comes_back_by_half_a_per_cent_an_interval() -> None:
    learned = Learned().slow(BASE, 1000.0)
    rates = [learned.plan(BASE, 1000.0 + passed).rate for passed in (0, 4, 8, 11.99, 12, 1e6)]
    assert rates == pytest.approx([3.5, 4.0, 4.5, 4.99875, 5.0, 5.0])
    assert learned.plan(BASE, 1012.1) is BASE


def test_a_tenth_is_always_left() -> None:
    learned = Learned()
    for number in range(50):
        learned = learned.slow(BASE, 1000.0 + number * 2.1)
    assert learned.plan(BASE, 1000.0 + 49 * 2.1).rate >= 0.5


def test_a_rate_that_is_stated_anew_wins() -> None:
    learned = Learned().state(4.0, 1000.0).slow(BASE, 1001.0)
    assert learned.plan(BASE, 1001.0).rate == pytest.approx(2.8)
    assert learned.state(4.0, 1001.0).plan(BASE, 1001.0).rate == pytest.approx(2.8)  # nothing new: somebody else draws
    assert learned.state(6.0, 1001.0).plan(BASE, 1001.0).rate == 6.0


def test_refusals_are_counted_until_it_runs_at_its_full_rate_again() -> None:
    learned = Learned().slow(BASE, 1000.0).slow(BASE, 1001.0)
    assert learned.throttled_at(BASE, 1001.0) == 2
    assert learned.throttled_at(BASE, 2000.0) == 0
    assert learned.slow(BASE, 2000.0).throttled == 1


@given(st.lists(st.tuples(st.floats(0, 100), st.sampled_from(["429", "state", "wait"]), st.floats(0.01, 80))))
def test_the_rate_stays_between_a_tenth_and_the_whole(events: list[tuple[float, str, float]]) -> None:
    now, learned, whole = 1000.0, Learned(), {BASE.rate}
    for passed, what, rate in events:
        now += passed
        before = learned
        if what == "429":
            learned = learned.slow(BASE, now)
        elif what == "state":
            learned = learned.state(rate, now)
            whole.add(rate)
        assert learned.version >= before.version
        assert min(whole) * 0.1 - 1e-9 <= learned.plan(BASE, now).rate <= max(whole) + 1e-9


def shared_with_somebody_else(rate: float, theirs: float, seconds: float) -> tuple[int, int]:
    """A bucket from which somebody else draws `theirs` a second: how many of ours were sent, and how many refused."""
    plan, learned, now, left, since = Plan(rate, 10), Learned(), 1000.0, 10.0, 1000.0
    sent = refused = 0
    while now < 1000.0 + seconds:
        now += 1 / learned.plan(plan, now).rate
        left, since = min(10.0, left + (now - since) * (rate - theirs)), now
        sent += 1
        if left >= 1:
            left -= 1
        else:
            refused += 1
            learned = learned.slow(plan, now)
    return sent, refused


@pytest.mark.parametrize(("theirs", "refusals"), [(0.5, 1 / 80), (1.0, 1 / 40), (2.5, 1 / 18), (4.0, 1 / 4)])
def test_two_who_know_nothing_of_each_other_share_a_quota(theirs: float, refusals: float) -> None:
    sent, refused = shared_with_somebody_else(5.0, theirs, 3600.0)
    assert refused / sent < refusals
    assert sent - refused > 0.95 * (5.0 - theirs) * 3600  # and what they leave is used
