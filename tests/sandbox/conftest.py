"""The tests of the sandbox's services lint what they send, beside what they test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from accepted import findings_of_accepted

_ROOMS = ("fulfillment", "general")
# Values that nobody would send, made by chance; and a SKU with a percent sign, which looks like one encoded twice.
_ON_PURPOSE = (
    "test_any_call",
    "test_a_sku_encoded_once_arrives_as_it_was_meant",
    "test_a_sku_that_holds_a_percent_encoding_of_its_own_is_not_taken_for_a_mistake",
)


@pytest.fixture(autouse=True)
def _nothing_valid_has_a_finding(request: pytest.FixtureRequest) -> Iterator[None]:
    if request.path.parent.name not in _ROOMS or request.node.name.startswith(_ON_PURPOSE):
        yield
        return
    found: list[str] = []
    with findings_of_accepted(found):
        yield
    assert found == []
