"""Which fault is this: from bytes to ranked faults with their evidence, never an exception.

Imported on first use: looking a code up in the catalogue needs none of the reading of bodies.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from recoup.diagnosis.diagnosis import Diagnosis, Match
    from recoup.diagnosis.engine import Engine, diagnose, diagnose_all, diagnose_success, may_hide_failure

_ENGINE = ("Engine", "diagnose", "diagnose_all", "diagnose_success", "may_hide_failure")

__all__ = ["Diagnosis", "Engine", "Match", "diagnose", "diagnose_all", "diagnose_success", "may_hide_failure"]


def __getattr__(name: str) -> Any:
    if name in _ENGINE:
        from recoup.diagnosis import engine

        return getattr(engine, name)
    if name in ("Diagnosis", "Match"):
        from recoup.diagnosis import diagnosis

        return getattr(diagnosis, name)
    raise AttributeError(f"module 'recoup.diagnosis' has no attribute {name!r}")
