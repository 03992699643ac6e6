"""What the requests of a course have told so far. A status is kept only where it decides: not of a 429 or a 5xx."""

from __future__ import annotations

from typing import Any

import msgspec

from recoup.diagnosis.diagnosis import Diagnosis
from recoup.exchange import Exchange

__all__ = ["Known", "decisive", "decoded_body"]


class Known(msgspec.Struct):
    """Statuses by what was asked; None: not asked, or the answer decides nothing.

    `tokens` by whose they are. `login` is the diagnosis of a token request that was refused. `participations` by
    region, `elsewhere` by marketplace, `spelled` by the identifier as it was written instead.
    """

    tokens: dict[str, str] = {}
    login: Diagnosis | None = None
    participations: dict[str, int] = {}
    marketplaces: tuple[str, ...] = ()
    again: int | None = None
    later: int | None = None
    vendors: int | None = None
    other_seller: int | None = None
    as_grantless: int | None = None
    as_restricted: int | None = None
    restricted_refused: str | None = None
    without_elements: int | None = None
    decoded: int | None = None
    elsewhere: dict[str, int] = {}
    spelled: dict[str, int] = {}
    shipment: int | None = None


def decisive(exchange: Exchange) -> int | None:
    """The status of an answer that tells something of the cause; None for a full quota, a server's error, no answer."""
    status = None if exchange.response is None else exchange.response.status
    passing = status is None or status == 429 or (status >= 500 and status != 501)  # 501: past the door, and no further
    return None if passing else status


def decoded_body(exchange: Exchange) -> dict[str, Any]:
    """The JSON object of an answer; empty for anything else."""
    try:
        found = None if exchange.response is None else msgspec.json.decode(exchange.response.body)
    except (msgspec.DecodeError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
