"""What the sandbox's front door and token endpoint take as given. Durations are seconds, sizes are bytes.

Most of it is documented by Amazon; what is not known is marked "proposed" and is a setting for that reason.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from recoup.sandbox.consent.settings import ConsentSettings
from recoup.sandbox.fulfillment.settings import FulfillmentSettings
from recoup.sandbox.general.settings import GeneralSettings

__all__ = ["SandboxSettings", "ScNumber"]

_DAY = 86_400.0


class ScNumber(StrEnum):
    """Where the number of an External Fulfillment error travels, such as SC_00003: the documents do not say."""

    DETAILS = "details"
    CODE = "code"  # in the place of the short code
    NONE = "none"  # not at all: code and message say it


class SandboxSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of one sandbox. Every one has its default, and most people need none of them."""

    access_token_lifetime: float = 3600.0  # documented: one hour
    refresh_token_lifetime: float = 365 * _DAY  # documented, for public applications
    secret_lifetime: float = 180 * _DAY  # documented: overdue after it, though still taken by Login with Amazon
    secret_overlap: float = 7 * _DAY  # documented: how long the old secret lives on after a rotation
    code_lifetime: float = 300.0  # documented: an authorization code, once
    largest_body: int = 1_048_576  # proposed: the limit behind 413 is not published
    largest_head: int = 65_536  # proposed: request line and all header fields together
    largest_field: int = 8190  # proposed: one line of the head; that there is a limit was observed
    request_patience: float = 60.0  # proposed: seconds of real time for the next byte of a request that has begun
    longest_token: int = 2048  # documented
    longest_user_agent: int = 500  # documented; status and words of the answer are proposed
    date_required: bool = False  # proposed: x-amz-date is documented as required, and was seen not to be
    unknown_rate: float = 5.0  # documented for Amazon's own sandbox: every operation
    unknown_rate_burst: float = 15.0  # documented for Amazon's own sandbox
    unknown_burst: float = 10.0  # proposed: burst where only a rate of more than 1/s is known
    unknown_burst_low: float = 5.0  # proposed: burst where only a rate of up to 1/s is known
    sc_number: ScNumber = ScNumber.DETAILS  # proposed: where SC_nnnnn travels (details, code, none)
    kept_trails: int = 2000  # how many requests can be asked about afterwards
    kept_changes: int = 20_000  # how many changes a snapshot may be made of, where no state file keeps them
    kept_tokens: int = 50_000  # how many access tokens are remembered, the oldest forgotten first
    gateway_patience: float = 29.0  # proposed: how long the front door waits for a service before it answers 504
    most_in_flight: int = 10_000  # how many operations may be under way at the same time
    fulfillment: FulfillmentSettings = FulfillmentSettings()  # what is not published about External Fulfillment
    general: GeneralSettings = GeneralSettings()  # the same of orders, listings, reports and notifications
    consent: ConsentSettings = ConsentSettings()  # the authorization workflow
