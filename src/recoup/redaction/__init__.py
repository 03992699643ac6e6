"""Masking of secrets and of what is personal, by their form and by the place where they stand.

Used wherever a value of a request or response may reach a log, a page, a report or an exception. Facts about a secret
(kind, length, a character that no token has) are kept, the secret itself never is. What support needs stays: ids of
requests and orders, times, marketplaces, operations.
"""

from __future__ import annotations

from recoup.redaction.facts import Facts, facts, mask, token_kind
from recoup.redaction.masking import redact_data, redact_headers, redact_text, redact_url

__all__ = [
    "Facts",
    "facts",
    "mask",
    "redact_data",
    "redact_headers",
    "redact_text",
    "redact_url",
    "token_kind",
]
