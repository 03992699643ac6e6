"""What speaks for or against a fault beside the text of the answer, as values that can be added up."""

from __future__ import annotations

from enum import StrEnum

import msgspec

__all__ = ["Clue", "Symptom"]


class Symptom(StrEnum):
    """What the answer alone looks like: a family of faults that share it, whatever their ids say."""

    DENIED = "denied"  # a 403 that does not say why
    SIGNATURE = "signature"  # a signature that does not match, a security token that is not valid
    INVALID = "invalid"  # a 400 that names no field
    NOT_FOUND = "not-found"
    PAGE = "page"  # a page in the place of an answer
    SERVER = "server"  # 5xx
    THROTTLED = "throttled"  # 429
    LOGIN = "login"  # an answer of Login with Amazon
    CONSENT = "consent"  # a page of the authorization workflow
    NOTHING = "nothing"  # no status, no code, no text that is known
    OTHER = "other"


class Clue(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was seen, and how much more often it is seen where the fault is the cause than where it is not.

    `weights` are natural logarithms of that ratio, by id: 0.7 is twice as often, 2.3 ten times, 4.6 a hundred times;
    negative ones speak against. `text` says what was seen, in one line. An id of `introduces` becomes a rival even if
    the answer alone would not have named it, since its real symptom and the documented one differ. `request` says that
    something in the request itself is the cause.
    """

    text: str
    weights: dict[str, float]
    introduces: frozenset[str] = frozenset()
    request: bool = False
