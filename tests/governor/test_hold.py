"""What a hold covers, and what may cover a call."""

from __future__ import annotations

from itertools import product

import pytest

from recoup.governor.hold import ANY, HoldKey

NAMES = ("a", "b", ANY)
KEYS = [HoldKey(*names) for names in product(NAMES, repeat=4)]


@pytest.mark.parametrize(
    "asked", [HoldKey("a", "b", "a", "b"), HoldKey("a"), HoldKey("a", "b"), HoldKey(ANY, "a", ANY, "b")]
)
def test_the_keys_that_cover_are_exactly_those(asked: HoldKey) -> None:
    assert sorted(map(repr, asked.covering())) == sorted(repr(key) for key in KEYS if key.covers(asked))
