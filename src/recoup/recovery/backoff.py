"""How long to wait before a repeat: exponential backoff with full jitter.

    delay = uniform(0, min(cap, base * 2^n)), n = 0 for the first repeat

Full jitter spreads the repeats of many clients over the whole interval, so that they do not come back in step. The
random source is a callable that gives a number in [0, 1); tests and the AWS conformance cases hand in a constant.
"""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["Random", "ceiling", "full_jitter"]

Random = Callable[[], float]

_MAX_DOUBLINGS = 60  # 2**60 s is beyond any cap; larger exponents would only make larger integers


def ceiling(repeat: int, base: float, cap: float) -> float:
    """The longest delay (seconds) before repeat number `repeat`, which counts from 0."""
    return min(cap, base * (1 << min(max(repeat, 0), _MAX_DOUBLINGS)))


def full_jitter(repeat: int, base: float, cap: float, random: Random) -> float:
    """A delay (seconds) before repeat number `repeat`, drawn evenly between 0 and its ceiling."""
    return random() * ceiling(repeat, base, cap)
