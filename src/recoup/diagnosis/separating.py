"""What to look at next where several causes fit: the check that tells most for its cost, and what the input lacks.

A check that would settle a likely rival tells more than one that would settle an unlikely one; one that needs only the
caller's own files costs less than one for which a seller must be asked. Both are weighed, in bits over minutes.
"""

from __future__ import annotations

import math

import msgspec

from recoup.catalogue.fault import Check, Fault, Who
from recoup.diagnosis.diagnosis import Diagnosis

__all__ = ["Separation", "checks", "next_check", "wanting"]

# Minutes that it takes to learn something from those who must act, the least first.
_MINUTES = {Who.NOBODY: 1.0, Who.DEVELOPER: 1.0, Who.OPERATOR: 4.0, Who.SELLER: 20.0, Who.AMAZON: 60.0}
_NO_CALL = ("costs no call", "it costs nothing", "read details", "of the url")
_HALF = 0.5  # of the cost, for a check that looks at what is at hand


class Separation(msgspec.Struct, frozen=True):
    """The check to make next: of which fault it is, and what either outcome would mean."""

    fault: Fault
    check: Check

    def as_dict(self) -> dict[str, str]:
        """Plain data."""
        return {
            "fault": self.fault.id,
            "text": self.check.text,
            "confirms": self.check.confirms,
            "refutes": self.check.refutes,
        }


def next_check(diagnosis: Diagnosis) -> Separation | None:
    """The check that tells most for its cost among the rivals that are tied; None where nothing is tied, or no rival
    has a check.
    """
    return next(iter(checks(diagnosis)), None)


def checks(diagnosis: Diagnosis) -> tuple[Separation, ...]:
    """The checks of the rivals that are tied, the one first that tells most for its cost."""
    rivals = [match for match in diagnosis.faults if match.fault.id in diagnosis.tied]
    whole = sum(match.score for match in rivals)
    if whole <= 0:
        return ()
    found = [
        (_bits(match.score / whole) / _cost(match.fault, match.fault.check), Separation(match.fault, match.fault.check))
        for match in rivals
        if match.fault.check is not None
    ]
    found.sort(key=lambda each: -round(each[0], 9))  # of equals the likelier, which comes first
    return tuple(separation for _, separation in found)


def _bits(share: float) -> float:
    """What a yes or no about something of this likelihood tells, in bits."""
    if share <= 0.0 or share >= 1.0:
        return 0.0
    return -(share * math.log2(share) + (1 - share) * math.log2(1 - share))


def _cost(fault: Fault, check: Check) -> float:
    minutes = _MINUTES[fault.who]
    return minutes * _HALF if any(words in check.text.lower() for words in _NO_CALL) else minutes


def wanting(diagnosis: Diagnosis) -> tuple[str, ...]:
    """What the input does not show and would help to decide between the rivals, in the order of its use."""
    if len(diagnosis.tied) < 2:
        return ()
    exchange = diagnosis.exchange
    request = None if exchange is None else exchange.request
    response = None if exchange is None else exchange.response
    asked: list[str] = []
    if request is None:
        asked.append(
            "the request: its method and whole URL, and its header fields (a token by its first five characters)"
        )
    else:
        if not request.method:
            asked.append("the method of the request")
        if not request.host:
            asked.append("the host that was called")
        if not len(request.headers):
            asked.append("the header fields of the request (a token by its first five characters)")
        if request.body is None and request.method in ("POST", "PUT", "PATCH"):
            asked.append("the body of the request")
    if response is None or not len(response.headers):
        asked.append("the header fields of the answer (x-amzn-RequestId, x-amzn-ErrorType, x-amz-rid, Date)")
    if diagnosis.details is None and diagnosis.message is not None:
        asked.append("the details of the error, where the client dropped them")
    return tuple(asked)
