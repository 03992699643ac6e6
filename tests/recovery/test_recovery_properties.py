"""Whatever fails, in whatever order: the rules that no decision may break."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from recovery_failures import READ, REPEATABLE, WRITE, bare, of_class, unanswered

from recoup.catalogue.fault import RetryClass
from recoup.diagnosis.diagnosis import NOTHING_FAILED, Diagnosis
from recoup.exchange import Exchange, Headers, NoResponseKind, Response
from recoup.recovery.call import Call, Finish, Renew, Send, Sleep, Step
from recoup.recovery.decision import Decision, Done, RenewToken, Resync, Retry, action_of, decision_as_dict
from recoup.recovery.history import Attempt, History
from recoup.recovery.judgement import retryable
from recoup.recovery.policy import Policy
from recoup.recovery.quota import RetryQuota, SharedQuota
from recoup.recovery.situation import Situation, situate

DRAW = st.floats(0.0, 1.0, exclude_max=True)
FAILURES: st.SearchStrategy[Diagnosis] = st.one_of(
    st.builds(
        of_class,
        st.sampled_from(RetryClass),
        status=st.sampled_from([None, 200, 207, 400, 403, 409, 429, 500, 503]),
        http_status=st.sampled_from([200, 207, 400, 403, 429, 500, 503]),
        details=st.sampled_from(["", "text", None]),
        retryable_field=st.sampled_from([None, True, False]),
    ),
    st.builds(bare, st.one_of(st.none(), st.integers(100, 599))),
    st.builds(unanswered, st.sampled_from(NoResponseKind), sent=st.booleans()),
)
HISTORIES = st.builds(
    History,
    attempts=st.just((Attempt(number=1, sent_at=0.0, ended_at=0.0),)),
    count=st.integers(1, 6),
    token_renewed=st.booleans(),
    outcome_unknown=st.booleans(),
)
SITUATIONS: dict[str, st.SearchStrategy[Any]] = {
    "method": st.sampled_from([None, "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "get", "??"]),
    "operation": st.sampled_from([None, READ, WRITE, REPEATABLE]),
    "safe": st.sampled_from([None, True, False]),
    "replayable": st.booleans(),
    "now": st.one_of(st.none(), st.just(1_795_000_000.0)),
    "deadline": st.one_of(st.none(), st.floats(1_794_999_990.0, 1_795_000_100.0)),
}
POLICIES = st.builds(
    Policy,
    max_attempts=st.integers(1, 5),
    base=st.floats(0.0, 10.0),
    cap=st.floats(0.1, 60.0),
    deadline=st.one_of(st.none(), st.floats(0.0, 100.0)),
    defer=st.one_of(st.none(), st.just(180.0)),
    probe_internal_failure_once=st.booleans(),
    standard_mode=st.booleans(),
)


@given(FAILURES, HISTORIES, st.fixed_dictionaries(SITUATIONS), POLICIES, DRAW)
def test_every_failure_in_every_history_has_one_decision(
    failure: Diagnosis, history: History, circumstances: dict[str, Any], policy: Policy, draw: float
) -> None:
    situation = situate(failure, **circumstances)
    verdict = policy.decide(failure, history, situation, lambda: draw)
    decision = verdict.decision
    assert isinstance(decision, Decision)
    assert not isinstance(decision, Done)  # something failed
    assert decision_as_dict(decision)["action"] == action_of(decision)
    assert retryable(decision, failure) in (True, False, None)

    if not isinstance(decision, Retry):
        assert verdict.cost == 0
        return
    assert 0.0 <= decision.after <= policy.cap  # nothing is stated here
    assert history.count < policy.max_attempts
    assert circumstances["replayable"]
    assert failure.retryable_field is not False
    assert not (situation.unknown and not situation.repeatable)
    if situation.now is not None and situation.deadline is not None:
        assert situation.now + decision.after <= situation.deadline


@given(HISTORIES, st.fixed_dictionaries(SITUATIONS), DRAW, st.sampled_from(RetryClass))
def test_a_wire_that_says_retryable_never_repeats_a_write_that_was_given_up(
    history: History, circumstances: dict[str, Any], draw: float, retry: RetryClass
) -> None:
    silent, claims = (of_class(retry, status=500, retryable_field=field) for field in (None, True))
    circumstances |= {"operation": WRITE}
    before, then = (
        Policy.documented().decide(failure, history, situate(failure, **circumstances), lambda: draw).decision
        for failure in (silent, claims)
    )
    assert before == then


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=40), DRAW)
def test_any_header_gives_a_delay_of_sense(after: str, milliseconds: str, rate: str, draw: float) -> None:
    headers = Headers(
        {"Retry-After": after, "x-amz-retry-after": milliseconds, "x-amzn-RateLimit-Limit": rate, "Date": after}
    )
    failure = of_class(RetryClass.RATE, status=429)
    for now in (None, 1_795_000_000.0):
        situation = situate(failure, Exchange(response=Response(status=429, headers=headers)), now=now)
        history = History(count=1)
        decision = Policy.documented().decide(failure, history, situation, lambda: draw).decision
        assert decision_as_dict(decision)["after"] >= 0.0


@given(
    script=st.lists(st.one_of(FAILURES, st.just(NOTHING_FAILED)), min_size=1, max_size=12),
    policy=POLICIES,
    circumstances=st.fixed_dictionaries({k: v for k, v in SITUATIONS.items() if k not in ("now", "deadline")}),
    deadline=st.one_of(st.none(), st.floats(990.0, 1100.0)),
    renewals=st.booleans(),
    latency=st.floats(0.0, 20.0),
    tokens=st.integers(0, 500),
    draw=DRAW,
)
def test_a_call_ends_within_its_attempts_and_its_deadline(
    script: list[Diagnosis],
    policy: Policy,
    circumstances: dict[str, Any],
    deadline: float | None,
    renewals: bool,
    latency: float,
    tokens: int,
    draw: float,
) -> None:
    quota = SharedQuota(RetryQuota(capacity=500, tokens=tokens))
    call = Call(policy=policy, random=lambda: draw, deadline=deadline, quota=quota, **circumstances)
    now = begun = 1000.0
    limits = [
        limit for limit in (deadline, None if policy.deadline is None else begun + policy.deadline) if limit is not None
    ]
    answers = iter(script * 10)
    sends: list[Send] = []
    renewed = 0
    unknown_write = False
    step: Step = call.begin(now)
    while not isinstance(step, Finish):
        match step:
            case Send():
                assert not unknown_write  # what may have been done is never sent again
                assert all(now <= limit for limit in limits)
                sends.append(step)
                failure = next(answers)
                now += latency
                situation = situate(failure, **circumstances)
                unknown_write = failure.failed and situation.unknown and not situation.repeatable
                step = call.answered(Exchange(), now, failure)
            case Sleep():
                assert 0.0 <= step.seconds <= policy.cap
                assert all(now + step.seconds <= limit for limit in limits)
                now += step.seconds
                step = call.rested(now)
            case Renew():
                renewed += 1
                step = call.renewed(renewals, now)
    assert renewed <= 1
    assert len(sends) <= policy.max_attempts + renewed
    assert max((send.attempt for send in sends), default=0) <= policy.max_attempts
    assert step.history.count <= policy.max_attempts
    assert len(step.history.attempts) == len(sends)
    assert not isinstance(step.decision, Retry)
    assert not (isinstance(step.decision, RenewToken) and renewed)
    assert 0 <= quota.tokens <= 500
    assert repr(step)


@given(st.integers(0, 100), st.lists(st.tuples(st.booleans(), st.integers(0, 50)), max_size=50))
def test_a_quota_never_leaves_its_bounds(capacity: int, moves: list[tuple[bool, int]]) -> None:
    quota, model = RetryQuota.full(capacity), capacity
    for take, amount in moves:
        if take:
            left = quota.take(amount)
            assert (left is None) == (amount > model)
            quota, model = (quota, model) if left is None else (left, model - amount)
        else:
            quota, model = quota.give(amount), min(capacity, model + amount)
        assert quota.tokens == model


def test_a_situation_knows_nothing_by_default() -> None:
    assert situate(bare(500)) == Situation()
    assert isinstance(
        Policy().decide(bare(500), History(count=1), Situation(unknown=True, repeatable=False), float).decision, Resync
    )
