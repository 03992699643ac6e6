"""No answer at all: what the client saw in its place, as a diagnosis.

No document has a row for it, so no fault of the catalogue is named. What matters for the decision is kept in
`Diagnosis.no_response`: whether the request can have left, and how the connection ended.
"""

from __future__ import annotations

import re

from recoup.diagnosis.diagnosis import Finding
from recoup.exchange import NoResponse, NoResponseKind

__all__ = ["findings_of", "network_failure"]

_TEXTS = {
    NoResponseKind.CONNECT: "No connection came about: nothing was sent.",
    NoResponseKind.TLS: "The TLS handshake failed: nothing was sent.",
    NoResponseKind.TIMEOUT: "There was no answer in time; the request may have taken effect.",
    NoResponseKind.RESET: "The connection broke after sending began; the request may have taken effect.",
    NoResponseKind.TRUNCATED: "The answer began and did not end; the request may have taken effect.",
    NoResponseKind.PROTOCOL: "What came back is not HTTP; the request may have taken effect.",
    NoResponseKind.OTHER: "There was no answer, and the reason is not known; the request may have taken effect.",
}

# How clients and operating systems call it. The first that is found counts.
_WORDS: tuple[tuple[NoResponseKind, bool, re.Pattern[str]], ...] = (
    (
        NoResponseKind.CONNECT,
        False,
        re.compile(
            r"ECONNREFUSED|ENOTFOUND|EAI_AGAIN|getaddrinfo|name or service not known|could not resolve host|"
            r"nodename nor servname|connection refused|failed to establish a new connection|no route to host|"
            r"failed to connect to|ConnectTimeout|cURL error (?:6|7)\b|UnknownHostException|NameResolutionError",
            re.IGNORECASE,
        ),
    ),
    (
        NoResponseKind.TLS,
        False,
        re.compile(
            r"before secure TLS connection was established|SSL_connect|SSLError|SSL routines|SSLHandshakeException|"
            r"certificate verify failed|CERTIFICATE_VERIFY_FAILED|handshake fail|cURL error (?:35|60)\b|EPROTO",
            re.IGNORECASE,
        ),
    ),
    (
        NoResponseKind.TIMEOUT,
        True,
        re.compile(
            r"ETIMEDOUT|ESOCKETTIMEDOUT|ReadTimeout|read timed out|operation timed out|connection timed out|"
            r"SocketTimeoutException|cURL error 28\b|request timed out",
            re.IGNORECASE,
        ),
    ),
    (
        NoResponseKind.RESET,
        True,
        re.compile(
            r"ECONNRESET|connection reset|connection aborted|RemoteDisconnected|socket hang ?up|EPIPE|broken pipe|"
            r"server disconnected|RemoteProtocolError|cURL error (?:52|55|56)\b",
            re.IGNORECASE,
        ),
    ),
    (
        NoResponseKind.TRUNCATED,
        True,
        re.compile(r"IncompleteRead|unexpected end of (?:stream|file)|cURL error 18\b", re.IGNORECASE),
    ),
)


def findings_of(failure: NoResponse) -> tuple[Finding, ...]:
    """What a person should know about a missing answer."""
    text = _TEXTS[failure.kind]
    if not failure.sent:
        text = text.partition(":")[0].rstrip(".") + ": nothing was sent."
    return (Finding(rule="no-response", text=text),)


def network_failure(text: str) -> NoResponse | None:
    """The missing answer that an exception text or a log line tells of, or None."""
    head = text[:20_000]
    for kind, sent, pattern in _WORDS:
        found = pattern.search(head)
        if found is not None:
            start = head.rfind("\n", 0, found.start()) + 1
            end = head.find("\n", found.end())
            return NoResponse(kind=kind, sent=sent, text=head[start : end if end >= 0 else None].strip()[:300])
    return None
