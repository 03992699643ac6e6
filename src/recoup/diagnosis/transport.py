"""No answer at all: what the client saw in its place, as a diagnosis.

No document has a row for it; the catalogue's entry for it is one beyond the documents. What matters for the decision is
kept in `Diagnosis.no_response`: whether the request can have left, and how the connection ended.
"""

from __future__ import annotations

import re

from recoup.diagnosis.diagnosis import Finding, Match
from recoup.diagnosis.index import Index
from recoup.exchange import NoResponse, NoResponseKind

__all__ = ["NO_ANSWER", "findings_of", "network_failure", "no_answer"]

NO_ANSWER = "other-network-tls"

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
            r"failed to connect to|ConnectTimeout|cURL error (?:5|6|7)\b|curl: \((?:5|6|7)\)|UnknownHostException|"
            r"NameResolutionError|name resolution|no such host|failed to open TCP connection|OpenTimeout|EHOSTUNREACH|"
            r"ENETUNREACH|host is unreachable|network is unreachable|NoRouteToHostException|ConnectionFailed|"
            r"No such host is known|could not connect to server|name could not be resolved|could not resolve|"
            r"actively refused|NewConnectionError|ProxyError|tunneling socket",
            re.IGNORECASE,
        ),
    ),
    (
        NoResponseKind.TLS,
        False,
        re.compile(
            r"before secure TLS connection was established|SSL_connect|SSLError|SSL routines|SSLHandshakeException|"
            r"certificate verify failed|CERTIFICATE_VERIFY_FAILED|handshake fail|cURL error (?:35|51|58|60)\b|"
            r"curl: \((?:35|51|58|60)\)|EPROTO|SSL connection could not be established|"
            r"secure channel|SSLException|SSLPeerUnverified|TLS handshake|PKIX path building|tlsv1 alert|"
            r"wrong version number|"
            r"self[- ]signed certificate|unable to get local issuer|UNABLE_TO_VERIFY_LEAF|ERR_TLS|ERR_SSL|x509:|"
            r"OpenSSL::SSL::SSLError|certificate has expired|unsupported protocol",
            re.IGNORECASE,
        ),
    ),
    (
        NoResponseKind.TIMEOUT,
        True,
        re.compile(
            r"ETIMEDOUT|ESOCKETTIMEDOUT|ReadTimeout|read timed out|operation timed out|connection timed out|"
            r"SocketTimeoutException|cURL error 28\b|curl: \(28\)|request timed out|Client\.Timeout exceeded|"
            r"deadline exceeded|ECONNABORTED|timeout of \d{1,9} ?ms exceeded|HttpClient\.Timeout|TaskCanceledException|"
            r"UND_ERR_(?:HEADERS|BODY|CONNECT)_TIMEOUT|Net::ReadTimeout|execution expired|HttpTimeoutException|"
            r"WriteTimeout|PoolTimeout",
            re.IGNORECASE,
        ),
    ),
    (
        NoResponseKind.RESET,
        True,
        re.compile(
            r"ECONNRESET|connection reset|connection aborted|RemoteDisconnected|socket hang ?up|EPIPE|broken pipe|"
            r"server disconnected|RemoteProtocolError|cURL error (?:52|55|56|92)\b|curl: \((?:52|55|56|92)\)|"
            r"connection was (?:forcibly )?closed|forcibly closed|underlying connection was closed|"
            r"Connection reset by peer|"
            r"UND_ERR_SOCKET|EOFError|unexpected EOF|empty reply from server|ServerDisconnectedError|"
            r"transport connection|NoHttpResponseException|prematurely closed",
            re.IGNORECASE,
        ),
    ),
    (
        NoResponseKind.TRUNCATED,
        True,
        re.compile(r"IncompleteRead|unexpected end of (?:stream|file)|cURL error 18\b", re.IGNORECASE),
    ),
)

_NAME = re.compile(
    r"ENOTFOUND|EAI_|getaddrinfo|gaierror|not known|nodename|resol(?:ve|ution)|UnknownHost|no such host|"
    r"cURL error [56]\b|curl: \([56]\)",
    re.IGNORECASE,
)
_LATE = re.compile(r"time(?:d)?[ -]?out|ETIMEDOUT", re.IGNORECASE)
_POOL = re.compile(r"PoolTimeout|EmptyPool|pool is full", re.IGNORECASE)  # no connection of our own was free


def findings_of(failure: NoResponse) -> tuple[Finding, ...]:
    """What a person should know about a missing answer."""
    text = _TEXTS[failure.kind]
    if not failure.sent:
        text = text.partition(":")[0].rstrip(".") + ": nothing was sent."
    return (Finding(rule="no-response", text=text),)


def no_answer(index: Index, failure: NoResponse) -> tuple[Match, ...]:
    """The entry for a missing answer; none where the catalogue lacks it."""
    fault = index.get(NO_ANSWER)
    if fault is None:
        return ()
    check = fault.check.text if fault.check is not None else ""
    variant = fault.variant(_variant(failure))
    evidence = (_TEXTS[failure.kind],)
    return (Match(fault=fault, score=0.95, basis="transport", evidence=evidence, variant=variant, check=check),)


def _variant(failure: NoResponse) -> str | None:
    """Which kind of missing answer it is, by how the connection ended and how the client words it; None: not known."""
    match failure.kind:
        case NoResponseKind.TLS:
            return "tls"
        case NoResponseKind.CONNECT | NoResponseKind.TIMEOUT if not failure.sent:
            if _POOL.search(failure.text):
                return None
            if _NAME.search(failure.text):
                return "name"
            late = failure.kind is NoResponseKind.TIMEOUT or _LATE.search(failure.text) is not None
            return "connect-timeout" if late else "refused"
        case NoResponseKind.TIMEOUT:
            return "read-timeout"
        case NoResponseKind.RESET | NoResponseKind.TRUNCATED if failure.sent:
            return "closed"
        case _:
            return None


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
