"""TLS that does not come about, for every client: nothing left, so that a write is tried again too, and said so."""

from __future__ import annotations

import datetime
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from every_client import EVERY, Client
from transport_clients import CONFIRM
from transport_server import OK, Server

import recoup


class TlsServer(Server):
    """The same server, in TLS."""

    def __init__(self, context: ssl.SSLContext, *answers: Any) -> None:
        super().__init__(*answers)
        self._context = context
        self.url = f"https://localhost:{self.port}"

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            wrapped = self._context.wrap_socket(connection, server_side=True)
            with self._lock:
                self._open.append(wrapped)
            super()._serve(wrapped)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of nobody's for `localhost`, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "localhost.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@contextmanager
def in_the_clear() -> Iterator[int]:
    """A port where a server answers in plain HTTP to whatever comes."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection, suppress(OSError):
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
                connection.shutdown(socket.SHUT_WR)
                connection.recv(65536)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join(10)


def refused(client: Client, url: str) -> recoup.Outcome:
    with pytest.raises(client.kinds["tls"]) as caught:
        client.call("PUT", url + CONFIRM, body=b"{}")
    made = recoup.outcome(caught.value)
    assert made is not None
    assert made.diagnosis is not None
    assert made.diagnosis.no_response is not None
    assert str(made.diagnosis.no_response.kind) == "tls", made.diagnosis.no_response
    assert not made.history.outcome_unknown
    return made


@pytest.mark.parametrize("kind", EVERY, ids=lambda kind: kind.name)
def test_a_certificate_that_nobody_vouches_for(kind: type[Client], certificate: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with TlsServer(context, OK) as server, kind(server) as client:
        refused(client, server.url)
        assert server.received == []


@pytest.mark.parametrize("kind", EVERY, ids=lambda kind: kind.name)
def test_a_server_that_speaks_no_tls(kind: type[Client]) -> None:
    with in_the_clear() as port, Server() as server, kind(server, hosts=["127.0.0.1"]) as client:
        refused(client, f"https://127.0.0.1:{port}")


@pytest.mark.parametrize("kind", EVERY, ids=lambda kind: kind.name)
def test_calls_go_over_tls_where_the_certificate_is_good(kind: type[Client], certificate: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    trusting = ssl.create_default_context(cafile=str(certificate))
    with TlsServer(context, OK) as server, kind(server, tls=trusting) as client:
        seen = client.call("PUT", CONFIRM, body=b"{}")
        assert (seen.status, len(server.calls)) == (200, 1)
        made = recoup.outcome(seen.response)
        assert made is not None
        assert made.attempts == 1
