"""One call from its first request to its end, fed by hand: what the driver is told to do, step by step."""

from __future__ import annotations

from typing import Any

import pytest
from recovery_failures import REPEATABLE, WRITE, bare, documented, exchange, unanswered

from recoup.catalogue.fault import Action, WaitSubject, Who
from recoup.diagnosis.diagnosis import NOTHING_FAILED, Diagnosis
from recoup.exchange import Exchange, Headers, NoResponse, NoResponseKind, Request
from recoup.recovery.call import Call, Finish, Renew, Send, Sleep, Step
from recoup.recovery.decision import Done, GiveUp, RenewToken, Resync, StopReason, Wait
from recoup.recovery.history import EMPTY
from recoup.recovery.policy import Policy
from recoup.recovery.quota import RetryQuota, SharedQuota

UNAVAILABLE = documented("sc-00001-service-unavailable")
EXPIRED = documented("403-expired-token", variant="access-token-expired")
CANCELLED = documented("sc-00006-order-cancelled")
FORBIDDEN = documented("sc-00005-forbidden")


def a_call(**options: Any) -> Call:
    return Call(random=options.pop("random", lambda: 1.0), **options)


def play(call: Call, script: list[Diagnosis | bool | str], begin: float = 1000.0) -> tuple[list[Step], float]:
    """Feed the script: a Diagnosis answers, True succeeds, "renewed" and "refused" are the login's outcomes."""
    now = begin
    steps: list[Step] = [call.begin(now)]
    for event in script:
        now += 0.25
        if event is True:
            steps.append(call.succeeded(now, 200))
        elif isinstance(event, Diagnosis):
            steps.append(call.answered(exchange(event.http_status or 500), now, event))
        else:
            steps.append(call.renewed(event == "renewed", now))
        if isinstance(steps[-1], Sleep):
            now += steps[-1].seconds
            steps.append(call.rested(now))
    return steps, now


SCRIPTS = [
    # what comes back, which sends are made (attempt number), how it ends
    ([True], [1], Done),
    ([NOTHING_FAILED], [1], Done),
    ([UNAVAILABLE, True], [1, 2], Done),
    ([UNAVAILABLE, UNAVAILABLE, True], [1, 2, 3], Done),
    ([UNAVAILABLE, UNAVAILABLE, UNAVAILABLE], [1, 2, 3], Wait),
    ([UNAVAILABLE, CANCELLED], [1, 2], GiveUp),
    ([CANCELLED], [1], GiveUp),
    ([FORBIDDEN], [1], GiveUp),
    ([EXPIRED, "renewed", True], [1, 1], Done),
    ([EXPIRED, "renewed", EXPIRED], [1, 1], GiveUp),
    ([EXPIRED, "refused"], [1], GiveUp),
    ([EXPIRED, "renewed", UNAVAILABLE, UNAVAILABLE, True], [1, 1, 2, 3], Done),
    ([EXPIRED, "renewed", UNAVAILABLE, UNAVAILABLE, UNAVAILABLE], [1, 1, 2, 3], Wait),
    ([UNAVAILABLE, UNAVAILABLE, EXPIRED, "renewed", True], [1, 2, 3, 3], Done),
    ([UNAVAILABLE, EXPIRED, "renewed", UNAVAILABLE, EXPIRED], [1, 2, 2, 3], GiveUp),
    ([documented("sc-00004-in-progress")], [1], Wait),
]


@pytest.mark.parametrize(("script", "sends", "end"), SCRIPTS)
def test_what_is_sent_and_how_it_ends(script: list[Diagnosis | bool | str], sends: list[int], end: type) -> None:
    call = a_call()
    steps, _ = play(call, script)
    assert [step.attempt for step in steps if isinstance(step, Send)] == sends
    last = steps[-1]
    assert isinstance(last, Finish)
    assert isinstance(last.decision, end)
    assert len(last.history.attempts) == len(sends)
    assert last.history == call.history


def test_a_renewal_happens_between_attempts_and_the_repeat_is_marked() -> None:
    steps, _ = play(a_call(), [EXPIRED, "renewed", UNAVAILABLE, True])
    assert steps[:3] == [Send(1), Renew("Atza|old"), Send(1, token_renewed=True)]
    assert steps[4] == Send(2, token_renewed=True)


def test_the_refused_token_shows_in_no_repr() -> None:
    step = Renew("Atza|a-real-secret")
    assert "secret" not in repr(step)
    assert repr(Renew(None)) == "Renew(None)"


def test_a_driver_without_a_login_hands_the_renewal_up() -> None:
    steps, _ = play(a_call(can_renew=False), [EXPIRED])
    assert isinstance(steps[-1], Finish)
    assert steps[-1].decision == RenewToken()
    assert not steps[-1].history.token_renewed


def test_a_stream_with_a_refused_token_is_not_repeated_and_the_next_call_has_a_new_token() -> None:
    steps, _ = play(a_call(replayable=False), [EXPIRED, "renewed"])
    assert steps[1] == Renew("Atza|old")
    last = steps[-1]
    assert isinstance(last, Finish)
    assert isinstance(last.decision, GiveUp)
    assert last.decision.reason is StopReason.NOT_REPLAYABLE
    assert last.history.token_renewed
    assert (last.diagnosis and last.diagnosis.id) == "403-expired-token"

    refused, _ = play(a_call(replayable=False), [EXPIRED, "refused"])
    ended = refused[-1]
    assert isinstance(ended, Finish)
    assert isinstance(ended.decision, GiveUp)
    assert ended.decision.reason is StopReason.PERMANENT

    without, _ = play(a_call(replayable=False, can_renew=False), [EXPIRED])
    assert isinstance(without[-1], Finish)


def test_a_login_that_failed_says_what_it_needs() -> None:
    call = a_call()
    call.begin(0.0)
    call.answered(exchange(403), 1.0, EXPIRED)
    asked = GiveUp(reason=StopReason.PERMANENT, fix=Action.REAUTHORISE, who=Who.SELLER)
    step = call.renewed(False, 2.0, decision=asked)
    assert isinstance(step, Finish)
    assert step.decision is asked
    assert step.diagnosis is not None
    assert step.diagnosis.id == "403-expired-token"
    assert step.diagnosis.decision == {
        "action": "give_up",
        "reason": "permanent",
        "fix": "reauthorise",
        "who": "seller",
    } | {"stop_order": False}


def test_the_end_carries_the_diagnosis_with_its_decision() -> None:
    steps, _ = play(a_call(), [UNAVAILABLE] * 3)
    last = steps[-1]
    assert isinstance(last, Finish)
    assert last.diagnosis is not None
    assert last.diagnosis.retryable is True
    assert last.diagnosis.decision is not None
    assert last.diagnosis.decision["action"] == "wait"


def test_the_history_tells_the_whole_story() -> None:
    steps, _ = play(a_call(), [UNAVAILABLE, EXPIRED, "renewed", True])
    last = steps[-1]
    assert isinstance(last, Finish)
    history = last.history
    assert [(a.number, a.status, a.waited, a.decision) for a in history.attempts] == [
        (1, 503, 0.0, "retry"),
        (2, 403, 1.0, "renew_token"),
        (2, 200, 0.0, "done"),
    ]
    assert [a.sent_at for a in history.attempts] == [1000.0, 1001.25, 1001.75]
    assert [a.ended_at for a in history.attempts] == [1000.25, 1001.5, 1002.0]
    assert (history.count, history.waited, history.token_renewed, history.outcome_unknown) == (2, 1.0, True, False)


def test_a_write_that_got_no_answer_is_sent_once() -> None:
    call = a_call(operation=WRITE)
    steps, _ = play(call, [unanswered(NoResponseKind.TIMEOUT)])
    last = steps[-1]
    assert isinstance(last, Finish)
    assert isinstance(last.decision, Resync)
    assert call.history.outcome_unknown


def test_a_repeatable_write_goes_on_and_remembers_the_doubt() -> None:
    call = a_call(operation=REPEATABLE)
    steps, _ = play(call, [unanswered(NoResponseKind.TIMEOUT), documented("sc-00004-duplicate-client-token")])
    last = steps[-1]
    assert isinstance(last, Finish)
    assert isinstance(last.decision, Resync)
    assert "earlier attempt" in last.decision.reason
    assert last.history.outcome_unknown


def test_the_policys_deadline_counts_from_the_beginning_and_the_earlier_one_wins() -> None:
    for options in (
        {"policy": Policy(deadline=1.0)},
        {"policy": Policy(deadline=60.0), "deadline": 1001.0},
        {"policy": Policy(deadline=1.0), "deadline": 5000.0},
    ):
        steps, _ = play(a_call(**options), [UNAVAILABLE])
        last = steps[-1]
        assert isinstance(last, Finish)
        assert isinstance(last.decision, GiveUp)
        assert last.decision.reason is StopReason.DEADLINE


def test_nothing_is_sent_after_the_deadline() -> None:
    late = a_call(deadline=999.0).begin(1000.0)
    assert isinstance(late, Finish)
    assert late.diagnosis is None

    call = a_call(deadline=1010.0)
    call.begin(1000.0)
    assert isinstance(call.answered(exchange(503), 1001.0, UNAVAILABLE), Sleep)
    overslept = call.rested(1020.0)
    assert isinstance(overslept, Finish)
    assert isinstance(overslept.decision, GiveUp)
    assert overslept.decision.reason is StopReason.DEADLINE
    assert overslept.diagnosis is not None

    call = a_call(deadline=1010.0)
    call.begin(1000.0)
    assert isinstance(call.answered(exchange(403), 1001.0, EXPIRED), Renew)
    assert isinstance(call.renewed(True, 1020.0), Finish)


def test_calls_share_a_quota_and_give_back_what_a_success_earned() -> None:
    quota = SharedQuota(RetryQuota(capacity=12, tokens=12))
    play(a_call(quota=quota), [UNAVAILABLE, True])
    assert quota.tokens == 12
    play(a_call(quota=quota), [UNAVAILABLE] * 3)
    assert quota.tokens == 2
    steps, _ = play(a_call(quota=quota), [UNAVAILABLE])
    last = steps[-1]
    assert isinstance(last, Finish)
    assert isinstance(last.decision, Wait)
    assert "quota" in last.decision.reason
    play(a_call(quota=quota), [True])
    assert quota.tokens == 3


def test_an_unanswered_call_costs_more_of_the_quota() -> None:
    quota = SharedQuota(RetryQuota.full(500))
    call = a_call(quota=quota, method="GET")
    call.begin(0.0)
    lost = Exchange(
        request=Request(method="GET", url="https://x/", headers=Headers()),
        no_response=NoResponse(kind=NoResponseKind.TIMEOUT),
    )
    call.answered(lost, 1.0, unanswered(NoResponseKind.TIMEOUT))
    assert quota.tokens == 490


OUT_OF_STEP = ["begin", "answered", "succeeded", "rested", "renewed"]


@pytest.mark.parametrize("report", OUT_OF_STEP)
def test_a_driver_out_of_step_is_told_so(report: str) -> None:
    reports: dict[str, Any] = {
        "begin": lambda call: call.begin(1.0),
        "answered": lambda call: call.answered(exchange(), 1.0, bare(500)),
        "succeeded": lambda call: call.succeeded(1.0),
        "rested": lambda call: call.rested(1.0),
        "renewed": lambda call: call.renewed(True, 1.0),
    }
    over = a_call()
    play(over, [True])
    with pytest.raises(RuntimeError, match="out of step"):
        reports[report](over)
    if report != "begin":
        with pytest.raises(RuntimeError, match="out of step"):
            reports[report](a_call())


def test_the_sleep_is_what_the_random_source_drew() -> None:
    call = a_call(random=lambda: 0.25)
    call.begin(0.0)
    assert call.answered(exchange(503), 0.0, UNAVAILABLE) == Sleep(0.25)


def test_waiting_for_ones_turn_is_waiting_and_counts_before_the_sending() -> None:
    call = a_call()
    call.begin(1000.0)
    call.paced(2.5, 1002.5)
    finish = call.succeeded(1003.0, 200)
    assert isinstance(finish, Finish)
    (attempt,) = finish.history.attempts
    assert (attempt.waited, attempt.sent_at, finish.history.waited) == (2.5, 1002.5, 2.5)


def test_a_request_that_is_held_back_ends_its_call_without_an_attempt() -> None:
    call = a_call()
    call.begin(1000.0)
    held = Wait(subject=WaitSubject.ORDER_OPERATION, after=60.0)
    assert call.withheld(held, 1000.0) == Finish(None, held, EMPTY)


def test_a_repeat_that_is_held_back_hands_up_the_failure_before_it() -> None:
    steps, now = play(call := a_call(), [UNAVAILABLE])
    assert isinstance(steps[-1], Send)
    finish = call.withheld(Wait(subject=WaitSubject.CALL, after=60.0), now)
    assert isinstance(finish, Finish)
    assert finish.diagnosis is not None
    assert (finish.diagnosis.id, finish.diagnosis.decision) == (
        "sc-00001-service-unavailable",
        {"action": "wait", "subject": "call", "after": 60.0, "resends": 0},
    )
    assert finish.history.count == 1


def test_the_earlier_of_two_deadlines_counts() -> None:
    call = a_call(deadline=1010.0, policy=Policy(deadline=5.0))
    call.begin(1000.0)
    assert call.deadline == 1005.0
