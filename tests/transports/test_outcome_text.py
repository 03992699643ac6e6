"""What an exception says first is what its decision says, not what the fault's remedy says for any call."""

from __future__ import annotations

import msgspec
import pytest

from recoup.exchange import Exchange, Request, Response
from recoup.recovery.advice import diagnose
from recoup.recovery.decision import Decision
from recoup.transports.outcome import fault_error

URL = "https://sellingpartnerapi-na.amazon.com/externalFulfillment/2024-09-11/shipments/S1"
BODY = b'{"errors":[{"code":"InternalFailure","message":"We encountered an internal error. Please try again."}]}'


@pytest.mark.parametrize(
    ("method", "first"),
    [
        (
            "POST",
            "First: Read whether it took effect, before anything is sent again: GET /externalFulfillment/2024-09-11/sh",
        ),
        ("GET", "First: For a call that"),
    ],
)
def test_the_first_step_follows_the_decision(method: str, first: str) -> None:
    exchange = Exchange(request=Request(method=method, url=URL), response=Response(status=500, body=BODY))
    diagnosis = diagnose(exchange)
    assert diagnosis.decision is not None
    assert first in str(fault_error(diagnosis, msgspec.convert(dict(diagnosis.decision), type=Decision)))
