"""The small values: a history that grows without changing, a backoff, a quota that threads can share."""

from __future__ import annotations

from threading import Lock, Thread

import pytest

from recoup.recovery.backoff import ceiling, full_jitter
from recoup.recovery.decision import Done, GiveUp, RenewToken, Resync, Retry, Wait, action_of
from recoup.recovery.history import EMPTY, Attempt
from recoup.recovery.quota import RetryQuota, SharedQuota


def attempt(number: int, *, waited: float = 0.0, unknown: bool = False) -> Attempt:
    return Attempt(number=number, sent_at=0.0, ended_at=1.0, waited=waited, unknown=unknown)


def test_a_history_remembers_and_the_old_one_stays_as_it_was() -> None:
    one = EMPTY.with_attempt(attempt(1, unknown=True))
    two = one.with_attempt(attempt(2, waited=1.5)).with_decision("retry")
    assert (EMPTY.count, one.count, two.count) == (0, 1, 2)
    assert (one.waited, two.waited) == (0.0, 1.5)
    assert two.outcome_unknown  # one doubtful attempt makes the call's outcome doubtful
    assert two.last is not None
    assert two.last.decision == "retry"
    assert one.last is not None
    assert one.last.decision == ""
    assert EMPTY.last is None
    assert EMPTY.with_decision("retry") == EMPTY


def test_the_repeat_after_a_renewal_is_no_attempt_of_its_own() -> None:
    history = EMPTY.with_attempt(attempt(1)).with_renewal().with_attempt(attempt(1))
    assert (history.count, len(history.attempts), history.token_renewed) == (1, 2, True)


@pytest.mark.parametrize(
    ("repeat", "base", "cap", "expected"),
    [
        (0, 1.0, 30.0, 1.0),
        (1, 1.0, 30.0, 2.0),
        (4, 1.0, 30.0, 16.0),
        (5, 1.0, 30.0, 30.0),
        (3, 0.05, 20.0, 0.4),
        (-1, 1.0, 30.0, 1.0),
    ],
)
def test_the_ceiling_by_hand(repeat: int, base: float, cap: float, expected: float) -> None:
    assert ceiling(repeat, base, cap) == pytest.approx(expected)
    assert full_jitter(repeat, base, cap, lambda: 0.5) == pytest.approx(expected / 2)


@pytest.mark.parametrize(("tokens", "cost", "left"), [(10, 4, 6), (10, 10, 0), (10, 11, None), (0, 0, 0), (0, 1, None)])
def test_a_retry_is_paid_or_not_made(tokens: int, cost: int, left: int | None) -> None:
    after = RetryQuota(capacity=10, tokens=tokens).take(cost)
    assert (None if after is None else after.tokens) == left


def test_a_quota_with_a_lock_loses_no_token_between_threads() -> None:
    quota = SharedQuota(RetryQuota.full(1000), Lock())

    def work() -> None:
        for _ in range(500):
            if quota.take(3):
                quota.give(3)

    threads = [Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert quota.tokens == 1000


def test_decisions_have_names() -> None:
    assert [action_of(decision) for decision in (Retry(after=1.0), RenewToken(), Done())] == [
        "retry",
        "renew_token",
        "done",
    ]
    assert {kind.__struct_config__.tag for kind in (Wait, Resync, GiveUp)} == {"wait", "resync", "give_up"}
