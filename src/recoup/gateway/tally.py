"""What the gateway has done since it started: for its status page, and one line in the log for each call.

Neither holds a secret, a query, a body or a value of a path: a call is named by its operation, and where the path is
none of the known ones, by its first segment.
"""

from __future__ import annotations

import logging
import re
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import msgspec

from recoup.catalogue.facts.operations import Operation, operations
from recoup.gateway.asked import Asked

__all__ = ["LOGGER", "Line", "Tally", "name_of"]

LOGGER = logging.getLogger("recoup.gateway")
_SEGMENT = re.compile(r"/[A-Za-z][A-Za-z0-9_\-]{0,40}(?=/|$)")
_MOST_FAULTS = 200  # different ones that are counted


class Line(msgspec.Struct, kw_only=True):
    """One call: what is said of it in the log. Times are seconds."""

    name: str
    began: float
    seller: str | None = None
    status: int | None = None
    fields: list[tuple[bytes, bytes]] = []
    request_id: str | None = None
    note: str = ""


def name_of(asked: Asked, operation: Operation | None) -> str:
    """What the call is called in logs."""
    if operation is not None:
        return f"{asked.method} {'/'.join(operation.key)}"
    first = _SEGMENT.match(asked.path)
    return f"{asked.method} {first[0] if first else ''}/… (no known operation)"


def operation_of(asked: Asked) -> Operation | None:
    """The operation that the request reaches."""
    return operations().find("GET" if asked.method == "HEAD" else asked.method, asked.path)


class Tally:
    """Counts, and the log. Used by one event loop."""

    def __init__(self) -> None:
        self._began = time.time()
        self.running = 0
        self.refused = 0
        self._statuses: Counter[str] = Counter()
        self._faults: Counter[str] = Counter()
        self._decisions: Counter[str] = Counter()
        self._attempts = 0

    def begin(self, line: Line) -> Callable[[], None]:
        """A call begins; what is given ends it, once: counts it and writes its line."""
        self.running += 1
        over = False

        def done() -> None:
            nonlocal over
            if not over:
                over = True
                self.running -= 1
                self._done(line)

        return done

    def _done(self, line: Line) -> None:
        said = {name.removeprefix(b"x-recoup-").decode("ascii"): value.decode("ascii") for name, value in line.fields}
        self._statuses["none" if line.status is None else f"{line.status // 100}xx"] += 1
        self._attempts += int(said.get("attempts", "0"))
        if "decision" in said:
            self._decisions[said["decision"]] += 1
        fault = said.get("fault")
        if fault is not None and (fault in self._faults or len(self._faults) < _MOST_FAULTS):
            self._faults[fault] += 1
        if LOGGER.isEnabledFor(logging.INFO):
            parts = [line.name, "-" if line.status is None else str(line.status)]
            parts.append(f"{time.monotonic() - line.began:.3f}s")
            if line.seller is not None:
                parts.append(f"seller={line.seller}")
            wanted = (
                "attempts",
                "waited",
                "token-renewed",
                "unknown-outcome",
                "fault",
                "tied",
                "decision",
                "retry-after",
            )
            parts += [f"{name}={said[name]}" for name in wanted if name in said]
            if line.request_id is not None:
                parts.append(f"request={line.request_id}")
            LOGGER.info("%s", " ".join(parts + ([f"({line.note})"] if line.note else [])))

    def as_dict(self) -> dict[str, Any]:
        """The counts as plain data."""
        return {
            "up": round(time.time() - self._began, 3),
            "running": self.running,
            "refused": self.refused,
            "attempts": self._attempts,
            "answers": dict(sorted(self._statuses.items())),
            "decisions": dict(sorted(self._decisions.items())),
            "faults": dict(self._faults.most_common()),
        }
