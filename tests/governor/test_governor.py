"""The governor: what it asks of its store, what it learns, and what it does not bother the store with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from recoup.catalogue.facts.operations import Operation, operations
from recoup.errors import SettingsError
from recoup.governor.governor import Changed
from recoup.governor.governor import Governor as PureGovernor
from recoup.governor.hold import Hold, HoldKey
from recoup.governor.plan import BucketKey, Plan
from recoup.governor.stores import Granted, TooLate
from recoup.storage.governor import Governor
from recoup.storage.memory import MemoryStore

NOW = 1_795_000_000.0


def operation(name: str) -> Operation:
    api, version, identifier = name.split("/")
    found = operations().get(identifier, api, version)
    assert found is not None
    return found


GET_SHIPMENT = operation("external-fulfillment/2024-09-11/getShipment")  # 5 a second, burst 10
UNKNOWN = operation("reports/2020-09-04/getReports")  # no plan


def key(item: Operation, seller: str = "seller", region: str = "na") -> BucketKey:
    return BucketKey("application", seller, region, "/".join(item.key))


class Watched(MemoryStore):
    """A store that notes what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[str] = []

    def learn(self, key: BucketKey, plan: Plan, *, now: float) -> Plan:
        self.told.append(f"rate {plan.rate:g}")
        return super().learn(key, plan, now=now)

    def throttled(self, key: BucketKey, plan: Plan, *, now: float, margin: float) -> Plan:
        self.told.append("429")
        return super().throttled(key, plan, now=now, margin=margin)

    def late(self, key: BucketKey, seconds: float, *, now: float) -> None:
        self.told.append(f"late {seconds:.2f}")
        super().late(key, seconds, now=now)


def governor(**options: Any) -> tuple[Governor, Watched]:
    store = Watched()
    return Governor(store=store, **options), store


def answer(
    governed: PureGovernor, item: Operation, *, status: int | None = 200, rate: float | None = None, now: float = NOW
) -> Changed | None:
    """As a flow tells of an answer."""
    if not governed.news(key(item), status=status, rate=rate, now=now):
        return None
    return governed.seen(key(item), item, status=status, rate=rate, now=now)


def places(governed: PureGovernor, item: Operation, count: int, *, now: float = NOW) -> list[float]:
    found = [governed.reserve(key(item), item, now=now) for _ in range(count)]
    assert all(isinstance(place, Granted) for place in found)
    return [round(place.wait, 3) for place in found if isinstance(place, Granted)]


# --- places


def test_places_come_one_after_another() -> None:
    governed, _ = governor()
    assert places(governed, GET_SHIPMENT, 12) == [0.0] * 9 + [0.1, 0.3, 0.5]


def test_without_a_store_it_has_one_of_its_own() -> None:
    one, other = Governor(), Governor()
    places(one, GET_SHIPMENT, 12)
    assert places(other, GET_SHIPMENT, 1) == [0.0]
    assert not one.blocking


def test_what_is_too_far_away_is_not_taken() -> None:
    governed, _ = governor(margin=0.0)
    places(governed, GET_SHIPMENT, 10)
    found = governed.reserve(key(GET_SHIPMENT), GET_SHIPMENT, now=NOW, longest=0.1)
    assert isinstance(found, TooLate)
    assert found.wait == pytest.approx(0.2, abs=1e-5)
    assert places(governed, GET_SHIPMENT, 1) == [0.2]


def test_sellers_regions_and_operations_have_buckets_of_their_own() -> None:
    governed, _ = governor()
    places(governed, GET_SHIPMENT, 30)
    for other in (key(GET_SHIPMENT, "another"), key(GET_SHIPMENT, region="eu")):
        found = governed.reserve(other, GET_SHIPMENT, now=NOW)
        assert isinstance(found, Granted)
        assert found.wait == 0.0


def test_what_has_no_plan_is_not_paced() -> None:
    governed, _ = governor()
    assert governed.reserve(key(UNKNOWN), UNKNOWN, now=NOW) is None
    assert governed.reserve(key(UNKNOWN), None, now=NOW) is None


def test_a_place_is_given_back() -> None:
    governed, _ = governor(margin=0.0)
    places(governed, GET_SHIPMENT, 10)
    found = governed.reserve(key(GET_SHIPMENT), GET_SHIPMENT, now=NOW)
    assert isinstance(found, Granted)
    governed.give_back(key(GET_SHIPMENT), found, now=NOW)
    assert places(governed, GET_SHIPMENT, 1) == [0.2]


# --- at once, or not at all


def test_a_request_that_may_be_sent_at_once_has_its_place_and_another_has_none() -> None:
    governed, _ = governor()
    sent = [governed.at_once(key(GET_SHIPMENT), GET_SHIPMENT, now=NOW) for _ in range(12)]
    assert sent == [True] * 9 + [False] * 3
    assert places(governed, GET_SHIPMENT, 2) == [0.1, 0.3]  # those that were refused took nothing


@pytest.mark.parametrize("moments", [[0.0, 0.3, 0.31, 2.5, 2.5, 9.0], [0.1] * 14, [n * 0.19 for n in range(30)]])
def test_a_place_at_once_is_the_place_that_would_be_given(moments: list[float]) -> None:
    """The same bucket afterwards, the same demand, the same lateness: it is another way to ask, not another answer."""
    (one, first), (other, second) = governor(), governor()
    for moment in moments:
        now = NOW + moment
        granted = other.reserve(key(GET_SHIPMENT), GET_SHIPMENT, now=now, longest=0.0)
        assert one.at_once(key(GET_SHIPMENT), GET_SHIPMENT, now=now) is isinstance(granted, Granted)
        assert first.buckets(now=now) == second.buckets(now=now)
        answered = [each.news(key(GET_SHIPMENT), status=200, rate=None, now=now + 0.2) for each in (one, other)]
        assert answered[0] is answered[1]


def test_nothing_goes_at_once_while_anything_is_held_back() -> None:
    governed, _ = governor()
    governed.hold(Hold(key=HoldKey("application", "another seller"), until=NOW + 60, since=NOW))
    assert not governed.at_once(key(GET_SHIPMENT), GET_SHIPMENT, now=NOW)
    governed.release(HoldKey("application"))
    assert governed.at_once(key(GET_SHIPMENT), GET_SHIPMENT, now=NOW)


def test_what_has_no_plan_goes_at_once() -> None:
    governed, _ = governor()
    assert all(governed.at_once(key(UNKNOWN), UNKNOWN, now=NOW) for _ in range(100))
    assert all(Governor.unlimited().at_once(key(GET_SHIPMENT), GET_SHIPMENT, now=NOW) for _ in range(100))


def test_a_request_at_once_is_demand_and_one_that_was_refused_is_none() -> None:
    governed, _ = governor(plans={"getShipment": (0.1, 1)})
    for number in range(30):
        governed.at_once(key(GET_SHIPMENT), GET_SHIPMENT, now=NOW + number)
    assert governed.exceeded(key(GET_SHIPMENT), GET_SHIPMENT, now=NOW + 30) is None
    for number in range(30):
        governed.reserve(key(GET_SHIPMENT), GET_SHIPMENT, now=NOW + 30 + number, longest=0.0)
    assert governed.exceeded(key(GET_SHIPMENT), GET_SHIPMENT, now=NOW + 60) is not None


# --- what answers teach


def test_a_rate_that_is_stated_counts_from_then_on() -> None:
    governed, store = governor()
    places(governed, GET_SHIPMENT, 10)
    assert answer(governed, GET_SHIPMENT, rate=1.0) == Changed(rate=1.0, before=5.0)
    assert places(governed, GET_SHIPMENT, 1) == [1.1]
    assert store.told == ["rate 1"]


def test_the_store_is_told_only_of_what_is_new() -> None:
    governed, store = governor()
    for _ in range(100):
        answer(governed, GET_SHIPMENT, rate=5.0)
    assert store.told == ["rate 5"]
    assert answer(governed, GET_SHIPMENT, rate=5.0, now=NOW + 3601) is None
    assert store.told == ["rate 5"] * 2  # once an hour, so that it is not forgotten
    answer(governed, GET_SHIPMENT, rate=7.0, now=NOW + 3602)
    assert store.told[2:] == ["rate 7"]


@pytest.mark.parametrize("status", [200, 400, 404, 500, None])
def test_an_answer_that_states_no_rate_teaches_nothing(status: int | None) -> None:
    governed, store = governor()
    assert answer(governed, GET_SHIPMENT, status=status) is None
    assert store.told == []


@pytest.mark.parametrize("rate", [0.0, -1.0, float("inf"), float("nan")])
def test_a_rate_that_is_none_teaches_nothing(rate: float) -> None:
    governed, store = governor()
    assert answer(governed, GET_SHIPMENT, rate=rate) is None
    assert store.told == []


def test_what_has_no_plan_is_paced_once_an_answer_states_one() -> None:
    governed, _ = governor(margin=0.0)
    assert answer(governed, UNKNOWN, rate=2.0) == Changed(rate=2.0, before=0.0)
    assert places(governed, UNKNOWN, 12) == [0.0] * 10 + [0.5, 1.0]


def test_a_refusal_empties_the_bucket_and_slows_down() -> None:
    governed, store = governor()
    places(governed, GET_SHIPMENT, 1)
    assert answer(governed, GET_SHIPMENT, status=429) == Changed(rate=3.5, before=5.0, throttled=True)
    assert places(governed, GET_SHIPMENT, 2) == [0.286, 0.571]
    assert store.told == ["429"]


def test_what_has_no_plan_is_paced_after_a_refusal() -> None:
    governed, _ = governor(margin=0.0)
    assert answer(governed, UNKNOWN, status=429) == Changed(rate=0.7, before=1.0, throttled=True)
    assert places(governed, UNKNOWN, 2) == [1.429, 2.857]


def test_a_plan_of_the_users_is_lowered_and_never_raised() -> None:
    governed, store = governor(plans={"getShipment": (2.0, 1)}, margin=0.0)
    assert answer(governed, GET_SHIPMENT, rate=5.0) is None
    assert store.told == []
    assert answer(governed, GET_SHIPMENT, rate=1.0) == Changed(rate=1.0, before=5.0)
    assert places(governed, GET_SHIPMENT, 2) == [0.0, 1.0]


def test_what_the_user_does_not_want_paced_stays_so() -> None:
    governed, store = governor(plans={"getShipment": None})
    assert answer(governed, GET_SHIPMENT, rate=1.0) is None
    assert answer(governed, GET_SHIPMENT, status=429) is None
    assert governed.reserve(key(GET_SHIPMENT), GET_SHIPMENT, now=NOW) is None
    assert store.told == []


def test_a_first_request_that_arrives_late_moves_all_that_follow() -> None:
    """The other side's bucket begins to refill when the first request arrives; a new connection takes its time."""
    governed, store = governor()
    places(governed, GET_SHIPMENT, 12)
    answer(governed, GET_SHIPMENT, now=NOW + 0.4)
    assert store.told == ["late 0.30"]  # the margin has made up for the first tenth
    assert places(governed, GET_SHIPMENT, 1, now=NOW + 0.4) == [0.6]  # at 1.0, where it would have been at 0.7


@pytest.mark.parametrize("answered", [0.05, 0.1])
def test_one_in_time_moves_nothing_nor_do_later_answers(answered: float) -> None:
    governed, store = governor()
    places(governed, GET_SHIPMENT, 12)
    answer(governed, GET_SHIPMENT, now=NOW + answered - 1e-6)
    answer(governed, GET_SHIPMENT, now=NOW + 0.9)
    assert store.told == []


def test_a_slow_service_is_no_slow_connection() -> None:
    governed, store = governor()
    places(governed, GET_SHIPMENT, 12)
    answer(governed, GET_SHIPMENT, now=NOW + 20)
    assert store.told == ["late 1.00"]


# --- holds


def test_what_is_held_back() -> None:
    governed, _ = governor()
    asked = HoldKey("application", "seller", "operation", "order")
    assert governed.held(asked, now=NOW) is None
    hold = Hold(key=asked, until=NOW + 60, since=NOW)
    governed.hold(hold)
    assert governed.held(asked, now=NOW) == hold
    assert governed.release(HoldKey("application")) == [hold]
    assert governed.held(asked, now=NOW) is None


# --- without limits


def test_an_unlimited_one_neither_paces_nor_holds() -> None:
    governed = Governor.unlimited()
    for _ in range(100):
        assert governed.reserve(key(GET_SHIPMENT), GET_SHIPMENT, now=NOW) is None
    assert answer(governed, GET_SHIPMENT, status=429) is None
    assert governed.seen(key(GET_SHIPMENT), GET_SHIPMENT, status=429, rate=None, now=NOW) is None
    governed.hold(Hold(key=HoldKey("application"), until=None, since=NOW))
    assert governed.held(HoldKey("application"), now=NOW) is None
    assert governed.release(HoldKey("application")) == ()
    assert governed.exceeded(key(GET_SHIPMENT), GET_SHIPMENT, now=NOW) is None
    assert not governed.blocking


@pytest.mark.parametrize("margin", [-0.1, float("nan"), float("inf")])
def test_a_margin_is_a_number_of_seconds(margin: float) -> None:
    with pytest.raises(SettingsError, match="margin"):
        Governor(margin=margin)


def test_what_a_process_remembers_does_not_grow_without_end() -> None:
    governed, store = governor()
    for number in range(25_000):
        each = key(GET_SHIPMENT, seller=f"seller {number}")
        governed.reserve(each, GET_SHIPMENT, now=NOW + number)
    sizes: Mapping[str, int] = {name: len(kept) for name, kept in vars(governed).items() if isinstance(kept, dict)}
    assert max(sizes.values()) <= 10_000
    assert len(store.buckets(now=NOW + 30_000)) <= 10_001
