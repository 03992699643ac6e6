"""What the header fields of an answer say about who gave it, and what its message repeats, as clues.

Seen on the real service: a path that nobody serves is refused at the edge, whose answers carry `x-amz-rid` and no
request id of the API; a caller without the role reaches the API, whose answers carry one. `x-amzn-ErrorType` names the
exception behind the bare text. `x-amzn-RateLimit-Limit` comes from the usage plan of an operation: it was reached.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from recoup.diagnosis.clue import Clue, Symptom
from recoup.exchange import Headers

__all__ = ["clues_of_echo", "clues_of_headers"]

_IDS = ("x-amzn-requestid", "x-amzn-request-id", "x-amz-request-id")
_ENOUGH = 2  # fields of which one tells that they were written down, and not left out
_EXCEPTIONS = {  # beside those that are signs of their faults in the catalogue
    "invalidsignature": {"403-invalid-signature": 3.0, "other-clock-skew": 0.7},
    "incompletesignature": {"403-invalid-signature": 3.0},
    "unrecognizedclient": {"403-invalid-signature": 3.0},
    "expiredtoken": {"403-expired-token": 2.0, "other-aws-sts": 1.5},
}
_EDGE = Clue(
    text="the answer has x-amz-rid and no request id of the API: the edge refused it before any operation was reached",
    weights={
        "403-wrong-path-or-version": 2.6,
        "404-wrong-path": 2.0,
        "403-deprecated-endpoint": 0.5,
        "403-missing-role": -1.5,
        "403-account-suspended": -1.5,
        "403-wrong-account-kind": -1.5,
        "403-unsupported-marketplace": -1.5,
    },
)
_REACHED = Clue(
    text="the answer states a rate limit: the operation exists and was reached",
    weights={
        "403-wrong-path-or-version": -2.5,
        "403-deprecated-endpoint": -1.5,
        "403-missing-token": -2.5,
        "404-wrong-path": -3.0,
        "other-validation-business": 0.7,
        "other-not-enrolled": 0.5,
    },
)
_ECHO = re.compile(r"%[0-9A-Fa-f]{2}")
_ENCODED = "400-wrong-url-encoding"
_REPEATED = Clue(
    text="the message repeats a value with %XX in it: it was encoded twice", weights={_ENCODED: 4.6}, request=True
)


_ID = re.compile(r"\s*[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\s*")
_REFUSED = Clue(
    text="the message is an id and nothing else: it is this that was not taken", weights={"400-wrong-identifier": 2.0}
)


def clues_of_echo(message: str) -> Iterator[Clue]:
    """The clues in a value that comes back: as it arrived, decoded once and encoded still; or an id alone."""
    if _ECHO.search(message) is not None:
        yield _REPEATED
    elif _ID.fullmatch(message) is not None:
        yield _REFUSED


def clues_of_headers(headers: Headers, symptom: Symptom) -> Iterator[Clue]:
    """The clues in the fields of an answer, where it does not say why it denies or does not find."""
    if symptom not in (Symptom.DENIED, Symptom.NOT_FOUND) or not len(headers):
        return
    if headers.get("x-amzn-ratelimit-limit"):
        yield _REACHED
    elif headers.get("x-amz-rid") and len(headers) >= _ENOUGH and not any(name in headers for name in _IDS):
        yield _EDGE
    kind = headers.get("x-amzn-errortype")
    if kind:
        name = kind.partition(":")[0].rpartition(".")[2].removesuffix("Exception")
        weights = _EXCEPTIONS.get(name.lower())
        if weights is not None:
            yield Clue(text=f"x-amzn-ErrorType is {kind.partition(':')[0][:80]}", weights=weights)
