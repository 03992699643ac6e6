"""Cool-downs: nothing for an order before its time, also after a restart."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recoup.catalogue.fault import WaitSubject
from recoup.recovery.cooldown import EVERY_OPERATION, CoolDown, CoolDowns, Key
from recoup.recovery.decision import Wait

LABEL: Key = ("seller-1", "order-1", "generateShipLabels")
PACK: Key = ("seller-1", "order-1", "createPackages")
ORDER: Key = ("seller-1", "order-1", EVERY_OPERATION)


@pytest.mark.parametrize(
    ("key", "now", "held"),
    [
        (LABEL, 0.0, True),
        (LABEL, 99.9, True),
        (LABEL, 100.0, False),  # at its end it is over
        (PACK, 0.0, False),
        (("seller-2", "order-1", "generateShipLabels"), 0.0, False),
        (("seller-1", "order-2", "generateShipLabels"), 0.0, False),
    ],
)
def test_a_cool_down_holds_back_its_own_operation_of_its_own_order(key: Key, now: float, held: bool) -> None:
    assert (CoolDowns([CoolDown(LABEL, 100.0)]).active(key, now) is not None) is held


def test_a_whole_order_can_rest() -> None:
    rests = CoolDowns([CoolDown(ORDER, 100.0, "order"), CoolDown(LABEL, 50.0, "label")])
    found = rests.active(LABEL, 0.0)
    assert found is not None
    assert found.reason == "order"
    assert rests.active(PACK, 0.0) is not None
    assert rests.active(PACK, 100.0) is None


def test_a_wait_is_never_cut_short() -> None:
    rests = CoolDowns().add(CoolDown(LABEL, 100.0, "long")).add(CoolDown(LABEL, 10.0, "short"))
    assert [item.until for item in rests] == [100.0]
    assert [item.until for item in rests.add(CoolDown(LABEL, 200.0))] == [200.0]


def test_adding_and_expiring_leave_the_old_set_alone() -> None:
    one = CoolDowns([CoolDown(LABEL, 100.0)])
    two = one.add(CoolDown(PACK, 10.0))
    assert (len(one), len(two), len(two.expire(10.0)), len(two)) == (1, 2, 1, 2)


@pytest.mark.parametrize(
    ("wait", "until"),
    [
        (Wait(subject=WaitSubject.ORDER_OPERATION, after=3600.0, reason="lock-out"), 3610.0),
        (Wait(subject=WaitSubject.ORDER_OPERATION), None),
        (Wait(subject=WaitSubject.CALL, after=5.0), None),
        (Wait(subject=WaitSubject.ENTITY, after=5.0), None),
    ],
)
def test_a_decision_to_wait_becomes_a_cool_down_where_it_names_an_order_and_a_time(
    wait: Wait, until: float | None
) -> None:
    rests = CoolDowns().add_wait(LABEL, wait, 10.0)
    assert [item.until for item in rests] == ([] if until is None else [until])


KEYS = st.tuples(st.sampled_from("ab"), st.sampled_from("xy"), st.sampled_from(["p", "q", EVERY_OPERATION]))
ITEMS = st.lists(st.builds(CoolDown, KEYS, st.floats(0, 1e10), st.text(max_size=5)), max_size=12)


@given(ITEMS)
def test_what_is_stored_comes_back(items: list[CoolDown]) -> None:
    rests = CoolDowns(items)
    assert CoolDowns.from_dict(json.loads(json.dumps(rests.as_dict()))) == rests


@given(ITEMS, KEYS, st.floats(0, 1e10))
def test_a_plain_list_is_the_model(items: list[CoolDown], key: Key, now: float) -> None:
    mine = [item.until for item in items if item.key in (key, (key[0], key[1], EVERY_OPERATION))]
    found = CoolDowns(items).active(key, now)
    assert (found.until if found else None) == (max(mine) if mine and max(mine) > now else None)
    assert CoolDowns(items).expire(now).active(key, now) == found


def test_what_was_not_stored_by_us_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="until"):
        CoolDowns.from_dict({"cool_downs": [{"merchant": "m", "order": "o", "operation": "p", "until": "later"}]})
