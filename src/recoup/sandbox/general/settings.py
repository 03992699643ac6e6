"""What Amazon does not publish about the general operations, as documented settings of the sandbox.

Durations are seconds of virtual time, probabilities numbers from 0 to 1.
"""

from __future__ import annotations

import msgspec

__all__ = ["GeneralSettings"]


class GeneralSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The sandbox's own figures where the documents give none."""

    opening_orders: int = 12  # made-up orders that the first seller has at the start
    newest_created_before: float = 120.0  # documented: a ...Before date is at least two minutes in the past
    listing_visible_after: float = 300.0  # proposed: how long a new listing is in work before it can be read
    report_visible_after: float = 2.0  # proposed: how long after createReport a report cannot be read yet
    report_queue: float = 15.0  # proposed: how long a report is IN_QUEUE
    report_work: float = 45.0  # proposed: how long it is IN_PROGRESS after that
    document_lifetime: float = 300.0  # documented: a link to a report document, five minutes
    restricted_token_lifetime: float = 3600.0  # documented: a token for restricted data, one hour
    restricted_resources: int = 50  # documented: the most that one such token covers
    page_size: int = 100  # documented: the default and the most of one page of orders
    duplicates: float = 0.0  # how probable it is that a notification is delivered twice (standard queues may)
    reordering: float = 0.0  # how probable it is that a notification waits until the next one was delivered
    delivery_timeout: float = 2.0  # seconds of real time that a local endpoint has to take a notification
