"""Secrets in what the HTTP libraries log by themselves.

recoup's own log holds no secrets. The libraries under it log as well, and not everything that they log is fit to be
kept: httpx and httpx2 (at INFO) and urllib3 (at DEBUG) write the whole URL, with whatever stands in its query; hpack
(at DEBUG, under HTTP/2) writes every header field, tokens included. httpcore (at DEBUG) writes the header fields of
responses and not those of requests; aiohttp writes neither.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

from recoup.redaction import redact_text

__all__ = ["LOGGERS", "Redacting", "hush"]

LOGGERS = (
    "httpx",
    "httpx2",
    "httpcore.connection",
    "httpcore.http11",
    "httpcore.http2",
    "httpcore.proxy",
    "httpcore.socks",
    "httpcore2.connection",
    "httpcore2.http11",
    "httpcore2.http2",
    "httpcore2.proxy",
    "httpcore2.socks",
    "urllib3.connection",
    "urllib3.connectionpool",
    "urllib3.poolmanager",
    "urllib3.response",
    "urllib3.util.retry",
    "hpack.hpack",
    "hpack.table",
    "aiohttp.client",
)
"""The loggers of HTTP libraries that write about requests."""


class Redacting(logging.Filter):
    """A filter that lets every record pass, with the secrets in its text masked.

    On a logger it sees the records of that logger and not those of its children; on a handler it sees all that the
    handler writes.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Mask, and pass on. A record whose text cannot be made is left to logging, which complains of it."""
        try:
            text = record.getMessage()
        except (TypeError, ValueError, KeyError):
            return True
        masked = redact_text(text)
        if masked != text:
            record.msg, record.args = masked, None
        return True


_FILTER = Redacting()


def hush(loggers: Iterable[str] = LOGGERS) -> None:
    """Mask tokens, client secrets, e-mail addresses and the like in what these loggers write: by default those of
    httpx, httpx2, urllib3, aiohttp and what they stand on. Levels and handlers stay what they are. Harmless when
    repeated.
    """
    for name in loggers:
        logging.getLogger(name).addFilter(_FILTER)  # adds one filter once
