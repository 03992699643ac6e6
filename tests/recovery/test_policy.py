"""The table from retry class to decision, held against the documents row by row."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from recovery_failures import READ, REPEATABLE, WRITE, bare, documented, of_class, unanswered

from recoup.catalogue.fault import Action, ResyncTarget, RetryClass, WaitSubject, Who
from recoup.diagnosis.diagnosis import NOTHING_FAILED, Diagnosis
from recoup.errors import SettingsError
from recoup.exchange import Exchange, Headers, NoResponseKind, Response
from recoup.recovery.decision import Decision, Done, GiveUp, RenewToken, Resync, Retry, StopReason, Wait
from recoup.recovery.history import EMPTY, Attempt, History
from recoup.recovery.policy import Policy, retryable
from recoup.recovery.situation import Situation, situate

NOW = datetime(2026, 11, 18, 7, 46, 40, tzinfo=UTC).timestamp()
POLICY = Policy.documented()


def after(attempts: int, *, renewed: bool = False, unknown: bool = False) -> History:
    history = EMPTY
    for number in range(1, attempts + 1):
        history = history.with_attempt(Attempt(number=number, sent_at=NOW, ended_at=NOW, unknown=unknown))
    return history.with_renewal() if renewed else history


def decided(
    diagnosis: Diagnosis, *, attempts: int = 1, renewed: bool = False, policy: Policy = POLICY, **situation: Any
) -> Decision:
    random = situation.pop("random", 1.0)
    judged = situate(diagnosis, situation.pop("exchange", None), now=situation.pop("now", NOW), **situation)
    history = after(attempts, renewed=renewed, unknown=judged.unknown)
    return policy.decide(diagnosis, history, judged, lambda: random).decision


# --- the documented rows, first attempt, a read (General advice: nobody knows the request) ------------------------------

GIVE_UP_PERMANENT = [
    # id, who, fix
    ("sc-00000-internal-failure", Who.AMAZON, Action.CONTACT_AMAZON),
    ("sc-00002-invalid-value", Who.DEVELOPER, Action.FIX_VALUE),
    ("sc-00002-range", Who.DEVELOPER, Action.FIX_VALUE),
    ("sc-00002-mandatory-field", Who.DEVELOPER, Action.FIX_VALUE),
    ("sc-20000-quantity-exceeds-inventory", Who.DEVELOPER, Action.FIX_VALUE),
    ("sc-30003-incorrect-package-dimensions", None, Action.FIX_VALUE),
    ("sc-00006-order-cancelled", None, Action.STOP),
    ("403-missing-role", Who.OPERATOR, Action.REQUEST_ROLE),
    ("auth-MD5101", Who.OPERATOR, None),
    ("null-enum", Who.DEVELOPER, Action.UPDATE_MODEL),
]


@pytest.mark.parametrize(("fault", "who", "fix"), GIVE_UP_PERMANENT)
def test_what_never_works_is_given_up_with_its_fix_and_who_must_act(
    fault: str, who: Who | None, fix: Action | None
) -> None:
    failure = documented(fault)
    decision = decided(failure)
    assert isinstance(decision, GiveUp)
    assert decision.reason is StopReason.PERMANENT
    assert failure.best is not None
    assert (decision.fix, decision.who) == (failure.best.remedy.action, failure.best.who)
    assert who is None or decision.who is who
    assert fix is None or decision.fix is fix
    assert retryable(decision, failure) is False


def test_only_a_cancelled_order_is_stopped() -> None:
    for fault in ("sc-00006-order-cancelled", "ef-OrderCancelled"):
        decision = decided(documented(fault), operation=WRITE)
        assert isinstance(decision, GiveUp)
        assert decision.stop_order
    other = decided(documented("sc-00000-internal-failure"), operation=WRITE)
    assert isinstance(other, GiveUp)
    assert not other.stop_order


@pytest.mark.parametrize(
    ("fault", "target"),
    [
        ("sc-00004-duplicate-client-token", ResyncTarget.EFFECT),
        ("sc-40000-subscription-exists", ResyncTarget.EFFECT),
        ("ef-DuplicateRequest", ResyncTarget.EFFECT),
        ("sc-20002-sequence-conflict", ResyncTarget.SEQUENCE),
        ("ef-StateConflict", ResyncTarget.SEQUENCE),
        ("sc-00006-entity-version-conflict", ResyncTarget.VERSION),
        ("sc-30004-pickup-slot-expired", ResyncTarget.SHIPPING_OPTIONS),
        ("400-invalid-next-token", ResyncTarget.LISTING),
        ("sc-10001-operation-not-permitted", ResyncTarget.STATE),
    ],
)
def test_what_is_read_again_before_deciding_anew(fault: str, target: ResyncTarget) -> None:
    failure = documented(fault)
    decision = decided(failure, operation=WRITE)
    assert isinstance(decision, Resync)
    assert decision.target is target
    assert retryable(decision, failure) is False


@pytest.mark.parametrize("fault", ["sc-00004-in-progress", "sc-30007-no-invoice", "404-premature-poll"])
def test_a_state_that_is_not_there_yet_is_polled_and_resent_once_at_most(fault: str) -> None:
    failure = documented(fault)
    decision = decided(failure, operation=WRITE)
    assert failure.best is not None
    assert isinstance(decision, Wait)
    assert (decision.subject, decision.entity) == (WaitSubject.ENTITY, failure.best.recovery.poll)
    assert decision.resends == 1
    assert list(decision.poll) == sorted(decision.poll)
    assert decision.after == decision.poll[0] == 5.0
    assert retryable(decision, failure) is True


SCHEDULES = [
    # fault, parameters, expected seconds from NOW
    ("sc-30005-dispatch-after-date", {"dispatch_after": "2026-11-18T08:46:40Z"}, 3600.0),
    ("sc-30005-dispatch-after-date", {"dispatch_after": "2026-11-18 08:46:40Z"}, 3600.0),
    ("sc-30005-dispatch-after-date", {"dispatch_after": "2026-11-18T07:00:00Z"}, 0.0),  # our clock is behind theirs
    ("sc-30005-dispatch-after-date", {"dispatch_after": "soon"}, None),
    ("sc-30002-capacity-breached", {}, None),  # the shipment's own date tells
    ("sc-00005-max-retries", {"seconds": "3600"}, 3600.0),
    ("sc-00005-max-retries", {"seconds": "120"}, 120.0),
    ("sc-00005-max-retries", {}, 3600.0),  # the documented cooling period
    ("sc-00005-max-retries", {"seconds": "a while"}, 3600.0),
]


@pytest.mark.parametrize(("fault", "parameters", "seconds"), SCHEDULES)
def test_a_stated_time_holds_back_this_operation_of_this_order(
    fault: str, parameters: dict[str, str], seconds: float | None
) -> None:
    failure = documented(fault, parameters=parameters)
    decision = decided(failure, operation=WRITE)
    assert isinstance(decision, Wait)
    assert decision.subject is WaitSubject.ORDER_OPERATION
    assert decision.after == seconds
    assert retryable(decision, failure) is True


def test_a_date_without_a_known_now_is_kept_in_the_reason() -> None:
    failure = documented("sc-30005-dispatch-after-date", parameters={"dispatch_after": "2026-11-18T08:46:40Z"})
    decision = decided(failure, now=None)
    assert isinstance(decision, Wait)
    assert decision.after is None
    assert "2026-11-18T08:46:40Z" in decision.reason


def test_capacity_is_waited_for_and_whether_the_same_request_works_is_open() -> None:
    failure = documented("sc-30001-shiplabel-generation-failure")
    decision = decided(failure, operation=WRITE)
    assert isinstance(decision, Wait)
    assert decision.after == POLICY.capacity_wait
    assert retryable(decision, failure) is None


# --- repeats ------------------------------------------------------------------------------------------------------------


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


# --- tokens -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("variant", ["access-token-expired", "token-revoked"])
def test_a_refused_token_is_renewed_once_a_call(variant: str) -> None:
    failure = documented("403-expired-token", variant=variant)
    for attempts in (1, 3):  # a renewal is no attempt: it happens after the last one too
        decision = decided(failure, attempts=attempts, operation=WRITE)
        assert decision == RenewToken()
        assert retryable(decision, failure) is False
    again = decided(failure, renewed=True)
    assert isinstance(again, GiveUp)
    assert (again.reason, again.fix) == (StopReason.PERMANENT, Action.REAUTHORISE)


def test_an_overdue_client_secret_is_not_answered_with_a_renewal() -> None:
    decision = decided(documented("403-expired-token", variant="client-secret-expired"))
    assert isinstance(decision, GiveUp)
    assert decision.fix is Action.ROTATE_SECRET


@pytest.mark.parametrize("details", ["", "  ", None])
def test_a_403_without_details_is_no_reason_to_renew(details: str | None) -> None:
    for fault in ("403-expired-token", "403-missing-token"):
        assert isinstance(decided(documented(fault, details=details or "")), GiveUp)
    assert isinstance(decided(bare(403, details=details)), GiveUp)


def test_a_401_is_renewed_once_whatever_its_details() -> None:
    assert decided(documented("ef-http-401", details="")) == RenewToken()
    assert decided(bare(401)) == RenewToken()
    assert isinstance(decided(bare(401), renewed=True), GiveUp)


# --- what the wire says about itself ------------------------------------------------------------------------------------

WIRE = [
    # failure, wire's retryable, write, kind of decision, retryable
    (documented("sc-00001-service-unavailable"), False, False, GiveUp, False),
    (documented("sc-00001-service-unavailable"), False, True, GiveUp, False),
    (documented("sc-00001-service-unavailable"), True, True, Retry, True),
    (documented("sc-00000-internal-failure"), True, True, GiveUp, None),
    (documented("sc-00000-internal-failure"), True, False, Retry, True),
    (documented("sc-00000-internal-failure"), False, False, GiveUp, False),
    (documented("sc-00002-invalid-value"), True, True, GiveUp, None),
    (documented("sc-00002-invalid-value"), True, False, GiveUp, None),
    (documented("sc-00006-order-cancelled"), True, True, GiveUp, None),
    (bare(500), True, True, Resync, None),
]


@pytest.mark.parametrize(("failure", "wire", "write", "kind", "again"), WIRE)
def test_a_retryable_field_is_evidence_and_never_repeats_a_write(
    failure: Diagnosis, wire: bool, write: bool, kind: type[Decision], again: bool | None
) -> None:
    failure = msgspec.structs.replace(failure, retryable_field=wire)
    decision = decided(failure, operation=WRITE if write else READ)
    assert isinstance(decision, kind)
    assert retryable(decision, failure) is again


# --- the switch for a permanent failure that may not be one ---------------------------------------------------------------


def test_an_internal_failure_is_probed_once_only_where_asked_for_and_harmless() -> None:
    failure = documented("sc-00000-internal-failure")
    probing = Policy(probe_internal_failure_once=True)
    assert isinstance(decided(failure, operation=READ), GiveUp)
    assert isinstance(decided(failure, operation=READ, policy=probing), Retry)
    assert isinstance(decided(failure, operation=READ, policy=probing, attempts=2), GiveUp)
    assert isinstance(decided(failure, operation=WRITE, policy=probing), GiveUp)
    assert isinstance(decided(documented("sc-00002-invalid-value"), operation=READ, policy=probing), GiveUp)


# --- what no entry fits -------------------------------------------------------------------------------------------------

BY_STATUS = [
    (400, GiveUp, False),
    (401, RenewToken, False),
    (403, GiveUp, False),
    (404, GiveUp, False),
    (405, GiveUp, False),
    (408, Retry, True),
    (409, Resync, False),
    (410, GiveUp, False),
    (412, Resync, False),
    (413, GiveUp, False),
    (415, GiveUp, False),
    (418, GiveUp, False),
    (422, GiveUp, False),
    (429, Retry, True),
    (301, GiveUp, False),
    (500, Retry, True),
    (501, GiveUp, None),
    (502, Retry, True),
    (503, Retry, True),
    (504, Retry, True),
    (522, Retry, True),
    (200, GiveUp, None),
    (None, GiveUp, None),
]


@pytest.mark.parametrize(("status", "kind", "again"), BY_STATUS)
def test_an_unknown_failure_falls_back_to_its_status(
    status: int | None, kind: type[Decision], again: bool | None
) -> None:
    failure = bare(status)
    decision = decided(failure)
    assert isinstance(decision, kind)
    assert retryable(decision, failure) is again
    if isinstance(decision, GiveUp):
        assert decision.reason is StopReason.UNKNOWN
        assert not decision.stop_order


def test_nothing_failed_is_done() -> None:
    assert decided(NOTHING_FAILED) == Done()
    assert retryable(Done(), NOTHING_FAILED) is None


@pytest.mark.parametrize("retry", list(RetryClass))
def test_every_retry_class_has_a_decision(retry: RetryClass) -> None:
    assert isinstance(decided(of_class(retry)), Decision)


def test_a_duplicate_after_an_attempt_of_unknown_outcome_says_whose_it_may_be() -> None:
    failure = documented("sc-00004-duplicate-client-token")
    ours = POLICY.decide(failure, after(2, unknown=True), Situation(now=NOW, writes=True, repeatable=True), lambda: 0.5)
    theirs = POLICY.decide(failure, after(1), Situation(now=NOW, writes=True, repeatable=True), lambda: 0.5)
    assert isinstance(ours.decision, Resync)
    assert isinstance(theirs.decision, Resync)
    assert "earlier attempt" in ours.decision.reason
    assert "earlier attempt" not in theirs.decision.reason


# --- the numbers --------------------------------------------------------------------------------------------------------


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
    ],
)
def test_a_number_that_makes_no_sense_is_named(field: str, value: float) -> None:
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
