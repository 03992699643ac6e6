"""Why requests were answered as they were. For the control room only: none of it travels to the caller."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import msgspec

from recoup.redaction import redact_text
from recoup.sandbox.operation import Refusal

__all__ = ["FAULT_PLAN", "UNDOCUMENTED", "Trail", "Trails", "rule_of"]

FAULT_PLAN = "fault plan"  # what stands where the id of a fault would, if only a fault plan answered

UNDOCUMENTED = "malformed HTTP"  # as above, for what is no HTTP in a way that no document names


class Trail(msgspec.Struct, frozen=True, kw_only=True):
    """The causal trail of one request. Instants are epoch seconds (UTC) of the sandbox's clock.

    What was refused before it was a request has no request id: the address of its connection stands for it.
    `rule` is the check that refused, as module.function; `because` is that rule in words. `before` is the state of what
    the call is about, as it was before the call. `plan` is rate (requests a second) and burst of the bucket, and
    `bucket_left` what was left in it. `parts` says the same of single parts where a call succeeded as a whole.
    """

    request_id: str
    at: float
    region: str
    method: str
    path: str
    status: int
    operation: str | None = None
    merchant_id: str | None = None
    bucket_left: float | None = None
    fault: str | None = None
    because: str = ""
    parts: list[dict[str, str]] = []
    rule: str | None = None
    before: dict[str, str] = {}
    plan: tuple[float, float] | None = None
    fault_plan: str | None = None  # the fault plan that had its hand in the answer

    def shown(self) -> dict[str, Any]:
        """As plain values, without secrets."""
        data: dict[str, Any] = msgspec.to_builtins(self)
        return {**data, "path": redact_text(self.path), "because": redact_text(self.because)}


class Trails:
    """The trails of the latest requests, the oldest forgotten first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[str, Trail] = OrderedDict()

    def keep(self, trail: Trail) -> None:
        """Take a trail in."""
        while len(self._kept) >= self._most:
            self._kept.popitem(last=False)
        self._kept[trail.request_id] = trail

    def find(self, request_id: str) -> Trail | None:
        """The trail of that request, or None where it is not (or no longer) known."""
        return self._kept.get(request_id)

    def recent(self, count: int, *, refused: bool) -> list[Trail]:
        """The newest trails, newest first; with `refused` only those of calls of which something failed."""
        found: list[Trail] = []
        for trail in reversed(self._kept.values()):
            if len(found) >= count:
                break
            if not refused or trail.fault is not None or trail.parts:
                found.append(trail)
        return found


def rule_of(refusal: Refusal) -> str | None:
    """The function that raised a refusal, without the path that all of the sandbox shares."""
    step = refusal.__traceback__
    while step is not None and step.tb_next is not None:
        step = step.tb_next
    if step is None:
        return None
    module = str(step.tb_frame.f_globals.get("__name__", "")).removeprefix("recoup.sandbox.")
    return f"{module}.{step.tb_frame.f_code.co_name}"
