"""For users' own tests: recoup decides as always, and nobody waits for it.

with recoup.testing.no_waiting() as slept:
    response = client.get(...)
assert slept == [pytest.approx(0.7, abs=0.3)]
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from recoup.transports.timing import Timing, replace_default

__all__ = ["Timing", "no_waiting"]


@contextmanager
def no_waiting() -> Iterator[list[float]]:
    """Within the block no transport sleeps. Gives the list of waits (seconds) that would have been, in order.

    Applies to every transport of the process that was made without a `timing` of its own. Time as recoup sees it moves
    on by each wait, so that deadlines and token lifetimes behave as if it had passed.
    """
    slept: list[float] = []
    before = replace_default(Timing.without_waiting(slept))
    try:
        yield slept
    finally:
        replace_default(before)
