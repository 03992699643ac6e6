"""Time in the sandbox: moved by hand from any thread, never backwards."""

from __future__ import annotations

import asyncio
import math
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wire import call, fetch_token, head

from recoup.errors import SettingsError
from recoup.sandbox import Sandbox, running
from recoup.sandbox.clock import LATEST, VirtualClock

EPOCH = 1_000_000.0


class Ticks:
    """Real seconds that a test moves."""

    def __init__(self) -> None:
        self.value = 50.0

    def __call__(self) -> float:
        return self.value


def test_frozen_time_stands_still_until_it_is_moved() -> None:
    ticks = Ticks()
    clock = VirtualClock(EPOCH, frozen=True, source=ticks)
    ticks.value += 999
    assert clock.now() == EPOCH
    assert clock.mode == "frozen"
    assert clock.advance(3600) == EPOCH + 3600
    assert clock.now() == EPOCH + 3600


def test_running_time_passes_at_wall_speed_and_can_be_advanced() -> None:
    ticks = Ticks()
    clock = VirtualClock(EPOCH, source=ticks)
    modes = [clock.mode]
    ticks.value += 10
    assert clock.now() == EPOCH + 10
    clock.advance(100)
    ticks.value += 1
    assert clock.now() == EPOCH + 111
    assert [*modes, clock.mode] == ["wall", "advanced"]


def test_freeze_and_resume_lose_no_time() -> None:
    ticks = Ticks()
    clock = VirtualClock(EPOCH, source=ticks)
    ticks.value += 5
    assert clock.freeze() == EPOCH + 5
    ticks.value += 500
    assert clock.resume() == EPOCH + 5
    ticks.value += 1
    assert clock.now() == EPOCH + 6


def test_set_goes_forward_only() -> None:
    clock = VirtualClock(EPOCH, frozen=True)
    assert clock.set(EPOCH + 7) == EPOCH + 7
    with pytest.raises(ValueError, match="does not go back"):
        clock.set(EPOCH)
    assert clock.now() == EPOCH + 7


@pytest.mark.parametrize("seconds", [-1.0, -0.001, math.inf, math.nan, 1e12])
def test_a_step_that_makes_no_sense_changes_nothing(seconds: float) -> None:
    clock = VirtualClock(EPOCH, frozen=True)
    with pytest.raises(ValueError, match="moves forward"):
        clock.advance(seconds)
    assert clock.now() == EPOCH
    assert clock.mode == "frozen"


def test_reset_begins_anew() -> None:
    clock = VirtualClock(EPOCH, frozen=True)
    clock.advance(10)
    clock.resume()
    assert clock.reset() == EPOCH
    assert clock.mode == "frozen"


@given(st.lists(st.floats(min_value=0, max_value=1e6), max_size=30))
def test_time_is_the_sum_of_what_it_was_moved_by(steps: list[float]) -> None:
    clock = VirtualClock(EPOCH, frozen=True)
    before = clock.now()
    for step in steps:
        clock.advance(step)
        assert clock.now() >= before
        before = clock.now()
    assert clock.now() == pytest.approx(EPOCH + math.fsum(steps))


async def _sleepers(clock: VirtualClock, woken: list[float], waits: list[float]) -> list[asyncio.Task[None]]:
    async def sleeper(seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append(seconds)

    tasks = [asyncio.create_task(sleeper(wait)) for wait in waits]
    await asyncio.sleep(0)
    return tasks


def test_sleepers_wake_in_the_order_in_which_they_are_due() -> None:
    async def scene() -> list[float]:
        clock, woken = VirtualClock(EPOCH, frozen=True), list[float]()
        tasks = await _sleepers(clock, woken, [30, 10, 20])
        clock.advance(9.5)
        await asyncio.sleep(0.01)
        assert woken == []
        clock.advance(100)
        await asyncio.gather(*tasks)
        return woken

    assert asyncio.run(scene()) == [10, 20, 30]


def test_another_thread_can_wake_a_sleeper() -> None:
    async def scene() -> list[float]:
        clock, woken = VirtualClock(EPOCH, frozen=True), list[float]()
        tasks = await _sleepers(clock, woken, [5])
        thread = threading.Thread(target=clock.advance, args=(5,))
        thread.start()
        await asyncio.wait_for(asyncio.gather(*tasks), 10)
        thread.join()
        return woken

    assert asyncio.run(scene()) == [5]


def test_a_running_clock_wakes_sleepers_by_itself() -> None:
    async def scene() -> list[float]:
        clock, woken = VirtualClock(EPOCH), list[float]()
        tasks = await _sleepers(clock, woken, [0.01])
        await asyncio.wait_for(asyncio.gather(*tasks), 10)
        return woken

    assert asyncio.run(scene()) == [0.01]


def test_a_frozen_sleeper_goes_on_when_time_runs_again() -> None:
    async def scene() -> list[float]:
        clock, woken = VirtualClock(EPOCH, frozen=True), list[float]()
        tasks = await _sleepers(clock, woken, [0.01])
        clock.resume()
        await asyncio.wait_for(asyncio.gather(*tasks), 10)
        return woken

    assert asyncio.run(scene()) == [0.01]


def test_a_cancelled_sleeper_leaves_nothing_behind() -> None:
    async def scene() -> int:
        clock, woken = VirtualClock(EPOCH, frozen=True), list[float]()
        tasks = await _sleepers(clock, woken, [5, 6])
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return len(clock._sleepers)

    assert asyncio.run(scene()) == 0


def test_another_thread_can_wait_until_somebody_sleeps() -> None:
    clock = VirtualClock(EPOCH, frozen=True)
    assert clock.wait_for_sleepers(0, timeout=0)
    assert not clock.wait_for_sleepers(1, timeout=0)
    thread = threading.Thread(target=lambda: asyncio.run(clock.sleep(5)))
    thread.start()
    assert clock.wait_for_sleepers(1, timeout=10)
    clock.advance(5)
    thread.join()
    assert not clock.wait_for_sleepers(1, timeout=0)


def test_time_does_not_go_where_no_date_can_be_written() -> None:
    clock = VirtualClock(LATEST - 10, frozen=True)
    with pytest.raises(ValueError, match="year 8999"):
        clock.advance(11)
    with pytest.raises(ValueError, match="that far ahead"):
        clock.set(LATEST + 1)
    assert clock.now() == LATEST - 10
    assert clock.advance(10) == LATEST


@pytest.mark.parametrize("epoch", [-1.0, LATEST + 1, 1e300, math.nan, math.inf])
def test_no_sandbox_begins_there(epoch: float) -> None:
    with pytest.raises(SettingsError, match="epoch: "):
        Sandbox(epoch=epoch)


def test_a_sandbox_works_until_then() -> None:
    with running(epoch=LATEST - 100, clock="frozen") as sandbox:
        assert fetch_token(sandbox).startswith("Atza|")
        made = sandbox.stage.add_shipment(location_id=sandbox.location_ids["MFN"])
        sandbox.clock.advance(100)
        target = f"/externalFulfillment/2024-09-11/shipments/{made}"
        assert call(sandbox.endpoint, head("GET", target, fetch_token(sandbox))).status == 200
