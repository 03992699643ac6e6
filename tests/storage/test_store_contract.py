"""What every store keeps to, in memory, in SQLite and in PostgreSQL.

The plans here are so slow that no test takes long enough to matter: PostgreSQL goes by its own clock.
"""

from __future__ import annotations

import time
from itertools import pairwise
from threading import Thread

import pytest

from recoup.governor.hold import ANY, Hold, HoldKey
from recoup.governor.plan import BucketKey, Plan
from recoup.governor.stores import Granted, TooLate
from recoup.storage.memory import MemoryStore
from recoup.storage.shared import SharedStore

Store = MemoryStore | SharedStore
KEY = BucketKey("application", "seller", "na", "orders/v0/getOrders")
OTHER = BucketKey("application", "another", "na", "orders/v0/getOrders")
SLOW = Plan(0.01, 3)  # one in 100 s
HOUR = Plan(1 / 3600, 1)


def soon(seconds: float) -> object:
    """`seconds`, or a little less where the store's own clock went on."""
    return pytest.approx(seconds, abs=8)


def waits(store: Store, count: int, *, key: BucketKey = KEY, plan: Plan = SLOW, margin: float = 0.0) -> list[float]:
    return [place(store, key=key, plan=plan, margin=margin).wait for _ in range(count)]


def place(store: Store, *, key: BucketKey = KEY, plan: Plan = SLOW, margin: float = 0.0) -> Granted:
    found = store.reserve(key, plan, now=time.time(), margin=margin, longest=None)
    assert isinstance(found, Granted)
    return found


# --- places


def test_places_come_one_after_another(store: Store) -> None:
    assert waits(store, 6) == [0.0, 0.0, 0.0, soon(100), soon(200), soon(300)]


def test_a_margin_is_left_of_the_burst(store: Store) -> None:
    assert waits(store, 4, margin=50.0) == [0.0, 0.0, soon(50), soon(150)]


def test_a_place_says_what_it_is(store: Store) -> None:
    now = time.time()
    first, second = place(store), place(store)
    assert (first.fresh, second.fresh) == (True, False)
    assert first.interval == second.interval == 100.0
    assert second.slot - first.slot == pytest.approx(100.0, abs=1e-3)
    assert first.plan == SLOW
    waiting = [place(store) for _ in range(2)][-1]
    assert waiting.at == pytest.approx(now + 100, abs=8)


def test_what_is_too_far_away_is_not_taken(store: Store) -> None:
    waits(store, 3)
    late = store.reserve(KEY, SLOW, now=time.time(), margin=0.0, longest=60.0)
    assert isinstance(late, TooLate)
    assert (late.wait, late.plan) == (soon(100), SLOW)
    near = store.reserve(KEY, SLOW, now=time.time(), margin=0.0, longest=101.0)
    assert isinstance(near, Granted)
    assert near.wait == soon(100)


def test_buckets_have_nothing_to_do_with_each_other(store: Store) -> None:
    waits(store, 10)
    assert waits(store, 1, key=OTHER) == [0.0]


def test_another_plan_keeps_what_is_missing(store: Store) -> None:
    waits(store, 5)
    assert waits(store, 1, plan=Plan(0.1, 3)) == [soon(30)]  # three more than the burst, now 10 s each


def test_the_last_place_is_given_back(store: Store) -> None:
    waits(store, 3)
    last = place(store)
    assert store.give_back(KEY, last, now=time.time())
    assert waits(store, 2) == [soon(100), soon(200)]


def test_a_place_in_the_middle_goes_to_whoever_asks_next(store: Store) -> None:
    waits(store, 3)
    middle, _ = place(store), place(store)
    assert not store.give_back(KEY, middle, now=time.time())
    assert waits(store, 2) == [soon(100), soon(300)]


def test_one_in_the_middle_that_comes_too_late_is_left_for_others(store: Store) -> None:
    waits(store, 4)
    middle, _ = place(store), place(store)
    store.give_back(KEY, middle, now=time.time())
    assert isinstance(store.reserve(KEY, SLOW, now=time.time(), margin=0.0, longest=120.0), TooLate)
    assert waits(store, 1) == [soon(200)]


@pytest.mark.parametrize("backwards", [False, True])
def test_a_queue_that_goes_home_leaves_nothing_behind(store: Store, backwards: bool) -> None:
    waits(store, 3)
    queue = [place(store) for _ in range(20)]
    if backwards:
        queue.reverse()
    for each in queue:
        store.give_back(KEY, each, now=time.time())
    assert waits(store, 3) == [soon(100), soon(200), soon(300)]


def test_giving_back_what_was_never_given_does_no_harm(store: Store) -> None:
    assert not store.give_back(KEY, Granted(0.0, 1.0, SLOW), now=time.time())


# --- what answers teach


def test_a_stated_rate_replaces_the_plans(store: Store) -> None:
    waits(store, 4)
    assert store.learn(KEY, Plan(0.1, 3), now=time.time()) == Plan(0.1, 3)
    assert waits(store, 1) == [soon(20)]
    assert waits(store, 4, key=OTHER) == [0.0, 0.0, 0.0, soon(100)]


def test_a_rate_can_be_learned_before_anything_was_asked(store: Store) -> None:
    store.learn(KEY, HOUR, now=time.time())
    assert waits(store, 4) == [0.0, 0.0, 0.0, soon(3600)]


def test_a_refusal_empties_the_bucket_and_lowers_the_rate(store: Store) -> None:
    lowered = store.throttled(KEY, SLOW, now=time.time(), margin=0.0)
    assert lowered.rate == pytest.approx(0.007, rel=1e-3)
    assert lowered.burst == 3
    assert waits(store, 2) == [soon(100 / 0.7), soon(200 / 0.7)]


def test_refusals_within_one_interval_are_one(store: Store) -> None:
    lowered = [store.throttled(KEY, SLOW, now=time.time(), margin=0.0) for _ in range(10)]
    assert lowered[-1].rate == pytest.approx(0.007, rel=1e-3)
    (state,) = store.buckets(now=time.time())
    assert state.throttled == 1


def test_the_other_side_began_late(store: Store) -> None:
    waits(store, 3)
    store.late(KEY, 50.0, now=time.time())
    assert waits(store, 1) == [soon(150)]
    store.late(OTHER, 50.0, now=time.time())
    assert waits(store, 1, key=OTHER) == [0.0]


# --- the status


def test_what_the_status_shows(store: Store) -> None:
    waits(store, 5)
    waits(store, 1, key=OTHER)
    store.learn(OTHER, Plan(0.02, 3), now=time.time())
    one, two = store.buckets(now=time.time())
    assert (one.key, one.plan, one.learned, one.wait, one.throttled) == (OTHER, Plan(0.02, 3), 0.02, 0.0, 0)
    assert (two.key, two.plan, two.learned, two.wait) == (KEY, SLOW, None, soon(300))


# --- holds

ORDER = HoldKey("application", "seller", "api/1/ship", "order-1")


def hold(key: HoldKey, until: float | None, reason: str = "") -> Hold:
    return Hold(key=key, until=until, since=1000.0, reason=reason)


def test_a_hold_keeps_everything_it_was_given(store: Store) -> None:
    given = Hold(
        key=ORDER,
        until=1060.5,
        since=1000.25,
        fault="sc-00005-max-retries",
        reason="wait 60 s — ¡genau!",
        who="operator",
        remedy="wait",
    )
    store.hold(given)
    assert store.held(ORDER, now=1001.0) == given
    assert list(store.holds(now=1001.0)) == [given]


@pytest.mark.parametrize(
    ("key", "held"),
    [
        (ORDER, True),
        (HoldKey("application", "seller", "api/1/ship", ANY), True),
        (HoldKey("application", "seller"), True),
        (HoldKey("application"), True),
        (HoldKey("application", ANY, "api/1/ship"), True),
        (HoldKey("application", ANY, ANY, "order-1"), True),
        (HoldKey("another"), False),
        (HoldKey("application", "another"), False),
        (HoldKey("application", "seller", "api/1/cancel"), False),
        (HoldKey("application", "seller", "api/1/ship", "order-2"), False),
    ],
)
def test_whom_a_hold_holds_back(store: Store, key: HoldKey, held: bool) -> None:
    store.hold(hold(key, None))
    assert (store.held(ORDER, now=1001.0) is not None) is held


def test_a_hold_on_one_order_does_not_hold_what_asks_for_all(store: Store) -> None:
    store.hold(hold(ORDER, None))
    assert store.held(HoldKey("application", "seller"), now=1001.0) is None


def test_a_hold_ends_at_its_instant(store: Store) -> None:
    store.hold(hold(ORDER, 1060.0))
    assert store.held(ORDER, now=1059.9) is not None
    assert store.held(ORDER, now=1060.0) is None
    assert list(store.holds(now=1060.0)) == []


@pytest.mark.parametrize(
    ("first", "second", "stays"),
    [(1060.0, 1090.0, 1090.0), (1090.0, 1060.0, 1090.0), (None, 1060.0, None), (1060.0, None, None)],
)
def test_a_wait_is_never_cut_short(
    store: Store, first: float | None, second: float | None, stays: float | None
) -> None:
    store.hold(hold(ORDER, first))
    store.hold(hold(ORDER, second))
    found = store.held(ORDER, now=1001.0)
    assert found is not None
    assert found.until == stays


def test_of_several_the_one_that_ends_last_is_told(store: Store) -> None:
    store.hold(hold(ORDER, 1060.0, "short"))
    store.hold(hold(HoldKey("application", "seller"), 1090.0, "long"))
    for now, reason in ((1001.0, "long"), (1070.0, "long")):
        found = store.held(ORDER, now=now)
        assert found is not None
        assert found.reason == reason


def test_an_end_that_is_over_does_not_keep_a_new_one_away(store: Store) -> None:
    store.hold(hold(ORDER, 1060.0))
    store.hold(Hold(key=ORDER, until=2060.0, since=2000.0))
    found = store.held(ORDER, now=2001.0)
    assert found is not None
    assert found.until == 2060.0


def test_releasing(store: Store) -> None:
    parked, other = HoldKey("application", "another"), HoldKey("second")
    for key in (ORDER, parked, other):
        store.hold(hold(key, None))
    assert [each.key for each in store.release(HoldKey("application", "seller"))] == [ORDER]
    assert [each.key for each in store.release(HoldKey("application"))] == [parked]
    assert list(store.release(HoldKey("application"))) == []
    assert [each.key for each in store.holds(now=1001.0)] == [other]
    assert [each.key for each in store.release(HoldKey(ANY))] == [other]


# --- threads


def test_threads_share_exactly(store: Store) -> None:
    """16 threads ask 25 times each, and no two of them get the same place."""
    slots: list[float] = []

    def ask() -> None:
        slots.extend(place(store, plan=Plan(0.1, 1)).slot for _ in range(25))

    threads = [Thread(target=ask) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    slots.sort()
    assert len(slots) == 400
    assert all(later - sooner == pytest.approx(10.0, abs=1e-3) for sooner, later in pairwise(slots))
