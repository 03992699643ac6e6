"""How many examples a property gets: the usual number, times RECOUP_EXAMPLES (`make test-all` sets it)."""

from __future__ import annotations

import os

FACTOR = int(os.environ.get("RECOUP_EXAMPLES", "1"))


def examples(usual: int) -> int:
    """`usual`, times the factor of this run."""
    return usual * FACTOR
