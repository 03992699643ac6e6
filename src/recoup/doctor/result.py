"""What a check found, as a value."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec

from recoup.redaction import redact_text

__all__ = ["Outcome", "Result"]


class Outcome(StrEnum):
    """How a check ended."""

    OK = "ok"
    FAILED = "failed"
    NOTE = "note"  # worth knowing, and no failure
    SKIPPED = "not reached"  # what it needs was not there


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """One check: `sent` are the requests as lines (method and URL, nothing secret), `fault` the id of what was
    diagnosed, `tied` the ids that the answer leaves open, `remedy` what to do first, `request_id` Amazon's id of the
    answer.
    """

    check: str
    outcome: Outcome
    text: str
    sent: tuple[str, ...] = ()
    fault: str | None = None
    tied: tuple[str, ...] = ()
    who: str | None = None
    remedy: tuple[str, ...] = ()
    status: int | None = None
    request_id: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Plain data, secrets masked, in a fixed order of keys."""
        data = msgspec.to_builtins(self)
        data["text"] = redact_text(self.text)
        data["sent"] = [redact_text(line) for line in self.sent]
        return dict(data)
