"""What is held back, until when, and why: cool-downs of an order, parked sellers, parked applications.

External Fulfillment names such times itself (a dispatch-after date, a lock-out of so many seconds after too many
attempts), and Login with Amazon refuses a seller or a whole application until somebody acts. Both must outlast the
process, so they are plain values; what keeps them is in `recoup.storage`. Instants are epoch seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product
from math import inf

import msgspec

__all__ = ["ANY", "LOGIN", "Hold", "HoldKey", "longest"]

ANY = "*"
"""In the place of a seller, an operation or an entity: all of them."""
LOGIN = "login"
"""In the place of an operation: asking Login with Amazon for an access token."""


class HoldKey(msgspec.Struct, frozen=True):
    """What is held back.

    `application` and `seller` as in `recoup.governor.plan.BucketKey`; `operation` is `api/version/id`, `entity` the
    order, shipment or other resource that the path names. An order that rests for one operation names all four;
    `(application, seller, ANY, ANY)` is everything of a seller.

    What Login with Amazon refused has the operation `LOGIN` and the fingerprint of the refused refresh token or secret
    as its entity: `(application, seller, LOGIN, fingerprint)` is a parked seller, `(application, ANY, LOGIN,
    fingerprint)` a parked application. So it holds nobody back who brings other credentials, and no call for which
    there still is a good token.
    """

    application: str
    seller: str = ANY
    operation: str = ANY
    entity: str = ANY

    def covers(self, other: HoldKey) -> bool:
        """Whether a hold on this key holds `other` back too."""
        return all(
            mine in (ANY, theirs)
            for mine, theirs in (
                (self.application, other.application),
                (self.seller, other.seller),
                (self.operation, other.operation),
                (self.entity, other.entity),
            )
        )

    def covering(self) -> Iterator[HoldKey]:
        """Every key that covers this one, each once."""
        names = (self.application, self.seller, self.operation, self.entity)
        for each in product(*((name,) if name == ANY else (name, ANY) for name in names)):
            yield HoldKey(*each)


class Hold(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing is sent for `key` before `until`; None: not before somebody resumes it.

    `fault` is the id of what was diagnosed, `reason` a text without secrets, `since` when it began. `who` must act
    (`seller`, `operator`, `nobody`, ...), and `remedy` says what is to be done.
    """

    key: HoldKey
    until: float | None
    since: float
    fault: str | None = None
    reason: str = ""
    who: str = "nobody"
    remedy: str = ""

    def active(self, now: float) -> bool:
        """Whether it still holds. At `until` it is over."""
        return self.until is None or now < self.until

    def outlasts(self, other: Hold) -> bool:
        """Whether it ends later than `other`; one that somebody must resume ends last of all."""
        return (inf if self.until is None else self.until) > (inf if other.until is None else other.until)


def longest(holds: Iterable[Hold]) -> Hold | None:
    """The one that ends last; of several that end together the first."""
    found: Hold | None = None
    for hold in holds:
        if found is None or hold.outlasts(found):
            found = hold
    return found
