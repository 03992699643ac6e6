"""An exchange without an answer: which kind of trouble it is, and what that kind needs."""

from __future__ import annotations

import pytest

from recoup import diagnose
from recoup.exchange import Exchange, NoResponse, NoResponseKind, Request

CONNECT, TIMEOUT, RESET = NoResponseKind.CONNECT, NoResponseKind.TIMEOUT, NoResponseKind.RESET

# How it ended, whether the request can have left, what the client says, the variant.
ENDINGS: list[tuple[NoResponseKind, bool, str, str | None]] = [
    (CONNECT, False, "ConnectError: [Errno -2] Name or service not known", "name"),
    (CONNECT, False, "ConnectError: [Errno -3] Temporary failure in name resolution", "name"),
    (CONNECT, False, "NameResolutionError: Failed to resolve 'sellingpartnerapi-xx'", "name"),
    (CONNECT, False, "ConnectError: [Errno 11001] getaddrinfo failed", "name"),
    (CONNECT, False, "ConnectError: [Errno 111] Connection refused", "refused"),
    (CONNECT, False, "ClientConnectorError: Cannot connect to host [Network is unreachable]", "refused"),
    (CONNECT, False, "", "refused"),
    (CONNECT, False, "ConnectTimeout: timed out", "connect-timeout"),
    (TIMEOUT, False, "ConnectTimeoutError", "connect-timeout"),
    (TIMEOUT, False, "PoolTimeout", None),  # one's own pool of connections, and not the network
    (NoResponseKind.TLS, False, "SSLError: certificate verify failed", "tls"),
    (TIMEOUT, True, "ReadTimeout: timed out", "read-timeout"),
    (RESET, True, "RemoteProtocolError: Server disconnected without sending a response.", "closed"),
    (NoResponseKind.TRUNCATED, True, "IncompleteRead(12 bytes read)", "closed"),
    (NoResponseKind.PROTOCOL, True, "BadStatusLine", None),
    (NoResponseKind.OTHER, True, "", None),
]


@pytest.mark.parametrize(("kind", "sent", "text", "variant"), ENDINGS)
def test_the_kind_of_trouble_is_named(kind: NoResponseKind, sent: bool, text: str, variant: str | None) -> None:
    request = Request(method="GET", url="https://sellingpartnerapi-na.amazon.com/orders/v0/orders")
    found = diagnose(Exchange(request=request, no_response=NoResponse(kind=kind, sent=sent, text=text)))
    assert found.id == "other-network-tls"
    assert found.best is not None
    assert (found.best.variant.name if found.best.variant is not None else None) == variant
    if variant is not None:
        assert found.best.title != found.best.fault.title
        may_have_left = "taken effect" in found.best.cause
        assert may_have_left is sent
        assert ("Nothing was sent" in found.best.cause) is not sent


@pytest.mark.parametrize(
    ("text", "variant"),
    [
        ("cURL error 6: Could not resolve host: sellingpartnerapi-na.amazon.com", "name"),
        ("java.net.UnknownHostException: sellingpartnerapi-na.amazon.com", "name"),
        ("Error: connect ECONNREFUSED 127.0.0.1:443", "refused"),
        ("requests.exceptions.ConnectTimeout: connection to host timed out", "connect-timeout"),
        ("cURL error 28: Operation timed out after 30001 milliseconds with 0 bytes received", "read-timeout"),
        ("Error: read ECONNRESET", "closed"),
    ],
)
def test_it_is_told_apart_in_what_is_pasted_too(text: str, variant: str) -> None:
    found = diagnose(f"Traceback (most recent call last):\n{text}\n")
    assert found.id == "other-network-tls"
    assert found.best is not None
    assert found.best.variant is not None
    assert found.best.variant.name == variant
