"""The table from retry class to decision, held against the documents row by row."""

from __future__ import annotations

import msgspec
import pytest
from recovery_failures import (
    NOW,
    POLICY,
    READ,
    WRITE,
    after,
    bare,
    decided,
    documented,
    exchange,
    of_class,
)

from recoup.catalogue.fault import Action, ResyncTarget, RetryClass, WaitSubject, Who
from recoup.catalogue.loader import load_sources
from recoup.diagnosis.diagnosis import NOTHING_FAILED, Diagnosis
from recoup.recovery.decision import Decision, Done, GiveUp, RenewToken, Resync, Retry, StopReason, Wait
from recoup.recovery.judgement import retryable
from recoup.recovery.policy import Policy
from recoup.recovery.situation import Situation

# --- the documented rows, first attempt, a read (General advice: nobody knows the request) --------

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


@pytest.mark.parametrize("wrong_by", [7200.0, -7200.0, None])
def test_a_stated_date_is_measured_by_the_clock_of_those_who_stated_it(wrong_by: float | None) -> None:
    """With a clock of ours that is two hours fast the date would seem past, and every attempt come too early."""
    failure = documented("sc-30005-dispatch-after-date", parameters={"dispatch_after": "2026-11-18T08:46:40Z"})
    answer = exchange(400, "POST", {"Date": "Wed, 18 Nov 2026 07:46:40 GMT"})
    now = None if wrong_by is None else NOW + wrong_by
    decision = decided(failure, operation=WRITE, exchange=answer, now=now)
    assert isinstance(decision, Wait)
    assert decision.after == 3600.0


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


# --- tokens ---------------------------------------------------------------------------------------


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
        told = documented(fault, details=details or "")
        guessed = msgspec.structs.replace(told, faults=(msgspec.structs.replace(told.faults[0], basis="code"),))
        tied = msgspec.structs.replace(told, tied=(fault, "403-missing-role"))
        for failure in (guessed, tied):
            decision = decided(failure)
            assert isinstance(decision, GiveUp)
            assert decision.fix is Action.CHANGE_CREDENTIALS
        assert decided(told) == RenewToken()  # the message itself says that it is the token
    assert isinstance(decided(bare(403, details=details)), GiveUp)


def test_a_401_is_renewed_once_whatever_its_details() -> None:
    assert decided(documented("ef-http-401", details="")) == RenewToken()
    assert decided(bare(401)) == RenewToken()
    assert isinstance(decided(bare(401), renewed=True), GiveUp)


# --- what the wire says about itself --------------------------------------------------------------

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


# --- the switch for a permanent failure that may not be one ---------------------------------------


def test_an_internal_failure_is_probed_once_only_where_asked_for_and_harmless() -> None:
    failure = documented("sc-00000-internal-failure")
    probing = Policy(probe_internal_failure_once=True)
    assert isinstance(decided(failure, operation=READ), GiveUp)
    assert isinstance(decided(failure, operation=READ, policy=probing), Retry)
    assert isinstance(decided(failure, operation=READ, policy=probing, attempts=2), GiveUp)
    assert isinstance(decided(failure, operation=WRITE, policy=probing), GiveUp)
    assert isinstance(decided(documented("sc-00002-invalid-value"), operation=READ, policy=probing), GiveUp)


# --- what no entry fits ---------------------------------------------------------------------------

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


KINDS: dict[type[Decision], set[RetryClass]] = {
    Retry: {RetryClass.BACKOFF, RetryClass.BACKOFF_SERIAL, RetryClass.RATE},
    RenewToken: {RetryClass.REAUTH},
    Wait: {RetryClass.WAIT_STATE, RetryClass.SCHEDULE, RetryClass.LOCKOUT, RetryClass.FIX_OR_WAIT},
    Resync: {
        RetryClass.VERIFY,
        RetryClass.RESYNC,
        RetryClass.RESELECT,
        RetryClass.RESTART_PAGING,
        RetryClass.FIX_STATE,
    },
    GiveUp: {
        RetryClass.NEVER,
        RetryClass.TERMINAL,
        RetryClass.FIX_INPUT,
        RetryClass.FIX_REQUEST,
        RetryClass.HUMAN,
        RetryClass.CODE,
    },
}


def test_every_entry_of_the_catalogue_gets_the_decision_of_its_class() -> None:
    assert set().union(*KINDS.values()) == set(RetryClass)
    for fault in load_sources():
        for variant in (None, *(variant.name for variant in fault.variants)):
            failure = documented(fault.id, variant=variant, http_status=fault.status or 400)
            assert failure.best is not None
            kind = next(kind for kind, classes in KINDS.items() if failure.best.recovery.retry in classes)
            whole = failure if (fault.status or 400) >= 300 else msgspec.structs.replace(failure, http_status=400)
            decision = decided(whole)
            assert isinstance(decision, kind), (fault.id, variant)
            if isinstance(decision, Wait) and failure.best.recovery.retry is RetryClass.WAIT_STATE:
                assert decision.entity, fault.id
            if isinstance(decision, GiveUp):
                assert decision.fix is not None
                assert decision.text


def test_a_duplicate_after_an_attempt_of_unknown_outcome_says_whose_it_may_be() -> None:
    failure = documented("sc-00004-duplicate-client-token")
    ours = POLICY.decide(failure, after(2, unknown=True), Situation(now=NOW, writes=True, repeatable=True), lambda: 0.5)
    theirs = POLICY.decide(failure, after(1), Situation(now=NOW, writes=True, repeatable=True), lambda: 0.5)
    assert isinstance(ours.decision, Resync)
    assert isinstance(theirs.decision, Resync)
    assert "earlier attempt" in ours.decision.reason
    assert "earlier attempt" not in theirs.decision.reason
