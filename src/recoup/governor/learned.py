"""What answers taught about a usage plan, as a value: the rate that they stated, and how much 429s lower it.

A stated rate (x-amzn-RateLimit-Limit) replaces the one of the plan for a day. Amazon raises plans at any time and moves
those of orders with the business; what it stated yesterday is no more certain than the table.

429s lower whatever counts, because then somebody else draws from the same bucket: another program of the same
application, or Amazon allows less than it says. It is additive increase and multiplicative decrease, by which several
who know nothing of each other come to share one quota. One 429 takes 30 % off, and however many come within one
interval are one, since they were sent before the first could be known. Half a per cent of the whole rate comes back in
each interval, the time in which the plan allows one request: a single 429 is forgotten after 60 requests' time (12 s at
five a second), and where somebody else takes half of the quota about one request in 20 finds out (a fifth: one in 47).
A tenth of the rate is always left. A rate that is stated anew, and differs from the one before, wins: what 429s had
taught was about the other one.
"""

from __future__ import annotations

from math import inf

import msgspec

from recoup.governor.plan import Plan

__all__ = ["REMEMBERED", "Learned"]

REMEMBERED = 86_400.0
"""Seconds for which a stated rate counts."""

_DECREASE = 0.7
_FLOOR = 0.1
_INCREASE = 0.005  # of the whole rate, in each interval


class Learned(msgspec.Struct, frozen=True):
    """`rate` was stated at `at`; 429s had lowered the rate to the share `share` of itself at `slowed_at`.

    `throttled` counts the 429s since it last ran at its full rate. Instants are epoch seconds; the default is: nothing
    was learned. `version` tells one state from another.
    """

    rate: float | None = None
    at: float = 0.0
    share: float = 1.0
    slowed_at: float = 0.0
    throttled: int = 0
    version: int = 0

    def stated(self, now: float) -> float | None:
        """The rate that counts because an answer stated it, None where none did or it is too long ago."""
        return self.rate if self.rate is not None and now - self.at < REMEMBERED else None

    def share_at(self, now: float, rate: float) -> float:
        """The share of the whole rate `rate` that may be used now."""
        if self.share >= 1.0:
            return 1.0
        return min(1.0, self.share + max(0.0, now - self.slowed_at) * rate * _INCREASE)

    def plan(self, base: Plan, now: float) -> Plan:
        """The plan that counts now, where `base` does without anything learned."""
        if self.version == 0:
            return base
        rate = self.stated(now) or base.rate
        rate *= self.share_at(now, rate)
        return base if rate == base.rate else Plan(rate, base.burst)

    def steady_until(self) -> float:
        """Until when `plan` answers the same as now; an instant long ago where it changes all the time."""
        if self.share < 1.0:
            return -inf
        return inf if self.rate is None else self.at + REMEMBERED

    def throttled_at(self, base: Plan, now: float) -> int:
        """How many 429s there were since it last ran at its full rate."""
        return 0 if self.share_at(now, self.stated(now) or base.rate) >= 1.0 else self.throttled

    def state(self, rate: float, now: float) -> Learned:
        """After an answer that stated `rate`."""
        if self.stated(now) == rate:
            return msgspec.structs.replace(self, at=now, version=self.version + 1)
        return Learned(rate=rate, at=now, version=self.version + 1)

    def slow(self, base: Plan, now: float) -> Learned:
        """After a 429. The same state where it counts as one with the 429 before it."""
        whole = self.stated(now) or base.rate
        share = self.share_at(now, whole)
        if self.throttled and 0.0 <= now - self.slowed_at < 1.0 / (whole * share):
            return self
        return msgspec.structs.replace(
            self,
            share=max(_FLOOR, share * _DECREASE),
            slowed_at=now,
            throttled=(self.throttled if share < 1.0 else 0) + 1,
            version=self.version + 1,
        )
