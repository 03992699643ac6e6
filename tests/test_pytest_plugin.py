"""The pytest plugin, as a project of somebody else uses it: in a run of pytest of its own.

Within this process, which is quicker; `tests/docs/test_how_to.py` runs the how-to in a process of its own.
"""

from __future__ import annotations

import pytest

from plugin_loading import LOAD

pytest_plugins = ["pytester"]

CLIENT = """
import pytest

httpx2 = pytest.importorskip("httpx2")
from recoup.transports.httpx_family import Transport
from recoup.transports.login import Login

LISTING = "/externalFulfillment/2024-09-11/shipments?status=ACCEPTED"


def client(sandbox):
    login = Login(
        client_id=sandbox.client_id,
        client_secret=sandbox.client_secret,
        refresh_token=sandbox.refresh_token,
        token_url=sandbox.token_url,
    )
    transport = Transport(httpx2.HTTPTransport(), login=login, hosts=["127.0.0.1"])
    return httpx2.Client(transport=transport, base_url=sandbox.endpoint)
"""


def run(pytester: pytest.Pytester, test: str, *options: str) -> pytest.RunResult:
    pytester.makepyfile(CLIENT + test)
    return pytester.runpytest_inprocess("-p", "no:cacheprovider", "-W", "error", *LOAD, *options)


def test_every_test_gets_a_fresh_sandbox_whose_time_stands_still(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
@pytest.mark.parametrize("turn", [1, 2])
def test_it(recoup_sandbox, turn):
    assert recoup_sandbox.clock.mode == "frozen"
    assert recoup_sandbox.recent() == []
    with client(recoup_sandbox) as one:
        assert one.get(LISTING).json()["shipments"] == []
    recoup_sandbox.stage.add_shipment(location_id=recoup_sandbox.location_ids["MFN"])
""",
    )
    result.assert_outcomes(passed=2)


def test_a_marker_gives_its_options(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
@pytest.mark.recoup_sandbox(seed=7, epoch=1.8e9, clock="wall")
def test_it(recoup_sandbox):
    assert recoup_sandbox.clock.mode == "wall"
    assert recoup_sandbox.clock.now() >= 1.8e9
    assert recoup_sandbox.snapshot()["beginning"]["seed"] == 7
""",
        "--strict-markers",
    )
    result.assert_outcomes(passed=1)


def test_waits_move_the_sandboxs_clock_and_nobody_waits(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
def test_it(recoup_sandbox, recoup_no_waiting):
    recoup_sandbox.stage.front_door_outage(0.9)
    before = recoup_sandbox.clock.now()
    recoup_sandbox.plans.add({"script": [{"do": "status", "status": 503}]})
    with client(recoup_sandbox) as one:
        response = one.get(LISTING)
    assert recoup_no_waiting
    assert recoup_sandbox.clock.now() == pytest.approx(before + sum(recoup_no_waiting))

def test_without_a_sandbox(recoup_no_waiting):
    import recoup.transports.timing as timing
    timing.current().sleep(1000)
    assert recoup_no_waiting == [1000]

def test_afterwards_time_is_real_again():
    import recoup.transports.timing as timing
    assert timing.current() is timing.WALL
""",
    )
    result.assert_outcomes(passed=3)


def test_a_fault_is_asked_for_by_its_id(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
def test_by_its_cause(recoup_sandbox):
    told = recoup_sandbox.raise_fault("403-account-suspended")
    assert told["how"] == "cause"
    with client(recoup_sandbox) as one:
        assert one.get(LISTING).status_code == 403
        recoup_sandbox.mend_fault("403-account-suspended")
        assert one.get(LISTING).status_code == 200

def test_by_a_plan(recoup_sandbox, recoup_no_waiting):
    told = recoup_sandbox.raise_fault("sc-10000-server-busy", times=2)
    assert told["how"] == "plan"
    with client(recoup_sandbox) as one:
        assert one.get(LISTING).status_code == 200
    assert len(recoup_no_waiting) == 2
    assert [trail["status"] for trail in recoup_sandbox.recent()[:3]] == [200, 409, 409]

@pytest.mark.recoup_fault("400-inactive-account")
@pytest.mark.recoup_fault("lwa-server-error", how="plan")
def test_by_markers(recoup_sandbox, recoup_no_waiting):
    with client(recoup_sandbox) as one:
        assert one.get(LISTING).status_code == 400
    assert {trail["fault"] for trail in recoup_sandbox.recent(refused=True)} == {"400-inactive-account", "fault plan"}

@pytest.mark.recoup_fault("no-such-fault")
def test_one_that_there_is_not(recoup_sandbox):
    pass
""",
        "--strict-markers",
    )
    result.assert_outcomes(passed=3, errors=1)
    result.stdout.fnmatch_lines(["*no fault with a wire answer is called 'no-such-fault'*"])


def test_the_report_of_a_failed_test_says_what_was_refused_and_why(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
def test_it(recoup_sandbox):
    recoup_sandbox.stage.inactivate_account()
    with client(recoup_sandbox) as one:
        assert one.get(LISTING).status_code == 200

def test_one_that_passes(recoup_sandbox):
    recoup_sandbox.stage.inactivate_account()
    with client(recoup_sandbox) as one:
        assert one.get(LISTING).status_code == 400
""",
    )
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*what the recoup sandbox refused*",
            "GET /external*/shipments -> 400 400-inactive-account: *charge method failed",
        ]
    )
    assert str(result.stdout).count("charge method failed") == 1
