"""When the same request is sent again, after how long, and when never: writes, stated times, rates, deadlines."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from recovery_failures import (
    NOW,
    READ,
    REPEATABLE,
    WRITE,
    bare,
    decided,
    documented,
    unanswered,
)

from recoup.catalogue.fault import ResyncTarget, WaitSubject
from recoup.diagnosis.diagnosis import Diagnosis
from recoup.errors import SettingsError
from recoup.exchange import Exchange, Headers, NoResponseKind, Response
from recoup.recovery.decision import GiveUp, Resync, Retry, StopReason, Wait
from recoup.recovery.judgement import retryable
from recoup.recovery.policy import Policy


@pytest.mark.parametrize(
    "fault", ["sc-00001-service-unavailable", "ef-ServiceUnavailable", "sc-00007-rate-limited", "sc-10000-server-busy"]
)
@pytest.mark.parametrize("operation", [READ, WRITE])
def test_what_external_fulfillment_refused_undone_is_repeated_and_deferred_after_three_attempts(
    fault: str, operation: Any
) -> None:
    failure = documented(fault)
    for attempts in (1, 2):
        decision = decided(failure, attempts=attempts, operation=operation)
        assert isinstance(decision, Retry)
        assert retryable(decision, failure) is True
    last = decided(failure, attempts=3, operation=operation)
    assert last == Wait(subject=WaitSubject.CALL, after=180.0, reason="3 attempts have failed")
    assert retryable(last, failure) is True


UNKNOWN_OUTCOMES = [
    # failure, whether a write must be read back
    (documented("other-500-internal"), True),
    (documented("other-504-timeout"), True),
    (bare(500), True),
    (bare(502), True),
    (bare(503), True),  # an empty or HTML 503 says nothing about what happened behind it
    (bare(504), True),
    (bare(504, code="ServiceUnavailable"), True),  # the code without its status: something else answered
    (bare(503, code="Service Unavailable"), False),
    (unanswered(NoResponseKind.TIMEOUT), True),
    (unanswered(NoResponseKind.RESET), True),
    (unanswered(NoResponseKind.TRUNCATED), True),
    (unanswered(NoResponseKind.PROTOCOL), True),
    (unanswered(NoResponseKind.OTHER), True),
    (unanswered(NoResponseKind.CONNECT, sent=False), False),
    (unanswered(NoResponseKind.TLS, sent=False), False),
    (unanswered(NoResponseKind.TIMEOUT, sent=False), False),
    (documented("other-503-unavailable"), False),
    (documented("sc-00001-service-unavailable"), False),
    (documented("429-rate-limit"), False),
    (bare(429), False),
    (bare(408), False),
]


@pytest.mark.parametrize(("failure", "unknown"), UNKNOWN_OUTCOMES)
def test_a_write_whose_outcome_is_unknown_is_read_back_and_never_repeated(failure: Diagnosis, unknown: bool) -> None:
    for attempts in (1, 2):
        decision = decided(failure, attempts=attempts, operation=WRITE)
        if unknown:
            assert isinstance(decision, Resync)
            assert decision.target is ResyncTarget.EFFECT
            assert decision.after > 0  # it may still be at work
            assert retryable(decision, failure) is None
        else:
            assert isinstance(decision, Retry)
    assert isinstance(decided(failure, method="POST"), Resync if unknown else Retry)
    assert isinstance(decided(failure, operation=READ), Retry)
    assert isinstance(decided(failure, method="get"), Retry)
    assert isinstance(decided(failure), Retry)  # nobody knows the request: the documents' general advice
    assert isinstance(decided(failure, operation=REPEATABLE), Retry)
    assert isinstance(decided(failure, method="POST", safe=True), Retry)
    assert isinstance(decided(failure, operation=READ, safe=False, method="GET"), Retry)  # reading changes nothing


def test_login_with_amazon_is_asked_again_although_it_is_a_post() -> None:
    assert isinstance(decided(documented("lwa-server-error"), method="POST"), Retry)
    assert isinstance(decided(documented("lwa-temporarily-unavailable"), method="POST"), Retry)
    assert isinstance(decided(documented("lwa-invalid-grant"), method="POST"), GiveUp)


def test_an_authorization_code_is_good_for_one_use_and_not_sent_again_after_a_500() -> None:
    assert isinstance(decided(documented("lwa-server-error"), method="POST", safe=False), Resync)
    assert isinstance(decided(unanswered(NoResponseKind.TIMEOUT), method="POST", safe=False), Resync)


@pytest.mark.parametrize(
    ("attempts", "ceiling"), [(1, 1.0), (2, 2.0), (3, 4.0), (4, 8.0), (5, 16.0), (6, 30.0), (40, 30.0), (5000, 30.0)]
)
def test_the_ceiling_of_a_delay_doubles_up_to_the_cap(attempts: int, ceiling: float) -> None:
    policy = Policy(max_attempts=10_000)
    failure = documented("sc-00001-service-unavailable")
    assert decided(failure, attempts=attempts, policy=policy) == Retry(after=ceiling)
    assert decided(failure, attempts=attempts, policy=policy, random=0.25) == Retry(after=ceiling / 4)
    assert decided(failure, attempts=attempts, policy=policy, random=0.0) == Retry(after=0.0)


STATED = [
    # headers, expected delay with the longest draw (1 s)
    ({"Retry-After": "7"}, 7.0),
    ({"Retry-After": "0"}, 1.0),
    ({"Retry-After": "45"}, 45.0),  # beyond the cap
    ({"Retry-After": "Wed, 18 Nov 2026 07:47:40 GMT"}, 60.0),
    ({"Retry-After": "Wed, 18 Nov 2026 07:40:00 GMT"}, 1.0),
    ({"Retry-After": "in a minute"}, 1.0),
    ({"Retry-After": "-5"}, 1.0),
    ({"x-amz-retry-after": "1500"}, 1.5),
    ({"x-amz-retry-after": "1500", "Retry-After": "60"}, 1.5),
    ({"x-amz-retry-after": "soon", "Retry-After": "60"}, 60.0),
    ({}, 1.0),
]


@pytest.mark.parametrize(("headers", "seconds"), STATED)
def test_a_stated_wait_is_honoured_and_beats_the_cap(headers: dict[str, str], seconds: float) -> None:
    answer = Exchange(response=Response(status=503, headers=Headers(headers)))
    assert decided(documented("sc-00001-service-unavailable"), exchange=answer) == Retry(after=seconds)


def test_after_the_last_attempt_the_longer_of_the_minutes_and_the_stated_wait_counts() -> None:
    for stated, seconds in (("250", 250.0), ("60", 180.0)):
        answer = Exchange(response=Response(status=503, headers=Headers({"Retry-After": stated})))
        decision = decided(documented("sc-00001-service-unavailable"), attempts=3, exchange=answer)
        assert isinstance(decision, Wait)
        assert decision.after == seconds


def test_a_stated_wait_that_no_call_should_sleep_is_handed_up() -> None:
    answer = Exchange(response=Response(status=503, headers=Headers({"Retry-After": "3600"})))
    decision = decided(documented("sc-00001-service-unavailable"), exchange=answer)
    assert isinstance(decision, Wait)
    assert (decision.subject, decision.after) == (WaitSubject.CALL, 3600.0)


RATES = [
    # plan's rate, header, draw, expected
    (5.0, None, 0.0, 0.2),
    (0.5, None, 0.0, 2.0),
    (0.5, None, 1.0, 3.0),
    (0.0167, None, 0.0, 1 / 0.0167),  # one a minute, beyond the cap
    (0.5, "2.0", 0.0, 0.5),  # the answer's own header knows better
    (0.5, "n", 0.0, 2.0),
    (0.5, "0", 0.0, 2.0),
    (None, None, 0.0, 0.0),
]


@pytest.mark.parametrize(("rate", "header", "draw", "seconds"), RATES)
def test_a_throttled_call_waits_for_a_token_of_its_plan(
    rate: float | None, header: str | None, draw: float, seconds: float
) -> None:
    operation = msgspec.structs.replace(READ, rate=rate)
    headers = Headers({"x-amzn-RateLimit-Limit": header} if header else {})
    answer = Exchange(response=Response(status=429, headers=headers))
    decision = decided(documented("429-rate-limit"), operation=operation, exchange=answer, random=draw)
    assert isinstance(decision, Retry)
    assert decision.after == pytest.approx(seconds)


DEADLINES = [
    # deadline from now, stated, decision
    (10.0, None, Retry(after=1.0)),
    (1.0, None, Retry(after=1.0)),
    (0.5, None, StopReason.DEADLINE),
    (10.0, "20", StopReason.DEADLINE),
    (20.0, "20", Retry(after=20.0)),
    (-1.0, None, StopReason.DEADLINE),
]


@pytest.mark.parametrize(("deadline", "stated", "expected"), DEADLINES)
def test_a_deadline_beats_every_wait(deadline: float, stated: str | None, expected: Retry | StopReason) -> None:
    answer = Exchange(response=Response(status=503, headers=Headers({"Retry-After": stated} if stated else {})))
    failure = documented("sc-00001-service-unavailable")
    decision = decided(failure, exchange=answer, deadline=NOW + deadline)
    if isinstance(expected, Retry):
        assert decision == expected
    else:
        assert isinstance(decision, GiveUp)
        assert decision.reason is expected
        assert retryable(decision, failure) is True


def test_a_stream_that_is_gone_is_not_repeated() -> None:
    for failure in (documented("sc-00001-service-unavailable"), documented("403-expired-token")):
        decision = decided(failure, replayable=False)
        assert isinstance(decision, GiveUp)
        assert decision.reason is StopReason.NOT_REPLAYABLE
    assert isinstance(decided(bare(500), method="POST", replayable=False), Resync)


def test_part_of_a_batch_is_never_repeated_as_a_whole() -> None:
    failure = documented("sc-00007-rate-limited", http_status=207)
    decision = decided(failure, operation=REPEATABLE)
    assert isinstance(decision, Wait)
    assert decision.subject is WaitSubject.CALL


# --- the numbers ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("max_attempts", 0),
        ("cap", 0.0),
        ("base", -1.0),
        ("deadline", -1.0),
        ("defer", float("nan")),
        ("quota_capacity", -1),
        ("retry_cost", -1),
        ("base", "1"),
        ("max_attempts", 2.5),
        ("quota_capacity", True),
        ("poll", (5.0, -1.0)),
        ("deadline", "soon"),
    ],
)
def test_a_number_that_makes_no_sense_is_named(field: str, value: object) -> None:
    with pytest.raises(SettingsError, match=field):
        Policy(**{field: value})  # type: ignore[arg-type]


def test_the_documents_numbers() -> None:
    policy = Policy.documented()
    assert policy.max_attempts == 3  # "<4 attempts"
    assert (policy.base, policy.cap) == (1.0, 30.0)
    assert not policy.probe_internal_failure_once


def test_standard_mode_still_reads_back_a_write_of_unknown_outcome_and_knows_the_catalogue() -> None:
    aws = Policy.aws_standard()
    assert isinstance(decided(bare(500), operation=READ, policy=aws), Retry)
    assert isinstance(decided(bare(500), operation=WRITE, policy=aws), Resync)
    assert isinstance(decided(documented("sc-00000-internal-failure"), operation=READ, policy=aws), Retry)
    assert isinstance(decided(documented("sc-00000-internal-failure"), operation=WRITE, policy=aws), Resync)
    assert isinstance(decided(documented("sc-00006-order-cancelled"), operation=WRITE, policy=aws), GiveUp)
    exhausted = decided(bare(500), operation=READ, policy=aws, attempts=3)
    assert isinstance(exhausted, GiveUp)
    assert exhausted.reason is StopReason.ATTEMPTS
