"""A line that is a gift says what is to be printed, and a line that is none says nothing."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from fulfillment_world import World


def gift(*order_types: str) -> dict[str, Any]:
    world = World()
    found: dict[str, Any] = world.view(world.shipment(order_types=order_types))["lineItems"][0]["giftAttributes"]
    return found


@pytest.mark.parametrize(
    ("order_types", "wrap", "message"),
    [
        ((), "DISALLOWED", "ABSENT"),
        (("GIFT_WRAP",), "REQUIRED", "ABSENT"),
        (("GIFT_MESSAGE",), "DISALLOWED", "PRESENT"),
        (("GIFT_WRAP", "GIFT_MESSAGE"), "REQUIRED", "PRESENT"),
    ],
)
def test_what_a_gift_says(order_types: tuple[str, ...], wrap: str, message: str) -> None:
    said = gift(*order_types)
    assert (said["giftWrapRequirement"], said["giftMessagePresence"]) == (wrap, message)
    assert ("giftWrapLabel" in said) == (wrap == "REQUIRED")
    assert ("giftMessage" in said) == (message == "PRESENT")


def test_a_message_is_a_file() -> None:
    message = gift("GIFT_MESSAGE")["giftMessage"]
    assert message["format"] == "PDF"
    assert base64.b64decode(message["content"], validate=True).startswith(b"%PDF-1.4")
