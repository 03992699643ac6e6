"""Every store against a model of plain dicts and lists: whatever is done in whichever order."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from recoup.governor.hold import ANY, Hold, HoldKey
from recoup.governor.plan import BucketKey, Plan
from recoup.governor.stores import Granted, TooLate
from recoup.storage.memory import MemoryStore
from recoup.storage.opening import open_store
from recoup.storage.shared import SharedStore

KEYS = [BucketKey("application", seller, "na", "operation") for seller in ("one", "two")]
PLAN = Plan(0.5, 3)
MARGIN = 0.5
NAMES = st.sampled_from([ANY, "a", "b"])
HOLD_KEYS = st.builds(HoldKey, st.sampled_from(["a", "b"]), NAMES, NAMES, NAMES)


class Machine(RuleBasedStateMachine):
    """The model keeps every place that was given and not given back, and every hold."""

    places = Bundle("places")
    store: MemoryStore | SharedStore

    def __init__(self) -> None:
        super().__init__()
        self.now = 1_000_000.0
        self.sent: dict[BucketKey, list[float]] = {key: [] for key in KEYS}
        self.holds: dict[HoldKey, Hold] = {}

    @initialize()
    def open(self) -> None:
        self.store = MemoryStore()

    def teardown(self) -> None:
        self.store.close()

    @rule(seconds=st.sampled_from([0.0, 0.1, 1.0, 2.0, 7.0, 100.0]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule(target=places, key=st.sampled_from(KEYS), longest=st.sampled_from([None, 0.0, 1.0, 5.0]))
    def reserve(self, key: BucketKey, longest: float | None) -> Any:
        found = self.store.reserve(key, PLAN, now=self.now, margin=MARGIN, longest=longest)
        assert found.plan == PLAN
        if isinstance(found, TooLate):
            assert longest is not None
            assert found.wait > longest
            return multiple()
        assert longest is None or found.wait <= longest
        assert found.wait >= 0
        self.sent[key].append(self.now + found.wait)
        return (key, found, self.now + found.wait)

    @rule(place=places)
    def give_back(self, place: tuple[BucketKey, Granted, float]) -> None:
        key, granted, at = place
        if at in self.sent[key] and at >= self.now:  # not used yet, and given back only once
            self.store.give_back(key, granted, now=self.now)
            self.sent[key].remove(at)

    @invariant()
    def never_more_than_the_bucket_holds(self) -> None:
        for sent in self.sent.values():
            ordered = sorted(sent)[-40:]
            for i, first in enumerate(ordered):
                for j in range(i, len(ordered)):
                    assert j - i + 1 <= PLAN.burst + PLAN.rate * (ordered[j] - first) + 1e-3

    @rule(key=HOLD_KEYS, lasts=st.sampled_from([None, 1.0, 50.0]))
    def hold(self, key: HoldKey, lasts: float | None) -> None:
        until = None if lasts is None else self.now + lasts
        hold = Hold(key=key, until=until, since=self.now, reason=str(self.now))
        self.store.hold(hold)
        known = self.holds.get(key)
        if known is None or not known.active(self.now) or hold.outlasts(known):
            self.holds[key] = hold

    @rule(key=HOLD_KEYS)
    def release(self, key: HoldKey) -> None:
        ended = {each.key for each in self.store.release(key)}
        expected = {each for each in self.holds if key.covers(each)}
        assert {each for each in expected if self.holds[each].active(self.now)} <= ended <= expected
        for each in expected:
            del self.holds[each]

    @rule(key=HOLD_KEYS)
    def held(self, key: HoldKey) -> None:
        active = [each for each in self.holds.values() if each.active(self.now) and each.key.covers(key)]
        found = self.store.held(key, now=self.now)
        assert (found is None) == (active == [])
        assert found is None or (found in active and not any(each.outlasts(found) for each in active))

    @invariant()
    def the_holds_are_those(self) -> None:
        if not hasattr(self, "store"):
            return
        expected = sorted(
            (each for each in self.holds.values() if each.active(self.now)),
            key=lambda each: (each.key.application, each.key.seller, each.key.operation, each.key.entity),
        )
        assert list(self.store.holds(now=self.now)) == expected


class SqliteMachine(Machine):
    """The same over a SQLite file."""

    @initialize()
    def open(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.store = open_store(Path(self.folder.name) / "recoup.db")

    def teardown(self) -> None:
        super().teardown()
        self.folder.cleanup()


FEWER = settings(
    max_examples=40, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True
)


@pytest.mark.parametrize("machine", [Machine, SqliteMachine])
def test_a_store_is_what_its_model_is(machine: type[Machine]) -> None:
    run_state_machine_as_test(machine, settings=FEWER)
