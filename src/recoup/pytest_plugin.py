"""For users' own tests with pytest: a sandbox as a fixture, nobody waits, and faults asked for by their id.

    def test_a_busy_order_is_confirmed(recoup_sandbox, recoup_no_waiting):
        told = recoup_sandbox.raise_fault("sc-10000-server-busy", times=2)
        assert told["how"] == "plan"
        ...

`recoup_sandbox` is fresh for every test, and its time stands still until something moves it. With the marker
`recoup_sandbox(seed=…, epoch=…, clock="wall", settings=…)` it is started with other options; with the marker
`recoup_fault(id, …)` a fault is there from the start. Where a test fails, its report tells what the sandbox refused,
and why.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from recoup.sandbox.serving import Sandbox

__all__ = ["recoup_no_waiting", "recoup_sandbox"]

_MARKERS = (
    "recoup_sandbox(seed, epoch, clock, settings): options of the sandbox that the fixture recoup_sandbox starts",
    "recoup_fault(id, ...): a fault that the sandbox raises from the start, by its cause where that can be",
)
_SHOWN = 10  # refusals in the report of a failed test
_SANDBOX: pytest.StashKey[Sandbox] = pytest.StashKey()


def pytest_configure(config: pytest.Config) -> None:
    """Make the markers known."""
    for marker in _MARKERS:
        config.addinivalue_line("markers", marker)


@pytest.fixture
def recoup_sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """A fresh sandbox whose time stands still: addresses, credentials, `stage`, `clock`, `raise_fault`, `why`."""
    from recoup.sandbox.serving import running

    marker = request.node.get_closest_marker("recoup_sandbox")
    options: dict[str, Any] = {"clock": "frozen", **(marker.kwargs if marker is not None else {})}
    with running(**options) as sandbox:
        for asked in request.node.iter_markers("recoup_fault"):
            sandbox.raise_fault(*asked.args, **asked.kwargs)
        request.node.stash[_SANDBOX] = sandbox
        yield sandbox


@pytest.fixture
def recoup_no_waiting(request: pytest.FixtureRequest) -> Iterator[list[float]]:
    """Nobody waits: gives the list of waits (seconds) that would have been. Where the test has a `recoup_sandbox`, each
    wait moves the sandbox's clock on instead, so that quotas fill up and tokens age as if it had been waited.
    """
    from recoup.testing import Timing, no_waiting
    from recoup.transports.timing import replace_default

    if "recoup_sandbox" not in request.fixturenames:
        with no_waiting() as slept:
            yield slept
        return
    sandbox: Sandbox = request.getfixturevalue("recoup_sandbox")
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        sandbox.clock.advance(seconds)

    before = replace_default(Timing(now=sandbox.clock.now, sleep=sleep))
    try:
        yield waits
    finally:
        replace_default(before)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Tell, with a failed test, what the sandbox refused."""
    report = yield
    sandbox = item.stash.get(_SANDBOX, None)
    if sandbox is not None and report.when == "call" and report.failed:
        text = _refusals(sandbox)
        if text:
            report.sections.append(("what the recoup sandbox refused", text))
    return report


def _refusals(sandbox: Sandbox) -> str:
    lines = []
    for trail in reversed(sandbox.recent(_SHOWN, refused=True)):
        said = trail["fault"] or ", ".join(part["fault"] for part in trail["parts"])
        because = trail["because"] or "; ".join(part["because"] for part in trail["parts"])
        lines.append(f"{trail['method']} {trail['path']} -> {trail['status']} {said}: {because}")
    return "\n".join(lines)
