"""What the AWS SDKs' standard retry mode takes for transient or throttled: by status and error code alone.

The lists are those that AWS publishes for its SDKs. They know nothing of the Selling Partner API, where one 409 has
four meanings; `Policy.aws_standard()` uses them where a user wants that behaviour, and keeps our rule for writes
whose outcome is unknown.
"""

from __future__ import annotations

from enum import StrEnum

from recoup.diagnosis.diagnosis import Diagnosis

__all__ = ["RetryKind", "standard_kind"]


class RetryKind(StrEnum):
    """Which backoff a retry takes, and which price of the quota."""

    TRANSIENT = "transient"
    TIMEOUT = "timeout"
    THROTTLING = "throttling"


_TRANSIENT_STATUSES = frozenset({500, 502, 503, 504})
_TRANSIENT_CODES = frozenset({"requesttimeout", "requesttimeoutexception"})
_THROTTLING_CODES = frozenset(
    {
        "bandwidthlimitexceeded",
        "ec2throttledexception",
        "limitexceededexception",
        "priorrequestnotcomplete",
        "provisionedthroughputexceededexception",
        "requestlimitexceeded",
        "requestthrottled",
        "requestthrottledexception",
        "slowdown",
        "throttledexception",
        "throttling",
        "throttlingexception",
        "toomanyrequestsexception",
        "transactioninprogressexception",
    }
)


def standard_kind(diagnosis: Diagnosis) -> RetryKind | None:
    """The kind of retry that standard mode would make, or None where it would make none."""
    code = (diagnosis.code or "").lower()
    if code in _THROTTLING_CODES:
        return RetryKind.THROTTLING
    if code in _TRANSIENT_CODES or diagnosis.status in _TRANSIENT_STATUSES:
        return RetryKind.TRANSIENT
    if diagnosis.no_response is not None:
        return RetryKind.TIMEOUT
    return None
