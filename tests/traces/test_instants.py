"""Instants as logs write them: read as what they say, and whatever else stands in their place as none."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recoup.traces.values import epoch_of, instant_of

SAID = datetime(2026, 11, 23, 9, 14, 7, 250_000, UTC)


@pytest.mark.parametrize(
    "written",
    [
        "2026-11-23T09:14:07.250Z",
        "2026-11-23T09:14:07.250000000Z",
        "2026-11-23T10:14:07.250+01:00",
        "2026-11-23 09:14:07,250",
        SAID.timestamp(),
        int(SAID.timestamp() * 1000),
        f"{SAID.timestamp():.3f}",
    ],
)
def test_what_it_says(written: Any) -> None:
    assert instant_of(written) == SAID


@pytest.mark.parametrize(
    "written",
    ["", "yesterday", "2026-13-45T99:00:00Z", "2026-11-23T09:14:07\ud800.250Z", True, None, [], float("nan"), 10**400],
)
def test_what_is_none(written: Any) -> None:
    assert epoch_of(written) is None
    assert instant_of(written) is None


@given(st.one_of(st.text(), st.floats(), st.integers(), st.text("0123456789-+:.TZ \ud800", min_size=8, max_size=40)))
def test_nothing_is_too_odd_to_be_asked(written: Any) -> None:
    at, seconds = instant_of(written), epoch_of(written)
    assert (at is None) == (seconds is None)
