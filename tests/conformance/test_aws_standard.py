"""The published standard-mode retry cases of the AWS SDKs, run through the very loop that every call takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from recoup.diagnosis.diagnosis import Diagnosis
from recoup.exchange import Exchange, Headers, Request, Response
from recoup.recovery.call import Call, Finish, Send, Sleep, Step
from recoup.recovery.decision import Done, GiveUp, StopReason
from recoup.recovery.policy import Policy
from recoup.recovery.quota import RetryQuota, SharedQuota

CAPACITY = 500
TABLE: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("aws_standard.yaml").read_text(encoding="utf-8"))
CASES = [
    pytest.param(
        generation, {**block["defaults"], **case.get("given", {})}, case["answers"], id=f"{generation} {case['name']}"
    )
    for generation, block in TABLE.items()
    for case in block["cases"]
]


def test_the_table_holds_all_nineteen_cases() -> None:
    assert {generation: len(block["cases"]) for generation, block in TABLE.items()} == {"2.1": 13, "2.0": 6}


@pytest.mark.parametrize("generation", list(TABLE))
def test_the_presets_are_what_the_cases_are_given_by_default(generation: Any) -> None:
    given = TABLE[generation]["defaults"]
    policy = Policy.aws_standard(generation)
    assert policy == with_given(policy, given)
    assert policy.quota_capacity == given["quota"] == CAPACITY


def with_given(policy: Policy, given: dict[str, Any]) -> Policy:
    return msgspec.structs.replace(
        policy,
        max_attempts=given["attempts"],
        base=given["base"],
        rate_base=given["throttled"],
        cap=given["cap"],
        retry_cost=given["price"]["transient"],
        rate_cost=given["price"]["throttled"],
    )


@pytest.mark.parametrize(("generation", "given", "answers"), CASES)
def test_standard_mode(generation: Any, given: dict[str, Any], answers: list[dict[str, Any]]) -> None:
    quota = SharedQuota(RetryQuota(capacity=CAPACITY, tokens=given["quota"]))
    policy = with_given(Policy.aws_standard(generation), given)
    call = Call(policy=policy, random=lambda: given["draw"], method="GET", quota=quota)
    now = 1_795_000_000.0
    step: Step = call.begin(now)
    for number, answer in enumerate(answers, start=1):
        assert step == Send(number)
        step = call.answered(*exchange_and_diagnosis(answer, now))
        assert quota.tokens == answer["quota"]
        if answer["expect"] == "retry":
            assert isinstance(step, Sleep)
            assert step.seconds == pytest.approx(answer["delay"])
            now += step.seconds
            step = call.rested(now)
        else:
            assert isinstance(step, Finish)
            assert number == len(answers)
            expected = {"done": None, "attempts": StopReason.ATTEMPTS, "quota": StopReason.QUOTA}[answer["expect"]]
            if expected is None:
                assert step.decision == Done()
            else:
                assert isinstance(step.decision, GiveUp)
                assert step.decision.reason is expected
            assert step.history.count == number


def exchange_and_diagnosis(answer: dict[str, Any], now: float) -> tuple[Exchange, float, Diagnosis]:
    headers = Headers({name: value for name, value in answer.items() if name.startswith("x-")})
    exchange = Exchange(
        request=Request(method="GET", url="https://example.amazonaws.com/"),
        response=Response(status=answer["status"], headers=headers),
    )
    failed = answer["status"] >= 400
    diagnosis = Diagnosis(
        failed=failed, status=answer["status"], http_status=answer["status"], code=answer.get("code"), exchange=exchange
    )
    return exchange, now, diagnosis
