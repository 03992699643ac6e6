"""A token bucket as a value, and places in its queue: the generic cell rate algorithm with reservations.

A bucket is one instant: when it will be full again. Every request pushes that instant one interval further, and may be
sent as soon as what is missing from the bucket is less than its size. So whoever asks gets a place at once and sleeps
until it comes: nobody polls, nobody overtakes, and nothing of the quota is left lying.

The margin. A request reaches the other side later than it was sent, one more than another, and the other side's bucket
begins to refill when the first one arrives. So the last `margin` seconds of the burst are not used: whoever queues
comes that much later than an ideal clock would allow, which costs `margin` seconds once in a burst of calls, however
many there are. A bucket that holds one request has no burst to leave unused: there requests are spaced out instead, by
the margin, though never by more than a twentieth of the interval, so that it costs at most 5 % of the rate.

Instants and durations are seconds; all instants of a bucket are on one clock, whichever that is.
"""

from __future__ import annotations

import msgspec

from recoup.governor.plan import Plan

__all__ = ["CLOCK_STEP", "Bucket", "Pace", "pace"]

_LARGEST_SHARE = 0.05  # of an interval, that spacing out may add to it
CLOCK_STEP = 60.0
"""Seconds. A clock that is behind the bucket's by more than that was set back, and the bucket goes back with it. Below
that it is merely read late, and the bucket's time stands still until it has caught up."""


class Pace(msgspec.Struct, frozen=True, gc=False):
    """What a plan and a margin come to: a request every `interval` seconds, and up to `tolerance` seconds early."""

    interval: float
    tolerance: float


def pace(plan: Plan, margin: float) -> Pace:
    """How requests are spaced. `margin` (seconds) is taken from the burst, and from the rate where that is too small.

    >>> pace(Plan(rate=5.0, burst=10), 0.1)
    Pace(interval=0.2, tolerance=1.7)
    >>> pace(Plan(rate=0.5, burst=1), 0.05)
    Pace(interval=2.05, tolerance=0.0)
    """
    interval = 1.0 / plan.rate
    whole = (plan.burst - 1) * interval
    if margin <= whole:
        return Pace(interval, whole - margin)
    return Pace(interval + min(margin - whole, interval * _LARGEST_SHARE), 0.0)


class Bucket(msgspec.Struct, frozen=True, gc=False):
    """A bucket that is full at `full_at`, where a request counts as 1/`rate` seconds; `clock` is the latest it saw.

    The default is a full one.
    """

    full_at: float = 0.0
    rate: float = 1.0
    clock: float = 0.0

    def at(self, now: float, rate: float) -> Bucket:
        """The same bucket, with as many requests missing, at the instant `now` and reckoned with `rate`."""
        full_at, clock = self.full_at, self.clock
        if now > clock:
            clock = now
        elif now < clock - CLOCK_STEP:
            full_at, clock = full_at - (clock - now), now
        if full_at <= clock:
            full_at = clock
        elif rate != self.rate:
            full_at = clock + (full_at - clock) * self.rate / rate
        return Bucket(full_at, rate, clock)

    def reserve(self, now: float, pace: Pace, rate: float, longest: float | None) -> tuple[Bucket, float, bool]:
        """Take the next place: the bucket after it, the seconds until then, and whether it was taken.

        It is not where it is more than `longest` seconds away. `rate` is the plan's, by which `pace` was made.
        """
        full_at = self.full_at
        if now > self.clock and (now >= full_at or rate == self.rate):  # as below, with one object fewer
            wait = 0.0
            if full_at <= now:
                full_at = now
            elif (ahead := full_at - pace.tolerance - now) > 0.0:
                wait = ahead
            if longest is not None and wait > longest:
                return Bucket(full_at, rate, now), wait, False
            return Bucket(full_at + pace.interval, rate, now), wait, True
        seen = self.at(now, rate)
        wait = max(0.0, seen.full_at - pace.tolerance - seen.clock)
        if longest is not None and wait > longest:
            return seen, wait, False
        return Bucket(seen.full_at + pace.interval, rate, seen.clock), wait, True

    def wait(self, now: float, pace: Pace, rate: float) -> float:
        """Seconds that the next request would have to wait."""
        return self.reserve(now, pace, rate, None)[1]

    def give_back(self, slot: float, interval: float) -> Bucket | None:
        """The bucket without the place that ended at `slot`; None where another one was given behind it."""
        return Bucket(self.full_at - interval, self.rate, self.clock) if self.full_at == slot else None

    def emptied(self, now: float, pace: Pace, rate: float) -> Bucket:
        """The bucket as a 429 shows it: nothing left, and the next place after one interval at the earliest."""
        seen = self.at(now, rate)
        return Bucket(max(seen.full_at, seen.clock + pace.interval + pace.tolerance), rate, seen.clock)

    def later(self, now: float, seconds: float) -> Bucket:
        """The bucket when the other side began to refill it so much later than it was asked."""
        return Bucket(self.full_at + seconds, self.rate, self.clock).at(now, self.rate)
