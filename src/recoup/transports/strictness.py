"""The `strict` option: lint looks at a request before it is sent.

What proves that the request cannot work is raised as FixRequest, and nothing is sent. What may be right all the same is
told to the logger `recoup.lint`, and the request goes out.
"""

from __future__ import annotations

import logging

from recoup.errors import FixRequest
from recoup.exchange import Request
from recoup.recovery.decision import Decision, GiveUp, StopReason, decision_as_dict
from recoup.redaction import redact_text

__all__ = ["NotSent", "insist"]

_LOG = logging.getLogger("recoup.lint")
_MOST_TOLD = 5  # findings in the text of the exception; all of them are in its `findings`


class NotSent(Exception):
    """Inside the transports: the request is surely wrong. `error` is what the caller gets to see, `decision` what is
    left to do.
    """

    def __init__(self, error: FixRequest, decision: Decision) -> None:
        super().__init__(str(error))
        self.error = error
        self.decision = decision


def insist(request: Request, now: float) -> None:
    """Raises `NotSent` where lint proves that this request, sent at `now` (epoch seconds), cannot work.

    The host was found to be the Selling Partner API's, or to stand for it, and every header field is there that is
    going to be, save those that the client's library adds without being asked.
    """
    from recoup.lint.checking import check  # late: a client that is not strict never pays for the rules
    from recoup.lint.reading import from_request

    certain = []
    for finding in check(from_request(request, stands_for_api=True, complete=True), now=now):
        if finding.certain:
            certain.append(finding)
        else:
            where = f"{request.method} {redact_text(request.path)}"
            _LOG.info("%s: %s: %s %s", where, finding.rule, finding.text, finding.fix)
    if not certain:
        return
    said = "; ".join(f"{finding.rule}: {finding.text}" for finding in certain[:_MOST_TOLD])
    more = f"; and {len(certain) - _MOST_TOLD} more" if len(certain) > _MOST_TOLD else ""
    text = f"nothing was sent: {said.rstrip('.')}{more}"
    decision = GiveUp(reason=StopReason.PERMANENT, text=f"{text}. {certain[0].fix}")
    fault = next((finding.fault for finding in certain if finding.fault), None)
    error = FixRequest(text, fault=fault, decision=decision_as_dict(decision))
    error.findings = tuple(
        {
            "rule": finding.rule,
            "fault": finding.fault,
            "text": finding.text,
            "fix": finding.fix,
            "fix_kind": finding.fix_kind.value,
        }
        for finding in certain
    )
    raise NotSent(error, decision)
