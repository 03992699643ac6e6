"""What goes into the matching of a claim, and what comes out of it."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from recoup.catalogue.fault import BodyKind
from recoup.diagnosis.diagnosis import Match
from recoup.exchange import Headers

__all__ = ["Area", "Evidence", "Ranking"]


class Area(StrEnum):
    """Whose answer it is, as far as the request or the form of the answer tells."""

    FULFILLMENT = "external-fulfillment"
    GENERAL = "general"  # any other operation behind the front door
    LOGIN = "login"
    STORAGE = "storage"
    UNKNOWN = "unknown"


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a claim and the exchange around it say, ready to be held against the index."""

    status: int | None = None
    http_status: int | None = None
    code: str | None = None
    sc_code: str | None = None
    message: str | None = None
    details: str | None = None
    phrase: str | None = None
    lines: tuple[str, ...] = ()
    body: BodyKind | None = None
    headers: Headers | None = None
    area: Area = Area.UNKNOWN


class Ranking(msgspec.Struct, frozen=True, kw_only=True):
    """The matches, best first; the ids that cannot be told apart; the parameters of the message that was recognised."""

    matches: tuple[Match, ...] = ()
    tied: tuple[str, ...] = ()
    parameters: dict[str, str] = {}
