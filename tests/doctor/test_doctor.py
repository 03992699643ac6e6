"""The doctor against the sandbox: every planted cause is found by the check that can see it, and nothing is written."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from recoup.cli.main import Streams, main
from recoup.doctor.examination import examine, plan
from recoup.doctor.patient import Patient
from recoup.doctor.result import Outcome, Result
from recoup.doctor.sending import over_httpx2
from recoup.errors import SettingsError
from recoup.exchange import Exchange, Request
from recoup.sandbox import running
from recoup.sandbox.serving import Sandbox


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running(seed=1) as sandbox:
        yield sandbox


def patient(sandbox: Sandbox, **more: object) -> Patient:
    given = {
        "client_id": sandbox.client_id,
        "client_secret": sandbox.client_secret,
        "refresh_token": sandbox.refresh_token,
        "token_url": sandbox.token_url,
        "endpoints": sandbox.as_dict()["endpoints"],
    }
    return Patient(**{**given, **more})


def results(who: Patient, sandbox: Sandbox, sent: list[Request] | None = None) -> dict[str, Result]:
    with over_httpx2() as send:

        def noting(request: Request) -> Exchange:
            if sent is not None:
                sent.append(request)
            return send(request)

        return {result.check: result for result in examine(who, noting, sandbox.clock.now)}


def test_a_healthy_application_passes_every_check_that_was_asked_for(sandbox: Sandbox) -> None:
    found = results(patient(sandbox, operation="getMarketplaceParticipations"), sandbox)
    assert {name: result.outcome for name, result in found.items()} == {
        "credentials": Outcome.OK,
        "token": Outcome.OK,
        "region": Outcome.OK,
        "operation": Outcome.OK,
        "quota": Outcome.OK,
        "scope": Outcome.SKIPPED,
    }
    assert sandbox.marketplace_id in found["region"].text


def wrong_secret(sandbox: Sandbox) -> Patient:
    return patient(sandbox, client_secret=sandbox.client_secret[:-8] + "00000000")


def revoked(sandbox: Sandbox) -> Patient:
    sandbox.stage.revoke_authorization()
    return patient(sandbox)


def swapped(sandbox: Sandbox) -> Patient:
    return patient(sandbox, client_id=sandbox.client_secret, client_secret=sandbox.client_id)


def other_region(sandbox: Sandbox) -> Patient:
    return patient(sandbox, region="EU")


def no_role(sandbox: Sandbox) -> Patient:
    return patient(sandbox, operation="getOrders")


def removed(sandbox: Sandbox) -> Patient:
    return patient(sandbox, operation="/reports/2020-09-04/reports")


def unknown_operation(sandbox: Sandbox) -> Patient:
    return patient(sandbox, operation="getOrderz")


def a_write(sandbox: Sandbox) -> Patient:
    return patient(sandbox, operation="createReport")


def overdue_secret(sandbox: Sandbox) -> Patient:
    sandbox.stage.overdue_secret()
    return patient(sandbox)


def unknown_scope(sandbox: Sandbox) -> Patient:
    return patient(sandbox, scope="sellingpartnerapi::nothing")


@pytest.mark.parametrize(
    ("plant", "check", "fault"),
    [
        (swapped, "credentials", None),
        (wrong_secret, "token", "lwa-invalid-client"),
        (revoked, "token", "lwa-invalid-grant"),
        (overdue_secret, "region", "403-expired-token"),
        (other_region, "region", "403-region-mismatch"),
        (no_role, "operation", "403-missing-role"),
        (removed, "operation", "403-deprecated-endpoint"),
        (unknown_operation, "operation", None),
        (a_write, "operation", None),
        (unknown_scope, "scope", "lwa-invalid-scope"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_each_cause_is_found_by_the_check_that_can_see_it(
    sandbox: Sandbox, plant: object, check: str, fault: str | None
) -> None:
    found = results(plant(sandbox), sandbox)  # type: ignore[operator]
    first = next(name for name, result in found.items() if result.outcome is Outcome.FAILED)
    assert (first, found[first].fault) == (check, fault), found[first].text
    assert found[check].text
    if fault is not None:
        assert found[check].remedy


def test_what_comes_behind_a_token_that_was_refused_is_not_reached(sandbox: Sandbox) -> None:
    sent: list[Request] = []
    found = results(wrong_secret(sandbox), sandbox, sent)
    assert [result.outcome for result in found.values()].count(Outcome.SKIPPED) == 4
    assert len(sent) == 1


def test_a_clock_that_is_off_is_said(sandbox: Sandbox) -> None:
    with over_httpx2() as send:
        found = {each.check: each for each in examine(patient(sandbox), send, lambda: sandbox.clock.now() + 600)}
    assert found["token"].outcome is Outcome.NOTE
    assert re.search(r"6\d\d seconds ahead", found["token"].text)


@pytest.mark.parametrize("operation", ["getOrders", "getMarketplaceParticipations", "createReport", "/x"])
def test_nothing_is_sent_but_reads_and_token_requests_each_once(sandbox: Sandbox, operation: str) -> None:
    sent: list[Request] = []
    results(patient(sandbox, operation=operation, scope="sellingpartnerapi::notifications"), sandbox, sent)
    assert {request.method for request in sent if request.url != sandbox.token_url} <= {"GET"}
    lines = [(request.method, request.url, request.body) for request in sent]
    assert len(lines) == len(set(lines))


def test_no_answer_is_a_result_too(sandbox: Sandbox) -> None:
    found = results(patient(sandbox, token_url="http://127.0.0.1:1/auth/o2/token"), sandbox)
    assert found["token"].outcome is Outcome.FAILED


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"upstream": "https://example.com"}, "upstream"),
        ({"upstream": "http://sellingpartnerapi-na.amazon.com"}, "by https"),
        ({"token_url": "https://example.com/auth/o2/token"}, "token_url"),
        ({"region": "XX"}, "region"),
    ],
)
def test_credentials_go_nowhere_else(sandbox: Sandbox, more: dict[str, str], says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        patient(sandbox, **more)


# ---------------------------------------------------------------- the command


def run(sandbox: Sandbox | None, *arguments: str, stdin: bytes = b"") -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    environment = {}
    if sandbox is not None:
        environment = {
            "RECOUP_CLIENT_ID": sandbox.client_id,
            "RECOUP_CLIENT_SECRET": sandbox.client_secret,
            "RECOUP_REFRESH_TOKEN": sandbox.refresh_token,
        }
    status = main(["doctor", *arguments], Streams(io.BytesIO(stdin), out, err), environment)
    return status, out.getvalue(), err.getvalue()


def test_without_credentials_it_names_the_variables() -> None:
    status, _, err = run(None)
    assert status == 2
    assert "RECOUP_CLIENT_ID, RECOUP_CLIENT_SECRET, RECOUP_REFRESH_TOKEN" in err


def test_a_dry_run_says_what_would_be_sent_and_sends_nothing(sandbox: Sandbox) -> None:
    before = len(sandbox.recent())
    status, out, _ = run(sandbox, "--upstream", sandbox.endpoint, "--dry-run", "--operation", "getOrders")
    assert status == 0
    assert sandbox.token_url in out
    assert len(sandbox.recent()) == before


def test_where_nobody_can_agree_nothing_is_sent(sandbox: Sandbox) -> None:
    before = len(sandbox.recent())
    status, _, err = run(sandbox, "--upstream", sandbox.endpoint)
    assert status == 2
    assert "--yes" in err
    assert len(sandbox.recent()) == before


def test_the_result_as_json_and_as_text(sandbox: Sandbox) -> None:
    status, out, _ = run(sandbox, "--upstream", sandbox.endpoint, "--yes", "--json", "--operation", "getOrders")
    assert status == 1
    data = json.loads(out)
    assert data["ok"] is False
    assert [check["check"] for check in data["checks"]] == [
        "credentials",
        "token",
        "region",
        "operation",
        "quota",
        "scope",
    ]
    status, out, _ = run(sandbox, "--upstream", sandbox.endpoint, "--yes")
    assert status == 0
    assert "Nothing is wrong" in out


def test_no_secret_is_printed(sandbox: Sandbox) -> None:
    for arguments in (["--yes"], ["--yes", "--json"], ["--dry-run"]):
        _, out, err = run(sandbox, "--upstream", sandbox.endpoint, "--operation", "getOrders", *arguments)
        for secret in (sandbox.client_secret, sandbox.refresh_token):
            assert secret not in out + err
        assert "Atza|" not in out + err


def test_the_plan_names_every_request_that_is_sent(sandbox: Sandbox) -> None:
    who = patient(sandbox, operation="getMarketplaceParticipations", endpoints={}, upstream=sandbox.endpoint)
    sent: list[Request] = []
    results(who, sandbox, sent)
    said = " ".join(plan(who))
    assert sandbox.token_url in said
    assert all(request.url.split("?")[0] in said or "one GET for" in said for request in sent)


def test_the_days_of_removal_are_those_of_its_own_clock(sandbox: Sandbox) -> None:
    long_ago = datetime(2020, 1, 1, tzinfo=UTC).timestamp()
    with over_httpx2() as send:
        found = {each.check: each for each in examine(removed(sandbox), send, lambda: long_ago)}
    assert found["operation"].fault != "403-deprecated-endpoint" or "removed on" not in found["operation"].text


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--operation", "createReport"], "--operation: createReport changes something"),
        (["--operation", "getOrderz"], "--operation: getOrderz is no operation that is known"),
        (["--timeout", "-1"], "--timeout"),
        (["--upstream", "EU=http://127.0.0.1:1"], "no URL is given for NA"),
        (["--upstream", "http://127.0.0.1:1", "--upstream", "http://127.0.0.1:2"], "one URL is given already"),
    ],
)
def test_what_makes_no_sense_is_said_before_anything_is_sent(arguments: list[str], says: str) -> None:
    environment = {"RECOUP_CLIENT_ID": "c", "RECOUP_CLIENT_SECRET": "s", "RECOUP_REFRESH_TOKEN": "r"}
    out, err = io.StringIO(), io.StringIO()
    assert main(["doctor", "--yes", *arguments], Streams(io.BytesIO(), out, err), environment) == 2
    assert says in err.getvalue()
    assert not out.getvalue()


def test_the_other_regions_of_a_sandbox_are_asked_where_their_addresses_are_given(sandbox: Sandbox) -> None:
    environment = {
        "RECOUP_CLIENT_ID": sandbox.client_id,
        "RECOUP_CLIENT_SECRET": sandbox.client_secret,
        "RECOUP_REFRESH_TOKEN": sandbox.refresh_token,
    }
    regions = [word for code, url in sandbox.endpoints.items() for word in ("--upstream", f"{code}={url}")]
    out, err = io.StringIO(), io.StringIO()
    main(["doctor", "--yes", "--region", "EU", *regions], Streams(io.BytesIO(), out, err), environment)
    assert "403-region-mismatch" in out.getvalue()
